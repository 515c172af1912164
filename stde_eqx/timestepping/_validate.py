import math
from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from ..operators import AbstractEstimator
from ..problems import AbstractParabolic, AbstractProblem
from ._parameters import Parameters


def check_problem(problem: Any) -> None:
    """A parabolic problem."""
    if isinstance(problem, AbstractParabolic):
        return
    if isinstance(problem, AbstractProblem):
        raise ValueError(
            f"`evolve` follows parabolic problems, u_t = F(t, x, u, ...), which are subclasses of "
            f"`stde.AbstractParabolic`; {type(problem).__name__} is not one. Solve it by `stde.train`."
        )
    raise ValueError(f"`problem` must be an instance of `stde.AbstractParabolic`, got a `{type(problem).__name__}`.")


def check_times(problem: AbstractParabolic, t1: Any) -> float:
    """A final time on the side of the data to which the equation leads."""
    t1 = problem.t1 if t1 is None else float(t1)
    t0, end = problem.t0, problem.t1
    if not math.isfinite(t1) or t1 == t0:
        raise ValueError(f"`t1` must be a finite time other than that of the data, t={t0:g}; got {t1:g}.")
    if (t1 - t0) * (end - t0) < 0:
        later, earlier = ("later", "earlier") if end > t0 else ("earlier", "later")
        raise ValueError(
            f"{type(problem).__name__} has its data at t={t0:g} and leads to {later} times, up to t={end:g}; towards "
            f"{earlier} times such as t1={t1:g} it is ill-posed: any error would be amplified without bound."
        )
    return t1


def check_network(problem: AbstractParabolic, v: Any, estimator: Any, key: PRNGKeyArray) -> Parameters:
    """A trainable scalar network of `x` alone, for which the equation's right-hand side is a scalar."""
    if isinstance(estimator, type) or not isinstance(estimator, AbstractEstimator):
        raise ValueError(f"`estimator` must be an estimator such as `stde.SparseSTDE(16)`, got {estimator!r}.")
    if not callable(v):
        raise ValueError(f"the network must be a callable of one point, such as `eqx.nn.MLP`; got {v!r}.")
    network = Parameters(v)
    if network.vector.size == 0:
        raise ValueError(
            f"the network has nothing to move: `{type(v).__name__}` holds no floating-point arrays. Parameters must be "
            "leaves of its PyTree (fields of an `eqx.Module`), not closed over by a function."
        )
    dtype = network.vector.dtype
    point = jax.ShapeDtypeStruct((problem.dim,), dtype)
    try:
        value = eqx.filter_eval_shape(v, point)
    except (TypeError, ValueError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__).rstrip(".")
        raise ValueError(
            f"the network cannot be evaluated at one point of {type(problem).__name__}, an array of shape "
            f"({problem.dim},): {reason}. In `evolve` the network is a function v(x) of space alone, whose parameters "
            f'move with the time: eqx.nn.MLP({problem.dim}, "scalar", ...), not a function of (t, x) as in `train`.'
        ) from error
    if getattr(value, "shape", None) != ():
        raise ValueError(
            f"the network must return a real scalar, of shape (), for one point; got {value}. An `eqx.nn.MLP` does "
            'with out_size="scalar".'
        )
    rate = eqx.filter_eval_shape(
        lambda p, k: p.rate(v, jnp.zeros((), dtype), jnp.zeros(p.dim, dtype), estimator=estimator, key=k), problem, key
    )
    if getattr(rate, "shape", None) != ():
        raise ValueError(f"`{type(problem).__name__}.rate` must return a scalar for one point; got {rate}.")
    return network


def check_stepping(solver: Any, controller: Any, dt0: Any) -> diffrax.AbstractStepSizeController:
    """A solver, and a controller that it can serve: the default one if `None`."""
    if isinstance(solver, type) or not isinstance(solver, diffrax.AbstractSolver):
        raise ValueError(f"`solver` must be a Diffrax solver such as `diffrax.Tsit5()`, got {solver!r}.")
    name = type(solver).__name__
    adaptive = isinstance(solver, diffrax.AbstractAdaptiveSolver)
    if controller is None:
        if dt0 is not None or not adaptive:
            controller = diffrax.ConstantStepSize()
        else:
            controller = diffrax.PIDController(rtol=1e-3, atol=1e-5)
    if isinstance(controller, diffrax.AbstractAdaptiveStepSizeController) and not adaptive:
        raise ValueError(
            f"`{name}` estimates no error, so its step cannot be adapted: give a step `dt0` and no controller, or a "
            "solver with an error estimate such as `diffrax.Tsit5()`."
        )
    if isinstance(controller, diffrax.ConstantStepSize):
        if dt0 is None:
            raise ValueError(f"`{name}` with a constant step needs to know it: give `dt0`, such as dt0=1e-2.")
        if isinstance(solver, diffrax.AbstractImplicitSolver):
            tolerances = [getattr(solver.root_finder, name, None) for name in ("rtol", "atol")]
            if not all(isinstance(each, (int, float)) for each in tolerances):
                raise ValueError(
                    f"`{name}` solves equations at every step and needs tolerances for them: give "
                    "`stepsize_controller=diffrax.PIDController(rtol=1e-3, atol=1e-5)`, whose tolerances it takes, or "
                    f"`solver=diffrax.{name}(root_finder=diffrax.VeryChord(rtol=1e-3, atol=1e-5))`."
                )
    return controller


def check_saveat(saveat: Any, t0: float, t1: float) -> None:
    """What to save: times within reach, and the state itself rather than a function of it."""
    if not isinstance(saveat, diffrax.SaveAt):
        raise ValueError(
            f"`saveat` must be a `diffrax.SaveAt`, such as diffrax.SaveAt(ts=jnp.linspace({t0:g}, {t1:g}, 5)), got "
            f"{saveat!r}."
        )
    if not isinstance(saveat.subs, diffrax.SubSaveAt | None):
        raise ValueError("`saveat` with several `subs` has no single sequence of times: give one `diffrax.SaveAt`.")
