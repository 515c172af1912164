"""Derivatives of second-order operators with respect to their matrix, and which entries they may name."""

import jax
import jax.numpy as jnp
import jax.random as jr
import pytest

import stde_eqx as stde
from stde_eqx.operators import Bilinear, Eigenvectors, Entries


_x = jnp.array([0.3, 0.5, -0.2])
_u = lambda x: jnp.sum(x**4) + x[0] * x[1]


def _matrix(z):
    """Indefinite, with three distinct eigenvalues."""
    return jnp.array([[2.0, z[0], 0.0], [z[0], -3.0, z[1]], [0.0, z[1], 4.0]])


@pytest.mark.parametrize("decomposition", [Eigenvectors(), Bilinear(), Entries()])
def test_dense_estimates_have_derivatives_with_respect_to_the_matrix(decomposition):
    """By all sign vectors, whose average is exact, and hence that of the derivatives, too."""
    operator = stde.SecondOrder(_matrix, decomposition)
    signs = jnp.array([[1.0, a, b] for a in (1.0, -1.0) for b in (1.0, -1.0)])

    def average(x):
        factors = operator.decomposition.factors(_matrix(x))
        draw = operator.decomposition.random(factors, signs).drawn(1 / 4, stde.operators.Draws(4, None))
        return draw.value_and_apply(_u, x)[1]

    exact = lambda x: jnp.sum(_matrix(x) * jax.hessian(_u)(x))
    assert jnp.isclose(average(_x), exact(_x), rtol=1e-10)
    assert jnp.allclose(jax.grad(average)(_x), jax.grad(exact)(_x), rtol=1e-8)


@pytest.mark.slow
def test_dense_estimates_of_a_product_with_a_varying_matrix():
    product = stde.Laplacian() @ stde.SecondOrder(_matrix)
    estimate = lambda key: product(_u, _x, estimator=stde.DenseSTDE(4), key=key)
    assert jnp.all(jnp.isfinite(jax.vmap(estimate)(jr.split(jr.key(0), 4))))


@pytest.mark.parametrize(
    "decomposition, estimator",
    [(Bilinear(), stde.Exact()), (Bilinear(), stde.DenseSTDE(4)), (Entries(), stde.DenseSTDE(4))],
)
def test_derivatives_where_the_matrix_vanishes(decomposition, estimator):
    swap = jnp.zeros((3, 3)).at[0, 1].set(1.0).at[1, 0].set(1.0)
    operator = stde.SecondOrder(lambda z: (jnp.sum(z) - jnp.sum(_x)) * swap, decomposition)
    gradient = jax.grad(lambda x: operator(_u, x, estimator=estimator, key=jr.key(0)))(_x)
    assert jnp.all(jnp.isfinite(gradient))
    if estimator == stde.Exact():
        assert jnp.allclose(gradient, 2 * jax.hessian(_u)(_x)[0, 1], rtol=1e-10)


@pytest.mark.parametrize("pairs", [(), ((0, 1), (0, 1)), ((1, 0),), ((-1, 0),)])
def test_entries_are_those_of_the_upper_triangle(pairs):
    with pytest.raises(ValueError, match="those of the upper triangle"):
        Entries(pairs)


def test_entries_are_in_the_matrix():
    with pytest.raises(ValueError, match=r"the pair \(0, 5\), but the matrix 3 columns"):
        stde.SecondOrder(jnp.eye(3), Entries(((0, 5),)))(_u, _x)
