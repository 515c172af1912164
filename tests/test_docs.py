"""Every public name has a docstring and a place in the API reference."""

import importlib
import inspect
import pkgutil
import re
import types
from pathlib import Path

import pytest

import stde_eqx
import zoo


_PAGES = Path(__file__).parent.parent / "docs" / "api"


def _public_packages():
    for root in (stde_eqx, zoo):
        yield root
        for found in pkgutil.walk_packages(root.__path__, root.__name__ + "."):
            if not any(part.startswith("_") for part in found.name.split(".")) and not found.name.startswith("zoo.cli"):
                yield importlib.import_module(found.name)


def _public_names():
    shortest = {}
    for package in _public_packages():
        for name, value in vars(package).items():
            if not name.startswith("_") and not isinstance(value, types.ModuleType):
                path = f"{package.__name__}.{name}"
                shortest[id(value)] = min(shortest.get(id(value), path), path, key=lambda p: (p.count("."), p))
    return sorted(shortest.values())


def _resolve(path):
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


@pytest.fixture(scope="module")
def documented():
    pages = "\n".join(page.read_text() for page in sorted(_PAGES.rglob("*.md")))
    return re.findall(r"^::: ([\w.]+)$", pages, re.MULTILINE)


@pytest.mark.parametrize("path", _public_names())
def test_is_in_the_reference(path, documented):
    assert path in documented, f"add a line `::: {path}` to a page in docs/api"


@pytest.mark.parametrize("path", _public_names())
def test_has_a_docstring(path):
    value = _resolve(path)
    if inspect.isclass(value) or inspect.isfunction(value):
        # A dataclass without a docstring is given its signature for one.
        assert value.__doc__ and not value.__doc__.startswith(f"{value.__name__}(")


def test_reference_names_only_what_is_public(documented):
    assert len(documented) == len(set(documented))
    assert set(documented) <= set(_public_names())
