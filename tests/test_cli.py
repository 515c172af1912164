import csv
import importlib.metadata
import os
import signal
import subprocess
import sys
import textwrap

import jax
import pytest
import yaml

import stde_eqx
import zoo
from zoo.cli import _follow, main
from zoo.cli._finished_run import FinishedRun
from zoo.recipes import Natural, Neighbours, Phase, Recipe


_QUICK = ["--network.width", "8", "--network.depth", "1", "--batch-size", "10", "--test-points", "200", "--steps", "6"]
_SOLVE = ["solve", "sine-gordon", "--dim", "5", "--estimator.num-samples", "2", *_QUICK]


@pytest.fixture(autouse=True)
def somewhere_else(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def one_line_of_complaint(capsys):
    """Checks that a command is refused with status 2, one line on standard error and no new files; returns the line."""

    def refused(argv):
        before = sorted(os.walk("."))
        assert main(argv) == 2
        assert sorted(os.walk(".")) == before
        error = capsys.readouterr().err
        assert error.startswith("stde-eqx: ") and error.count("\n") == 1 and error.endswith("\n")
        return error

    return refused


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "a"
    assert main([*_SOLVE, "--run-dir", str(folder)]) == 0
    return folder


def test_run_folder_is_complete(run_folder):
    names = {"config.yaml", "metrics.csv", "model.stde", "result.yaml", "history.png", "scatter.png"}
    assert {path.name for path in run_folder.iterdir()} == names
    with open(run_folder / "metrics.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == list(range(1, 7))
    assert all(float(row["loss"]) > 0 and float(row["relative_l2"]) > 0 for row in rows)
    for name in ("history.png", "scatter.png"):
        assert (run_folder / name).read_bytes().startswith(b"\x89PNG")


def test_config_holds_every_choice(run_folder):
    config = yaml.safe_load((run_folder / "config.yaml").read_text())
    assert config["problem"] == {"name": "sine-gordon", "dim": 5, "solution": "two-body", "domain": "unit-ball"}
    assert config["estimator"] == {"kind": "Sparse", "num_samples": 2}
    assert config["network"] == {"width": 8, "depth": 1}
    assert config["steps"] == 6


def test_evaluate_reproduces_the_result(run_folder, capsys):
    result = yaml.safe_load((run_folder / "result.yaml").read_text())
    assert main(["evaluate", str(run_folder)]) == 0
    shown = capsys.readouterr().out
    for name in ("relative_l1", "relative_l2", "trivial_l2"):
        assert f"{result[name]:.4e}" in shown
    assert main(["evaluate", str(run_folder), "--seed", "1"]) == 0
    assert f"{result['relative_l2']:.4e}" not in capsys.readouterr().out


def test_a_run_is_never_overwritten(run_folder, one_line_of_complaint):
    before = {path: path.read_bytes() for path in run_folder.iterdir()}
    assert "exists" in one_line_of_complaint([*_SOLVE, "--run-dir", str(run_folder)])
    assert {path: path.read_bytes() for path in run_folder.iterdir()} == before


@pytest.mark.slow
def test_default_folder_is_a_new_one_and_the_seed_decides_everything(run_folder, tmp_path):
    (tmp_path / "runs" / "sine-gordon-d5").mkdir(parents=True)
    assert main(_SOLVE) == 0
    assert main([*_SOLVE, "--seed", "4"]) == 0
    assert list((tmp_path / "runs" / "sine-gordon-d5").iterdir()) == []
    error = lambda folder: yaml.safe_load((folder / "result.yaml").read_text())["relative_l2"]
    same, other = (error(tmp_path / "runs" / f"sine-gordon-d5-{number}") for number in (2, 3))
    assert error(run_folder) == same != other


@pytest.mark.slow
@pytest.mark.parametrize(
    "estimator",
    (
        ["estimator:dense", "--estimator.num-samples", "3", "--estimator.distribution", "gaussian"],
        ["estimator:exact"],
    ),
)
def test_other_estimators_are_read_back(estimator, tmp_path, capsys):
    folder = str(tmp_path / "run")
    argv = ["solve", "poisson", "--dim", "4", "--solution", "three-body", "--domain", "cube", "--no-share-draw"]
    assert main([*argv, *_QUICK, *estimator, "--run-dir", folder]) == 0
    capsys.readouterr()
    assert main(["evaluate", folder]) == 0
    result = yaml.safe_load((tmp_path / "run" / "result.yaml").read_text())
    assert f"{result['relative_l2']:.4e}" in capsys.readouterr().out


@pytest.mark.sampled(every=4)
@pytest.mark.parametrize(
    ("solution", "domain"),
    [*((each, "unit-ball") for each in zoo.list_solutions()), *(("two-body", each) for each in zoo.list_domains())],
)
def test_every_solution_and_domain_has_its_name(solution, domain, tmp_path):
    argv = ["solve", "poisson", "--dim", "4", "--solution", solution, "--domain", domain]
    assert main([*argv, *_QUICK[:-1], "1", "estimator:exact", "--run-dir", "run"]) == 0
    problem = FinishedRun.load(tmp_path / "run").problem
    expected = zoo.list_solutions()[solution].build(
        4, key=jax.random.key(0), domain=zoo.list_domains()[domain].domain(4)
    )
    assert type(problem.solution) is type(expected) and problem.domain == expected.domain


@pytest.mark.parametrize(
    ("argv", "said"),
    (
        ([], "solve, follow, list, evaluate"),
        (["solv"], "did you mean 'solve'?"),
        (["solve"], "poisson, allen-cahn, sine-gordon"),
        (["solve", "sine-gordo"], "did you mean 'sine-gordon'?"),
        (["solve", "navier"], "expected one of poisson, allen-cahn, sine-gordon"),
        (["solve", "poisson", "--dimm", "5"], "did you mean '--dim'?"),
        (["solve", "poisson", "--estimator.num-sample", "5"], "did you mean '--estimator.num-samples'?"),
        (["solve", "poisson", "--estimator", "dense"], "write one of estimator:sparse, estimator:dense"),
        (["solve", "poisson", "estimator:exact", "--estimator.num-samples", "5"], "--estimator.num-samples"),
        (
            ["solve", "poisson", "--dim", "1.5"],
            "--dim takes a whole number, got '1.5'; see: stde-eqx solve poisson --help",
        ),
        (["solve", "poisson", "--lr", "3"], "unknown argument '--lr'; see: stde-eqx solve poisson --help"),
        (["solve", "poisson", "--dim"], "--dim"),
        (["solve", "poisson", "--solution", "four-body"], "two-body"),
        (["solve", "poisson", "--dim", "10"], "cannot sample 16 of 10 coordinates"),
        (["solve", "poisson", "--dim", "1", "estimator:exact"], "dim >= 2"),
        (["solve", "poisson", "--dim", "20", "--domain", "sphere"], "unit-ball"),
        (
            ["solve", "poisson", "--dim", "20", "--solution", "three-body", "--domain", "space"],
            "zoo.SineThreeBody(20, ...)",
        ),
        (["solve", "poisson", "--dim", "20", "--steps", "0"], "`steps` must be at least 1"),
        (["solve", "poisson", "--dim", "20", "--learning-rate", "0"], "--learning-rate"),
        (["solve", "poisson", "--dim", "20", "--network.width", "0"], "--network.width"),
        (["solve", "poisson", "--dim", "20", "--run-dir", "file/run"], "cannot make the run folder file/run"),
        (["follow"], "poisson, allen-cahn, sine-gordon"),
        (["follow", "poisson", "--recipe", "exact"], "accurate"),
        (["follow", "poisson", "--dim", "20", "--steps", "5"], "unknown argument '--steps'"),
        (["follow", "poisson", "--dim", "10", "--recipe", "paper"], "raise --dim to 16 at least"),
        (["follow", "poisson", "--dim", "20", "--test-points", "0"], "--test-points must be at least 1"),
        (["evaluate"], "PATH"),
        (["evaluate", "nowhere"], "nowhere is not a run folder"),
        (["evaluate", "file"], "file is not a run folder"),
        (["report", "file"], "file is not a run folder"),
    ),
)
def test_a_mistake_is_one_line_and_status_2(argv, said, one_line_of_complaint, tmp_path):
    (tmp_path / "file").touch()
    assert said in one_line_of_complaint(argv)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    (
        ("steps: 6", "step: 6", "config.yaml: unknown field step; did you mean 'steps'?"),
        ("steps: 6", "steps: six", "config.yaml: steps should be int, got 'six'"),
        ("kind: Sparse", "kind: Spars", "estimator.kind should be one of Sparse, Dense, Exact; got 'Spars'"),
        ("  dim: 5\n", "", "problem.dim is missing"),
        ("name: sine-gordon", "name: sine-gordan", "unknown problem 'sine-gordan'; did you mean 'sine-gordon'?"),
        ("solution: two-body", "solution: x", "problem.solution should be 'two-body' or 'three-body' or"),
        ("width: 8", "width: 9", "holds something else"),
        ("problem:", "problem: [", "is not a YAML file"),
        ("kind: Solve", "kind: Solved", "config.yaml: kind should be one of Solve, Follow; got 'Solved'"),
    ),
)
def test_a_mistake_in_a_config_names_the_field(old, new, said, run_folder, tmp_path, one_line_of_complaint):
    for path in run_folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    text = (tmp_path / "config.yaml").read_text()
    assert old in text
    (tmp_path / "config.yaml").write_text(text.replace(old, new))
    assert said in one_line_of_complaint(["evaluate", str(tmp_path)])


def test_a_config_of_before_there_were_recipes_is_that_of_solve(run_folder, tmp_path, capsys):
    for path in run_folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    text = (tmp_path / "config.yaml").read_text()
    assert text.startswith("kind: Solve\n")
    (tmp_path / "config.yaml").write_text(text.removeprefix("kind: Solve\n"))
    assert main(["evaluate", str(tmp_path)]) == 0


def test_evaluate_of_a_run_without_a_model(run_folder, tmp_path, one_line_of_complaint):
    (tmp_path / "config.yaml").write_bytes((run_folder / "config.yaml").read_bytes())
    assert "has no trained model" in one_line_of_complaint(["evaluate", str(tmp_path)])


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"stde-eqx {importlib.metadata.version('stde-eqx')}\n"


def test_list_is_aligned(capsys):
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    column = lines[0].index("EQUATION")
    rows = [line for line in lines[1:] if line.startswith(("poisson", "allen-cahn", "sine-gordon"))]
    assert len(rows) == 3
    assert all(line[column - 1] == " " and line[column] == "Δ" for line in rows)
    for name in (*zoo.list_solutions(), *zoo.list_domains()):
        assert any(line.startswith(f"{name} ") for line in lines)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the figure is that of the process anyway")
def test_memory_is_that_of_the_run_and_not_of_what_started_it():
    ours = "from zoo.cli._machine import machine; print(machine()['peak_memory_mib'])"
    large = f"import os, sys; held = b'1' * 2**30; os.execv(sys.executable, [sys.executable, '-c', {ours!r}])"
    done = subprocess.run([sys.executable, "-c", large], capture_output=True, text=True, check=True)
    assert 50 < float(done.stdout) < 900


@pytest.mark.parametrize(
    ("argv", "taught"),
    (
        ([], "stde-eqx solve sine-gordon --dim 10000 --estimator.num-samples 16"),
        (["solve"], "estimator:dense --estimator.num-samples 8"),
        (["solve", "poisson"], "How many coordinates"),
        (["follow", "poisson"], "--recipe {accurate,quick,paper}"),
        (["evaluate"], "stde-eqx evaluate runs/sine-gordon-d1000"),
    ),
)
def test_help_teaches(argv, taught, capsys):
    with pytest.raises(SystemExit) as stop:
        main([*argv, "--help"])
    assert stop.value.code == 0
    assert taught in capsys.readouterr().out


@pytest.mark.slow
def test_a_recipe_leaves_a_run_folder_too(monkeypatch, tmp_path, capsys):
    """The model in it is the one whose errors are shown, refit included; `report` puts it beside a run of `solve`."""
    phase = Phase(Natural(damping=1e-3), 3, stde_eqx.Exact(), batch_size=20)
    tiny = Recipe(Neighbours(width=4, depth=1, features=2), (phase,))
    monkeypatch.setitem(_follow._RECIPES, "quick", lambda dim: tiny)
    assert main(["follow", "sine-gordon", "--dim", "5", "--recipe", "quick", "--test-points", "200"]) == 0
    folder = tmp_path / "runs" / "sine-gordon-d5-quick"
    config = yaml.safe_load((folder / "config.yaml").read_text())
    assert (config["kind"], config["recipe"], config["problem"]["dim"]) == ("Follow", "quick", 5)
    result = yaml.safe_load((folder / "result.yaml").read_text())
    assert (result["status"], result["step"]) == ("completed", 3)
    capsys.readouterr()
    assert main(["evaluate", str(folder)]) == 0
    assert f"{result['relative_l2']:.4e}" in capsys.readouterr().out
    assert main([*_SOLVE, "--run-dir", "adam"]) == 0
    assert main(["report", str(folder), "adam", "--num-points", "50"]) == 0
    text = (folder / "report.html").read_text()
    assert '<tr class="differs"><td>recipe</td><td>quick: Recipe(' in text and "Natural(" in text


@pytest.mark.slow
def test_a_loss_that_is_not_finite_keeps_the_last_good_model(capsys):
    with jax.enable_x64(False):  # in which the square of 1e30 overflows
        assert main([*_SOLVE, "--learning-rate", "1e30", "--run-dir", "run"]) == 1
        assert "not finite at step 1" in capsys.readouterr().err
        assert main(["evaluate", "run"]) == 0
    assert "nan" not in capsys.readouterr().out


def test_a_plot_that_fails_costs_nothing_else(monkeypatch, capsys):
    def fail(self, solution):
        raise OSError("no space left")

    monkeypatch.setattr(stde_eqx.training.Plots, "on_end", fail)
    assert main([*_SOLVE, "--run-dir", "run"]) == 1
    assert "no space left" in capsys.readouterr().err
    assert main(["evaluate", "run"]) == 0


@pytest.mark.slow
@pytest.mark.parametrize("sent", (signal.SIGINT, signal.SIGTERM), ids=lambda sent: sent.name)
def test_interrupt_keeps_what_was_trained(sent, tmp_path):
    """Sends SIGINT to a run of its own process, as Ctrl-C does, or SIGTERM, once the first report is on the disk."""
    script = textwrap.dedent(
        """
        import os, signal, sys, threading, time
        from zoo.cli import main

        def interrupt():
            while not (os.path.exists("run/metrics.csv") and open("run/metrics.csv").read().count("\\n") > 1):
                time.sleep(0.01)
            os.kill(os.getpid(), int(sys.argv[1]))

        if int(sys.argv[1]) == signal.SIGTERM:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # as in a shell's background job
        threading.Thread(target=interrupt, daemon=True).start()
        sys.exit(main(sys.argv[2:]))
        """
    )
    argv = [*_SOLVE[:-1], "200000", "--run-dir", "run"]
    done = subprocess.run(
        [sys.executable, "-c", script, str(int(sent)), *argv], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 128 + signal.SIGINT, done.stderr
    assert "interrupted after step" in done.stderr and "Traceback" not in done.stderr
    assert yaml.safe_load((tmp_path / "run" / "result.yaml").read_text())["status"] == "interrupted"
    with jax.enable_x64(False):
        assert main(["evaluate", "run"]) == 0
