import jax.numpy as jnp
from jax.experimental.jet import jet

import stde_eqx as stde

from ._base import AbstractOneDirection


class Jet(AbstractOneDirection):
    """The recipe of the STDE paper: JAX's own Taylor mode, one second-order jet a direction.

    ??? cite "Reference"
        Shi, Hu, Lin, Kawaguchi, "Stochastic Taylor Derivative Estimator" (NeurIPS 2024), section 4.
    """

    name: str
    estimator: stde.AbstractEstimator

    def second_derivative(self, u, x, vector):
        value, (_, second) = jet(u, (x,), ((vector, jnp.zeros_like(x)),))
        return value, second
