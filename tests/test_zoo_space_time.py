"""Problems of space-time: their residuals and sources, what they refuse, and that they train."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

import stde_eqx as stde
import zoo

from .space_time_cases import EXACT, MANUFACTURED, network, PROBLEMS, residual_of, terms, with_problems


@pytest.mark.parametrize("name", EXACT)
def test_exact_solution_solves_the_equation(name, getkey):
    problem = EXACT[name]
    x = problem.sample(20, key=getkey())
    parts = np.asarray(jax.jit(jax.vmap(lambda x: terms(problem, problem.exact, x)))(x))
    largest = np.max(np.abs(parts), axis=1)
    assert np.max(largest) > 0.1  # not the solution that is nowhere to be seen
    assert np.all(np.abs(parts.sum(axis=1)) <= 1e-8 * largest)
    assert np.all(np.abs(residual_of(problem, problem.exact)(x)) <= 1e-8 * largest)
    assert np.all(np.asarray(jax.vmap(problem.source)(x)) == 0)


@pytest.mark.parametrize("name", MANUFACTURED)
def test_source_is_the_equation_of_the_exact_solution(name, getkey):
    problem = MANUFACTURED[name]
    x = problem.sample(20, key=getkey())
    parts = np.asarray(jax.jit(jax.vmap(lambda x: terms(problem, problem.exact, x)))(x))
    largest = np.max(np.abs(parts), axis=1)
    assert np.all(np.abs(np.asarray(jax.vmap(problem.source)(x)) - parts.sum(axis=1)) <= 1e-10 * largest)
    assert np.all(np.abs(residual_of(problem, problem.exact)(x)) <= 1e-10 * largest)


@pytest.mark.sampled(every=2)
@with_problems
def test_residual_of_another_function(name, getkey):
    problem = PROBLEMS[name]
    net = network(problem, getkey())
    x = problem.sample(3, key=getkey())
    parts = np.asarray(jax.jit(jax.vmap(lambda x: terms(problem, net, x)))(x))
    expected = parts.sum(axis=1) - np.asarray(jax.vmap(problem.source)(x))
    assert np.allclose(residual_of(problem, net)(x), expected, rtol=1e-10, atol=1e-10 * np.max(np.abs(parts)))
    perturbed = residual_of(problem, lambda x: problem.exact(x) + 0.1 * net(x))(x)
    assert np.all(np.abs(perturbed) > 1e-5)


@with_problems
def test_estimator_and_key_make_no_difference(name, getkey):
    problem = PROBLEMS[name]
    net, x = network(problem, getkey()), problem.sample(1, key=getkey())[0]
    exact = problem.residual(net, x, estimator=stde.Exact(), key=None)
    assert problem.residual(net, x, estimator=stde.SparseSTDE(1), key=getkey()) == exact


@with_problems
def test_points_lie_in_the_domain(name, getkey):
    problem = PROBLEMS[name]
    x = np.asarray(problem.sample(2000, key=getkey()))
    lower, upper = np.asarray(problem.domain.lower), np.asarray(problem.domain.upper)
    assert x.shape == (2000, problem.dim)
    assert np.all((lower <= x) & (x <= upper))
    assert jnp.array_equal(problem.sample(7, key=jr.key(1)), problem.domain.sample(7, key=jr.key(1)))


@with_problems
def test_unknown_must_be_scalar(name, getkey):
    problem = PROBLEMS[name]
    net = eqx.nn.MLP(problem.dim, 1, 6, 1, key=getkey())
    with pytest.raises(ValueError, match=r'scalar value, got shape \(1,\).*"scalar"'):
        problem.residual(net, jnp.zeros(problem.dim), estimator=stde.Exact(), key=None)


@pytest.mark.parametrize(
    "build, wrong, message",
    (
        (zoo.KdV, zoo.Lump(), r"built from a zoo.OneSoliton or zoo.TwoSolitons, got .*OneSoliton\(speed"),
        (zoo.KdV2D, zoo.OneSoliton(), "built from a zoo.TanhWave or zoo.TwoTanhWaves"),
        (zoo.KadomtsevPetviashvili, zoo.TanhWave(), "built from a zoo.LineSoliton or zoo.Lump"),
        (zoo.SineGordonLightCone, zoo.DampedWave(), "built from a zoo.Kink or zoo.Breather"),
        (zoo.KuramotoSivashinsky, jnp.sin, "built from a zoo.AbstractSpaceTimeSolution"),
        (zoo.CahnHilliard, zoo.DampedWave, "built from a zoo.AbstractSpaceTimeSolution"),
        (zoo.KuramotoSivashinsky, zoo.Lump(), "dim=2, time included, but the solution has dim=3"),
    ),
)
def test_only_a_solution_of_the_equation_will_do(build, wrong, message, unchecked):
    with pytest.raises(ValueError, match=message):
        build(wrong)


@pytest.mark.parametrize("domain", (zoo.Box((0, 0, 0), (1, 1, 1)), zoo.UnitBall(2), 3))
def test_wrong_domain(domain, unchecked):
    with pytest.raises(ValueError, match=r"(must be a zoo\.Box|needs a box of dim=2).*domain=Box"):
        zoo.KdV(zoo.OneSoliton(), domain=domain)


#: A problem of each family, steps, and a bound of the relative L2 error, about three times what other keys measured.
TRAINING = {
    "kdv-one": (zoo.KdV(zoo.OneSoliton()), 2000, 0.003),
    "kdv-two": (zoo.KdV(zoo.TwoSolitons()), 2000, 0.08),
    "kdv2d": (zoo.KdV2D(zoo.TanhWave()), 4000, 0.015),
    "kp1-lump": (zoo.KadomtsevPetviashvili(zoo.Lump()), 6000, 0.006),
    "kp2-line": (zoo.KadomtsevPetviashvili(zoo.LineSoliton()), 6000, 0.02),
    "sine-gordon-breather": (zoo.SineGordonLightCone(zoo.Breather()), 2000, 0.02),
    "kuramoto-sivashinsky": (zoo.KuramotoSivashinsky(zoo.DampedWave()), 2000, 0.015),
    "cahn-hilliard": (zoo.CahnHilliard(zoo.DampedWave()), 2000, 0.035),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", TRAINING)
def test_training_solves_it(name):
    problem, steps, bound = TRAINING[name]
    with jax.enable_x64(False):
        net = eqx.nn.MLP(problem.dim, "scalar", 32, 3, activation=jnp.tanh, key=jr.key(0))
        solution = stde.train(
            problem, net, estimator=stde.Exact(), steps=steps, batch_size=100, key=jr.key(1), num_test_points=2000
        )
    error, skill = solution.metrics.relative_l2, solution.metrics.skill
    assert error is not None and error < bound
    assert skill is not None and skill < 0.25  # the best constant network has the extension to build on, and no more
