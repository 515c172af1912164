# %% [markdown]
# # A neural operator
#
# **One training for a whole family of right-hand sides: can a network learn the map from the source of an equation
# to its solution, without a single solved example?**
#
# The equation is $\Delta u - u^3 = f$ on the unit square, zero on the boundary, and $f$ varies. A network of the
# DeepONet kind takes the values of $f$ at sensors *and* a point,
#
# $$u_f(x) = b(x) \sum_k \beta_k\bigl(f(s_1), \dots, f(s_m)\bigr)\, \tau_k(x),$$
#
# and is trained on the residual of the equation alone, at random points of random members of the family.

# %%
import equinox as eqx
import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt

import stde_eqx as stde


MODES = jnp.array([(1, 1), (1, 2), (2, 1), (2, 2)])
SIDE = jnp.linspace(0.1, 0.9, 6)
SENSORS = jnp.stack(jnp.meshgrid(SIDE, SIDE), -1).reshape(-1, 2)


class Family(stde.AbstractFamily):
    """All equations whose solution is a combination of four modes; a member is known by its amplitudes."""

    dim: int = 2

    def sample(self, num_points, *, key):
        member, place = jax.random.split(key)
        amplitudes = jax.random.normal(member, (num_points, len(MODES)))
        return amplitudes, jax.random.uniform(place, (num_points, 2))

    def exact(self, a, x):
        return a @ jnp.prod(jnp.sin(jnp.pi * MODES * x), 1)

    def source(self, a, x):
        waves = jnp.prod(jnp.sin(jnp.pi * MODES * x), 1)
        squares = jnp.sum((jnp.pi * MODES) ** 2, 1)
        return -a @ (squares * waves) - (a @ waves) ** 3

    def residual(self, u, a, x, *, estimator, key):
        at = lambda x: u(a, x)
        value, laplacian = stde.value_and_apply(stde.Laplacian(), at, x, estimator=estimator, key=key)
        return laplacian - value**3 - self.source(a, x)

    def ansatz(self, net):
        seen = lambda a, x: net(jax.vmap(lambda s: self.source(a, s))(SENSORS), x)
        return stde.nn.HardConstraint(lambda a, x: 16 * jnp.prod(x * (1 - x)), seen)


problem = Family()
(amplitudes, x) = jax.tree.map(lambda leaf: leaf[0], problem.sample(1, key=jax.random.key(0)))
problem.residual(problem.exact, amplitudes, x, estimator=stde.Exact(), key=None)

# %% [markdown]
# The points of an `stde.AbstractFamily` are pairs: the parameters of a member, and a place. The residual
# differentiates with respect to the place alone. The network never sees the amplitudes, only the source at the
# sensors, as it would in an application.


# %%
class DeepONet(eqx.Module):
    branch: eqx.nn.MLP
    trunk: eqx.nn.MLP

    def __init__(self, features, *, key):
        branch, trunk = jax.random.split(key)
        self.branch = eqx.nn.MLP(len(SENSORS), features, 64, 2, activation=jnp.tanh, key=branch)
        self.trunk = eqx.nn.MLP(2, features, 64, 2, activation=jnp.tanh, key=trunk)

    def __call__(self, values, x):
        return self.branch(values / 20) @ self.trunk(x) / 8


network = DeepONet(64, key=jax.random.key(1))
solution = stde.train(problem, network, steps=6_000, batch_size=256, key=jax.random.key(2))
print(f"error {solution.metrics.relative_l2:.1e}, of the trivial ansatz {solution.metrics.trivial_l2:.1e}")

# %% [markdown]
# The Laplacian sweeps through the trunk alone: what does not depend on the place costs nothing but its value.
#
# ## A member that it has not seen

# %%
amplitudes = jnp.array([1.0, -0.5, 0.8, 0.6])
side = jnp.linspace(0, 1, 81)
grid = jnp.stack(jnp.meshgrid(side, side), -1)
on_grid = lambda u: jax.vmap(jax.vmap(lambda x: u(amplitudes, x)))(grid)
source, exact, predicted = (on_grid(u) for u in (problem.source, problem.exact, solution.u))

figure, axes = plt.subplots(1, 3, figsize=(11, 3.2), layout="constrained")
for each, values, title in zip(axes, (source, predicted, predicted - exact), ("source", "solution", "its error")):
    limit = jnp.abs(values).max()
    image = each.pcolormesh(side, side, values, cmap="RdBu_r", vmin=-limit, vmax=limit, rasterized=True)
    each.set(title=title, aspect="equal")
    figure.colorbar(image, ax=each, shrink=0.8)
plt.show()

# %% [markdown]
# Solving for another source is one evaluation of the network. In many dimensions the same class takes an
# estimator: `estimator=stde.SparseSTDE(16)`.
#
# Next: [from laptop to cluster](9-laptop-to-cluster.md).
