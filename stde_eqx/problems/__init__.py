from ._base import AbstractPenalty as AbstractPenalty, AbstractProblem as AbstractProblem, as_arguments as as_arguments
from ._data_as_feature import DataAsFeature as DataAsFeature
from ._exact_gradient import ExactGradient as ExactGradient
from ._family import AbstractFamily as AbstractFamily
from ._gradient_enhanced import GradientEnhanced as GradientEnhanced
from ._parabolic import AbstractParabolic as AbstractParabolic
from ._semilinear import AbstractSemilinear as AbstractSemilinear
from ._soft_initial import SoftInitial as SoftInitial
from ._time_dependent import AbstractTimeDependent as AbstractTimeDependent, joined as joined
from ._wrapper import AbstractParabolicWrapper as AbstractParabolicWrapper
