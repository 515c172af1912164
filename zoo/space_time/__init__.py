from ._base import AbstractSpaceTimeProblem as AbstractSpaceTimeProblem
from ._cahn_hilliard import CahnHilliard as CahnHilliard
from ._damped_wave import DampedWave as DampedWave
from ._kadomtsev_petviashvili import KadomtsevPetviashvili as KadomtsevPetviashvili
from ._kdv import KdV as KdV
from ._kdv2d import KdV2D as KdV2D
from ._kp_solutions import AbstractKPSolution as AbstractKPSolution, LineSoliton as LineSoliton, Lump as Lump
from ._kuramoto_sivashinsky import KuramotoSivashinsky as KuramotoSivashinsky
from ._sine_gordon_light_cone import SineGordonLightCone as SineGordonLightCone
from ._sine_gordon_waves import Breather as Breather, Kink as Kink
from ._solitons import OneSoliton as OneSoliton, TwoSolitons as TwoSolitons
from ._solution import AbstractSpaceTimeSolution as AbstractSpaceTimeSolution
from ._tanh_waves import TanhWave as TanhWave, TwoTanhWaves as TwoTanhWaves
