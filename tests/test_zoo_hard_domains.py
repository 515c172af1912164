"""Problems whose coordinates are O(1) in every dimension: every interaction on every domain."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

import stde_eqx as stde
import zoo

from .zoo_battery import DOMAINS, interactions_on_domains, largest_array, solution_on, UNBOUNDED


with_pairs = pytest.mark.parametrize("interaction, domain", interactions_on_domains())
with_domains = pytest.mark.parametrize("domain", DOMAINS)


@pytest.mark.parametrize("interaction", [name for name in zoo.list_solutions() if (name, "space") not in UNBOUNDED])
def test_everything_vanishes_at_infinity_on_the_whole_space(interaction):
    problem = zoo.Poisson(solution_on(interaction, "space", 6))
    x = 1e3 * jr.normal(jr.key(1), (20, 6))
    trial = problem.ansatz(lambda x: jnp.tanh(jnp.sum(x)))
    far, near = (jax.vmap(lambda x: jnp.stack([problem.exact(x), trial(x)]))(points) for points in (x, x / 1e3))
    assert np.max(np.abs(far)) < 1e-3 * np.max(np.abs(near))


@pytest.mark.slow
@with_pairs
def test_float32_agrees_with_float64(interaction, domain):
    dim = 10 if domain == "box" else 10_000  # whose factor is below the smallest float32 in many dimensions
    with jax.enable_x64(False):
        u = solution_on(interaction, domain, dim)
        x = u.domain.sample(5, key=jr.key(1))
        evaluate = eqx.filter_jit(lambda u, x: jax.vmap(u.value_and_laplacian)(x))
        results = evaluate(u, x)
    double = eqx.tree_at(lambda u: u.coefficients, u, u.coefficients.astype(jnp.float64))
    expected = evaluate(double, x.astype(jnp.float64))
    for result, exact in zip(results, expected, strict=True):
        assert result.dtype == jnp.float32
        # The signs of d terms of O(1) cancel: the error is measured by the size over the points, not at each.
        assert np.max(np.abs(result - exact)) <= 2e-5 * np.max(np.abs(exact))


@pytest.mark.slow
@pytest.mark.parametrize("domain", ("large ball", "cube", "space"))
def test_a_derivative_of_a_local_network_costs_the_same_in_every_dimension(domain):
    def surplus(dim):
        problem = zoo.SineGordon(solution_on("two-body", domain, dim))
        u = problem.ansatz(stde.nn.LocalInteraction(dim, 2, width=16, features=8, key=jr.key(0)))
        arrays, static = eqx.partition(u, eqx.is_array)
        x = jr.normal(jr.key(1), (dim,)) / 4

        def estimate(arrays, x):
            u = eqx.combine(arrays, static)
            return stde.value_and_apply(stde.Laplacian(), u, x, estimator=stde.SparseSTDE(8), key=jr.key(2))

        assert largest_array(lambda x: estimate(arrays, x), x) <= dim * 16
        flops = lambda fn: (jax.jit(fn).lower(arrays, x).compile().cost_analysis() or {})["flops"]
        return flops(estimate) - flops(lambda arrays, x: eqx.combine(arrays, static)(x))

    # What the boundary factor adds is a few passes over the point, two multiplications a coordinate each.
    assert surplus(4000) - surplus(1000) <= 10 * 3000


@pytest.mark.slow
@pytest.mark.parametrize(
    "interaction, domain",
    [(i, d) for i in ("two-body", "sine-three-body") for d in ("large ball", "wide cube", "space")]
    + [("three-body", "wide cube")],
)
def test_a_constant_explains_little(interaction, domain):
    u = solution_on(interaction, domain, 300)
    x = u.domain.sample(1000, key=jr.key(1))
    factor, terms = jax.jit(jax.vmap(lambda x: (u.domain.boundary_factor(x), u.terms(x))))(x)
    factor, terms = np.asarray(factor), np.asarray(terms)
    values = factor[:, None] * (terms @ np.random.default_rng(0).normal(size=(terms.shape[1], 9)))
    # The best constant leaves the sine of the angle between the values and the factor.
    cosine = factor @ values / (np.linalg.norm(factor) * np.linalg.norm(values, axis=0))
    assert np.median(np.sqrt(1 - cosine**2)) > 0.2


def test_a_domain_changes_nothing_else():
    for entry in zoo.list_solutions().values():
        on_cube = solution_on(entry.name, "cube", 7)
        assert on_cube.domain == zoo.Cube(7)
        assert eqx.tree_equal(on_cube, eqx.tree_at(lambda u: u.domain, entry.build(7, key=jr.key(0)), zoo.Cube(7)))
        on_ball = entry.build(7, key=jr.key(0), domain=zoo.Ball(7, 2.0))
        assert eqx.tree_equal(on_ball, entry.build(7, key=jr.key(0), radius=2.0))


@with_domains
def test_points_follow_the_law_of_the_domain(domain):
    problem = zoo.SineGordon(solution_on("two-body", domain, 6))
    assert jnp.array_equal(problem.sample(7, key=jr.key(1)), DOMAINS[domain](6).sample(7, key=jr.key(1)))


@with_domains
def test_a_solution_of_ones_own(domain):
    u = zoo.CustomSolution(lambda x: jnp.cos(jnp.sum(x)) / 3, dim=4, domain=DOMAINS[domain](4))
    problem = zoo.SineGordon(u)
    x = problem.sample(3, key=jr.key(0))
    source, expected = jax.jit(
        jax.vmap(lambda x: (problem.source(x), jnp.trace(jax.hessian(lambda x: u(x))(x)) + jnp.sin(u(x))))
    )(x)
    assert np.allclose(source, expected, rtol=1e-10)


@with_domains
def test_anisotropic_problems(domain):
    problem = zoo.Anisotropic(solution_on("two-body", domain, 5))
    x = problem.sample(2, key=jr.key(0))
    residual = jax.vmap(lambda x: problem.residual(problem.exact, x, estimator=stde.Exact(), key=None))(x)
    assert np.allclose(residual, 0, atol=1e-10)


@pytest.mark.parametrize("solution", (zoo.TwoBody, zoo.ThreeBody, zoo.ExponentialSum, zoo.TanhSum))
def test_refuses_what_is_not_one_domain(solution, unchecked):
    with pytest.raises(ValueError, match=r"both radius=2.0 and domain=Cube.*means domain=zoo.Ball\(5, 2.0\)"):
        solution(5, key=jr.key(0), radius=2.0, domain=zoo.Cube(5))
    with pytest.raises(ValueError, match=r"dim=5 and a domain with dim=6.*dim=6"):
        solution(5, key=jr.key(0), domain=zoo.Cube(6))
    with pytest.raises(ValueError, match=r"must be a domain, such as zoo.Cube\(5\), got 'cube'"):
        solution(5, key=jr.key(0), domain="cube")


def test_custom_solution_refuses_what_is_not_one_domain():
    with pytest.raises(ValueError, match="both radius=2.0 and domain=Cube"):
        zoo.CustomSolution(jnp.sum, 5, 2.0, domain=zoo.Cube(5))


@pytest.mark.parametrize("solution, bounded", ((zoo.ThreeBody, "SineThreeBody"), (zoo.ExponentialSum, "TanhSum")))
def test_what_grows_is_refused_on_the_whole_space(solution, bounded):
    with pytest.raises(ValueError, match=rf"zero at infinity: got domain=WholeSpace.*zoo.{bounded}\(5"):
        solution(5, key=jr.key(0), domain=zoo.WholeSpace(5))


def test_sine_three_body_refuses_what_it_cannot_be(unchecked):
    with pytest.raises(ValueError, match="dim >= 3, got dim=2"):
        zoo.SineThreeBody(2, key=jr.key(0), domain=zoo.Cube(2))
    with pytest.raises(ValueError, match=r"domain=zoo.Cube\(5\), got None"):
        zoo.SineThreeBody(5, key=jr.key(0), domain=None)  # pyright: ignore


def test_clamped_solutions_live_on_balls():
    with pytest.raises(ValueError, match="lives on a ball.*got one on Cube.*TwoBody"):
        zoo.ClampedPlate(solution_on("two-body", "cube", 5))
