from ._base import AbstractMethod as AbstractMethod
from ._by_hand import ByHand as ByHand
from ._catalogue import BASELINE as BASELINE, catalogue as catalogue, REGRESSION as REGRESSION
from ._forward_laplacian import ForwardLaplacian as ForwardLaplacian
from ._forward_over_backward import ForwardOverBackward as ForwardOverBackward
from ._jet import Jet as Jet
from ._looped import Looped as Looped
from ._ours import Ours as Ours
from ._parallel_hvp import ParallelHVP as ParallelHVP
from ._regression import Regression as Regression
