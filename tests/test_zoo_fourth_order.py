"""The clamped plate and the anisotropic problem: their sources, boundary conditions and costs, in any dimension."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

import stde_eqx as stde
import zoo

from .helpers import derivative_tensor
from .zoo_battery import largest_array


SUMS = [zoo.TwoBody, zoo.ThreeBody, zoo.ExponentialSum, zoo.TanhSum]
with_sums = pytest.mark.parametrize("sum", SUMS)


def bilaplacian(u, x):
    return jnp.einsum("iijj->", derivative_tensor(u, x, 4))


@pytest.mark.slow
@with_sums
@pytest.mark.parametrize("dim, radius", [(3, 1.0), (5, 1.7)])
def test_source_of_the_plate_is_the_bilaplacian_of_its_solution(sum, dim, radius, getkey):
    problem = zoo.ClampedPlate(sum(dim, key=getkey(), radius=radius))
    x = problem.sample(3, key=getkey())
    source, residual, expected, value = jax.jit(
        jax.vmap(
            lambda x: (
                problem.source(x),
                problem.residual(problem.exact, x, estimator=stde.Exact(), key=None),
                bilaplacian(problem.exact, x),
                problem.solution.sum(x) * problem.domain.boundary_factor(x) - problem.exact(x),
            )
        )
    )(x)
    assert np.allclose(source, expected, rtol=1e-9)
    assert np.all(np.abs(residual) < 1e-9 * np.abs(source))
    assert np.all(np.abs(value) < 1e-12)


@with_sums
def test_plate_is_clamped(sum, getkey):
    problem = zoo.ClampedPlate(sum(4, key=getkey(), radius=1.3))
    net = eqx.nn.MLP(4, "scalar", 8, 2, key=getkey())
    for u in (problem.exact, problem.ansatz(net)):
        for x in problem.domain.sample_boundary(3, key=getkey()):
            assert jnp.abs(u(x)) < 1e-13 and jnp.max(jnp.abs(jax.grad(u)(x))) < 1e-12


@with_sums
@pytest.mark.parametrize("dim", (100, pytest.param(100_000, marks=pytest.mark.slow)))
def test_plate_in_float32_agrees_with_float64(sum, dim):
    with jax.enable_x64(False):
        u = zoo.ClampedPlate(sum(dim, key=jr.key(0))).solution
        x = u.domain.sample(5, key=jr.key(1))
        evaluate = eqx.filter_jit(lambda u, x: jax.vmap(lambda x: (u(x), u.bilaplacian(x)))(x))
        results = evaluate(u, x)
    assert all(result.dtype == jnp.float32 for result in results)
    double = eqx.tree_at(lambda u: u.sum.coefficients, u, u.sum.coefficients.astype(jnp.float64))
    # The constant part apart: added up with the rest, it would leave an error of 4e-6 to 8e-6 in the larger dimension.
    rtol = 1e-6 if u.sum.value_at_origin else 3e-5
    assert np.allclose(results, evaluate(double, x.astype(jnp.float64)), rtol=rtol, atol=0)


@pytest.mark.slow
@with_sums
def test_anisotropic_source(sum, getkey):
    dim, coupling = 5, 0.7
    problem = zoo.Anisotropic(sum(dim, key=getkey()), coupling)
    sigma = np.eye(dim) + coupling * np.eye(dim, k=-1)
    matrix = sigma @ sigma.T
    u = eqx.nn.MLP(dim, "scalar", 8, 2, activation=jnp.tanh, key=getkey())
    for x in problem.sample(2, key=getkey()):
        trace = lambda u, x=x: jnp.trace(matrix @ jax.hessian(u)(x))
        assert jnp.allclose(problem.source(x), trace(problem.exact), rtol=1e-9)
        residual = problem.residual(problem.exact, x, estimator=stde.Exact(), key=None)
        assert jnp.abs(residual) < 1e-9 * jnp.abs(problem.source(x))
        assert jnp.allclose(problem.operator(u, x), trace(u), rtol=1e-10)
        vector = jr.normal(getkey(), (dim,))
        assert jnp.allclose(problem.operator.flux(x, vector), matrix @ vector, rtol=1e-12)
        all_of_them = stde.SparseSTDE(dim)
        assert jnp.allclose(problem.operator(u, x, estimator=all_of_them, key=getkey()), trace(u), rtol=1e-10)


def test_anisotropic_estimates_scatter_around_the_operator(getkey):
    problem = zoo.Anisotropic(zoo.TwoBody(6, key=getkey()))
    u = eqx.nn.MLP(6, "scalar", 8, 2, activation=jnp.tanh, key=getkey())
    x = problem.sample(1, key=getkey())[0]
    for estimator in (stde.SparseSTDE(2), stde.DenseSTDE(2), stde.DenseSTDE(2, stde.Gaussian())):
        apply = lambda key, e=estimator: problem.operator(u, x, estimator=e, key=key)
        estimates = jax.jit(jax.vmap(apply))(jr.split(getkey(), 4000))
        assert abs(jnp.mean(estimates) - problem.operator(u, x)) < 4.5 * jnp.std(estimates) / 4000**0.5


@pytest.mark.parametrize("make", [zoo.ClampedPlate, zoo.Anisotropic])
def test_a_hundred_thousand_dimensions(make):
    dim = 100_000
    problem = make(zoo.TwoBody(dim, key=jr.key(0)))
    net = eqx.nn.MLP(dim, "scalar", 4, 1, activation=jnp.tanh, key=jr.key(1))

    def residual(x, key):
        return problem.residual(problem.ansatz(net), x, estimator=stde.SparseSTDE(4), key=key)

    x = problem.sample(1, key=jr.key(2))[0]
    assert largest_array(residual, x, jr.key(3)) <= 64 * dim
    assert jnp.isfinite(jax.jit(residual)(x, jr.key(3)))


@pytest.mark.parametrize("make", [zoo.ClampedPlate, zoo.Anisotropic])
def test_not_a_solution(make, unchecked):
    with pytest.raises(ValueError, match="is built from a s"):
        make(3.0)


@pytest.mark.slow
@pytest.mark.parametrize(
    "make, sum, error, skill",
    [
        # Measured: 1.9e-2 and 0.10, 5.2e-2 and 0.05, 2.3e-2 and 0.18, 1.7e-2 and 0.17.
        (zoo.Poisson, zoo.ExponentialSum, 0.04, 0.4),
        (zoo.Poisson, zoo.TanhSum, 0.1, 0.2),
        (zoo.Anisotropic, zoo.TwoBody, 0.05, 0.4),
        (zoo.ClampedPlate, zoo.TwoBody, 0.05, 0.4),
    ],
)
def test_training(make, sum, error, skill):
    with jax.enable_x64(False):
        problem = make(sum(10, key=jr.key(0)))
        net = eqx.nn.MLP(10, "scalar", 64, 3, activation=jnp.tanh, key=jr.key(1))
        solution = stde.train(problem, net, estimator=stde.SparseSTDE(4), steps=3000, key=jr.key(2))
    assert solution.metrics.relative_l2 is not None and solution.metrics.relative_l2 < error
    assert solution.metrics.skill is not None and solution.metrics.skill < skill
