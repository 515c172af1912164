import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jax import lax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from ..operators import AbstractEstimator, AbstractOperator, Directions
from ._checks import check_key, check_num_samples


class SparseSTDE(AbstractEstimator):
    r"""A uniform draw, without replacement, of the operator's own directions.

    With $V$ of $R$ directions drawn, the weights grow by $R / V$, so that the expectation is the operator. For the
    Laplacian this is stochastic dimension gradient descent (Hu, Shukla, Karniadakis and Kawaguchi, 2024) evaluated in
    Taylor mode: the sparse estimator of Shi, Hu, Lin and Kawaguchi (NeurIPS 2024), eq. 16.

    **Arguments:**

    - `num_samples`: $V$, between one and the number of directions of the operator.

    **Raises:** `ValueError` for fewer than one sample; on use, for more samples than there are directions.
    """

    num_samples: int = eqx.field(static=True)

    def __check_init__(self):
        check_num_samples(self)

    def sample(
        self, operator: AbstractOperator, x: Float[Array, " dim"], *, key: PRNGKeyArray | None = None
    ) -> Directions:
        total = operator.num_directions(x.shape[0])
        if self.num_samples > total:
            raise ValueError(
                f"SparseSTDE({self.num_samples}) draws without replacement, but {operator} has only {total} directions "
                f"in {x.shape[0]} dimensions: use SparseSTDE({total}) at most, or Exact()."
            )
        return self.choose(operator, x, uniform_subset(total, self.num_samples, key=check_key(self, key)))

    def choose(
        self, operator: AbstractOperator, x: Float[Array, " dim"], rows: Int[Array, " {self.num_samples}"]
    ) -> Directions:
        """The draw in which the given rows of the operator came up: for a sampling scheme of one's own."""
        chosen = operator.directions(x, rows)
        inverse_probability = operator.num_directions(x.shape[0]) / self.num_samples
        return eqx.tree_at(lambda one: one.weights, chosen, chosen.weights * inverse_probability)


def uniform_subset(total: int, size: int, *, key: PRNGKeyArray) -> Int[Array, " size"]:
    """A uniformly random subset of `range(total)`, in no particular order.

    Small subsets by R. W. Floyd's algorithm (Bentley & Floyd, CACM 30, 1987), in O(size^2) however large `total` is; a
    permutation costs O(total log(total)), which at a million dimensions is more than the rest of a training step.
    """
    if size * size > 8 * total:
        return jr.permutation(key, total)[:size]
    # For j = total - size .. total - 1: draw t in 0..j, and take t, or j where t has been taken already.
    last = jnp.arange(total - size, total)
    draws = jr.randint(key, (size,), 0, last + 1)

    def step(i, taken):
        new = jnp.where(jnp.any(taken == draws[i]), last[i], draws[i])
        return taken.at[i].set(new)

    return lax.fori_loop(0, size, step, jnp.full((size,), -1, draws.dtype))
