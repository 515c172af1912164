import dataclasses
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend import core

from ._block import Block
from ._uses import Columns, find_places, inline, Place, Product


@dataclasses.dataclass(frozen=True)
class LeafPlan:
    """How the rows of one array of parameters are held.

    **Attributes:**

    - `name`: where it is in the PyTree.
    - `shape`: its shape.
    - `outer`: whether as sums of outer products; written out otherwise.
    - `entries`: how many numbers that takes.
    - `flops`: about how many operations its part of the Gram matrix takes.
    """

    name: str
    shape: tuple[int, ...]
    outer: bool
    entries: int
    flops: int


@dataclasses.dataclass(frozen=True)
class JacobianPlan:
    """How the Jacobian of a batch of residuals is held. It prints as a table.

    **Attributes:**

    - `rows`: how many residuals there are.
    - `leaves`: a [`stde_eqx.optim.LeafPlan`][] for each array of parameters.
    """

    rows: int
    leaves: tuple[LeafPlan, ...]

    @property
    def entries(self) -> int:
        """How many numbers the whole Jacobian takes."""
        return sum(leaf.entries for leaf in self.leaves)

    @property
    def flops(self) -> int:
        """About how many operations the Gram matrix takes."""
        return sum(leaf.flops for leaf in self.leaves)

    def __str__(self) -> str:
        how = lambda leaf: "outer products" if leaf.outer else "written out"
        lines = [("parameter", "shape", "rows held as", "entries", "Gram, flops")]
        lines += [(l.name, str(l.shape), how(l), f"{l.entries:,}", f"{l.flops:.1e}") for l in self.leaves]
        lines.append(("all", "", f"{self.rows:,} rows", f"{self.entries:,}", f"{self.flops:.1e}"))
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        left = lambda cells: [cell.ljust(width) for cell, width in zip(cells[:3], widths[:3], strict=True)]
        right = lambda cells: [cell.rjust(width) for cell, width in zip(cells[3:], widths[3:], strict=True)]
        return "\n".join("  ".join([*left(cells), *right(cells)]) for cells in lines)


@dataclasses.dataclass(frozen=True)
class BlockProgram:
    """The residual at one point as a program of arrays, and the places where it meets each leaf."""

    closed: core.ClosedJaxpr
    places: list[list[Place]]
    rows: int
    parts: int


def trace(block: Block, params: Any) -> BlockProgram:
    """The program of a block, its inputs the leaves of the parameters, of one item, and of what is common."""
    leaves, treedef = jax.tree.flatten(params)
    item_leaves, item_def = jax.tree.flatten(block.one())
    common_leaves, common_def = jax.tree.flatten(block.common)
    first, second = len(leaves), len(leaves) + len(item_leaves)

    def flat(*args):
        residual = block.residual(
            jax.tree.unflatten(treedef, args[:first]),
            jax.tree.unflatten(item_def, args[first:second]),
            jax.tree.unflatten(common_def, args[second:]),
        )
        return [jnp.ravel(residual)]

    shapes = [jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in (*leaves, *item_leaves, *common_leaves)]
    closed = inline(flat, *shapes)
    invars = closed.jaxpr.invars
    places = find_places(closed.jaxpr, invars[:first], invars[first:second])
    parts = closed.jaxpr.outvars[0].aval.size
    return BlockProgram(closed, places, block.num_items * parts, parts)


def choose(programs: Sequence[BlockProgram], params: Any) -> JacobianPlan:
    """For each leaf the way that takes the fewest operations; the more compact one where they are alike."""
    flat, _ = jax.tree.flatten_with_path(params)
    rows = sum(program.rows for program in programs)
    plans = []
    for index, (path, leaf) in enumerate(flat):
        size = leaf.size
        written = LeafPlan(jax.tree_util.keystr(path).lstrip("."), leaf.shape, False, rows * size, 2 * rows**2 * size)
        outer = _outer(written, [program.places[index] for program in programs], [p.rows for p in programs])
        plans.append(outer if outer is not None and outer.flops < written.flops else written)
    return JacobianPlan(rows, tuple(plans))


def _outer(leaf: LeafPlan, places: Sequence[list[Place]], rows: Sequence[int]) -> LeafPlan | None:
    axes = {place.use.axis for found in places for place in found}
    if not all(places) or len(axes) != 1:
        return None
    (axis,) = axes
    length, width = leaf.shape[axis], leaf.shape[1 - axis]
    total = sum(rows)
    count = lambda kind: max(sum(p.count for p in found if isinstance(p.use, kind)) for found in places)
    products, columns = count(Product), count(Columns)
    shared = all(p.shared for found in places for p in found if isinstance(p.use, Columns))
    met = columns if shared else columns**2
    flops = 2 * total**2 * (products**2 * (length + width) + products * columns * width + met * width)
    return dataclasses.replace(
        leaf, outer=True, entries=total * (products * (length + width) + columns * width), flops=flops
    )
