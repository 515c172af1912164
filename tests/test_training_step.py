from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
import pytest

import stde_eqx as stde
from stde_eqx.training import residuals, TrainState

from .helpers import tree_allclose
from .training_problems import Adapted, BallPoisson, mlp
from .zoo_battery import largest_array, primitives


def _step(problem=None, **kwargs):
    options = {"estimator": stde.SparseSTDE(2), "optimizer": optax.adam(1e-2), "batch_size": 8} | kwargs
    return stde.make_step(BallPoisson() if problem is None else problem, **options)


def _same(state, other):
    as_data = lambda s: eqx.tree_at(lambda t: t.key, s, jr.key_data(s.key))
    return tree_allclose(as_data(state), as_data(other), rtol=0, atol=0)


def test_a_step_is_the_optimiser_applied_to_the_gradient_of_the_loss():
    problem, net = BallPoisson(), mlp()
    step = _step(problem, estimator=stde.Exact(), optimizer=optax.sgd(0.1))
    state = step.init(net, key=jr.key(1))
    after, metrics = step(state)
    points_key, _ = jr.split(jr.fold_in(state.key, 0))
    points, scales = problem.sample(8, key=points_key), state.scales

    def loss(weight):
        moved = eqx.tree_at(lambda n: n.layers[0].weight, net, weight)
        u = lambda x: (1 - jnp.sum(x**2)) * (scales.shift + scales.output * moved(x))
        left = jax.vmap(lambda x: (jnp.trace(jax.hessian(u)(x)) - problem.source(x)) / scales.residual)(points)
        return jnp.mean(left**2)

    value, gradient = jax.jit(jax.value_and_grad(loss))(net.layers[0].weight)
    np.testing.assert_allclose(metrics.loss, value, rtol=1e-10)
    np.testing.assert_allclose(after.network.layers[0].weight, net.layers[0].weight - 0.1 * gradient, rtol=1e-10)
    assert after.step == 1 and bool(metrics.finite)


def test_the_loss_of_the_trivial_ansatz_is_one_before_training():
    zero = jax.tree.map(lambda leaf: 0 * leaf if eqx.is_inexact_array(leaf) else leaf, mlp())
    step = _step(batch_size=2_000)
    _, metrics = step(step.init(zero, key=jr.key(1)))
    assert 0.8 < metrics.loss < 1.2


def test_the_state_is_arrays_only_and_goes_through_jit_and_scan():
    step = _step()
    state = step.init(mlp(), key=jr.key(1))
    assert all(eqx.is_array(leaf) for leaf in jax.tree.leaves(state))
    by_hand = state
    for _ in range(4):
        by_hand, _ = step(by_hand)
    scanned, metrics = jax.jit(lambda s: jax.lax.scan(lambda c, _: step(c), s, length=4))(state)
    assert metrics.loss.shape == (4,)
    assert tree_allclose(scanned.network.layers[0].weight, by_hand.network.layers[0].weight, rtol=1e-12)
    assert scanned.step == 4


def test_a_step_is_traced_once():
    step = _step()
    compiled = jax.jit(eqx.debug.assert_max_traces(lambda s: step(s), max_traces=1))
    state = step.init(mlp(), key=jr.key(1))
    for _ in range(3):
        state, _ = compiled(state)
    assert isinstance(state, TrainState) and state.step == 3


def test_a_stored_state_goes_on_as_if_it_had_never_stopped(tmp_path):
    step = _step()
    middle = step.init(mlp(), key=jr.key(1))
    for _ in range(3):
        middle, _ = step(middle)
    stde.training.save(tmp_path / "state", middle)
    restored = stde.training.load(tmp_path / "state", like=step.init(mlp(key=jr.key(9)), key=jr.key(8)))
    assert _same(restored, middle)
    for _ in range(2):
        middle, _ = step(middle)
        restored, _ = step(restored)
    assert _same(restored, middle)


@pytest.mark.parametrize("platform", ("cuda", "tpu"))
def test_a_step_lowers_for_accelerators(platform):
    step = _step(BallPoisson(dtype=jnp.float32))
    state = step.init(mlp(dtype=jnp.float32), key=jr.key(1))
    lowered = jax.jit(step).trace(state).lower(lowering_platforms=(platform,))
    assert "stablehlo" in lowered.as_text()


@pytest.mark.parametrize(
    "optimizer",
    (
        optax.sgd(1e-2, momentum=0.9),
        optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(1e-2)),
        optax.lbfgs(),
        optax.contrib.schedule_free_adamw(1e-2),
    ),
    ids=("momentum", "clipped adamw", "lbfgs", "schedule-free"),
)
def test_any_optax_optimiser_decreases_the_loss(optimizer):
    step = _step(optimizer=optimizer, batch_size=50)
    state = step.init(mlp(), key=jr.key(1))
    state, metrics = jax.lax.scan(lambda c, _: step(c), state, length=60)
    assert jnp.mean(metrics.loss[-5:]) < 0.7 * metrics.loss[0]


def test_one_draw_is_shared_or_each_point_has_its_own(getkey):
    randomness = lambda problem, u, x, *, estimator, key: jr.uniform(key)
    problem = Adapted(BallPoisson(), modified_residual=randomness)
    points = problem.sample(16, key=getkey())
    draw = lambda shared: residuals(problem, mlp(), points, estimator=stde.Exact(), key=jr.key(3), share_draw=shared)
    assert len(set(draw(True).tolist())) == 1
    assert len(set(draw(False).tolist())) == 16


def test_drawing_per_point_agrees_in_the_mean(getkey):
    problem = BallPoisson()
    points = jnp.broadcast_to(problem.sample(1, key=getkey()), (5_000, 5))
    options = {"key": jr.key(3), "share_draw": False}
    estimated = eqx.filter_jit(residuals)(problem, mlp(), points, estimator=stde.SparseSTDE(1), **options)
    exact = residuals(problem, mlp(), points[:1], estimator=stde.Exact(), **options)[0]
    z = (jnp.mean(estimated) - exact) / (jnp.std(estimated) / len(points) ** 0.5)
    assert abs(z) < 4


def test_a_step_that_is_not_finite_is_not_taken():
    step = _step(optimizer=optax.adam(lambda count: jnp.where(count == 2, jnp.nan, 1e-2)))
    state = step.init(mlp(), key=jr.key(1))
    for _ in range(2):
        state, metrics = step(state)
        assert bool(metrics.finite)
    kept, metrics = step(state)
    assert jnp.isfinite(metrics.loss) and not metrics.finite
    assert _same(kept, state)


def test_the_network_of_the_caller_is_copied():
    net = mlp()
    state = _step().init(net, key=jr.key(1))
    assert state.network.layers[0].weight is not net.layers[0].weight
    assert state.network.activation is net.activation


def test_networks_with_frozen_integers_and_numpy_arrays_train():
    class Permuted(eqx.Module):
        net: eqx.nn.MLP
        order: jax.Array
        offset: np.ndarray

        def __call__(self, x):
            return self.net(x[self.order]) + self.offset

    step = _step()
    state = step.init(Permuted(mlp(), jnp.arange(5)[::-1], np.asarray(0.5)), key=jr.key(1))
    after, metrics = step(state)
    assert bool(metrics.finite)
    assert jnp.array_equal(after.network.order, state.network.order)
    assert after.network.offset != state.network.offset


@pytest.mark.slow
@pytest.mark.parametrize("share_draw", [True, False])
@pytest.mark.parametrize(
    "optimizer", [optax.adam(1e-3), stde.optim.NaturalGradient(momentum=0.5)], ids=["adam", "natural"]
)
def test_chunks_change_nothing(optimizer, share_draw):
    options: dict[str, Any] = dict(
        estimator=stde.SparseSTDE(2), optimizer=optimizer, batch_size=12, share_draw=share_draw
    )
    network = mlp()
    whole, chunked = (stde.make_step(BallPoisson(), chunk_size=size, **options) for size in (None, 4))
    state = whole.init(network, key=jr.key(0))
    (first, loss), (second, other) = whole(state), chunked(state)
    np.testing.assert_allclose(loss.loss, other.loss, rtol=1e-12)
    for a, b in zip(jax.tree.leaves(first.network), jax.tree.leaves(second.network), strict=True):
        if eqx.is_array(a):
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-12)


def test_chunks_must_divide_the_batch():
    with pytest.raises(ValueError, match="must divide `batch_size=10`"):
        stde.make_step(BallPoisson(), optimizer=optax.adam(1e-3), batch_size=10, chunk_size=4)


def test_points_that_move_cannot_be_a_fixed_batch():
    with pytest.raises(ValueError, match="leave out one"):
        stde.make_step(
            BallPoisson(),
            optimizer=optax.adam(1e-3),
            fixed_batch=True,
            collocation=stde.training.collocation.ResidualWeighted(),
        )


def test_the_plan_of_a_step_is_for_optimisers_that_see_residuals():
    step = stde.make_step(BallPoisson(), optimizer=stde.optim.NaturalGradient(), batch_size=7)
    state = step.init(mlp(), key=jr.key(0))
    assert step.jacobian_plan(state).rows == 7
    other = stde.make_step(BallPoisson(), optimizer=optax.adam(1e-3), batch_size=7)
    with pytest.raises(ValueError, match="an optimiser of Optax"):
        other.jacobian_plan(other.init(mlp(), key=jr.key(0)))


def test_residual_weighted_points_are_judged_in_chunks():
    problem, network = BallPoisson(), eqx.nn.MLP(5, "scalar", 64, 1, key=jr.key(0))

    def largest(chunk_size):
        weighted = stde.training.collocation.ResidualWeighted()
        step = _step(estimator=stde.Exact(), batch_size=40, chunk_size=chunk_size, collocation=weighted)
        scales = step.init(network, key=jr.key(1)).scales
        return largest_array(lambda key: step._points(network, scales, key=key), jr.key(3))

    # A pool of 400 points of 5 coordinates, and a network with 64 units.
    assert largest(None) >= 400 * 64
    assert largest(4) <= 400 * problem.dim


def test_scales_are_fitted_in_chunks():
    problem = BallPoisson()
    fitted = lambda chunk_size: (
        lambda points: stde.training.fit_scales(
            problem, points, estimator=stde.Exact(), key=jr.key(4), share_draw=True, chunk_size=chunk_size
        )
    )
    points = problem.sample(40, key=jr.key(2))
    assert tree_allclose(fitted(None)(points), fitted(4)(points))
    scans = lambda chunk_size: sum(e.primitive.name == "scan" for e in primitives(fitted(chunk_size), points))
    assert scans(None) == 0 < scans(4)
    # And a step does so, with as many points as are whole chunks.
    step = _step(estimator=stde.Exact(), batch_size=42, chunk_size=7)
    init = lambda key: step.init(mlp(5), key=key).scales
    assert any(e.primitive.name == "scan" for e in primitives(init, jr.key(5)))
