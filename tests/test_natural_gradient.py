"""Jacobians of batches in compact form, and the optimiser that uses them, against dense ones."""

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
import pytest
from jax.extend import core

import stde_eqx as stde
from stde_eqx.optim.jacobian import Block, linearize, linearize_implicitly, plan

from .training_problems import BallPoisson


DIM, WIDTH, POINTS = 40, 6, 5
_key = jr.key(0)


class Rows(eqx.Module):
    """`x @ W`, as in Flax, rather than `W @ x`."""

    first: jax.Array
    last: jax.Array

    def __call__(self, x):
        return jnp.tanh(x @ self.first) @ self.last


class Tied(eqx.Module):
    """A matrix that is used along both axes."""

    matrix: jax.Array

    def __call__(self, x):
        return jnp.sum(jnp.sin(jnp.tanh(self.matrix @ x) @ self.matrix))


class Normalised(eqx.Module):
    """A matrix of which only a function is used."""

    matrix: jax.Array

    def __call__(self, x):
        return jnp.sum(jnp.tanh(self.matrix / jnp.linalg.norm(self.matrix) @ x))


class Scanned(eqx.Module):
    """Layers in a scan: matrices inside of a loop."""

    first: jax.Array
    layers: jax.Array

    def __call__(self, x):
        h, _ = jax.lax.scan(lambda h, w: (jnp.tanh(w @ h), None), self.first @ x, self.layers)
        return jnp.sum(h)


_normal = lambda number, *shape: jr.normal(jr.key(number), shape)
NETWORKS = {
    "mlp": eqx.nn.MLP(DIM, "scalar", WIDTH, 2, activation=jnp.tanh, key=_key),
    "rows": Rows(_normal(1, DIM, WIDTH), _normal(2, WIDTH)),
    "tied": Tied(_normal(3, WIDTH, DIM) / 5),
    "normalised": Normalised(_normal(4, WIDTH, DIM)),
    "scanned": Scanned(_normal(5, WIDTH, DIM) / 5, _normal(6, 2, WIDTH, WIDTH)),
    "convolution": eqx.nn.Sequential(
        [
            eqx.nn.Lambda(lambda x: x[None]),
            eqx.nn.Conv1d(1, 2, 3, key=_key),
            eqx.nn.Lambda(lambda x: jnp.sum(jnp.tanh(x))),
        ]
    ),
    "local": stde.nn.LocalInteraction(DIM, 2, width=4, depth=1, features=3, key=_key),
}
ESTIMATORS = {"sparse": stde.SparseSTDE(3), "dense": stde.DenseSTDE(3), "exact": stde.Exact()}


def _block(network, estimator, share_draw, dim=DIM):
    _, static = eqx.partition(network, eqx.is_inexact_array)
    points, keys = jr.normal(jr.key(7), (POINTS, dim)) / dim**0.5, jr.split(jr.key(8), POINTS)

    def residual(params, item, common):
        x, key = (item, common) if share_draw else item
        u = lambda x: (1 - jnp.sum(x * x)) * eqx.combine(params, static)(x)
        value, laplacian = stde.value_and_apply(stde.Laplacian(), u, x, estimator=estimator, key=key)
        return laplacian + jnp.sin(value) - x[0]

    return Block(residual, points if share_draw else (points, keys), jr.key(9) if share_draw else None)


def _condition(network):
    """A second batch, of another size, whose residual has two parts."""
    _, static = eqx.partition(network, eqx.is_inexact_array)

    def residual(params, x, _):
        value = eqx.combine(params, static)(x)
        return jnp.stack([value - 1, 0.3 * value**2 + x[1]])

    return Block(residual, jr.normal(jr.key(10), (3, DIM)) / DIM**0.5, None)


def _dense(blocks, params):
    """Values and the Jacobian as a matrix."""
    values = lambda params: jnp.concatenate([block(params) for block in blocks])
    rows = [leaf.reshape(leaf.shape[0], -1) for leaf in jax.tree.leaves(jax.jacrev(values)(params))]
    return values(params), jnp.concatenate(rows, 1)


def _flat(tree):
    return jnp.concatenate([leaf.ravel() for leaf in jax.tree.leaves(tree)])


def _like(params, number):
    leaves, structure = jax.tree.flatten(params)
    keys = jr.split(jr.key(number), len(leaves))
    return jax.tree.unflatten(structure, [jr.normal(k, leaf.shape) for k, leaf in zip(keys, leaves, strict=True)])


def _agrees(found, expected):
    np.testing.assert_allclose(found, expected, atol=1e-11 * float(jnp.max(jnp.abs(expected))))


CASES = [
    ("mlp", "sparse", True),
    ("rows", "sparse", True),
    ("mlp", "sparse", False),
    ("mlp", "exact", True),
    *(
        pytest.param(*case, marks=pytest.mark.slow)
        for case in (
            *((name, "sparse", True) for name in NETWORKS if name not in ("mlp", "rows")),
            *((name, "sparse", False) for name in NETWORKS if name != "mlp"),
            *((name, "exact", True) for name in ("rows", "local")),
            *((name, "dense", True) for name in ("mlp", "rows", "local")),
        )
    ),
]


@pytest.mark.parametrize("name, estimator, share_draw", CASES)
def test_jacobian_against_a_dense_one(name, estimator, share_draw):
    network, estimator = NETWORKS[name], ESTIMATORS[estimator]
    params = eqx.filter(network, eqx.is_inexact_array)
    blocks = [_block(network, estimator, share_draw), _condition(network)]
    expected, matrix = _dense(blocks, params)
    values, jacobian = eqx.filter_jit(linearize)(blocks, params)
    _agrees(values, expected)
    _agrees(jacobian.gram(), matrix @ matrix.T)
    weights, tangent = jr.normal(jr.key(11), values.shape), _like(params, 12)
    _agrees(_flat(jacobian.pull(weights)), weights @ matrix)
    _agrees(jacobian.push(tangent), matrix @ _flat(tangent))
    assert jax.tree.structure(jacobian.pull(weights)) == jax.tree.structure(params)


@pytest.mark.slow
def test_implicit_jacobian_against_a_dense_one():
    network = NETWORKS["mlp"]
    params = eqx.filter(network, eqx.is_inexact_array)
    blocks = [_block(network, ESTIMATORS["sparse"], True), _condition(network)]
    expected, matrix = _dense(blocks, params)
    values, jacobian = linearize_implicitly(blocks, params)
    weights, tangent = jr.normal(jr.key(11), values.shape), _like(params, 12)
    _agrees(values, expected)
    _agrees(_flat(jacobian.pull(weights)), weights @ matrix)
    _agrees(jacobian.push(tangent), matrix @ _flat(tangent))


def _held_as_outer_products(network):
    blocks = [_block(network, ESTIMATORS["sparse"], True, dim=4_000)]
    chosen = plan(blocks, eqx.filter(network, eqx.is_inexact_array))
    return {leaf.name: leaf.outer for leaf in chosen.leaves}


def test_wide_matrices_are_held_as_outer_products_and_others_written_out():
    assert _held_as_outer_products(eqx.nn.MLP(4_000, "scalar", 64, 1, key=_key)) == {
        "layers[0].weight": True,
        "layers[0].bias": False,
        "layers[1].weight": False,
        "layers[1].bias": False,
    }
    assert _held_as_outer_products(Rows(jnp.zeros((4_000, 64)), jnp.zeros(64))) == {"first": True, "last": False}
    assert _held_as_outer_products(Tied(jnp.zeros((64, 4_000)))) == {"matrix": False}
    assert _held_as_outer_products(Normalised(jnp.zeros((64, 4_000)))) == {"matrix": False}


def _equations(jaxpr):
    for eqn in jaxpr.eqns:
        yield eqn
        for value in jax.tree.leaves(eqn.params, is_leaf=lambda v: isinstance(v, core.Jaxpr | core.ClosedJaxpr)):
            if isinstance(value, core.Jaxpr | core.ClosedJaxpr):
                yield from _equations(getattr(value, "jaxpr", value))


@pytest.mark.parametrize("share_draw", [True, False])
def test_no_array_of_points_times_parameters(share_draw):
    dim, width, points = 5_000, 64, 20
    problem, network = BallPoisson(dim), eqx.nn.MLP(dim, "scalar", width, 2, activation=jnp.tanh, key=_key)
    step = stde.make_step(
        problem,
        estimator=stde.SparseSTDE(4),
        optimizer=stde.optim.NaturalGradient(momentum=0.9),
        batch_size=points,
        share_draw=share_draw,
    )
    state = eqx.filter_eval_shape(lambda: step.init(network, key=_key))
    jaxpr = jax.make_jaxpr(lambda state: step(state)[0].step)(state)
    largest = max(math.prod(var.aval.shape) for eqn in _equations(jaxpr.jaxpr) for var in eqn.outvars)
    assert largest <= max(dim * width, 5 * width * width * points)


def test_the_plan_prints_as_a_table():
    network = NETWORKS["mlp"]
    text = str(plan([_block(network, ESTIMATORS["sparse"], True)], eqx.filter(network, eqx.is_inexact_array)))
    lines = text.splitlines()
    assert len(lines) == 8 and len(set(map(len, lines))) == 1
    assert "outer products" in lines[1] and "written out" in lines[2] and "5 rows" in lines[-1]


def _step_by_hand(blocks, params, carried, *, damping, momentum, rate):
    residuals, matrix = _dense(blocks, params)
    gram = matrix @ matrix.T
    ahead = residuals + momentum * matrix @ carried
    weight = damping * jnp.mean(jnp.diag(gram))
    direction = momentum * carried - matrix.T @ jnp.linalg.solve(gram + weight * jnp.eye(gram.shape[0]), ahead)
    return rate * direction, direction


@pytest.mark.parametrize("momentum", [pytest.param(0.0, marks=pytest.mark.slow), 0.7])
def test_steps_against_the_formula(momentum):
    network = NETWORKS["mlp"]
    params = eqx.filter(network, eqx.is_inexact_array)
    blocks = [_block(network, ESTIMATORS["sparse"], True), _condition(network)]
    rate, damping = optax.linear_schedule(0.5, 0.1, 2), optax.constant_schedule(1e-2)
    optimizer = stde.optim.NaturalGradient(rate, damping=damping, momentum=momentum)
    state, carried = optimizer.init(params), jnp.zeros_like(_flat(params))
    for count in range(3):
        loss, updates, state = optimizer.update(blocks, state, params)
        expected, carried = _step_by_hand(
            blocks, params, carried, damping=1e-2, momentum=momentum, rate=float(jnp.asarray(rate(count)))
        )
        assert jnp.allclose(loss, jnp.sum(_dense(blocks, params)[0] ** 2), rtol=1e-12)
        np.testing.assert_allclose(_flat(updates), expected, atol=1e-9 * float(jnp.max(jnp.abs(expected))))
        params = eqx.apply_updates(params, updates)
    assert int(state.count) == 3


def test_conjugate_gradients_solve_the_damped_equations():
    network = NETWORKS["mlp"]
    params = eqx.filter(network, eqx.is_inexact_array)
    blocks = [_block(network, ESTIMATORS["sparse"], True), _condition(network)]
    _, matrix = _dense(blocks, params)
    solver = stde.optim.ConjugateGradients(tolerance=1e-12, max_steps=500)
    _, jacobian = solver.linearize(blocks, params)
    right = jr.normal(jr.key(13), matrix.shape[:1])
    count = jnp.asarray(4, jnp.int32)
    found = solver.solve(jacobian, right, 1e-2, count=count)
    # The damping is relative to an unbiased estimate of the trace, by the signs of this step.
    signs = jr.rademacher(jr.fold_in(jr.key(0), count), right.shape, right.dtype)
    weight = 1e-2 * jnp.sum((signs @ matrix) ** 2) / right.shape[0]
    np.testing.assert_allclose(
        found, jnp.linalg.solve(matrix @ matrix.T + weight * jnp.eye(len(right)), right), rtol=1e-8
    )


@pytest.mark.parametrize("solver", [stde.optim.Cholesky(), stde.optim.ConjugateGradients()])
def test_where_all_derivatives_vanish_the_step_is_zero(solver):
    block = Block(lambda params, item, _: item * (1 + params["a"] * params["b"]), jnp.arange(1.0, 4.0), None)
    params = {"a": jnp.zeros(()), "b": jnp.zeros(())}
    optimizer = stde.optim.NaturalGradient(solver=solver)
    loss, updates, _ = optimizer.update([block], optimizer.init(params), params)
    assert loss == 14 and updates == {"a": 0, "b": 0}


def test_one_step_solves_a_linear_problem():
    matrix, right = jr.normal(jr.key(1), (6, 9)), jr.normal(jr.key(2), (6,))
    block = Block(lambda params, item, _: item[0] @ params["x"] - item[1], (matrix, right), None)
    params = {"x": jnp.ones(9)}
    optimizer = stde.optim.NaturalGradient(damping=1e-14)
    _, updates, _ = optimizer.update([block], optimizer.init(params), params)
    # The nearest of the solutions.
    expected = params["x"] + jnp.linalg.pinv(matrix) @ (right - matrix @ params["x"])
    np.testing.assert_allclose(params["x"] + updates["x"], expected, rtol=1e-9)


@pytest.mark.parametrize(
    "loss_along, slope, expected",
    [
        [lambda s: (1 - s) ** 2, -2.0, 1.0],
        [lambda s: (1 - 8 * s) ** 2, -16.0, 0.125],
        [lambda s: jnp.where(s > 0.3, jnp.nan, 1 - s), -1.0, 0.25],
        [lambda s: jnp.where(s > 0, 2.0, 1.0), -1.0, 2.0**-4],
    ],
    ids=["whole", "shorter", "not finite", "never"],
)
def test_backtracking(loss_along, slope, expected):
    search = stde.optim.Backtracking(sufficient=0.5, max_trials=4)
    step = search(loss_along, jnp.asarray(1.0), jnp.asarray(slope), 1.0)
    assert float(step) == expected


@pytest.mark.slow
def test_the_loss_is_that_of_other_optimisers():
    problem = stde.SoftInitial(_heat())
    network = stde.nn.SpaceTime(eqx.nn.MLP(4, "scalar", 8, 1, activation=jnp.tanh, key=_key))
    losses = []
    for optimizer in (optax.sgd(0.0), stde.optim.NaturalGradient()):
        step = stde.make_step(problem, estimator=stde.SparseSTDE(2), optimizer=optimizer, batch_size=7)
        losses.append(step(step.init(network, key=_key))[1].loss)
    assert jnp.allclose(losses[0], losses[1], rtol=1e-12)


def _heat():
    import zoo

    return zoo.Heat(3, 0.3)


@pytest.mark.optimized
@pytest.mark.slow
def test_training_beats_adam_step_by_step():
    problem, network = BallPoisson(), eqx.nn.MLP(5, "scalar", 16, 2, activation=jnp.tanh, key=_key)
    options: dict[str, Any] = dict(estimator=stde.Exact(), steps=60, batch_size=50, key=_key, num_test_points=500)
    search = stde.optim.Backtracking()
    natural = stde.train(problem, network, optimizer=stde.optim.NaturalGradient(step_size=search), **options)
    adam = stde.train(problem, network, optimizer=optax.adam(1e-2), **options)
    assert natural.metrics.skill is not None and adam.metrics.skill is not None
    assert natural.metrics.skill < 0.1 * adam.metrics.skill


@pytest.mark.parametrize(
    "arguments, match",
    [
        [dict(learning_rate=0.0), "`learning_rate` must be positive"],
        [dict(damping=-1.0), "`damping` must be positive"],
        [dict(momentum=1.0), "at least 0 and below 1"],
    ],
)
def test_wrong_arguments(arguments, match):
    with pytest.raises(ValueError, match=match):
        stde.optim.NaturalGradient(**arguments)


def test_wrong_solver_arguments():
    with pytest.raises(ValueError, match="tolerance > 0"):
        stde.optim.ConjugateGradients(tolerance=0.0)


def test_another_loss_is_refused():
    with pytest.raises(ValueError, match="leave out `loss`"):
        stde.make_step(BallPoisson(), optimizer=stde.optim.NaturalGradient(), loss=stde.UnbiasedSquare())


def test_damping_is_raised_where_rounding_makes_the_factorisation_fail():
    """Rows that are equal to the last digit but one: in float32 their Gram matrix is not positive definite."""
    rng = np.random.default_rng(0)
    rows = jnp.asarray(rng.normal(size=(1, 40)) + 1e-5 * rng.normal(size=(300, 40)), jnp.float32)
    right = jnp.asarray(rng.normal(size=300), jnp.float32)

    class Written(eqx.Module):
        def gram(self):
            return rows @ rows.T

    damped = lambda damping: rows @ rows.T + damping * jnp.mean(jnp.sum(rows**2, 1)) * jnp.eye(300, dtype=jnp.float32)
    assert not bool(jnp.all(jnp.isfinite(jnp.linalg.cholesky(damped(1e-9)))))
    solve = lambda damping: stde.optim.Cholesky().solve(Written(), right, damping, count=jnp.zeros((), jnp.int32))
    assert bool(jnp.all(jnp.isfinite(solve(1e-9))))
    # Where nothing fails nothing is raised, and what is not finite stays so.
    assert jnp.allclose(solve(1e-1), jnp.linalg.solve(damped(1e-1), right), rtol=1e-3, atol=1e-3)
    bad = stde.optim.Cholesky().solve(Written(), right.at[0].set(jnp.nan), 1e-1, count=jnp.zeros((), jnp.int32))
    assert bool(jnp.any(jnp.isnan(bad)))


@pytest.mark.parametrize("arguments", [dict(sufficient=0.0), dict(factor=1.0), dict(max_trials=0)])
def test_backtracking_refuses(arguments):
    with pytest.raises(ValueError, match="between 0 and 1, and max_trials >= 1"):
        stde.optim.Backtracking(**arguments)


@pytest.mark.parametrize("step_size", [None, stde.optim.Backtracking()])
@pytest.mark.parametrize("solver", [stde.optim.Cholesky(), stde.optim.ConjugateGradients()])
def test_points_of_more_digits_than_the_network(solver, step_size):
    network = jax.tree.map(
        lambda leaf: leaf.astype(jnp.float32) if eqx.is_inexact_array(leaf) else leaf,
        eqx.nn.MLP(5, "scalar", 8, 1, activation=jnp.tanh, key=jr.key(0)),
    )
    optimizer = stde.optim.NaturalGradient(momentum=0.5, solver=solver, step_size=step_size)
    solution = stde.train(BallPoisson(), network, optimizer=optimizer, steps=3, batch_size=10, key=jr.key(0))
    assert {leaf.dtype for leaf in jax.tree.leaves(eqx.filter(solution.state.network, eqx.is_array))} == {
        jnp.dtype(jnp.float32)
    }
    assert solution.metrics.skill is not None and solution.metrics.skill < 1
