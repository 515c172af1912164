"""Recipes are what they say, and comparisons with references are right."""

import dataclasses

import jax
import jax.numpy as jnp
import jax.random as jr
import pytest

import stde_eqx as stde
import zoo


def test_recipes_print_and_change():
    for recipe in (zoo.recipes.quick_parabolic(), zoo.recipes.paper_parabolic()):
        assert "width=" in repr(recipe) and "SparseSTDE(num_samples=10)" in repr(recipe)
        assert dataclasses.replace(recipe, steps=7).steps == 7


def test_paths_lead_to_the_target_and_data_become_a_feature():
    problem = zoo.ParabolicAllenCahn(4)
    quick, paper = zoo.recipes.quick_parabolic(), zoo.recipes.paper_parabolic()
    assert isinstance(quick.problem(problem), stde.DataAsFeature)
    _, x = quick.problem(problem).sample(50, key=jr.key(0))
    assert jnp.all(quick.problem(problem).sample_at(jnp.full(3, 0.3), key=jr.key(0)) == 0)
    assert x.shape == (50, 4) and zoo.laws.Brownian(4, origin=0.3, head_start=0.03) == problem.law
    (penalty,) = paper.problem(problem).penalties()
    assert (penalty.weight, penalty.num_points) == (20.0, 100)
    network = quick.network.build(quick.problem(problem), key=jr.key(0))
    assert network(jnp.zeros(()), jnp.zeros(4), jnp.zeros(())).shape == ()
    plain = paper.network.build(paper.problem(problem), key=jr.key(0))
    assert plain(jnp.zeros(()), jnp.zeros(4)).shape == ()


def test_neighbours_are_for_problems_without_time():
    with pytest.raises(ValueError, match="solution and no time, got ParabolicAllenCahn.*Perceptron"):
        zoo.recipes.Neighbours(width=4, depth=1, features=3).build(zoo.ParabolicAllenCahn(4), key=jr.key(0))


@pytest.mark.optimized
@pytest.mark.slow
@pytest.mark.parametrize("name", ["quick_parabolic", "paper_parabolic"])
def test_recipes_train(name):
    recipe = dataclasses.replace(
        getattr(zoo.recipes, name)(), network=zoo.recipes.Perceptron(width=8, depth=3), steps=10, batch_size=8
    )
    solution = recipe.train(zoo.OrnsteinUhlenbeck(12), key=jr.key(0))
    assert solution.status is stde.training.Status.completed
    assert solution.metrics.loss is not None and jnp.isfinite(solution.metrics.loss)


def test_comparison_with_an_exact_solution():
    problem = zoo.OrnsteinUhlenbeck(12)
    right = zoo.references.compare(problem, problem.exact)
    assert right.target_error < 1e-14 and right.cloud_error is not None and right.cloud_error < 1e-14
    wrong = zoo.references.compare(problem, lambda t, x: 1.01 * problem.exact(t, x))
    assert wrong.cloud_error is not None and jnp.isclose(wrong.cloud_error, 0.01)
    assert jnp.isclose(wrong.target_error, 0.01)


def test_comparison_with_a_stored_one():
    problem = zoo.ParabolicAllenCahn(10)
    found = zoo.references.compare(problem, lambda t, x: jnp.full((), 0.9))
    assert abs(found.reference - 0.8905302) < 1e-6 and jnp.isclose(found.target_error, 0.9 / 0.8905302 - 1, rtol=1e-4)
    assert found.cloud_error is not None and 0.01 < found.cloud_error < 0.3


def test_nothing_to_compare_with(unchecked):
    with pytest.raises(ValueError, match="No value of ParabolicAllenCahn at its target is known for dim=7"):
        zoo.references.compare(zoo.ParabolicAllenCahn(7), lambda t, x: jnp.zeros(()))


@pytest.mark.optimized
@pytest.mark.slow
@pytest.mark.parametrize("problem", [zoo.SemilinearHeat, zoo.ParabolicAllenCahn])
def test_the_quick_recipe_is_accurate(problem):
    """A tenth of its steps, in float32."""
    recipe = dataclasses.replace(zoo.recipes.quick_parabolic(), steps=4_000)
    with jax.enable_x64(False):
        solution = recipe.train(problem(10), key=jr.key(0))
        found = zoo.references.compare(problem(10), solution.u)
    assert found.target_error < 2e-3, found
