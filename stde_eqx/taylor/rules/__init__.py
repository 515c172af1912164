"""How each primitive transforms power series. Importing this package fills the registry."""

from . import (
    _arithmetic as _arithmetic,
    _calls as _calls,
    _contraction as _contraction,
    _control_flow as _control_flow,
    _elementwise as _elementwise,
    _linear as _linear,
    _piecewise as _piecewise,
    _refused as _refused,
)
from ._elementwise import ode as ode
from ._fallback import fallback as fallback
from ._linear import linear as linear
