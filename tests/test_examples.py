"""The examples run, and so does the Python of the pages that a newcomer reads first."""

import importlib.util
import re
from pathlib import Path

import pytest

from stde_eqx.training import Status


_ROOT = Path(__file__).parent.parent
_TRAINING = ("helmholtz.py", "own_network.py")


def _load(name):
    spec = importlib.util.spec_from_file_location("example", _ROOT / "examples" / name)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_example_is_tested():
    assert {path.name for path in (_ROOT / "examples").glob("*.py")} == {
        "any_operator.py",
        "in_time.py",
        "taylor_mode.py",
        *_TRAINING,
    }


@pytest.mark.slow
def test_any_operator(capsys):
    diagnosis = _load("any_operator.py").main(dim=20, width=8, num_points=3)
    assert len(diagnosis.lines) == 5
    assert "nested along axes" in capsys.readouterr().out


def test_taylor_mode():
    series, first_order = _load("taylor_mode.py").main(width=8, depth=2)
    assert first_order > 1e-5 and series < 1e-4 * first_order


@pytest.mark.slow
def test_in_time(tmp_path):
    trained, followed = _load("in_time.py").main(dim=1, width=10, steps=2_000, folder=str(tmp_path))
    assert abs(trained - followed) < 0.02
    assert (tmp_path / "in_time.png").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", _TRAINING)
def test_example(name):
    module = _load(name)
    solution = module.main(dim=20 if name == "own_network.py" else 2, width=8, steps=200)
    assert solution.status is Status.completed
    assert solution.history[-1].loss < solution.history[0].loss


_HOW_TO = sorted(str(path.relative_to(_ROOT)) for path in (_ROOT / "docs" / "how-to").glob("*.md"))
_PAGES = ("README.md", *(f"docs/{name}.md" for name in ("index", "getting-started", "timestepping", "accuracy")))


@pytest.mark.slow
@pytest.mark.parametrize("page", (*_PAGES, *_HOW_TO))
def test_page(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```", (_ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
    assert blocks
    namespace = {}
    for block in blocks:
        exec(compile(block, str(page), "exec"), namespace)
    if "solution" in namespace:
        assert namespace["solution"].status is Status.completed
