"""From a set of partial derivatives to the cheapest sweeps that yield them."""

from ._plan import partials as partials, Plan as Plan, plan as plan
from ._schemes import AbstractScheme as AbstractScheme, Fan as Fan, Nest as Nest, SparseJet as SparseJet
from ._strategies import (
    AbstractStrategy as AbstractStrategy,
    Cheapest as Cheapest,
    Interpolation as Interpolation,
    Nesting as Nesting,
)
