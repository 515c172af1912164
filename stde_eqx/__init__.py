from . import (
    diagnosis as diagnosis,
    estimators as estimators,
    nn as nn,
    operators as operators,
    taylor as taylor,
    training as training,
)
from ._gradient_enhanced import GradientEnhanced as GradientEnhanced
from ._problem import AbstractProblem as AbstractProblem
from .diagnosis import diagnose as diagnose
from .estimators import (
    Antithetic as Antithetic,
    ControlVariate as ControlVariate,
    DenseSTDE as DenseSTDE,
    Exact as Exact,
    Gaussian as Gaussian,
    Importance as Importance,
    KnownFactor as KnownFactor,
    Orthogonal as Orthogonal,
    Rademacher as Rademacher,
    SparseSTDE as SparseSTDE,
    Spherical as Spherical,
    Stratified as Stratified,
    WithoutReplacement as WithoutReplacement,
    WithReplacement as WithReplacement,
)
from .operators import (
    AbstractDirectionalOperator as AbstractDirectionalOperator,
    AbstractDirections as AbstractDirections,
    AbstractDistribution as AbstractDistribution,
    AbstractEstimator as AbstractEstimator,
    AbstractOperator as AbstractOperator,
    AbstractSampler as AbstractSampler,
    AdvectionOperator as AdvectionOperator,
    Biharmonic as Biharmonic,
    DiagonalOperator as DiagonalOperator,
    DirectionalDerivative as DirectionalDerivative,
    Directions as Directions,
    Divergence as Divergence,
    Estimate as Estimate,
    estimate as estimate,
    Identity as Identity,
    Laplacian as Laplacian,
    LinearOperator as LinearOperator,
    PartialDerivative as PartialDerivative,
    partials as partials,
    plan as plan,
    Polyharmonic as Polyharmonic,
    SecondOrder as SecondOrder,
    value_and_apply as value_and_apply,
    WeightedLaplacian as WeightedLaplacian,
)
from .taylor import jet as jet
from .training import (
    evaluate as evaluate,
    make_step as make_step,
    MeanSquare as MeanSquare,
    Solution as Solution,
    train as train,
    TrainState as TrainState,
    UnbiasedSquare as UnbiasedSquare,
)
