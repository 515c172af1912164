"""How the residual and the penalties are weighed against each other."""

from ._base import AbstractWeighting as AbstractWeighting
