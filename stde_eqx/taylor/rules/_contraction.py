"""Bilinear contractions: dot_general and convolution. (a b)_k = sum_i a_i b_{k-i}.

A sparse coefficient meets a matrix as a gather of its columns; no one-hot vector is ever multiplied.
"""

import jax
import jax.numpy as jnp
from jax import lax
from jax.extend.core import primitives as p
from jaxtyping import ArrayLike

from ..._jaxprs import bind
from .._algebra import add, collapse, multiply
from .._coefficient import Coefficient, Dense, Entry, gather, gather_per_direction, Sparse
from .._interpreter import register
from .._sweep import coefficient_of, primal_of, series, Sweep
from ._sparse_convolution import convolve
from ._sparse_maps import assemble


def _bilinear_rule(of_left, of_right, of_both):
    """From the products coefficient x array, array x coefficient, and coefficient x coefficient."""

    def rule(sweep: Sweep, eqn, inputs):
        a, b = inputs
        out = bind(eqn, [primal_of(a), primal_of(b)])[0]
        coefficients = []
        for k in range(1, sweep.order + 1):
            total = add(
                of_left(eqn, coefficient_of(a, k), primal_of(b)), of_right(eqn, primal_of(a), coefficient_of(b, k))
            )
            middle = None
            for i in range(1, k):
                left, right = coefficient_of(a, i), coefficient_of(b, k - i)
                if left is not None and right is not None:
                    middle = add(middle, of_both(eqn, left, right))
            coefficients.append(add(total, collapse(middle, sweep) if k == sweep.order else middle))
        return [series(out, coefficients)]

    return rule


def _dense_left(eqn, a, b):
    return None if a is None else a.dense().map(lambda array: bind(eqn, [array, b])[0])


def _dense_right(eqn, a, b):
    return None if b is None else b.dense().map(lambda array: bind(eqn, [a, array])[0])


def _dense_both(eqn, a, b):
    return Dense(jax.vmap(lambda x, y: bind(eqn, [x, y])[0])(a.dense().array, b.dense().array), False)


def _conv_left(eqn, a: Coefficient, b: ArrayLike) -> Coefficient:
    found = convolve(eqn, a, b) if isinstance(a, Sparse) else None
    return _dense_left(eqn, a, b) if found is None else found


def _dot_left(eqn, a: Coefficient, b: ArrayLike) -> Coefficient:
    if isinstance(a, Sparse):
        return _sparse_dot(eqn, a, b, left=True)
    return _dense_left(eqn, a, b)


def _dot_right(eqn, a: ArrayLike, b: Coefficient) -> Coefficient:
    if isinstance(b, Sparse):
        return _sparse_dot(eqn, b, a, left=False)
    ((a_contract, b_contract), (a_batch, _)) = eqn.params["dimension_numbers"]
    if isinstance(b, Dense) and not b.summed and not a_batch and len(b.shape) == len(b_contract):
        # Matrix times vectors: with the vectors on the left, the direction axis leads the result, untransposed.
        numbers = ((tuple(1 + axis for axis in b_contract), a_contract), ((), ()))
        return Dense(_dot(eqn, b.array, a, numbers), False)
    return _dense_right(eqn, a, b)


def _dot_both(eqn, a: Coefficient, b: Coefficient) -> Coefficient:
    ((a_contract, b_contract), (a_batch, b_batch)) = eqn.params["dimension_numbers"]
    if isinstance(a, Sparse) and isinstance(b, Sparse) and len(a.shape) == len(b.shape) == 1 and not a_batch:
        if a_contract:
            product = multiply(a, b)
            if isinstance(product, Sparse):
                return assemble((), (), product.entries, False)
        return _dense_both(eqn, a, b)
    if isinstance(a, Sparse) and isinstance(b, Dense):
        return _sparse_dot(eqn, a, b, left=True)
    if isinstance(a, Dense) and isinstance(b, Sparse):
        return _sparse_dot(eqn, b, a, left=False)
    return _dense_both(eqn, a, b)


def _dot(eqn, a, b, numbers):
    return lax.dot_general(
        a,
        b,
        numbers,
        precision=eqn.params["precision"],
        preferred_element_type=eqn.params["preferred_element_type"],
    )


def _sparse_dot(eqn, c: Sparse, other, *, left: bool) -> Coefficient:
    """A sparse operand times an array, or times a dense coefficient, direction by direction.

    The other operand is read at the positions along the axes it shares with the sparse ones; what is left of both is
    contracted as usual.
    """
    contract, batch = eqn.params["dimension_numbers"]
    own, theirs = (0, 1) if left else (1, 0)
    shared = dict(zip(contract[own] + batch[own], contract[theirs] + batch[theirs], strict=True))
    per_direction = isinstance(other, Dense)
    other_shape = other.shape
    array = other.array if per_direction else other

    places = [i for i, axis in enumerate(c.axes) if axis in shared]
    read_axes = tuple(shared[c.axes[i]] for i in places)
    other_rest = [axis for axis in range(len(other_shape)) if axis not in read_axes]

    def renumber(pairs):
        mine = tuple(c.rest.index(axis) for axis in pairs[own] if axis in c.rest)
        yours = tuple(other_rest.index(shared[axis]) for axis in pairs[own] if axis in c.rest)
        return (mine, yours) if left else (yours, mine)

    numbers = (renumber(contract), renumber(batch))

    # Output axes: batch, then the left operand's free axes, then the right one's. The sparse ones among them stay so.
    own_free = [axis for axis in range(len(c.shape)) if axis not in shared]
    other_free = [axis for axis in range(len(other_shape)) if axis not in shared.values()]
    free_own, free_other = [("own", axis) for axis in own_free], [("other", axis) for axis in other_free]
    out_axes = [("own", axis) for axis in batch[own]] + (free_own + free_other if left else free_other + free_own)
    axes = [i for i, (whose, axis) in enumerate(out_axes) if whose == "own" and axis in c.axes]
    shape = [c.shape[axis] if whose == "own" else other_shape[axis] for whose, axis in out_axes]
    out_places = [c.axes.index(out_axes[i][1]) for i in axes]

    entries, total = [], None
    for entry in c.entries:
        indices = tuple(entry.indices[i] for i in places)
        if per_direction:
            read, read_axis = gather_per_direction(array, read_axes, indices) if places else array, 0
        else:
            read, read_axis = (gather(array, read_axes, indices), 0) if places else (array, None)
        if c.summed and not axes and not c.rest and read_axis == 0:
            # sum_r v_r W[:, i_r]
            term = Dense(jnp.tensordot(entry.values, read, 1), True)
            total = add(total, term)
            continue

        def one(values, read):
            pair = (values, read) if left else (read, values)
            return _dot(eqn, *pair, numbers)

        values = jax.vmap(one, in_axes=(0, read_axis))(entry.values, read)
        entries.append(Entry(tuple(entry.indices[i] for i in out_places), values))
    if entries:
        total = add(total, assemble(shape, axes, entries, c.summed))
    return total


register(p.dot_general_p, rule=_bilinear_rule(_dot_left, _dot_right, _dot_both))
register(p.conv_general_dilated_p, rule=_bilinear_rule(_conv_left, _dense_right, _dense_both))
