from dataclasses import dataclass

from .._registry import list_problems, list_solutions
from ._table import aligned


@dataclass(frozen=True)
class List:
    """Show the problems of the zoo, and the exact solutions that they are manufactured from."""

    def run(self) -> int:
        problems = [("PROBLEM", "FAMILY", "EQUATION", "")]
        problems += [(each.name, each.family, each.equation, each.description) for each in list_problems().values()]
        solutions = [("SOLUTION", "", "")]
        solutions += [(each.name, each.formula, each.description) for each in list_solutions().values()]
        print(aligned(problems), aligned(solutions), sep="\n\n")
        return 0
