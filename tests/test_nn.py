import jax
import jax.numpy as jnp
import jax.random as jr

import stde_eqx as stde

from .helpers import tree_allclose
from .training_problems import mlp


def test_affine_shifts_and_scales_the_output(getkey):
    net, x = mlp(), jr.normal(getkey(), (5,))
    model = stde.nn.Affine(net, jnp.asarray(3.0), jnp.asarray(0.5))
    assert jnp.allclose(model(x), 3 + 0.5 * net(x), rtol=1e-14)
    assert stde.nn.Affine(net)(x) == net(x)


def test_affine_constants_get_no_gradient_but_the_network_does(getkey):
    x = jr.normal(getkey(), (5,))
    net = mlp()
    value = lambda shift, scale, weight: stde.nn.Affine(lambda z: jnp.dot(weight, z), shift, scale)(x)
    shift, scale, weight = jax.grad(value, argnums=(0, 1, 2))(
        jnp.asarray(3.0), jnp.asarray(0.5), net.layers[0].weight[0]
    )
    assert shift == 0 and scale == 0
    assert tree_allclose(weight, 0.5 * x)


def test_scaled_input_composes_with_affine(getkey):
    net, x = mlp(), jr.normal(getkey(), (5,))
    model = stde.nn.Affine(stde.nn.ScaledInput(net, 5**0.5), jnp.asarray(1.0), jnp.asarray(2.0))
    assert jnp.allclose(model(x), 1 + 2 * net(5**0.5 * x), rtol=1e-14)


def test_hard_constraint_holds_the_boundary_values(getkey):
    direction = jr.normal(getkey(), (5,))
    edge = direction / jnp.linalg.norm(direction)
    factor, extension = lambda x: 1 - jnp.sum(x**2), lambda x: 2 + x[0]
    net = mlp()
    assert abs(stde.nn.HardConstraint(factor, net)(edge)) < 1e-14
    assert jnp.allclose(stde.nn.HardConstraint(factor, net, extension)(edge), extension(edge), rtol=1e-14)
    assert jnp.allclose(stde.nn.HardConstraint(factor, net)(0.5 * edge), 0.75 * net(0.5 * edge), rtol=1e-14)


def test_the_laplacian_passes_through_all_wrappers(getkey):
    x = jr.normal(getkey(), (5,)) / 5
    model = stde.nn.Affine(stde.nn.ScaledInput(mlp(), 2.0), jnp.asarray(1.0), jnp.asarray(3.0))
    u = stde.nn.HardConstraint(lambda z: 1 - jnp.sum(z**2), model, lambda z: z[0] ** 3)
    assert jnp.allclose(stde.Laplacian()(u, x), jnp.trace(jax.hessian(u)(x)), rtol=1e-10)
