# %% [markdown]
# # From laptop to cluster
#
# **It works on the laptop. What has to change for eight GPUs, for a queue that kills jobs at midnight, and for
# ten seeds?**
#
# Next to nothing. The following makes JAX treat the laptop's CPU as four devices; no GPU was available.

# %%
import os


os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=4"

import pathlib

import equinox as eqx
import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt

import stde_eqx as stde
import zoo


jax.devices()

# %% [markdown]
# ## Several devices
#
# The points of a step are split between the devices, and everything that is computed at a point follows it. The
# compiler adds the one sum that is needed, that of the gradients. `Sharded` says so:

# %%
problem = zoo.SineGordon(zoo.TwoBody(dim=100, key=jax.random.key(0)))
network = eqx.nn.MLP(100, "scalar", 64, 3, activation=jnp.tanh, key=jax.random.key(1))

split = stde.training.collocation.Sharded()
setting = {"estimator": stde.SparseSTDE(16), "batch_size": 128, "steps": 500, "key": jax.random.key(2)}

on_four = stde.train(problem, network, collocation=split, **setting)
on_one = stde.train(problem, network, **setting)
print(f"skill on four devices {on_four.metrics.skill:.4f}, on one {on_one.metrics.skill:.4f}")

# %% [markdown]
# The same points, the same draws, the same result up to rounding. On real devices the batch is what grows: as
# many points on each as one alone had.
#
# On several *hosts* each process begins with `jax.distributed.initialize()`, which finds its peers under Slurm by
# itself, and runs the same script.
#
# ## A queue that kills jobs
#
# `Checkpoint` writes the whole state of training at every report; the file is complete at every moment. A state
# that is read back goes on where it was. Here is a job that is killed after 400 of 1 000 steps:

# %%
file = pathlib.Path("state.stde")
step_setting = {name: setting[name] for name in ("estimator", "batch_size")}
optimizer = stde.training.default_optimizer(1_000)
first = stde.train(
    problem,
    network,
    optimizer=optimizer,
    steps=400,
    key=jax.random.key(3),
    callbacks=[stde.training.Checkpoint(file)],
    **step_setting,
)
file.stat().st_size

# %% [markdown]
# The script of a job that may be killed looks whether there is something to go on from. Run once more when it has
# finished, it takes 0 steps and evaluates:

# %%
step = stde.make_step(problem, optimizer=optimizer, **step_setting)
start, steps = network, 1_000
if file.exists():
    start = stde.training.load(file, like=step.init(network, key=jax.random.key(3)))
    steps -= int(start.step)
resumed = stde.train(problem, start, optimizer=optimizer, steps=steps, key=jax.random.key(3), **step_setting)
steps, int(resumed.state.step), resumed.metrics.skill

# %% [markdown]
# ## Ten seeds at once
#
# A step is a function of its state, and states can be stacked. Ten networks with ten sets of points train in one
# compiled program, each step one batch of matrix products for all of them.

# %%
networks = [
    eqx.nn.MLP(100, "scalar", 64, 3, activation=jnp.tanh, key=key) for key in jax.random.split(jax.random.key(4), 10)
]
states = [step.init(each, key=key) for each, key in zip(networks, jax.random.split(jax.random.key(5), 10))]
states = jax.tree.map(lambda *leaves: jnp.stack(leaves), *states)


@eqx.filter_jit
def run(states, steps):
    many = jax.vmap(step)
    return jax.lax.scan(lambda states, _: many(states), states, length=steps)


states, metrics = run(states, 500)

figure, axes = plt.subplots(figsize=(7, 3.5), layout="constrained")
axes.semilogy(metrics.loss, color="C0", alpha=0.3, linewidth=0.6)
axes.semilogy(jnp.exp(jnp.log(metrics.loss).mean(1)), color="C3", label="geometric mean")
axes.set(xlabel="step", ylabel="loss of ten seeds (the trivial ansatz: 1)")
axes.legend()
plt.show()

# %% [markdown]
# ## A job script
#
# From the command line a run leaves its configuration, its metrics, its model and its plots in a folder, and
# needs nothing else:
#
# ```bash
# srun stde-eqx solve sine-gordon --dim 100000 --seed $SLURM_ARRAY_TASK_ID --run-dir runs/$SLURM_ARRAY_TASK_ID
# ```
#
# `--seed` also draws the coefficients of the exact solution. Each seed is another exact solution, so compare skills,
# and report one run at a time. The command line cannot resume: a job that is killed is a script as above.
#
# `JAX_COMPILATION_CACHE_DIR` names a folder in which compiled programs are kept from one job to the next.
