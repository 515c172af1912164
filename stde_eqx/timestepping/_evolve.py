import dataclasses
from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import PRNGKeyArray

from .._arguments import check_count, check_key
from .._custom_types import Field
from ..operators import AbstractEstimator, Exact
from ..problems import AbstractParabolic
from ._errors import EvolutionError
from ._evolution import Evolution, EvolutionStatus
from ._fit import Fit
from ._guard import guarded
from ._least_squares import AbstractLeastSquares, suitable
from ._updates import AbstractUpdate, AllParameters
from ._validate import (
    check_network,
    check_objects,
    check_problem,
    check_saveat,
    check_stepping,
    check_times,
    scaled_to_data,
)
from ._vector_field import VectorField


def evolve(
    problem: AbstractParabolic,
    v: Field,
    *,
    estimator: AbstractEstimator | None = None,
    solver: diffrax.AbstractSolver[Any] | None = None,
    t1: float | None = None,
    dt0: float | None = None,
    stepsize_controller: diffrax.AbstractStepSizeController[Any, Any] | None = None,
    saveat: diffrax.SaveAt | None = None,
    num_points: int | None = None,
    num_redraws: int = 10,
    fit: Fit | None = None,
    update: AbstractUpdate | None = None,
    least_squares: AbstractLeastSquares | None = None,
    event: diffrax.Event | None = None,
    progress_meter: diffrax.AbstractProgressMeter[Any] | None = None,
    max_steps: int = 4_096,
    max_rejections: int = 20,
    key: PRNGKeyArray,
    throw: bool = True,
) -> Evolution:
    r"""Follows a parabolic problem in time: the network is a function of space, and its parameters obey an ODE.

    The network $u(x; \theta)$, its output shifted and scaled to the mean and the spread of the data, is fitted to them,
    and then moves such that $\partial_\theta u \cdot \dot\theta$
    is as near as it can be to the equation's right-hand side, at random points $x_n$ that are drawn anew for each time:

    $$\dot\theta = \arg\min_\eta \frac1N \sum_{n=1}^N \bigl(\partial_\theta u(x_n) \cdot \eta - F(t, x_n, u)\bigr)^2
    + \lambda |\eta|^2.$$

    Diffrax integrates this ODE. There is no training in time, and no loss to be weighted; the error comes from the
    initial fit, from what the network's tangent space cannot express (`evolution.defects`), from the noise of the
    estimator, and, controlled by Diffrax, from the time steps.

    !!! example

        ```python
        v = eqx.nn.MLP(10, "scalar", 16, 2, activation=jnp.tanh, key=jax.random.key(0))
        evolution = stde.evolve(zoo.SemilinearHeat(dim=10), v, solver=diffrax.Tsit5(), t1=0.3, key=jax.random.key(1))
        evolution.u(jnp.zeros(10))
        evolution.defects
        ```

    **What is conserved.** Nothing is, exactly: mass, energy or positivity drift by as much as the defect lets them,
    also where the equation conserves them. A quantity that matters should be watched at the saved times.

    **When it degrades.** An `initial_error` above a per cent wants a longer [`stde_eqx.timestepping.Fit`][] or a wider
    network: nothing later repairs it. Defects that are large from the start mean that the network is too small;
    defects that grow mean that it has moved to where its parameters are nearly dependent: more points, a larger
    regularisation, or [`stde_eqx.timestepping.RandomParameters`][] help. A law whose points move out to where there
    were none before, as those of a spreading process do, leads to where the network was never fitted: take one that
    covers all of it at all times. If the equation is to be solved over long times, evolve in pieces and fit a new
    network to the last one in between. Small steps that do not get larger are a sign of a stiff ODE, made so by too
    small a regularisation or by a network that resolves very fine scales.

    **Arguments:**

    - `problem`: a parabolic PDE.
    - `v`: the network, a function of `x` alone with a scalar value, any PyTree. It is not changed.
    - `estimator`: how to apply the PDE's operators, drawn for each point; exactly (`stde.Exact()`) if `None`.
    - `solver`: any Diffrax solver; `diffrax.Tsit5()` if `None`.
    - `t1`: up to which time, not beyond the problem's `t1`, which is the default.
    - `dt0`: the constant step, if there is no `stepsize_controller`; otherwise the first step. Always positive.
    - `stepsize_controller`: by default steps adapted to a relative tolerance of 1e-3 and an absolute one of 1e-5.
    - `saveat`: what to save; eleven equally spaced times if `None`. The last state is always kept.
    - `num_points`: $N$; by default twice as many as parameters move, at least 500 and at most 4 000.
    - `num_redraws`: into how many intervals of time the evolution is divided, each with points and draws of its own.
        Within each the ODE is smooth. With 1 it is smooth throughout, for high orders with fixed steps.
    - `fit`: how to fit the data; `None` for [`stde_eqx.timestepping.Fit`][]`()`.
    - `update`: which parameters move; all of them if `None`.
    - `least_squares`: how the minimum is found; by default [`stde_eqx.timestepping.Dense`][], and above $2^{27}$
        entries of the matrix [`stde_eqx.timestepping.MatrixFree`][].
    - `event`: a `diffrax.Event` on the state `(params, error_bound)`, which may end the evolution early.
    - `progress_meter`: such as `diffrax.TextProgressMeter()`; nothing by default.
    - `max_steps`: of the solver, rejected ones included.
    - `max_rejections`: consecutive rejected steps after which it gives up.
    - `key`: the randomness of points and draws.
    - `throw`: whether an evolution that ends early, other than by an event, raises. If `False`, `evolution.status`
        tells.

    **Returns:** a [`stde_eqx.timestepping.Evolution`][].

    **Raises:**

    - `ValueError` for a problem that is not parabolic, a time on the wrong side of the data, a network that is not a
        function of `x` alone, a solver that does not fit its controller, at once.
    - [`stde_eqx.timestepping.EvolutionError`][] where values became infinite, steps were rejected again and again, or
        `max_steps` was not enough. It carries the evolution up to the last accepted step as `error.evolution`.

    ??? cite "Reference"

        Du and Zaki, *Evolutional deep neural network*, Physical Review E 104 (2021). Bruna, Peherstorfer and
        Vanden-Eijnden, *Neural Galerkin schemes with active learning for high-dimensional evolution equations*, Journal
        of Computational Physics 496 (2024).
    """
    check_problem(problem)
    t1 = check_times(problem, t1)
    solver = diffrax.Tsit5() if solver is None else solver
    controller = check_stepping(solver, stepsize_controller, dt0)
    check_key(key)
    check_objects(fit=fit, update=update, least_squares=least_squares, event=event, progress_meter=progress_meter)
    estimator = Exact() if estimator is None else estimator
    num_redraws, max_steps = check_count("num_redraws", num_redraws), check_count("max_steps", max_steps)
    max_rejections = check_count("max_rejections", max_rejections)
    network = check_network(problem, v, estimator, key)
    fit_key, run_key = jr.split(key)
    network = scaled_to_data(problem, network, key=fit_key)
    update = AllParameters() if update is None else update
    moving = update.num_moving(network.vector.size)
    num_points = min(4_000, max(500, 2 * moving)) if num_points is None else check_count("num_points", num_points)
    least_squares = suitable(num_points, moving) if least_squares is None else least_squares
    saveat = diffrax.SaveAt(ts=jnp.linspace(problem.t0, t1, 11)) if saveat is None else saveat
    check_saveat(saveat, problem.t0, t1)
    fit = Fit() if fit is None else fit
    params, initial_error = fit(problem, network, key=fit_key)
    edges = jnp.linspace(problem.t0, t1, num_redraws + 1)[1:-1]
    field = VectorField(
        problem, network, estimator, update, least_squares, num_points, edges, jnp.asarray(t1, edges.dtype), run_key
    )
    if isinstance(controller, diffrax.AbstractAdaptiveStepSizeController) and num_redraws > 1:
        controller = diffrax.ClipStepSizeController(controller, jump_ts=edges)
    solution = _integrate(
        field,
        params,
        solver,
        None if dt0 is None else jnp.asarray(dt0 * np.sign(t1 - problem.t0), edges.dtype),
        guarded(controller, max_rejections),
        saveat,
        event,
        diffrax.NoProgressMeter() if progress_meter is None else progress_meter,
        max_steps,
    )
    evolution = _collected(field, solution, float(initial_error))
    if throw and evolution.status in (EvolutionStatus.stalled, EvolutionStatus.out_of_steps):
        raise EvolutionError(_explanation(evolution, t1, max_steps), evolution)
    return evolution


@eqx.filter_jit
def _integrate(field, params, solver, dt0, controller, saveat, event, progress_meter, max_steps) -> diffrax.Solution:
    def saved(t, state, args):
        params, bound = state
        _, left, size = field.solve(t, params)
        # A solution at rest leaves nothing to follow.
        return t, params, jnp.where(left > 0, left / size, 0), bound

    asked = None if saveat.subs is None else dataclasses.replace(saveat.subs, fn=saved)
    subs = {"asked": asked, "last": diffrax.SubSaveAt(t1=True, fn=saved)}
    return diffrax.diffeqsolve(
        diffrax.ODETerm(field),
        solver,
        field.problem.t0,
        field.t1,
        dt0,
        (params, jnp.zeros((), params.dtype)),
        saveat=diffrax.SaveAt(subs={k: s for k, s in subs.items() if s is not None}, dense=saveat.dense),
        stepsize_controller=controller,
        event=event,
        progress_meter=progress_meter,
        max_steps=max_steps,
        throw=False,
    )


def _collected(field: VectorField, solution: diffrax.Solution, initial_error: float) -> Evolution:
    """The saved states that were reached, and last the final one unless it is among them."""
    assert solution.ys is not None
    last = jax.tree.map(np.asarray, solution.ys["last"])
    saved = jax.tree.map(np.asarray, solution.ys.get("asked", jax.tree.map(lambda leaf: leaf[:0], last)))
    reached = np.isfinite(saved[0])
    ended = last[0][-1]
    reached &= saved[0] != ended
    pairs = zip(saved, last, strict=True)
    ts, params, defects, bounds = (jnp.asarray(np.concatenate([s[reached], end])) for s, end in pairs)
    return Evolution(
        field.problem,
        field.network,
        ts,
        params,
        defects,
        bounds,
        initial_error,
        _status(solution),
        int(solution.stats["num_steps"]),
        solution if solution.interpolation is not None else None,
    )


def _status(solution: diffrax.Solution) -> EvolutionStatus:
    for result, status in (
        (diffrax.RESULTS.successful, EvolutionStatus.completed),
        (diffrax.RESULTS.event_occurred, EvolutionStatus.event),
        (diffrax.RESULTS.max_steps_reached, EvolutionStatus.out_of_steps),
    ):
        if solution.result == result:
            return status
    return EvolutionStatus.stalled


def _explanation(evolution: Evolution, t1: float, max_steps: int) -> str:
    reached = f"the evolution ended at t={float(evolution.ts[-1]):.4g} of {t1:.4g}: "
    kept = " What was reached is kept as `error.evolution`."
    if evolution.status is EvolutionStatus.out_of_steps:
        return (
            f"{reached}{max_steps} steps were not enough. Looser tolerances, a larger regularisation "
            f"(`least_squares=stde.timestepping.Dense(1e-4)`), which makes the ODE less stiff, or more `max_steps` may "
            f"help.{kept}"
        )
    return (
        f"{reached}after it steps were rejected again and again, or gave values that are not finite. A "
        "larger regularisation (`least_squares=stde.timestepping.Dense(1e-4)`), a smaller `dt0`, or a better initial "
        f"fit (relative error {evolution.initial_error:.1e}) may help.{kept}"
    )
