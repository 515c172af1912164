import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from jaxtyping import PRNGKeyArray

import stde_eqx as stde

from .elliptic import AbstractElliptic, AllenCahn, Poisson, SineGordon
from .solutions import AbstractSolution, ExponentialSum, TanhSum, ThreeBody, TwoBody


@dataclass(frozen=True)
class SolutionEntry:
    """A solution that problems can be manufactured from, by name: what [`zoo.list_solutions`][] lists."""

    name: str
    description: str
    formula: str
    min_dim: int
    solution: Callable[..., AbstractSolution]

    def build(self, dim: int, *, key: PRNGKeyArray, radius: float = 1.0) -> AbstractSolution:
        """The solution in a dimension, with coefficients from a key, on the ball of a radius."""
        return self.solution(dim, key=key, radius=radius)


@dataclass(frozen=True)
class ProblemEntry:
    """A problem of the zoo, by name: what [`zoo.list_problems`][] lists."""

    name: str
    family: str
    description: str
    equation: str
    problem: Callable[[AbstractSolution], AbstractElliptic]

    def build(
        self, dim: int, *, key: PRNGKeyArray, solution: str = "two-body", radius: float = 1.0
    ) -> stde.AbstractProblem:
        """The problem in a dimension, manufactured from a solution given by name.

        **Arguments:**

        - `dim`: the dimension.
        - `key`: a `jax.random` key for the solution's coefficients.
        - `solution`: a name that [`zoo.list_solutions`][] lists.
        - `radius`: the radius of the ball.

        **Returns:**

        The problem, ready to be trained.

        **Raises:**

        `ValueError` if the solution is unknown or cannot be built so.
        """
        known = list_solutions()
        if solution not in known:
            close = difflib.get_close_matches(solution, known, 1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise ValueError(f"Unknown solution {solution!r}, expected one of {', '.join(known)}{hint}")
        return self.problem(known[solution].build(dim, key=key, radius=radius))


_SOLUTIONS = (
    SolutionEntry(
        name="two-body",
        description="Every coordinate interacts with the next.",
        formula="u = (R² - |x|²) Σ c_i sin(x_i + cos x_{i+1} + x_{i+1} cos x_i)",
        min_dim=2,
        solution=TwoBody,
    ),
    SolutionEntry(
        name="three-body",
        description="Every coordinate interacts with the next two.",
        formula="u = (R² - |x|²) Σ c_i exp(x_i x_{i+1} x_{i+2})",
        min_dim=3,
        solution=ThreeBody,
    ),
    SolutionEntry(
        name="exponential",
        description="The coordinates do not interact.",
        formula="u = (R² - |x|²) Σ c_i exp(x_i)",
        min_dim=1,
        solution=ExponentialSum,
    ),
    SolutionEntry(
        name="tanh",
        description="The coordinates do not interact, and the mean is zero.",
        formula="u = (R² - |x|²) Σ c_i tanh(x_i)",
        min_dim=1,
        solution=TanhSum,
    ),
)

_PROBLEMS = (
    ProblemEntry(
        name="poisson",
        family="elliptic",
        description="The Poisson equation on a ball, linear.",
        equation="Δu = f",
        problem=Poisson,
    ),
    ProblemEntry(
        name="allen-cahn",
        family="elliptic",
        description="The stationary Allen-Cahn equation on a ball, with a cubic nonlinearity.",
        equation="Δu + u - u³ = f",
        problem=AllenCahn,
    ),
    ProblemEntry(
        name="sine-gordon",
        family="elliptic",
        description="The stationary Sine-Gordon equation on a ball, with a bounded nonlinearity.",
        equation="Δu + sin u = f",
        problem=SineGordon,
    ),
)


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
