"""Solutions of problems of space-time: accuracy in single precision, and what they refuse."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

import stde_eqx as stde
import zoo

from .space_time_cases import Bump, PROBLEMS, residual_of, T, with_problems


@with_problems
def test_everything_is_finite_in_float32_far_from_the_wave(name):
    problem = PROBLEMS[name]
    if isinstance(problem.solution, Bump | zoo.DampedWave):
        pytest.skip("not a wave that decays")
    with jax.enable_x64(False):
        x = jnp.stack([jnp.full(problem.dim, scale).at[T].set(t) for scale in (-300.0, 30.0, 300.0) for t in (0, 1)])
        assert np.all(np.isfinite(residual_of(problem, problem.exact)(x)))
        near = problem.sample(20, key=jr.key(0))
        single = jax.vmap(problem.exact)(near)
        assert single.dtype == jnp.float32
    double = jax.vmap(problem.exact)(near.astype(jnp.float64))
    assert np.allclose(single, double, rtol=2e-5, atol=2e-6)


def test_two_solitons_pass_through_each_other():
    wave = zoo.TwoSolitons(speeds=(2.0, 0.5), positions=(0.0, 0.0))
    grid = jnp.linspace(-60, 60, 6001)
    for time, order in ((-20.0, 1), (20.0, -1)):
        u = np.asarray(jax.vmap(lambda x, time=time: wave(jnp.stack([jnp.asarray(time), x])))(grid))
        peaks = np.flatnonzero((u[1:-1] > u[:-2]) & (u[1:-1] > u[2:])) + 1
        assert np.allclose(u[peaks], [1.0, 0.25][::order], rtol=1e-4)  # c / 2; the faster one behind, then ahead


@with_problems
def test_wrong_point(name, unchecked):
    problem = PROBLEMS[name]
    wrong = jnp.zeros(problem.dim + 1)
    residual = lambda x: problem.residual(jnp.sum, x, estimator=stde.Exact(), key=None)
    for function in (problem.exact, residual):
        with pytest.raises(ValueError, match=rf"shape \({problem.dim},\), got an array of shape"):
            function(wrong)
    with pytest.raises(ValueError, match=r"use jax\.vmap"):
        problem.exact(jnp.zeros((4, problem.dim)))


@pytest.mark.parametrize(
    "build, message",
    (
        (lambda: zoo.OneSoliton(speed=-1), "speed must be positive"),
        (lambda: zoo.OneSoliton(position=float("nan")), "position must be a finite number"),
        (lambda: zoo.TwoSolitons(speeds=(1, 1)), "one soliton"),
        (lambda: zoo.TwoSolitons(speeds=(1, 2, 3)), "speeds must be two numbers"),
        (lambda: zoo.TwoSolitons(positions=("a", 1)), r"positions\[0\] must be a finite number"),  # pyright: ignore
        (lambda: zoo.TanhWave((0.5, 0)), r"wavenumbers\[1\] must be finite and not zero"),
        (lambda: zoo.TwoTanhWaves((1.5, -1.3), (1.5, -0.3)), "do not cross smoothly"),
        (lambda: zoo.TwoTanhWaves((1, 1), (1, 1)), "do not cross smoothly"),
        (lambda: zoo.LineSoliton((0, 1)), r"wavenumbers\[0\] must be finite and not zero"),
        (lambda: zoo.LineSoliton(sign=2), "sign must be 1"),
        (lambda: zoo.Lump(sharpness=0), "sharpness must be positive"),
        (lambda: zoo.Kink(0), "slope must be finite and not zero"),
        (lambda: zoo.Breather(1.0), "between 0 and 1"),
        (lambda: zoo.Breather(boost=0), "boost must be finite and not zero"),
        (lambda: zoo.DampedWave(decay=float("inf")), "decay must be a finite number"),
        (lambda: zoo.CahnHilliard(zoo.DampedWave(), gamma=0), "gamma must be positive"),
    ),
)
def test_refused_arguments(build, message, unchecked):
    with pytest.raises(ValueError, match=message):
        build()
