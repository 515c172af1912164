"""How the parts of a loss are weighed against each other."""

import itertools
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
import pytest
from jax.flatten_util import ravel_pytree

import stde_eqx as stde
from stde_eqx.optim.jacobian import Block
from stde_eqx.training.weighting import GradientNorm, NeuralTangentKernel, SoftAdapt

from .helpers import tree_allclose
from .training_problems import mlp


class Boundary(stde.AbstractPenalty):
    """A multiple of u on a side of the square."""

    factor: float = 1.0
    weight: float = 10.0
    num_points: int = eqx.field(static=True, default=4)

    def sample(self, num_points, *, key):
        return jr.uniform(key, (num_points, 2)).at[:, 0].set(0)

    def residual(self, u, *point):
        return self.factor * u(*point)


class Square(stde.AbstractProblem):
    """Laplacian u = 1 on the square, with penalties of u on its boundary."""

    sides: tuple[Boundary, ...] = (Boundary(),)
    dim: int = eqx.field(static=True, default=2)

    def sample(self, num_points, *, key):
        return jr.uniform(key, (num_points, 2))

    def residual(self, u, x, *, estimator, key):
        return stde.Laplacian()(u, x, estimator=estimator, key=key) - 1

    def penalties(self):
        return self.sides


_KINDS = [GradientNorm, NeuralTangentKernel, SoftAdapt]
_OPTIMIZERS = [optax.adam(1e-3), stde.optim.NaturalGradient(0.1)]


def _step(weighting, problem=None, **options):
    defaults: dict[str, Any] = {"optimizer": optax.adam(1e-3), "batch_size": 6}
    return stde.make_step(Square() if problem is None else problem, weighting=weighting, **defaults | options)


def _blocks(*scales: float) -> tuple[list[Block], dict]:
    """Parts of 3, 4, ... residuals of an MLP, each with a scale, and its parameters."""
    net = mlp(2, width=3)
    params, fixed = eqx.partition(net, eqx.is_inexact_array)

    def block(scale, num_points, key):
        residual: Callable = lambda params, x, _: scale * (jnp.sin(eqx.combine(params, fixed)(x)) - jnp.sum(x))
        return Block(residual, jr.normal(key, (num_points, 2)), None)

    keys = jr.split(jr.key(3), len(scales))
    return [block(scale, 3 + i, keys[i]) for i, scale in enumerate(scales)], params


def _dense(block, params):
    """The residuals of a block, and their Jacobian as a matrix."""
    flat, unravel = ravel_pytree(params)
    rows = lambda flat: jnp.stack(
        [block.residual(unravel(flat), block.items[i], block.common) for i in range(block.num_items)]
    )
    return jax.jit(lambda flat: (rows(flat), jax.jacfwd(rows)(flat)))(flat)


def _updated(weighting, blocks, params, values=None, *, state=None, step=0, key=None):
    state = weighting.init(len(blocks)) if state is None else state
    values = jnp.stack([jnp.sum(block(params) ** 2) for block in blocks]) if values is None else values
    key = jr.key(0) if key is None else key
    update = eqx.filter_jit(weighting.update)
    return update(state, blocks, values, params, step=jnp.asarray(step), key=key)


# By definition.


def test_gradient_norm_by_definition():
    blocks, params = _blocks(1.0, 3.0, 0.1)
    norms = []
    for block in blocks:
        residuals, jacobian = _dense(block, params)
        norms.append(jnp.linalg.norm(2 * jacobian.T @ residuals))
    paper = sum(norms) / jnp.stack(norms)
    factors = GradientNorm().factors(_updated(GradientNorm(), blocks, params))
    np.testing.assert_allclose(factors, paper / jnp.mean(paper), rtol=1e-5)


def test_neural_tangent_kernel_by_definition():
    """The estimate averaged over every vector of signs is the trace, and the factors are those of the average."""
    blocks, params = _blocks(1.0, 3.0)
    weighting, every_sign = NeuralTangentKernel(), []
    traces = jnp.stack([jnp.sum(_dense(block, params)[1] ** 2) for block in blocks])
    for block, trace in zip(blocks, traces, strict=True):
        _, jacobian = _dense(block, params)
        signs = jnp.array(list(itertools.product((-1.0, 1.0), repeat=block.num_items)))
        every_sign.append(jnp.sum((signs @ jacobian) ** 2, axis=1))
        np.testing.assert_allclose(jnp.mean(every_sign[-1]), trace, rtol=1e-12)
    # Every update sees one of those values, and many of them their mean.
    keys = jr.split(jr.key(7), 4_000)
    drawn = jax.vmap(lambda key: _updated(weighting, blocks, params, key=key).mean)(keys)
    for values, possible in zip(drawn.T, every_sign, strict=True):
        assert jnp.all(jnp.min(jnp.abs(values[:, None] / possible[None] - 1), axis=1) < 1e-5)
    assert jnp.all(jnp.abs(jnp.mean(drawn, 0) - traces) < 4 * jnp.std(drawn, 0) / 4_000**0.5)
    state = eqx.tree_at(lambda s: s.mean, weighting.init(2), traces.astype(jnp.float32))
    paper = jnp.sum(traces) / traces
    np.testing.assert_allclose(weighting.factors(state), paper / jnp.mean(paper), rtol=1e-5)


def test_the_signs_of_a_fixed_key_differ_from_update_to_update():
    blocks, params = _blocks(1.0, 3.0)
    means = jax.vmap(lambda step: _updated(NeuralTangentKernel(every=1), blocks, params, step=step).mean)(jnp.arange(8))
    assert len({tuple(mean) for mean in means.tolist()}) > 1


def test_soft_adapt_by_definition():
    blocks, params = _blocks(1.0, 3.0, 0.1)
    weighting = SoftAdapt(beta=2.0, decay=0.0)
    first, second = jnp.array([4.0, 1.0, 2.0]), jnp.array([2.0, 1.5, 2.0])
    state = _updated(weighting, blocks, params, first)
    np.testing.assert_allclose(weighting.factors(state), first / jnp.mean(first), rtol=1e-6)
    state = _updated(weighting, blocks, params, second, state=state, step=100)
    change = second - first
    paper = second * jnp.exp(2 * change / jnp.sum(jnp.abs(change)))
    np.testing.assert_allclose(weighting.factors(state), 3 * paper / jnp.sum(paper), rtol=1e-6)


def test_the_average_counts_the_first_updates_the_same():
    blocks, params = _blocks(1.0, 1.0)
    weighting = SoftAdapt(decay=0.6)
    values = jnp.array([[1.0, 2.0], [4.0, 3.0], [2.0, 8.0], [5.0, 1.0]])
    state, expected = weighting.init(2), jnp.zeros(2)
    for k, value in enumerate(values):
        state = _updated(weighting, blocks, params, value, state=state, step=100 * k)
        kept = min(0.6, k / (k + 1))
        expected = kept * expected + (1 - kept) * value
    np.testing.assert_allclose(state.values.mean, expected, rtol=1e-6)


@pytest.mark.parametrize("kind", _KINDS)
def test_factors_have_mean_one_and_are_one_before_the_first_update(kind):
    blocks, params = _blocks(1.0, 30.0, 1e-3)
    weighting = kind()
    assert jnp.array_equal(weighting.factors(weighting.init(3)), jnp.ones(3))
    factors = weighting.factors(_updated(weighting, blocks, params))
    np.testing.assert_allclose(jnp.mean(factors), 1, rtol=1e-6)
    assert jnp.all(factors > 0) and jnp.max(factors) > 2


# What vanishes.


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize("scales", [(1.0, 0.0, 2.0), (0.0, 1.0), (0.0, 0.0)])
def test_parts_that_vanish_leave_finite_factors(kind, scales):
    blocks, params = _blocks(*scales)
    factors = kind().factors(_updated(kind(), blocks, params))
    assert jnp.all(jnp.isfinite(factors)) and jnp.all(factors > 0)
    np.testing.assert_allclose(jnp.mean(factors), 1, rtol=1e-6)


@pytest.mark.parametrize("kind", [GradientNorm, NeuralTangentKernel])
def test_a_part_without_a_gradient_has_the_factor_one(kind):
    blocks, params = _blocks(1.0, 0.0, 2.0)
    assert kind().factors(_updated(kind(), blocks, params))[1] == 1


@pytest.mark.parametrize("kind", _KINDS)
def test_a_part_that_all_but_vanishes_does_not_switch_off_the_others(kind):
    blocks, params = _blocks(1.0, 1e-15)
    factors = kind(max_ratio=50.0).factors(_updated(kind(max_ratio=50.0), blocks, params))
    np.testing.assert_allclose(jnp.max(factors) / jnp.min(factors), 50, rtol=1e-5)


@pytest.mark.parametrize("kind", _KINDS)
def test_what_is_not_finite_is_not_averaged(kind):
    blocks, params = _blocks(1.0, 2.0)
    state = _updated(kind(), blocks, params)
    worse, _ = _blocks(1.0, jnp.inf)
    after = _updated(kind(), worse, params, state=state, step=100)
    assert jnp.all(jnp.isfinite(kind().factors(after)))


def test_negative_values_are_as_good_as_none():
    """An unbiased square may be negative."""
    blocks, params = _blocks(1.0, 2.0)
    factors = SoftAdapt().factors(_updated(SoftAdapt(), blocks, params, jnp.array([-0.1, 1.0])))
    assert jnp.all(factors > 0) and factors[0] < 1e-3


# In training.


def _flat_gradient(function, params):
    return ravel_pytree(jax.grad(function)(params))[0]


@pytest.mark.slow
def test_the_step_measures_its_own_parts():
    """Against the gradients of both parts, written out from the step's points and scales."""
    problem, step = Square(), _step(GradientNorm())
    state = step.init(mlp(2), key=jr.key(1))
    after, _ = step(state)
    points_key, _, penalty_key = jr.split(jr.fold_in(state.key, 0), 3)
    points = problem.sample(6, key=points_key)
    sides = problem.sides[0].sample(4, key=jr.fold_in(penalty_key, 0))
    u = lambda net: lambda x: state.scales.shift + state.scales.output * net(x)
    inside = lambda net: jnp.mean(jax.vmap(lambda x: jnp.trace(jax.hessian(u(net))(x)) - 1)(points) ** 2)
    outside = lambda net: 10 * jnp.mean(jax.vmap(u(net))(sides) ** 2)
    params, fixed = eqx.partition(state.network, eqx.is_inexact_array)
    norm = lambda part: jnp.linalg.norm(_flat_gradient(lambda p: part(eqx.combine(p, fixed)), params))
    norms = jnp.stack([norm(inside), norm(outside)]) / state.scales.residual**2
    np.testing.assert_allclose(after.weighting.mean, norms, rtol=1e-5)


@pytest.mark.parametrize("optimizer", [optax.sgd(0.1), stde.optim.NaturalGradient(0.1)])
def test_factors_are_those_of_the_weights_of_the_problem(optimizer):
    """A step with given factors is the step of the problem with these weights: loss and update."""

    class Fixed(stde.training.weighting.AbstractWeighting):
        def init(self, num_parts):
            return jnp.array([1.0, 2.5], jnp.float32)

        def factors(self, state):
            return state

        def update(self, state, blocks, values, params, *, step, key):
            return state

    weighed = _step(Fixed(), optimizer=optimizer)
    other = _step(None, Square(sides=(Boundary(weight=25.0),)), optimizer=optimizer)
    options: dict[str, Any] = {"key": jr.key(1)}
    state, second = weighed.init(mlp(2), **options), other.init(mlp(2), **options)
    second = eqx.tree_at(lambda s: s.scales, second, state.scales)
    (state, metrics), (second, expected) = weighed(state), other(second)
    np.testing.assert_allclose(metrics.loss, expected.loss, rtol=1e-6)
    assert tree_allclose(state.arrays, second.arrays, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("kind", _KINDS)
def test_updates_happen_every_so_often(kind):
    step = _step(kind(every=3))
    state, changed = step.init(mlp(2), key=jr.key(1)), []
    for _ in range(7):
        before = state.weighting
        state, _ = step(state)
        changed.append(not tree_allclose(before, state.weighting, rtol=0, atol=0))
    assert changed == [True, False, False, True, False, False, True]


@pytest.mark.parametrize("kind", [GradientNorm, NeuralTangentKernel])
def test_between_updates_no_part_is_evaluated(kind):
    """All that works on the network is in one branch of a conditional."""
    blocks, params = _blocks(1.0, 3.0)
    weighting = kind(every=10)
    update = lambda params, step: weighting.update(
        weighting.init(2), blocks, jnp.ones(2), params, step=step, key=jr.key(0)
    )
    jaxpr = jax.make_jaxpr(update)(params, jnp.asarray(3)).jaxpr
    assert "cond" in {equation.primitive.name for equation in jaxpr.eqns}
    assert not {"dot_general", "tanh", "sin"} & {equation.primitive.name for equation in jaxpr.eqns}
    assert "dot_general" in str(jaxpr)


@pytest.mark.slow
@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize("optimizer", _OPTIMIZERS, ids=["adam", "natural gradient"])
def test_training_goes_on_from_its_state(kind, optimizer):
    options: dict[str, Any] = {
        "optimizer": optimizer,
        "weighting": kind(every=2),
        "batch_size": 8,
        "num_test_points": 10,
        "num_report_points": 5,
    }
    net, key = mlp(2), jr.key(4)
    whole = stde.train(Square(), net, steps=8, key=key, **options)
    part = stde.train(Square(), net, steps=5, key=key, **options)
    rest = stde.train(Square(), part.state, steps=3, key=key, **options)
    assert whole.metrics.loss is not None and np.isfinite(whole.metrics.loss)
    assert whole.state.weighting is not None
    assert tree_allclose(whole.state.weighting, rest.state.weighting, rtol=1e-6)
    assert tree_allclose(whole.state.arrays, rest.state.arrays, rtol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("kind", _KINDS)
def test_training_keeps_its_precision(kind):
    class Single(Square):
        def sample(self, num_points, *, key):
            return super().sample(num_points, key=key).astype(jnp.float32)

    class SingleSide(Boundary):
        def sample(self, num_points, *, key):
            return super().sample(num_points, key=key).astype(jnp.float32)

    step = _step(kind(every=1), Single(sides=(SingleSide(),)), optimizer=optax.lbfgs(), fixed_batch=True)
    state = step.init(mlp(2, dtype=jnp.float32), key=jr.key(1))
    after, metrics = jax.lax.scan(lambda s, _: step(s), state, length=2)
    assert metrics.loss.dtype == jnp.float32 and bool(jnp.all(metrics.finite))
    assert jax.tree.map(jnp.shape, after) == jax.tree.map(jnp.shape, state)


@pytest.mark.slow
@pytest.mark.parametrize("kind", _KINDS)
def test_a_penalty_that_holds_already_does_no_harm(kind):
    step = _step(kind(every=1), Square(sides=(Boundary(), Boundary(factor=0.0))))
    state, metrics = jax.lax.scan(lambda s, _: step(s), step.init(mlp(2), key=jr.key(1)), length=5)
    assert jnp.all(metrics.finite) and jnp.all(jnp.isfinite(kind().factors(state.weighting)))


def test_a_weighting_is_stored_with_the_state(tmp_path):
    step = _step(SoftAdapt(every=1))
    state, _ = step(step.init(mlp(2), key=jr.key(1)))
    stde.training.save(tmp_path / "state", state)
    restored = stde.training.load(tmp_path / "state", like=step.init(mlp(2, key=jr.key(9)), key=jr.key(8)))
    assert tree_allclose(restored.weighting, state.weighting, rtol=0, atol=0)


# What is refused.


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize(
    "options,match",
    [
        ({"every": 0}, "`every` of `{}`.*got 0"),
        ({"every": 2.5}, "`every` of `{}`.*got 2.5"),
        ({"decay": 1.0}, "`decay` of `{}`.*got 1.0"),
        ({"decay": -0.1}, "`decay` of `{}`.*got -0.1"),
        ({"max_ratio": 1.0}, "`max_ratio` of `{}`.*got 1.0"),
        ({"max_ratio": float("inf")}, "`max_ratio` of `{}`.*got inf"),
    ],
)
def test_weightings_refuse(kind, options, match, unchecked):
    with pytest.raises(ValueError, match=match.format(kind.__name__)):
        kind(**options)


@pytest.mark.parametrize("beta", [float("nan"), 31.0, "1"])
def test_soft_adapt_refuses(beta, unchecked):
    with pytest.raises(ValueError, match=f"`beta` of `SoftAdapt`.*got {beta!r}"):
        SoftAdapt(beta=beta)


def test_a_problem_without_penalties_has_nothing_to_weigh():
    with pytest.raises(ValueError, match="`Square` has none: leave it out"):
        _step(GradientNorm(), Square(sides=()))


def test_a_state_is_continued_with_the_weighting_it_began_with():
    solution = stde.train(Square(), mlp(2), steps=1, weighting=GradientNorm(), key=jr.key(0), num_test_points=4)
    with pytest.raises(ValueError, match="another `average` or `weighting`"):
        stde.train(Square(), solution.state, steps=1, key=jr.key(0))
    with pytest.raises(ValueError, match="another `weighting` than SoftAdapt"):
        stde.train(Square(), solution.state, steps=1, weighting=SoftAdapt(), key=jr.key(0))


def test_points_that_move_are_not_fixed_on_many_devices_either():
    moving = stde.training.collocation.ResidualWeighted()
    for collocation in (moving, stde.training.collocation.Sharded(moving)):
        with pytest.raises(ValueError, match="`fixed_batch=True` keeps the points"):
            _step(None, collocation=collocation, fixed_batch=True)
