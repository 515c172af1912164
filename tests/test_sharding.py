"""Two devices on one CPU: a sweep over a batch that is split between them."""

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


@pytest.mark.slow
def test_a_batch_split_between_two_devices():
    environment = os.environ | {"XLA_FLAGS": "--xla_force_host_platform_device_count=2", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
