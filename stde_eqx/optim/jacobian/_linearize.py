import abc
from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..._batching import at_all
from ..._jaxprs import bind
from ._block import Block
from ._plan import BlockProgram, choose, JacobianPlan, trace
from ._rows import AbstractLeafRows, Outer, Written
from ._uses import Columns, Product, run


class AbstractJacobian(eqx.Module):
    """The derivative $J$ of a vector of residuals by the parameters."""

    @abc.abstractmethod
    def pull(self, weights: Float[Array, " rows"]) -> Any:
        """$J^T w$, a PyTree like the parameters."""

    @abc.abstractmethod
    def push(self, tangent: Any) -> Float[Array, " rows"]:
        r"""$J \delta$ for a PyTree like the parameters."""


class ImplicitJacobian(AbstractJacobian):
    """The two products as functions, each a sweep through the network."""

    forward: Callable[[Any], Float[Array, " rows"]]
    backward: Callable[[Float[Array, " rows"]], tuple[Any]]

    def pull(self, weights: Float[Array, " rows"]) -> Any:
        return self.backward(weights)[0]

    def push(self, tangent: Any) -> Float[Array, " rows"]:
        return self.forward(tangent)


class Jacobian(AbstractJacobian):
    """All gradients, leaf by leaf in whichever form is cheapest.

    **Attributes:**

    - `blocks`: for each block of residuals, the rows of each leaf of the parameters.
    """

    blocks: tuple[tuple[AbstractLeafRows, ...], ...]
    sizes: tuple[int, ...] = eqx.field(static=True)
    treedef: Any = eqx.field(static=True)

    def gram(self) -> Float[Array, "rows rows"]:
        """$J J^T$."""
        cross = lambda a, b: sum(left.cross(right) for left, right in zip(a, b, strict=True))
        rows = []
        for i, a in enumerate(self.blocks):
            # Below the diagonal, the transposes of what is above.
            rows.append([rows[j][i].T for j in range(i)] + [cross(a, b) for b in self.blocks[i:]])
        return jnp.concatenate([jnp.concatenate(row, 1) for row in rows])

    def pull(self, weights: Float[Array, " rows"]) -> Any:
        pieces = jnp.split(weights, [sum(self.sizes[: i + 1]) for i in range(len(self.sizes) - 1)])
        leaves = [
            sum(rows.pull(piece) for rows, piece in zip(leaf, pieces, strict=True))
            for leaf in zip(*self.blocks, strict=True)
        ]
        return jax.tree.unflatten(self.treedef, leaves)

    def push(self, tangent: Any) -> Float[Array, " rows"]:
        leaves = jax.tree.leaves(tangent)
        pushed = [sum(rows.push(leaf) for rows, leaf in zip(block, leaves, strict=True)) for block in self.blocks]
        return jnp.concatenate(pushed)


def plan(blocks: Sequence[Block], params: Any) -> JacobianPlan:
    """How [`stde_eqx.optim.jacobian.linearize`][] would hold the Jacobian."""
    return choose([trace(block, params) for block in blocks], params)


def linearize(blocks: Sequence[Block], params: Any) -> tuple[Float[Array, " rows"], Jacobian]:
    """All residuals, and their Jacobian.

    One reverse sweep for each residual, all of them at once; where a leaf is held as outer products, the sweep ends at
    the results of the products that it enters.

    **Arguments:**

    - `blocks`: the residuals.
    - `params`: a PyTree of floating-point arrays.
    """
    programs = [trace(block, params) for block in blocks]
    chosen = choose(programs, params)
    outer = [leaf.outer for leaf in chosen.leaves]
    results = [_block(block, program, params, outer) for block, program in zip(blocks, programs, strict=True)]
    values = jnp.concatenate([value for value, _ in results])
    sizes = tuple(program.rows for program in programs)
    return values, Jacobian(tuple(rows for _, rows in results), sizes, jax.tree.structure(params))


def linearize_implicitly(blocks: Sequence[Block], params: Any) -> tuple[Float[Array, " rows"], ImplicitJacobian]:
    """All residuals, and products with their Jacobian; arguments as for [`stde_eqx.optim.jacobian.linearize`][]."""
    values, forward = jax.linearize(lambda params: jnp.concatenate([block(params) for block in blocks]), params)
    return values, ImplicitJacobian(forward, jax.linear_transpose(forward, params))


def _block(
    block: Block, program: BlockProgram, params: Any, outer: list[bool]
) -> tuple[Float[Array, " rows"], tuple[AbstractLeafRows, ...]]:
    leaves = jax.tree.leaves(params)
    places = [place for found, is_outer in zip(program.places, outer, strict=True) if is_outer for place in found]
    at = {place.index: number for number, place in enumerate(places)}
    equations = program.closed.jaxpr.eqns
    taps = [
        jnp.zeros(equations[p.index].outvars[0].aval.shape, equations[p.index].outvars[0].aval.dtype) for p in places
    ]
    written = [leaf for leaf, is_outer in zip(leaves, outer, strict=True) if not is_outer]
    indices = {id(eqn): index for index, eqn in enumerate(equations)}

    def at_point(item):
        def residual(written, taps):
            rest = iter(written)
            inputs = [leaf if is_outer else next(rest) for leaf, is_outer in zip(leaves, outer, strict=True)]
            met: list[Any] = [None] * len(places)

            def evaluate(eqn, values):
                outputs = bind(eqn, values)
                number = at.get(indices[id(eqn)])
                if number is None:
                    return outputs
                met[number] = places[number].use.factor(values)
                return [outputs[0] + taps[number]]

            args = [*inputs, *jax.tree.leaves(item), *jax.tree.leaves(block.common)]
            (values,) = run(program.closed, args, evaluate)
            return values, met

        values, backward, met = jax.vjp(residual, written, taps, has_aux=True)
        cotangents = jax.vmap(backward)(jnp.eye(program.parts, dtype=values.dtype))
        return values, cotangents, met

    met_axes = [None if place.shared else 0 for place in places]
    values, (gradients, cotangents), met = at_all(
        at_point, block.items, chunk_size=block.chunk_size, out_axes=(0, (0, 0), met_axes)
    )

    merged = lambda array: array.reshape(program.rows, *array.shape[2:])
    gradients = iter(merged(array) for array in gradients)
    rows: list[AbstractLeafRows] = []
    for index, (leaf, is_outer) in enumerate(zip(leaves, outer, strict=True)):
        if not is_outer:
            rows.append(Written(next(gradients)))
            continue
        own = [number for number, place in enumerate(places) if place.leaf == index]
        rows.append(_assemble(leaf, [(places[n], merged(cotangents[n]), met[n]) for n in own], program))
    return values.ravel(), tuple(rows)


def _assemble(leaf: Array, found, program: BlockProgram) -> Outer:
    """The rows of a matrix from the places where it is used, the cotangents there, and what it met."""
    axis = found[0][0].use.axis
    length, width = leaf.shape[axis], leaf.shape[1 - axis]
    left, right, values, indices = [], [], [], []
    for place, cotangent, met in found:
        vectors = jnp.moveaxis(cotangent, 1 + place.use.free, -1).reshape(program.rows, -1, width)
        if isinstance(place.use, Product):
            left.append(vectors)
            met = jnp.broadcast_to(met[None], (program.rows, *met.shape)) if place.shared else _by_row(met, program)
            right.append(met)
        else:
            values.append(vectors)
            indices.append(met if place.shared else _by_row(met, program))
    columns = [place for place, _, _ in found if isinstance(place.use, Columns)]
    if not all(place.shared for place in columns):
        indices = [jnp.broadcast_to(i, (program.rows, i.shape[-1])) for i in indices]
    joined = lambda arrays, shape, axis: jnp.concatenate(arrays, axis) if arrays else jnp.zeros(shape, leaf.dtype)
    empty = (program.rows, 0, width)
    return Outer(
        joined(left, empty, 1),
        joined(right, (program.rows, 0, length), 1),
        joined(values, empty, 1),
        jnp.concatenate(indices, -1) if indices else jnp.zeros(0, jnp.int32),
        transposed=axis == 0,
    )


def _by_row(met: Array, program: BlockProgram) -> Array:
    """What belongs to a point, for each of the parts of its residual."""
    return jnp.repeat(met, program.parts, axis=0) if program.parts > 1 else met
