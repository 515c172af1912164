from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import PRNGKeyArray

from .._arguments import describe
from ..operators import AbstractEstimator
from ..optim import AbstractLeastSquaresOptimizer
from ..problems import AbstractFamily, AbstractProblem, AbstractTimeDependent, as_arguments
from ._solution import Solution


def check_problem(problem: Any, estimator: Any) -> None:
    """A problem and an estimator, by type."""
    if isinstance(problem, type) or not isinstance(problem, AbstractProblem):
        raise ValueError(
            f"`problem` must be an instance of `stde.AbstractProblem`, got {describe(problem)}. Stationary problems "
            "are subclasses of it with `dim`, `sample` and `residual`."
        )
    if isinstance(estimator, type) or not isinstance(estimator, AbstractEstimator):
        raise ValueError(
            f"`estimator` must be an estimator such as `stde.SparseSTDE(16)` or `stde.Exact()`, got "
            f"{describe(estimator)}."
        )


def check_optimizer(optimizer: Any) -> None:
    """An Optax gradient transformation, or one of ours."""
    if not isinstance(optimizer, (optax.GradientTransformation, AbstractLeastSquaresOptimizer)):
        raise ValueError(
            "`optimizer` must be an Optax optimiser such as `optax.adam(1e-3)`, or one that sees the residuals such as "
            f"`stde.optim.NaturalGradient()`; got {describe(optimizer)}."
        )


def check_field(problem: AbstractProblem, u: Any, *, key: PRNGKeyArray) -> None:
    """A callable that maps one point of the problem to a real scalar. Traced abstractly: nothing is computed."""
    _check_callable(u)
    points = eqx.filter_eval_shape(lambda k: problem.sample(2, key=k), key)
    _check_points(problem, points)
    point = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape[1:], leaf.dtype), points)
    try:
        value = eqx.filter_eval_shape(u, *as_arguments(point))
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"the network cannot be evaluated at one point of `{type(problem).__name__}`, "
            f"{_call_of(problem)}: {_first_line(error)}. {_advice(problem)}"
        ) from error
    if not _is_real_scalar(value):
        raise ValueError(
            f"the network must return a real scalar, of shape (), for one point; got {describe(value)}. "
            'An `eqx.nn.MLP` does with out_size="scalar".'
        )


def _check_callable(u: Any) -> None:
    if not callable(u):
        what = " Its trained function is `solution.u`, its network `solution.model`." if isinstance(u, Solution) else ""
        raise ValueError(f"the network must be a callable of one point, such as `eqx.nn.MLP`; got {describe(u)}.{what}")


def check_network(problem: AbstractProblem, u: Any, estimator: AbstractEstimator, *, key: PRNGKeyArray) -> None:
    """A trainable scalar network whose residual is a scalar, or a vector of parts."""
    _check_callable(u)
    # Inside the ansatz, which may call the network with more than the point.
    check_field(problem, problem.ansatz(u), key=key)
    if not jax.tree.leaves(eqx.filter(u, eqx.is_inexact_array)):
        raise ValueError(
            f"the network has nothing to train: {describe(u)} holds no floating-point arrays. Parameters must be "
            "leaves of the network's PyTree (fields of an `eqx.Module`), not closed over by a function, nor integers."
        )
    residual = eqx.filter_eval_shape(
        lambda p, net, k: p.residual(p.ansatz(net), *_first_point(p, k), estimator=estimator, key=k),
        problem,
        u,
        key,
    )
    _check_residual(problem, residual)
    knows_exact(problem, key=key)


def _check_residual(problem: AbstractProblem, residual: Any) -> None:
    number = problem.num_parts
    shape = () if number is None else (number,)
    is_real = isinstance(residual, jax.ShapeDtypeStruct) and jnp.issubdtype(residual.dtype, jnp.floating)
    if is_real and residual.shape == shape:
        return
    expected = "a real scalar, of shape ()," if number is None else f"{number} real parts, of shape {shape},"
    advice = ""
    if number is None and is_real and len(residual.shape) == 1:
        advice = (
            " Was a sum over the coordinates forgotten? The residual of a system, whose parts are squared and added, "
            f"wants a property `num_parts` of the problem that returns {residual.shape[0]}."
        )
    raise ValueError(
        f"`{type(problem).__name__}.residual` must return {expected} for one point; got {describe(residual)}.{advice}"
    )


def knows_exact(problem: AbstractProblem, *, key: PRNGKeyArray) -> bool:
    """Whether the problem knows its exact solution."""
    exact = eqx.filter_eval_shape(lambda p, k: p.exact(*_first_point(p, k)), problem, key)
    if exact is not None and not _is_real_scalar(exact):
        raise ValueError(
            f"`{type(problem).__name__}.exact` must return a real scalar, of shape (), for one point, or None; got "
            f"{describe(exact)}."
        )
    return exact is not None


def _check_points(problem: AbstractProblem, points: Any) -> None:
    """Two points of the problem: an array, or a tuple of times or members and an array."""
    is_array = lambda value, shape: isinstance(value, jax.ShapeDtypeStruct) and value.shape == shape
    name = f"`{type(problem).__name__}.sample(2, key=key)`"
    if isinstance(problem, AbstractFamily):
        is_pair = isinstance(points, tuple) and len(points) == 2 and is_array(points[1], (2, problem.dim))
        if not (is_pair and all(leaf.shape[:1] == (2,) for leaf in jax.tree.leaves(points[0]))):
            raise ValueError(
                f"{name} must return a tuple of two members, arrays with a leading axis of 2, and two points of "
                f"`dim={problem.dim}`, of shape (2, {problem.dim}); got {describe(points)}."
            )
    elif not isinstance(problem, AbstractTimeDependent):
        if not is_array(points, (2, problem.dim)):
            raise ValueError(
                f"{name} must return an array of shape (2, {problem.dim}), two points of `dim={problem.dim}`; got "
                f"{describe(points)}."
            )
    elif not (
        isinstance(points, tuple)
        and len(points) == 2
        and is_array(points[0], (2,))
        and is_array(points[1], (2, problem.dim))
    ):
        raise ValueError(
            f"{name} must return a tuple of two times, of shape (2,), and two points of `dim={problem.dim}`, of shape "
            f"(2, {problem.dim}); got {describe(points)}."
        )


def _call_of(problem: AbstractProblem) -> str:
    """How an unknown of the problem is called."""
    if isinstance(problem, AbstractTimeDependent):
        return f"a time t, a scalar, and an array x of shape ({problem.dim},)"
    if isinstance(problem, AbstractFamily):
        return f"the parameters of a member and an array x of shape ({problem.dim},)"
    return f"an array of shape ({problem.dim},)"


def _advice(problem: AbstractProblem) -> str:
    if isinstance(problem, AbstractTimeDependent):
        return (
            "A time-dependent unknown is called `u(t, x)`; a network of one array becomes one by "
            f'`stde.nn.SpaceTime(eqx.nn.MLP({problem.dim + 1}, "scalar", ...))`.'
        )
    if isinstance(problem, AbstractFamily):
        return "The unknown of a family is called `u(a, x)`, with the parameters first."
    return f'A stationary unknown is called `u(x)`; a network needs in_size={problem.dim} and out_size="scalar".'


def _first_point(problem: AbstractProblem, key: PRNGKeyArray) -> tuple[Any, ...]:
    return as_arguments(jax.tree.map(lambda leaf: leaf[0], problem.sample(1, key=key)))


def _is_real_scalar(value: Any) -> bool:
    return isinstance(value, jax.ShapeDtypeStruct) and value.shape == () and jnp.issubdtype(value.dtype, jnp.floating)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__).rstrip(".")
