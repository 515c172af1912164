# %% [markdown]
# # Time stepping with Diffrax
#
# **Can a network follow an equation in time, as a field on a grid would, instead of being trained on all times at
# once?**
#
# Fisher's equation, of populations that spread and saturate:
#
# $$u_t = \Delta u + u (1 - u), \qquad u(0, x) = e^{-|x|^2 / d}.$$
#
# No formula is known for it, so two methods check each other.

# %%
import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt

import stde_eqx as stde


class Fisher(stde.AbstractParabolic):
    dim: int
    t0: float = 0.0
    t1: float = 0.5

    def initial(self, x):
        return jnp.exp(-jnp.sum(x**2) / self.dim)

    def rate(self, u, t, x, *, estimator, key):
        value, laplacian = stde.value_and_apply(stde.Laplacian(), u, x, estimator=estimator, key=key)
        return laplacian + value * (1 - value)

    def sample_at(self, t, *, key):
        spread = jnp.sqrt(0.5 + 2 * (self.t1 - t))
        return spread[:, None] * jax.random.normal(key, (t.shape[0], self.dim))


problem = Fisher(dim=2)

# %% [markdown]
# ## One: trained in space-time
#
# The initial data are part of the trial function, and the network is a function of time and space.

# %%
network = stde.nn.SpaceTime(eqx.nn.MLP(3, "scalar", 24, 2, activation=jnp.tanh, key=jax.random.key(0)))
trained = stde.train(problem, network, steps=4_000, key=jax.random.key(1))

# %% [markdown]
# ## Two: followed in time
#
# The network is a function of space alone, and its *parameters* move: at every moment such that it changes as the
# equation says, as nearly as it can. That is an ordinary differential equation, and Diffrax solves it, with any
# of its solvers, and an error control that is its own.

# %%
network = eqx.nn.MLP(2, "scalar", 24, 2, activation=jnp.tanh, key=jax.random.key(2))
times = jnp.linspace(0.0, 0.5, 6)
evolution = stde.evolve(
    problem, network, solver=diffrax.Tsit5(), saveat=diffrax.SaveAt(ts=times), key=jax.random.key(3)
)

# %% [markdown]
# The evolution says how far it is to be trusted. `initial_error` is that of the fit to the data; `defects` is the
# part of the motion that the network could not follow; `error_bounds` its integral, which bounds the error of an
# equation that damps perturbations. Fisher's does not: where $u$ is small, $u (1 - u)$ makes a perturbation grow.
# Here the integral is an indication, not a bound.

# %%
print(f"initial error {evolution.initial_error:.1e}")
for time, defect, bound in zip(evolution.ts, evolution.defects, evolution.error_bounds):
    print(f"t = {time:.1f}   defect {defect:.1e}   defect integral {bound:.1e}")

# %% [markdown]
# ## Do they agree?

# %%
line = jnp.linspace(-3, 3, 101)
along = jnp.stack([line, jnp.zeros_like(line)], 1)
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
for index in (0, 2, 5):
    time = evolution.ts[index]
    in_space_time = jax.vmap(lambda x, time=time: trained.u(time, x))(along)
    followed = jax.vmap(evolution[index])(along)
    left.plot(line, in_space_time, color=f"C{index}", linewidth=4, alpha=0.4)
    left.plot(line, followed, color=f"C{index}", label=f"$t$ = {time:.1f}")
    right.semilogy(line, jnp.abs(followed - in_space_time), color=f"C{index}")
left.set(xlabel="$x_1$", ylabel="$u$, trained as the broad lines")
left.legend()
right.set(xlabel="$x_1$", ylabel="difference of the two")
plt.show()

# %% [markdown]
# **Which one?** Training in space-time serves any dimension, and large networks. Following serves small networks,
# long times and many saved times, and says how much of the motion it lost. [In time](../timestepping.md) has the
# details.
#
# Next: [natural gradient, and the skill of a solution](7-natural-gradient.md).
