"""Sample paths of diffusions against the exact law, and orders of convergence."""

import diffrax
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
import scipy.stats

import zoo
from stde_eqx.timestepping import sample_path


def _ends(drift, diffusion, x0, t, number, **options):
    at = lambda key: sample_path(drift, diffusion, x0, jnp.array([t]), key=key, **options)[0]
    return jax.vmap(at)(jr.split(jr.key(0), number))


def test_ornstein_uhlenbeck_has_its_exact_law():
    theta, t = 1.5, 0.7
    ends = _ends(lambda t, x: -theta * x, lambda t, x: jnp.sqrt(2.0), jnp.ones(2), t, 4000, num_steps=256)
    mean, deviation = jnp.exp(-theta * t), jnp.sqrt((1 - jnp.exp(-2 * theta * t)) / theta)
    for axis in range(2):
        assert scipy.stats.kstest((ends[:, axis] - mean) / deviation, "norm")[1] > 1e-3
    assert abs(jnp.corrcoef(ends.T)[0, 1]) < 0.06


@pytest.mark.parametrize("shape", ["scalar", "diagonal", "matrix"])
def test_every_shape_of_sigma(shape):
    matrix = jnp.array([[1.0, 0.5, 0.0], [0.0, 2.0, 1.0]])
    sigma = {"scalar": jnp.array(2.0), "diagonal": jnp.array([1.0, 3.0]), "matrix": matrix}[shape]
    full = matrix if shape == "matrix" else jnp.diag(jnp.broadcast_to(sigma, (2,)))
    ends = _ends(lambda t, x: jnp.zeros(2), lambda t, x: sigma, jnp.zeros(2), 0.5, 20_000, num_steps=1)
    assert jnp.allclose(jnp.cov(ends.T), 0.5 * full @ full.T, atol=0.15)


def test_paths_pass_through_the_times_asked_for():
    ts = jnp.array([0.0, 0.25, 1.0])
    path = sample_path(lambda t, x: jnp.ones(1), lambda t, x: 0.0, jnp.zeros(1), ts, key=jr.key(0))
    assert jnp.allclose(path[:, 0], ts, atol=1e-12)


def test_the_law_is_exact_at_times_between_the_steps():
    """Brownian motion at three times: the variance is the time at each, however few the steps."""
    ts = jnp.array([0.125, 0.5, 1.0])
    path = lambda key: sample_path(lambda t, x: jnp.zeros(1), lambda t, x: 1.0, jnp.zeros(1), ts, num_steps=1, key=key)
    paths = jax.vmap(path)(jr.split(jr.key(0), 20_000))[..., 0]
    assert jnp.allclose(jnp.var(paths, axis=0), ts, rtol=0.05)
    assert jnp.allclose(jnp.cov(paths.T)[0, 2], 0.125, rtol=0.1)


def test_weak_order_one_of_euler():
    """The mean of geometric Brownian motion: (1 + mu h)^n x0 instead of exp(mu t) x0, whatever the noise."""
    for steps in (4, 16):
        drift, diffusion = lambda t, x: 0.5 * x, lambda t, x: 1e-6 * x
        end = sample_path(drift, diffusion, jnp.ones(1), jnp.array([1.0]), num_steps=steps, key=jr.key(0))[0, 0]
        assert jnp.isclose(end, (1 + 0.5 / steps) ** steps, atol=1e-4)


def test_law_of_a_diffusion_in_both_directions_of_time():
    start = jnp.array([1.0, -1.0])
    ends = jnp.stack([start, start + 0.5])
    forwards = zoo.laws.Diffusion(lambda t, x: t * jnp.ones(2), lambda t, x: 0.0 * t, start, num_steps=512)
    assert jnp.allclose(forwards.at(jnp.array([0.0, 1.0]), key=jr.key(0)), ends, atol=2e-3)
    # From time 1 towards 0 the drift is the same, along the way it sees the times 1, ..., 0.
    backwards = zoo.laws.Diffusion(lambda t, x: t * jnp.ones(2), lambda t, x: 0.0 * t, start, origin=1.0, num_steps=512)
    assert jnp.allclose(backwards.at(jnp.array([1.0, 0.0]), key=jr.key(0)), ends, atol=2e-3)


def test_the_simulated_law_agrees_with_the_known_one():
    known = zoo.laws.Brownian(3, 2.0)
    simulated = zoo.laws.Diffusion(lambda t, x: jnp.zeros(3), lambda t, x: 2.0, jnp.zeros(3), num_steps=3)
    t = jnp.linspace(0.1, 1.0, 2000)
    scaled = [law.at(t, key=jr.key(i)) / jnp.sqrt(4 * t)[:, None] for i, law in enumerate((known, simulated))]
    assert float(np.asarray(scipy.stats.ks_2samp(scaled[0].ravel(), scaled[1].ravel()))[1]) > 1e-3


def test_refusals(unchecked):
    zero, one = lambda t, x: jnp.zeros(2), lambda t, x: 1.0
    ts = jnp.array([1.0])
    with pytest.raises(ValueError, match="`ReversibleHeun` does not solve such"):
        sample_path(zero, one, jnp.zeros(2), ts, solver=diffrax.ReversibleHeun(), key=jr.key(0))
    with pytest.raises(ValueError, match=r"diffusion must return a scalar or an array of shape \(2,\) or \(2, noise\)"):
        sample_path(zero, lambda t, x: jnp.ones(3), jnp.zeros(2), ts, key=jr.key(0))
    with pytest.raises(ValueError, match="`Tsit5` does not solve such"):
        sample_path(zero, one, jnp.zeros(2), ts, solver=diffrax.Tsit5(), key=jr.key(0))
    with pytest.raises(ValueError, match="must increase from t0=0 on"):
        sample_path(zero, one, jnp.zeros(2), jnp.array([1.0, 0.5]), key=jr.key(0))
    with pytest.raises(ValueError, match="For many paths use jax.vmap"):
        sample_path(zero, one, jnp.zeros((3, 2)), ts, key=jr.key(0))
    with pytest.raises(ValueError, match=r"drift must return a scalar or an array of shape \(2,\), got shape \(3,\)"):
        sample_path(lambda t, x: jnp.zeros(3), one, jnp.zeros(2), ts, key=jr.key(0))
    with pytest.raises(ValueError, match="num_steps >= 1"):
        sample_path(zero, one, jnp.zeros(2), ts, num_steps=0, key=jr.key(0))
    with pytest.raises(ValueError, match="start must have the shape"):
        zoo.laws.Diffusion(zero, one, jnp.zeros((2, 2)))


@pytest.mark.parametrize(
    "x0, ts, name", [(jnp.zeros(2), jnp.array([0, 1]), "ts"), (jnp.array([1, 2]), jnp.ones(1), "x0")]
)
def test_whole_numbers_are_refused(x0, ts, name, unchecked):
    with pytest.raises(ValueError, match=rf"{name} must have floating-point numbers.*int.*{name} \* 1\.0"):
        sample_path(lambda t, x: -x, lambda t, x: 1.0, x0, ts, key=jr.key(0))
