"""What is made of the residuals: the biased square, the unbiased one, and residuals with their gradient."""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
import pytest

import stde_eqx as stde
import zoo
from stde_eqx.training import residuals

from .test_variance_reduction import Rows


DIM = 4
_problem = zoo.SineGordon(zoo.TwoBody(DIM, key=jr.key(0)))
_net = eqx.nn.MLP(DIM, "scalar", 6, 2, activation=jnp.tanh, key=jr.key(1))
_points = _problem.sample(3, key=jr.key(2))


def _drawn(estimator):
    return residuals(_problem, _net, _points, estimator=estimator, key=jr.key(0), share_draw=True)


def test_bias_of_the_square_and_its_absence():
    """Over every pair of outcomes: the square is too large by the variance, the product of two draws by nothing."""
    exact = jnp.mean(_drawn(stde.Exact()) ** 2)
    outcomes = jnp.stack([_drawn(Rows((i,))) for i in range(DIM)])
    biased = [stde.MeanSquare()(lambda _, r=r: r, key=jr.key(0)) for r in outcomes]
    variance = jnp.mean(jnp.var(outcomes, axis=0))
    assert variance > 0.01
    assert np.isclose(np.mean(biased), exact + variance, rtol=1e-10)
    unbiased = []
    for pair in itertools.product(outcomes, repeat=2):
        draws = iter(pair)
        unbiased.append(stde.UnbiasedSquare()(lambda _, draws=draws: next(draws), key=jr.key(0)))
    assert np.isclose(np.mean(unbiased), exact, rtol=1e-10)


def test_unbiased_square_draws_independently():
    seen = []
    stde.UnbiasedSquare()(lambda key: seen.append(key) or jnp.ones(3), key=jr.key(0))
    first, second = seen
    assert not jnp.array_equal(jr.key_data(first), jr.key_data(second))


@pytest.mark.parametrize("loss", [None, stde.MeanSquare(), stde.UnbiasedSquare()])
def test_training_with_a_loss(loss):
    step = stde.make_step(_problem, estimator=stde.SparseSTDE(2), optimizer=optax.adam(1e-3), loss=loss)
    state, metrics = step(step.init(_net, key=jr.key(0)))
    assert metrics.finite and state.step == 1
    # The default is the mean square.
    if not isinstance(loss, stde.UnbiasedSquare):
        assert metrics.loss > 0


def test_a_loss_that_is_none(unchecked):
    with pytest.raises(ValueError, match="`loss` must be a loss such as"):
        stde.make_step(_problem, optimizer=optax.adam(1e-3), loss="mse")  # pyright: ignore[reportArgumentType]


def _residual(x):
    return _problem.residual(_problem.ansatz(_net), x, estimator=stde.Exact(), key=None)


@pytest.mark.slow
def test_gradient_enhanced_residual_along_all_coordinates():
    problem = stde.GradientEnhanced(_problem, 0.3, DIM)
    x = _points[0]
    found = problem.residual(problem.ansatz(_net), x, estimator=stde.Exact(), key=None)
    expected = jnp.concatenate([_residual(x)[None], 0.3**0.5 * jax.jacfwd(_residual)(x)])
    assert jnp.allclose(found, expected, rtol=1e-9)


def test_gradient_enhanced_residual_along_sampled_coordinates():
    """Every key gives entries of the gradient, scaled so that the square of its length is right on average."""
    problem = stde.GradientEnhanced(_problem, 0.3, 2)
    x = _points[0]
    gradient = jax.jacfwd(_residual)(x)
    scaled = (0.3 * DIM / 2) ** 0.5 * gradient
    residual = jax.jit(lambda key: problem.residual(problem.ansatz(_net), x, estimator=stde.Exact(), key=key))
    found = jnp.stack([residual(key) for key in jr.split(jr.key(0), 60)])
    distance = jnp.abs(found[:, 1:, None] - scaled[None, None])
    chosen = jnp.argmin(distance, axis=-1)
    assert jnp.allclose(jnp.min(distance, axis=-1), 0, atol=1e-9)
    assert {tuple(sorted(map(int, pair))) for pair in chosen} == set(itertools.combinations(range(DIM), 2))
    assert jnp.allclose(found[:, 0], _residual(x), rtol=1e-10)


def test_one_draw_serves_the_residual_and_its_gradient():
    problem = stde.GradientEnhanced(_problem, 1.0, DIM)
    x, key = _points[0], jr.key(4)
    found = problem.residual(problem.ansatz(_net), x, estimator=stde.SparseSTDE(2), key=key)
    draw_key, _ = jr.split(key)
    at = lambda z: _problem.residual(_problem.ansatz(_net), z, estimator=stde.SparseSTDE(2), key=draw_key)
    assert jnp.allclose(found, jnp.concatenate([at(x)[None], jax.jacfwd(at)(x)]), rtol=1e-9)


@pytest.mark.slow
def test_training_with_the_gradient():
    problem = stde.GradientEnhanced(_problem, 0.1, 2)
    solution = stde.train(problem, _net, estimator=stde.SparseSTDE(2), steps=300, batch_size=50, key=jr.key(0))
    assert solution.metrics.skill is not None and solution.metrics.skill < 1
    # The constant starts from a loss of one, all parts together.
    first = solution.history[0].loss
    assert first is not None and 0.2 < first < 2


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: stde.GradientEnhanced(_problem, 0.0, 2), "positive weight"),
        (lambda: stde.GradientEnhanced(_problem, 1.0, 5), "1 to 4 coordinates"),
        (lambda: stde.GradientEnhanced(_problem, 1.0, 0), "`num_samples` must be at least 1, got 0"),
        (
            lambda: stde.GradientEnhanced(_problem, 1.0, 2).residual(
                _net, _points[0], estimator=stde.Exact(), key=None
            ),
            "give its residual a key",
        ),
    ],
)
def test_refusals(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_class_in_the_place_of_a_scheme(unchecked):
    with pytest.raises(ValueError, match="sampling of GradientEnhanced is an object such as .*; got the class"):
        stde.GradientEnhanced(_problem, 1.0, 2, stde.Stratified)  # pyright: ignore[reportArgumentType]
