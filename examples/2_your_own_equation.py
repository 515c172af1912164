# %% [markdown]
# # Your own equation, your own network
#
# **What does it take to solve an equation that nobody has put into a library, with a network that nobody else
# has?**
#
# An equation is one small class, a network is any function of a point. Here: a nonlinear Helmholtz equation on
# the unit cube,
#
# $$\Delta u + k^2 u + u^3 = f, \qquad u = 0 \text{ on the boundary,}$$
#
# whose right-hand side is chosen such that $u(x) = \prod_i \sin \pi x_i$, so that the error can be seen.

# %%
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
        return laplacian + self.wavenumber**2 * value + value**3 - self.source(x)

    def source(self, x):
        u = self.exact(x)
        return (self.wavenumber**2 - self.dim * jnp.pi**2) * u + u**3

    def ansatz(self, net):
        return stde.nn.HardConstraint(lambda x: jnp.prod(4 * x * (1 - x)), net)

    def exact(self, x):
        return jnp.prod(jnp.sin(jnp.pi * x))


problem = Helmholtz(dim=4, wavenumber=2.0)

# %% [markdown]
# Four things, of which the last is optional:
#
# - `sample`: the law of the collocation points.
# - `residual`: the equation at *one* point; the library maps it over the batch. The `estimator` is passed on to
#   the operator, so that the same class serves exact and sampled derivatives. By default it is `stde.Exact()`, which
#   differentiates along every coordinate.
# - `ansatz`: how a network becomes a trial function. A factor that vanishes on the boundary imposes the condition
#   exactly, with nothing to weigh.
# - `exact`, where a solution is known: then errors are reported.
#
# **Check the equation before any training.** The residual of the exact solution must vanish, and if a sign in
# `source` is wrong this is where it shows.

# %%
points = problem.sample(5, key=jax.random.key(0))
jax.vmap(lambda x: problem.residual(problem.exact, x, estimator=stde.Exact(), key=None))(points)

# %% [markdown]
# ## A network of one's own
#
# Any PyTree that can be called with a point: no base class, nothing to register. Layer normalisation, attention,
# Fourier features, skip connections: everything that JAX can differentiate goes through the Taylor engine.


# %%
class Block(eqx.Module):
    norm: eqx.nn.LayerNorm
    linear: eqx.nn.Linear

    def __call__(self, x):
        return x + jax.nn.gelu(self.linear(self.norm(x)))


class Residual(eqx.Module):
    first: eqx.nn.Linear
    blocks: list[Block]
    last: eqx.nn.Linear

    def __init__(self, dim, width, depth, *, key):
        first, last, *inner = jax.random.split(key, depth + 2)
        self.first = eqx.nn.Linear(dim, width, key=first)
        self.blocks = [Block(eqx.nn.LayerNorm(width), eqx.nn.Linear(width, width, key=each)) for each in inner]
        self.last = eqx.nn.Linear(width, "scalar", key=last)

    def __call__(self, x):
        x = self.first(x)
        for block in self.blocks:
            x = block(x)
        return self.last(x)


network = Residual(problem.dim, width=48, depth=3, key=jax.random.key(1))
solution = stde.train(problem, network, steps=2_000, key=jax.random.key(2))
print(f"error {solution.metrics.relative_l2:.1e}, of the trivial ansatz {solution.metrics.trivial_l2:.1e}")

# %% [markdown]
# A network of Flax is bound to its parameters first: with `flax.linen` by
# `jax.tree_util.Partial(module.apply, variables)`, with `flax.nnx` as in [a network of your
# own](../how-to/network.md#flax-and-haiku).
#
# ## What is it wrong about?

# %%
import matplotlib.pyplot as plt


line = jnp.linspace(0, 1, 201)
through = lambda s: jnp.full(problem.dim, 0.5).at[0].set(s)
predicted, exact = (jax.vmap(lambda s, u=u: u(through(s)))(line) for u in (solution.u, problem.exact))

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
left.plot(line, exact, label="exact")
left.plot(line, predicted, "--", label="trained")
left.set(xlabel="$x_1$, the others 1/2", ylabel="$u$")
left.legend()
right.semilogy([m.step for m in solution.history], [m.relative_l2 for m in solution.history])
right.axhline(solution.metrics.trivial_l2, color="grey", linestyle="--")
right.set(xlabel="step", ylabel="relative $L^2$ error")
plt.show()

# %% [markdown]
# Next: [operators other than the Laplacian](3-any-operator.md). What else an equation can be, and where to begin:
# [an equation of your own](../how-to/equation.md).
