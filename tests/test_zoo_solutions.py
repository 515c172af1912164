import math

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from scipy import stats

import zoo

from .helpers import laplacian
from .zoo_battery import largest_array, primitives, solution_cases


def two_body(c, x):
    return sum(c[i] * math.sin(x[i] + math.cos(x[i + 1]) + x[i + 1] * math.cos(x[i])) for i in range(len(x) - 1))


def three_body(c, x):
    return sum(c[i] * math.exp(x[i] * x[i + 1] * x[i + 2]) for i in range(len(x) - 2))


#: The sums of the definitions, written out.
DEFINITIONS = {
    "two-body": two_body,
    "three-body": three_body,
    "sine-three-body": lambda c, x: sum(c[i] * math.sin(x[i] * x[i + 1] * x[i + 2]) for i in range(len(x) - 2)),
    "exponential": lambda c, x: sum(c[i] * math.exp(x[i]) for i in range(len(x))),
    "tanh": lambda c, x: sum(c[i] * math.tanh(x[i]) for i in range(len(x))),
}

with_solutions = pytest.mark.parametrize("entry, domain", solution_cases())
with_entries = pytest.mark.parametrize("entry", zoo.list_solutions().values(), ids=lambda entry: entry.name)


@with_solutions
def test_value_is_that_of_the_definition(entry, domain, getkey):
    u = entry.build(domain.dim, key=getkey(), domain=domain)
    assert (u.dim, u.domain) == (domain.dim, domain)
    points = u.domain.sample(3, key=getkey())
    values = jax.jit(jax.vmap(lambda x: u(x)))(points)
    for value, x in zip(values, np.asarray(points), strict=True):
        expected = domain.boundary_factor(jnp.asarray(x)) * DEFINITIONS[entry.name](np.asarray(u.coefficients), x)
        assert np.allclose(value, expected, rtol=1e-12)


@pytest.mark.sampled(every=3)
@with_solutions
def test_laplacian_is_the_trace_of_the_hessian(entry, domain, getkey):
    u = entry.build(domain.dim, key=getkey(), domain=domain)
    x = np.concatenate([domain.sample(3, key=getkey()), np.zeros((1, domain.dim))])
    if isinstance(domain, zoo.Ball):  # whose factor is a polynomial, on the boundary and beyond
        on = np.asarray(domain.sample_boundary(2, key=getkey()))
        x = np.concatenate([x, on, 3 * on])

    @jax.jit
    @jax.vmap
    def evaluate(x):
        return u(x), u.value_and_laplacian(x), jax.hessian(lambda x: u(x))(x)

    value, (same_value, result), hessian = jax.tree.map(np.asarray, evaluate(x))
    scale = np.sum(np.abs(hessian), axis=(1, 2)) + np.abs(value)
    assert np.all(np.abs(same_value - value) <= 1e-13 * scale)
    assert np.all(np.abs(result - np.trace(hessian, axis1=1, axis2=2)) <= 1e-12 * scale)


@with_entries
def test_transformations(entry, getkey):
    u = entry.build(6, key=getkey())
    x = u.domain.sample(4, key=getkey())
    batched = eqx.filter_jit(lambda u, x: jax.vmap(u.value_and_laplacian)(x))(u, x)
    single = [u.value_and_laplacian(point) for point in x[:2]]
    assert np.allclose(np.stack(batched, 1)[:2], single, rtol=1e-12)
    step = 1e-6 * np.ones(6)
    slope = jax.jit(jax.jacrev(lambda x: jnp.stack(u.value_and_laplacian(x))))
    ahead, behind = (np.stack(u.value_and_laplacian(x[0] + sign * step)) for sign in (1, -1))
    assert np.allclose(slope(x[0]) @ step, (ahead - behind) / 2, rtol=1e-6)


@with_entries
def test_coefficients_are_standard_normal_and_come_from_the_key(entry):
    first, second = (entry.build(4000, key=jr.key(seed)).coefficients for seed in (0, 1))
    assert first.shape == (4001 - entry.min_dim,)
    assert stats.kstest(np.asarray(first), stats.norm.cdf).pvalue > 1e-3
    assert not jnp.any(first == second)
    assert jnp.array_equal(first, entry.build(4000, key=jr.key(0)).coefficients)


@with_entries
def test_cost_is_linear_and_functions_are_shared(entry):
    def transcendental(dim):
        u = entry.build(dim, key=jr.key(0))
        names = [equation.primitive.name for equation in primitives(u.value_and_laplacian, jnp.zeros(dim))]
        return len(names), [
            name for name in names if name in ("sin", "cos", "exp", "tan", "tanh", "pow", "gather", "while")
        ]

    u = entry.build(1000, key=jr.key(0))
    assert largest_array(u.value_and_laplacian, jnp.zeros(1000)) <= 1000
    assert largest_array(u, jnp.zeros(1000)) <= 1000
    assert transcendental(10) == transcendental(1000)
    assert sorted(transcendental(10)[1]) in (["cos", "cos", "sin", "sin"], ["cos", "sin"], ["exp"], ["tanh"])


@with_entries
@pytest.mark.parametrize("dim", (100, 100_000))
def test_float32_agrees_with_float64(entry, dim):
    with jax.enable_x64(False):
        u = entry.build(dim, key=jr.key(0))
        x = u.domain.sample(5, key=jr.key(1))
        evaluate = eqx.filter_jit(lambda u, x: jax.vmap(lambda x: (u(x), *u.value_and_laplacian(x)))(x))
        results = evaluate(u, x)
    assert all(result.dtype == jnp.float32 for result in results)
    double = eqx.tree_at(lambda u: u.coefficients, u, u.coefficients.astype(jnp.float64))
    expected = evaluate(double, x.astype(jnp.float64))
    # The sum's signs cancel: |sum c| is about sqrt(d) while sum |c| is d, which is what a plain float32 sum feels.
    # Where there is no constant part, what is left is all there is, and smaller.
    assert np.allclose(results, expected, rtol=5e-6 if u.value_at_origin else 3e-5)


@with_entries
def test_smallest_dimension(entry):
    entry.build(entry.min_dim, key=jr.key(0))
    for dim in (entry.min_dim - 1, 0, -1):
        with pytest.raises(ValueError, match="dim"):
            entry.build(dim, key=jr.key(0))


@with_entries
@pytest.mark.parametrize("radius", (0.0, -1.0, float("nan")))
def test_bad_radius(entry, radius):
    with pytest.raises(ValueError, match="radius"):
        entry.build(5, key=jr.key(0), radius=radius)


@with_entries
def test_wrong_point(entry):
    u = entry.build(5, key=jr.key(0))
    for function in (u, u.value_and_laplacian):
        with pytest.raises(ValueError, match=r"shape \(5,\), got an array of shape \(6,\)"):
            function(jnp.zeros(6))


def test_constructors_of_the_documentation():
    assert isinstance(zoo.TwoBody(dim=1000, key=jr.key(0)), zoo.AbstractSolution)
    assert isinstance(zoo.ThreeBody(dim=1000, key=jr.key(0), radius=2.0), zoo.AbstractSolution)


def test_list_of_solutions_is_read_only():
    assert list(zoo.list_solutions()) == ["two-body", "three-body", "sine-three-body", "exponential", "tanh"]
    with pytest.raises(TypeError):
        zoo.list_solutions()["other"] = zoo.list_solutions()["two-body"]  # pyright: ignore


@pytest.mark.parametrize("radius", (1.0, 2.5))
def test_custom_solution(radius, getkey):
    c = jr.normal(getkey(), (4,))
    u = zoo.CustomSolution(lambda x: jnp.sum(c * jnp.exp(x[:-2] * x[1:-1] * x[2:])), 6, radius=radius)
    twin = eqx.tree_at(lambda u: u.coefficients, zoo.ThreeBody(6, key=getkey(), radius=radius), c)
    x = u.domain.sample(3, key=getkey())
    both = jax.jit(jax.vmap(lambda x: (u.value_and_laplacian(x), twin.value_and_laplacian(x))))(x)
    assert np.allclose(*both, rtol=1e-10)


def test_custom_solution_of_a_network(getkey):
    net = eqx.nn.MLP(3, "scalar", 8, 2, activation=jnp.tanh, key=getkey())
    u = zoo.CustomSolution(net, dim=3)
    x = u.domain.sample(1, key=getkey())[0]
    ours, theirs = eqx.filter_jit(lambda u, x: (u.value_and_laplacian(x)[1], laplacian(u, x)))(u, x)
    assert jnp.allclose(ours, theirs)
    assert jnp.allclose(u(u.domain.sample_boundary(1, key=getkey())[0]), 0, atol=1e-14)


def test_bad_custom_solution(unchecked):
    with pytest.raises(ValueError, match="function of one point"):
        zoo.CustomSolution(3.0, dim=4)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="must return a scalar"):
        zoo.CustomSolution(jnp.sin, dim=4)
    with pytest.raises(ValueError, match="dim"):
        zoo.CustomSolution(jnp.sum, dim=0)
