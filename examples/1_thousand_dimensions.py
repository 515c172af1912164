# %% [markdown]
# # A 1 000-dimensional equation in ten lines
#
# **How far do ten lines of code get with a partial differential equation in a thousand dimensions, on a laptop?**
#
# The Sine-Gordon equation $\Delta u + \sin u = f$ on the unit ball, zero on its boundary. A grid is out of the
# question, and so is the Hessian of a network: it has a million entries at each point. What training needs is the
# sum of its diagonal, and an unbiased estimate of that sum is enough.

# %%
import equinox as eqx
import jax
import jax.numpy as jnp

import stde_eqx as stde
import zoo


problem = zoo.SineGordon(zoo.TwoBody(dim=1000, key=jax.random.key(0)))
network = eqx.nn.MLP(1000, "scalar", 128, 3, activation=jnp.tanh, key=jax.random.key(1))
solution = stde.train(problem, network, estimator=stde.SparseSTDE(16), steps=2_000, key=jax.random.key(2))
solution.metrics

# %% [markdown]
# Every step drew 100 points and, at all of them, differentiated twice along 16 of the 1 000 coordinates.
#
# `relative_l2` is the error against the exact solution, which the zoo knows. It looks small, and that says
# little: `trivial_l2` is the error of the *trivial ansatz*, the factor that vanishes on the boundary times the best
# constant. In high dimension it is most of the solution. The **skill** is the ratio of the two errors, and the
# number to look at: lower is better, and 1 means that nothing was learned.

# %%
print(f"{solution.metrics.relative_l2:.1e} / {solution.metrics.trivial_l2:.1e} = skill {solution.metrics.skill:.2f}")

# %% [markdown]
# ## A better network
#
# The solution is a sum of interactions of neighbouring coordinates. A perceptron has to learn each of them anew;
# a network of shared features of neighbourhoods does not, and even its exact Laplacian costs only a few
# evaluations. `zoo.recipes` has such settings ready: they print, and can be changed.

# %%
import dataclasses


recipe = zoo.recipes.accurate(dim=1000)
(phase,) = recipe.phases
short = dataclasses.replace(recipe, phases=(dataclasses.replace(phase, steps=100),))
better = short.train(problem, key=jax.random.key(3))
print(short)
print(f"skill {better.metrics.skill:.3f} instead of {solution.metrics.skill:.2f}")

# %% [markdown]
# ## What was learned
#
# Predictions against the exact solution at points that training has not seen. On the left everything looks
# perfect; on the right the trivial ansatz is subtracted from both.

# %%
import matplotlib.pyplot as plt


points = problem.sample(500, key=jax.random.key(4))
exact = jax.vmap(problem.exact)(points)
factor = jax.vmap(problem.domain.boundary_factor)(points)
trivial = factor * jnp.dot(factor, exact) / jnp.dot(factor, factor)

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
for name, u in {"perceptron": solution.u, "local interactions": better.u}.items():
    predicted = jax.vmap(u)(points)
    left.scatter(exact, predicted, s=6, label=name)
    right.scatter(exact - trivial, predicted - trivial, s=6, label=name)
for axes, what in ((left, "$u$"), (right, "$u$ less the trivial ansatz")):
    axes.axline((0, 0), slope=1, color="grey", linewidth=0.8)
    axes.set(xlabel=f"exact {what}", ylabel=f"predicted {what}")
    axes.legend()
plt.show()

# %% [markdown]
# Next: [your own equation and your own network](2-your-own-equation.md).
