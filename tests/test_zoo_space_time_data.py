"""The data of problems of space-time: the ansatz has them, and no more, and they determine the solution."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import zoo
from zoo.space_time._interpolation import DataExtension

from .space_time_cases import data_of, network, PROBLEMS, with_problems


@pytest.mark.slow
@with_problems
def test_ansatz_has_the_data_and_no_more(name, getkey):
    problem = PROBLEMS[name]
    trial = problem.ansatz(network(problem, getkey()))
    given = data_of(name)
    faces = [(axis, is_upper) for axis in range(problem.dim) for is_upper in (False, True)]
    counts = [sum(1 for datum in given if datum[:2] == face) for face in faces]
    corners = [problem.domain.lower, problem.domain.upper]
    x = jnp.stack([problem.sample(5, key=getkey()).at[:, axis].set(corners[side][axis]) for axis, side in faces])
    normals = jnp.stack([jnp.eye(problem.dim)[axis] for axis, _ in faces])

    def derivatives(u, x, normal):
        line, found = lambda s: u(x + s * normal), []
        for _ in range(max(counts) + 1):
            found.append(line(jnp.zeros(())))
            line = jax.jacfwd(line)
        return jnp.stack(found)

    on_face = lambda u: jax.vmap(lambda x, normal: jax.vmap(lambda x: derivatives(u, x, normal))(x))
    ours, exact = (np.asarray(jax.jit(on_face(u))(x, normals)) for u in (trial, problem.exact))
    difference = np.max(np.abs(ours - exact), axis=1)
    for count, per_order in zip(counts, difference, strict=True):
        assert np.all(per_order[:count] <= 1e-11 * (1 + np.max(np.abs(exact))))
        assert per_order[count] > 1e-4


@with_problems
def test_ansatz_is_not_the_solution_in_disguise(name, getkey):
    problem = PROBLEMS[name]
    trial = problem.ansatz(lambda x: jnp.zeros((), x.dtype))
    x = problem.sample(200, key=getkey())
    value, exact = jax.jit(jax.vmap(lambda x: (trial(x), problem.exact(x))))(x)
    assert np.linalg.norm(value - exact) > 1e-3 * np.linalg.norm(exact)


def test_extension_sees_the_data_only(getkey):
    """A function that is changed inside the box, away from the faces, has the same extension."""
    box, conditions = zoo.Box((0, -1, 2), (1, 2, 3)), ((1, 0), (2, 1), (0, 2))
    smooth = lambda x: jnp.sin(x[0] + 2 * x[1] * x[2]) + x[0] ** 2
    # Vanishes with the data that are given: the value at t = 0, two at x = -1, one at x = 2, two at y = 3.
    hidden = lambda x: x[0] * (x[1] + 1) ** 2 * (2 - x[1]) * (3 - x[2]) ** 2 * jnp.exp(x[0] - x[1])
    first = DataExtension(smooth, box, conditions)
    second = DataExtension(lambda x: smooth(x) + 5 * hidden(x), box, conditions)
    x = box.sample(20, key=getkey())
    assert np.allclose(jax.vmap(first)(x), jax.vmap(second)(x), rtol=1e-11, atol=1e-11)
    assert np.max(np.abs(jax.vmap(hidden)(x))) > 1


def test_extension_reproduces_what_interpolation_can(getkey):
    box, conditions = zoo.Box((1, -1), (2, 3)), ((1, 0), (1, 3))
    # Cubic in x, whatever in t; or constant in t, whatever in x.
    function = lambda x: jnp.exp(x[0]) * (x[1] ** 3 - 2 * x[1]) + jnp.sin(3 * x[1])
    extension = DataExtension(function, box, conditions)
    x = box.sample(20, key=getkey())
    assert np.allclose(jax.vmap(extension)(x), jax.vmap(function)(x), rtol=1e-11, atol=1e-11)


def smallest_singular_value(linear_part, box, conditions, degree):
    """Of a constant-coefficient operator, a sum of tensor products, in L2 on polynomials that have zero data."""
    nodes, quadrature = np.polynomial.legendre.leggauss(degree + 6)
    cheb, bases = np.polynomial.chebyshev, []
    for side, (near, far) in zip(box.sides, conditions, strict=True):
        factor = cheb.chebfromroots([-1] * near + [1] * far) if near + far else np.ones(1)
        basis = [cheb.chebmul(factor, mode) for mode in np.eye(degree)]
        columns = lambda k, basis=basis: np.stack([cheb.chebval(nodes, cheb.chebder(c, k)) for c in basis], axis=1)
        weighted = [np.sqrt(quadrature)[:, None] * columns(k) * (2 / side) ** k for k in range(5)]
        orthonormal = np.linalg.inv(np.linalg.qr(weighted[0])[1])
        bases.append([values @ orthonormal for values in weighted])

    def product(*orders):
        out = np.ones((1, 1))
        for basis, order in zip(bases, orders, strict=True):
            out = np.kron(out, basis[order])
        return out

    applied = np.sum([coefficient * product(*orders) for orders, coefficient in linear_part.items()], axis=0)
    # By QR first: the square of the matrix would lose the small singular values that this is about.
    return np.linalg.svd(np.linalg.qr(applied)[1], compute_uv=False)[-1]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name, linear_part, others",
    (
        ("kdv-one", {(1, 0): 1, (0, 3): 1}, [((1, 0), (2, 1)), ((1, 0), (1, 1)), ((0, 0), (1, 2))]),
        (
            "kdv2d-one",
            {(1, 0, 1): 1, (0, 3, 1): 1, (0, 2, 0): -1, (0, 0, 2): 2},
            [((1, 0), (2, 1), (2, 0)), ((1, 0), (1, 1), (2, 0)), ((1, 0), (1, 2), (0, 2))],
        ),
        (
            "kp2-line",
            {(1, 1, 0): 1, (0, 4, 0): 1, (0, 0, 2): 3},
            [((1, 0), (2, 2), (1, 1)), ((1, 0), (1, 2), (1, 1)), ((1, 0), (1, 3), (1, 0))],
        ),
        (
            "kp1-lump",
            {(1, 1, 0): 1, (0, 4, 0): 1, (0, 0, 2): -3},
            [((1, 0), (1, 3), (1, 1)), ((1, 0), (1, 2), (1, 1)), ((1, 0), (2, 2), (1, 0))],
        ),
    ),
)
def test_data_determine_the_solution(name, linear_part, others):
    """The linear part is bounded below as the degree grows; with fewer data, or data on the other face, it is not."""
    problem = PROBLEMS[name]
    decline = lambda conditions: np.divide(
        *(smallest_singular_value(linear_part, problem.domain, conditions, degree) for degree in (8, 6))
    )
    assert decline(problem.conditions) > 0.95
    for conditions in others:
        assert decline(conditions) < 0.6


@with_problems
def test_factor_is_of_order_one(name, getkey):
    problem = PROBLEMS[name]
    factor = problem.ansatz(jnp.sum).factor
    values = np.asarray(jax.vmap(factor)(problem.sample(20_000, key=getkey())))
    assert 0.8 < np.max(values) <= 1 + 1e-12
    assert np.min(values) >= 0
