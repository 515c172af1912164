"""Two devices on one CPU: a sweep over a batch that is split between them, and training on such batches."""

import os
import subprocess
import sys

import pytest


PROGRAM = """
import equinox as eqx, jax, jax.numpy as jnp, jax.random as jr
import stde_eqx as stde
from jax.sharding import NamedSharding, PartitionSpec

assert jax.device_count() == 2
u = eqx.nn.MLP(40, "scalar", 16, 2, activation=jnp.tanh, key=jr.key(0))
points = jr.normal(jr.key(1), (6, 40))
mesh = jax.make_mesh((2,), ("points",))
split = jax.device_put(points, NamedSharding(mesh, PartitionSpec("points")))

for estimator in (stde.Exact(), stde.SparseSTDE(5), stde.DenseSTDE(5)):
    @jax.jit
    def laplacians(points):
        return jax.vmap(lambda x: stde.Laplacian()(u, x, estimator=estimator, key=jr.key(2)))(points)

    found = laplacians(split)
    assert len(found.sharding.device_set) == 2, found.sharding
    assert jnp.allclose(found, laplacians(points), rtol=1e-5), estimator
"""


TRAINING = """
import equinox as eqx, jax, jax.numpy as jnp, jax.random as jr, optax, pytest
import stde_eqx as stde, zoo
from stde_eqx.training.collocation import Sharded

assert jax.device_count() == 2
problem = zoo.Poisson(zoo.TwoBody(20, key=jr.key(0)))
u = eqx.nn.MLP(20, "scalar", 16, 2, activation=jnp.tanh, key=jr.key(1))
natural = stde.optim.NaturalGradient(damping=1e-3)

for optimizer in (None, natural):
    one, two = (
        stde.train(problem, u, estimator=stde.SparseSTDE(5), optimizer=optimizer, steps=20, batch_size=8,
                   key=jr.key(2), num_test_points=1_000, **options)
        for options in ({}, {"collocation": Sharded()})
    )
    for ours, theirs in zip(jax.tree.leaves(one.state.arrays), jax.tree.leaves(two.state.arrays)):
        assert jnp.allclose(ours, theirs, rtol=1e-3, atol=1e-5), optimizer

# Each device works at its own points: the compiled step has matrices of four rows, not of eight.
options = {"optimizer": optax.adam(1e-3), "collocation": Sharded()}
step = stde.make_step(problem, estimator=stde.SparseSTDE(5), batch_size=8, **options)
state = step.init(u, key=jr.key(3))
program = jax.jit(lambda state: step(state)).lower(state).compile().as_text()
assert "f32[4,20]" in program and "f32[8,20]" not in program
assert "all-reduce" in program

with pytest.raises(ValueError, match="batch_size=10"):
    stde.make_step(problem, batch_size=9, **options)(state)
with pytest.raises(ValueError, match="list of JAX devices"):
    Sharded(devices=[])
assert Sharded(devices=jax.devices()[:1]).sharding.num_devices == 1
"""


@pytest.mark.slow
@pytest.mark.parametrize("program", [PROGRAM, TRAINING], ids=["sweep", "training"])
def test_a_batch_split_between_two_devices(program):
    environment = os.environ | {"XLA_FLAGS": "--xla_force_host_platform_device_count=2", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
