import math
from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from ..operators import AbstractEstimator
from ..problems import AbstractParabolic, AbstractProblem, DataAsFeature, SoftInitial
from ._fit import Fit
from ._flat_network import FlatNetwork
from ._least_squares import AbstractLeastSquares
from ._updates import AbstractUpdate


def check_problem(problem: Any) -> None:
    """A parabolic problem."""
    if isinstance(problem, SoftInitial | DataAsFeature):
        raise ValueError(
            f"{type(problem).__name__} changes how a problem is trained; in `evolve` the data are fitted before the "
            "first step. Evolve the problem inside it, `problem.problem`."
        )
    if isinstance(problem, AbstractParabolic):
        return
    if isinstance(problem, AbstractProblem):
        raise ValueError(
            f"`evolve` follows parabolic problems, u_t = F(t, x, u, ...), which are subclasses of "
            f"`stde.AbstractParabolic`; {type(problem).__name__} is not one. Solve it by `stde.train`."
        )
    raise ValueError(f"`problem` must be an instance of `stde.AbstractParabolic`, got a `{type(problem).__name__}`.")


def check_times(problem: AbstractParabolic, t1: Any) -> float:
    """A final time between that of the data and that up to which the problem is posed."""
    if t1 is not None and (isinstance(t1, str) or jnp.ndim(t1) != 0):
        raise ValueError(f"`t1` must be a number, such as t1={problem.t1:g}; got {t1!r}.")
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
    if abs(t1 - t0) > abs(end - t0) * (1 + 1e-6):
        raise ValueError(
            f"{type(problem).__name__} is posed between t={t0:g} and t={end:g}, as are its points and its solution; "
            f"for t1={t1:g} build it with another final time."
        )
    return t1


def scaled_to_data(problem: AbstractParabolic, network: FlatNetwork, *, key: PRNGKeyArray) -> FlatNetwork:
    """The network with its output scaled to the data; `ValueError` where points or data at their time are unusable."""
    number = 256
    points = problem.sample_at(jnp.full(number, problem.t0), key=key)
    if points.shape != (number, problem.dim):
        raise ValueError(
            f"`{type(problem).__name__}.sample_at` must return one point of dim={problem.dim} for each of the times, "
            f"here shape ({number}, {problem.dim}); got {points.shape}."
        )
    if bool(jnp.all(jnp.ptp(points, axis=0) == 0)):
        raise ValueError(
            f"all points of {type(problem).__name__} at the time of the data, t={problem.t0:g}, are the same one: the "
            "data cannot be fitted there. Give it a law whose paths start at the other end, such as "
            f"zoo.laws.Brownian({problem.dim}, origin={problem.t1:g})."
        )
    data = jax.vmap(problem.initial)(points)
    if data.shape != (number,) or not bool(jnp.all(jnp.isfinite(data))):
        raise ValueError(
            f"`{type(problem).__name__}.initial` must return a finite scalar for one point; got shape {data.shape[1:]} "
            f"with {int(jnp.sum(~jnp.isfinite(data)))} of {data.size} numbers not finite."
        )
    dtype = network.vector.dtype
    spread = jnp.std(data)
    scale = jnp.where(spread > 0, spread, 1)
    return FlatNetwork(network.template, jnp.mean(data).astype(dtype), scale.astype(dtype))


def check_objects(**objects: Any) -> None:
    """Options that are objects, by type, unless they are left out."""
    kinds = {
        "fit": (Fit, "stde.timestepping.Fit(steps=1_000)"),
        "update": (AbstractUpdate, "stde.timestepping.RandomParameters(100)"),
        "least_squares": (AbstractLeastSquares, "stde.timestepping.Dense(1e-5)"),
        "event": (diffrax.Event, "diffrax.Event(lambda t, y, args, **kwargs: y[1] > 0.1)"),
        "progress_meter": (diffrax.AbstractProgressMeter, "diffrax.TextProgressMeter()"),
    }
    for name, value in objects.items():
        kind, example = kinds[name]
        if value is not None and not isinstance(value, kind):
            raise ValueError(f"`{name}` must be an object such as {example}, got {value!r}.")


def check_network(problem: AbstractParabolic, v: Any, estimator: Any, key: PRNGKeyArray) -> FlatNetwork:
    """A trainable scalar network of `x` alone, for which the equation's right-hand side is a scalar."""
    if isinstance(estimator, type) or not isinstance(estimator, AbstractEstimator):
        raise ValueError(f"`estimator` must be an estimator such as `stde.SparseSTDE(16)`, got {estimator!r}.")
    if not callable(v):
        raise ValueError(f"the network must be a callable of one point, such as `eqx.nn.MLP`; got {v!r}.")
    network = FlatNetwork(v)
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


def check_stepping(solver: Any, controller: Any, dt0: Any) -> diffrax.AbstractStepSizeController[Any, Any]:
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
    if not isinstance(controller, diffrax.AbstractStepSizeController):
        raise ValueError(
            "`stepsize_controller` must be one of Diffrax, such as diffrax.PIDController(rtol=1e-3, atol=1e-5), got "
            f"{controller!r}."
        )
    if dt0 is not None and not (isinstance(dt0, float | int) and math.isfinite(dt0) and dt0 > 0):
        raise ValueError(f"`dt0` must be a positive number, whichever way time runs, such as dt0=1e-2; got {dt0!r}.")
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
    if saveat.subs is not None and saveat.subs.fn is not diffrax.SubSaveAt(t1=True).fn:
        raise ValueError(
            "`evolve` saves the networks themselves: leave out `fn` of `diffrax.SaveAt`, and apply it to the networks "
            "of the evolution."
        )
    if saveat.solver_state or saveat.controller_state or saveat.made_jump:
        raise ValueError("`evolve` does not return states of the solver: leave them out of `saveat`.")
    ts = None if saveat.subs is None else saveat.subs.ts
    if ts is not None and not bool(jnp.all((ts - t0) * (ts - t1) <= 1e-6 * (t1 - t0) ** 2)):
        raise ValueError(f"`saveat` asks for times outside of those from t={t0:g} to t={t1:g}: {ts}.")
