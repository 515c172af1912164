"""Every operator beside its dense oracle: what a new operator is added to for the whole battery."""

import jax
import jax.numpy as jnp
import jax.random as jr

import stde_eqx as stde

from .helpers import derivative_tensor


DIM = 4

_matrix = jr.normal(jr.key(2), (DIM, DIM))
_diagonal = jnp.array([1.0, -2.0, 0.5, 3.0])
_factor = jr.normal(jr.key(3), (DIM, 2))
_velocity = jnp.array([0.3, -1.0, 2.0, 0.1])
_chosen = jnp.array([3, 1])


def _slope(x):
    return jnp.sin(x[0]) + x[1]


def tensor(order):
    return lambda u, x: derivative_tensor(u, x, order)


gradient, hessian, third, fourth = map(tensor, (1, 2, 3, 4))


def trace_with(matrix):
    return lambda u, x: jnp.einsum("ij,...ij->...", matrix(x) if callable(matrix) else matrix, hessian(u, x))


def _laplacian(u, x):
    return jnp.trace(hessian(u, x), axis1=-2, axis2=-1)


def _diagonal_sum(order):
    return lambda u, x: sum(tensor(order)(u, x)[(..., *(i,) * order)] for i in range(DIM))


def _on_chosen(u, x):
    return jnp.einsum("ij,...ij->...", _matrix[:2, :2], hessian(u, x)[..., _chosen[:, None], _chosen])


_general = {(2, 1): 1.0, (0, 0, 0, 1): _slope, (0, 0): -1.0, (): 3.0, (3,): 2.0}


def _general_oracle(u, x):
    h, f = hessian(u, x), fourth(u, x)
    return h[..., 1, 2] + _slope(x) * f[..., 0, 0, 0, 1] - h[..., 0, 0] + 3 * u(x) + 2 * gradient(u, x)[..., 3]


OPERATORS = {
    "laplacian": (stde.Laplacian(), _laplacian),
    "weighted, scalar": (stde.WeightedLaplacian(2.0), trace_with(4 * jnp.eye(DIM))),
    "weighted, diagonal": (stde.WeightedLaplacian(_diagonal), trace_with(jnp.diag(_diagonal**2))),
    "weighted, low rank": (stde.WeightedLaplacian(_factor), trace_with(_factor @ _factor.T)),
    "weighted, function": (
        stde.WeightedLaplacian(lambda x: x[0] * _matrix),
        trace_with(lambda x: x[0] ** 2 * _matrix @ _matrix.T),
    ),
    "second order, eigenvectors": (stde.SecondOrder(_matrix), trace_with(_matrix)),
    "second order, bilinear": (stde.SecondOrder(_matrix, stde.operators.Bilinear()), trace_with(_matrix)),
    "second order, entries": (stde.SecondOrder(_matrix, stde.operators.Entries()), trace_with(_matrix)),
    "second order, some entries": (
        stde.SecondOrder(
            jnp.diag(_diagonal).at[0, 3].set(1.0), stde.operators.Entries(((0, 0), (0, 3), (1, 1), (2, 2), (3, 3)))
        ),
        trace_with(jnp.diag(_diagonal).at[0, 3].set(1.0)),
    ),
    "second order, function": (stde.SecondOrder(lambda x: x[1] * _matrix), trace_with(lambda x: x[1] * _matrix)),
    "diagonal, order 1": (stde.DiagonalOperator(1), _diagonal_sum(1)),
    "diagonal, order 3": (stde.DiagonalOperator(3), _diagonal_sum(3)),
    "diagonal, order 4": (stde.DiagonalOperator(4), _diagonal_sum(4)),
    "biharmonic": (stde.Biharmonic(), lambda u, x: jnp.einsum("...iijj->...", fourth(u, x))),
    "advection": (stde.AdvectionOperator(_velocity), lambda u, x: gradient(u, x) @ _velocity),
    "advection, function": (stde.AdvectionOperator(lambda x: x**2), lambda u, x: gradient(u, x) @ x**2),
    "directional, order 3": (
        stde.DirectionalDerivative(_velocity, 3),
        lambda u, x: jnp.einsum("...ijk,i,j,k->...", third(u, x), _velocity, _velocity, _velocity),
    ),
    "partial": (stde.PartialDerivative((0, 2, 1, 0)), lambda u, x: fourth(u, x)[..., 0, 0, 1, 2]),
    "linear": (stde.LinearOperator(_general), _general_oracle),
    "hessian entries": (
        stde.LinearOperator({(i, j): _matrix[i, j] for i in range(DIM) for j in range(i, DIM)}),
        trace_with(jnp.triu(_matrix)),
    ),
    "sum": (
        stde.Laplacian() + 0.5 * stde.DiagonalOperator(3) - _slope * stde.AdvectionOperator(_velocity),
        lambda u, x: _laplacian(u, x) + 0.5 * _diagonal_sum(3)(u, x) - _slope(x) * gradient(u, x) @ _velocity,
    ),
    "multiple of the identity": (
        -(stde.Laplacian() / 2) + stde.Identity() * 3,
        lambda u, x: 3 * u(x) - _laplacian(u, x) / 2,
    ),
    "on a slice": (
        stde.Laplacian().on(slice(1, None)) + stde.PartialDerivative(0),
        lambda u, x: _laplacian(u, x) - hessian(u, x)[..., 0, 0] + gradient(u, x)[..., 0],
    ),
    "on indices": (stde.SecondOrder(_matrix[:2, :2]).on(_chosen), _on_chosen),
    "sum on a slice": (
        (stde.Laplacian() + _slope * stde.LinearOperator({(0, 0, 1): 1.0, (): 2.0})).on(slice(2, 4)),
        lambda u, x: (
            hessian(u, x)[..., 2, 2] + hessian(u, x)[..., 3, 3] + _slope(x) * (third(u, x)[..., 2, 2, 3] + 2 * u(x))
        ),
    ),
    "product with a function inside": (
        stde.AdvectionOperator(_velocity) @ (_slope * stde.Laplacian()),
        lambda u, x: jax.jacfwd(lambda z: _slope(z) * _laplacian(u, z))(x) @ _velocity,
    ),
}
