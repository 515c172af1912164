"""`stde-eqx report`: one page that needs nothing else, and says what the run folders say."""

import re
import shutil

import pytest
import yaml

from zoo.cli import main


_QUICK = ["--network.width", "8", "--network.depth", "1", "--batch-size", "10", "--test-points", "200", "--steps", "6"]


def _solve(folder, *options, dim="5"):
    solve = ["solve", "poisson", "--dim", dim, "--estimator.num-samples", "2", *_QUICK, "--run-dir", str(folder)]
    assert main([*solve, *options]) == 0


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    _solve(folder / "a <b> & c")
    _solve(folder / "larger", "--batch-size", "20")
    return folder


@pytest.fixture(scope="module")
def text(runs):
    assert main(["report", str(runs / "a <b> & c"), str(runs / "larger"), "--num-points", "100"]) == 0
    return (runs / "a <b> & c" / "report.html").read_text()


def test_it_needs_nothing_else(text):
    # Addresses in an SVG name its vocabularies; nothing is fetched from them.
    fetched = re.findall(r'(?:src|(?<!xlink:)href)="(?!data:|#)([^"]*)"|url\((?!#)([^)]*)\)|@import', text)
    assert fetched == []
    assert "<script" not in text


def test_it_shows_the_results_of_all_runs(text, runs):
    for name in ("a <b> & c", "larger"):
        result = yaml.safe_load((runs / name / "result.yaml").read_text())
        assert f"<td>{result['skill']:.3g}</td>" in text
        memory = result["machine"]["peak_memory_mib"]
        assert f"<td>{memory:,.0f}</td>" in text or f"<td>{memory:.3g}</td>" in text
    assert "Δu = f" in text
    assert text.count("<svg") == 4


def test_names_are_escaped(text):
    assert "<b>" not in text
    assert "a &lt;b&gt; &amp; c" in text


def test_it_marks_where_runs_differ(text):
    rows = re.findall(r'<tr class="differs"><td>([\w.-]+)</td>', text)
    assert rows == ["batch-size"]


def test_a_report_can_go_elsewhere_and_is_replaced(runs, tmp_path):
    output = tmp_path / "mine.html"
    for _ in range(2):
        assert main(["report", str(runs / "larger"), "--output", str(output), "--num-points", "50"]) == 0
    assert 'class="differs"' not in output.read_text()


def _refused(argv, capsys):
    assert main(argv) == 2
    return capsys.readouterr().err


def test_runs_of_different_problems_are_not_compared(runs, tmp_path, capsys):
    _solve(tmp_path / "other", dim="6")
    complaint = _refused(["report", str(runs / "larger"), str(tmp_path / "other")], capsys)
    assert "solves another problem" in complaint and "5 dimensions" in complaint


def test_mistakes_are_named(runs, tmp_path, capsys):
    assert "config.yaml" in _refused(["report", str(tmp_path / "nothing")], capsys)
    assert "cannot write" in _refused(["report", str(runs / "larger"), "--output", str(tmp_path)], capsys)
    assert "--num-points" in _refused(["report", str(runs / "larger"), "--num-points", "0"], capsys)
    for name in ("result.yaml", "metrics.csv", "model.stde"):
        shutil.copytree(runs / "larger", tmp_path / name)
        (tmp_path / name / name).unlink()
        assert "has no" in _refused(["report", str(tmp_path / name)], capsys)
