from typing import Any

import equinox as eqx
from jaxtyping import Array, Float

from .._custom_types import Field


class ScaledInput(eqx.Module):
    r"""A network that sees its input multiplied by a constant that is not trained.

    $$x \mapsto \mathrm{net}(\mathrm{scale} \cdot x)$$

    On the unit ball of $\mathbb{R}^d$ every coordinate is $O(1/\sqrt d)$; `ScaledInput(net, d**0.5)` shows the network
    coordinates of size O(1). Such a network learns faster in its first layer, by the same factor, so it wants a
    smaller learning rate there.

    **Arguments:**

    - `net`: the network to wrap, any callable of one point.
    - `scale`: the factor, a Python number.
    """

    net: Field
    scale: float

    def __call__(self, x: Float[Array, " dim"]) -> Any:
        return self.net(self.scale * x)
