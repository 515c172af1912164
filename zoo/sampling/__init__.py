"""The zoo's laws of points as functions of uniform numbers, for points that are drawn more evenly than at random."""

from ._normal import standard_normal as standard_normal
from ._push_forward import push_forward as push_forward
