"""Solutions to compare with where there is no formula, with an estimate of their own error."""

from ._branching import solve_branching as solve_branching
from ._cloud import cloud as cloud, ReferenceCloud as ReferenceCloud
from ._cole_hopf import ColeHopf as ColeHopf
from ._compare import compare as compare, Comparison as Comparison
from ._radial import RadialReference as RadialReference, solve_radial as solve_radial
from ._radial_table import RadialTable as RadialTable, tabulate as tabulate
from ._stored import stored as stored, StoredReference as StoredReference
from ._value import ReferenceValue as ReferenceValue
