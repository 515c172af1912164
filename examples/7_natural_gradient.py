# %% [markdown]
# # Natural gradient, and the skill of a solution
#
# **The loss has gone down by six orders of magnitude. How good is the solution, and can it be better?**
#
# ## What a small error is worth
#
# On the unit ball in $d$ dimensions, with the interactions of the literature, the boundary factor times the best
# *constant* is already close to the solution: the trivial ansatz. Here is its error, which takes no network and no
# training; the median over fifteen draws of the coefficients.

# %%
import equinox as eqx
import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import optax

import stde_eqx as stde
import zoo


@eqx.filter_jit
def trivial_error(dim, radius, key):
    problem = zoo.SineGordon(zoo.TwoBody(dim, key=key, radius=radius))
    points = problem.sample(1_000, key=jax.random.key(0))
    exact, factor = jax.vmap(problem.exact)(points), jax.vmap(problem.domain.boundary_factor)(points)
    best = factor * jnp.dot(factor, exact) / jnp.dot(factor, factor)
    return jnp.linalg.norm(best - exact) / jnp.linalg.norm(exact)


keys = jax.random.split(jax.random.key(1), 15)
for dim in (10, 100, 1_000):
    small, large = (np.median([trivial_error(dim, radius, key) for key in keys]) for radius in (1.0, dim**0.5))
    print(f"d = {dim:5}   unit ball {small:.1e}   ball of radius sqrt(d) {large:.1e}")

# %% [markdown]
# The same interactions with the same coefficients, and only the radius differs. On the unit ball a small error says
# little, and [the skill](1-thousand-dimensions.md) is what to compare; on the large ball the coordinates are of O(1),
# and the problem stays hard in every dimension. [Accuracy](../accuracy.md#look-at-the-skill-first) has the same for
# other solutions and domains, over many draws of the coefficients.
#
# ## A problem that stays hard
#
# Two-body interactions on a ball of radius $\sqrt d$, where coordinates are of O(1).

# %%
dim = 50
problem = zoo.SineGordon(zoo.TwoBody(dim, key=jax.random.key(2), radius=dim**0.5))
perceptron = eqx.nn.MLP(dim, "scalar", 64, 3, activation=jnp.tanh, key=jax.random.key(3))
local = stde.nn.LocalInteraction(dim, 2, width=16, depth=2, features=8, key=jax.random.key(4))

runs = {
    "perceptron, Adam": stde.train(
        problem, perceptron, estimator=stde.SparseSTDE(16), steps=2_000, key=jax.random.key(5)
    ),
    "local interactions, Adam": stde.train(problem, local, steps=2_000, chunk_size=20, key=jax.random.key(5)),
}

# %% [markdown]
# A network of local interactions shares the features of neighbourhoods of coordinates, and its exact Laplacian
# costs a few evaluations in every dimension: nothing needs to be sampled.
#
# ## Natural gradient
#
# An optimiser that knows that the loss is a sum of squares. At every step it solves the linearised least-squares
# problem of the batch, in the space of the samples; momentum (SPRING) keeps what the batches before have shown. The
# length of its steps falls along a cosine: with steps that stay long it ends in the noise of its last batches.

# %%
falling = optax.cosine_decay_schedule(1.0, 600)
natural = stde.optim.NaturalGradient(falling, damping=1e-4, momentum=0.8, step_size=stde.optim.Backtracking())
options = {"optimizer": natural, "batch_size": 200, "chunk_size": 20, "key": jax.random.key(6)}
runs["local interactions, natural gradient"] = stde.train(problem, local, steps=600, **options)

for name, solution in runs.items():
    metrics = solution.metrics
    print(f"{name:40} error {metrics.relative_l2:.1e}   skill {metrics.skill:.4f}   {metrics.time:.0f} s")

# %%
figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
for name, solution in runs.items():
    axes.semilogy([m.time for m in solution.history], [m.skill for m in solution.history], label=name)
axes.axhline(1, color="grey", linestyle="--", label="the trivial ansatz")
axes.set(xlabel="seconds", ylabel="skill (lower is better)")
axes.legend()
plt.show()

# %% [markdown]
# How the Jacobian of the residuals is held, and what it costs, can be seen before training. Layers that are wide
# are held as outer products, small ones are written out:

# %%
step = stde.make_step(problem, optimizer=natural, batch_size=200, chunk_size=20)
print(step.jacobian_plan(step.init(local, key=jax.random.key(7))))

# %% [markdown]
# [Accuracy](../accuracy.md) says what limits the error of a solution, and what to do about each limit.
#
# Next: [a neural operator](8-neural-operator.md).
