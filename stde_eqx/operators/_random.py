from typing import Any, NoReturn

import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from ._base import AbstractDirectionalOperator, AbstractDistribution
from ._design import AbstractDesign, Draws
from ._directions import Directions
from ._tangents import Vectors


def random_vectors(
    distribution: AbstractDistribution, num_samples: int, dim: int, dtype: Any, *, key: PRNGKeyArray
) -> tuple[Vectors, AbstractDesign]:
    """Random vectors as tangents, and how they were drawn."""
    design = Draws(distribution.num_blocks(num_samples, dim), None)
    return Vectors(distribution.sample(num_samples, dim, dtype, key=key)), design


def scaled_vectors(
    directions: Directions, factor: Float[Array, ""] | Float[Array, " dim"] | Float[Array, "dim columns"]
) -> Directions:
    r"""The directions $\sigma v_r$ for a scalar, a diagonal or a matrix $\sigma$."""
    vectors = directions.tangents
    assert isinstance(vectors, Vectors)
    array = vectors.array @ factor.T if jnp.ndim(factor) == 2 else vectors.array * jnp.atleast_1d(factor)[None]
    return Directions(Vectors(array), directions.weights, directions.order, directions.lower, directions.design)


def refuse_random_directions(operator: AbstractDirectionalOperator, why: str) -> NoReturn:
    raise ValueError(
        f"{operator} has no estimate from random vectors: {why}. Use stde.SparseSTDE(num_samples) or stde.Exact()."
    )
