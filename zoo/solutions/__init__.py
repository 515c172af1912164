from ._base import AbstractSolution as AbstractSolution
from ._clamped import Clamped as Clamped
from ._custom import CustomSolution as CustomSolution
from ._neighbour_sum import AbstractNeighbourSum as AbstractNeighbourSum
from ._one_body import ExponentialSum as ExponentialSum, TanhSum as TanhSum
from ._sine_three_body import SineThreeBody as SineThreeBody
from ._three_body import ThreeBody as ThreeBody
from ._two_body import TwoBody as TwoBody
