import equinox as eqx
import jax.random as jr

from ..operators import AbstractEstimator


class SparseSTDE(AbstractEstimator):
    """A uniform draw, without replacement, of the operator's own directions."""

    num_samples: int = eqx.field(static=True)

    def sample(self, operator, x, *, key=None):
        total = operator.num_directions(x.shape[0])
        rows = jr.choice(key, total, (self.num_samples,), replace=False)
        chosen = operator.directions(x, rows)
        return eqx.tree_at(lambda d: d.weights, chosen, chosen.weights * (total / self.num_samples))
