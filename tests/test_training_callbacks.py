import csv
import io

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import pytest
import rich.console

import stde_eqx as stde
from stde_eqx import training
from stde_eqx.training import AbstractCallback, CallbackError, Status

from .training_problems import Adapted, BallPoisson, mlp


def _train(callbacks, problem=None, **kwargs):
    options = {"estimator": stde.SparseSTDE(2), "steps": 20, "report_every": 10, "batch_size": 8, "key": jr.key(1)}
    problem = BallPoisson() if problem is None else problem
    return stde.train(problem, mlp(), callbacks=callbacks, num_test_points=100, **(options | kwargs))


@pytest.mark.slow
def test_a_run_folder_is_written(tmp_path):
    folder = tmp_path / "run"
    output = io.StringIO()
    solution = _train(
        [
            training.ProgressBar(rich.console.Console(file=output, width=120)),
            training.MetricsCSV(folder / "metrics.csv"),
            training.Plots(folder, num_points=50),
            training.SaveModel(folder / "model.stde"),
            training.Checkpoint(folder / "state.stde"),
        ]
    )
    assert {path.name for path in folder.iterdir()} == {
        "metrics.csv",
        "history.png",
        "scatter.png",
        "model.stde",
        "state.stde",
    }
    with open(folder / "metrics.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == [10, 20]
    assert float(rows[1]["skill"]) == solution.history[1].skill
    assert float(rows[1]["loss"]) == solution.history[1].loss
    for name in ("history.png", "scatter.png"):
        assert (folder / name).read_bytes().startswith(b"\x89PNG")
    shown = output.getvalue()
    for word in ("20/20", "loss", "L2", "skill", "it/s", "ETA", f"{solution.history[-1].relative_l2:.2e}"):
        assert word in shown

    x = jnp.full(5, 0.1)
    model = training.load(folder / "model.stde", like=stde.nn.Affine(mlp(key=jr.key(99))))
    assert BallPoisson().ansatz(model)(x) == solution.u(x)
    state = training.load(folder / "state.stde", like=eqx.filter_eval_shape(lambda s: s, solution.state))
    assert state.step == 20 and state.model(x) == solution.model(x)


def test_without_an_exact_solution_the_errors_are_left_out(tmp_path):
    problem = Adapted(BallPoisson(), solution=lambda problem, x: None)
    output = io.StringIO()
    console = rich.console.Console(file=output, width=120)
    _train([training.MetricsCSV(tmp_path / "m.csv"), training.Plots(tmp_path), training.ProgressBar(console)], problem)
    with open(tmp_path / "m.csv", newline="") as file:
        assert [row["relative_l2"] for row in csv.DictReader(file)] == ["", ""]
    assert {path.name for path in tmp_path.iterdir()} == {"m.csv", "history.png"}
    assert "20/20" in output.getvalue()


def test_the_log_of_a_job_gets_a_line_for_every_tenth(tmp_path):
    output = io.StringIO()
    _train([training.ProgressBar(rich.console.Console(file=output, width=120))], steps=40, report_every=1)
    lines = [line for line in output.getvalue().splitlines() if "of 40 steps" in line]
    assert [line.split(",")[0] for line in lines] == [f"step {step}" for step in range(4, 40, 4)]
    assert all("skill" in line and "ETA" in line for line in lines)


def test_records_of_other_runs_are_never_overwritten(tmp_path):
    for callback in (training.MetricsCSV(tmp_path / "kept"), training.SaveModel(tmp_path / "kept")):
        (tmp_path / "kept").write_text("precious")
        with pytest.raises(FileExistsError, match="kept"):
            _train([callback])
        assert (tmp_path / "kept").read_text() == "precious"


class Failing(AbstractCallback):
    """Fails in one hook."""

    def __init__(self, hook):
        def fail(*args):
            raise OSError("disk full")

        setattr(self, hook, fail)


class Witness(AbstractCallback):
    """Remembers which of its hooks were called."""

    def __init__(self):
        self.calls = []
        for hook in ("on_start", "on_progress", "on_report", "on_end", "close"):
            setattr(self, hook, lambda *args, hook=hook: self.calls.append(hook))


@pytest.mark.parametrize("hook", ("on_progress", "on_report", "on_end"))
def test_a_failing_callback_costs_neither_the_model_nor_the_other_callbacks(hook, tmp_path):
    witness = Witness()
    with pytest.raises(CallbackError, match="`Failing` raised OSError: disk full") as caught:
        _train([Failing(hook), training.SaveModel(tmp_path / "model"), witness])
    assert isinstance(caught.value.__cause__, OSError)
    solution = caught.value.solution
    assert solution.metrics.relative_l2 is not None and solution.metrics.step >= 1
    expected = Status.completed if hook == "on_end" else Status.callback_failed
    assert solution.status is expected
    assert witness.calls[-2:] == ["on_end", "close"]
    assert (tmp_path / "model").exists()


class Breaks(AbstractCallback):
    """From one of its hooks on, the exact solution cannot be evaluated."""

    broken = False

    def __init__(self, hook):
        setattr(self, hook, lambda *args: setattr(self, "broken", True))

    def exact(self, problem, x):
        def value(x):
            if self.broken:
                raise OSError("no such table")
            return x[0]

        return jax.pure_callback(value, jax.ShapeDtypeStruct((), x.dtype), x, vmap_method="sequential")


@pytest.mark.parametrize("hook, step", [("on_progress", 5), ("on_report", 10)])
def test_an_evaluation_that_fails_does_not_cost_the_model(hook, step, tmp_path):
    """Neither that of a report, nor the last one after all steps."""
    witness, breaks = Witness(), Breaks(hook)
    problem = Adapted(BallPoisson(2), solution=breaks.exact)
    every = 10 if hook == "on_report" else 5
    with pytest.raises(training.EvaluationError, match=f"(?s)after step {step}, raised .*no such table") as caught:
        stde.train(
            problem,
            mlp(2),
            steps=10,
            batch_size=5,
            report_every=every,
            num_test_points=20,
            key=jr.key(0),
            callbacks=[breaks, training.SaveModel(tmp_path / "model"), witness],
        )
    solution = caught.value.solution
    assert solution.metrics.step == step and solution.metrics.relative_l2 is None
    assert solution.status is (Status.completed if step == 10 else Status.evaluation_failed)
    assert witness.calls[-2:] == ["on_end", "close"] and (tmp_path / "model").exists()


def test_a_callback_that_fails_at_the_start_ends_the_run_before_it_begins():
    witness = Witness()
    with pytest.raises(OSError, match="disk full"):
        _train([witness, Failing("on_start")])
    assert witness.calls == ["on_start", "close"]


def test_hooks_come_in_order():
    witness = Witness()
    _train([witness], steps=2, report_every=1)
    assert witness.calls == ["on_start", *["on_progress", "on_report"] * 2, "on_end", "close"]
