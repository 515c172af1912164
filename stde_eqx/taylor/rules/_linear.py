"""Primitives that are linear in some of their operands: y_k = f(x_k), the others held fixed."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend import core
from jax.extend.core import primitives as p

from ..._jaxprs import bind
from .._coefficient import Coefficient, Dense, Sparse
from .._interpreter import register, Value
from .._sweep import coefficient_of, primal_of, series, Sweep
from . import _sparse_maps as sparse_maps
from ._sparse_convolution import sum_windows
from ._sparse_gather import gather


# Takes the equation, the primals and the operands' coefficients (some of them sparse, none of them dense), and returns
# one coefficient per output; or None where sparsity can't be kept.
SparseMap = Callable[[core.JaxprEqn, Sequence, Sequence[Coefficient]], list[Coefficient] | None]


def linear(
    *primitives: core.Primitive | str,
    operands: slice = slice(0, 1),
    sparse: SparseMap | None = None,
    **params: Any,
) -> None:
    """Declares primitives that are linear, but for a constant: $y_k = f(x_k)$ without it.

    **Arguments:**

    - `primitives`: JAX primitives, or their names.
    - `operands`: in which of the operands they are jointly linear, the others being fixed.
    - `sparse`: how to apply them to coefficients that are kept as positions and values; made dense if `None`.
    - `params`: what parameters of the primitive have to be for it to be linear, where they can be a constant.
    """
    register(*primitives, rule=functools.partial(_linear_rule, operands, sparse, params))


def _linear_rule(operands, sparse, params, sweep: Sweep, eqn: core.JaxprEqn, inputs: Sequence[Value]) -> list[Value]:
    without_constant = eqn.replace(params=eqn.params | params) if params else eqn
    positions = range(len(inputs))[operands]
    primals = [primal_of(value) for value in inputs]
    columns = []
    for k in range(1, sweep.order + 1):
        coefficients = [coefficient_of(inputs[i], k) for i in positions]
        columns.append(apply_linearly(without_constant, primals, positions, coefficients, sparse))
    outputs = bind(eqn, primals)
    return [series(primal, (column[i] for column in columns)) for i, primal in enumerate(outputs)]


def apply_linearly(eqn, primals, positions, coefficients, sparse: SparseMap | None = None) -> list[Coefficient]:
    """Apply an equation, linear in the operands at `positions`, to their coefficients; one coefficient per output."""
    present = [c for c in coefficients if c is not None]
    if not present:
        return [None] * len(eqn.outvars)
    if sparse is not None and all(isinstance(c, Sparse) for c in present):
        outputs = sparse(eqn, primals, coefficients)
        if outputs is not None:
            return outputs
    summed = present[0].summed
    arrays, in_axes = [], []
    for i, c in zip(positions, coefficients, strict=True):
        arrays.append(jnp.zeros_like(primals[i]) if c is None else c.dense().array)
        in_axes.append(None if c is None else 0)

    def fn(*arrays):
        operands = list(primals)
        for i, array in zip(positions, arrays, strict=True):
            operands[i] = array
        return bind(eqn, operands)

    outputs = fn(*arrays) if summed else jax.vmap(fn, in_axes=tuple(in_axes))(*arrays)
    return [Dense(array, summed) if jnp.issubdtype(array.dtype, jnp.inexact) else None for array in outputs]


linear(
    p.neg_p,
    p.copy_p,
    p.convert_element_type_p,
    p.reduce_precision_p,
    p.real_p,
    p.imag_p,
    p.conj_p,
    sparse=sparse_maps.entrywise,
)
linear(p.reduce_sum_p, sparse=sparse_maps.reduce_sum)
linear(p.transpose_p, sparse=sparse_maps.transpose)
linear(p.broadcast_in_dim_p, sparse=sparse_maps.broadcast_in_dim)
linear(p.reshape_p, p.squeeze_p, sparse=sparse_maps.reshape)
linear(p.slice_p, sparse=sparse_maps.slice_)
linear(p.dynamic_slice_p, sparse=sparse_maps.dynamic_slice)
linear(p.rev_p, sparse=sparse_maps.rev)
linear(p.pad_p, operands=slice(0, 2), sparse=sparse_maps.pad)
linear(p.concatenate_p, operands=slice(None), sparse=sparse_maps.concatenate)
linear(p.select_n_p, operands=slice(1, None), sparse=sparse_maps.select_n)
linear(
    p.cumsum_p,
    p.fft_p,
    p.device_put_p,
    p.sharding_constraint_p,
)
linear(p.gather_p, sparse=gather, fill_value=0)
linear(p.reduce_window_sum_p, sparse=sum_windows)
linear(p.complex_p, p.add_jaxvals_p, p.dynamic_update_slice_p, operands=slice(0, 2))
linear(p.scatter_add_p, operands=slice(0, 3, 2))
linear(p.ppermute_p, p.psum_p, p.all_gather_p)
linear("optimization_barrier", operands=slice(None))
linear("split", sparse=sparse_maps.split)
linear("stack", operands=slice(None), sparse=sparse_maps.stack)
linear("unstack", sparse=sparse_maps.unstack)
