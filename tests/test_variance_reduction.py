"""Estimators that lower the variance: each unbiased, and with the variance that it promises."""

import itertools
from typing import Any, cast

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

import stde_eqx as stde
from stde_eqx.estimators._sparse import choose
from stde_eqx.operators import Draws

from .operator_cases import DIM, OPERATORS
from .test_estimators import AllSigns


_x = jnp.array([0.3, -0.5, 0.8, 0.1])
_net = eqx.nn.MLP(DIM, "scalar", 6, 2, activation=jnp.tanh, key=jr.key(0))
_ansatz = stde.nn.HardConstraint(lambda x: 1 - jnp.sum(x**2), _net, lambda x: jnp.sin(x[0] * x[1]))
_linear = {
    name: case for name, case in OPERATORS.items() if name not in ("biharmonic", "product with a function inside")
}


class Rows(stde.AbstractSampler):
    """The draw in which the given terms came up."""

    rows: tuple[int, ...] = eqx.field(static=True)

    def check(self, operator, x, *, key):
        pass

    def sample_terms(self, operator, x, *, dim, key):
        total = operator.num_terms(x, dim=dim)
        units = len(self.rows)
        return choose(operator, x, (jnp.array(self.rows), total / units, Draws(units, total)), dim=dim)


def _every_draw(num_samples):
    return [Rows(rows) for rows in itertools.combinations(range(DIM), num_samples)]


def _moments(operator, u, estimator):
    return jax.jit(lambda: estimator.value_and_moments(operator, u, _x))()


@pytest.mark.slow
@pytest.mark.parametrize("operator, oracle", _linear.values(), ids=_linear.keys())
def test_known_factor_of_an_exact_network_is_exact(operator, oracle):
    value, result = stde.value_and_apply(operator, _ansatz, _x, estimator=stde.KnownFactor(stde.Exact()))
    assert jnp.allclose(value, _ansatz(_x), rtol=1e-12)
    assert jnp.allclose(result, oracle(_ansatz, _x), rtol=1e-10)


def test_known_factor_is_unbiased_and_knows_its_variance():
    found = [_moments(stde.Laplacian(), _ansatz, stde.KnownFactor(rows)) for rows in _every_draw(2)]
    values, estimates, variances = np.array(found).T
    assert np.allclose(values, _ansatz(_x))
    assert np.isclose(estimates.mean(), stde.Laplacian()(_ansatz, _x), rtol=1e-10)
    assert np.isclose(variances.mean(), estimates.var(), rtol=1e-8)


def test_known_factor_leaves_no_variance_where_the_network_is_linear():
    u = stde.nn.HardConstraint(lambda x: jnp.exp(x[0] * x[1]) - x[2], lambda x: x @ jnp.arange(4.0))
    for estimator in (stde.SparseSTDE(2), stde.DenseSTDE(2)):
        plain = stde.estimate(stde.Laplacian(), u, _x, estimator=estimator, key=jr.key(0))
        found = stde.estimate(stde.Laplacian(), u, _x, estimator=stde.KnownFactor(estimator), key=jr.key(0))
        assert plain.standard_error > 0.01 and found.standard_error == 0
        assert jnp.allclose(found.estimate, stde.Laplacian()(u, _x), rtol=1e-12)


def test_known_factor_needs_a_factor():
    with pytest.raises(ValueError, match="HardConstraint"):
        stde.Laplacian()(_net, _x, estimator=stde.KnownFactor(stde.SparseSTDE(2)), key=jr.key(0))


def test_known_factor_refuses_what_its_estimator_refuses():
    with pytest.raises(ValueError, match="only 4 terms"):
        stde.Laplacian()(_ansatz, _x, estimator=stde.KnownFactor(stde.SparseSTDE(5)), key=jr.key(0))
    with pytest.raises(ValueError, match="give it a key"):
        stde.Laplacian()(_ansatz, _x, estimator=stde.KnownFactor(stde.SparseSTDE(2)))


def test_control_variate_is_unbiased_and_knows_its_variance():
    reference = jax.tree.map(lambda a: a + 0.001 if eqx.is_array(a) else a, _net)
    found = [_moments(stde.Laplacian(), _net, stde.ControlVariate(rows, reference)) for rows in _every_draw(2)]
    values, estimates, variances = np.array(found).T
    assert np.allclose(values, _net(_x))
    assert np.isclose(estimates.mean(), stde.Laplacian()(_net, _x), rtol=1e-9)
    assert np.isclose(variances.mean(), estimates.var(), rtol=1e-6)
    plain = [_moments(stde.Laplacian(), _net, rows)[1] for rows in _every_draw(2)]
    # The parameters are of size 0.3: a fraction of that away, that fraction of the deviation or so.
    assert estimates.std() < 0.1 * np.std(plain)


def test_control_variate_with_the_function_itself_is_exact_and_keeps_the_gradient():
    def loss(net, estimator, key):
        return stde.Laplacian()(net, _x, estimator=estimator, key=key)

    estimator = stde.ControlVariate(stde.SparseSTDE(2), _net)
    assert jnp.allclose(loss(_net, estimator, jr.key(0)), stde.Laplacian()(_net, _x), rtol=1e-12)
    # The reference is frozen: the gradient is the estimate of the plain one, not zero.
    found = eqx.filter_grad(loss)(_net, estimator, jr.key(0))
    plain = eqx.filter_grad(loss)(_net, stde.SparseSTDE(2), jr.key(0))
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(plain), strict=True):
        assert jnp.allclose(a, b, rtol=1e-10, atol=1e-13)
    into_reference = eqx.filter_grad(lambda e: loss(_net, e, jr.key(0)))(estimator)
    assert all(jnp.all(leaf == 0) for leaf in jax.tree.leaves(into_reference))


def test_control_variate_needs_a_reference_of_the_same_shape():
    reference = eqx.nn.MLP(DIM, 1, 6, 2, key=jr.key(1))
    estimator = stde.ControlVariate(stde.SparseSTDE(2), reference)
    with pytest.raises(ValueError, match=r"returns shape \(1,\), and the function \(\): give a reference"):
        stde.Laplacian()(_net, _x, estimator=estimator, key=jr.key(0))


_hessian = jnp.array(np.random.default_rng(0).normal(size=(8, 8)))
_quadratic = lambda x: x @ _hessian @ x / 2
_z = jnp.zeros(8)


def _estimates(estimator, num=20_000):
    estimate = lambda key: stde.Laplacian()(_quadratic, _z, estimator=estimator, key=key)
    return np.asarray(jax.jit(jax.vmap(estimate))(jr.split(jr.key(1), num)))


@pytest.mark.parametrize("num_samples", [2, 4, 8])
def test_orthogonal_vectors(num_samples):
    vectors = stde.Orthogonal().sample(num_samples, 8, jnp.float64, key=jr.key(0))
    assert jnp.allclose(vectors @ vectors.T, 8 * jnp.eye(num_samples), atol=1e-10)
    found = _estimates(stde.DenseSTDE(num_samples, stde.Orthogonal()))
    independent = _estimates(stde.DenseSTDE(num_samples, stde.Spherical()))
    trace = jnp.trace(_hessian)
    assert abs(found.mean() - trace) < 4.5 * found.std() / 20_000**0.5 + 1e-9
    # The variance of the variance is some percent for twenty thousand draws.
    assert np.isclose(found.var(), (8 - num_samples) / 7 * independent.var(), rtol=0.08, atol=1e-9)


def test_blocks_of_orthogonal_vectors_have_a_standard_error():
    estimator = stde.DenseSTDE(8, stde.Orthogonal(block=4))
    keys = jr.split(jr.key(2), 4000)
    found = jax.jit(
        jax.vmap(lambda key: stde.estimate(stde.Laplacian(), _quadratic, _z, estimator=estimator, key=key))
    )(keys)
    assert np.isclose(jnp.mean(found.standard_error**2), jnp.var(found.estimate), rtol=0.1)
    one_block = stde.DenseSTDE(4, stde.Orthogonal())
    assert jnp.isnan(stde.estimate(stde.Laplacian(), _quadratic, _z, estimator=one_block, key=jr.key(0)).standard_error)


@pytest.mark.parametrize("copies", [1, 2, 4])
def test_antithetic_copies_decouple_colours(copies):
    """All signs of the base vector, with their copies: unbiased, and only coordinates of one colour contribute."""
    distribution = stde.Antithetic(AllSigns(), copies)
    hessian = _hessian[:4, :4] + _hessian[:4, :4].T
    quadratic = lambda x: x @ hessian @ x / 2
    vectors = distribution.sample(16 * copies, 4, jnp.float64, key=jr.key(0))
    values = jnp.einsum("ri,ij,rj->r", vectors, hessian, vectors).reshape(16, copies).mean(1)
    assert jnp.allclose(values.mean(), jnp.trace(hessian), rtol=1e-12)
    same = (np.arange(4)[:, None] - np.arange(4)) % copies == 0
    expected = 2 * np.sum(np.asarray(hessian) ** 2 * (same & ~np.eye(4, dtype=bool)))
    assert jnp.allclose(values.var(), expected, rtol=1e-10, atol=1e-10)
    estimator = stde.DenseSTDE(16 * copies, distribution)
    estimate = stde.Laplacian()(quadratic, jnp.zeros(4), estimator=estimator, key=jr.key(0))
    assert jnp.allclose(estimate, jnp.trace(hessian), rtol=1e-12)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: stde.Antithetic(copies=3), "power of two"),
        (lambda: stde.Antithetic().sample(3, 4, float, key=jr.key(0)), "take a multiple"),
        (lambda: stde.Orthogonal(9).sample(9, 8, float, key=jr.key(0)), "at most the dimension"),
        (lambda: stde.Orthogonal().sample(12, 8, float, key=jr.key(0)), "a multiple of it"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_complex_multiple_has_the_standard_error_of_its_modulus():
    estimator = stde.KnownFactor(stde.SparseSTDE(2))
    error = lambda c: stde.estimate(c * stde.Laplacian(), _ansatz, _x, estimator=estimator, key=jr.key(0))
    assert jnp.isclose(error(2j).standard_error, error(2.0).standard_error, rtol=1e-10)


def test_a_known_factor_takes_an_estimator_that_samples_directions(unchecked):
    with pytest.raises(ValueError, match=r"samples directions, such as stde.SparseSTDE\(16\), got KnownFactor"):
        stde.KnownFactor(cast("Any", stde.KnownFactor(stde.SparseSTDE(2))))
