from . import laws as laws, references as references
from ._registry import (
    list_problems as list_problems,
    list_solutions as list_solutions,
    ProblemEntry as ProblemEntry,
    SolutionEntry as SolutionEntry,
)
from .dispersive import (
    AbstractPlaneWave as AbstractPlaneWave,
    AbstractSpaceTimeProblem as AbstractSpaceTimeProblem,
    AbstractWave as AbstractWave,
    Breather as Breather,
    CahnHilliard as CahnHilliard,
    DampedWave as DampedWave,
    KadomtsevPetviashvili as KadomtsevPetviashvili,
    KdV as KdV,
    KdV2D as KdV2D,
    Kink as Kink,
    KuramotoSivashinsky as KuramotoSivashinsky,
    LineSoliton as LineSoliton,
    Lump as Lump,
    OneSoliton as OneSoliton,
    SineGordonLightCone as SineGordonLightCone,
    TanhWave as TanhWave,
    TwoSolitons as TwoSolitons,
    TwoTanhWaves as TwoTanhWaves,
)
from .domains import AbstractDomain as AbstractDomain, Ball as Ball, Box as Box, UnitBall as UnitBall
from .elliptic import (
    AbstractElliptic as AbstractElliptic,
    AbstractManufactured as AbstractManufactured,
    AllenCahn as AllenCahn,
    Anisotropic as Anisotropic,
    ClampedPlate as ClampedPlate,
    CoupledLaplacian as CoupledLaplacian,
    Poisson as Poisson,
    SineGordon as SineGordon,
)
from .parabolic import (
    AbstractDiffusion as AbstractDiffusion,
    AbstractReactionDiffusion as AbstractReactionDiffusion,
    ParabolicAllenCahn as ParabolicAllenCahn,
    ParabolicSineGordon as ParabolicSineGordon,
    SemilinearHeat as SemilinearHeat,
)
from .solutions import (
    AbstractNeighbourSum as AbstractNeighbourSum,
    AbstractSolution as AbstractSolution,
    Clamped as Clamped,
    CustomSolution as CustomSolution,
    ExponentialSum as ExponentialSum,
    TanhSum as TanhSum,
    ThreeBody as ThreeBody,
    TwoBody as TwoBody,
)
