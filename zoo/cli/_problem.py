import difflib
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TYPE_CHECKING, TypeAlias, Union

import tyro
from jaxtyping import PRNGKeyArray

import stde_eqx as stde

from .._registry import list_problems
from ._errors import UsageError


@dataclass(frozen=True)
class Problem:
    """A problem of the zoo, built from its name."""

    name: tyro.conf.Suppress[str]
    dim: int = 1000
    """The dimension of the domain."""
    solution: Literal["two-body", "three-body"] = "two-body"
    """The exact solution that the problem is manufactured from; its coefficients come from the seed."""
    radius: float = 1.0
    """The radius of the ball."""

    def build(self, *, key: PRNGKeyArray) -> stde.AbstractProblem:
        known = list_problems()
        if self.name not in known:
            close = difflib.get_close_matches(self.name, known, 1)
            hint = f"did you mean {close[0]!r}?" if close else f"expected one of {', '.join(known)}"
            raise UsageError(f"unknown problem {self.name!r}; {hint}")
        return known[self.name].build(self.dim, key=key, solution=self.solution, radius=self.radius)


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
