from dataclasses import dataclass

from .._registry import list_domains, list_problems, list_solutions
from ._table import aligned


@dataclass(frozen=True)
class List:
    """Show the problems of the zoo, the exact solutions that they are manufactured from, and the domains."""

    def run(self) -> int:
        problems = [("PROBLEM", "EQUATION", "")]
        problems += [(each.name, each.equation, each.description) for each in list_problems().values()]
        solutions = [("SOLUTION", "", "SMALLEST DIM", "")]
        solutions += [
            (each.name, each.formula, str(each.min_dim), each.description) for each in list_solutions().values()
        ]
        domains = [("DOMAIN", "", "")]
        domains += [(each.name, each.formula, each.description) for each in list_domains().values()]
        print(aligned(problems), aligned(solutions), aligned(domains), sep="\n\n")
        return 0
