"""Where training puts its points."""

from ._base import AbstractCollocation as AbstractCollocation, Fresh as Fresh
from ._latin_hypercube import LatinHypercube as LatinHypercube
from ._push_forward import PushForward as PushForward
from ._residual_weighted import ResidualWeighted as ResidualWeighted
from ._sharded import Sharded as Sharded
from ._sobol import Sobol as Sobol
