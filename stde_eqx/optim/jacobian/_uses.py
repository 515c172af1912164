"""Where a program meets its matrices of parameters: products with vectors, and columns that are read.

Every such place is linear in the matrix, so the gradient with respect to the matrix is a short sum of outer products,
of what the matrix was multiplied by and of the cotangent of the result. The programs are those that Taylor mode has
written: a coefficient that is sparse meets a matrix as a gather of its columns.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend import core
from jax.lax import GatherScatterMode
from jaxtyping import Array

from ..._jaxprs import bind


@dataclasses.dataclass(frozen=True)
class Product:
    """`dot_general` of a matrix and an array, along one axis.

    **Attributes:**

    - `axis`: the axis of the parameter that is contracted.
    - `other`: which operand of the equation is the array.
    - `other_axis`: the axis of the array that is contracted.
    - `free`: the axis of the result that runs along the parameter's other axis.
    """

    axis: int
    other: int
    other_axis: int
    free: int

    def factor(self, operands: Sequence[Array]) -> Array:
        """The array's vectors, `(uses, contracted)`."""
        array = jnp.moveaxis(operands[self.other], self.other_axis, -1)
        return array.reshape(-1, array.shape[-1])


@dataclasses.dataclass(frozen=True)
class Columns:
    """`gather` of whole slices of a matrix along `axis`; `free` as for a product."""

    axis: int
    free: int
    other: int = 1

    def factor(self, operands: Sequence[Array]) -> Array:
        """The indices, `(uses,)`."""
        return operands[self.other].reshape(-1)


@dataclasses.dataclass(frozen=True)
class Place:
    """One use of one leaf, in the equation at `index`; `shared` if what it meets is the same at all points."""

    index: int
    leaf: int
    use: Product | Columns
    count: int
    shared: bool


def find_places(jaxpr: core.Jaxpr, leaves: Sequence[core.Var], per_point: Sequence[core.Var]) -> list[list[Place]]:
    """For each leaf, every place where it is used; none at all if one of them is of another kind.

    **Arguments:**

    - `jaxpr`: a program without nested calls, see [`stde_eqx.optim.jacobian.inline`][].
    - `leaves`: those of its inputs that are parameters.
    - `per_point`: those that differ from point to point.
    """
    # A view of a leaf: which, and for each of its own axes that of the leaf.
    views = {var: (leaf, (0, 1)) for leaf, var in enumerate(leaves) if len(shape_of(var)) == 2}
    places: list[list[Place]] = [[] for _ in leaves]
    other = {leaf for leaf, var in enumerate(leaves) if var not in views}
    varying = set(per_point)
    for index, eqn in enumerate(jaxpr.eqns):
        variables = [atom for atom in eqn.invars if isinstance(atom, core.Var)]
        seen = [var for var in variables if var in views]
        if any(var in varying for var in variables):
            varying.update(eqn.outvars)
        if not seen:
            continue
        leaf, axes = views[seen[0]]
        if len(seen) == 1 and eqn.primitive.name == "transpose":
            views[eqn.outvars[0]] = leaf, tuple(axes[axis] for axis in eqn.params["permutation"])
            continue
        use = _use(eqn, views) if len(seen) == 1 else None
        if use is None:
            other.update(views[var][0] for var in seen)
            continue
        shape = shape_of(eqn.outvars[0])
        # By the axis of the parameter, where the equation names that of a view.
        named = dataclasses.replace(use, axis=axes[use.axis])
        met = eqn.invars[use.other]
        shared = isinstance(met, core.Literal) or met not in varying
        places[leaf].append(Place(index, leaf, named, math.prod(shape) // max(shape[use.free], 1), shared))
    for var in jaxpr.outvars:
        if isinstance(var, core.Var) and var in views:
            other.add(views[var][0])
    for leaf, found in enumerate(places):
        if leaf in other or len({place.use.axis for place in found}) > 1:
            places[leaf] = []
    return places


def _use(eqn: core.JaxprEqn, views) -> Product | Columns | None:
    if eqn.primitive.name == "dot_general":
        return _product(eqn, views)
    if eqn.primitive.name == "gather" and eqn.invars[0] in views:
        return _columns(eqn)
    return None


def _product(eqn: core.JaxprEqn, views) -> Product | None:
    contract, batch = eqn.params["dimension_numbers"]
    own = 0 if isinstance(eqn.invars[0], core.Var) and eqn.invars[0] in views else 1
    if batch[0] or len(contract[0]) != 1:
        return None
    axis, other_axis = contract[own][0], contract[1 - own][0]
    free = 0 if own == 0 else len(shape_of(eqn.outvars[0])) - 1
    return Product(axis, 1 - own, other_axis, free)


def _columns(eqn: core.JaxprEqn) -> Columns | None:
    numbers = eqn.params["dimension_numbers"]
    rows, columns = shape_of(eqn.invars[0])
    for axis, sizes in ((0, (1, columns)), (1, (rows, 1))):
        if (
            numbers.collapsed_slice_dims == numbers.start_index_map == (axis,)
            and not numbers.operand_batching_dims
            and tuple(eqn.params["slice_sizes"]) == sizes
            # Other modes give a meaning to indices out of bounds.
            and eqn.params["mode"] == GatherScatterMode.PROMISE_IN_BOUNDS
        ):
            return Columns(axis, numbers.offset_dims[0])
    return None


def shape_of(atom: Any) -> tuple[int, ...]:
    """The shape of a variable of a jaxpr."""
    return atom.aval.shape


def inline(fn: Callable[..., Any], *args: Any) -> core.ClosedJaxpr:
    """The jaxpr of a function at arguments of these shapes, with calls of compiled functions written out.

    **Arguments:**

    - `fn`: a function of arrays that returns arrays.
    - `args`: arrays, or `jax.ShapeDtypeStruct`s.
    """
    return jax.make_jaxpr(lambda *args: _written_out(jax.make_jaxpr(fn)(*args), args))(*args)


def _written_out(closed: core.ClosedJaxpr, args: Sequence[Any]) -> list[Any]:
    def read(eqn, values):
        inner = eqn.params.get("jaxpr")
        if eqn.primitive.name == "jit" and isinstance(inner, core.ClosedJaxpr):
            return _written_out(inner, values)
        return bind(eqn, values)

    return run(closed, args, read)


def run(closed: core.ClosedJaxpr, args: Sequence[Any], evaluate: Callable[..., list[Any]]) -> list[Any]:
    """Run a jaxpr, each equation by `evaluate(equation, values)`."""
    environment = dict(zip(closed.jaxpr.constvars, closed.consts, strict=True))
    environment.update(zip(closed.jaxpr.invars, args, strict=True))
    read = lambda atom: atom.val if isinstance(atom, core.Literal) else environment[atom]
    for eqn in closed.jaxpr.eqns:
        environment.update(zip(eqn.outvars, evaluate(eqn, [read(atom) for atom in eqn.invars]), strict=True))
    return [read(atom) for atom in closed.jaxpr.outvars]
