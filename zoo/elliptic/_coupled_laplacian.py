import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

import stde_eqx as stde


class CoupledLaplacian(stde.operators.AbstractSecondOrder):
    r"""A diffusion that couples every coordinate with the next: $\operatorname{tr}(\sigma \sigma^T H)$, $\sigma$
    bidiagonal.

    The columns of $\sigma$ are $e_i + \kappa e_{i+1}$, so that $C = \sigma \sigma^T$ has $1 + \kappa^2$ on the
    diagonal (1 in the first place) and $\kappa$ beside it. They are its directions, with two entries each: $C$ is
    never written out.

    **Arguments:**

    - `coupling`: $\kappa$.
    """

    coupling: float

    def num_terms(self, x: Float[Array, " point"], *, dim: int) -> int:
        return dim

    def directions(
        self, x: Float[Array, " point"], rows: Int[Array, " rows"] | None = None, *, dim: int
    ) -> stde.Directions:
        rows = jnp.arange(dim) if rows is None else rows
        after = jnp.minimum(rows + 1, dim - 1)
        values = jnp.stack([jnp.ones(rows.shape), jnp.where(rows + 1 < dim, self.coupling, 0.0)], 1).astype(x.dtype)
        tangents = stde.operators.Coordinates(jnp.stack([rows, after], 1), values, dim)
        return stde.Directions(tangents, jnp.ones((), x.dtype), 2)

    def magnitudes(self, x: Float[Array, " point"], *, dim: int) -> Float[Array, " terms"]:
        return jnp.full(dim, 1 + self.coupling**2, x.dtype).at[-1].set(1)

    def flux(self, x: Float[Array, " point"], vector: Float[Array, " dim"]) -> Float[Array, " dim"]:
        forward = vector + self.coupling * jnp.concatenate([vector[1:], jnp.zeros_like(vector[:1])])
        return self._factor(forward)

    def random_directions(
        self,
        x: Float[Array, " point"],
        num_samples: int,
        distribution: stde.AbstractDistribution,
        *,
        dim: int,
        key: PRNGKeyArray,
    ) -> stde.Directions:
        drawn = stde.Laplacian().random_directions(x, num_samples, distribution, dim=dim, key=key)
        vectors = drawn.tangents.dense(dim)
        return eqx.tree_at(lambda d: d.tangents, drawn, stde.operators.Vectors(self._factor(vectors)))

    def _factor(self, vectors: Float[Array, "*rows dim"]) -> Float[Array, "*rows dim"]:
        """The matrix sigma times vectors."""
        shifted = jnp.concatenate([jnp.zeros_like(vectors[..., :1]), vectors[..., :-1]], axis=-1)
        return vectors + self.coupling * shifted
