"""References against exact solutions, against each other's equations, and beside the published values."""

import dataclasses
import importlib.resources
import subprocess
import sys
from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
import scipy.integrate
import scipy.stats

import zoo
import zoo.references as references
from zoo.references._cloud import checksum, cloud_points
from zoo.references._recompute import main
from zoo.references._stored import dumps, loads


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


@pytest.mark.optimized
@pytest.mark.slow
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


@pytest.mark.parametrize("mu", [1e-4, 1e-2, 1.0, 30.0, 500.0, 1e4, 1e8])
@pytest.mark.parametrize("dim", [1, 10, 100_000])
def test_cole_hopf_for_any_strength_of_the_control(dim, mu):
    """At the final time it is the terminal condition, and for little or no control its mean; it is decreasing in mu."""
    u = references.ColeHopf(dim, 1.0, mu)
    rounding = 1e-10 * (1 + 1 / mu)
    for r in (0.0, 0.5, 30.0):
        assert u(1.0, r) == pytest.approx(np.log((1 + r**2) / 2), abs=rounding)
        weaker, stronger = (references.ColeHopf(dim, 1.0, factor * mu)(0.0, r) for factor in (0.5, 2.0))
        assert stronger < u(0.0, r) + 3 * rounding and u(0.0, r) < weaker + 3 * rounding


def test_cole_hopf_with_little_control_is_a_mean():
    radii = np.linspace(0, 12, 200_001)
    density = radii / 2 * np.exp(-(radii**2) / 4)  # of |X| in two dimensions at tau = 1
    mean = np.trapezoid(np.log((1 + radii**2) / 2) * density, radii)
    assert references.ColeHopf(2, 1.0, 1e-4)(0.0, 0.0) == pytest.approx(mean, abs=2e-4)


def test_tables_take_times_that_are_python_numbers(unchecked):
    problem: Any = zoo.SemilinearHeat(3)
    x = jnp.ones(3)
    for t in (0.1, 0):
        assert problem.exact(t, x) == problem.exact(jnp.asarray(t, x.dtype), x)


def test_cole_hopf_refusals():
    with pytest.raises(ValueError, match="later t=2"):
        references.ColeHopf(3)(2.0, 0.0)
    with pytest.raises(ValueError, match="mu > 0"):
        references.ColeHopf(3, mu=0.0)


def _allen_cahn(u):
    return u - u**3


def _largest(x):
    return jnp.arctan(jnp.max(x))


@pytest.mark.parametrize("dim", [1, 100])
def test_branching_without_branches_is_a_mean(dim):
    """For f = 0 the solution is a mean over the largest of d normal variates, whose density is known."""
    scale = np.sqrt(0.6)
    density = lambda z: dim * scipy.stats.norm.pdf(z) * scipy.stats.norm.cdf(z) ** (dim - 1)
    mean, _ = scipy.integrate.quad(lambda z: np.arctan(scale * z) * density(z), -9, 9, epsabs=1e-12, limit=500)
    found = references.solve_branching(
        jnp.zeros_like, _largest, 0.3, jnp.zeros(dim), num_samples=10_000, depth=1, key=jr.key(0)
    )
    # In one dimension the pairs cancel, and what is left is the rounding of single precision.
    assert abs(found.value - mean) < 4 * found.error + 1e-7
    assert found.error < 2e-3


def test_branching_solves_the_ordinary_equation_of_constant_data():
    """u' = u - u^3 has the solution (1 + (g^-2 - 1) e^-2t)^-1/2; the variance is that of the times alone."""
    start, t = 0.5, 0.3
    exact = (1 + (start**-2 - 1) * np.exp(-2 * t)) ** -0.5
    data = lambda x: jnp.full_like(x[0], start)
    found = references.solve_branching(_allen_cahn, data, t, jnp.zeros(3), num_samples=20_000, depth=4, key=jr.key(1))
    assert abs(found.value - exact) < 4 * found.error + 1e-7
    assert found.error < 1e-5


# (nonlinearity, degree of the Taylor polynomial). The first is the polynomial of Allen-Cahn, with no remainder.
REACTIONS = [(_allen_cahn, 3), (jnp.sin, 3), (_semilinear, 5)]


@pytest.mark.optimized
@pytest.mark.slow
@pytest.mark.parametrize("nonlinearity, degree", REACTIONS)
def test_branching_agrees_with_the_radial_solver(nonlinearity, degree):
    dim, radius = 50, 1.0
    exact = float(references.solve_radial(nonlinearity, _profile, dim, 0.3, scale=5.0)(0.3, radius))
    x = jnp.zeros(dim).at[0].set(radius)
    data = lambda x: _profile(jnp.sum(x * x))
    found = references.solve_branching(
        nonlinearity, data, 0.3, x, num_samples=20_000, degree=degree, depth=3, key=jr.key(2)
    )
    assert abs(found.value - exact) < 4 * found.error
    assert found.error < 3e-4 * exact


@pytest.mark.optimized
@pytest.mark.slow
@pytest.mark.parametrize("dim", [10, 100])
def test_branching_agrees_with_the_radial_solver_to_four_digits(dim):
    """Data as large as those of the published problem, for which the products of trees matter."""
    profile = lambda s: 1.5 / (1 + s / (4 * dim))
    exact = float(references.solve_radial(_allen_cahn, profile, dim, 0.3, scale=4.0 * dim)(0.3, 0.0))
    data = lambda x: profile(jnp.sum(x * x))
    found = references.solve_branching(_allen_cahn, data, 0.3, jnp.zeros(dim), num_samples=2**18, key=jr.key(3))
    assert abs(found.value - exact) < 4 * found.error
    assert found.error < 1e-4


def test_standard_error_of_branching_is_that_of_repetition():
    repeated = [
        references.solve_branching(
            _allen_cahn, _largest, 0.3, jnp.zeros(5), num_samples=1_000, depth=2, key=jr.key(seed)
        )
        for seed in range(20)
    ]
    scatter = np.std([each.value for each in repeated], ddof=1)
    claimed = np.sqrt(np.mean([each.error**2 for each in repeated]))
    assert 0.6 < scatter / claimed < 1.6


@pytest.mark.slow
def test_depth_of_branching_is_that_of_picard_iterates():
    """From the same first generations: at ten dimensions the steps are 1.3e-4, 4e-5, 1e-6, 1e-7 and 4e-9."""
    solve = lambda depth: references.solve_branching(
        _allen_cahn, _largest, 0.3, jnp.zeros(10), num_samples=2**17, depth=depth, key=jr.key(4)
    )
    second, third, fourth, sixth = (solve(depth).value for depth in (2, 3, 4, 6))
    assert 1e-5 < abs(third - second) < 1e-4 and abs(fourth - third) < 1e-5 and abs(sixth - fourth) < 1e-6


def test_branching_refusals():
    solve = lambda x, **options: references.solve_branching(_allen_cahn, _largest, 0.3, x, key=jr.key(0), **options)
    with pytest.raises(ValueError, match="degree=1"):
        solve(jnp.zeros(3), degree=1)
    with pytest.raises(ValueError, match="num_samples=0"):
        solve(jnp.zeros(3), num_samples=0)
    with pytest.raises(ValueError, match="t=-1"):
        references.solve_branching(_allen_cahn, _largest, -1.0, jnp.zeros(3), key=jr.key(0))


def test_branching_takes_one_point(unchecked):
    with pytest.raises(ValueError, match=r"got \(2, 3\)"):
        references.solve_branching(_allen_cahn, _largest, 0.3, jnp.zeros((2, 3)), key=jr.key(0))


# (dim, published value, how far it is from ours, relative). The published ones are Monte Carlo estimates as well.
ALLEN_CAHN = [
    (10, 0.89060, 7.84e-05),
    (100, 1.04510, 8.16e-04),
    (1_000, 1.09100, -1.50e-04),
    (10_000, 1.11402, -5.67e-04),
]


@pytest.mark.parametrize("dim, published, expected", ALLEN_CAHN)
def test_published_values_of_allen_cahn_are_near_and_not_exact(dim, published, expected):
    """Off by twelve of our standard errors and more: right to three digits, as the radial ones are."""
    found = zoo.ParabolicAllenCahn(dim).target_value
    assert found is not None and found.error < 1e-5 * found.value
    assert abs((published - found.value) / found.value - expected) < 1.5e-5


def test_only_the_settings_that_were_computed_have_a_target_value():
    assert zoo.ParabolicAllenCahn(11).target_value is None
    assert zoo.ParabolicAllenCahn(10, 0.2).target_value is None
    assert references.stored("SemilinearHeat", 10, 0.3) is None


def _packaged():
    return loads((importlib.resources.files("zoo.references") / "values.json").read_text(encoding="utf-8"))


def test_packaged_values_say_how_they_were_computed():
    entries = _packaged()
    identities = [(each.problem, each.dim, each.final_time, each.points) for each in entries]
    assert len(set(identities)) == len(identities) == 6
    for each in entries:
        assert issubclass(getattr(zoo, each.problem), zoo.AbstractDiffusion)
        assert each.method in vars(references) and each.num_samples > 10_000
        points = {"origin": np.zeros((1, each.dim)), "cloud": cloud_points(each.dim, each.final_time)}[each.points]
        assert len(each.values) == len(points) and abs(checksum(points) - each.checksum) < 1e-9
        assert all(0 < error < 1e-4 for error in each.errors) and all(0 < value < np.pi / 2 for value in each.values)
    assert loads(dumps(entries)) == entries


@pytest.mark.parametrize("dim", [10, 100])
def test_cloud_of_allen_cahn(dim):
    found = references.cloud(zoo.ParabolicAllenCahn(dim))
    assert found.t.shape == found.values.shape == found.errors.shape == (64,) and found.x.shape == (64, dim)
    assert jnp.all(found.t == 0.3)
    # Of the law of the problem at the final time: a variance of 2 T / 10.
    assert abs(jnp.var(found.x) / 0.06 - 1) < 0.1
    # Diffusion makes of the largest coordinate a soft maximum, with which the solution grows.
    assert np.corrcoef(jax.nn.logsumexp(found.x / 0.3, axis=1), found.values)[0, 1] > 0.95


def test_cloud_of_another_law_is_drawn_from_it():
    problem = zoo.BlackScholesBarenblatt(4)
    found = references.cloud(problem)
    assert jnp.all(found.x > 0) and found.x.shape == (64, 4) and jnp.all(found.t == problem.t1)
    assert jnp.allclose(found.values, jax.vmap(problem.exact)(found.t, found.x))


@pytest.mark.slow
@pytest.mark.parametrize("law", [zoo.laws.Brownian(10, 1.0), zoo.laws.Normal(10)])
def test_packaged_cloud_does_not_depend_on_the_law_of_the_points(law):
    problem = zoo.ParabolicAllenCahn(10, law=law)
    found, default = references.cloud(problem), references.cloud(zoo.ParabolicAllenCahn(10))
    assert jnp.array_equal(found.x, default.x) and jnp.array_equal(found.values, default.values)
    assert references.compare(problem, lambda t, x: jnp.zeros(())).cloud_error == pytest.approx(1.0)


def test_cloud_of_a_problem_with_an_exact_solution_is_of_the_same_points():
    problem = zoo.SemilinearHeat(10)
    found = references.cloud(problem)
    assert jnp.array_equal(found.x, references.cloud(zoo.ParabolicAllenCahn(10)).x)
    assert jnp.allclose(found.values, jax.vmap(problem.exact)(found.t, found.x)) and jnp.all(found.errors == 0)


def test_cloud_is_the_same_in_single_precision():
    program = "import zoo; x = zoo.references.cloud(zoo.ParabolicAllenCahn(10)).x; print(x.dtype, float(x[3, 4]))"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert said[0] == "float32"
    assert float(said[1]) == np.float32(references.cloud(zoo.ParabolicAllenCahn(10)).x[3, 4])


def test_no_cloud_where_nothing_is_known():
    with pytest.raises(ValueError, match="no cloud of values is packaged for dim=7"):
        references.cloud(zoo.ParabolicAllenCahn(7))


def test_command_computes_and_checks(tmp_path, capsys):
    output = tmp_path / "values.json"
    tiny = ["--dims", "2", "--effort", "4000", "--cloud-dims", "--output", str(output)]
    assert main(tiny) == 0
    (entry,) = loads(output.read_text())
    assert (entry.problem, entry.dim, entry.points, entry.seed) == ("ParabolicAllenCahn", 2, "origin", 0)
    assert main([*tiny, "--check"]) == 0
    # The check sees a wrong value, and a missing one.
    output.write_text(dumps([dataclasses.replace(entry, values=(entry.values[0] + 1,))]))
    assert main([*tiny, "--check"]) == 1
    output.write_text("[]")
    assert main([*tiny, "--check"]) == 2
    assert "Nothing to check" in capsys.readouterr().err


def test_command_refuses_other_problems(capsys):
    assert main(["--problem", "KdV"]) == 2
    assert "KdV is no problem of reaction and diffusion" in capsys.readouterr().err


@pytest.mark.parametrize("dim", [1, 100])
def test_radial_table_has_the_values_of_the_reference(dim):
    reference = references.solve_radial(_semilinear, _profile, dim, 0.3, scale=5.0)
    table = references.tabulate(reference)
    for t in (0.0, 0.001, 0.1, 0.3):
        for share in (0.0, 0.1, 0.6):
            radius = share * reference.reach(t)
            expected = float(reference(t, radius))
            x = jnp.zeros(dim).at[-1].set(radius)
            assert abs(table(jnp.asarray(t), x) - expected) < 1e-8
            assert abs(table(jnp.float32(t), x.astype(jnp.float32)) - expected) < 1e-6


@pytest.mark.parametrize("t", [0.0, 0.1, 0.3])
def test_radial_table_ends_where_the_reference_does(t):
    reference = references.solve_radial(_semilinear, _profile, 10, 0.3, scale=5.0)
    table, reach = references.tabulate(reference), reference.reach(t)
    last = float(reference(t, reach * (1 - 1e-9)))
    for radius in (reach, 1.1 * reach, 1e6 * reach):
        assert abs(table(jnp.asarray(t), jnp.zeros(10).at[0].set(radius)) - last) < 1e-8


@pytest.mark.slow
@pytest.mark.parametrize("nonlinearity", [_semilinear, jnp.sin])
def test_radial_table_solves_its_equation(nonlinearity):
    dim = 6
    u = references.tabulate(references.solve_radial(nonlinearity, _profile, dim, 0.3, scale=5.0))
    for t in (0.01, 0.3):
        for x in (jnp.zeros(dim), 0.4 * jnp.arange(dim)):
            in_time, laplacian = jax.grad(u)(jnp.asarray(t), x), jnp.trace(jax.hessian(u, 1)(jnp.asarray(t), x))
            assert abs(in_time - laplacian - nonlinearity(u(jnp.asarray(t), x))) < 1e-6


def test_radial_table_is_smooth_at_the_origin():
    u = references.tabulate(references.solve_radial(jnp.sin, _profile, 4, 0.3, scale=5.0))
    t, x = jnp.asarray(0.3), jnp.zeros(4)
    assert jnp.all(jax.grad(u, 1)(t, x) == 0)
    hessian = jax.hessian(u, 1)(t, x)
    assert jnp.allclose(hessian, hessian[0, 0] * jnp.eye(4)) and hessian[0, 0] < 0
