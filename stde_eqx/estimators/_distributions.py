from typing import Any

import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, PRNGKeyArray

from ..operators import AbstractDistribution


class Rademacher(AbstractDistribution):
    """Independent signs: the least variance for the Laplacian among laws with independent coordinates."""

    def sample(self, num_samples: int, dim: int, dtype: Any, *, key: PRNGKeyArray) -> Float[Array, "samples dim"]:
        return jr.rademacher(key, (num_samples, dim), dtype)

    def num_blocks(self, num_samples: int, dim: int) -> int:
        return num_samples


class Gaussian(AbstractDistribution):
    """Standard normal coordinates."""

    def sample(self, num_samples: int, dim: int, dtype: Any, *, key: PRNGKeyArray) -> Float[Array, "samples dim"]:
        return _normal(num_samples, dim, dtype, key=key)

    def num_blocks(self, num_samples: int, dim: int) -> int:
        return num_samples


class Spherical(AbstractDistribution):
    r"""Uniform on the sphere of radius $\sqrt{d}$."""

    def sample(self, num_samples: int, dim: int, dtype: Any, *, key: PRNGKeyArray) -> Float[Array, "samples dim"]:
        normal = _normal(num_samples, dim, dtype, key=key)
        return normal * jnp.sqrt(dim / jnp.sum(normal**2, axis=1, keepdims=True)).astype(dtype)

    def num_blocks(self, num_samples: int, dim: int) -> int:
        return num_samples


def _normal(num_samples: int, dim: int, dtype: Any, *, key: PRNGKeyArray) -> Float[Array, "samples dim"]:
    """Real vectors, also at a complex point: complex ones of the usual law have the expectation v v^T = 0."""
    return jr.normal(key, (num_samples, dim), jnp.finfo(dtype).dtype).astype(dtype)
