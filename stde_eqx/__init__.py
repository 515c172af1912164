from . import estimators as estimators, nn as nn, operators as operators, taylor as taylor, training as training
from ._problem import AbstractProblem as AbstractProblem
from .estimators import (
    DenseSTDE as DenseSTDE,
    Exact as Exact,
    Gaussian as Gaussian,
    Rademacher as Rademacher,
    SparseSTDE as SparseSTDE,
    Spherical as Spherical,
)
from .operators import (
    AbstractDistribution as AbstractDistribution,
    AbstractEstimator as AbstractEstimator,
    AbstractOperator as AbstractOperator,
    Directions as Directions,
    Laplacian as Laplacian,
    value_and_apply as value_and_apply,
)
from .taylor import jet as jet
from .training import (
    evaluate as evaluate,
    make_step as make_step,
    Solution as Solution,
    train as train,
    TrainState as TrainState,
)
