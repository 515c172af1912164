import jax.numpy as jnp
from jaxtyping import Array, Float

import stde_eqx as stde


def drift(x: Float[Array, " dim"]) -> Float[Array, " dim"]:
    return -x


def generator(volatility: float) -> stde.AbstractOperator:
    """Of a mean-reverting diffusion."""
    return 0.5 * volatility**2 * stde.Laplacian() + stde.AdvectionOperator(drift)


def fourth_order() -> stde.AbstractOperator:
    return stde.Biharmonic() - stde.LinearOperator({(2, 2): 1.0, (): lambda x: jnp.sum(x)})
