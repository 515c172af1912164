from jaxtyping import Array, Float, PRNGKeyArray

from .._custom_types import Field
from ..operators import AbstractEstimator
from ._semilinear import AbstractSemilinear, rate_of, residual_of
from ._wrapper import AbstractParabolicWrapper


class ExactGradient(AbstractParabolicWrapper):
    r"""A semilinear problem whose squared gradient is exact, by one reverse pass, whatever the estimator.

    Estimated along the directions that serve for the operator, as it is otherwise, $\Gamma(u)$ costs nothing, and has a
    variance. A reverse pass costs about two evaluations of the network, and holds a gradient with as many entries as
    the dimension for each point.

    **Arguments:**

    - `problem`: a semilinear problem.

    **Raises:** `ValueError` for another problem; on use, for an operator whose matrix is not known.
    """

    problem: AbstractSemilinear

    def __init__(self, problem: AbstractSemilinear):
        if not isinstance(problem, AbstractSemilinear):
            raise ValueError(
                "ExactGradient wraps a semilinear problem, a subclass of `stde.AbstractSemilinear`; got a "
                f"{type(problem).__name__}."
            )
        self.problem = problem  # pyright: ignore[reportIncompatibleVariableOverride], a narrower type, never assigned again

    def rate(
        self,
        u: Field,
        t: Float[Array, ""],
        x: Float[Array, " dim"],
        *,
        estimator: AbstractEstimator,
        key: PRNGKeyArray | None,
    ) -> Float[Array, ""]:
        """The problem's right-hand side."""
        return rate_of(self.problem, u, t, x, estimator=estimator, key=key, reverse_pass=True)

    def residual(
        self,
        u: Field,
        t: Float[Array, ""],
        x: Float[Array, " dim"],
        *,
        estimator: AbstractEstimator,
        key: PRNGKeyArray | None,
    ) -> Float[Array, ""]:
        """The problem's residual."""
        return residual_of(self.problem, u, t, x, estimator=estimator, key=key, reverse_pass=True)
