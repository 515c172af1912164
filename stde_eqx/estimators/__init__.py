from ..operators import AbstractEstimator as AbstractEstimator, Exact as Exact
from ._dense import DenseSTDE as DenseSTDE
from ._distributions import AbstractDistribution as AbstractDistribution, Gaussian as Gaussian, Rademacher as Rademacher
from ._sparse import SparseSTDE as SparseSTDE
