from ._base import AbstractSolution as AbstractSolution
from ._custom import CustomSolution as CustomSolution
from ._three_body import ThreeBody as ThreeBody
from ._two_body import TwoBody as TwoBody
