import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

import stde_eqx as stde

from .helpers import laplacian, tree_allclose
from .training_problems import mlp
from .zoo_battery import largest_array


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


def test_the_time_beside_integers_is_not_rounded(unchecked):
    net = stde.nn.SpaceTime(lambda z: z)
    found = net(jnp.asarray(0.5), jnp.array([1, 0, 2]), jnp.asarray(0.25))
    assert found.tolist() == [0.5, 1.0, 0.0, 2.0, 0.25] and found.dtype == jnp.float64
    assert net(jnp.asarray(0.5), jnp.ones(3, jnp.float32)).dtype == jnp.float32


LOCAL_CASES = pytest.mark.parametrize(
    "dim, size, periodic", ((7, 2, False), (7, 3, False), (5, 5, False), (4, 1, False), (6, 3, True), (1, 1, True))
)


@LOCAL_CASES
def test_local_interaction_is_a_sum_over_neighbourhoods(dim, size, periodic, getkey):
    net = stde.nn.LocalInteraction(dim, size, width=5, features=3, periodic=periodic, input_scale=1.5, key=getkey())
    x = jr.normal(getkey(), (dim,))
    sites = dim if periodic else dim - size + 1
    assert net.read_out.shape == (sites, 3)
    expected = 0.0
    for i in range(sites):
        hidden = 1.5 * np.asarray([x[(i + j) % dim] for j in range(size)])
        for layer in net.features.layers:
            hidden = np.tanh(np.asarray(layer.weight) @ hidden + np.asarray(layer.bias))
        expected += np.dot(net.read_out[i], hidden)
    assert np.allclose(net(x), expected, rtol=1e-12)


@pytest.mark.slow
@LOCAL_CASES
def test_local_interaction_derivatives(dim, size, periodic, getkey):
    net = stde.nn.LocalInteraction(dim, size, width=5, features=3, periodic=periodic, key=getkey())
    x = jr.normal(getkey(), (dim,))
    expected = laplacian(net, x)
    assert jnp.allclose(stde.Laplacian()(net, x), expected, rtol=1e-10)
    sampled = stde.Laplacian()(net, x, estimator=stde.SparseSTDE(dim), key=getkey())
    assert jnp.allclose(sampled, expected, rtol=1e-10)


@pytest.mark.parametrize("dim", (10, 1000))
def test_local_interaction_starts_of_order_one(dim, getkey):
    x = jr.normal(getkey(), (dim,))
    value = jax.vmap(lambda key: stde.nn.LocalInteraction(dim, 3, key=key)(x))(jr.split(getkey(), 200))
    assert 0.1 < jnp.std(value) < 1  # the features are bounded by 1


@pytest.mark.slow
@pytest.mark.parametrize("periodic", (False, True))
def test_local_interaction_differentiates_along_a_coordinate_at_a_cost_without_the_dimension(periodic):
    width, features = 24, 16

    def surplus(dim):
        net = stde.nn.LocalInteraction(
            dim, 2, width=width, features=features, periodic=periodic, input_scale=2.0, key=jr.key(0)
        )
        x = jr.normal(jr.key(1), (dim,))
        estimate = lambda net, x: stde.value_and_apply(
            stde.Laplacian(), net, x, estimator=stde.SparseSTDE(8), key=jr.key(2)
        )
        assert largest_array(lambda x: estimate(net, x), x) <= dim * width
        arrays, static = eqx.partition(net, eqx.is_array)
        compiled = lambda fn: jax.jit(lambda a, x: fn(eqx.combine(a, static), x)).lower(arrays, x).compile()
        flops = lambda fn: (compiled(fn).cost_analysis() or {})["flops"]
        return flops(estimate) - flops(lambda net, x: net(x)), dim * width

    small, large = surplus(1000), surplus(4096)
    assert large[0] <= 1.05 * small[0]
    assert large[0] < 2 * large[1]  # far less than one more pass over the sites, of which each layer costs that much


@pytest.mark.slow
def test_local_interaction_in_float32_on_the_unit_ball(getkey):
    dim = 10_000
    with jax.enable_x64(False):
        net = stde.nn.LocalInteraction(dim, 2, input_scale=dim**0.5, key=jr.key(0))
        x = jr.normal(jr.key(1), (dim,)) / dim**0.5
        value, applied = stde.value_and_apply(stde.Laplacian(), net, x, estimator=stde.SparseSTDE(16), key=jr.key(2))
    assert value.dtype == applied.dtype == jnp.float32
    double = jax.tree.map(lambda a: a.astype(jnp.float64) if eqx.is_array(a) else a, net)
    expected = double(x.astype(jnp.float64))
    assert expected.dtype == jnp.float64
    assert jnp.allclose(value, expected, atol=1e-6)


@pytest.mark.parametrize(
    "arguments, message",
    (
        (dict(dim=3, size=4), r"size=4 in dim=3\. Write a size from 1 to 3"),
        (dict(dim=3, size=0), "`size` must be at least 1, got 0"),
        (dict(dim=0), "`dim` must be at least 1, got 0"),
        (dict(dim=3, size=2.5), "`size` must be a whole number.*2.5"),
        (dict(dim=3, width=0), "`width` must be at least 1, got 0"),
        (dict(dim=3, depth=-1), "`depth` must be at least 0, got -1"),
        (dict(dim=3, features=True), "`features` must be at least 1, got True"),
        (dict(dim=3, input_scale=0.0), "input_scale .* other than 0, got 0.0. Write 1.0"),
        (dict(dim=3, input_scale=float("nan")), "input_scale .* got nan"),
    ),
)
def test_local_interaction_refuses_what_it_cannot_be(arguments, message, unchecked):
    with pytest.raises(ValueError, match=message):
        stde.nn.LocalInteraction(**arguments, key=jr.key(0))


def test_local_interaction_takes_one_point(unchecked):
    net = stde.nn.LocalInteraction(3, key=jr.key(0))
    with pytest.raises(ValueError, match=r"shape \(3,\), got an array of shape \(2, 3\)\. For a batch"):
        net(jnp.zeros((2, 3)))
