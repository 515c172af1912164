"""Problems in time: one table of cases, and one battery that all of them pass."""

import dataclasses
import functools
import itertools
import math
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

import stde_eqx as stde
import zoo


@dataclasses.dataclass(frozen=True)
class Case:
    """A problem in any dimension."""

    build: Callable[[int], Any]
    #: Of the residual of the exact solution, relative to the largest derivative in time; `None` without a solution.
    tolerance: float | None = 1e-8
    #: Of the exact solution at the time of the data.
    data_tolerance: float = 1e-12
    #: Dimensions in which the exact solution is checked.
    dims: tuple[int, ...] = (1, 6)
    #: Whether it is tried in very many dimensions.
    high: bool = True


CASES = {
    "heat": Case(zoo.Heat),
    # The solutions are interpolated from tables, whose second derivatives are less accurate than their values.
    "semilinear-heat": Case(zoo.SemilinearHeat, 1e-5, 1e-8, (6,)),
    "parabolic-sine-gordon": Case(zoo.ParabolicSineGordon, 1e-5, 1e-8, (6,)),
    "parabolic-allen-cahn": Case(zoo.ParabolicAllenCahn, None),
    "hjb-lqg": Case(lambda dim: zoo.HamiltonJacobiBellmanLQG(dim, 0.5, 0.3)),
    "hjb-linear": Case(zoo.HamiltonJacobiBellmanLinear),
    "hjb-linear-sampled": Case(lambda dim: zoo.HamiltonJacobiBellmanLinear(dim, power=1.5, sampled_gradient=True)),
    "black-scholes-barenblatt": Case(zoo.BlackScholesBarenblatt),
    "basket-geometric": Case(zoo.BlackScholesBasket),
    "basket-arithmetic": Case(
        lambda dim: zoo.BlackScholesBasket(dim, zoo.ArithmeticCall(1.1), correlation=0.2), None, high=False
    ),
    "ornstein-uhlenbeck": Case(lambda dim: zoo.OrnsteinUhlenbeck(dim, 0.7, 0.8, 1.2)),
    "fokker-planck": Case(lambda dim: zoo.FokkerPlanck(dim, 0.7, 0.8, 1.2)),
    "fokker-planck-density": Case(lambda dim: zoo.FokkerPlanckDensity(dim, 0.7, 0.8, 1.2), dims=(1, 3), high=False),
    "quadratic-gradient": Case(zoo.QuadraticGradient),
    "burgers": Case(zoo.BurgersType),
    "variable-diffusion": Case(zoo.VariableDiffusion, high=False),
    "wave": Case(zoo.WaveEquation),
}

EXACT = {name: case for name, case in CASES.items() if case.tolerance is not None}
PARABOLIC = {name: case for name, case in CASES.items() if name != "wave"}

with_all = pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
with_parabolic = pytest.mark.parametrize("case", PARABOLIC.values(), ids=list(PARABOLIC))
with_exact = pytest.mark.parametrize(
    "case, dim",
    [pytest.param(case, dim, id=f"{name}-{dim}") for name, case in EXACT.items() for dim in case.dims],
)
with_high = pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items() if case.high])


def data_time(problem):
    return problem.t0 if isinstance(problem, stde.AbstractParabolic) else 0.0


def target_value(problem):
    """The value that the literature compares."""
    found = problem.target_value
    assert found is not None
    return found.value


def network(t, x):
    """Smooth, and not symmetric in the coordinates; of order one in any number of them."""
    weights = jnp.cos(jnp.arange(x.shape[0])).astype(x.dtype)
    return jnp.tanh(weights @ x / math.sqrt(x.shape[0]) + t) + t * jnp.mean(jnp.sin(x) ** 2)


@pytest.mark.sampled(every=2)
@with_exact
def test_the_exact_solution_solves_the_equation(case, dim, getkey):
    problem = case.build(dim)
    t, x = problem.sample(5, key=getkey())

    @jax.jit
    @jax.vmap
    def evaluate(t, x):
        residual = problem.residual(problem.exact, t, x, estimator=stde.Exact(), key=None)
        value, in_time = jax.value_and_grad(problem.exact)(t, x)
        distance = problem.exact(jnp.asarray(data_time(problem)), x) - problem.initial(x)
        rate = in_time
        if isinstance(problem, stde.AbstractParabolic):
            rate = problem.rate(functools.partial(problem.exact, t), t, x, estimator=stde.Exact(), key=None)
        return residual, value, in_time, rate, distance, problem.initial(x)

    residual, value, in_time, rate, distance, data = map(np.asarray, evaluate(t, x))
    size = np.max(np.abs(in_time))
    assert size > 0.01 * np.max(np.abs(value))
    assert np.all(np.abs(residual) <= case.tolerance * size)
    assert np.all(np.abs(rate - in_time) <= case.tolerance * size)
    assert np.all(np.abs(distance) <= case.data_tolerance * (1 + np.abs(data)))


@with_all
def test_the_ansatz_has_the_data_whatever_the_network(case, getkey):
    problem = case.build(3)
    _, x = problem.sample(5, key=getkey())
    u, at, later = problem.ansatz(network), jnp.asarray(data_time(problem)), jnp.asarray(0.5 * problem.final_time)
    value, slope, changed, data = jax.jit(
        jax.vmap(lambda x: (u(at, x), jax.grad(u)(at, x), u(later, x), problem.initial(x)))
    )(x)
    assert np.allclose(value, data, rtol=1e-12, atol=1e-12)
    assert not np.allclose(changed, data)
    if not isinstance(problem, stde.AbstractParabolic):
        assert np.allclose(slope, jax.vmap(problem.velocity)(x), atol=1e-12)


class Chosen(stde.estimators.AbstractSamplingScheme):
    """Given terms, with given factors."""

    rows: Any
    factor: Any

    def draw(self, total, num_samples, magnitudes, *, key):
        return self.rows, self.factor, stde.operators.Draws(num_samples, None)


@pytest.mark.sampled(every=2)
@with_all
def test_the_residual_is_the_rate_s_and_estimated_without_bias(case, getkey):
    dim = 4
    problem = case.build(dim)
    t, x = (part[0] for part in problem.sample(1, key=getkey()))
    u = problem.ansatz(network)
    # Every outcome of two draws: those without replacement, and independent ones by importance.
    subsets = np.array(list(itertools.combinations(range(dim), 2)))
    pairs = np.array(list(itertools.product(range(dim), repeat=2)))
    chances = np.array([0.1, 0.2, 0.3, 0.4])
    outcomes = jnp.array([*subsets, *pairs]), jnp.array([*np.full((6, 2), dim / 2), *1 / (2 * chances[pairs])])

    @jax.jit
    def evaluate(t, x):
        def estimated(rows, factor):
            estimator = stde.SparseSTDE(2, Chosen(rows, factor))
            return problem.residual(u, t, x, estimator=estimator, key=jr.key(0))

        exact = problem.residual(u, t, x, estimator=stde.Exact(), key=None)
        by_rate = exact
        if isinstance(problem, stde.AbstractParabolic):
            rate = problem.rate(functools.partial(u, t), t, x, estimator=stde.Exact(), key=None)
            by_rate = jax.grad(u)(t, x) - rate
        return exact, by_rate, jax.vmap(estimated)(*outcomes)

    exact, by_rate, estimates = map(np.asarray, evaluate(t, x))
    uniform, by_importance = np.mean(estimates[:6]), estimates[6:] @ np.prod(chances[pairs], axis=1)
    assert np.allclose([by_rate, uniform, by_importance], exact, rtol=1e-9, atol=1e-11)
    assert np.std(estimates[:6]) > 0


@pytest.mark.sampled(every=2)
@with_high
def test_a_hundred_thousand_dimensions_in_single_precision(case):
    with jax.enable_x64(False):
        problem = case.build(100_000)
        t, x = (part[0] for part in problem.sample(1, key=jr.key(0)))

        @jax.jit
        def evaluate(t, x):
            residual = problem.residual(problem.ansatz(network), t, x, estimator=stde.SparseSTDE(16), key=jr.key(1))
            return residual, problem.initial(x), problem.exact(t, x)

        values = evaluate(t, x)
        # A uniform number is exactly zero once in millions of points.
        at_data = evaluate(jnp.asarray(data_time(problem), t.dtype), x)
    assert all(v.dtype == jnp.float32 and jnp.isfinite(v) for v in (*values, *at_data) if v is not None)
    if values[2] is not None:
        double = case.build(100_000)
        expected = jax.jit(lambda t, x: double.exact(t, x))(t.astype(float), x.astype(float))
        assert np.allclose(values[2], expected, rtol=1e-4)


@with_parabolic
def test_the_data_come_first_in_time(case, getkey):
    problem = case.build(2)
    assert {problem.t0, problem.t1} == {0.0, problem.final_time}
    t, x = problem.sample(6, key=getkey())
    assert jnp.all((t >= 0) & (t <= problem.final_time))
    time, point = problem.target
    assert time == problem.t1 and point.shape == (2,)


@pytest.mark.parametrize("dim, published", [(10, 2.157022), (100, 4.590162), (1000, 6.906255), (10_000, 9.210190)])
def test_linear_quadratic_control_has_the_published_values(dim, published):
    problem = zoo.HamiltonJacobiBellmanLQG(dim)
    assert abs(jax.jit(problem.exact)(*problem.target) - published) < 1e-5


@pytest.mark.parametrize("mu", [0.3, 1.0, 5.0])
@pytest.mark.parametrize("dim", [1, 10, 100, 10_000])
def test_linear_quadratic_control_agrees_with_the_reference(dim, mu):
    problem, reference = zoo.HamiltonJacobiBellmanLQG(dim, mu=mu), zoo.references.ColeHopf(dim, 1.0, mu)
    exact = jax.jit(lambda t, radius: problem.exact(t, jnp.zeros(dim).at[-1].set(radius)))
    for t, radius in itertools.product((0.0, 0.5, 0.999, 1.0), (0.0, 1.0, 30.0)):
        assert abs(exact(t, radius) - reference(t, radius)) < 1e-10


def test_linear_quadratic_control_is_smooth_at_the_origin():
    problem = zoo.HamiltonJacobiBellmanLQG(5)
    derivatives = jax.jit(lambda t, x: (jax.grad(problem.exact, 1)(t, x), jax.hessian(problem.exact, 1)(t, x)))
    for t in (0.0, 1.0):
        gradient, hessian = derivatives(t, jnp.zeros(5))
        assert jnp.array_equal(gradient, jnp.zeros(5)) and np.all(np.linalg.eigvalsh(hessian) > 0)


@pytest.mark.parametrize("mu", [1e-3, 100.0])
def test_linear_quadratic_control_with_extreme_weights(mu, getkey):
    problem = zoo.HamiltonJacobiBellmanLQG(7, mu=mu)
    x = jr.normal(getkey(), (7,))
    assert abs(jax.jit(problem.exact)(1.0, x) - problem.initial(x)) < 1e-11


def test_the_front_has_the_published_value():
    assert target_value(zoo.BurgersType(50)) == 0.5


def test_the_quadratic_payoff_is_judged_where_the_literature_does():
    problem = zoo.BlackScholesBarenblatt(100)
    time, point = problem.target
    assert time == 0 and jnp.array_equal(point[:4], jnp.array([1, 0.5, 1, 0.5]))
    assert math.isclose(target_value(problem), math.exp(0.21) * 62.5, rel_tol=1e-12)


def test_a_basket_of_one_asset_is_the_formula_of_black_and_scholes():
    # Hull, *Options, Futures and Other Derivatives*: S = 42, K = 40, r = 0.1, sigma = 0.2, T = 0.5 gives 4.76.
    problem = zoo.BlackScholesBasket(1, zoo.GeometricCall(40 / 42), 0.5, volatility=0.2, interest=0.1)
    assert abs(42 * target_value(problem) - 4.7594) < 1e-4


@pytest.mark.parametrize("payoff", [zoo.GeometricCall(1.05), zoo.ArithmeticCall(1.05)], ids=lambda p: type(p).__name__)
def test_the_payoff_is_smoothed_until_it_is_due(payoff):
    problem = zoo.BlackScholesBasket(4, payoff)
    kink = jnp.full(4, math.log(1.05))
    smoothed = lambda x, t: problem.extension(t, x)
    distance = jax.jit(lambda x: smoothed(x, jnp.asarray(1.0)) - problem.initial(x))
    assert abs(distance(kink)) < 1e-6 and max(abs(distance(kink - 0.3)), abs(distance(kink + 0.2))) < 1e-12
    assert jnp.trace(jax.jit(jax.hessian(smoothed))(kink, 0.5)) > 1 / 4


def test_the_geometric_price_is_the_mean_over_paths(getkey):
    problem = zoo.BlackScholesBasket(5)
    law = eqx.tree_at(lambda law: law.head_start, problem.law, 0.0)
    end = law.at(jnp.full(20_000, 1.0), key=getkey())
    paid = math.exp(-0.05) * jax.vmap(problem.initial)(end)
    assert abs(jnp.mean(paid) - target_value(problem)) < 4 * jnp.std(paid) / math.sqrt(20_000)


def test_the_expectation_of_the_process_is_that_over_its_law(getkey):
    problem = zoo.OrnsteinUhlenbeck(6, 0.7, 0.8, 1.2)
    end = zoo.laws.MeanReverting(6, 0.8, 1.2, start=0.4).at(jnp.full(20_000, 0.7), key=getkey())
    values = jax.vmap(problem.initial)(end)
    expected = problem.exact(jnp.asarray(0.7), jnp.full(6, 0.4))
    assert abs(jnp.mean(values) - expected) < 4 * jnp.std(values) / math.sqrt(20_000)


def test_the_density_is_that_of_the_process():
    problem = zoo.FokkerPlanckDensity(1)
    grid = jnp.linspace(-12, 12, 2001)
    p = jax.vmap(lambda y: problem.exact(jnp.asarray(0.6), y[None]))(grid) * (grid[1] - grid[0])
    elapsed = jnp.asarray(0.6)
    mean, variance = jnp.sum(p * grid), jnp.sum(p * grid**2) - jnp.sum(p * grid) ** 2
    assert abs(jnp.sum(p) - 1) < 1e-12
    assert abs(mean - problem.process.decay(elapsed) * problem.process.start) < 1e-12
    assert abs(variance - problem.process.variance(elapsed)) < 1e-12


@pytest.mark.parametrize("sigma", [lambda z: jnp.outer(z[1:], jnp.arange(1, 3)), lambda z: jnp.sin(z[1:])])
def test_coefficients_of_ones_own(sigma, getkey):
    problem = zoo.VariableDiffusion(4, sigma=sigma, drift=lambda z: -z[1:])
    t, x = (part[0] for part in problem.sample(1, key=getkey()))
    residual = jax.jit(lambda t, x: problem.residual(problem.exact, t, x, estimator=stde.Exact(), key=None))
    assert abs(residual(t, x)) < 1e-12


LAWS = [
    pytest.param(
        zoo.laws.Brownian(3, 0.7, origin=1.0, start=0.2, head_start=0.1), 0.2, 0.7**2 * 0.75, 0.0, id="brownian"
    ),
    pytest.param(zoo.laws.Normal(3, 0.2, 0.7), 0.2, 0.49, 0.0, id="normal"),
    pytest.param(
        zoo.laws.CorrelatedBrownian(3, 0.7, 0.6, 0.3, origin=1.0, start=0.2, head_start=0.1),
        0.2 + 0.3 * 0.75,
        0.7**2 * 0.75,
        0.6,
        id="correlated",
    ),
    pytest.param(
        zoo.laws.MeanReverting(3, 0.9, 0.7, origin=1.0, start=0.2, deviation=0.5),
        0.2 * math.exp(-0.63),
        0.25 * math.exp(-1.26) + 0.49 * (1 - math.exp(-1.26)) / 1.8,
        0.0,
        id="mean-reverting",
    ),
]


@pytest.mark.parametrize("law, mean, variance, correlation", LAWS)
def test_moments_of_gaussian_laws(law, mean, variance, correlation, getkey):
    points = np.asarray(law.at(jnp.full(40_000, 0.3), key=getkey()))
    assert points.shape == (40_000, 3)
    covariance = variance * (correlation + (1 - correlation) * np.eye(3))
    assert np.allclose(np.mean(points, 0), mean, atol=5 * math.sqrt(variance / 40_000))
    assert np.allclose(np.cov(points.T), covariance, atol=6 * variance * math.sqrt(2 / 40_000))


def test_moments_of_geometric_brownian_motion(getkey):
    start = jnp.array([1.0, 2.0, 0.5])
    law = zoo.laws.GeometricBrownian(3, start, 0.4, 0.1, origin=1.0, head_start=0.1)
    points = law.at(jnp.full(40_000, 0.3), key=getkey())
    logs = np.log(points / start[None])
    assert np.allclose(np.mean(points, 0), start * math.exp(0.075), rtol=0.01)
    assert np.allclose(np.cov(logs.T), 0.16 * 0.75 * np.eye(3), atol=0.005)


def test_waves_stay_in_their_light_cone(getkey):
    problem = zoo.WaveEquation(4, final_time=0.8, radius=1.5)
    t, x = problem.sample(500, key=getkey())
    radii = jnp.linalg.norm(x, axis=1)
    assert jnp.all(radii < 1.5 - t) and jnp.max(radii) > 1 and 0.7 < jnp.max(t) <= 0.8


def test_a_sampled_gradient_with_every_coordinate_is_exact(getkey):
    sampled = zoo.HamiltonJacobiBellmanLinear(5, power=1.5, sampled_gradient=True)
    exact = zoo.HamiltonJacobiBellmanLinear(5, power=1.5)
    t, x = (part[0] for part in exact.sample(1, key=getkey()))
    both = jax.jit(lambda: [p.residual(network, t, x, estimator=stde.Exact(), key=None) for p in (sampled, exact)])
    assert np.allclose(*both(), rtol=1e-12)


@pytest.mark.parametrize(
    "estimator",
    [stde.DenseSTDE(4), stde.DenseSTDE(2, stde.Orthogonal()), stde.KnownFactor(stde.SparseSTDE(2))],
    ids=["dense", "orthogonal", "known-factor"],
)
def test_a_sampled_gradient_needs_coordinates(estimator):
    problem = zoo.HamiltonJacobiBellmanLinear(5, sampled_gradient=True)
    with pytest.raises(ValueError, match="along the coordinates that an estimator draws.*draws none.*SparseSTDE"):
        problem.residual(problem.ansatz(network), jnp.zeros(()), jnp.ones(5), estimator=estimator, key=jr.key(0))


CLASSES: list[Any] = list(dict.fromkeys(type(case.build(2)) for case in CASES.values()))


@pytest.mark.sampled(every=3)
@pytest.mark.parametrize("build", [build for build in CLASSES if build is not zoo.WaveEquation])
def test_a_law_of_ones_own(build):
    law = zoo.laws.Brownian(3)
    assert build(3, law=law).law is law


@pytest.mark.parametrize("build", CLASSES)
def test_scalars_of_numpy_are_numbers_too(build, unchecked):
    problem, same = build(np.int64(3), final_time=np.float32(0.5)), build(3, final_time=0.5)
    assert type(problem.dim) is int and type(problem.final_time) is float
    assert eqx.tree_equal(problem.law, same.law) and problem.final_time == same.final_time


@pytest.mark.parametrize("build", CLASSES)
def test_dimension_and_time_are_checked(build, unchecked):
    for dim in (0, 2.5, True, "3"):
        with pytest.raises(ValueError, match=f"dim must be a whole number of at least 1, got dim={dim!r}"):
            build(dim)
    for final_time in (0.0, -1.0, math.inf, math.nan, "1"):
        with pytest.raises(ValueError, match=f"final_time must be positive and finite, got final_time={final_time!r}"):
            build(2, final_time=final_time)
    if build is not zoo.WaveEquation:
        with pytest.raises(ValueError, match="has dim=2, but the law has dim=3"):
            build(2, law=zoo.laws.Brownian(3))
        with pytest.raises(ValueError, match=r"must be a law of points such as zoo.laws.Brownian\(2\), got 'ball'"):
            build(2, law="ball")


@pytest.mark.parametrize(
    "build, message",
    [
        (lambda: zoo.Heat(2, width=0.0), "width must be positive and finite, got width=0.0"),
        (lambda: zoo.HamiltonJacobiBellmanLQG(2, mu=-1.0), "mu must be positive"),
        (
            lambda: zoo.HamiltonJacobiBellmanLinear(2, power=0.5),
            "power must be a number from 1 to below inf, got power=0.5",
        ),
        (lambda: zoo.BlackScholesBarenblatt(2, volatility=0.0), "volatility must be positive"),
        (lambda: zoo.BlackScholesBarenblatt(2, interest=-0.1), "interest must be a number from 0 to below 1"),
        (lambda: zoo.BlackScholesBasket(2, correlation=1.0), "correlation must be a number from 0 to below 1, got"),
        (
            lambda: zoo.BlackScholesBasket(2, "call"),  # pyright: ignore[reportArgumentType]
            r"payoff must be a zoo.GeometricCall\(\) or",
        ),
        (lambda: zoo.GeometricCall(0.0), "strike must be positive and finite, got strike=0.0"),
        (lambda: zoo.ArithmeticCall(-1.0), "strike must be positive and finite, got strike=-1.0"),
        (lambda: zoo.OrnsteinUhlenbeck(2, mean_reversion=0.0), "mean_reversion must be positive"),
        (lambda: zoo.FokkerPlanck(2, deviation=0.0), "deviation must be positive"),
        (lambda: zoo.FokkerPlanckDensity(11), r"use zoo.FokkerPlanck\(11\).*at most 10"),
        (lambda: zoo.QuadraticGradient(2, alpha=1.5), "alpha must be a number from 0 to below 1, got alpha=1.5"),
        (lambda: zoo.QuadraticGradient(2, alpha=0.0), "alpha must be positive"),
        (
            lambda: zoo.VariableDiffusion(2, sigma=1.0),  # pyright: ignore[reportArgumentType]
            r"sigma must be a function of z = \(t, x\), got sigma=1.0",
        ),
        (lambda: zoo.WaveEquation(2, radius=0.5), "expected radius > final_time, got radius=0.5 and final_time=1.0"),
        (lambda: zoo.laws.GeometricBrownian(2, 1.0, 0.0), "volatility must be positive and finite, got volatility=0.0"),
        (lambda: zoo.laws.GeometricBrownian(2, jnp.ones(3), 0.1), r"have the shape \(2,\), got \(3,\)"),
        (lambda: zoo.laws.GeometricBrownian(2, -1.0, 0.1), "start must be positive"),
        (
            lambda: zoo.laws.CorrelatedBrownian(2, 1.0, 1.5),
            "correlation must be a number from 0 to 1, got correlation=1.5",
        ),
        (lambda: zoo.laws.MeanReverting(2, 0.0), "rate must be positive and finite, got rate=0.0"),
        (lambda: zoo.laws.LightCone(2, 0.0), "radius must be positive and finite, got radius=0.0"),
    ],
)
def test_refusals(build, message, unchecked):
    with pytest.raises(ValueError, match=message):
        build()
