"""To callbacks and to whoever stops it, the phases of a recipe are one run."""

import csv
from typing import Any

import jax
import jax.numpy as jnp
import jax.random as jr
import pytest

import stde_eqx as stde
import zoo
from stde_eqx.training import Status
from zoo.recipes import Adam, Natural, Perceptron, Phase, Recipe


_key = jr.key(0)
_problem = zoo.Poisson(zoo.TwoBody(6, key=_key))
_network = Perceptron(8, 1)


def _recipe(**changes):
    adam = Phase(Adam(1e-2), 6, stde.SparseSTDE(2), batch_size=40)
    natural = Phase(Natural(damping=1e-3), 4, stde.Exact(), batch_size=40)
    return Recipe(_network, changes.pop("phases", (adam, natural)), **changes)


class _Heard(stde.training.AbstractCallback):
    """What a callback hears, in order; it can be told to raise when it hears the report of a step."""

    def __init__(self, *, at: int | None = None, error: BaseException | None = None):
        self.at, self.error = at, error
        self.heard: list[Any] = []

    @property
    def names(self):
        return [name for name, _ in self.heard]

    def on_start(self, start):
        self.heard.append(("start", start.last_step))

    def on_progress(self, progress):
        self.heard.append(("progress", progress.step))

    def on_report(self, metrics, state):
        self.heard.append(("report", metrics))
        if self.error is not None and metrics.step == self.at:
            raise self.error

    def on_end(self, solution):
        self.heard.append(("end", solution))

    def close(self):
        self.heard.append(("close", None))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    heard = _Heard()
    files = [stde.training.MetricsCSV(folder / "metrics.csv"), stde.training.SaveModel(folder / "model.stde")]
    files.append(stde.training.Plots(folder, num_points=50))
    solution = _recipe().train(_problem, key=_key, num_test_points=300, callbacks=[heard, *files])
    return folder, heard, solution


def test_it_starts_once_and_ends_once_with_what_is_returned(run):
    _, heard, solution = run
    assert heard.heard[0] == ("start", 10) and heard.names[-2:] == ["end", "close"]
    assert [heard.names.count(name) for name in ("start", "end", "close")] == [1, 1, 1]
    end: Any = heard.heard[-2][1]
    assert end.metrics == solution.metrics and end.history == solution.history
    assert end.status is solution.status is Status.completed


def test_reports_have_one_clock(run):
    folder, heard, solution = run
    reports: Any = [what for name, what in heard.heard if name == "report"]
    assert [metrics.step for metrics in reports] == list(range(1, 11))
    assert tuple(reports) == solution.history
    times = [metrics.time for metrics in reports]
    assert times == sorted(times) and solution.metrics.time > times[-1]
    with open(folder / "metrics.csv", newline="") as file:
        assert [int(row["step"]) for row in csv.DictReader(file)] == list(range(1, 11))


def test_the_model_that_is_saved_is_the_one_that_is_returned(run):
    """The refit comes after the last phase."""
    folder, _, solution = run
    like = stde.nn.Affine(_network.build(_problem, key=jr.key(7)))
    x = jnp.full(6, 0.2)
    assert stde.training.load(folder / "model.stde", like=like)(x) == solution.model(x)
    assert (folder / "history.png").exists() and (folder / "scatter.png").exists()


def test_it_is_judged_on_the_test_points_of_its_key(run):
    _, _, solution = run
    again = stde.evaluate(_problem, solution.u, num_points=300, key=stde.training.test_key(_key))
    assert again.relative_l2 == pytest.approx(solution.metrics.relative_l2, rel=1e-6)
    last = solution.history[-1]
    assert (solution.metrics.step, solution.metrics.loss) == (10, last.loss)
    assert solution.metrics.steps_per_second == last.steps_per_second


@pytest.mark.slow
@pytest.mark.parametrize("step, phases", [(3, 1), (6, 1), (8, 2)])
def test_an_interrupt_ends_the_run_in_whichever_phase(step, phases):
    """Step 6 is the last of the first phase."""
    heard = _Heard(at=step, error=KeyboardInterrupt())
    solution = _recipe().train(_problem, key=_key, num_test_points=300, callbacks=[heard])
    assert solution.status is Status.interrupted
    assert solution.metrics.step == len(solution.history) == step and solution.metrics.skill is not None
    assert heard.names[-2:] == ["end", "close"] and heard.names.count("start") == 1
    # The state is that of the phase that was cut short, and can be gone on with.
    optimizer = _recipe().phases[phases - 1].optimizer.build(4)
    stde.train(_problem, solution.state, optimizer=optimizer, steps=1, batch_size=40, key=_key)


@pytest.mark.slow
@pytest.mark.parametrize("where, step", [("restarted", 6), ("refit", 10)])
@pytest.mark.parametrize(
    "error, status", [(KeyboardInterrupt(), Status.interrupted), (RuntimeError("no memory"), Status.stage_failed)]
)
def test_what_goes_wrong_between_phases_costs_nothing_that_was_trained(
    where, step, error, status, monkeypatch, tmp_path
):
    def fail(*args, **options):
        raise error

    owner = stde.TrainState if where == "restarted" else stde.training
    monkeypatch.setattr(owner, where, fail)
    heard, save = _Heard(), stde.training.SaveModel(tmp_path / "model.stde")
    train = lambda: _recipe().train(_problem, key=_key, num_test_points=300, callbacks=[heard, save])
    if status is Status.interrupted:
        solution = train()
    else:
        with pytest.raises(stde.training.StageError, match=f"after step {step}.*RuntimeError: no memory") as caught:
            train()
        solution = caught.value.solution
        assert caught.value.__cause__ is error
    assert solution.status is status and solution.metrics.step == len(solution.history) == step
    assert heard.names[-2:] == ["end", "close"] and (tmp_path / "model.stde").exists()


@pytest.mark.sampled(every=3)
@pytest.mark.parametrize(
    "step, status", [(6, Status.callback_failed), (3, Status.callback_failed), (10, Status.completed)]
)
def test_a_callback_that_fails_costs_neither_the_model_nor_the_others(step, status, tmp_path):
    """At step 6 a phase has just taken its last step, and at 10 the run."""
    failing, other = _Heard(at=step, error=OSError("no space left")), _Heard()
    save = stde.training.SaveModel(tmp_path / "model.stde")
    with pytest.raises(stde.training.CallbackError, match="`_Heard` raised OSError: no space left") as caught:
        _recipe().train(_problem, key=_key, num_test_points=300, callbacks=[failing, other, save])
    solution = caught.value.solution
    assert solution.status is status and solution.metrics.skill is not None
    assert solution.metrics.step == len(solution.history) == step
    assert "end" not in failing.names and failing.names.count("close") == 1
    assert other.names[-2:] == ["end", "close"] and (tmp_path / "model.stde").exists()


@pytest.mark.slow
def test_a_loss_that_is_not_finite_keeps_the_phases_before():
    broken = Phase(Adam(1e30), 4, stde.Exact(), batch_size=40)
    heard = _Heard()
    recipe = _recipe(phases=(*_recipe().phases, broken))
    with jax.enable_x64(False), pytest.raises(stde.training.NonFiniteLossError) as caught:
        problem = zoo.Poisson(zoo.TwoBody(6, key=_key))
        recipe.train(problem, key=_key, num_test_points=300, callbacks=[heard])
    solution = caught.value.solution
    assert solution.status is Status.non_finite and 10 <= solution.metrics.step < 14
    assert [metrics.step for metrics in solution.history][:10] == list(range(1, 11))
    assert heard.names[-2:] == ["end", "close"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"num_test_points": 0}, "num_test_points"),
        ({"num_test_points": True}, "num_test_points"),
        ({"callbacks": ["progress"]}, r"ProgressBar\(\)"),
        ({"callbacks": stde.training.ProgressBar()}, r"ProgressBar\(\)"),
        ({}, r"SparseSTDE\(6\)"),
    ],
)
def test_mistakes_are_refused_before_any_step(wrong, said, unchecked):
    """Those of later phases, too: 16 coordinates of 6."""
    endless = Phase(Adam(1e-3), 10**9, stde.SparseSTDE(2), batch_size=40)
    later = [] if wrong else [Phase(Adam(1e-3), 1, stde.SparseSTDE(16), batch_size=40)]
    with pytest.raises(ValueError, match=said):
        _recipe(phases=(endless, *later)).train(_problem, key=_key, **wrong)


def test_a_callback_that_never_began_does_not_hide_the_mistake(unchecked):
    class Opens(stde.training.AbstractCallback):
        def close(self):
            raise AttributeError("never opened")

    with pytest.raises(ValueError, match="num_test_points"):
        _recipe().train(_problem, key=_key, num_test_points=0, callbacks=[Opens()])


def test_a_recipe_has_phases():
    with pytest.raises(ValueError, match="at least one phase"):
        _recipe(phases=())
