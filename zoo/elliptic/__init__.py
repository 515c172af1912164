from ._allen_cahn import AllenCahn as AllenCahn
from ._base import AbstractElliptic as AbstractElliptic
from ._poisson import Poisson as Poisson
from ._sine_gordon import SineGordon as SineGordon
