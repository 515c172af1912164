from dataclasses import dataclass
from typing import Annotated, Any, Literal, TYPE_CHECKING, TypeAlias, Union

import tyro
from jaxtyping import PRNGKeyArray

from .._names import unknown
from .._registry import list_domains, list_problems, list_solutions
from ..elliptic import AbstractElliptic
from ._errors import UsageError


#: The names on the command line.
if TYPE_CHECKING:
    SolutionName: TypeAlias = str
    DomainName: TypeAlias = str
else:
    SolutionName = Literal[tuple(list_solutions())]
    DomainName = Literal[tuple(list_domains())]


@dataclass(frozen=True)
class Problem:
    """A problem of the zoo, built from its name."""

    name: tyro.conf.Suppress[str]
    dim: int = 1000
    """The dimension of the domain."""
    solution: SolutionName = "two-body"
    """The exact solution that the problem is manufactured from; its coefficients come from the seed."""
    domain: DomainName = "unit-ball"
    """Where it lives: the unit ball, the ball of radius sqrt(d), the cube of half width 2, or the whole space."""

    def build(self, *, key: PRNGKeyArray) -> AbstractElliptic:
        known = list_problems()
        if self.name not in known:
            raise UsageError(unknown("problem", self.name, known))
        domain = list_domains()[self.domain].domain(self.dim)
        return known[self.name].build(self.dim, key=key, solution=self.solution, domain=domain)


def _named(name: str) -> Any:
    entry = list_problems()[name]
    description = f"{entry.description} {entry.equation}"
    return Annotated[
        Problem, tyro.conf.subcommand(name, default=Problem(name), description=description, prefix_name=False)
    ]


#: On the command line, the name of a problem and then its options.
if TYPE_CHECKING:
    NamedProblem: TypeAlias = Problem
else:
    NamedProblem = tyro.conf.OmitArgPrefixes[Union[tuple(map(_named, list_problems()))]]  # noqa: UP007
