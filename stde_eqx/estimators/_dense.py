import equinox as eqx
from jaxtyping import Array, Float, PRNGKeyArray

from ..operators import AbstractDistribution, AbstractEstimator, AbstractOperator, Directions
from ._checks import check_key, check_num_samples
from ._distributions import Rademacher


class DenseSTDE(AbstractEstimator):
    """Random directions in all coordinates at once: for the Laplacian, Hutchinson's trace estimator in Taylor mode.

    ??? cite "Reference"

        Shi, Hu, Lin and Kawaguchi, *Stochastic Taylor Derivative Estimator*, NeurIPS 2024, section 4.4.

    **Arguments:**

    - `num_samples`: the number of random vectors.
    - `distribution`: their law, with identity covariance.

    **Raises:** `ValueError` for fewer than one sample; on use, for an operator that has no such estimate.
    """

    num_samples: int = eqx.field(static=True)
    distribution: AbstractDistribution = Rademacher()

    def __check_init__(self):
        check_num_samples(self)

    def sample(
        self, operator: AbstractOperator, x: Float[Array, " dim"], *, key: PRNGKeyArray | None = None
    ) -> Directions:
        return operator.random_directions(x, self.num_samples, self.distribution, key=check_key(self, key))
