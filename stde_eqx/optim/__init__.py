"""Optimisers that see every residual, and not only the gradient of their mean square."""

from . import jacobian as jacobian
from ._base import AbstractLeastSquaresOptimizer as AbstractLeastSquaresOptimizer
from ._natural_gradient import NaturalGradient as NaturalGradient
from ._skip_spikes import skip_spikes as skip_spikes
from ._solver import (
    AbstractKernelSolver as AbstractKernelSolver,
    Cholesky as Cholesky,
    ConjugateGradients as ConjugateGradients,
)
from ._step_size import AbstractStepSize as AbstractStepSize, Backtracking as Backtracking
from .jacobian import JacobianPlan as JacobianPlan, LeafPlan as LeafPlan
