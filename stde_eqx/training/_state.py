from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, PRNGKeyArray

from .._custom_types import Field, PyTreeLike
from ..nn import Affine
from ._scales import Scales


class TrainState(eqx.Module):
    """Everything that a training step changes, or needs to go on: a PyTree whose leaves are all arrays.

    It passes through `jax.jit` and `jax.lax.scan`, and a run that is continued from it does what the uninterrupted
    run would have done.

    **Attributes:**

    - `network`: the network being trained; see `model` for what it stands for.
    - `opt_state`: the state of the Optax optimiser.
    - `step`: the number of steps taken.
    - `key`: the randomness of the whole run; step `n` uses `jax.random.fold_in(key, n)`.
    - `scales`: the constant mode, the output scale and the residual scale, fixed before training.
    - `average`: the averaged parameters, or `None` where none are kept.
    - `weighting`: the state of the weighting of the loss, or `None`.
    """

    arrays: PyTreeLike
    opt_state: PyTreeLike
    step: Int[Array, ""]
    key: PRNGKeyArray
    scales: Scales
    average: PyTreeLike
    weighting: PyTreeLike
    skeleton: "Skeleton" = eqx.field(static=True)

    @property
    def network(self) -> Any:
        return self.skeleton.combine(self.arrays)

    @property
    def model(self) -> Affine:
        """The network with its constant mode and output scale: what goes into the problem's ansatz.

        Its parameters are the averaged ones where an average is kept.
        """
        arrays = self.arrays if self.average is None else eqx.combine(self.average, self.arrays)
        return Affine(self.skeleton.combine(arrays), self.scales.shift, self.scales.output)

    def restarted(self, optimizer: Any, *, average: bool | None = None) -> "TrainState":
        """The state before the first step of another optimiser, from the network as it would be returned now.

        Its parameters become the averaged ones where an average is kept; scales and randomness stay.

        **Arguments:**

        - `optimizer`: an Optax optimiser, or a [`stde_eqx.optim.AbstractLeastSquaresOptimizer`][].
        - `average`: whether an average is kept from here on; as before if `None`.
        """
        arrays = self.arrays if self.average is None else eqx.combine(self.average, self.arrays)
        arrays = own_copy(arrays)
        opt_state = own_copy(optimizer.init(eqx.filter(arrays, eqx.is_inexact_array)))
        averaged = self.average is not None if average is None else average
        kept = own_copy(eqx.filter(arrays, eqx.is_inexact_array)) if averaged else None
        return TrainState(arrays, opt_state, self.step, self.key, self.scales, kept, self.weighting, self.skeleton)


class Skeleton:
    """The part of a network that is not arrays, hashable, so that it can be part of a PyTree's structure."""

    def __init__(self, static: PyTreeLike):
        leaves, treedef = jax.tree.flatten(static)
        self.leaves: list[Any] = leaves
        self.treedef: Any = treedef

    @property
    def static(self) -> Any:
        return jax.tree.unflatten(self.treedef, self.leaves)

    def combine(self, arrays: PyTreeLike) -> Any:
        return eqx.combine(arrays, self.static)

    def __hash__(self) -> int:
        return hash((tuple(self.leaves), self.treedef))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Skeleton) and (self.leaves, self.treedef) == (other.leaves, other.treedef)


def initial_state(
    network: Field,
    optimizer: Any,
    scales: Scales,
    *,
    key: PRNGKeyArray,
    averaged: bool = False,
    weighting: PyTreeLike = None,
) -> TrainState:
    """The state before the first step, with copies of the network's arrays: they are the caller's."""
    network = jax.tree.map(lambda leaf: jnp.array(leaf) if isinstance(leaf, np.ndarray) else leaf, network)
    arrays, static = eqx.partition(own_copy(network), eqx.is_array)
    params = eqx.filter(arrays, eqx.is_inexact_array)
    average = own_copy(params) if averaged else None
    first = jnp.zeros((), jnp.int32)
    # All of it is donated, and no two leaves may share a buffer.
    opt_state, weighting = own_copy(optimizer.init(params)), own_copy(weighting)
    return TrainState(arrays, opt_state, first, key, scales, average, weighting, Skeleton(static))


def own_copy(tree: PyTreeLike) -> PyTreeLike:
    """The same PyTree in buffers of its own, free to be donated."""
    return jax.tree.map(lambda leaf: jnp.copy(leaf) if eqx.is_array(leaf) else leaf, tree)
