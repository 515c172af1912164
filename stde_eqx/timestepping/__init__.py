"""Parabolic problems in time: networks whose parameters follow an ODE, and sample paths of diffusions."""

from ._errors import EvolutionError as EvolutionError
from ._evolution import Evolution as Evolution, EvolutionStatus as EvolutionStatus
from ._evolve import evolve as evolve
from ._fit import Fit as Fit
from ._flat_network import FlatNetwork as FlatNetwork
from ._least_squares import (
    AbstractLeastSquares as AbstractLeastSquares,
    Dense as Dense,
    MatrixFree as MatrixFree,
)
from ._paths import sample_path as sample_path
from ._updates import (
    AbstractUpdate as AbstractUpdate,
    AllParameters as AllParameters,
    RandomParameters as RandomParameters,
)
