import jax
import jax.numpy as jnp

import stde_eqx as stde

from ._base import AbstractMethod


class Looped(AbstractMethod):
    """Stochastic dimension gradient descent as first published: a loop over coordinates, one row of the Hessian a trip.

    ??? cite "Reference"
        Hu, Shukla, Karniadakis, Kawaguchi, "Tackling the Curse of Dimensionality with Physics-Informed Neural Networks"
        (Neural Networks, 2024), algorithm 1.
    """

    name: str
    estimator: stde.SparseSTDE

    def value_and_laplacian(self, u, points, *, key):
        directions = self.estimator.sample(stde.Laplacian(), points[0], key=key)
        assert isinstance(directions, stde.Directions)

        def diagonal(vector):
            def at(x):
                return jnp.vdot(jax.grad(lambda z: jnp.vdot(jax.grad(u)(z), vector))(x), vector)

            return jax.vmap(at)(points)

        rows = jax.lax.map(diagonal, directions.tangents.dense(points.shape[-1]))
        return jax.vmap(u)(points), jnp.sum(directions.weights * rows.T, axis=-1)

    def loop_trips(self):
        return self.estimator.num_samples
