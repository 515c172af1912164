"""Sampled terms: every scheme over all its outcomes, and the standard errors that come with them."""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
import scipy.stats
from jaxtyping import Array, Int

import stde_eqx as stde
from stde_eqx.estimators._sampling import uniform_subset
from stde_eqx.estimators._sparse import choose
from stde_eqx.operators import Draws, Strata
from stde_eqx.operators._design import variance_of_total

from .operator_cases import DIM, OPERATORS
from .test_taylor_structure import equations


_x = jnp.array([0.3, -0.5, 0.8, 0.1])
_u = eqx.nn.MLP(DIM, "scalar", 6, 2, activation=jnp.tanh, key=jr.key(0))
_directional = {name: case for name, case in OPERATORS.items() if isinstance(case[0], stde.AbstractDirectionalOperator)}


def _outcomes(operator, num_samples, sampling):
    """Every outcome of a scheme, with its probability."""
    total = operator.num_terms(_x, dim=DIM)
    rows = lambda outcome: jnp.array(outcome, int)
    match sampling:
        case stde.WithoutReplacement():
            subsets = list(itertools.combinations(range(total), num_samples))
            return [((rows(s), total / num_samples, Draws(num_samples, total)), 1 / len(subsets)) for s in subsets]
        case stde.WithReplacement():
            tuples = list(itertools.product(range(total), repeat=num_samples))
            return [((rows(t), total / num_samples, Draws(num_samples, None)), 1 / len(tuples)) for t in tuples]
        case stde.Importance():
            p = np.asarray(operator.magnitudes(_x, dim=DIM))
            p = p / p.sum()
            tuples = itertools.product(np.flatnonzero(p), repeat=num_samples)
            return [
                ((rows(t), jnp.array(1 / (num_samples * p[list(t)])), Draws(num_samples, None)), np.prod(p[list(t)]))
                for t in tuples
            ]
        case stde.Stratified():
            bounds = [total * i // num_samples for i in range(num_samples + 1)]
            groups = [range(a, b) for a, b in itertools.pairwise(bounds)]
            sizes = tuple(map(len, groups))
            each = list(itertools.product(*groups))
            return [((rows(t), jnp.array(sizes, float), Strata(sizes)), 1 / len(each)) for t in each]
    raise AssertionError


SCHEMES = [stde.WithoutReplacement(), stde.WithReplacement(), stde.Stratified(), stde.Importance()]


@pytest.mark.parametrize("sampling", SCHEMES, ids=lambda sampling: type(sampling).__name__)
@pytest.mark.parametrize("operator, oracle", _directional.values(), ids=_directional.keys())
def test_average_over_all_outcomes(operator, oracle, sampling):
    """The estimate is unbiased, and so is its variance (with strata it is too large, never too small)."""
    if operator.num_terms(_x, dim=DIM) < 3:
        pytest.skip("two of two terms are all of them")
    outcomes = _outcomes(operator, 2, sampling)
    drawn = lambda outcome: choose(operator, _x, outcome, dim=DIM)
    moments = jax.jit(lambda outcome: drawn(outcome).value_and_moments(_u, _x)[1:])
    collapsed = jax.jit(lambda outcome: drawn(outcome).value_and_apply(_u, _x)[1])
    estimates, variances = np.array([moments(outcome) for outcome, _ in outcomes]).T
    probabilities = np.array([p for _, p in outcomes])
    assert np.isclose(probabilities.sum(), 1)
    assert np.allclose([collapsed(outcome) for outcome, _ in outcomes[:5]], estimates[:5], rtol=1e-10, atol=1e-13)
    exact = oracle(_u, _x)
    assert np.isclose(probabilities @ estimates, exact, rtol=1e-10, atol=1e-13)
    true_variance = probabilities @ (estimates - exact) ** 2
    if isinstance(sampling, stde.Stratified):
        assert probabilities @ variances >= true_variance * (1 - 1e-9)
    else:
        assert np.isclose(probabilities @ variances, true_variance, rtol=1e-8, atol=1e-15)


def _frequencies(sampling, total, num_samples, magnitudes, num_draws=20_000):
    rows = jax.vmap(lambda key: sampling.draw(total, num_samples, lambda: magnitudes, key=key)[0])
    return np.bincount(np.asarray(rows(jr.split(jr.key(3), num_draws))).ravel(), minlength=total), num_draws


@pytest.mark.parametrize("sampling", SCHEMES, ids=lambda sampling: type(sampling).__name__)
def test_schemes_draw_with_the_probabilities_that_they_say(sampling):
    magnitudes = jnp.array([1.0, 2.0, 0.5, 4.0, 1.0])
    counts, num_draws = _frequencies(sampling, 5, 2, magnitudes)
    draw = lambda key: sampling.draw(5, 2, lambda: magnitudes, key=key)[:2]
    rows, factors = jax.vmap(lambda key: jax.tree.map(jnp.asarray, draw(key)))(jr.split(jr.key(1), 200))
    expected = np.zeros(5)
    expected[np.asarray(rows)] = 1 / np.broadcast_to(np.reshape(factors, (200, -1)), (200, 2))
    # Five standard deviations of a count.
    assert np.all(np.abs(counts / num_draws - expected) < 5 * np.sqrt(expected / num_draws))


class Given(stde.AbstractSampler):
    """The draw in which the given rows of the Laplacian came up, and those of any other operator."""

    laplacian: Int[Array, " rows"]
    other: Int[Array, " rows"]

    def check(self, operator, x, *, key):
        pass

    def sample_terms(self, operator, x, *, dim, key):
        rows = self.laplacian if isinstance(operator, stde.Laplacian) else self.other
        return choose(operator, x, (rows, dim / rows.shape[0], Draws(rows.shape[0], dim)), dim=dim)


def test_product_of_operators():
    operator = stde.Laplacian() @ stde.DiagonalOperator(1)
    moments = jax.jit(lambda i, j: Given(i, j).sample(operator, _x).value_and_moments(_u, _x)[1:])
    found = [
        moments(jnp.array(i), jnp.array(j))
        for i in itertools.combinations(range(DIM), 2)
        for j in itertools.combinations(range(DIM), 3)
    ]
    estimates, variances = np.array(found).T
    assert np.isclose(estimates.mean(), operator(_u, _x), rtol=1e-10)
    assert np.isclose(variances.mean(), np.var(estimates), rtol=1e-8)


def test_standard_errors_of_sums_and_multiples():
    key, estimator = jr.key(5), stde.SparseSTDE(2)
    one = stde.estimate(stde.Laplacian(), _u, _x, estimator=estimator, key=key).standard_error
    tripled = stde.estimate(-3 * stde.Laplacian(), _u, _x, estimator=estimator, key=key).standard_error
    assert jnp.allclose(tripled, 3 * one, rtol=1e-10)
    # The advection term is exact and adds nothing; the identity neither.
    operator = stde.Identity() + stde.AdvectionOperator(_x)
    assert stde.estimate(operator, _u, _x).standard_error == 0
    total = stde.Laplacian() + stde.DiagonalOperator(3)
    keys = jr.split(key, 2)
    parts = [
        stde.estimate(part, _u, _x, estimator=estimator, key=k).standard_error
        for part, k in zip((stde.Laplacian(), stde.DiagonalOperator(3)), keys, strict=True)
    ]
    found = stde.estimate(total, _u, _x, estimator=estimator, key=key).standard_error
    assert jnp.allclose(found, jnp.hypot(*parts), rtol=1e-10)


def test_small_standard_errors_in_single_precision():
    """A standard error a thousandth of the estimate: its square is a millionth, which float32 must not round away."""
    hessian = jnp.diag(jnp.array([1.0, 1.001, 0.999, 1.002], jnp.float32))
    u = lambda x: x @ hessian @ x
    x = jnp.zeros(4, jnp.float32)
    for key in jr.split(jr.key(0), 5):
        single = stde.estimate(stde.Laplacian(), u, x, estimator=stde.SparseSTDE(2), key=key)
        wide = lambda x: x @ hessian.astype(jnp.float64) @ x
        double = stde.estimate(stde.Laplacian(), wide, x.astype(jnp.float64), estimator=stde.SparseSTDE(2), key=key)
        assert jnp.allclose(single.standard_error, double.standard_error, rtol=1e-3)


@pytest.mark.parametrize("seed", range(5))
def test_eigenvectors_never_have_more_variance_than_the_bilinear_form(seed):
    """Averaged over random Hessians, with Gaussian vectors: the variance of v^T A v is twice the square of sym(A)."""
    dim = 5
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(dim, dim))
    matrix = matrix + matrix.T + seed * np.eye(dim)
    eigenvalues, q = np.linalg.eigh(matrix)
    plus, minus = (q * np.sqrt(np.maximum(sign * eigenvalues, 0)) for sign in (1, -1))
    sample = rng.normal(size=(40_000, dim, dim))
    hessians = (sample + np.swapaxes(sample, 1, 2)) / 2**0.5
    square = lambda a: np.mean(np.sum(((a + np.swapaxes(a, 1, 2)) / 2) ** 2, axis=(1, 2)))
    eigen = square(plus.T @ hessians @ plus - minus.T @ hessians @ minus)
    bilinear = square(hessians @ matrix)
    positive, negative = (np.sum(np.maximum(sign * eigenvalues, 0)) for sign in (1, -1))
    assert np.isclose(eigen, positive**2 + negative**2 + np.sum(eigenvalues**2), rtol=0.05)
    assert eigen <= bilinear


def test_a_single_random_term_has_no_standard_error():
    assert jnp.isnan(
        stde.estimate(stde.Laplacian(), _u, _x, estimator=stde.SparseSTDE(1), key=jr.key(0)).standard_error
    )


@pytest.mark.parametrize("sampling", SCHEMES, ids=lambda sampling: type(sampling).__name__)
def test_all_terms_are_exact(sampling):
    found = stde.estimate(stde.Laplacian(), _u, _x, estimator=stde.SparseSTDE(DIM, sampling), key=jr.key(0))
    assert jnp.allclose(found.estimate, stde.Laplacian()(_u, _x), rtol=1e-12)
    assert found.standard_error < 1e-7 * abs(found.estimate)


@pytest.mark.slow
def test_a_summand_with_few_terms_is_taken_whole():
    operator = stde.Laplacian() + stde.LinearOperator({(0, 1): 1.0, (2, 2): 3.0}) + stde.AdvectionOperator(_x)
    estimate = lambda key: operator(_u, _x, estimator=stde.SparseSTDE(3), key=key)
    keys = jr.split(jr.key(0), 500)
    estimates = jax.vmap(estimate)(keys)
    few = stde.LinearOperator({(0, 1): 1.0, (2, 2): 3.0}) + stde.AdvectionOperator(_x)
    laplacians = jax.vmap(lambda k: stde.Laplacian()(_u, _x, estimator=stde.SparseSTDE(3), key=k))(
        jax.vmap(lambda key: jr.split(key, 3)[0])(keys)
    )
    assert jnp.allclose(estimates, laplacians + few(_u, _x), rtol=1e-10)


def test_biharmonic_terms_are_not_enumerated():
    # 10^10 pairs of coordinates; the program holds no array much larger than the point.
    dim = 100_000
    u = lambda x: jnp.sum(jnp.sin(x)) ** 2 / dim
    estimate = lambda x, key: stde.Biharmonic()(u, x, estimator=stde.SparseSTDE(8), key=key)
    arguments = jnp.ones(dim), jr.key(0)
    shapes = [var.aval for eqn in equations(jax.make_jaxpr(estimate)(*arguments).jaxpr) for var in eqn.outvars]
    assert max(getattr(aval, "size", 0) for aval in shapes) <= dim
    assert jnp.isfinite(jax.jit(estimate)(*arguments))


def test_importance_wants_a_weight_a_term():
    with pytest.raises(ValueError, match=r"each of the 4 terms, got shape \(3,\)"):
        stde.Laplacian()(_u, _x, estimator=stde.SparseSTDE(2, stde.Importance(jnp.ones(3))), key=jr.key(0))


def test_no_standard_error_of_a_product_with_a_sum():
    operator = stde.Laplacian() @ (stde.Laplacian() + stde.Identity())
    with pytest.raises(ValueError, match="expand the product"):
        stde.estimate(operator, _u, _x)


def test_dense_estimates_only_where_there_are_some():
    many = stde.LinearOperator({(0, 1): 1.0, (0, 2): 1.0, (1, 2): 1.0})
    for operator in (stde.DiagonalOperator(4), many, stde.Laplacian() + many):
        with pytest.raises(ValueError, match="no estimate from random vectors.*SparseSTDE"):
            operator(_u, _x, estimator=stde.DenseSTDE(2), key=jr.key(0))


_dense = {
    name: case
    for name, case in OPERATORS.items()
    if not any(k in name for k in ("linear", "partial", "hessian", "order 1", "order 3", "order 4", "sum"))
}


@pytest.mark.sampled(every=3)
@pytest.mark.parametrize("operator, oracle", _dense.values(), ids=_dense.keys())
@pytest.mark.parametrize("distribution", [stde.Rademacher(), stde.Gaussian()], ids=["signs", "Gaussian"])
def test_random_vectors_scatter_around_the_operator(operator, oracle, distribution):
    estimator = stde.DenseSTDE(3, distribution)
    keys = jr.split(jr.key(2), 4000)
    found = jax.jit(jax.vmap(lambda key: stde.estimate(operator, _u, _x, estimator=estimator, key=key)))(keys)
    spread = jnp.std(found.estimate)
    # 4.5 standard deviations, for some thirty fixed keys.
    assert abs(jnp.mean(found.estimate) - oracle(_u, _x)) <= 4.5 * spread / len(keys) ** 0.5 + 1e-12
    # The standard error of a product is cut off at zero, which moves its mean square.
    if not isinstance(operator, stde.Polyharmonic | stde.operators.Composition):
        assert jnp.isclose(jnp.mean(found.standard_error**2), spread**2, rtol=0.15, atol=1e-20)


# (total, size) on both sides of the switch between Floyd's algorithm and a permutation.
@pytest.mark.parametrize("total, size", [(6, 2), (40, 3), (4, 4), (5, 1), (3, 2)])
def test_subsets_are_uniform(total, size):
    draws = jax.vmap(lambda key: uniform_subset(total, size, key=key))(jr.split(jr.key(3), 20_000))
    draws = np.sort(np.asarray(draws), 1)
    assert draws.min() >= 0 and draws.max() < total
    assert (np.diff(draws, axis=1) > 0).all(), "without replacement"
    subsets = list(itertools.combinations(range(total), size))
    position = {subset: i for i, subset in enumerate(subsets)}
    counts = np.bincount([position[tuple(draw)] for draw in draws], minlength=len(subsets))
    if len(subsets) == 1:
        assert counts[0] == 20_000
    else:
        assert scipy.stats.chisquare(counts).pvalue > 1e-3


_sigma = jnp.array([1.0, 0.5, 2.0])
_quartic = lambda x: jnp.sum(x**4) + x[0] * x[1]


def _average_by_importance(of, terms=3):
    """The exact expectation of what `of` makes of an estimator that draws one term by importance."""
    scheme = lambda row: stde.SparseSTDE(1, GivenTerm(row))
    found = jnp.stack([of(scheme(row)) for row in range(terms)])
    probabilities = _sigma**2 / jnp.sum(_sigma**2)
    return jnp.tensordot(probabilities, found, 1)


class GivenTerm(stde.estimators.AbstractSamplingScheme):
    """Importance, with one outcome of its draw."""

    row: int

    def draw(self, total, num_samples, magnitudes, *, key):
        # A key under which the scheme itself draws the wanted term, so that its factor is the one under test.
        wanted = lambda key: stde.Importance().draw(total, num_samples, magnitudes, key=key)
        keys = jr.split(jr.key(0), 64)
        rows = jax.vmap(lambda key: wanted(key)[0][0])(keys)
        return wanted(keys[jnp.argmax(rows == self.row)])


def test_importance_does_not_bias_derivatives_with_respect_to_coefficients():
    x = jnp.array([0.3, 0.5, -0.2])
    gradient = lambda estimator: jax.grad(
        lambda sigma: stde.WeightedLaplacian(sigma)(_quartic, x, estimator=estimator, key=jr.key(0))
    )(_sigma)
    exact = jax.grad(lambda sigma: stde.WeightedLaplacian(sigma)(_quartic, x))(_sigma)
    assert jnp.allclose(_average_by_importance(gradient), exact, rtol=1e-10)


def test_importance_does_not_bias_products_with_varying_coefficients():
    x = jnp.array([0.3, 0.5, -0.2])
    sigma = lambda z: _sigma * jnp.exp(jnp.sum(z) - jnp.sum(x)) ** jnp.arange(3)
    product = stde.PartialDerivative(1) @ stde.WeightedLaplacian(sigma)
    # One derivative is taken whole by every estimator, so that the inner draw is the only random one.
    average = _average_by_importance(lambda estimator: product(_quartic, x, estimator=estimator, key=jr.key(0)))
    assert jnp.allclose(average, product(_quartic, x), rtol=1e-10)


def test_importance_of_coefficients_that_all_vanish():
    operator = stde.WeightedLaplacian(lambda x: x)
    estimator = stde.SparseSTDE(1, stde.Importance())
    assert operator(_quartic, jnp.zeros(3), estimator=estimator, key=jr.key(0)) == 0


def test_importance_takes_whole_numbers_as_weights():
    estimator = lambda weights: stde.SparseSTDE(2, stde.Importance(weights))
    estimate = lambda weights: stde.Laplacian()(_u, _x, estimator=estimator(weights), key=jr.key(0))
    assert estimate(jnp.array([1, 2, 3, 4])) == estimate(jnp.array([1.0, 2.0, 3.0, 4.0]))


@pytest.mark.parametrize("strata", (2, 3, 4, 5))
@pytest.mark.parametrize("random", (0, 1))
def test_every_stratum_counts_once_in_the_standard_error(strata, random):
    """All variance in one stratum of two terms: over all outcomes the estimate of it is exact."""
    design = Strata((2,) * strata)
    outcomes = [jnp.zeros(strata).at[random].set(value) for value in (-1.0, 1.0)]
    assert jnp.isclose(np.mean([variance_of_total(terms, [design]) for terms in outcomes]), 1)


def test_standard_errors_of_complex_functions():
    k = jnp.array([1.0, 2.0, 3.0])
    wave = lambda x: jnp.exp(1j * jnp.vdot(k, x))
    x = jnp.array([0.3, 0.5, -0.2])
    draws = [jnp.array(rows) for rows in itertools.combinations(range(3), 2)]
    found = [Given(rows, rows).sample(stde.Laplacian(), x).value_and_moments(wave, x)[1:] for rows in draws]
    estimates, variances = (jnp.array(each) for each in zip(*found, strict=True))
    assert jnp.isrealobj(variances)
    assert jnp.isclose(jnp.mean(variances), jnp.mean(jnp.abs(estimates - jnp.mean(estimates)) ** 2), rtol=1e-10)
    estimator = stde.SparseSTDE(2, stde.Stratified())
    found = stde.estimate(stde.Laplacian(), wave, x, estimator=estimator, key=jr.key(0))
    assert jnp.isrealobj(found.standard_error)


def test_no_standard_error_where_all_terms_are_taken():
    u = lambda x: jnp.sum(jnp.arange(49) * x**2)
    assert stde.estimate(stde.Laplacian(), u, jnp.zeros(49)).standard_error == 0


def test_a_single_partial_derivative_has_products_with_a_standard_error():
    operator = stde.PartialDerivative(0) @ stde.Laplacian()
    found = stde.estimate(operator, _u, _x, estimator=stde.SparseSTDE(2), key=jr.key(0))
    assert 0 < found.standard_error < jnp.inf
