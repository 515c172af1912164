import itertools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from jaxtyping import Array, Float, PRNGKeyArray

import stde_eqx as stde

from .helpers import laplacian


def network(dim, out: Any = "scalar"):
    return eqx.nn.MLP(dim, out, 9, 2, activation=jnp.tanh, key=jr.key(0))


class AllSigns(stde.AbstractDistribution):
    """Every outcome of one Rademacher vector, once."""

    def sample(self, num_samples: int, dim: int, dtype: Any, *, key: PRNGKeyArray) -> Float[Array, "samples dim"]:
        signs = jnp.array(list(itertools.product([-1.0, 1.0], repeat=dim)), dtype)
        assert num_samples == len(signs)
        return signs

    def num_blocks(self, num_samples: int, dim: int) -> int:
        return num_samples


def test_average_over_all_sign_vectors_is_the_operator():
    u, x = network(4), jr.normal(jr.key(1), (4,))
    estimate = stde.Laplacian()(u, x, estimator=stde.DenseSTDE(16, AllSigns()), key=jr.key(0))
    assert jnp.allclose(estimate, laplacian(u, x), rtol=1e-12)


@pytest.mark.parametrize(
    "estimator",
    [
        stde.SparseSTDE(3),
        stde.DenseSTDE(3),
        stde.DenseSTDE(3, stde.Gaussian()),
        stde.DenseSTDE(3, stde.Spherical()),
    ],
)
def test_estimates_scatter_around_the_operator(estimator):
    u, x = network(8), jr.normal(jr.key(1), (8,))
    keys = jr.split(jr.key(2), 4000)
    estimates = jax.vmap(lambda key: stde.Laplacian()(u, x, estimator=estimator, key=key))(keys)
    spread = jnp.std(estimates) / len(keys) ** 0.5
    assert spread > 0
    assert abs(jnp.mean(estimates) - laplacian(u, x)) < 4 * spread


@pytest.mark.parametrize("distribution", [stde.Rademacher(), stde.Gaussian(), stde.Spherical()])
def test_distributions_have_identity_covariance(distribution):
    vectors = distribution.sample(40_000, 3, jnp.float64, key=jr.key(0))
    # Entries of v v^T have standard deviation at most sqrt(3), so that 0.05 is above five standard errors.
    assert jnp.allclose(vectors.T @ vectors / 40_000, jnp.eye(3), atol=0.05)


def test_spherical_vectors_have_their_length():
    vectors = stde.Spherical().sample(10, 7, jnp.float64, key=jr.key(0))
    assert jnp.allclose(jnp.sum(vectors**2, 1), 7)


def test_one_key_shares_the_draw_and_a_key_per_point_does_not():
    x = jnp.zeros((20, 50))
    sample = lambda x, key: stde.SparseSTDE(4).sample_terms(stde.Laplacian(), x, dim=50, key=key).tangents.dense(50)
    shared = jax.vmap(sample, in_axes=(0, None))(x, jr.key(0))
    per_point = jax.vmap(sample)(x, jr.split(jr.key(0), 20))
    assert (shared == shared[:1]).all()
    assert len({tuple(map(int, row.ravel())) for row in per_point}) > 15


def test_a_draw_can_be_evaluated_anywhere():
    u, points = network(6), jr.normal(jr.key(1), (3, 6))
    directions = stde.SparseSTDE(2).sample(stde.Laplacian(), points[0], key=jr.key(0))
    _, found = jax.vmap(lambda x: directions.value_and_apply(u, x))(points)
    expected = jax.vmap(lambda x: stde.Laplacian()(u, x, estimator=stde.SparseSTDE(2), key=jr.key(0)))(points)
    assert jnp.array_equal(found, expected)


def test_estimators_of_all_directions_are_exact():
    u, x = network(6), jr.normal(jr.key(1), (6,))
    estimate = stde.Laplacian()(u, x, estimator=stde.SparseSTDE(6), key=jr.key(0))
    assert jnp.allclose(estimate, laplacian(u, x), rtol=1e-12)


@pytest.mark.parametrize("estimator", [stde.SparseSTDE(2), stde.DenseSTDE(2)])
def test_missing_key(estimator):
    with pytest.raises(ValueError, match="give it a key"):
        stde.Laplacian()(network(4), jnp.zeros(4), estimator=estimator)


def test_more_samples_than_directions():
    with pytest.raises(ValueError, match=r"SparseSTDE\(5\).*only 4 terms.*SparseSTDE\(4\) at most, or Exact"):
        stde.Laplacian()(network(4), jnp.zeros(4), estimator=stde.SparseSTDE(5), key=jr.key(0))


@pytest.mark.parametrize("kind", [stde.SparseSTDE, stde.DenseSTDE])
@pytest.mark.parametrize("num_samples", [0, -3, True])
def test_number_of_samples_must_be_positive(kind, num_samples):
    with pytest.raises(ValueError, match=f"`num_samples` must be at least 1, got {num_samples}"):
        kind(num_samples)


@pytest.mark.parametrize(
    "distribution", [stde.Gaussian(), stde.Spherical(), stde.Orthogonal(), stde.Rademacher(), stde.Antithetic()]
)
def test_vectors_at_a_complex_point_are_real(distribution, unchecked):
    """Complex normal vectors have E[v v^T] = 0."""
    vectors = distribution.sample(2, 3, jnp.complex128, key=jr.key(0))
    assert vectors.dtype == jnp.complex128
    assert jnp.all(jnp.imag(vectors) == 0)


def test_number_of_samples_may_be_of_numpy(unchecked):
    estimator = stde.SparseSTDE(np.int64(2))
    assert type(estimator.num_samples) is int and estimator == stde.SparseSTDE(2)
    with pytest.raises(ValueError, match="`num_samples` must be a whole number.*got 2.5"):
        stde.SparseSTDE(2.5)  # pyright: ignore[reportArgumentType]


def test_a_class_in_the_place_of_a_scheme(unchecked):
    with pytest.raises(ValueError, match=r"sampling of SparseSTDE is an object such as .*; got the class `Stratified`"):
        stde.SparseSTDE(2, stde.Stratified)  # pyright: ignore[reportArgumentType]


def test_an_operator_without_terms_has_none_to_draw():
    operator = stde.WeightedLaplacian(jnp.zeros((3, 0)))
    with pytest.raises(ValueError, match=r"has only 0 terms in 3 dimensions: use Exact\(\), which then is zero"):
        operator(network(3), jnp.zeros(3), estimator=stde.SparseSTDE(1), key=jr.key(0))
    assert operator(network(3), jnp.zeros(3), estimator=stde.Exact()) == 0
