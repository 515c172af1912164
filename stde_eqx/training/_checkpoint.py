import json
import os
import pathlib
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr

from .._custom_types import PyTreeLike
from ._settings import differing, Setting, settings


_MAGIC = b"stde-eqx checkpoint, version "


class CheckpointError(ValueError):
    """A file that is not a checkpoint, is damaged, or holds something other than what it is loaded into."""


def save(path: str | os.PathLike[str], tree: PyTreeLike) -> None:
    """Writes the arrays and numbers of a PyTree to one file, which appears complete or not at all.

    The file is a line of JSON that names every leaf with its shape and dtype, and what else is known of a network (the
    kinds of modules, their static numbers and text, the names of activation functions), and then the leaves in
    NumPy's own format: reading it runs no code from it.

    **Arguments:**

    - `path`: the file; a file of that name is replaced, missing folders are made.
    - `tree`: for example `solution.model`, or `solution.state` with what it takes to go on.
    """
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    try:
        with open(partial, "wb") as file:
            header = {"leaves": _describe(tree), "settings": settings(tree)}
            file.write(_MAGIC + b"2\n" + json.dumps(header).encode() + b"\n")
            eqx.tree_serialise_leaves(file, _without_typed_keys(tree))
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def load(path: str | os.PathLike[str], like: PyTreeLike) -> Any:
    """Reads a file that [`stde_eqx.training.save`][] wrote.

    !!! example

        ```python
        model = stde.training.load("run/model.stde", like=stde.nn.Affine(network))
        state = stde.training.load("run/state.stde", like=step.init(network, key=key))
        ```

    **Arguments:**

    - `path`: the file.
    - `like`: a PyTree of the same structure, such as an untrained model; its leaves that are not arrays (activation
        functions) are kept, its arrays only give shapes and dtypes, and `jax.ShapeDtypeStruct` will do for them. Where
        these have names, and where modules have static numbers and text, they must be those that were saved: a network
        of `jnp.tanh` is not read into one of `jnp.sin`. Lambdas cannot be told apart.

    **Returns:**

    `like` with the arrays and numbers of the file.

    **Raises:**

    [`stde_eqx.training.CheckpointError`][] if the file is not such a file, is damaged, or does not fit `like`.
    """
    path = pathlib.Path(path)
    with open(path, "rb") as file:
        version = file.readline(len(_MAGIC) + 8).removeprefix(_MAGIC).strip()
        if not version.isdigit():
            raise CheckpointError(
                f"`{path}` is not a checkpoint of this library: it does not begin with {_MAGIC.decode()!r}."
            )
        if int(version) > 2:
            raise CheckpointError(f"`{path}` was written by a later version of this library, in a format of its own.")
        try:
            header = json.loads(file.readline())
            # Version 1 had no settings.
            leaves, known = (header, {}) if int(version) == 1 else (header["leaves"], dict(header["settings"]))
            leaves = list(map(tuple, leaves))
        except (ValueError, KeyError, TypeError) as error:
            raise CheckpointError(f"`{path}` is damaged: its description cannot be read.") from error
        _check_same(path, leaves, _describe(like))
        _check_settings(path, known, settings(like))
        try:
            tree = eqx.tree_deserialise_leaves(file, _without_typed_keys(like))
        except (EOFError, ValueError, RuntimeError, TypeError) as error:
            raise CheckpointError(f"`{path}` is damaged or cut short: {error}.") from error
    return jax.tree.map(_with_typed_key, like, tree)


def _describe(tree: PyTreeLike) -> list[tuple[str, str]]:
    """Every leaf that is stored: its place in the PyTree, its dtype and shape."""
    leaves, _ = jax.tree.flatten_with_path(tree)
    kept = [(path, leaf) for path, leaf in leaves if isinstance(leaf, jax.ShapeDtypeStruct) or eqx.is_array_like(leaf)]
    shape = lambda leaf: ",".join(map(str, jnp.shape(leaf)))
    dtype = lambda leaf: getattr(leaf, "dtype", type(leaf).__name__)
    return [(jax.tree_util.keystr(path), f"{dtype(leaf)}[{shape(leaf)}]") for path, leaf in kept]


def _check_same(path: pathlib.Path, stored: list[tuple], wanted: list[tuple]) -> None:
    if stored == wanted:
        return
    for (name, kind), (other, wanted_kind) in zip(stored, wanted, strict=False):
        if (name, kind) != (other, wanted_kind):
            raise CheckpointError(
                f"`{path}` holds something else than `like`: where it has {name} = {kind}, `like` has {other} = "
                f"{wanted_kind}. Build `like` with the sizes, the precision, the kind of network "
                f"{'and the optimiser ' if 'opt_state' in name + other else ''}that were saved."
            )
    raise CheckpointError(f"`{path}` holds {len(stored)} arrays and numbers, `like` has {len(wanted)}.")


def _check_settings(path: pathlib.Path, stored: dict[str, Setting], wanted: dict[str, Setting]) -> None:
    for place in differing(stored, wanted):
        raise CheckpointError(
            f"`{path}` holds something else than `like`: there {place or 'the whole'} is {stored[place]}, in `like` it "
            f"is {wanted[place]}. Build `like` with the arguments of what was saved."
        )


def _is_typed_key(leaf: Any) -> bool:
    return hasattr(leaf, "dtype") and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _without_typed_keys(tree: PyTreeLike) -> PyTreeLike:
    data = lambda leaf: (
        jax.eval_shape(jr.key_data, leaf) if isinstance(leaf, jax.ShapeDtypeStruct) else jr.key_data(leaf)
    )
    return jax.tree.map(lambda leaf: data(leaf) if _is_typed_key(leaf) else leaf, tree)


def _with_typed_key(like: Any, leaf: Any) -> Any:
    return jr.wrap_key_data(leaf, impl=jr.key_impl(jnp.empty((), like.dtype))) if _is_typed_key(like) else leaf
