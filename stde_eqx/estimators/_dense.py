import equinox as eqx

from ..operators import AbstractEstimator
from ._distributions import AbstractDistribution, Rademacher


class DenseSTDE(AbstractEstimator):
    """Random directions in all coordinates at once (Hutchinson's estimator for the Laplacian)."""

    num_samples: int = eqx.field(static=True)
    distribution: AbstractDistribution = Rademacher()

    def sample(self, operator, x, *, key=None):
        vectors = self.distribution.sample((self.num_samples, x.shape[0]), x.dtype, key=key)
        return operator.randomised(x, vectors, self.distribution)
