"""What to differentiate: operators as weighted sets of directions."""

from ._base import (
    AbstractDistribution as AbstractDistribution,
    AbstractEstimator as AbstractEstimator,
    AbstractOperator as AbstractOperator,
    Exact as Exact,
    value_and_apply as value_and_apply,
)
from ._directions import (
    AbstractTangents as AbstractTangents,
    Coordinates as Coordinates,
    Directions as Directions,
    Vectors as Vectors,
)
from ._laplacian import Laplacian as Laplacian
