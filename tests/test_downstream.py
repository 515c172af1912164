"""The sample project of a user runs; `make types` checks its types."""

import jax
import jax.numpy as jnp
import jax.random as jr

import stde_eqx as stde

from .downstream.network import Fourier
from .downstream.operator import fourth_order, generator
from .downstream.problem import at_origin, solve, Stationary


def test_operators():
    x = jnp.array([0.3, -0.2, 0.5])
    u = lambda x: jnp.sin(x[0]) * x[1] ** 2 + x[2] ** 4
    expected = 0.5 * 4 * jnp.trace(jax.hessian(u)(x)) - x @ jax.grad(u)(x)
    assert jnp.allclose(generator(2.0)(u, x), expected)
    assert jnp.isfinite(fourth_order()(u, x))


def test_problem_is_trained():
    network = Fourier(5, 8, key=jr.key(0))
    solution = solve(Stationary(5), network, steps=50, seed=1)
    assert solution.status is stde.training.Status.completed
    assert at_origin(solution, 5) > 0
