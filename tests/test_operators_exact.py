"""Every operator, exact, against nested forward mode; and what operators refuse."""

# pyright: reportOperatorIssue=false

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import pytest

import stde_eqx as stde
import zoo

from .helpers import tree_allclose
from .operator_cases import DIM, OPERATORS


_cases = pytest.mark.parametrize("operator, oracle", OPERATORS.values(), ids=OPERATORS.keys())
_x = jnp.array([0.3, -0.5, 0.8, 0.1])


def network(out: int | str = "scalar"):
    return eqx.nn.MLP(DIM, out, 6, 2, activation=jnp.tanh, key=jr.key(0))  # pyright: ignore[reportArgumentType]


@_cases
def test_network(operator, oracle):
    u = network()
    value, result = jax.jit(lambda x: stde.value_and_apply(operator, u, x))(_x)
    assert jnp.allclose(value, u(_x), rtol=1e-14)
    assert jnp.allclose(result, oracle(u, _x), rtol=1e-10, atol=1e-13)


@pytest.mark.sampled(every=2)
@_cases
def test_traced_once_with_several_and_vector_values(operator, oracle):
    traces = []

    def u(x):
        traces.append(None)
        return {"a": jnp.sum(jnp.sin(x) * x[0]), "b": x**3}

    found = operator(u, _x)
    assert len(traces) == 1
    expected = {name: oracle(lambda x, name=name: u(x)[name], _x) for name in ("a", "b")}
    assert tree_allclose(found, expected, atol=1e-11)


@pytest.mark.sampled(every=3)
@_cases
def test_single_precision_stays_single(operator, oracle):
    u = jax.tree.map(lambda a: a.astype(jnp.float32) if eqx.is_array(a) else a, network())
    value, result = stde.value_and_apply(operator, u, _x.astype(jnp.float32))
    assert value.dtype == result.dtype == jnp.float32
    assert jnp.allclose(result, oracle(network(), _x), rtol=1e-4, atol=1e-4)


@pytest.mark.slow
@_cases
def test_gradients_flow(operator, oracle):
    params, static = eqx.partition(network(), eqx.is_array)
    found = jax.jit(jax.grad(lambda p: operator(eqx.combine(p, static), _x) ** 2))(params)
    expected = jax.jit(jax.grad(lambda p: oracle(eqx.combine(p, static), _x) ** 2))(params)
    assert tree_allclose(found, expected, rtol=1e-8, atol=1e-11)


def test_divergence():
    u = lambda x: jnp.stack([jnp.sin(x[1]) * x[0], x[1] * x[2], x[0] * x[2] ** 2, jnp.exp(x[3] * x[0])])
    assert jnp.allclose(stde.Divergence()(u, _x), jnp.trace(jax.jacfwd(u)(_x)), rtol=1e-12)
    # Over space, for a field that has no component in time.
    spatial = lambda x: u(x)[1:]
    found = stde.Divergence().on(slice(1, None))(spatial, _x)
    assert jnp.allclose(found, jnp.trace(jax.jacfwd(spatial)(_x)[:, 1:]), rtol=1e-12)


def test_divergence_needs_as_many_values_as_coordinates():
    with pytest.raises(ValueError, match=r"values of shape \(4,\), got \(3,\)"):
        stde.Divergence()(lambda x: x[:3], _x)


def test_polyharmonic_of_a_power():
    # The Laplacian takes |x|^2k to 2k (2k + d - 2) |x|^(2k-2): three of them take |x|^6 to a constant.
    found = stde.Polyharmonic(3)(lambda x: jnp.sum(x**2) ** 3, _x)
    assert jnp.allclose(found, (6 * (6 + DIM - 2)) * (4 * (4 + DIM - 2)) * (2 * DIM), rtol=1e-10)


def test_operators_print_readably():
    assert repr(stde.Laplacian()) == "Laplacian()"
    assert repr(stde.Biharmonic()) == "Polyharmonic(power=2)"
    time, space = stde.PartialDerivative(0), stde.Laplacian().on(slice(1, None))
    assert repr(time - 0.5 * space) == "LinearOperator({(0,): 1}) + -0.5 * Laplacian().on(slice(1, None, None))"
    assert repr(stde.Laplacian() @ (2 * stde.DiagonalOperator(3))) == "Laplacian() @ (2 * DiagonalOperator(order=3))"

    def slope(x):
        return x[0]

    assert repr(stde.LinearOperator({(1, 0): slope, (): 2.0})) == "LinearOperator({(): 2, (0, 1): slope})"
    names = []
    jax.jit(lambda c: names.append(repr(c * stde.Laplacian())) or c)(2.0)
    assert names == ["weak_f64[] * Laplacian()"]


def test_operators_without_their_numbers_print():
    operator = 2.0 * stde.Laplacian()
    assert repr(jax.eval_shape(lambda: operator)) == "weak_f64[] * Laplacian()"
    assert repr(eqx.filter(operator, eqx.is_array, inverse=True)) == "None * Laplacian()"
    assert repr(jax.tree.map(lambda _: 0, operator)) == "0 * Laplacian()"
    assert repr(jax.device_get(operator)) == repr(operator) == "2 * Laplacian()"
    terms = eqx.filter(stde.LinearOperator({(0, 1): 3.0}), eqx.is_array, inverse=True)
    assert repr(terms) == "LinearOperator({(0, 1): None})"


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: stde.Laplacian() + 3.0, r"c u is `c \* stde.Identity\(\)`"),
        (lambda: stde.Laplacian() * stde.Laplacian(), "written `first @ second`"),
        (lambda: stde.Laplacian() @ jnp.sin, "to apply it to a function, call it"),
        (lambda: stde.LinearOperator({}), "at least one term"),
        (lambda: stde.LinearOperator({(0, 1): 1.0, (1, 0): 2.0}), "given twice"),
        (lambda: stde.LinearOperator({(0, -1): 1.0}), "integers counted from 0"),
        (lambda: stde.PartialDerivative((0, 4))(network(), _x), "Axis 4 is differentiated"),
        (lambda: stde.WeightedLaplacian(jnp.ones(3))(network(), _x), r"\(4,\) or \(4, columns\)"),
        (lambda: stde.SecondOrder(jnp.ones((3, 3)))(network(), _x), r"shape \(4, 4\), got \(3, 3\)"),
        (lambda: stde.SecondOrder(jnp.ones(3)), "square matrix"),
        (lambda: stde.AdvectionOperator(jnp.ones(3))(network(), _x), r"shape \(4,\), got \(3,\)"),
        (lambda: stde.DiagonalOperator(0), "at least 1"),
        (lambda: stde.Polyharmonic(0), "at least 1"),
        (lambda: stde.DirectionalDerivative(_x, 0), "at least 1"),
        (lambda: ((lambda x: x) * stde.Laplacian())(network(), _x), "must be a scalar"),
        (lambda: stde.Laplacian().on(slice(1, 3)).on(slice(1)), "in one call of `on`"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.slow
def test_fourth_order_in_single_precision_on_a_trained_network():
    """To 1e-4 of float64, and to rounding where nothing cancels, at points where the derivative is not near a zero."""
    with jax.enable_x64(False):
        problem = zoo.KdV2D(zoo.TanhWave(wavenumbers=(0.6, 0.8)))
        net = eqx.nn.MLP(3, "scalar", 64, 3, activation=jnp.tanh, key=jr.key(0))
        trained = stde.train(problem, net, estimator=stde.Exact(), steps=2000, key=jr.key(1)).model
        points = problem.sample(50, key=jr.key(2))
    widened = jax.tree.map(lambda a: a.astype(jnp.float64) if eqx.is_inexact_array(a) else a, trained)
    operators = {
        "u_xxxy": stde.PartialDerivative((1, 1, 1, 2)),
        "biharmonic": stde.Biharmonic(),
        "diagonal": stde.DiagonalOperator(4),
        "general": stde.LinearOperator({(0, 0, 0, 1): 1.0, (0, 1, 1, 2): 2.0, (2, 2): -1.0}),
    }
    for name, operator in operators.items():
        apply = lambda u, points, operator=operator: jax.jit(jax.vmap(lambda x: operator(u, x)))(points)
        with jax.enable_x64(False):
            single = apply(trained, points)
        double = apply(widened, points.astype(jnp.float64))
        assert single.dtype == jnp.float32
        assert jnp.linalg.norm(single - double) < 1e-4 * jnp.linalg.norm(double), name
