import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from scipy import stats

import zoo

from .helpers import laplacian
from .zoo_battery import DOMAINS


# A fixed key makes these tests deterministic; a sampler of the wrong law fails them by many orders of magnitude.
P_VALUE = 1e-3


def ks_p_value(sample, law) -> float:
    return stats.kstest(np.asarray(sample), law).pvalue


@pytest.mark.parametrize("name", [name for name in DOMAINS if name != "space"])
@pytest.mark.parametrize("axis", ("first coordinate", "diagonal", "random"))
def test_extent_leads_from_the_centre_to_the_boundary(name, axis, getkey):
    domain = DOMAINS[name](5)
    centre = jnp.full(5, 0.25 if name == "box" else 0.0)
    direction = {"first coordinate": jnp.eye(5)[0], "diagonal": -jnp.ones(5)}.get(axis, jr.normal(getkey(), (5,)))
    direction = direction / jnp.linalg.norm(direction)
    for sign in (1, -1):
        on_boundary = domain.boundary_factor(centre + sign * domain.extent(direction) * direction)
        assert jnp.abs(on_boundary) < 1e-12 * domain.boundary_factor(centre)


def test_extent_of_the_space_is_how_far_points_go():
    space = zoo.WholeSpace(1000)
    distance = jnp.linalg.norm(space.sample(1000, key=jr.key(0)), axis=1) / space.extent(jnp.eye(1000)[0])
    assert 0.95 < jnp.max(distance) < 1.1


@pytest.fixture(params=[(1, 1.0), (2, 0.4), (3, 1.0), (10, 2.5), (200, 1.0)], ids=lambda p: f"dim{p[0]}-radius{p[1]}")
def ball(request):
    return zoo.Ball(*request.param)


def test_distance_from_the_origin_is_uniform(ball):
    x = np.asarray(ball.sample(2000, key=jr.key(0)))
    distance = np.linalg.norm(x, axis=1)
    assert x.shape == (2000, ball.dim)
    assert np.all(distance < ball.radius)
    assert ks_p_value(distance / ball.radius, stats.uniform.cdf) > P_VALUE


@pytest.mark.parametrize("sampler", ("sample", "sample_boundary"))
@pytest.mark.parametrize("dim, radius", ((2, 0.4), (3, 1.0), (10, 2.5), (200, 1.0)))
def test_direction_is_uniform_on_the_sphere(dim, radius, sampler):
    ball = zoo.Ball(dim, radius)
    x = np.asarray(getattr(ball, sampler)(4000, key=jr.key(1)))
    direction = x / np.linalg.norm(x, axis=1, keepdims=True)
    # Of a uniform point of the sphere, (1 + component) / 2 is Beta((d-1)/2, (d-1)/2) along every unit vector.
    law = stats.beta((dim - 1) / 2, (dim - 1) / 2).cdf
    diagonal = np.ones(dim) / np.sqrt(dim)
    for axis in (np.eye(dim)[0], np.eye(dim)[-1], diagonal):
        assert ks_p_value((1 + direction @ axis) / 2, law) > P_VALUE


def test_one_dimension_takes_both_signs():
    x = zoo.UnitBall(1).sample(2000, key=jr.key(0))
    assert ks_p_value(x[:, 0], stats.uniform(-1, 2).cdf) > P_VALUE


def test_distance_and_direction_are_independent():
    x = np.asarray(zoo.UnitBall(2).sample(4000, key=jr.key(3)))
    distance, angle = np.linalg.norm(x, axis=1), np.arctan2(x[:, 1], x[:, 0])
    for part in (angle[distance < 0.5], angle[distance >= 0.5]):
        assert ks_p_value(part / (2 * np.pi) + 0.5, stats.uniform.cdf) > P_VALUE


def test_boundary_points_lie_on_the_sphere(ball):
    x = ball.sample_boundary(50, key=jr.key(2))
    assert np.allclose(np.linalg.norm(x, axis=1), ball.radius, rtol=1e-14)
    assert np.allclose(jax.jit(jax.vmap(lambda x: ball.boundary_factor(x)))(x), 0, atol=1e-14 * ball.radius**2)


def test_boundary_factor(ball, getkey):
    x = ball.sample(3, key=getkey())

    @jax.jit
    @jax.vmap
    def value_gradient_laplacian(x):
        factor = lambda x: ball.boundary_factor(x)
        return factor(x), jax.grad(factor)(x), laplacian(factor, x)

    value, gradient, result = value_gradient_laplacian(x)
    assert np.allclose(value, ball.radius**2 - np.linalg.norm(x, axis=1) ** 2, rtol=1e-12)
    assert np.all(np.asarray(value) > 0)
    assert np.allclose(gradient, -2 * np.asarray(x), rtol=1e-14)
    assert np.allclose(result, -2 * ball.dim, rtol=1e-14)


def test_samplers_under_transformations():
    ball = zoo.Ball(3, 2.5)
    keys = jr.split(jr.key(0), 3)
    for sampler in (ball.sample, ball.sample_boundary):
        batched = jax.jit(jax.vmap(lambda key, sampler=sampler: sampler(5, key=key)))(keys)
        assert np.allclose(batched, [sampler(5, key=key) for key in keys], rtol=1e-13)
        assert not np.any(batched[0] == batched[1])


@pytest.mark.parametrize("implementation", ("threefry2x32", "rbg"))
def test_every_key_implementation_works(implementation):
    with jax.enable_x64(False):
        x = zoo.UnitBall(3).sample(2000, key=jr.key(0, impl=implementation))
    assert ks_p_value(np.linalg.norm(x, axis=1), stats.uniform.cdf) > P_VALUE


def test_a_million_dimensions_in_float32():
    ball = zoo.UnitBall(1_000_000)
    with jax.enable_x64(False):
        inside, on = ball.sample(2, key=jr.key(0)), ball.sample_boundary(2, key=jr.key(1))
        factors = jax.vmap(ball.boundary_factor)(inside)
        residue = jax.vmap(ball.boundary_factor)(on)
    assert inside.dtype == factors.dtype == jnp.float32
    assert np.allclose(factors, 1 - np.sum(np.asarray(inside, np.float64) ** 2, axis=1), atol=1e-6)
    assert np.allclose(residue, 0, atol=1e-6)


def test_unit_ball():
    assert zoo.UnitBall(7) == zoo.Ball(7, 1.0) == zoo.Ball(7)


@pytest.mark.parametrize("dim", (0, -3, 2.5, "3", None))
def test_bad_dimension(dim):
    with pytest.raises(ValueError, match="dim"):
        zoo.Ball(dim)


@pytest.mark.parametrize("radius", (0, -1.0, float("nan"), float("inf")))
def test_bad_radius(radius):
    with pytest.raises(ValueError, match="radius"):
        zoo.Ball(3, radius)


def test_wrong_point():
    with pytest.raises(ValueError, match=r"shape \(3,\), got an array of shape \(4,\)"):
        zoo.Ball(3).boundary_factor(jnp.zeros(4))


@pytest.mark.parametrize(
    "domain", (zoo.Cube(20, half_width=2.5, spread=0.6), zoo.WholeSpace(20)), ids=("cube", "space")
)
def test_points_of_a_cube_and_of_the_whole_space_are_normal_of_a_uniform_scale(domain):
    x = np.asarray(domain.sample(4000, key=jr.key(0)))
    assert x.shape == (4000, 20)
    normal, scale = (np.arctanh(x / 2.5), 0.6) if isinstance(domain, zoo.Cube) else (x, 3**0.5)
    length = np.linalg.norm(normal, axis=1)
    # Of a standard normal times a uniform number: its direction, and its length as a mixture.
    direction = normal / length[:, None]
    for axis in (np.eye(20)[0], np.ones(20) / 20**0.5):
        assert ks_p_value((1 + direction @ axis) / 2, stats.beta(19 / 2, 19 / 2).cdf) > P_VALUE
    nodes = (np.arange(400) + 0.5) / 400
    mixture = lambda r: np.mean(stats.chi(20).cdf(r[:, None] / (scale * nodes[None])), axis=1)
    assert ks_p_value(length, mixture) > P_VALUE


def test_boundary_points_of_a_cube_are_uniform_on_its_faces():
    cube = zoo.Cube(4, half_width=2.5)
    x = np.asarray(cube.sample_boundary(8000, key=jr.key(0)))
    on_face = np.abs(x) == 2.5
    assert np.all(np.sum(on_face, axis=1) == 1) and np.all(np.abs(x) <= 2.5)
    faces = [np.sum(x[:, axis] == side) for axis in range(4) for side in (-2.5, 2.5)]
    assert stats.chisquare(faces).pvalue > P_VALUE
    assert ks_p_value(x[~on_face], stats.uniform(-2.5, 5).cdf) > P_VALUE
    assert np.all(np.asarray(jax.vmap(lambda x: cube.boundary_factor(x))(x)) == 0)


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("dim", (1, 2, 7))
def test_derivatives_of_every_boundary_factor(domain, dim, getkey):
    domain = DOMAINS[domain](dim)
    factor = lambda x: domain.boundary_factor(x)

    @jax.jit
    @jax.vmap
    def evaluate(x):
        return domain.boundary_factor_and_derivatives(x), (factor(x), jax.grad(factor)(x), laplacian(factor, x))

    ours, theirs = evaluate(domain.sample(5, key=getkey()))
    assert np.all(np.asarray(ours[0]) > 0)
    for left, right in zip(ours, theirs, strict=True):
        assert np.allclose(left, right, rtol=1e-11, atol=1e-13)


def test_values_of_the_new_boundary_factors(getkey):
    x = zoo.Cube(6, half_width=2.0).sample(1, key=getkey())[0]
    weights = 1 - np.asarray(x) ** 2 / 4
    assert np.allclose(zoo.Cube(6, half_width=2.0).boundary_factor(x), stats.hmean(weights), rtol=1e-13)
    square = np.sum(np.asarray(x) ** 2)
    assert np.allclose(zoo.WholeSpace(6).boundary_factor(x), 1 / (1 + square / 6), rtol=1e-13)


@pytest.mark.parametrize("dim", (10, 100, 1000, 10_000))
def test_boundary_factors_and_their_laplacians_do_not_grow_with_the_dimension(dim):
    for domain, size in ((zoo.Cube(dim), 100), (zoo.WholeSpace(dim), 3)):
        x = domain.sample(200, key=jr.key(0))
        factor, gradient, bend = jax.jit(jax.vmap(domain.boundary_factor_and_derivatives))(x)
        assert 0.4 < np.median(factor) <= np.max(factor) < 1
        assert np.quantile(np.abs(bend), 0.95) < size
        assert np.quantile(np.linalg.norm(gradient, axis=1), 0.95) < 2


@pytest.mark.parametrize("distance", (1e-2, 1e-4, 1e-6))
def test_the_factor_of_a_cube_in_float32_near_a_face(distance):
    cube = zoo.Cube(1000)
    with jax.enable_x64(False):
        x = cube.sample(1, key=jr.key(0))[0].at[17].set(1 - distance)
        single = cube.boundary_factor_and_derivatives(x)
    double = cube.boundary_factor_and_derivatives(x.astype(jnp.float64))
    for left, right in zip(single, double, strict=True):
        assert left.dtype == jnp.float32
        # The share of the nearest face is within b of 1, and its difference from 1 rounded: relatively by 1e-7 / b.
        assert np.max(np.abs(left - right)) <= (2e-6 + 2e-7 / double[0]) * np.max(np.abs(right))


@pytest.mark.parametrize("dim", (0, -3, 2.5, "3", None))
def test_bad_dimension_of_a_cube_or_the_whole_space(dim):
    for domain in (zoo.Cube, zoo.WholeSpace):
        with pytest.raises(ValueError, match="dim"):
            domain(dim)


@pytest.mark.parametrize("value", (0.0, -1.0, float("nan"), float("inf")))
def test_bad_numbers_of_a_cube(value):
    with pytest.raises(ValueError, match="half_width"):
        zoo.Cube(3, half_width=value)
    with pytest.raises(ValueError, match="above 0 and at most 1, got spread"):
        zoo.Cube(3, spread=value)


def test_wrong_points_of_a_cube_or_the_whole_space():
    for domain in (zoo.Cube(3), zoo.WholeSpace(3)):
        for function in (domain.boundary_factor, domain.boundary_factor_and_derivatives):
            with pytest.raises(ValueError, match=r"shape \(3,\), got an array of shape \(4,\)"):
                function(jnp.zeros(4))


def test_the_whole_space_has_no_boundary():
    with pytest.raises(ValueError, match=r"has no boundary.*zero at infinity.*zoo.Cube\(3\)"):
        zoo.WholeSpace(3).sample_boundary(4, key=jr.key(0))


@pytest.mark.parametrize("lower, upper", (((0,), (3,)), ((-1, 2), (0, 6)), ((0, 0, -2), (1, 0.5, 2))))
def test_box(lower, upper):
    box = zoo.Box(lower, upper)
    dim, sides = len(lower), np.subtract(upper, lower)
    x = np.asarray(box.sample(4000, key=jr.key(0)))
    for axis in range(dim):
        assert stats.kstest((x[:, axis] - lower[axis]) / sides[axis], "uniform").pvalue > 1e-3
    expected = np.prod(4 * (x - lower) * (np.asarray(upper) - x) / sides**2, axis=1)
    assert np.allclose(jax.vmap(box.boundary_factor)(jnp.asarray(x)), expected, rtol=1e-12)

    x = np.asarray(box.sample_boundary(4000, key=jr.key(1)))
    assert np.all(np.asarray(jax.vmap(box.boundary_factor)(jnp.asarray(x))) == 0)
    on_face = np.stack([x == np.asarray(lower), x == np.asarray(upper)], axis=-1)
    assert np.all(on_face.sum(axis=(1, 2)) == 1)
    areas = np.repeat(np.prod(sides) / sides, 2)
    counts = on_face.sum(axis=0).reshape(-1)
    assert stats.chisquare(counts, 4000 * areas / areas.sum()).pvalue > 1e-3
    for axis in range(dim):
        inside = x[~on_face[:, axis].any(axis=-1), axis]
        if inside.size:
            assert stats.kstest((inside - lower[axis]) / sides[axis], "uniform").pvalue > 1e-3


def test_box_in_float32_does_not_round_out():
    with jax.enable_x64(False):
        box = zoo.Box((1000.0,), (1000.001,))
        x = box.sample(5000, key=jr.key(0))
        assert x.dtype == jnp.float32
        assert np.all((x >= np.float32(1000.0)) & (x <= np.float32(1000.001)))
    assert zoo.Box([0, 1], [2, 3]) == zoo.Box((0.0, 1.0), (2.0, 3.0))


@pytest.mark.parametrize(
    "build, message",
    (
        (lambda: zoo.Box((0, 0), (1,)), "as many coordinates"),
        (lambda: zoo.Box((), ()), "dim >= 1"),
        (lambda: zoo.Box((0, 1), (1, 1)), "lower < upper.*coordinate 1"),
        (lambda: zoo.Box((0,), (float("inf"),)), "finite"),
        (lambda: zoo.Box(0, 1), "sequence of numbers"),  # pyright: ignore
        (lambda: zoo.Box((0, 0), (1, 1)).boundary_factor(jnp.zeros(3)), r"shape \(2,\), got"),
    ),
)
def test_refused_boxes(build, message, unchecked):
    with pytest.raises(ValueError, match=message):
        build()
