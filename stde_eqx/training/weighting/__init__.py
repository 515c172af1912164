"""How the residual and the penalties are weighed against each other."""

from ._base import AbstractWeighting as AbstractWeighting
from ._gradient_norm import GradientNorm as GradientNorm
from ._neural_tangent_kernel import NeuralTangentKernel as NeuralTangentKernel
from ._soft_adapt import SoftAdapt as SoftAdapt
