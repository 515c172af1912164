from ._allen_cahn import AllenCahn as AllenCahn
from ._anisotropic import Anisotropic as Anisotropic
from ._base import AbstractElliptic as AbstractElliptic
from ._clamped_plate import ClampedPlate as ClampedPlate
from ._coupled_laplacian import CoupledLaplacian as CoupledLaplacian
from ._manufactured import AbstractManufactured as AbstractManufactured
from ._poisson import Poisson as Poisson
from ._sine_gordon import SineGordon as SineGordon
