"""What is released can be installed by itself, and works from there."""

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml


ROOT = Path(__file__).parent.parent


def _run(*command, **options):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A source distribution, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    _run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, _sdist(folder))
    return folder


def _sdist(folder):
    backend = "import sys, hatchling.build; print(hatchling.build.build_sdist(sys.argv[1]))"
    environment = folder / "backend"
    _run(sys.executable, "-m", "venv", environment)
    _run(environment / "bin" / "python", "-m", "pip", "install", "--quiet", "hatchling>=1.27")
    return folder / _run(environment / "bin" / "python", "-c", backend, folder, cwd=ROOT).split()[-1]


@pytest.mark.slow
def test_an_empty_environment_with_the_wheel_alone(built, tmp_path):
    (wheel,) = built.glob("*.whl")
    python = tmp_path / "venv" / "bin" / "python"
    _run(sys.executable, "-m", "venv", tmp_path / "venv")
    _run(python, "-m", "pip", "install", "--quiet", wheel)
    for command in ((python, "-m", "zoo"), (python.parent / "stde-eqx",)):
        assert "sine-gordon" in _run(*command, "list", cwd=tmp_path)
    solve = ("solve", "poisson", "--dim", "5", "--steps", "20", "--estimator.num-samples", "2", "--run-dir", "run")
    assert "skill" in _run(python, "-m", "zoo", *solve, cwd=tmp_path)
    _run(python, "-m", "zoo", "report", "run", cwd=tmp_path)
    assert "<svg" in (tmp_path / "run" / "report.html").read_text()


@pytest.mark.slow
def test_what_is_in_the_distributions(built):
    (wheel,), (sdist,) = built.glob("*.whl"), built.glob("*.tar.gz")
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "stde_eqx/py.typed",
        "zoo/py.typed",
        "zoo/references/values.json",
        "zoo/cli/report/page.html",
    ):
        assert needed in names
    assert not [name for name in names if name.startswith(("tests", "docs", "benchmarks"))]
    with tarfile.open(sdist) as archive:
        held = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    assert {"tests/conftest.py", "CHANGELOG.md", "CITATION.cff", "mkdocs.yml"} <= held


def test_one_version_everywhere():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"] == version
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest is not None and newest[1] == version
