from typing import Any

import equinox as eqx

from .._custom_types import Field


class HardConstraint(eqx.Module):
    r"""A trial function that satisfies a Dirichlet condition by construction.

    $$u(x) = g(x) + b(x) \, \mathrm{net}(x)$$

    with a factor $b$ that vanishes on the boundary and an extension $g$ of the boundary data into the domain.

    **Arguments:**

    - `factor`: $b$, a callable of one point with a scalar value, zero exactly where $u$ is prescribed.
    - `net`: the network, a callable of one point, `x` or `(t, x)`; the other two are called likewise.
    - `extension`: $g$, a callable of one point; `None` for homogeneous data, $g = 0$.

    ??? cite "Reference"

        Lagaris, Likas & Fotiadis, "Artificial neural networks for solving ordinary and partial differential
        equations", IEEE Transactions on Neural Networks 9(5), 1998, equation 2.
    """

    factor: Field
    net: Field
    extension: Field | None = None

    def __call__(self, *point: Any) -> Any:
        constrained = self.factor(*point) * self.net(*point)
        return constrained if self.extension is None else self.extension(*point) + constrained
