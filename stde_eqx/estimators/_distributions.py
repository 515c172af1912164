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
        return jr.normal(key, (num_samples, dim), dtype)

    def num_blocks(self, num_samples: int, dim: int) -> int:
        return num_samples


class Spherical(AbstractDistribution):
    r"""Uniform on the sphere of radius $\sqrt{d}$."""

    def sample(self, num_samples: int, dim: int, dtype: Any, *, key: PRNGKeyArray) -> Float[Array, "samples dim"]:
        normal = jr.normal(key, (num_samples, dim), dtype)
        return normal * jnp.sqrt(dim / jnp.sum(normal**2, axis=1, keepdims=True)).astype(dtype)

    def num_blocks(self, num_samples: int, dim: int) -> int:
        return num_samples
