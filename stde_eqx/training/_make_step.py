import optax

from .._arguments import check_count
from ..operators import AbstractEstimator, Exact
from ..optim import AbstractLeastSquaresOptimizer
from ..problems import AbstractProblem
from ._average import ExponentialAverage
from ._loss import AbstractLoss, MeanSquare
from ._step import TrainStep
from ._validate import check_optimizer, check_problem
from .collocation import AbstractCollocation, Fresh, ResidualWeighted, Sharded
from .weighting import AbstractWeighting


def make_step(
    problem: AbstractProblem,
    *,
    estimator: AbstractEstimator | None = None,
    optimizer: optax.GradientTransformation | AbstractLeastSquaresOptimizer,
    batch_size: int = 100,
    share_draw: bool = True,
    chunk_size: int | None = None,
    loss: AbstractLoss | None = None,
    collocation: AbstractCollocation | None = None,
    average: ExponentialAverage | None = None,
    weighting: AbstractWeighting | None = None,
    fixed_batch: bool = False,
    output_shift: float | int | None = None,
    output_scale: float | int | None = None,
    residual_scale: float | int | None = None,
) -> TrainStep:
    r"""One step of training, for research code that owns its loop.

    Each step samples a batch of points, estimates the residual of $u = A[s + \sigma\,\mathrm{net}]$ at them, with the
    problem's ansatz $A$, and gives the gradient of the loss, by default $\frac1N \sum_n (r_n / \rho)^2$, to the
    optimiser.

    !!! example

        ```python
        step = stde.make_step(problem, estimator=stde.SparseSTDE(16), optimizer=optax.adam(1e-3))
        state = step.init(network, key=key)
        for _ in range(1_000):
            state, metrics = step(state)
        ```

    **Arguments:**

    - `problem`: the PDE.
    - `estimator`: how to apply its operators; exactly (`stde.Exact()`) if `None`.
    - `optimizer`: any Optax optimiser; those that search along a line get what they need. Or one that sees every
        residual, such as [`stde_eqx.optim.NaturalGradient`][].
    - `batch_size`: points a step.
    - `share_draw`: `True` for one draw of the estimator a step, shared by all points (cheaper), `False` for a draw per
        point (less noise).
    - `chunk_size`: points at once, a divisor of `batch_size`; all of them if `None`. It saves memory, and where a point
        takes much more of it than the parameters do, time.
    - `loss`: what is made of the residuals; [`stde_eqx.MeanSquare`][] if `None`.
    - `collocation`: where to put the points; new ones at every step by the problem's law if `None`, see
        [`stde_eqx.training.collocation.AbstractCollocation`][].
    - `average`: a [`stde_eqx.training.ExponentialAverage`][] of the parameters to keep and to evaluate, or `None`.
    - `weighting`: how to weigh residual and penalties while training, see
        [`stde_eqx.training.weighting.AbstractWeighting`][]; the weights of the problem, unchanged, if `None`.
    - `fixed_batch`: `True` for the same points and draws at every step, as methods that search along lines and
        remember curvature (L-BFGS) need.
    - `output_shift`, `output_scale`, `residual_scale`: the constants $s$, $\sigma$, $\rho$; those that are `None` are
        found from the residual of the best constant, see [`stde_eqx.training.fit_scales`][].

    **Returns:**

    A [`stde_eqx.training.TrainStep`][].

    **Raises:**

    `ValueError` for a wrong argument, at once.
    """
    estimator = Exact() if estimator is None else estimator
    check_problem(problem, estimator)
    check_optimizer(optimizer)
    if loss is not None and not isinstance(loss, AbstractLoss):
        raise ValueError(f"`loss` must be a loss such as `stde.UnbiasedSquare()`, got {loss!r}.")
    if isinstance(optimizer, AbstractLeastSquaresOptimizer) and not isinstance(loss, MeanSquare | None):
        raise ValueError(
            f"`{type(optimizer).__name__}` minimises the mean square of the residuals: leave out `loss`, got {loss!r}."
        )
    for name, value, kind, example in (
        ("collocation", collocation, AbstractCollocation, "stde.training.collocation.Fresh()"),
        ("average", average, ExponentialAverage, "stde.training.ExponentialAverage(0.999)"),
        ("weighting", weighting, AbstractWeighting, "stde.training.weighting.GradientNorm()"),
    ):
        if value is not None and not isinstance(value, kind):
            raise ValueError(f"`{name}` must be None, or an object such as `{example}`; got {value!r}.")
    points = collocation.points if isinstance(collocation, Sharded) else collocation
    if fixed_batch and isinstance(points, ResidualWeighted):
        raise ValueError(
            "`fixed_batch=True` keeps the points, and `ResidualWeighted` moves them with the residual: leave out one."
        )
    if weighting is not None and not problem.penalties():
        raise ValueError(
            f"`weighting` weighs the residual against penalties, and `{type(problem).__name__}` has none: leave it out."
        )
    batch_size = check_count("batch_size", batch_size)
    if chunk_size is not None and batch_size % check_count("chunk_size", chunk_size):
        raise ValueError(f"`chunk_size` must divide `batch_size={batch_size}`, got chunk_size={chunk_size}.")
    for name, scale in (("output_scale", output_scale), ("residual_scale", residual_scale)):
        if scale is not None and not scale > 0:
            raise ValueError(f"`{name}` must be positive, or None to find it automatically; got {scale!r}.")
    as_float = lambda value: None if value is None else float(value)
    scales = as_float(output_shift), as_float(output_scale), as_float(residual_scale)
    loss = MeanSquare() if loss is None else loss
    collocation = Fresh() if collocation is None else collocation
    return TrainStep(
        problem,
        estimator,
        optimizer,
        batch_size,
        share_draw,
        chunk_size,
        loss,
        collocation,
        average,
        weighting,
        bool(fixed_batch),
        *scales,
    )
