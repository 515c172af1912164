import jax
import jax.numpy as jnp

import stde_eqx as stde

from ._base import AbstractOneDirection


class ParallelHVP(AbstractOneDirection):
    """Stochastic dimension gradient descent with Hessian-vector products in parallel, reverse over reverse.

    ??? cite "Reference"
        Hu, Shukla, Karniadakis, Kawaguchi, "Tackling the Curse of Dimensionality with Physics-Informed Neural Networks"
        (Neural Networks, 2024).
    """

    name: str
    estimator: stde.AbstractEstimator

    def second_derivative(self, u, x, vector):
        row = jax.grad(lambda z: jnp.vdot(jax.grad(u)(z), vector))(x)
        return u(x), jnp.vdot(row, vector)
