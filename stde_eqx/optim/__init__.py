"""Optimisers that see every residual, and not only the gradient of their mean square."""

from ._base import AbstractLeastSquaresOptimizer as AbstractLeastSquaresOptimizer
from ._natural_gradient import NaturalGradient as NaturalGradient
from ._step_size import AbstractStepSize as AbstractStepSize, Backtracking as Backtracking
from .jacobian import JacobianPlan as JacobianPlan, LeafPlan as LeafPlan
