"""Jacobians of batches of residuals, in forms that a matrix with millions of entries allows."""

from ._block import Block as Block
from ._linearize import Jacobian as Jacobian, linearize as linearize, plan as plan
from ._plan import JacobianPlan as JacobianPlan, LeafPlan as LeafPlan
