"""Solutions to compare with where there is no formula, with an estimate of their own error."""

from ._cole_hopf import ColeHopf as ColeHopf
from ._radial import RadialReference as RadialReference, solve_radial as solve_radial
