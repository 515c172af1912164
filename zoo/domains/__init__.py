from ._ball import Ball as Ball, UnitBall as UnitBall
from ._base import AbstractDomain as AbstractDomain
from ._box import Box as Box
from ._cube import Cube as Cube
from ._whole_space import WholeSpace as WholeSpace
