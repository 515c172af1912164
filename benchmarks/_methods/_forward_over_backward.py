import jax
import jax.numpy as jnp

import stde_eqx as stde

from ._base import AbstractOneDirection


class ForwardOverBackward(AbstractOneDirection):
    """Stochastic dimension gradient descent with Hessian-vector products forward over reverse."""

    name: str
    estimator: stde.AbstractEstimator

    def second_derivative(self, u, x, vector):
        (value, _), (_, row) = jax.jvp(jax.value_and_grad(u), (x,), (vector,))
        return value, jnp.vdot(row, vector)
