import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
import pytest

import stde_eqx as stde
from stde_eqx.training import fit_scales

from .training_problems import Adapted, BallPoisson, mlp


def _fit(problem, num_points=50, estimator=None, **kwargs):
    points = problem.sample(num_points, key=jr.key(1))
    estimator = stde.Exact() if estimator is None else estimator
    return points, fit_scales(problem, points, estimator=estimator, key=jr.key(2), share_draw=True, **kwargs)


def test_the_source_of_the_test_problem_is_the_laplacian_of_its_solution(getkey):
    problem = BallPoisson()
    x = problem.sample(1, key=getkey())[0]
    np.testing.assert_allclose(problem.source(x), jnp.trace(jax.hessian(problem.exact)(x)), rtol=1e-12)


@pytest.mark.parametrize("estimator", (stde.Exact(), stde.SparseSTDE(2), stde.DenseSTDE(2)))
def test_a_linear_problem_gets_the_least_squares_constant(estimator):
    problem = BallPoisson()
    points, scales = _fit(problem, estimator=estimator)
    # The residual of (1 - |x|^2) c is -2 d c - f, and every one of these estimators is exact on it.
    source = np.asarray(jax.jit(jax.vmap(problem.source))(points))
    shift = -source.mean() / (2 * problem.dim)
    left = -2 * problem.dim * shift - source
    rms = np.sqrt(np.mean(left**2))
    np.testing.assert_allclose(scales.shift, shift, rtol=1e-6)
    np.testing.assert_allclose(scales.residual, rms, rtol=1e-6)
    np.testing.assert_allclose(scales.output, rms / (2 * problem.dim), rtol=1e-6)


def test_a_nonlinear_problem_gets_a_stationary_constant():
    def allen_cahn(problem, u, x, *, estimator, key):
        value, laplacian = stde.value_and_apply(stde.Laplacian(), u, x, estimator=estimator, key=key)
        return laplacian + value - value**3 - problem.source(x)

    problem = Adapted(BallPoisson(), modified_residual=allen_cahn)
    points, scales = _fit(problem)

    @jax.jit
    def mean_square(c):
        u = problem.ansatz(lambda _: c)
        return jnp.mean(jax.vmap(lambda x: problem.residual(u, x, estimator=stde.Exact(), key=None))(points) ** 2)

    at = float(scales.shift)
    assert mean_square(at) < 0.2 * mean_square(0.0)
    assert mean_square(at) <= min(mean_square(at - 0.01), mean_square(at + 0.01))


def test_a_given_shift_is_kept():
    _, scales = _fit(BallPoisson(), shift=0.25)
    assert scales.shift == 0.25
    assert scales.residual > 0


def test_a_residual_that_ignores_constants_leaves_the_output_alone():
    harmonic = lambda problem, u, x, *, estimator, key: stde.Laplacian()(lambda z: u.net(z), x) - 3.0
    _, scales = _fit(Adapted(BallPoisson(), modified_residual=harmonic))
    assert jnp.allclose(
        jnp.stack([scales.shift, scales.output, scales.residual]), jnp.array([0.0, 1.0, 3.0]), rtol=1e-12
    )


def test_a_residual_that_is_not_finite_leaves_everything_alone():
    broken = lambda problem, u, x, *, estimator, key: jnp.log(u(x) - 100)
    _, scales = _fit(Adapted(BallPoisson(), modified_residual=broken))
    assert (scales.shift, scales.output, scales.residual) == (0, 1, 1)


def test_a_constant_solution_does_not_divide_by_zero():
    exact_constant = lambda problem, u, x, *, estimator, key: stde.Laplacian()(u, x) + 2 * problem.dim * 7.0
    _, scales = _fit(Adapted(BallPoisson(), modified_residual=exact_constant))
    np.testing.assert_allclose(scales.shift, 7.0, rtol=1e-8)
    assert 0 < scales.residual < 1e-6 and 0 < scales.output < 1e-6


def test_the_step_uses_the_scales_it_is_given():
    step = stde.make_step(BallPoisson(), optimizer=optax.sgd(0.1), output_shift=1, output_scale=2, residual_scale=3)
    state = step.init(mlp(), key=jr.key(0))
    assert (state.scales.shift, state.scales.output, state.scales.residual) == (1, 2, 3)
    x = jnp.full(5, 0.1)
    assert jnp.allclose(state.model(x), 1 + 2 * state.network(x), rtol=1e-14)


class Sized(stde.AbstractProblem):
    """Poisson with zero boundary values and a solution of any size, in the precision of `size`."""

    size: jax.Array
    dim: int = eqx.field(static=True, default=2)

    def sample(self, num_points, *, key):
        return jr.uniform(key, (num_points, self.dim), self.size.dtype)

    def exact(self, x):
        return self.size * jnp.prod(jnp.sin(jnp.pi * x)) * jnp.exp(x[0])

    def residual(self, u, x, *, estimator, key):
        laplacian = stde.Laplacian()
        return laplacian(u, x, estimator=estimator, key=key) - laplacian(self.exact, x)

    def ansatz(self, net):
        return stde.nn.HardConstraint(lambda x: jnp.prod(x * (1 - x)), net)


def test_the_size_of_a_solution_does_not_matter():
    """Squares of a float32 vanish below 1e-23, and overflow above 1e19."""
    network = eqx.nn.MLP(2, "scalar", 8, 1, activation=jnp.tanh, dtype=jnp.float32, key=jr.key(0))

    def solution(size):
        problem = Sized(size=jnp.float32(size))
        return stde.train(problem, network, steps=5, batch_size=20, num_test_points=100, key=jr.key(1))

    expected = solution(1)
    for size in (1e-20, 1e19):
        found = solution(size)
        ratio = found.state.scales.residual / expected.state.scales.residual
        assert float(ratio) == pytest.approx(size, rel=1e-3)
        for name in ("skill", "relative_l1", "relative_l2", "loss"):
            assert getattr(found.metrics, name) == pytest.approx(getattr(expected.metrics, name), rel=1e-3)
