from ._allen_cahn import ParabolicAllenCahn as ParabolicAllenCahn
from ._base import AbstractDiffusion as AbstractDiffusion
from ._black_scholes_barenblatt import BlackScholesBarenblatt as BlackScholesBarenblatt
from ._black_scholes_basket import BlackScholesBasket as BlackScholesBasket
from ._burgers import BurgersType as BurgersType
from ._call import AbstractCall as AbstractCall, ArithmeticCall as ArithmeticCall, GeometricCall as GeometricCall
from ._fokker_planck import AbstractFokkerPlanck as AbstractFokkerPlanck, FokkerPlanck as FokkerPlanck
from ._fokker_planck_density import FokkerPlanckDensity as FokkerPlanckDensity
from ._heat import Heat as Heat
from ._hjb_linear import HamiltonJacobiBellmanLinear as HamiltonJacobiBellmanLinear
from ._hjb_lqg import HamiltonJacobiBellmanLQG as HamiltonJacobiBellmanLQG
from ._initial_value import AbstractInitialValue as AbstractInitialValue
from ._ornstein_uhlenbeck import OrnsteinUhlenbeck as OrnsteinUhlenbeck
from ._quadratic_gradient import QuadraticGradient as QuadraticGradient
from ._reaction_diffusion import AbstractReactionDiffusion as AbstractReactionDiffusion
from ._semilinear_heat import SemilinearHeat as SemilinearHeat
from ._sine_gordon import ParabolicSineGordon as ParabolicSineGordon
from ._terminal import AbstractTerminalValue as AbstractTerminalValue
from ._variable_diffusion import VariableDiffusion as VariableDiffusion
