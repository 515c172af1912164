from ._apply import value_and_apply as value_and_apply
from ._base import AbstractOperator as AbstractOperator
from ._directions import (
    AbstractTangents as AbstractTangents,
    Coordinates as Coordinates,
    Directions as Directions,
    Vectors as Vectors,
)
from ._exact import AbstractEstimator as AbstractEstimator, Exact as Exact
from ._laplacian import Laplacian as Laplacian
