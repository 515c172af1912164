"""A partial differential equation of one's own: the Helmholtz equation on the unit cube.

    Lap u + k^2 u = f,    u = 0 on the boundary,

with f such that u(x) = prod_i sin(pi x_i). All that the library needs is where the problem lives and its residual; the
exact solution is there to report errors. Run it with `python examples/helmholtz.py`.
"""

import equinox as eqx
import jax
import jax.numpy as jnp

import stde_eqx as stde


class Helmholtz(stde.AbstractProblem):
    dim: int
    wavenumber: float

    def sample(self, num_points, *, key):
        return jax.random.uniform(key, (num_points, self.dim))

    def residual(self, u, x, *, estimator, key):
        value, laplacian = stde.value_and_apply(stde.Laplacian(), u, x, estimator=estimator, key=key)
        source = (self.wavenumber**2 - self.dim * jnp.pi**2) * self.exact(x)
        return laplacian + self.wavenumber**2 * value - source

    def ansatz(self, net):
        return stde.nn.HardConstraint(lambda x: jnp.prod(4 * x * (1 - x)), net)

    def exact(self, x):
        return jnp.prod(jnp.sin(jnp.pi * x))


def main(dim: int = 3, width: int = 64, steps: int = 2_000) -> stde.Solution:
    problem = Helmholtz(dim, wavenumber=2.0)
    network = eqx.nn.MLP(dim, "scalar", width, 3, activation=jnp.tanh, key=jax.random.key(0))
    return stde.train(
        problem,
        network,
        estimator=stde.Exact(),
        steps=steps,
        key=jax.random.key(1),
        callbacks=[stde.training.ProgressBar()],
    )


if __name__ == "__main__":
    metrics = main().metrics
    print(f"relative L2 error {metrics.relative_l2:.1e}, that of the best constant {metrics.trivial_l2:.1e}")
