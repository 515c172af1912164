"""Recipes of elliptic problems: what they build, and that their phases go on from each other."""

import dataclasses
import importlib
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import optax
import pytest

import stde_eqx as stde
import zoo
from zoo.recipes import Adam, Lbfgs, Natural, Neighbours, Perceptron, Phase, Recipe


_key = jr.key(0)
_problem = zoo.Poisson(zoo.TwoBody(6, key=_key))


def test_presets_print_what_they_are():
    for recipe in (zoo.recipes.paper(), zoo.recipes.quick(), zoo.recipes.accurate(100), zoo.recipes.accurate(10_000)):
        text = str(recipe)
        assert "Recipe(" in text and "Phase(" in text and "steps=" in text and "object at 0x" not in text


def test_a_preset_can_be_changed():
    recipe = dataclasses.replace(zoo.recipes.paper(), network=Perceptron(width=8, depth=1))
    network: Any = recipe.network.build(_problem, key=_key)
    assert network.width_size == 8
    assert zoo.recipes.paper().network == Perceptron(width=128, depth=3)


@pytest.mark.parametrize("equation", [zoo.Poisson, zoo.ClampedPlate])
@pytest.mark.parametrize("solution, size", [(zoo.TwoBody(6, key=_key), 2), (zoo.ThreeBody(6, key=_key), 3)])
def test_neighbours_see_as_many_coordinates_as_interact(equation, solution, size):
    network = Neighbours(width=4, depth=1, features=3).build(equation(solution), key=_key)
    assert network.size == size
    # Coordinates of the unit ball are small; the network sees them at size one.
    points = zoo.Poisson(solution).sample(2_000, key=jr.key(1))
    assert 0.7 < network.input_scale * float(jnp.sqrt(jnp.mean(points**2))) < 1.4


def test_a_network_that_is_built_again_is_the_same_but_for_its_weights():
    problem = zoo.Poisson(zoo.TwoBody(6, key=_key))
    first, second = (Neighbours(width=4, depth=1, features=3).build(problem, key=jr.key(seed)) for seed in (1, 2))
    assert eqx.tree_equal(*(eqx.filter(net, eqx.is_array, inverse=True) for net in (first, second)))


def test_neighbours_ask_where_the_interaction_is_not_known():
    custom = zoo.Poisson(zoo.CustomSolution(lambda x: jnp.sum(jnp.sin(x)), dim=6))
    with pytest.raises(ValueError, match="size=2"):
        Neighbours(width=4, depth=1, features=3).build(custom, key=_key)
    assert Neighbours(width=4, depth=1, features=3, size=2).build(custom, key=_key).size == 2


@pytest.mark.parametrize("dim", (2, 300, 301, 1_999, 2_000, 2_001, 30_001))
def test_accurate_batches_are_whole_chunks_and_see_every_interaction(dim):
    (phase,) = zoo.recipes.accurate(dim).phases
    assert phase.chunk_size is None or phase.batch_size % phase.chunk_size == 0
    assert phase.batch_size >= dim or dim > 2_000


def test_learning_rates():
    steps = 100
    params = {"x": jnp.zeros(())}
    gradient = {"x": jnp.ones(())}

    def rates(choice):
        optimizer = choice.build(steps)
        state, found = optimizer.init(params), []
        for _ in range(steps):
            # Adam's first steps have the size of the learning rate, and so have all under a constant gradient.
            updates, state = optimizer.update(gradient, state, params)
            found.append(-float(updates["x"]))
        return found

    linear, cosine = rates(Adam(0.1)), rates(Adam(0.1, cosine=True, warmup=0.1))
    assert linear[0] == pytest.approx(0.1, rel=1e-3) and linear[50] == pytest.approx(0.05, rel=1e-3)
    assert cosine[0] == 0 and cosine[5] == pytest.approx(0.05, rel=1e-3) and cosine[10] == pytest.approx(0.1, rel=1e-3)
    assert cosine[55] == pytest.approx(0.05, rel=1e-3) and cosine[-1] < 1e-3


@pytest.mark.slow
def test_phases_go_on_from_each_other():
    average = stde.training.ExponentialAverage(0.9)
    adam = Phase(Adam(1e-2, cosine=True), 30, stde.SparseSTDE(2), batch_size=20, share_draw=False, average=average)
    natural = Phase(Natural(damping=1e-3), 20, stde.Exact(), batch_size=40, chunk_size=20)
    refinement = Phase(Lbfgs(), 20, stde.Exact(), batch_size=300, fixed_batch=True)
    recipe = Recipe(Perceptron(width=8, depth=2), (adam, natural, refinement))
    solution = recipe.train(_problem, key=_key, num_test_points=500)
    assert solution.metrics.step == 70 and int(solution.state.step) == 70
    steps, times = [m.step for m in solution.history], [m.time for m in solution.history]
    assert steps == sorted(set(steps)) and times == sorted(times) and steps[-1] == 70
    assert solution.metrics.time > times[-1]
    skills: dict[int, Any] = {m.step: m.skill for m in solution.history}
    by_phase: list[Any] = [skills[last] for last in (30, 50, 70)]
    assert by_phase[1] < 0.8 * by_phase[0] and by_phase[2] < 0.8 * by_phase[0]
    assert solution.state.average is None


@pytest.mark.slow
def test_points_and_samples_are_balanced_on_the_way(monkeypatch):
    """Twenty coordinates of thirty, where most of the noise is between points; as if only samples took time."""
    monkeypatch.setattr(importlib.import_module("stde_eqx.training._balance"), "_costs", lambda *args, **_: (0.1, 1.0))
    problem = zoo.Poisson(zoo.TwoBody(30, key=_key))
    options: dict[str, Any] = dict(batch_size=40, share_draw=False, chunk_size=8, balances=2)
    phase = Phase(Adam(1e-2, cosine=True), 70, stde.SparseSTDE(20), **options)
    assert phase.parts() == (23, 23, 24)
    trained, make_step = [], stde.make_step
    monkeypatch.setattr(
        stde, "make_step", lambda *args, **options: trained.append(options) or make_step(*args, **options)
    )
    solution = Recipe(Perceptron(8, 1), (phase,)).train(problem, key=_key, num_test_points=500)
    assert int(solution.state.step) == 70 and solution.metrics.step == 70
    assert len(trained) == 4  # One for the first state.
    assert all((options["estimator"].num_samples, options["batch_size"]) == (20, 40) for options in trained[:2])
    for options in trained[2:]:
        assert 1 <= options["estimator"].num_samples < 20
        assert options["batch_size"] > 40 and options["batch_size"] % 8 == 0
    # One schedule for all parts: the optimiser goes on where it was.
    counts = [int(leaf) for leaf in jax.tree.leaves(solution.state.opt_state) if leaf.dtype == jnp.int32]
    assert set(counts) == {70}
    times = [m.time for m in solution.history]
    assert times == sorted(times)


@pytest.mark.parametrize(
    "change",
    [{"share_draw": True}, {"estimator": stde.Exact()}, {"fixed_batch": True}, {"balances": -1}, {"balances": 10}],
)
def test_what_cannot_be_balanced_is_refused(change):
    settings: dict[str, Any] = dict(estimator=stde.SparseSTDE(2), batch_size=5, share_draw=False, balances=1) | change
    with pytest.raises(ValueError, match="balance"):
        Phase(Adam(1e-3), 10, **settings)


def test_without_scales_the_network_is_bare():
    phase = Phase(Adam(1e-3), 1, stde.SparseSTDE(2), batch_size=5)
    solution = Recipe(Perceptron(8, 1), (phase,), scaled=False).train(_problem, key=_key, num_test_points=10)
    scales = solution.state.scales
    assert (scales.shift, scales.output, scales.residual) == (0, 1, 1)


def test_restarting_takes_the_averaged_network():
    network = eqx.nn.MLP(6, "scalar", 8, 1, activation=jnp.tanh, key=_key)
    average = stde.training.ExponentialAverage(0.9)
    step = stde.make_step(_problem, optimizer=optax.adam(1e-2), average=average, batch_size=10)
    state = step.init(network, key=_key)
    for _ in range(5):
        state, _ = step(state)
    x = jnp.full(6, 0.1)
    again = state.restarted(optax.sgd(0.1))
    assert jnp.array_equal(again.model(x), state.model(x)) and not jnp.array_equal(again.network(x), state.network(x))
    assert again.average is not None and state.restarted(optax.sgd(0.1), average=False).average is None
    assert jax.tree.structure(again.opt_state) == jax.tree.structure(
        optax.sgd(0.1).init(eqx.filter(network, eqx.is_array))
    )


@pytest.mark.optimized
@pytest.mark.slow
@pytest.mark.parametrize("solution", [zoo.TwoBody, zoo.ThreeBody])
@pytest.mark.parametrize("equation", [zoo.Poisson])
def test_accurate_learns_and_is_never_worse_than_a_constant(equation, solution):
    problem = equation(solution(100, key=jr.key(1)))
    recipe = zoo.recipes.accurate(100)
    recipe = eqx.tree_at(lambda r: r.phases[0].steps, recipe, 150)
    metrics = recipe.train(problem, key=jr.key(2), num_test_points=2_000).metrics
    assert metrics.skill is not None
    assert metrics.skill < (0.05 if solution is zoo.TwoBody else 0.9)


_DOMAINS = {"unit ball": zoo.UnitBall(20), "ball": zoo.Ball(20, 20**0.5), "cube": zoo.Cube(20, half_width=2.0)}


@pytest.mark.optimized
@pytest.mark.slow
@pytest.mark.parametrize("domain", list(_DOMAINS))
def test_never_worse_than_a_constant(domain):
    """Where the noise of one sampled coordinate of twenty is far more than what there is to learn, too."""
    problem = zoo.Poisson(zoo.TwoBody(20, key=jr.key(1), domain=_DOMAINS[domain]))
    phase = Phase(Adam(5e-3, cosine=True), 100, stde.SparseSTDE(1), batch_size=50, share_draw=False)
    metrics = Recipe(Perceptron(32, 2), (phase,)).train(problem, key=jr.key(2), num_test_points=4_000).metrics
    # The best constant for the residual, from noisy estimates of it, is not quite the best one for the error.
    assert metrics.skill is not None and metrics.skill < 1.1
