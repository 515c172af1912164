from ._registry import (
    list_problems as list_problems,
    list_solutions as list_solutions,
    ProblemEntry as ProblemEntry,
    SolutionEntry as SolutionEntry,
)
from .domains import AbstractDomain as AbstractDomain, Ball as Ball, UnitBall as UnitBall
from .elliptic import (
    AbstractElliptic as AbstractElliptic,
    AllenCahn as AllenCahn,
    Poisson as Poisson,
    SineGordon as SineGordon,
)
from .solutions import (
    AbstractSolution as AbstractSolution,
    CustomSolution as CustomSolution,
    ThreeBody as ThreeBody,
    TwoBody as TwoBody,
)
