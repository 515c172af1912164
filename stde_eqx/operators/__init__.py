"""What to differentiate: operators as weighted sets of directions."""

from . import planner as planner
from ._algebra import Composition as Composition, Scaled as Scaled, Sum as Sum
from ._base import (
    AbstractDirectionalOperator as AbstractDirectionalOperator,
    AbstractDistribution as AbstractDistribution,
    AbstractEstimator as AbstractEstimator,
    AbstractOperator as AbstractOperator,
    AbstractSampler as AbstractSampler,
    AbstractSecondOrder as AbstractSecondOrder,
    Exact as Exact,
    value_and_apply as value_and_apply,
)
from ._carre_du_champ import carre_du_champ as carre_du_champ, CarreDuChamp as CarreDuChamp
from ._design import AbstractDesign as AbstractDesign, Draws as Draws, Strata as Strata
from ._diagonal import DiagonalOperator as DiagonalOperator
from ._directions import (
    AbstractDirections as AbstractDirections,
    AbstractTerms as AbstractTerms,
    Directions as Directions,
)
from ._divergence import Divergence as Divergence
from ._estimate import Estimate as Estimate, estimate as estimate
from ._first_order import AdvectionOperator as AdvectionOperator, DirectionalDerivative as DirectionalDerivative
from ._identity import Identity as Identity
from ._laplacian import Laplacian as Laplacian
from ._linear import LinearOperator as LinearOperator, PartialDerivative as PartialDerivative
from ._polyharmonic import Biharmonic as Biharmonic, Polyharmonic as Polyharmonic
from ._restricted import Restricted as Restricted
from ._second_order import (
    AbstractDecomposition as AbstractDecomposition,
    Bilinear as Bilinear,
    Eigenvectors as Eigenvectors,
    Entries as Entries,
    SecondOrder as SecondOrder,
)
from ._tangents import (
    AbstractTangents as AbstractTangents,
    Coordinates as Coordinates,
    Vectors as Vectors,
)
from ._trace import TraceDirections as TraceDirections
from ._weighted_laplacian import WeightedLaplacian as WeightedLaplacian
from .planner import partials as partials, plan as plan
