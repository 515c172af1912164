import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

import stde_eqx as stde
import zoo

from .helpers import laplacian
from .zoo_battery import largest_array, problem_cases


#: The nonlinearities of the definitions.
NONLINEARITIES = {
    "poisson": lambda u: 0 * u,
    "allen-cahn": lambda u: u - u**3,
    "sine-gordon": np.sin,
}

with_problems = pytest.mark.parametrize("entry, solution, domain", problem_cases())
with_bounded_problems = pytest.mark.parametrize(
    "entry, solution, domain", [case for case in problem_cases() if not isinstance(case.values[2], zoo.WholeSpace)]
)
with_entries = pytest.mark.parametrize("entry", zoo.list_problems().values(), ids=lambda entry: entry.name)


@pytest.mark.sampled(every=3)
@with_problems
def test_residual_of_the_exact_solution_vanishes_and_source_agrees_with_ad(entry, solution, domain, getkey):
    problem = entry.build(domain.dim, key=getkey(), solution=solution.name, domain=domain)
    assert (problem.dim, problem.domain) == (domain.dim, domain)
    x = problem.sample(4, key=getkey())

    @jax.jit
    @jax.vmap
    def evaluate(x):
        residual = problem.residual(problem.exact, x, estimator=stde.Exact(), key=None)
        return residual, problem.source(x), problem.exact(x), jax.hessian(lambda x: problem.exact(x))(x)

    residual, source, value, hessian = (np.asarray(part) for part in evaluate(x))
    expected = np.trace(hessian, axis1=1, axis2=2) + NONLINEARITIES[entry.name](value)
    largest_term = np.max(np.abs(np.diagonal(hessian, axis1=1, axis2=2)), axis=1) + np.abs(value) + np.abs(value) ** 3
    assert np.all(np.abs(residual) <= 1e-8 * largest_term)
    assert np.all(np.abs(source - expected) <= 1e-10 * largest_term)


@pytest.mark.sampled(every=3)
@with_bounded_problems
def test_boundary_condition(entry, solution, domain, getkey):
    problem = entry.build(domain.dim, key=getkey(), solution=solution.name, domain=domain)
    u, net = problem.solution, lambda x: 1 + jnp.sum(x)
    x = problem.domain.sample_boundary(20, key=getkey())
    sizes = lambda x: (jnp.sum(jnp.abs(u.coefficients * u.terms(x))), jnp.abs(net(x)))
    sizes, values = jax.jit(jax.vmap(lambda x: (sizes(x), (problem.exact(x), problem.ansatz(net)(x)))))(x)
    zero = 1e-14 * (1 + np.sum(np.asarray(x) ** 2, axis=1))  # the rounding of the boundary factor
    for size, value in zip(sizes, values, strict=True):
        assert np.all(np.abs(value) <= zero * size)


@with_entries
def test_residual_of_a_network(entry, getkey):
    problem = entry.build(5, key=getkey(), radius=1.5)
    net = eqx.nn.MLP(5, "scalar", 8, 2, activation=jnp.tanh, key=getkey())
    x = problem.sample(3, key=getkey())

    @eqx.filter_jit
    def evaluate(net, x, key):
        def one(x):
            u = problem.ansatz(net)
            exact = problem.residual(u, x, estimator=stde.Exact(), key=None)
            # As many samples as coordinates, without replacement: every coordinate, in some order.
            sampled = problem.residual(u, x, estimator=stde.SparseSTDE(5), key=key)
            return exact, sampled, u(x), laplacian(u, x), problem.source(x)

        return jax.vmap(one)(x)

    exact, sampled, value, applied, source = (np.asarray(part) for part in evaluate(net, x, getkey()))
    expected = applied + NONLINEARITIES[entry.name](value) - source
    assert np.allclose(exact, expected, rtol=1e-10)
    assert np.allclose(sampled, expected, rtol=1e-10)
    factor = 1.5**2 - np.sum(np.asarray(x) ** 2, axis=1)
    assert np.allclose(value, factor * np.asarray(jax.vmap(net)(x)), rtol=1e-12)


@with_entries
def test_loss_differentiates_in_the_parameters(entry, getkey):
    problem = entry.build(4, key=getkey())
    net = eqx.nn.MLP(4, "scalar", 6, 1, activation=jnp.tanh, key=getkey())
    x = problem.sample(3, key=getkey())

    def loss(net, apply):
        def residual(x):
            u = problem.ansatz(net)
            return apply(u, x) + problem.nonlinearity(u(x)) - problem.source(x)

        return jnp.mean(jax.vmap(residual)(x) ** 2)

    def library(net):
        residual = lambda x: problem.residual(problem.ansatz(net), x, estimator=stde.Exact(), key=None)
        return jnp.mean(jax.vmap(residual)(x) ** 2)

    ours = eqx.filter_jit(eqx.filter_grad(library))(net)
    theirs = eqx.filter_jit(eqx.filter_grad(lambda net: loss(net, laplacian)))(net)
    for left, right in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        assert np.allclose(left, right, rtol=1e-8)


@with_entries
@pytest.mark.parametrize("solution", zoo.list_solutions())
def test_nothing_is_larger_than_a_point(entry, solution):
    problem = entry.build(3000, key=jr.key(0), solution=solution)
    x = jnp.zeros(3000)
    assert largest_array(problem.source, x) <= 3000
    constant = problem.ansatz(lambda x: jnp.ones((), x.dtype))
    residual = lambda x: problem.residual(constant, x, estimator=stde.Exact(), key=None)
    assert largest_array(residual, x) <= 2 * 3000


@with_entries
def test_a_hundred_thousand_dimensions_in_float32(entry):
    with jax.enable_x64(False):
        problem = entry.build(100_000, key=jr.key(0))
        x = problem.sample(2, key=jr.key(1))
        source = eqx.filter_jit(lambda problem, x: jax.vmap(problem.source)(x))(problem, x)
    double = eqx.tree_at(lambda p: p.solution.coefficients, problem, problem.solution.coefficients.astype(jnp.float64))
    expected = eqx.filter_jit(lambda problem, x: jax.vmap(problem.source)(x))(double, x.astype(jnp.float64))
    assert source.dtype == jnp.float32
    assert np.allclose(source, expected, rtol=5e-6)


@with_entries
@pytest.mark.parametrize("platform", ("cuda", "tpu"))
def test_lowers_for_accelerators(entry, platform):
    with jax.enable_x64(False):
        problem = entry.build(10, key=jr.key(0))
        sources = lambda key: jax.vmap(problem.source)(problem.sample(4, key=key))
        lowered = jax.jit(sources).trace(jr.key(1)).lower(lowering_platforms=(platform,))
    assert "tensor<4x10xf32>" in lowered.as_text()


@with_entries
def test_a_solution_of_ones_own(entry, getkey):
    problem = entry.problem(zoo.CustomSolution(lambda x: jnp.cos(jnp.sum(x)) / 3, dim=4, radius=2.0))
    x = problem.sample(3, key=getkey())
    value, applied, source, residual = jax.jit(
        jax.vmap(
            lambda x: (
                problem.exact(x),
                laplacian(problem.exact, x),
                problem.source(x),
                problem.residual(problem.exact, x, estimator=stde.Exact(), key=None),
            )
        )
    )(x)
    expected = applied + NONLINEARITIES[entry.name](np.asarray(value))
    assert np.allclose(source, expected, rtol=1e-10)
    assert np.allclose(residual, 0, atol=1e-10)


@with_entries
def test_points_follow_the_law_of_the_domain(entry):
    problem = entry.build(6, key=jr.key(0), radius=0.5)
    assert jnp.array_equal(problem.sample(7, key=jr.key(1)), zoo.Ball(6, 0.5).sample(7, key=jr.key(1)))


@with_entries
def test_ansatz_is_a_pytree_with_the_network_inside(entry, getkey):
    problem = entry.build(4, key=getkey())
    net = eqx.nn.MLP(4, "scalar", 6, 1, key=getkey())
    arrays = jax.tree.leaves(eqx.filter(problem.ansatz(net), eqx.is_array))
    assert all(any(array is leaf for array in arrays) for leaf in jax.tree.leaves(eqx.filter(net, eqx.is_array)))


@with_entries
@pytest.mark.parametrize(
    "wrong",
    (zoo.TwoBody, zoo.UnitBall(3), jnp.sin, 1000, None),
    ids=("class", "domain", "function", "number", "none"),
)
def test_only_a_solution_will_do(entry, wrong, unchecked):
    with pytest.raises(ValueError, match=r"built from a solution.*TwoBody\(dim=1000"):
        entry.problem(wrong)


@with_entries
def test_wrong_point(entry):
    problem = entry.build(5, key=jr.key(0))
    residual = lambda x: problem.residual(problem.exact, x, estimator=stde.Exact(), key=None)
    for function in (problem.source, problem.exact, residual, problem.ansatz(jnp.sum)):
        with pytest.raises(ValueError, match=r"shape \(5,\), got an array of shape \(6,\)"):
            function(jnp.zeros(6))


@with_entries
def test_unknown_must_be_scalar(entry, getkey):
    problem = entry.build(4, key=getkey())
    net = eqx.nn.MLP(4, 1, 6, 1, key=getkey())
    with pytest.raises(ValueError, match=r'scalar value, got shape \(1,\).*"scalar"'):
        problem.residual(problem.ansatz(net), jnp.zeros(4), estimator=stde.Exact(), key=None)


def test_registry_names_its_classes():
    assert list(zoo.list_problems()) == ["poisson", "allen-cahn", "sine-gordon"]
    for name, entry in zoo.list_problems().items():
        assert entry.name == name
        assert type(entry.build(5, key=jr.key(0))).__name__.lower() == name.replace("-", "")
        assert entry.description.endswith(".")
        assert entry.equation.startswith("Δu") and entry.equation.endswith("= f")


def test_registry_is_read_only():
    with pytest.raises(TypeError):
        zoo.list_problems()["other"] = zoo.list_problems()["poisson"]  # pyright: ignore


def test_registry_builds_what_the_constructors_build():
    built = zoo.list_problems()["sine-gordon"].build(9, key=jr.key(3), solution="three-body", radius=2.0)
    assert eqx.tree_equal(built, zoo.SineGordon(zoo.ThreeBody(9, key=jr.key(3), radius=2.0)))
    assert isinstance(zoo.list_problems()["poisson"].build(9, key=jr.key(3)), zoo.Poisson)


def test_registry_refuses_an_unknown_solution():
    with pytest.raises(ValueError, match="unknown solution 'two-bodies'; did you mean 'two-body'"):
        zoo.list_problems()["poisson"].build(9, key=jr.key(3), solution="two-bodies")
