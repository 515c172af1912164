import json

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import optax
import pytest

import stde_eqx as stde
from stde_eqx.training import CheckpointError, load, save

from .helpers import tree_allclose
from .training_problems import BallPoisson, mlp


def test_every_kind_of_leaf_comes_back(tmp_path, getkey):
    tree = {
        "weights": jr.normal(getkey(), (3, 2), jnp.float32),
        "half": jr.normal(getkey(), (4,), jnp.bfloat16),
        "count": jnp.asarray(3),
        "scale": 0.5,
        "name": "kept from `like`",
        "raw key": jax.random.key_data(getkey()),
    }
    save(tmp_path / "file", tree)
    like = jax.tree.map(lambda leaf: 0 * leaf if not isinstance(leaf, str) else leaf, tree)
    restored = load(tmp_path / "file", like)
    assert restored["name"] == tree.pop("name") == restored.pop("name")
    assert tree_allclose(restored, tree, rtol=0, atol=0)


@pytest.mark.parametrize("implementation", ("threefry2x32", "rbg"))
def test_typed_keys_come_back(implementation, tmp_path):
    key = jr.key(3, impl=implementation)
    save(tmp_path / "file", {"key": key})
    for like in (jr.key(0, impl=implementation), jax.eval_shape(lambda: jr.key(0, impl=implementation))):
        restored = load(tmp_path / "file", {"key": like})["key"]
        assert restored.dtype == key.dtype
        assert jnp.array_equal(jr.key_data(restored), jr.key_data(key))


def test_saving_replaces_the_file_at_once_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "new folder" / "model"
    save(path, jnp.zeros(3))
    save(path, jnp.ones(3))
    assert load(path, jnp.zeros(3)).sum() == 3
    assert [other.name for other in path.parent.iterdir()] == ["model"]


def test_a_foreign_file_is_refused(tmp_path):
    (tmp_path / "file").write_bytes(b"\x80\x04\x95 a pickle, perhaps")
    with pytest.raises(CheckpointError, match="not a checkpoint"):
        load(tmp_path / "file", jnp.zeros(3))


def test_a_missing_file_is_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load(tmp_path / "nowhere", jnp.zeros(3))


def test_a_file_cut_anywhere_is_refused(tmp_path):
    path = tmp_path / "file"
    save(path, mlp())
    whole = path.read_bytes()
    for length in range(0, len(whole) - 1, 97):
        path.write_bytes(whole[:length])
        with pytest.raises(CheckpointError, match="damaged|not a checkpoint"):
            load(path, mlp())


def test_a_damaged_description_is_refused(tmp_path):
    path = tmp_path / "file"
    save(path, jnp.zeros(3))
    path.write_bytes(path.read_bytes().replace(b'[["', b'[{"', 1))
    with pytest.raises(CheckpointError, match="damaged"):
        load(path, jnp.zeros(3))


def test_another_model_is_refused_by_the_name_of_the_first_leaf_that_differs(tmp_path):
    path = tmp_path / "file"
    save(path, mlp(5))
    with pytest.raises(CheckpointError, match=r"\.layers\[0\]\.weight = float64\[8,5\], `like` has .* float64\[8,7\]"):
        load(path, mlp(7))
    with pytest.raises(CheckpointError, match="holds 4 arrays and numbers, `like` has 6"):
        load(path, _longer(mlp(5)))


def test_what_a_network_is_besides_its_arrays_must_be_the_same(tmp_path):
    """Same arrays, another function: a setting, an activation."""
    local = lambda scale: stde.nn.LocalInteraction(5, width=4, depth=1, features=2, input_scale=scale, key=jr.key(0))
    save(tmp_path / "local", stde.nn.Affine(local(2.0)))
    load(tmp_path / "local", stde.nn.Affine(local(2.0)))
    with pytest.raises(CheckpointError, match=r"\.net\.input_scale is 2\.0, in `like` it is 3\.0"):
        load(tmp_path / "local", stde.nn.Affine(local(3.0)))
    net = lambda activation: {"a": [eqx.nn.MLP(5, 1, 3, 1, activation=activation, key=jr.key(0))]}
    save(tmp_path / "mlp", net(jnp.tanh))
    load(tmp_path / "mlp", net(jnp.tanh))
    with pytest.raises(CheckpointError, match=r"\['a'\]\[0\]\.activation is .*tanh, in `like` it is .*sin"):
        load(tmp_path / "mlp", net(jnp.sin))


class _Sine(eqx.Module):
    weight: jax.Array
    settings: tuple = eqx.field(static=True, default=(1, None, "a", (2.0,)))

    def __call__(self, x):
        return jnp.sum(jnp.sin(self.weight * x))


class _Tanh(_Sine):
    def __call__(self, x):
        return jnp.sum(jnp.tanh(self.weight * x))


@pytest.mark.parametrize(
    ("saved", "other", "said"),
    (
        (_Sine(jnp.ones(5)), _Tanh(jnp.ones(5)), "the whole is _Sine, in `like` it is _Tanh"),
        (_Sine(jnp.ones(5)), _Sine(jnp.ones(5), (2, None, "a", (2.0,))), r"\.settings\[0\] is 1, in `like` it is 2"),
        (_Sine(jnp.ones(5)), _Sine(jnp.ones(5), (1, None, "b", (2.0,))), r"\.settings\[2\] is a, in `like` it is b"),
        (
            jax.tree_util.Partial(jnp.dot, jnp.ones(5)),
            jax.tree_util.Partial(jnp.vdot, jnp.ones(5)),
            r"\.func is dot, in `like` it is vdot",
        ),
    ),
)
def test_kinds_settings_and_bound_functions_are_compared(saved, other, said, tmp_path):
    save(tmp_path / "file", saved)
    load(tmp_path / "file", saved)
    with pytest.raises(CheckpointError, match=said):
        load(tmp_path / "file", other)


def test_a_state_of_another_network_is_refused(tmp_path):
    optimizer = optax.adam(1e-3)
    state = lambda activation: stde.make_step(BallPoisson(), optimizer=optimizer).init(
        eqx.nn.MLP(5, "scalar", 4, 1, activation=activation, key=jr.key(0)), key=jr.key(1)
    )
    save(tmp_path / "file", state(jnp.tanh))
    load(tmp_path / "file", state(jnp.tanh))
    with pytest.raises(CheckpointError, match=r"\.skeleton\.activation is tanh, in `like` it is sin"):
        load(tmp_path / "file", state(jnp.sin))
    other = stde.make_step(BallPoisson(), optimizer=optax.sgd(1e-3)).init(mlp(), key=jr.key(1))
    with pytest.raises(CheckpointError, match="the kind of network and the optimiser that were saved|holds"):
        load(tmp_path / "file", other)


def test_the_last_digits_of_a_scale_and_a_lambda_are_no_difference(tmp_path):
    local = lambda scale: stde.nn.LocalInteraction(5, width=4, depth=1, features=2, input_scale=scale, key=jr.key(0))
    save(tmp_path / "file", local(0.57735027))
    load(tmp_path / "file", local(0.57735024))
    net = lambda activation: eqx.nn.MLP(5, 1, 3, 1, activation=activation, key=jr.key(0))
    save(tmp_path / "mlp", net(lambda x: jnp.tanh(x)))
    load(tmp_path / "mlp", net(jnp.tanh))


def test_a_file_of_a_later_version_says_so(tmp_path):
    save(tmp_path / "file", jnp.ones(3))
    (tmp_path / "file").write_bytes((tmp_path / "file").read_bytes().replace(b"version 2", b"version 3", 1))
    with pytest.raises(CheckpointError, match="by a later version"):
        load(tmp_path / "file", jnp.ones(3))


@pytest.mark.parametrize("header", (b"5", b"[1]", b'{"leaves": [], "settings": [1]}', b"{}"))
def test_a_description_of_another_form_is_damage(header, tmp_path):
    save(tmp_path / "file", jnp.ones(3))
    magic, _, arrays = (tmp_path / "file").read_bytes().split(b"\n", 2)
    (tmp_path / "file").write_bytes(magic + b"\n" + header + b"\n" + arrays)
    with pytest.raises(CheckpointError, match="damaged"):
        load(tmp_path / "file", jnp.ones(3))


def test_numbers_that_are_leaves_are_read_not_compared(tmp_path):
    dropout = lambda p: eqx.nn.Dropout(p)
    save(tmp_path / "file", {"dropout": dropout(0.1), "rate": 0.5})
    assert load(tmp_path / "file", {"dropout": dropout(0.2), "rate": 0.7})["rate"] == 0.5


def test_files_of_the_first_version_are_still_read(tmp_path):
    save(tmp_path / "file", mlp())
    magic, header, arrays = (tmp_path / "file").read_bytes().split(b"\n", 2)
    assert magic.endswith(b"version 2")
    old = magic.replace(b"2", b"1") + b"\n" + json.dumps(json.loads(header)["leaves"]).encode() + b"\n" + arrays
    (tmp_path / "file").write_bytes(old)
    arrays_of = lambda net: eqx.filter(net, eqx.is_array)
    restored = load(tmp_path / "file", mlp(key=jr.key(9)))
    assert tree_allclose(arrays_of(restored), arrays_of(mlp()), rtol=0, atol=0)


def _longer(net):
    return eqx.tree_at(lambda n: n.layers, net, (*net.layers, eqx.nn.Linear(1, 1, key=jr.key(0))))
