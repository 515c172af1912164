from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from jaxtyping import PRNGKeyArray

from ._names import unknown
from .domains import AbstractDomain, Ball, Cube, UnitBall, WholeSpace
from .elliptic import AbstractElliptic, AllenCahn, Poisson, SineGordon
from .solutions import AbstractSolution, ExponentialSum, SineThreeBody, TanhSum, ThreeBody, TwoBody
from .solutions._base import as_domain


@dataclass(frozen=True)
class DomainEntry:
    """A domain, by name: what [`zoo.list_domains`][] lists."""

    name: str
    description: str
    formula: str
    domain: Callable[[int], AbstractDomain]


@dataclass(frozen=True)
class SolutionEntry:
    """A solution that problems can be manufactured from, by name: what [`zoo.list_solutions`][] lists."""

    name: str
    description: str
    formula: str
    min_dim: int
    solution: Callable[..., AbstractSolution]

    def build(
        self, dim: int, *, key: PRNGKeyArray, radius: float | None = None, domain: AbstractDomain | None = None
    ) -> AbstractSolution:
        """The solution in a dimension, with coefficients from a key, on a domain or the ball of a radius, 1 by default.

        **Raises:**

        `ValueError` if the solution cannot be built so.
        """
        return self.solution(dim, key=key, domain=as_domain(dim, radius, domain))


@dataclass(frozen=True)
class ProblemEntry:
    """A problem of the zoo, by name: what [`zoo.list_problems`][] lists."""

    name: str
    description: str
    equation: str
    problem: Callable[[AbstractSolution], AbstractElliptic]

    def build(
        self,
        dim: int,
        *,
        key: PRNGKeyArray,
        solution: str = "two-body",
        radius: float | None = None,
        domain: AbstractDomain | None = None,
    ) -> AbstractElliptic:
        """The problem in a dimension, manufactured from a solution given by name.

        **Arguments:**

        - `dim`: the dimension.
        - `key`: a `jax.random` key for the solution's coefficients.
        - `solution`: a name that [`zoo.list_solutions`][] lists.
        - `radius`: the radius of the ball; 1 if neither this nor a domain is given.
        - `domain`: where the solution lives instead of a ball about the origin, such as [`zoo.Cube`][].

        **Returns:**

        The problem, ready to be trained.

        **Raises:**

        `ValueError` if the solution is unknown or cannot be built so.
        """
        known = list_solutions()
        if solution not in known:
            raise ValueError(unknown("solution", solution, known))
        return self.problem(known[solution].build(dim, key=key, radius=radius, domain=domain))


_DOMAINS = (
    DomainEntry(
        name="unit-ball",
        description="Coordinates are small, and the less there is to learn the more of them there are.",
        formula="|x| < 1, b = 1 - |x|²",
        domain=UnitBall,
    ),
    DomainEntry(
        name="ball",
        description="Coordinates are O(1) in every dimension.",
        formula="|x| < √d, b = d - |x|²",
        domain=lambda dim: Ball(dim, dim**0.5),
    ),
    DomainEntry(
        name="cube",
        description="Coordinates are O(1) in every dimension.",
        formula="|x_i| < 2, b = d / Σ (1 - x_i²/4)⁻¹",
        domain=lambda dim: Cube(dim, half_width=2.0),
    ),
    DomainEntry(
        name="space",
        description="Coordinates are O(1) in every dimension, and the solution tends to 0 at infinity.",
        formula="b = 1 / (1 + |x|²/d)",
        domain=WholeSpace,
    ),
)

_SOLUTIONS = (
    SolutionEntry(
        name="two-body",
        description="Every coordinate interacts with the next.",
        formula="u = b Σ c_i sin(x_i + cos x_{i+1} + x_{i+1} cos x_i)",
        min_dim=2,
        solution=TwoBody,
    ),
    SolutionEntry(
        name="three-body",
        description="Every coordinate interacts with the next two.",
        formula="u = b Σ c_i exp(x_i x_{i+1} x_{i+2})",
        min_dim=3,
        solution=ThreeBody,
    ),
    SolutionEntry(
        name="sine-three-body",
        description="Every coordinate interacts with the next two, and the mean is zero.",
        formula="u = b Σ c_i sin(x_i x_{i+1} x_{i+2})",
        min_dim=3,
        solution=SineThreeBody,
    ),
    SolutionEntry(
        name="exponential",
        description="The coordinates do not interact.",
        formula="u = b Σ c_i exp(x_i)",
        min_dim=1,
        solution=ExponentialSum,
    ),
    SolutionEntry(
        name="tanh",
        description="The coordinates do not interact, and the mean is zero.",
        formula="u = b Σ c_i tanh(x_i)",
        min_dim=1,
        solution=TanhSum,
    ),
)

_PROBLEMS = (
    ProblemEntry(
        name="poisson",
        description="The Poisson equation, linear.",
        equation="Δu = f",
        problem=Poisson,
    ),
    ProblemEntry(
        name="allen-cahn",
        description="The stationary Allen-Cahn equation, with a cubic nonlinearity.",
        equation="Δu + u - u³ = f",
        problem=AllenCahn,
    ),
    ProblemEntry(
        name="sine-gordon",
        description="The stationary Sine-Gordon equation, with a bounded nonlinearity.",
        equation="Δu + sin u = f",
        problem=SineGordon,
    ),
)


def list_domains() -> Mapping[str, DomainEntry]:
    """The domains on which the solutions of [`zoo.list_solutions`][] can live, made from the dimension.

    **Returns:**

    A read-only mapping from each name to its [`zoo.DomainEntry`][].
    """
    return MappingProxyType({entry.name: entry for entry in _DOMAINS})


def list_problems() -> Mapping[str, ProblemEntry]:
    """The problems of the zoo that can be built from a name, a dimension and a key.

    !!! example

        ```python
        problem = zoo.list_problems()["sine-gordon"].build(1000, solution="three-body", key=jax.random.key(0))
        ```

    **Returns:**

    A read-only mapping from each name to its [`zoo.ProblemEntry`][].
    """
    return MappingProxyType({entry.name: entry for entry in _PROBLEMS})


def list_solutions() -> Mapping[str, SolutionEntry]:
    """The solutions that the problems of [`zoo.list_problems`][] can be manufactured from.

    **Returns:**

    A read-only mapping from each name to its [`zoo.SolutionEntry`][].
    """
    return MappingProxyType({entry.name: entry for entry in _SOLUTIONS})
