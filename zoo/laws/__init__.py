"""Laws of random points in space-time: a position for every time."""

from ._base import AbstractLaw as AbstractLaw
from ._brownian import Brownian as Brownian
from ._steady import Steady as Steady
