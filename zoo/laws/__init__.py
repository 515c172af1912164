"""Laws of random points in space-time: a position for every time."""

from ._base import AbstractLaw as AbstractLaw
from ._brownian import Brownian as Brownian
from ._correlated_brownian import CorrelatedBrownian as CorrelatedBrownian
from ._diffusion import Diffusion as Diffusion
from ._geometric_brownian import GeometricBrownian as GeometricBrownian
from ._light_cone import LightCone as LightCone
from ._normal import Normal as Normal
from ._ornstein_uhlenbeck import MeanReverting as MeanReverting
from ._standard_normal import standard_normal as standard_normal
from ._steady import Steady as Steady
