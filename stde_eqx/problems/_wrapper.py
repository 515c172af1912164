import equinox as eqx
from jaxtyping import Array, Float, PRNGKeyArray

from .._custom_types import Field, TimesAndPoints
from ..operators import AbstractEstimator
from ._base import AbstractPenalty
from ._parabolic import AbstractParabolic


class AbstractParabolicWrapper(AbstractParabolic):
    """A parabolic problem that does something differently, and leaves everything else to the one it wraps."""

    problem: eqx.AbstractVar[AbstractParabolic]

    @property
    def dim(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride], Equinox's way to fill an AbstractVar
        """The dimension of the problem."""
        return self.problem.dim

    @property
    def t0(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride], likewise
        """The time of the data."""
        return self.problem.t0

    @property
    def t1(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride], likewise
        """The time up to which the solution is wanted."""
        return self.problem.t1

    @property
    def num_parts(self) -> int | None:
        """The number of parts of the problem's residual."""
        return self.problem.num_parts

    def initial(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        """The problem's data."""
        return self.problem.initial(x)

    def extension(self, t: Float[Array, ""], x: Float[Array, " dim"]) -> Float[Array, ""]:
        """The problem's extension of the data."""
        return self.problem.extension(t, x)

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
        return self.problem.rate(u, t, x, estimator=estimator, key=key)

    def residual(
        self,
        u: Field,
        t: Float[Array, ""],
        x: Float[Array, " dim"],
        *,
        estimator: AbstractEstimator,
        key: PRNGKeyArray | None,
    ) -> Float[Array, "*parts"]:
        """The problem's residual."""
        return self.problem.residual(u, t, x, estimator=estimator, key=key)

    def sample_at(self, t: Float[Array, " points"], *, key: PRNGKeyArray) -> Float[Array, "points dim"]:
        """Points of the problem."""
        return self.problem.sample_at(t, key=key)

    def sample(self, num_points: int, *, key: PRNGKeyArray) -> TimesAndPoints:
        """Times and points of the problem."""
        return self.problem.sample(num_points, key=key)

    def exact(self, t: Float[Array, ""], x: Float[Array, " dim"]) -> Float[Array, ""] | None:
        """The problem's solution."""
        return self.problem.exact(t, x)

    def ansatz(self, net: Field) -> Field:
        """The problem's ansatz."""
        return self.problem.ansatz(net)

    def penalties(self) -> tuple[AbstractPenalty, ...]:
        """The problem's penalties."""
        return self.problem.penalties()


def check_parabolic(wrapper: str, problem: object) -> None:
    """A parabolic problem to wrap."""
    if not isinstance(problem, AbstractParabolic):
        raise ValueError(
            f"{wrapper} wraps a parabolic problem, a subclass of `stde.AbstractParabolic`; got a "
            f"{type(problem).__name__}."
        )
