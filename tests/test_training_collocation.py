"""Where training puts its points: by the residual, and more evenly than at random."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
import pytest
from scipy import stats
from scipy.stats import qmc

import stde_eqx as stde
import zoo
from stde_eqx.training.collocation import Fresh, LatinHypercube, PushForward, ResidualWeighted, Sobol

from .test_time_dependent import Reaction
from .training_problems import Adapted, BallPoisson, mlp


def _cube(dim):
    return PushForward(lambda z: z, dim)


_EVEN = [Sobol, LatinHypercube]


def _line(num_points, key):
    return jr.uniform(key, (num_points, 1))


def _first_coordinate(points, key):
    return points[:, 0]


# By the residual.


def _chosen(collocation, indicator, num_points, keys, sample=_line):
    draw = lambda key: collocation(sample, indicator, num_points, key=key)
    return jax.jit(jax.vmap(draw))(keys)


@pytest.mark.parametrize("power,floor", [(1.0, 1.0), (2.0, 0.0), (1.0, 0.0)])
def test_points_follow_the_residual(power, floor, getkey):
    """One point from a large pool has the density e^k / E e^k + c, up to its norm."""
    points = _chosen(ResidualWeighted(64, power, floor), _first_coordinate, 1, jr.split(getkey(), 4_000))[:, 0, 0]
    mean = 1 / (power + 1)
    cumulative = lambda x: (x ** (power + 1) / (power + 1) / mean + floor * x) / (1 + floor)
    assert stats.kstest(np.asarray(points), cumulative).pvalue > 1e-3


def test_the_choice_is_the_one_of_drawing_without_replacement(getkey):
    """The probability of every pair from a pool of four, against the formula of successive draws."""
    sizes, floor = jnp.array([0.1, 0.2, 0.4, 1.3]), 0.5
    weights = np.asarray(sizes / jnp.mean(sizes) + floor)
    shares = weights / weights.sum()
    sample = lambda num_points, key: jnp.arange(num_points, dtype=float)[:, None]
    keys = jr.split(getkey(), 20_000)
    chosen = _chosen(ResidualWeighted(2, 1.0, floor), lambda points, key: sizes, 2, keys, sample)
    pairs = np.sort(np.asarray(chosen[..., 0]), axis=1).astype(int)
    assert np.all(pairs[:, 0] < pairs[:, 1])
    for i in range(4):
        for j in range(i + 1, 4):
            p = shares[i] * shares[j] * (1 / (1 - shares[i]) + 1 / (1 - shares[j]))
            observed = np.mean((pairs[:, 0] == i) & (pairs[:, 1] == j))
            assert abs(observed - p) < 4 * (p * (1 - p) / len(pairs)) ** 0.5


def test_a_residual_that_vanishes_everywhere_leaves_the_law(getkey):
    points = _chosen(ResidualWeighted(4, floor=0.0), lambda x, key: 0 * x[:, 0], 5, jr.split(getkey(), 500))
    assert stats.kstest(np.asarray(points).ravel(), "uniform").pvalue > 1e-3


def test_large_powers_of_large_residuals_do_not_overflow(getkey):
    huge = lambda points, key: 1e30 * points[:, 0].astype(jnp.float32)
    points = _chosen(ResidualWeighted(10, 8.0, 0.0), huge, 4, jr.split(getkey(), 100))
    assert jnp.mean(points) > 0.8


@pytest.mark.parametrize("bad", [jnp.nan, jnp.inf])
def test_points_with_a_residual_that_is_not_finite_are_always_chosen(bad, getkey):
    indicator = lambda points, key: jnp.zeros(points.shape[0]).at[17].set(bad)
    sample = lambda num_points, key: jnp.arange(num_points, dtype=float)[:, None]
    chosen = _chosen(ResidualWeighted(10), indicator, 3, jr.split(getkey(), 50), sample)
    assert jnp.all(jnp.any(chosen == 17, axis=1))


def test_a_residual_that_is_not_finite_stops_training():
    def residual(problem, u, x, *, estimator, key):
        clean = BallPoisson.residual(problem, u, x, estimator=estimator, key=key)
        return jnp.where(x[0] > 0.6, jnp.nan, clean)

    problem = Adapted(BallPoisson(), modified_residual=residual)
    options = {"optimizer": optax.sgd(1e-3), "collocation": ResidualWeighted(50), "output_scale": 1.0}
    step = stde.make_step(problem, batch_size=2, residual_scale=1.0, output_shift=0.0, **options)
    _, metrics = step(step.init(mlp(), key=jr.key(0)))
    assert not metrics.finite


def test_the_points_of_a_step_are_those_of_its_own_network():
    """By hand: the step's indicator is the size of the scaled residual of the network before it."""
    problem, seen = BallPoisson(), []

    class Spy(stde.training.collocation.AbstractCollocation):
        def __call__(self, sample, indicator, num_points, *, key):
            points = sample(7, key)
            jax.debug.callback(lambda *values: seen.append(values), points, indicator(points, key))
            return sample(num_points, key)

    step = stde.make_step(problem, optimizer=optax.adam(1e-2), batch_size=3, collocation=Spy())

    def sizes_of(state, points):
        at = lambda x: problem.residual(problem.ansatz(state.model), x, estimator=stde.Exact(), key=None)
        return jnp.abs(jax.vmap(at)(points)) / state.scales.residual

    state = step.init(mlp(), key=jr.key(0))
    for _ in range(2):
        after, _ = step(state)
        jax.effects_barrier()
        points, sizes = seen.pop()
        np.testing.assert_allclose(sizes, jax.jit(sizes_of)(state, points), rtol=1e-10)
        state = after


@pytest.mark.slow
@pytest.mark.parametrize("problem,net", [(BallPoisson(), mlp()), (Reaction(), stde.nn.SpaceTime(mlp(4)))])
def test_training_by_the_residual(problem, net):
    solution = stde.train(problem, net, steps=20, batch_size=8, collocation=ResidualWeighted(3), key=jr.key(0))
    assert solution.metrics.loss is not None and np.isfinite(solution.metrics.loss)


@pytest.mark.parametrize(
    "options,match",
    [
        ({"pool": 1}, "`pool`.*at least 2.*got 1.*Fresh"),
        ({"pool": 2.0}, "`pool`.*got 2.0"),
        ({"power": 0.0}, "`power`.*got 0.0"),
        ({"power": jnp.inf}, "`power`.*inf"),
        ({"floor": -1.0}, "`floor`.*got -1.0"),
    ],
)
def test_residual_weighted_refuses(options, match, unchecked):
    with pytest.raises(ValueError, match=match):
        ResidualWeighted(**options)


def test_fresh_points_are_the_default():
    points = Fresh()(_line, _first_coordinate, 6, key=jr.key(0))
    assert jnp.array_equal(points, _line(6, jr.key(0)))


# More evenly than at random.


@pytest.mark.parametrize("kind", _EVEN)
@pytest.mark.parametrize("num_points", [1, 2, 7, 64])
@pytest.mark.parametrize("dim", [1, 3])
def test_uniforms_lie_inside_the_cube(kind, num_points, dim, getkey):
    z = jax.jit(lambda key: kind(_cube(dim)).uniforms(num_points, key=key))(getkey())
    assert z.shape == (num_points, dim)
    assert jnp.all((0 < z) & (z < 1))


@pytest.mark.parametrize("kind", _EVEN)
def test_uniforms_lie_inside_the_cube_in_single_precision(kind, getkey):
    with jax.enable_x64(False):
        z = kind(_cube(4)).uniforms(2**16, key=jr.key(3))
        assert z.dtype == jnp.float32
        assert jnp.all((0 < z) & (z < 1)) and jnp.all(jnp.isfinite(jax.scipy.special.ndtri(z)))


@pytest.mark.parametrize("kind", _EVEN)
def test_every_interval_of_every_coordinate_holds_one_point(kind, getkey):
    z = kind(_cube(5)).uniforms(32, key=getkey())
    assert jnp.array_equal(jnp.sort(jnp.floor(32 * z), axis=0), jnp.broadcast_to(jnp.arange(32.0)[:, None], (32, 5)))
    assert len({tuple(order) for order in np.asarray(jnp.argsort(z, axis=0)).T.tolist()}) == 5


@pytest.mark.parametrize("num_points", [16, 37])
def test_sobol_points_are_those_of_scipy_with_other_digits(num_points, getkey):
    """The same shift, digit by digit, leads from all of SciPy's points to ours."""
    expected = qmc.Sobol(7, scramble=False).random_base2(6)[:num_points]
    z = Sobol(_cube(7)).uniforms(num_points, key=getkey())
    digits = lambda points: np.floor(np.asarray(points) * 2**30).astype(np.int64)
    shifts = digits(z) ^ digits(expected)
    assert np.all(shifts == shifts[:1])
    assert len(set(shifts[0].tolist())) == 7


@pytest.mark.parametrize("kind,factor", [(Sobol, 0.2), (LatinHypercube, 0.7)])
def test_the_discrepancy_is_lower_than_that_of_random_points(kind, factor, getkey):
    keys = jr.split(getkey(), 20)
    mean = lambda draw: np.mean([qmc.discrepancy(np.asarray(draw(key))) for key in keys])
    assert mean(lambda key: kind(_cube(2)).uniforms(64, key=key)) < factor * mean(lambda k: jr.uniform(k, (64, 2)))


@pytest.mark.parametrize("kind", _EVEN)
@pytest.mark.parametrize("num_points,factor", [(16, 0.1), (21, 0.3)])
def test_means_are_unbiased_and_vary_less_than_those_of_random_points(kind, num_points, factor, getkey):
    smooth = lambda z: jnp.exp(z[0] + 0.5 * z[1]) + z[1] ** 2 + 0.1 * z[0] * z[2]
    expected = 2 * (np.e - 1) * (np.exp(0.5) - 1) + 1 / 3 + 0.025
    over = lambda draw: jax.vmap(lambda key: jnp.mean(jax.vmap(smooth)(draw(key))))(jr.split(getkey(), 3_000))
    means = over(lambda key: kind(_cube(3)).uniforms(num_points, key=key))
    assert abs(jnp.mean(means) - expected) < 4 * jnp.std(means) / 3_000**0.5
    assert jnp.var(means) < factor * jnp.var(over(lambda key: jr.uniform(key, (num_points, 3))))


@pytest.mark.parametrize("kind", _EVEN)
@pytest.mark.parametrize("place", [0, 5, 15])
def test_every_point_is_uniform_by_itself(kind, place, getkey):
    draw = lambda key: kind(_cube(2)).uniforms(16, key=key)[place, 1]
    values = jax.jit(jax.vmap(draw))(jr.split(getkey(), 2_000))
    assert stats.kstest(np.asarray(values), "uniform").pvalue > 1e-3


def test_many_dimensions(getkey):
    assert Sobol(_cube(21_201)).uniforms(4, key=getkey()).shape == (4, 21_201)
    assert LatinHypercube(_cube(30_000)).uniforms(4, key=getkey()).shape == (4, 30_000)
    with pytest.raises(ValueError, match=r"at most 21201 dimensions.*30000 numbers.*LatinHypercube"):
        Sobol(_cube(30_000))


# The laws of the zoo.

_DOMAINS = [
    zoo.Box((0.0, -2.0, 1.0), (1.0, 3.0, 1.5)),
    zoo.Ball(1),
    zoo.Ball(3, 2.0),
    zoo.Cube(3, 2.0, 0.8),
    zoo.WholeSpace(3),
]


def _pvalue(sample, other):
    return stats.ks_2samp(np.asarray(sample), np.asarray(other)).pvalue  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("domain", _DOMAINS, ids=repr)
def test_the_law_of_a_domain_is_the_one_it_samples(domain, getkey):
    law = domain.push_forward
    points = jax.vmap(law)(jr.uniform(getkey(), (4_000, law.dim)))
    own = domain.sample(4_000, key=getkey())
    assert points.shape == own.shape
    projections = [lambda x: x[:, 0], lambda x: x[:, -1], lambda x: jnp.sum(x**2, 1), lambda x: jnp.prod(x, 1)]
    for project in projections:
        assert _pvalue(project(points), project(own)) > 1e-3


@pytest.mark.parametrize("domain", _DOMAINS, ids=repr)
def test_laws_are_finite_and_inside_at_the_ends(domain):
    law = domain.push_forward
    for end in (jnp.finfo(jnp.float32).tiny, 0.5, 1 - 2.0**-24):
        x = law(jnp.full(law.dim, end, jnp.float32))
        assert x.dtype == jnp.float32 and jnp.all(jnp.isfinite(x))
        assert isinstance(domain, zoo.WholeSpace) or domain.boundary_factor(x) >= 0


def test_the_standard_normal_law(getkey):
    points = jax.vmap(zoo.laws.standard_normal(2))(jr.uniform(getkey(), (4_000, 2)))
    assert stats.kstest(np.asarray(points).ravel(), "norm").pvalue > 1e-3
    assert abs(np.corrcoef(np.asarray(points).T)[0, 1]) < 4 / 4_000**0.5


def test_a_law_is_the_same_object_to_the_compiler_when_it_is_made_again():
    first, second = (zoo.Ball(3).push_forward for _ in range(2))
    assert jax.tree.structure(first) == jax.tree.structure(second) and eqx.tree_equal(first, second)


# In training.


@pytest.mark.slow
@pytest.mark.parametrize("kind", _EVEN)
def test_training_on_a_ball(kind):
    problem = zoo.Poisson(zoo.TwoBody(dim=5, key=jr.key(0)))
    points = kind(problem.domain.push_forward)
    optimizer = optax.adam(1e-2)
    solution = stde.train(
        problem, mlp(dtype=jnp.float32), collocation=points, batch_size=16, steps=50, optimizer=optimizer, key=jr.key(0)
    )
    assert solution.metrics.skill is not None and solution.metrics.skill < 1


@pytest.mark.parametrize("kind", _EVEN)
def test_points_of_space_time_in_the_precision_of_the_problem(kind, getkey):
    law = PushForward(lambda z: (z[0], 3 * z[1:] - 1.5), 4)
    sample = lambda num_points, key: jax.tree.map(
        lambda leaf: leaf.astype(jnp.float32), Reaction().sample(num_points, key=key)
    )
    t, x = kind(law)(sample, _first_coordinate, 8, key=getkey())
    assert t.shape == (8,) and x.shape == (8, 3) and t.dtype == x.dtype == jnp.float32


@pytest.mark.parametrize("kind", _EVEN)
def test_points_of_another_shape_are_refused(kind, getkey):
    with pytest.raises(ValueError, match=r"law have shape \(3,\), those of the problem \(1,\)"):
        kind(_cube(3))(_line, _first_coordinate, 8, key=getkey())


@pytest.mark.parametrize("kind", _EVEN)
def test_what_is_not_a_law_is_refused(kind, unchecked):
    with pytest.raises(ValueError, match=rf"`{kind.__name__}` needs a law.*push_forward.*got UnitBall|got Ball"):
        kind(zoo.UnitBall(3))


@pytest.mark.parametrize(
    "arguments,match", [((3, 2), "`function`.*got 3"), ((jnp.sin, 0), "`dim`.*got 0"), ((jnp.sin, 1.5), "`dim`.*1.5")]
)
def test_push_forward_refuses(arguments, match, unchecked):
    with pytest.raises(ValueError, match=match):
        PushForward(*arguments)
