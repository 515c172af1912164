"""Taylor-mode automatic differentiation of any JAX function: power series in, power series out."""

from . import rules as rules
from ._coefficient import Coefficient as Coefficient, Dense as Dense, Entry as Entry, Sparse as Sparse
from ._explain import explain as explain, ExplainedEquation as ExplainedEquation, Explanation as Explanation
from ._interpreter import traced as traced
from ._jet import jet as jet
from ._positions import as_run as as_run, Run as Run
from ._weighted import (
    directional_derivatives as directional_derivatives,
    weighted_derivative as weighted_derivative,
)
