"""What the sweep must not do, read off its jaxpr: build large arrays, or repeat work."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from jax.extend import core

import stde_eqx as stde


DIM, WIDTH, SAMPLES = 4096, 24, 5

_key = jr.key(0)
_coefficients = jr.normal(_key, (DIM,))


def subjaxprs(eqn):
    for value in jax.tree.leaves(eqn.params, is_leaf=lambda v: isinstance(v, core.Jaxpr | core.ClosedJaxpr)):
        if isinstance(value, core.ClosedJaxpr):
            yield value.jaxpr
        elif isinstance(value, core.Jaxpr):
            yield value


def equations(jaxpr):
    for eqn in jaxpr.eqns:
        yield eqn
        for inner in subjaxprs(eqn):
            yield from equations(inner)


def largest(jaxpr):
    return max(math.prod(var.aval.shape) for eqn in equations(jaxpr) for var in eqn.outvars)


_mlp = eqx.nn.MLP(DIM, "scalar", WIDTH, 2, activation=jnp.tanh, key=_key)


def _two_body(x):
    inner = x[:-1] + jnp.cos(x[1:]) + x[1:] * jnp.cos(x[:-1])
    return (1 - jnp.sum(x**2)) * jnp.sum(_coefficients[1:] * jnp.sin(inner))


def _three_body(x):
    return (1 - x @ x) * jnp.dot(_coefficients[2:], jnp.exp(x[:-2] * x[1:-1] * x[2:]))


_first = jr.normal(_key, (WIDTH, DIM))
_embedding = eqx.nn.MLP("scalar", WIDTH, WIDTH, 1, activation=jnp.tanh, key=_key)
_patches = eqx.nn.Conv1d(1, WIDTH, 8, 8, key=_key)
_convolution = eqx.nn.Conv1d(1, 2, 3, key=_key), eqx.nn.Conv1d(2, 2, 3, key=_key)
_window = eqx.nn.MLP(2, WIDTH, WIDTH, 1, activation=jnp.tanh, key=_key)
_site_weights = jr.normal(_key, (DIM - 1, WIDTH))
_permutation = np.random.default_rng(0).permutation(DIM)
_pairs = np.random.default_rng(0).integers(0, DIM, (2000, 2))

# Each with the number of entries that evaluating the function itself needs.
PROGRAMS = {
    "mlp": (_mlp, DIM),
    "two body": (_two_body, DIM),
    "three body": (_three_body, DIM),
    "softplus features": (lambda x: jnp.sum(jnp.tanh(_first @ jax.nn.softplus(x))), DIM),
    "relu features": (lambda x: jnp.sum(jnp.tanh(_first @ jax.nn.relu(x) ** 3)), DIM),
    "radial": (lambda x: jnp.exp(-jnp.sqrt(1 + jnp.sum(x**2))) * _mlp(x), DIM),
    "masked": (lambda x: jnp.sum(jnp.tanh(_first @ jnp.where(_coefficients > 0, jnp.sin(x), x**2))), DIM),
    "reversed and padded": (lambda x: jnp.sum(jnp.tanh(_first @ jnp.pad(x[::-1] ** 2, (1, 0))[:-1])), DIM + 1),
    "concatenated with t": (lambda x: jnp.sum(jnp.tanh(_first @ jnp.concatenate([jnp.ones(1), x[:-1]]))), DIM),
    "blocks sharing weights": (lambda x: jnp.sum(jnp.tanh(x.reshape(-1, 8) @ _first[:8, :8])), DIM),
    "fourier features": (
        lambda x: jnp.sum(jnp.tanh(_first @ (jnp.sin(jnp.outer(jnp.arange(1.0, 4.0), x)).sum(0)))),
        3 * DIM,
    ),
    "embedding, pooled": (
        lambda x: jnp.sum(jnp.tanh(jnp.sum(jnp.tanh(jnp.outer(x, _first[:, 0])) @ _first[:, :WIDTH], 0))),
        WIDTH * DIM,
    ),
    "coordinates embedded by a network, pooled": (
        lambda x: jnp.sum(jnp.mean(jax.vmap(_embedding)(x), 0) ** 2),
        WIDTH * DIM,
    ),
    "patches": (lambda x: jnp.sum(jnp.tanh(jnp.mean(jnp.tanh(_patches(x[None])), 1))), WIDTH * DIM // 8),
    "convolutions": (lambda x: jnp.sum(jnp.tanh(_convolution[1](jnp.tanh(_convolution[0](x[None]))))), 2 * DIM),
    "neighbours, stacked": (
        lambda x: jnp.sum(_site_weights * jax.vmap(_window)(jnp.stack([x[:-1], x[1:]], 1))),
        WIDTH * (DIM - 1),
    ),
    "unstacked": (lambda x: jnp.sum(jnp.sin(sum(jnp.unstack(jnp.sin(x.reshape(4, -1)))))), DIM),
    "average pooling": (lambda x: jnp.sum(eqx.nn.AvgPool1d(4, 2)(jnp.sin(x)[None]) ** 2), DIM),
    "permuted": (lambda x: jnp.sum(jnp.tanh(_first @ jnp.sin(x)[_permutation])), DIM),
    "pairs": (lambda x: jnp.sum(_coefficients[:2000] * x[_pairs[:, 0]] * jnp.sin(x)[_pairs[:, 1]]), 2 * DIM),
    "indices that vary": (lambda x: jnp.sum(jnp.sin(x)[jnp.argsort(_coefficients)[:WIDTH]] ** 2), DIM),
    "time appended": (
        lambda x: jnp.sum(jnp.tanh(_first @ jnp.concatenate([jnp.sin(x[:-1]), x[-1:] ** 2]))),
        DIM,
    ),
}


@pytest.mark.parametrize("fn, primal_size", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_no_array_of_dimension_times_directions(fn, primal_size):
    def estimate(x, key):
        return stde.value_and_apply(stde.Laplacian(), fn, x, estimator=stde.SparseSTDE(SAMPLES), key=key)

    jaxpr = jax.make_jaxpr(estimate)(jnp.zeros(DIM), _key)
    assert largest(jaxpr.jaxpr) <= max(primal_size, SAMPLES * WIDTH)


def test_a_network_in_a_million_dimensions():
    """Nothing as large as sixteen points; traced alone, its parameters never made."""
    dim, samples = 1_000_000, 16
    network = eqx.filter_eval_shape(lambda: eqx.nn.MLP(dim, "scalar", 128, 3, activation=jnp.tanh, key=_key))
    arrays, fixed = eqx.partition(network, lambda leaf: isinstance(leaf, jax.ShapeDtypeStruct))

    def estimate(arrays, x, key):
        u = eqx.combine(arrays, fixed)
        return stde.value_and_apply(stde.Laplacian(), u, x, estimator=stde.SparseSTDE(samples), key=key)

    jaxpr = jax.make_jaxpr(estimate)(arrays, jax.ShapeDtypeStruct((dim,), jnp.float32), _key)
    assert largest(jaxpr.jaxpr) < samples * dim


def test_the_structural_test_sees_dense_directions():
    jaxpr = jax.make_jaxpr(lambda x: stde.Laplacian()(_mlp, x, estimator=stde.DenseSTDE(SAMPLES), key=_key))(
        jnp.zeros(DIM)
    )
    assert largest(jaxpr.jaxpr) >= SAMPLES * DIM


def test_exact_laplacian_of_a_sum_needs_no_square_array():
    jaxpr = jax.make_jaxpr(lambda x: stde.Laplacian()(_two_body, x))(jnp.zeros(DIM))
    assert largest(jaxpr.jaxpr) <= DIM


def test_sparse_directions_match_dense_ones_where_positions_collide():
    """Slices of one array meet at shifted positions, repeat, and fall off the ends."""

    def fn(x):
        return jnp.sum((x[2:] * x[:-2] + x[1:-1]) ** 3 * x[0] + jnp.roll(x, 3)[2:] ** 2 * x[2:])

    x = jr.normal(_key, (9,))
    rows = jnp.array([0, 1, 4, 7, 8, 4])
    sparse = stde.Laplacian().directions(x, rows, dim=9)
    dense = stde.operators.Directions(stde.operators.Vectors(sparse.tangents.dense(9)), sparse.weights, sparse.order)
    assert jnp.allclose(sparse.value_and_apply(fn, x)[1], dense.value_and_apply(fn, x)[1], rtol=1e-12)
    assert jnp.allclose(dense.value_and_apply(fn, x)[1], jnp.sum(jnp.diag(jax.hessian(fn)(x))[rows]), rtol=1e-12)


_pairwise = jr.normal(_key, (4, 2))

# Where all coordinates are differentiated in order, positions are known and arrays are read as slices.
IN_ORDER = {
    "shifted": lambda x: jnp.sum((x[2:] * x[:-2] + x[1:-1]) ** 3 * x[0]),
    "rolled": lambda x: jnp.sum(jnp.roll(x, 3)[2:] ** 2 * x[2:] * jnp.sin(x[:-2])),
    "stacked": lambda x: jnp.sum(jnp.tanh(jnp.stack([x[:-1], x[1:]], 1) @ _pairwise.T) ** 2),
    "stacked in front": lambda x: jnp.sum(jnp.exp(jnp.sum(jnp.stack([x[:-1], x[1:], x[:-1] ** 2]), 0))),
    "unstacked": lambda x: jnp.prod(jnp.stack(jnp.unstack(jnp.sin(x.reshape(3, 3)), axis=1)[:2]) + 2),
    "padded": lambda x: jnp.sum(jnp.sin(jnp.pad(x, (2, 1))[1:] * jnp.pad(x**2, (1, 2))[:-1])),
    "padded between": lambda x: jnp.sum(jnp.exp(jax.lax.pad(x, 0.0, [(1, 0, 1)])[:-1] * 0.5) ** 2),
    "concatenated": lambda x: jnp.sum(jnp.sin(jnp.concatenate([x[4:], jnp.ones(2), x[:3]]) ** 2)[1:] ** 2),
    "every other": lambda x: jnp.sum(jnp.cos(x[::2]) ** 3) * jnp.sum(x[1::2] ** 2),
    "backwards": lambda x: jnp.sum(jnp.sin(x[::-1] * x) ** 2),
    "outer": lambda x: jnp.sum(jnp.tanh(jnp.outer(x, jnp.arange(1.0, 4.0)) + x[:, None] ** 2)),
    "in a matrix": lambda x: jnp.sum(jnp.tanh(x.reshape(3, 3) @ x.reshape(3, 3).T)),
    "one axis more": lambda x: jnp.sum(jnp.sin(jnp.expand_dims(x, (0, 2)))[0, 1:, 0] * x[:-1]),
    "log away from zero": lambda x: jnp.sum(jnp.log(2 + x[1:] ** 2) * jnp.sqrt(1 + x[:-1] ** 2)),
}


@pytest.mark.sampled(every=2)
@pytest.mark.parametrize("fn", list(IN_ORDER.values()), ids=list(IN_ORDER))
def test_all_coordinates_in_order(fn):
    x = jr.normal(_key, (9,))
    value, result = stde.value_and_apply(stde.Laplacian(), fn, x, estimator=stde.Exact())
    assert jnp.allclose(value, fn(x), rtol=1e-12)
    assert jnp.allclose(result, jnp.trace(jax.hessian(fn)(x)), rtol=1e-10)
    fourth = stde.DiagonalOperator(order=4)
    some = jnp.arange(9)  # as positions that are not known
    unknown = jax.jit(lambda rows: fourth.directions(x, rows, dim=9).value_and_apply(fn, x)[1])(some)
    assert jnp.allclose(fourth(fn, x), unknown, rtol=1e-10)


def test_all_coordinates_in_order_are_read_without_a_gather():
    fn = lambda x: jnp.sum(jnp.tanh(jnp.stack([x[:-1], x[1:]], 1) @ _pairwise.T) ** 2)
    jaxpr = jax.make_jaxpr(lambda x: stde.Laplacian()(fn, x))(jnp.zeros(DIM))
    assert not {"gather", "scatter-add", "scatter"} & {eqn.primitive.name for eqn in equations(jaxpr.jaxpr)}


def test_collapsed_work_grows_by_one_array_per_direction():
    """K = 2: one more direction costs one more tangent through each layer, not two (Dangel et al. 2025)."""
    width = 64
    u = eqx.nn.MLP(width, "scalar", width, 3, activation=jnp.tanh, key=_key)

    def flops(num_samples):
        estimate = lambda x: stde.Laplacian()(u, x, estimator=stde.DenseSTDE(num_samples), key=_key)
        analysis = jax.jit(estimate).lower(jnp.zeros(width)).compile().cost_analysis()
        assert analysis is not None
        return analysis["flops"]

    per_direction = (flops(40) - flops(20)) / 20
    matrix_products = 3 * 2 * width**2
    assert matrix_products <= per_direction < 1.35 * matrix_products


def test_constant_function_has_zero_laplacian():
    assert stde.Laplacian()(lambda x: jnp.float64(3.0), jnp.ones(4)) == 0


def test_custom_derivative_rules_are_used_at_every_order():
    @jax.custom_jvp
    def f(x):
        return x

    f.defjvp(lambda primals, tangents: (f(*primals), 3 * primals[0] ** 2 * tangents[0]))
    x = jnp.array([0.3, 0.7])
    result = stde.Laplacian()(lambda x: jnp.sum(f(x)), x)
    assert jnp.allclose(result, jnp.sum(6 * x))


def test_custom_vjp_functions_are_differentiated_through():
    @jax.custom_vjp
    def f(x):
        return jnp.sin(x)

    f.defvjp(lambda x: (jnp.sin(x), x), lambda x, g: (jnp.cos(x) * g,))
    x = jnp.array([0.3, 0.7])
    assert jnp.allclose(stde.Laplacian()(lambda x: jnp.sum(f(x)), x), -jnp.sum(jnp.sin(x)))


def test_checkpoint_survives_in_the_sweep():
    u = lambda x: jnp.sum(jax.checkpoint(lambda z: jnp.tanh(jnp.tanh(_first[:, :6] @ z)))(x))
    jaxpr = jax.make_jaxpr(jax.grad(lambda x: stde.Laplacian()(u, x)))(jnp.ones(6))
    assert any("remat" in eqn.primitive.name for eqn in equations(jaxpr.jaxpr))


def test_scan_compiles_to_one_loop_whatever_its_length():
    def program(length):
        weights = jnp.ones((length, 6, 6))
        u = lambda x: jnp.sum(jax.lax.scan(lambda z, w: (jnp.tanh(w @ z), None), x, weights)[0])
        return jax.make_jaxpr(lambda x: stde.Laplacian()(u, x))(jnp.ones(6))

    count = lambda jaxpr: sum(1 for _ in equations(jaxpr.jaxpr))
    assert count(program(2)) == count(program(50))


def test_order_below_one():
    with pytest.raises(ValueError, match="order must be at least 1, got 0"):
        stde.operators.Directions(stde.operators.Vectors(jnp.ones((1, 2))), jnp.ones(1), 0).value_and_apply(
            jnp.sum, jnp.ones(2)
        )
