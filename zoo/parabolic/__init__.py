from ._allen_cahn import ParabolicAllenCahn as ParabolicAllenCahn
from ._base import AbstractDiffusion as AbstractDiffusion
from ._reaction_diffusion import AbstractReactionDiffusion as AbstractReactionDiffusion
from ._semilinear_heat import SemilinearHeat as SemilinearHeat
from ._sine_gordon import ParabolicSineGordon as ParabolicSineGordon
