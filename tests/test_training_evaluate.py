import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

import stde_eqx as stde

from .training_problems import Adapted, BallPoisson, mlp


def _points(problem, num_points, chunks, key):
    size = -(-num_points // chunks)
    return jnp.concatenate([problem.sample(size, key=k) for k in jr.split(key, chunks)])[:num_points]


@pytest.mark.parametrize(("num_points", "chunk_size", "chunks"), ((64, None, 1), (64, 16, 4), (37, 10, 4)))
def test_errors_are_those_of_the_materialised_test_set(num_points, chunk_size, chunks, getkey):
    problem, key = BallPoisson(), getkey()
    u = problem.ansatz(mlp())
    found = stde.evaluate(problem, u, num_points=num_points, key=key, chunk_size=chunk_size)
    points = _points(problem, num_points, chunks, key)
    predicted, exact = np.asarray(jax.vmap(u)(points)), np.asarray(jax.vmap(problem.exact)(points))
    factor = 1 - np.sum(np.asarray(points) ** 2, axis=1)
    constant = np.linalg.lstsq(factor[:, None], exact)[0][0]
    norm = np.linalg.norm
    np.testing.assert_allclose(found.relative_l1, norm(predicted - exact, 1) / norm(exact, 1), rtol=1e-12)
    np.testing.assert_allclose(found.relative_l2, norm(predicted - exact) / norm(exact), rtol=1e-12)
    np.testing.assert_allclose(found.trivial_l2, norm(constant * factor - exact) / norm(exact), rtol=1e-10)
    np.testing.assert_allclose(found.skill, found.relative_l2 / found.trivial_l2, rtol=1e-14)
    assert found.num_points == num_points


def test_the_exact_solution_has_no_error_and_the_best_constant_skill_one(getkey):
    problem, key = BallPoisson(), getkey()
    assert stde.evaluate(problem, problem.exact, num_points=50, key=key).relative_l2 < 1e-15
    points = _points(problem, 50, 1, key)
    factor = jax.vmap(problem.ansatz(lambda x: jnp.ones(())))(points)
    exact = jax.vmap(problem.exact)(points)
    best = problem.ansatz(lambda x: jnp.dot(factor, exact) / jnp.dot(factor, factor))
    np.testing.assert_allclose(stde.evaluate(problem, best, num_points=50, key=key).skill, 1.0, rtol=1e-10)


def test_tiny_trivial_errors_are_resolved_in_float32(getkey):
    # A solution that is a constant up to 1e-5: squared, its distance to the constant is far below float32's epsilon.
    almost_constant = lambda problem, x: (1 - jnp.sum(x**2)) * (1 + 1e-5 * x[0])
    key = getkey()
    found = {}
    for dtype in (jnp.float32, jnp.float64):
        points = BallPoisson().sample(2_000, key=key)
        fixed = lambda problem, n, *, key, dtype=dtype, points=points: points[:n].astype(dtype)
        problem = Adapted(BallPoisson(dtype=dtype), sampler=fixed, solution=almost_constant)
        found[dtype] = stde.evaluate(problem, problem.exact, num_points=2_000, key=key, chunk_size=2_000).trivial_l2
    assert 1e-7 < found[jnp.float64] < 1e-5
    np.testing.assert_allclose(found[jnp.float32], found[jnp.float64], rtol=0.02)


def test_an_inhomogeneous_boundary_is_part_of_the_trivial_ansatz(getkey):
    class Lifted(stde.AbstractProblem):
        dim: int = 5

        def sample(self, num_points, *, key):
            return jr.uniform(key, (num_points, 5)) / 5

        def residual(self, u, x, *, estimator, key):
            return stde.Laplacian()(u, x, estimator=estimator, key=key)

        def ansatz(self, net):
            return stde.nn.HardConstraint(lambda x: 1 - jnp.sum(x**2), net, lambda x: 100 + jnp.sum(x))

        def exact(self, x):
            return 100 + jnp.sum(x) + 3 * (1 - jnp.sum(x**2))

    assert stde.evaluate(Lifted(), mlp(), num_points=50, key=getkey()).trivial_l2 < 1e-14


def test_points_are_never_materialised_together(getkey):
    largest = []

    def sampler(problem, num_points, *, key):
        largest.append(num_points)
        return BallPoisson.sample(problem, num_points, key=key)

    problem = Adapted(BallPoisson(), sampler=sampler)
    stde.evaluate(problem, problem.exact, num_points=2_500, key=getkey())
    assert max(largest) <= 1_000


def test_a_problem_without_exact_solution_says_so(getkey):
    problem = Adapted(BallPoisson(), solution=lambda problem, x: None)
    with pytest.raises(ValueError, match="exact` returns None"):
        stde.evaluate(problem, mlp(), key=getkey())


def test_a_function_of_another_dimension_is_refused(getkey):
    with pytest.raises(ValueError, match="in_size=5"):
        stde.evaluate(BallPoisson(), mlp(4), key=getkey())


@pytest.mark.parametrize("constant", (0.0, 3.0))
def test_predictions_are_the_values_and_the_best_constant(constant, getkey):
    problem, key = BallPoisson(), getkey()
    u = problem.ansatz(mlp())
    found = stde.training.predictions(problem, u, num_points=50, constant=constant, key=key)
    points = _points(problem, 50, 1, key)
    exact, factor = np.asarray(jax.vmap(problem.exact)(points)), 1 - np.sum(np.asarray(points) ** 2, axis=1)
    best = np.linalg.lstsq(factor[:, None], exact)[0][0]
    np.testing.assert_allclose(found.predicted, jax.vmap(u)(points), rtol=1e-9)
    np.testing.assert_allclose(found.exact, exact, rtol=1e-12)
    np.testing.assert_allclose(found.trivial, best * factor, rtol=1e-10)


def test_predictions_want_an_exact_solution(getkey):
    problem = Adapted(BallPoisson(), solution=lambda problem, x: None)
    with pytest.raises(ValueError, match="nothing to compare"):
        stde.training.predictions(problem, problem.ansatz(mlp()), key=getkey())
