import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from ._base import AbstractDirectionalOperator, AbstractDistribution
from ._directions import Directions
from ._laplacian import coordinate_directions, Laplacian
from ._random import refuse_random_directions


class DiagonalOperator(AbstractDirectionalOperator):
    r"""The sum of pure derivatives $\sum_i \partial_i^K u$.

    **Arguments:**

    - `order`: $K \ge 1$. With 2 it has the value of the [`stde_eqx.Laplacian`][], of which estimators such as
        [`stde_eqx.KnownFactor`][] know more: write `Laplacian()` then.

    **Raises:** `ValueError` for an order below one; on use, for random vectors at any order but 2: no law among those
    offered has the diagonal tensor as its moment (see Shi et al. 2024, appendix K).
    """

    order: int = eqx.field(static=True)

    def __check_init__(self) -> None:
        if self.order < 1:
            raise ValueError(f"DiagonalOperator needs an order of at least 1, got {self.order}.")

    def num_terms(self, x: Float[Array, " point"], *, dim: int) -> int:
        return dim

    def directions(self, x: Float[Array, " point"], rows: Int[Array, " rows"] | None = None, *, dim: int) -> Directions:
        return coordinate_directions(x, rows, dim=dim, order=self.order)

    def magnitudes(self, x: Float[Array, " point"], *, dim: int) -> Float[Array, " terms"]:
        return jnp.ones(dim, x.dtype)

    def random_directions(
        self,
        x: Float[Array, " point"],
        num_samples: int,
        distribution: AbstractDistribution,
        *,
        dim: int,
        key: PRNGKeyArray,
    ) -> Directions:
        if self.order != 2:
            refuse_random_directions(
                self,
                f"no law of vectors v among those offered has v^{self.order} averaging to the diagonal tensor (Shi et "
                "al. 2024, app. K)",
            )
        return Laplacian().random_directions(x, num_samples, distribution, dim=dim, key=key)
