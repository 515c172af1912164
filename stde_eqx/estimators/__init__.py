"""Which directions: all of them, some coordinates, or random vectors."""

from ..operators import (
    AbstractDistribution as AbstractDistribution,
    AbstractEstimator as AbstractEstimator,
    Exact as Exact,
)
from ._blocks import Antithetic as Antithetic, Orthogonal as Orthogonal
from ._control_variate import ControlVariate as ControlVariate
from ._dense import DenseSTDE as DenseSTDE
from ._distributions import Gaussian as Gaussian, Rademacher as Rademacher, Spherical as Spherical
from ._known_factor import KnownFactor as KnownFactor
from ._sampling import (
    AbstractSamplingScheme as AbstractSamplingScheme,
    Importance as Importance,
    Stratified as Stratified,
    WithoutReplacement as WithoutReplacement,
    WithReplacement as WithReplacement,
)
from ._sparse import SparseSTDE as SparseSTDE
