from typing import Any

import equinox as eqx

from .._custom_types import Field
from ..problems import AbstractProblem


class TrialFunction(eqx.Module):
    """A network inside a problem's ansatz: `problem.ansatz(net)` as a PyTree, so that it can cross `eqx.filter_jit`.

    **Arguments:**

    - `problem`: whose boundary condition to satisfy.
    - `net`: the network, a callable of one point.
    """

    problem: AbstractProblem
    net: Field

    def __call__(self, *point: Any) -> Any:
        return self.problem.ansatz(self.net)(*point)
