import equinox as eqx
from jaxtyping import Array, Float, PRNGKeyArray

from .._arguments import check_instance
from ..operators import (
    AbstractDirectionalOperator,
    AbstractDistribution,
    AbstractOperator,
    AbstractSampler,
    Directions,
    TraceDirections,
)
from ._checks import as_num_samples, require_key
from ._distributions import Rademacher


class DenseSTDE(AbstractSampler):
    """Random directions in all coordinates at once: for the Laplacian, Hutchinson's trace estimator in Taylor mode.

    ??? cite "Reference"

        Shi, Hu, Lin and Kawaguchi, *Stochastic Taylor Derivative Estimator*, NeurIPS 2024, section 4.4.

    **Arguments:**

    - `num_samples`: the number of random vectors.
    - `distribution`: their law, with identity covariance.

    **Raises:** `ValueError` for fewer than one sample; on use, for an operator that has no such estimate.
    """

    num_samples: int = eqx.field(static=True, converter=as_num_samples)
    distribution: AbstractDistribution = Rademacher()

    def __check_init__(self) -> None:
        check_instance(
            "The distribution of DenseSTDE",
            self.distribution,
            AbstractDistribution,
            such_as="`stde.Rademacher()` or `stde.Gaussian()`",
        )

    def check(self, operator: AbstractOperator, x: Float[Array, " dim"], *, key: PRNGKeyArray | None) -> None:
        require_key(self, key)

    def sample_terms(
        self, operator: AbstractDirectionalOperator, x: Float[Array, " point"], *, dim: int, key: PRNGKeyArray | None
    ) -> Directions | TraceDirections:
        key = require_key(self, key)
        return operator.random_directions(x, self.num_samples, self.distribution, dim=dim, key=key)
