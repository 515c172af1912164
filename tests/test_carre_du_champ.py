"""The squared gradient that belongs to an operator, against dense oracles, over all draws, and its derivatives."""

import itertools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import pytest

import stde_eqx as stde
from tests.helpers import laplacian
from tests.zoo_battery import primitives


_SIGMA = jnp.array([[1.0, 0.3, 0.0], [0.2, 2.0, 0.5], [0.0, 0.1, 0.7]])
_VELOCITY = jnp.array([1.0, -2.0, 0.5])


def _network(key=0):
    return eqx.nn.MLP(3, "scalar", 8, 2, activation=jnp.tanh, key=jr.key(key))


def _gradient(u, x):
    return jax.grad(u)(x)


CASES = {
    "Laplacian": (stde.Laplacian(), lambda g, x: g @ g),
    "minus the Laplacian": (-1.0 * stde.Laplacian(), lambda g, x: -g @ g),
    "diffusion": (stde.WeightedLaplacian(_SIGMA), lambda g, x: jnp.sum((_SIGMA.T @ g) ** 2)),
    "generator": (
        0.5 * stde.WeightedLaplacian(_SIGMA) + stde.AdvectionOperator(_VELOCITY),
        lambda g, x: 0.5 * jnp.sum((_SIGMA.T @ g) ** 2),
    ),
    "coefficients": (
        stde.WeightedLaplacian(lambda x: x) - stde.PartialDerivative((0,)),
        lambda g, x: jnp.sum((x * g) ** 2),
    ),
    "some coordinates": (stde.Laplacian().on(slice(1, None)), lambda g, x: g[1:] @ g[1:]),
    "first order": (stde.AdvectionOperator(_VELOCITY), lambda g, x: jnp.zeros(())),
}


@pytest.mark.parametrize("name", list(CASES))
def test_exact(name):
    operator, square = CASES[name]
    u, x = _network(), jr.normal(jr.key(1), (3,))
    found = stde.carre_du_champ(operator, u, x)
    assert jnp.allclose(found.value, u(x), rtol=1e-12)
    assert jnp.allclose(found.applied, operator(u, x), rtol=1e-10, atol=1e-13)
    assert jnp.allclose(found.square, square(_gradient(u, x), x), rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("name", list(CASES))
def test_a_reverse_pass_is_exact_beside_an_estimate(name):
    operator, square = CASES[name]
    u, x = _network(), jr.normal(jr.key(1), (3,))
    options: dict[str, Any] = dict(estimator=stde.SparseSTDE(1), key=jr.key(2))
    found = stde.carre_du_champ(operator, u, x, reverse_pass=True, **options)
    assert jnp.allclose(found.square, square(_gradient(u, x), x), rtol=1e-10, atol=1e-13)
    assert jnp.allclose(found.applied, operator(u, x, **options), rtol=1e-12)


def test_a_reverse_pass_needs_the_matrix(unchecked):
    operator = stde.LinearOperator({(0, 1): 1.0})
    with pytest.raises(ValueError, match="matrix of .* is not known.*stde.SecondOrder"):
        stde.carre_du_champ(operator, _network(), jnp.ones(3), reverse_pass=True)


def test_unbiased_over_all_draws():
    u, x = _network(), jr.normal(jr.key(1), (3,))
    expected = _gradient(u, x) @ _gradient(u, x)
    values = []
    for rows in itertools.combinations(range(3), 2):
        directions = stde.Laplacian().directions(x, jnp.array(rows), dim=3).drawn(3 / 2, stde.operators.Draws(2, 3))
        draw = _Fixed(directions)
        values.append(stde.carre_du_champ(stde.Laplacian(), u, x, estimator=draw).square)
    assert jnp.allclose(jnp.mean(jnp.stack(values)), expected, rtol=1e-10)
    assert jnp.std(jnp.stack(values)) > 1e-3 * expected


class _Fixed(stde.AbstractSampler):
    """An estimator with a given outcome."""

    directions: stde.Directions

    def check(self, operator, x, *, key):
        pass

    def sample_terms(self, operator, x, *, dim, key):
        return self.directions


@pytest.mark.parametrize("estimator", [stde.SparseSTDE(2), stde.DenseSTDE(2)])
def test_unbiased_on_average(estimator):
    u, x = _network(), jr.normal(jr.key(1), (3,))
    at = lambda key: stde.carre_du_champ(stde.Laplacian(), u, x, estimator=estimator, key=key).square
    values = jax.vmap(at)(jr.split(jr.key(2), 4000))
    deviation = jnp.std(values) / 4000**0.5
    assert abs(jnp.mean(values) - _gradient(u, x) @ _gradient(u, x)) < 4 * deviation


_SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("Laplacian", "generator")]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["coefficients", *_SLOW])
def test_derivatives_with_respect_to_parameters_and_to_the_point(name):
    """The value at the point that is subtracted must not hide from whoever differentiates."""
    operator, square = CASES[name]
    x = jr.normal(jr.key(1), (3,))

    def ours(u, x):
        found = stde.carre_du_champ(operator, u, x)
        return found.square * (1 + found.value) + found.applied

    def oracle(u, x):
        return square(_gradient(u, x), x) * (1 + u(x)) + operator(u, x)

    first, second = (eqx.filter_grad(fn)(_network(), x) for fn in (ours, oracle))
    for a, b in zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True):
        assert jnp.allclose(a, b, rtol=1e-9, atol=1e-12)
    assert jnp.allclose(
        jax.hessian(lambda z: ours(_network(), z))(x), jax.hessian(lambda z: oracle(_network(), z))(x), rtol=1e-8
    )
    assert jnp.allclose(laplacian(lambda z: ours(_network(), z), x), stde.Laplacian()(lambda z: ours(_network(), z), x))


def test_no_cancellation_in_float32():
    """A small gradient on top of a large value with a large Laplacian: u^2 and 2 u L u agree in many digits."""
    u = lambda x: 1e3 + 1e-3 * jnp.sum(x) + 10 * jnp.sum(x**2)
    found = stde.carre_du_champ(stde.Laplacian(), u, jnp.zeros(3, jnp.float32))
    assert found.square.dtype == jnp.float32
    assert jnp.allclose(found.square, 3e-6, rtol=1e-6)


def test_one_sweep_with_the_derivative_in_time():
    """Beside a Laplacian in space a derivative in time is a direction more, and no second sweep."""
    network = _network()
    x = jnp.ones(3)
    space = stde.Laplacian().on(slice(1, None))
    count = lambda operator: sum(e.primitive.name == "tanh" for e in primitives(lambda x: operator(network, x), x))
    assert count(space - stde.PartialDerivative((0,))) == count(space) == 2
    both = (space - stde.PartialDerivative((0,)))(network, x)
    assert jnp.allclose(both, space(network, x) - _gradient(network, x)[0], rtol=1e-12)


@pytest.mark.parametrize(
    "operator",
    [
        stde.DiagonalOperator(4),
        stde.Laplacian() + 3.0 * stde.Identity(),
        stde.Laplacian() @ stde.Laplacian(),
        stde.LinearOperator({(0, 0): 1.0, (): 2.0}),
        stde.Laplacian() - stde.PartialDerivative((0, 0, 1)),
        stde.Biharmonic(),
    ],
    ids=str,
)
def test_operators_without_a_squared_gradient(operator, unchecked):
    with pytest.raises(ValueError, match="belongs to operators of first and second order"):
        stde.carre_du_champ(operator, _network(), jnp.ones(3))


def test_estimators_that_know_the_function(unchecked):
    u = stde.nn.HardConstraint(lambda x: 1 - jnp.sum(x**2), _network())
    x, estimator = jnp.ones(3) / 3, stde.KnownFactor(stde.SparseSTDE(1))
    with pytest.raises(ValueError, match="KnownFactor.* does more .* or reverse_pass=True"):
        stde.carre_du_champ(stde.Laplacian(), u, x, estimator=estimator, key=jr.key(0))
    found = stde.carre_du_champ(stde.Laplacian(), u, x, estimator=estimator, key=jr.key(0), reverse_pass=True)
    assert jnp.allclose(found.square, _gradient(u, x) @ _gradient(u, x))


def test_a_scalar_is_needed(unchecked):
    with pytest.raises(ValueError, match=r'got shape \(3,\).*"scalar"'):
        stde.carre_du_champ(stde.Laplacian(), lambda x: x**2, jnp.ones(3))


def test_an_operator_of_ones_own_is_asked_for_its_order(unchecked):
    class Fourth(stde.AbstractDirectionalOperator):
        """All that a subclass has to have."""

        def num_terms(self, x, *, dim):
            return dim

        def directions(self, x, rows=None, *, dim):
            return stde.DiagonalOperator(4).directions(x, rows, dim=dim)

        def magnitudes(self, x, *, dim):
            return jnp.ones(dim)

        def random_directions(self, x, num_samples, distribution, *, dim, key):
            raise ValueError

    u, x = lambda x: jnp.sum(jnp.sin(x)), jnp.ones(3)
    for operator in (Fourth(), Fourth().on(slice(2)), stde.Laplacian() + 2.0 * Fourth()):
        with pytest.raises(ValueError, match="belongs to operators of first and second order"):
            stde.carre_du_champ(operator, u, x)
    for first in (stde.DiagonalOperator(1), stde.DiagonalOperator(1).on(slice(2))):
        found = stde.carre_du_champ(stde.Laplacian() + first, u, x, reverse_pass=True)
        assert jnp.allclose(found.square, jnp.sum(jnp.cos(x) ** 2))
