from ._affine import Affine as Affine
from ._hard_constraint import HardConstraint as HardConstraint
from ._local_interaction import LocalInteraction as LocalInteraction
from ._scaled_input import ScaledInput as ScaledInput
from ._space_time import SpaceTime as SpaceTime
