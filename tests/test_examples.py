"""The examples run, and so does the Python of the pages that a newcomer reads first."""

import dataclasses
import importlib.util
import re
from pathlib import Path

import pytest

import stde_eqx as stde
import zoo
from stde_eqx.training import Status


_ROOT = Path(__file__).parent.parent
_TUTORIALS = sorted((_ROOT / "examples").glob("[0-9]_*.py"))


def _load(name):
    spec = importlib.util.spec_from_file_location("example", _ROOT / "examples" / name)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_example_is_known():
    """The tutorials run while the documentation is built; the rest is tested here."""
    others = {path.name for path in (_ROOT / "examples").iterdir() if path not in _TUTORIALS}
    assert others - {"__pycache__"} == {"taylor_mode.py"}


@pytest.mark.parametrize("path", _TUTORIALS, ids=lambda path: path.stem)
def test_tutorial_begins_with_a_question_and_ends_with_a_picture(path):
    text = path.read_text()
    title, question = text.split("\n#\n")[:2]
    assert title.startswith("# %% [markdown]\n# # ")
    assert question.startswith("# **") and "?**" in question
    assert "plt.show()" in text
    page = f"tutorials/{path.stem.replace('_', '-')}.md"
    assert page in (_ROOT / "mkdocs.yml").read_text()


def test_taylor_mode():
    series, first_order = _load("taylor_mode.py").main(width=8, depth=2)
    assert first_order > 1e-5 and series < 1e-4 * first_order


_HOW_TO = sorted(str(path.relative_to(_ROOT)) for path in (_ROOT / "docs" / "how-to").glob("*.md"))
_GUIDE = ("index", "getting-started", "faq", "operators", "partials", "taylor", "training", "accuracy", "timestepping")
_ZOO = ("zoo", "parabolic", "references")
_PAGES = ("README.md", *(f"docs/{name}.md" for name in (*_GUIDE, *_ZOO)))


#: Pages of which nothing takes more than a few seconds.
_QUICK = {f"docs/{name}.md" for name in ("partials", "taylor", "parabolic", "how-to/estimator", "how-to/primitive")}

#: Pages that compute for longer than they compile.
_LONG = {"README.md", "docs/references.md"}


def _marks(page):
    return [pytest.mark.slow] * (page not in _QUICK) + [pytest.mark.optimized] * (page in _LONG)


@pytest.fixture
def at_most_100_steps(monkeypatch):
    """Of each run, whatever a page says."""
    train, paper = stde.train, zoo.recipes.paper

    def shorter(*args, steps=10_000, **options):
        return train(*args, steps=min(steps, 100), **options)

    def shorter_paper():
        recipe = paper()
        return dataclasses.replace(recipe, phases=tuple(dataclasses.replace(each, steps=100) for each in recipe.phases))

    monkeypatch.setattr(stde, "train", shorter)
    monkeypatch.setattr(zoo.recipes, "paper", shorter_paper)


@pytest.mark.parametrize("page", [pytest.param(page, marks=_marks(page)) for page in (*_PAGES, *_HOW_TO)])
def test_page(page, tmp_path, monkeypatch, request):
    if page != "README.md":
        request.getfixturevalue("at_most_100_steps")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```", (_ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
    assert blocks
    namespace = {}
    for block in blocks:
        exec(compile(block, str(page), "exec"), namespace)
    if "solution" in namespace:
        assert namespace["solution"].status is Status.completed
