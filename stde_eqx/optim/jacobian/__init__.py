"""Jacobians of batches of residuals, in forms that a matrix with millions of entries allows."""

from ._block import Block as Block, square_of as square_of
from ._linearize import (
    AbstractJacobian as AbstractJacobian,
    Jacobian as Jacobian,
    linearize as linearize,
    linearize_implicitly as linearize_implicitly,
    plan as plan,
)
from ._plan import JacobianPlan as JacobianPlan, LeafPlan as LeafPlan
from ._uses import inline as inline
