"""References against exact solutions, against each other's equations, and beside the published values."""

import jax.numpy as jnp
import numpy as np
import pytest

import zoo.references as references


def _semilinear(u):
    return (1 - u**2) / (1 + u**2)


def _profile(s):
    return 5 / (10 + 2 * s)


@pytest.mark.parametrize("dim", [1, 3, 100, 10_000])
def test_radial_solver_on_the_heat_equation(dim):
    """exp(-s/c) stays a Gaussian: (1 + 4 t / c)^(-d/2) exp(-s / (c + 4 t))."""
    width = 4.0 * dim
    found = references.solve_radial(jnp.zeros_like, lambda s: jnp.exp(-s / width), dim, 0.3, scale=width)
    radius = np.linspace(0, 0.75 * found.reach(0.3), 7)
    for t in (0.0, 0.1, 0.3):
        exact = (1 + 4 * t / width) ** (-dim / 2) * np.exp(-(radius**2) / (width + 4 * t))
        assert np.allclose(found(t, radius), exact, rtol=0, atol=1e-8)
    assert found.error < 1e-8


# (dim, nonlinearity, published value, an independent solve in the same variable with other nodes).
PUBLISHED = [
    (10, _semilinear, 0.47006, 0.4695498714),
    (100, _semilinear, 0.31674, 0.3166278076),
    (1_000, _semilinear, 0.28753, 0.28746839),
    (10_000, _semilinear, 0.28433, 0.28430713),
    (10, jnp.sin, 0.3229470, 0.3229263855),
    (100, jnp.sin, 0.0528368, 0.0528094356),
    (1_000, jnp.sin, 0.0055896, 0.00558891),
    (10_000, jnp.sin, 0.0005621, 0.00056208),
]


@pytest.mark.parametrize("dim, nonlinearity, published, independent", PUBLISHED)
def test_published_values_are_near_and_not_exact(dim, nonlinearity, published, independent):
    """They are Monte Carlo estimates: right to two or three digits more than a network's error, and no more."""
    found = references.solve_radial(nonlinearity, _profile, dim, 0.3, scale=5.0)
    value = float(found(0.3, 0.0))
    assert found.error < 1e-8 and abs(value - independent) < 2e-8
    difference = abs(value - published) / abs(published)
    assert difference < 1.5e-3, difference


def test_radial_solution_solves_its_equation_away_from_the_origin():
    dim, t, h = 20, 0.2, 1e-3
    found = references.solve_radial(_semilinear, _profile, dim, 0.3, scale=5.0)
    for r in (0.5, 2.0, 4.0):
        behind, here, ahead = found(t, np.array([r - h, r, r + h]))
        laplacian = (ahead - 2 * here + behind) / h**2 + (dim - 1) / r * (ahead - behind) / (2 * h)
        slope = (found(t + h, r) - found(t - h, r)) / (2 * h)
        assert abs(slope - laplacian - _semilinear(here)) < 1e-5


def test_radial_reference_says_how_far_it_reaches():
    found = references.solve_radial(jnp.sin, _profile, 5, 0.1, scale=5.0)
    with pytest.raises(ValueError, match="times from 0 to 0.1"):
        found(0.2, 0.0)
    with pytest.raises(ValueError, match="reaches to"):
        found(0.1, 100.0)
    with pytest.raises(ValueError, match="dim >= 1"):
        references.solve_radial(jnp.sin, _profile, 0, 0.1)


# From the STDE paper's collection, to six digits.
@pytest.mark.parametrize("dim, published", [(10, 2.157022), (100, 4.590162), (1_000, 6.906255), (10_000, 9.210190)])
def test_cole_hopf_has_the_published_values(dim, published):
    assert abs(references.ColeHopf(dim)(0.0, 0.0) - published) < 6e-7


@pytest.mark.parametrize("dim", [2, 10, 1_000])
@pytest.mark.parametrize("mu", [0.5, 1.0, 3.0])
def test_cole_hopf_solves_its_equation(dim, mu):
    u = references.ColeHopf(dim, 1.0, mu)
    h = 1e-3
    for t, r in ((0.2, 0.5), (0.7, 1.5)):
        slope = (u(t + h, r) - u(t - h, r)) / (2 * h)
        radial = (u(t, r + h) - u(t, r - h)) / (2 * h)
        laplacian = (u(t, r + h) - 2 * u(t, r) + u(t, r - h)) / h**2 + (dim - 1) / r * radial
        assert abs(slope + laplacian - mu * radial**2) < 1e-4 * (1 + abs(slope))
        assert u(1.0, r) == pytest.approx(np.log((1 + r**2) / 2), abs=1e-10)


def test_cole_hopf_refusals():
    with pytest.raises(ValueError, match="later t=2"):
        references.ColeHopf(3)(2.0, 0.0)
    with pytest.raises(ValueError, match="mu > 0"):
        references.ColeHopf(3, mu=0.0)
