import warnings
from typing import Any, cast

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

import stde_eqx as stde

from .helpers import laplacian, tree_allclose


ESTIMATORS = [stde.Exact(), stde.SparseSTDE(3), stde.DenseSTDE(3)]


def network(dim=6, out: Any = "scalar"):
    return eqx.nn.MLP(dim, out, 9, 2, activation=jnp.tanh, key=jr.key(0))


@pytest.mark.parametrize("out", ["scalar", 3])
def test_exact_laplacian(out):
    u, x = network(out=out), jr.normal(jr.key(1), (6,))
    value, result = stde.value_and_apply(stde.Laplacian(), u, x)
    assert jnp.allclose(value, u(x), rtol=1e-14)
    assert jnp.allclose(result, laplacian(u, x), rtol=1e-12)


def test_value_does_not_depend_on_the_estimator():
    u, x = network(), jr.normal(jr.key(1), (6,))
    for estimator in ESTIMATORS:
        value, _ = stde.value_and_apply(stde.Laplacian(), u, x, estimator=estimator, key=jr.key(2))
        assert jnp.allclose(value, u(x), rtol=1e-14)


def test_pytree_valued_function():
    u = lambda x: {"a": jnp.sin(x), "b": (x[0] * x[1] ** 2,)}
    x = jr.normal(jr.key(1), (6,))
    result = stde.Laplacian()(u, x)
    assert tree_allclose(result, {"a": -jnp.sin(x), "b": (2 * x[0],)})


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_traced_once(estimator):
    traces = []

    def u(x):
        traces.append(None)
        return jnp.sum(jnp.sin(x) * x[0])

    stde.Laplacian()(u, jnp.ones(6), estimator=estimator, key=jr.key(0))
    assert len(traces) == 1


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_parameter_gradient(estimator):
    """Reverse mode through the sweep, against reverse mode through nested forward mode along the same directions."""
    params, static = eqx.partition(network(), eqx.is_array)
    x = jr.normal(jr.key(1), (6,))
    directions = estimator.sample(stde.Laplacian(), x, key=jr.key(2))

    def found(params):
        return stde.Laplacian()(eqx.combine(params, static), x, estimator=estimator, key=jr.key(2)) ** 2

    def expected(params):
        hessian = jax.jacfwd(jax.jacfwd(eqx.combine(params, static)))(x)
        vectors = directions.tangents.dense(6)
        return (directions.weights * jnp.einsum("ri,ij,rj->", vectors, hessian, vectors)) ** 2

    assert tree_allclose(jax.grad(found)(params), jax.grad(expected)(params))


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize(
    "transform",
    [
        jax.jit,
        lambda f: lambda x: jax.vmap(f)(jnp.stack([x, 2 * x]))[0],
        lambda f: jax.checkpoint(f),
        lambda f: lambda x: jax.lax.scan(lambda c, x: (c, f(x)), 0, x[None])[1][0],
        lambda f: lambda x: jax.lax.map(f, jnp.stack([x, 2 * x]), batch_size=2)[0],
        lambda f: lambda x: jax.linearize(f, x)[0],
    ],
    ids=["jit", "vmap", "checkpoint", "scan", "map", "linearize"],
)
def test_transformations_of_the_value(transform, estimator):
    u, x = network(), jr.normal(jr.key(1), (6,))
    f = lambda x: stde.Laplacian()(u, x, estimator=estimator, key=jr.key(2))
    assert jnp.allclose(transform(f)(x), f(x), rtol=1e-12)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_derivatives_with_respect_to_the_point(estimator):
    u, x = network(), jr.normal(jr.key(1), (6,))
    vectors = estimator.sample(stde.Laplacian(), x, key=jr.key(2)).tangents.dense(6)
    weight = estimator.sample(stde.Laplacian(), x, key=jr.key(2)).weights
    f = lambda x: stde.Laplacian()(u, x, estimator=estimator, key=jr.key(2))
    expected = lambda x: weight * jnp.einsum("ri,ij,rj->", vectors, jax.hessian(u)(x), vectors)
    v = jr.normal(jr.key(3), (6,))
    assert jnp.allclose(jax.grad(f)(x), jax.grad(expected)(x), rtol=1e-10)
    assert jnp.allclose(jax.jvp(f, (x,), (v,))[1], jax.jvp(expected, (x,), (v,))[1], rtol=1e-10)
    assert jnp.allclose(jax.jit(jax.hessian(f))(x), jax.jit(jax.hessian(expected))(x), rtol=1e-9, atol=1e-11)


def test_laplacian_of_the_laplacian():
    """Operators nest: an operator's result is a function like any other."""
    u = lambda x: jnp.sum(jnp.sin(x)) * x[0]
    bilaplacian = lambda x: stde.Laplacian()(lambda x: stde.Laplacian()(u, x), x)
    x = jr.normal(jr.key(1), (4,))
    expected = laplacian(lambda x: laplacian(u, x), x)
    assert jnp.allclose(bilaplacian(x), expected, rtol=1e-10)


def test_single_precision_stays_single():
    u = eqx.nn.MLP(6, "scalar", 9, 2, activation=jnp.tanh, dtype=jnp.float32, key=jr.key(0))
    for estimator in ESTIMATORS:
        value, result = stde.value_and_apply(
            stde.Laplacian(), u, jnp.ones(6, jnp.float32), estimator=estimator, key=jr.key(0)
        )
        assert value.dtype == result.dtype == jnp.float32


def test_a_batch_is_not_a_point(unchecked):
    with pytest.raises(ValueError, match=r"one point, of shape \(dim,\).*\(2, 6\).*jax.vmap"):
        stde.Laplacian()(network(), jnp.ones((2, 6)))


def test_directions_of_another_dimension():
    directions = stde.DenseSTDE(2).sample(stde.Laplacian(), jnp.zeros(3), key=jr.key(0))
    with pytest.raises(ValueError, match="3 coordinates, the point has 6"):
        directions.value_and_apply(network(), jnp.zeros(6))


@pytest.mark.parametrize(
    ("selection", "said"),
    (
        (slice(30, 40), "that are not there.*has 6, which are 0 to 5"),
        (slice(2, 9), "that are not there"),
        (slice(4, 2), "chooses no coordinates"),
        ([1, 25], "that are not there"),
        (jnp.array([-7, 1]), "that are not there"),
        ([1, 3, 1], "chooses a coordinate twice"),
        ([1, -5], "chooses a coordinate twice"),
        (slice(0.5, 2), "ends of a slice of coordinates are whole numbers"),
        (3, r"such as `on\(slice\(1, None\)\)` or `on\(\[0, 2\]\)`; got 3"),
        ([0.5], r"got array\(\[0.5\]\)"),
    ),
)
def test_coordinates_that_a_point_does_not_have(selection, said, unchecked):
    with pytest.raises(ValueError, match=said):
        stde.Laplacian().on(selection)(network(), jnp.ones(6))


def test_coordinates_as_a_list_or_from_the_end():
    x = jnp.linspace(0.1, 1, 6)
    u = lambda x: jnp.sum(x**3 * jnp.arange(6))
    for selection, expected in (
        ([1, 4], (1, 4)),
        (range(2, 4), (2, 3)),
        (np.array([1, 3]), (1, 3)),
        (slice(-2, None), (4, 5)),
        (slice(1, -7, -1), (1, 0)),
        (jnp.array([-1, 0]), (5, 0)),
    ):
        operator = stde.Laplacian().on(selection)
        value = sum(6 * x[i] * i for i in expected)
        assert jnp.allclose(operator(u, x), value, rtol=1e-12)
        assert jnp.allclose(jax.jit(lambda x, operator=operator: operator(u, x))(x), value, rtol=1e-12)
        # One coordinate of two, under a key that is traced.
        draw = lambda key, operator=operator: operator(u, x, estimator=stde.SparseSTDE(1), key=key)
        found = jax.jit(jax.vmap(draw))(jr.split(jr.key(0), 50))
        assert {round(float(y), 9) for y in found} == {round(float(2 * 6 * x[i] * i), 9) for i in expected}


def test_what_is_not_an_estimator_a_function_or_a_point(unchecked):
    x: Any = jnp.ones(6)
    sparse, laplacian, dense = (cast("Any", each) for each in (stde.SparseSTDE, stde.Laplacian(), stde.DenseSTDE))
    for wrong, said in (
        (lambda: stde.Laplacian()(network(), x, estimator=sparse, key=jr.key(0)), "class `SparseSTDE`"),
        (lambda: stde.estimate(laplacian, network(), x, estimator=cast("Any", 3)), r"such as `stde.SparseSTDE\(16\)`"),
        (lambda: laplacian(x, network()), "place of the function"),
        (lambda: laplacian(network(), [1.0] * 6), "an array of shape.*`list`"),
        (lambda: dense(4, stde.Gaussian), r"such as `stde.Rademacher\(\)`.*class `Gaussian`"),
    ):
        with pytest.raises(ValueError, match=said):
            wrong()


def test_transformed_functions_are_coefficients_without_a_warning():
    class Medium(eqx.Module):
        a: jax.Array

        def conductivity(self, x):
            return 1 + jnp.sum(self.a * x**2)

        def operator(self):
            return self.conductivity * stde.Laplacian() + stde.AdvectionOperator(jax.grad(self.conductivity))

    medium, x, u = Medium(jnp.arange(1.0, 7)), jnp.linspace(0, 1, 6), network()
    flux = lambda x: medium.conductivity(x) * jax.grad(u)(x)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = medium.operator()(u, x)
    assert jnp.allclose(found, jnp.trace(jax.jacfwd(flux)(x)), rtol=1e-12)


def test_operators_of_one_transformed_function_are_equal():
    sigma = jax.jit(lambda x: 1 + x)
    assert stde.WeightedLaplacian(sigma) == stde.WeightedLaplacian(sigma)
    traces = []

    @eqx.filter_jit
    def apply(operator, x):
        traces.append(None)
        return operator(lambda x: jnp.sum(x**3), x)

    for _ in range(3):
        apply(stde.WeightedLaplacian(sigma), jnp.ones(3))
    assert len(traces) == 1


def test_an_estimate_prints_its_numbers():
    estimate = stde.estimate(stde.Laplacian(), lambda x: jnp.sum(x**3), jnp.ones(3))
    assert "18.0" in str(estimate) and "standard error of" in str(estimate)


@pytest.mark.parametrize(
    ("order", "lower", "said"),
    ((0, {}, "at least 1, got 0"), (2, {2: jnp.ones(3)}, r"lower=\[2\]"), (2, {-1: jnp.ones(3)}, "0 to 1")),
)
def test_orders_of_directions(order, lower, said):
    with pytest.raises(ValueError, match=said):
        stde.operators.Directions(stde.operators.Vectors(jnp.eye(3)), jnp.ones(3), order, lower)


def test_a_module_that_jax_could_look_up_is_applied_twice():
    """Modules with a `Partial` inside are hashed by identity and compared by their arrays, which are traced here."""
    weights = jr.normal(jr.key(0), (4, 3))
    apply = lambda weights, x: jnp.sum(jnp.tanh(weights @ x))
    factor = lambda x: 1 - jnp.sum(x**2)
    x = jnp.array([0.1, 0.2, 0.3])

    @jax.jit
    def twice(weights):
        u = stde.nn.HardConstraint(factor, jax.tree_util.Partial(apply, weights))
        again = stde.nn.HardConstraint(factor, u.net)
        return stde.Laplacian()(u, x), stde.Laplacian()(u, x), stde.Laplacian()(again, x)

    expected = jnp.trace(jax.hessian(lambda x: factor(x) * apply(weights, x))(x))
    assert jnp.allclose(jnp.stack(twice(weights)), expected, rtol=1e-12)


def test_a_complex_factor_makes_the_result_complex(getkey):
    x = jr.normal(getkey(), (3,))
    u = lambda x: jnp.sum(x**3)
    laplacian = stde.Laplacian()(u, x)
    for operator in (
        1j * stde.Laplacian(),
        stde.Laplacian() * (lambda x: jnp.asarray(1j)),
        (0.5 * (2j * stde.Laplacian())),
    ):
        assert jnp.allclose(operator(u, x), 1j * laplacian)
    both = stde.Laplacian() + 2j * stde.PartialDerivative(0)
    assert jnp.allclose(both(u, x), laplacian + 2j * 3 * x[0] ** 2)
    found = stde.estimate(1j * stde.Laplacian(), u, x, estimator=stde.SparseSTDE(2), key=getkey())
    assert jnp.iscomplexobj(found.estimate) and jnp.isrealobj(found.standard_error)
    assert "0+1j * Laplacian()" in repr(1j * stde.Laplacian())


def test_complex_coefficients_at_a_real_point_are_refused(unchecked):
    x, u = jnp.ones(3), lambda x: jnp.sum(x**3)
    for operator in (
        stde.LinearOperator({(0, 0): jnp.asarray(1j)}),
        stde.LinearOperator({(0, 0): 1.0, (): lambda x: jnp.asarray(1j)}),
        stde.WeightedLaplacian(1j * jnp.ones(3)),
        stde.DirectionalDerivative(1j * jnp.ones(3)),
    ):
        with pytest.raises(ValueError, match=r"is complex.*first \+ 1j \* second"):
            operator(u, x)


def test_only_operators_are_subtracted():
    with pytest.raises(ValueError, match=r"added to Laplacian\(\) or subtracted, got 3"):
        stde.Laplacian() - 3  # pyright: ignore[reportOperatorIssue]


def test_a_coefficient_of_order_zero_is_a_scalar(unchecked):
    operator = stde.LinearOperator({(0, 0): 1.0, (): jnp.ones(5)})
    with pytest.raises(ValueError, match=r"coefficient of \(\) must be a scalar, got shape \(5,\)"):
        operator(lambda x: jnp.sum(x**3), jnp.ones(3))


def test_importance_refuses_weights_that_never_draw_a_term():
    with pytest.raises(ValueError, match="got 2 that are not"):
        stde.Importance(jnp.array([1.0, 0.0, -1.0]))


def test_whole_factors_do_not_overflow():
    with jax.enable_x64(False):
        x = jnp.array([0.3, 0.5, -0.2])
        operator = 100_000 * (100_000 * stde.Laplacian())
        assert jnp.isclose(operator(lambda x: jnp.sum(x**4), x), 1e10 * 12 * jnp.sum(x**2), rtol=1e-6)


def test_a_sum_does_not_broadcast():
    operator = stde.Divergence() + stde.Laplacian()
    for apply in (operator, lambda u, x: stde.estimate(operator, u, x)):
        with pytest.raises(ValueError, match=r"values of different shapes, \[\(\), \(3,\)\]"):
            apply(lambda x: x**3, jnp.ones(3))


@pytest.mark.parametrize("estimator", [stde.Exact(), stde.SparseSTDE(4)])
@pytest.mark.parametrize("operator", [stde.Laplacian(), stde.WeightedLaplacian(2.0), stde.Divergence()])
def test_sparse_directions_of_another_dimension(operator, estimator):
    directions = estimator.sample(operator, jnp.zeros(10), key=jr.key(0))
    with pytest.raises(ValueError, match="10 coordinates, the point has 3"):
        directions.value_and_apply(lambda x: x**2, jnp.ones(3))


def test_a_batch_is_no_point_of_a_draw_or_a_plan(unchecked):
    points, u = jnp.ones((3, 3)), lambda x: jnp.sum(x**3)
    for estimator in (stde.Exact(), stde.DenseSTDE(2)):
        directions = estimator.sample(stde.Laplacian(), jnp.zeros(3), key=jr.key(0))
        with pytest.raises(ValueError, match=r"got x of shape \(3, 3\)"):
            directions.value_and_apply(u, points)
        with pytest.raises(ValueError, match=r"got x of shape \(3, 3\)"):
            estimator.sample(stde.Laplacian(), points, key=jr.key(0))
    with pytest.raises(ValueError, match=r"got x of shape \(3, 3\)"):
        stde.plan([(0, 0)])(u, points)


@pytest.mark.parametrize("operator", [stde.Laplacian(), 0.5 * stde.Identity(), stde.LinearOperator({(): 0.5})])
def test_a_point_of_whole_numbers_is_refused(operator, unchecked):
    with pytest.raises(ValueError, match=r"dtype int64.*x.astype\(float\)"):
        operator(jnp.sum, jnp.arange(3))


@pytest.mark.parametrize("selection", (slice(1, None), [1, 2], np.array([1, 2]), jnp.array([1, 2])))
@pytest.mark.parametrize("operator", [stde.Laplacian(), stde.Laplacian() + 2 * stde.AdvectionOperator(jnp.ones(2))])
def test_a_chosen_operator_is_an_argument_of_jit(selection, operator):
    traces = []

    @eqx.filter_jit
    def apply(operator, x):
        traces.append(0)
        return operator(lambda x: jnp.sum(x**3), x)

    for x in (jnp.arange(3.0), jnp.ones(3)):
        assert jnp.isclose(apply(operator.on(selection), x), operator.on(selection)(lambda x: jnp.sum(x**3), x))
    assert len(traces) == 1


@pytest.mark.parametrize("selection, said", (([0, 5], "that are not there"), ([1, 1], "a coordinate twice")))
def test_coordinates_are_checked_inside_jit(selection, said):
    apply = eqx.filter_jit(lambda operator, x: operator(lambda x: jnp.sum(x**3), x))
    with pytest.raises(ValueError, match=said):
        apply(stde.Laplacian().on(selection), jnp.ones(3))


def test_coordinates_that_are_traced():
    apply = jax.jit(lambda axes, x: stde.Laplacian().on(axes)(lambda x: jnp.sum(x**3), x))
    assert jnp.isclose(apply(jnp.array([0, 2]), jnp.array([1.0, 2.0, 3.0])), 6 * 4)


def test_the_divergence_is_an_outer_operator():
    u, x = lambda x: x**3 * jnp.roll(x, 1), jnp.array([0.3, 0.5, -0.2])
    for estimator in (stde.Exact(), stde.SparseSTDE(3)):
        found = (stde.Divergence() @ stde.Laplacian())(u, x, estimator=estimator, key=jr.key(0))
        assert jnp.isclose(found, stde.Divergence()(lambda x: laplacian(u, x), x), rtol=1e-10)
