"""The examples in docstrings run, with fewer steps than they say."""

import dataclasses
import re
import textwrap
from pathlib import Path

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import optax
import pytest

import stde_eqx as stde
import zoo


ROOT = Path(__file__).parent.parent

_EXAMPLE = re.compile(r"^( *)!!! example\n\n((?:\1    .*\n|\n)+)", re.MULTILINE)


def _examples():
    for package in ("stde_eqx", "zoo"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for number, found in enumerate(_EXAMPLE.finditer(path.read_text())):
                blocks = re.findall(r"```python\n(.*?)```", textwrap.dedent(found[2]), re.DOTALL)
                yield pytest.param("\n".join(blocks), id=f"{path.relative_to(ROOT)}-{number}")


def _of_two_steps(recipe):
    return dataclasses.replace(recipe, phases=tuple(dataclasses.replace(each, steps=2) for each in recipe.phases))


@pytest.fixture
def namespace(tmp_path, monkeypatch):
    """What the examples take for granted: a problem, a network, a key, points."""
    monkeypatch.chdir(tmp_path)
    train = stde.train
    few = {"num_test_points": 100, "num_report_points": 10}
    monkeypatch.setattr(stde, "train", lambda *args, **options: train(*args, **options | few | {"steps": 2}))
    accurate = zoo.recipes.accurate
    monkeypatch.setattr(zoo.recipes, "accurate", lambda dim: _of_two_steps(accurate(dim)))
    key = jax.random.key(0)
    problem = zoo.Poisson(zoo.TwoBody(20, key=key))
    network = eqx.nn.MLP(20, "scalar", 8, 1, activation=jnp.tanh, key=key)
    step = stde.make_step(problem, estimator=stde.SparseSTDE(16), optimizer=optax.adam(1e-3))
    state = step.init(network, key=key)
    (tmp_path / "run").mkdir()
    stde.training.save("run/model.stde", stde.nn.Affine(network))
    stde.training.save("run/state.stde", state)
    names = {"stde": stde, "zoo": zoo, "eqx": eqx, "jax": jax, "jnp": jnp, "optax": optax, "diffrax": diffrax}
    points = problem.sample(5, key=key)
    return names | {
        "problem": problem,
        "network": network,
        "step": step,
        "state": state,
        "key": key,
        "u": network,
        "x": points[0],
        "points": points,
    }


@pytest.mark.slow
@pytest.mark.parametrize("code", list(_examples()))
def test_example(code, namespace):
    assert code
    exec(code, namespace)
