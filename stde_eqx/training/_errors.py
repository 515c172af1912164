import math

from ._solution import Solution


class TrainingError(RuntimeError):
    """A run that ended early. Nothing trained is lost: `error.solution` holds it, evaluated."""

    solution: Solution


class NonFiniteLossError(TrainingError):
    """The loss, or the optimiser's update, was NaN or infinite at `error.step`; the state before that step is kept."""

    step: int

    def __init__(self, step: int, loss: float):
        super().__init__(
            f"the loss at step {step} was {loss}"
            + (" and its update was not finite" if math.isfinite(loss) else "")
            + f". The state after step {step - 1} is kept as `error.solution`. A smaller learning rate, gradient "
            "clipping (`optax.chain(optax.clip_by_global_norm(1.0), ...)`), more damping of a natural gradient or a "
            "problem whose residual is finite at every sampled point may help."
        )
        self.step = step


class _RaisedError(TrainingError):
    """Something raised an exception, which is the `__cause__` of this one."""

    def __init__(self, what: str, error: Exception):
        super().__init__(
            f"{what} raised {type(error).__name__}: {error}. The run ended there; what was trained until then is kept "
            "as `error.solution`."
        )
        self.__cause__: BaseException | None = error


class CallbackError(_RaisedError):
    """A callback raised an exception, which is the `__cause__` of this one."""

    def __init__(self, callback: object, error: Exception):
        super().__init__(f"the callback `{type(callback).__name__}`", error)


class EvaluationError(_RaisedError):
    """The evaluation of a trained state, such as the exact solution, raised an exception, the `__cause__` of this one.

    The solution's own metrics are without errors where that fails at the end, too.
    """

    def __init__(self, step: int, error: Exception):
        super().__init__(f"evaluating what was trained, after step {step},", error)


class StageError(_RaisedError):
    """A later stage of a run, or what comes before or after it, raised an exception, the `__cause__` of this one."""

    def __init__(self, step: int, error: Exception):
        super().__init__(f"after step {step}, what comes next", error)
