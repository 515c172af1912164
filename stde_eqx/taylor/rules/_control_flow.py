"""Branches and loops: the same construct, run on series whose coefficients are written out.

Branches must return, and loop bodies must carry, the same coefficients whatever happens; so the coefficients that may
be non-zero are found first, from shapes alone, as the least fixed point of "non-zero in, non-zero out".
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
from jax import lax
from jax.extend.core import primitives as p

from .._coefficient import Dense
from .._interpreter import evaluate, register, Value
from .._sweep import coefficient_of, primal_of, series, Sweep


# For each order 1..K, whether a value's coefficient may be non-zero.
Pattern: TypeAlias = tuple[bool, ...]


def _pattern(value: Value, sweep: Sweep) -> Pattern:
    return tuple(coefficient_of(value, k) is not None for k in range(1, sweep.order + 1))


def _union(*patterns: Pattern) -> Pattern:
    return tuple(any(column) for column in zip(*patterns, strict=True))


def _pack(value: Value, pattern: Pattern, sweep: Sweep):
    """The arrays of a value: its primal, and exactly the coefficients of the pattern."""
    primal = jnp.asarray(primal_of(value))
    arrays = []
    for k, wanted in enumerate(pattern, 1):
        c = coefficient_of(value, k)
        if not wanted:
            assert c is None
            arrays.append(None)
        elif c is None:
            arrays.append(jnp.zeros(primal.shape if sweep.summed(k) else (sweep.size, *primal.shape), primal.dtype))
        else:
            arrays.append(c.dense().array)
    return primal, arrays


def _unpack(packed, sweep: Sweep) -> Value:
    primal, arrays = packed
    return series(primal, (None if a is None else Dense(a, sweep.summed(k)) for k, a in enumerate(arrays, 1)))


def _pack_all(values, patterns, sweep):
    return [_pack(value, pattern, sweep) for value, pattern in zip(values, patterns, strict=True)]


def _unpack_all(packed, sweep):
    return [_unpack(one, sweep) for one in packed]


def _patterns_out(run: Callable[..., Any], packed, sweep: Sweep) -> list[Pattern]:
    """Which coefficients `run`, a function of values and the sweep, returns for packed inputs."""
    found = []

    def probe(packed):
        values = run(_unpack_all(packed, sweep), sweep.unobserved())
        found.extend(_pattern(value, sweep) for value in values)
        return [primal_of(value) for value in values]

    jax.eval_shape(probe, packed)
    return found


def _fixed_point(step: Callable[..., Any], patterns: Sequence[Pattern]) -> list[Pattern]:
    patterns = list(patterns)
    while True:
        new = [_union(old, out) for old, out in zip(patterns, step(patterns), strict=True)]
        if new == patterns:
            return patterns
        patterns = new


def _cond(sweep: Sweep, eqn, inputs):
    index, *operands = inputs
    packed = _pack_all(operands, [_pattern(value, sweep) for value in operands], sweep)
    runs = [
        lambda values, sweep, branch=branch: evaluate(branch.jaxpr, branch.consts, values, sweep)
        for branch in eqn.params["branches"]
    ]
    patterns = [_union(*column) for column in zip(*(_patterns_out(run, packed, sweep) for run in runs), strict=True)]

    def branch(run):
        return lambda packed: _pack_all(run(_unpack_all(packed, sweep), sweep), patterns, sweep)

    return _unpack_all(lax.switch(index, [branch(run) for run in runs], packed), sweep)


def _scan(sweep: Sweep, eqn, inputs):
    params = eqn.params
    num_consts, num_carry = params["num_consts"], params["num_carry"]
    body = params["jaxpr"]
    consts, carry, xs = (
        inputs[:num_consts],
        inputs[num_consts : num_consts + num_carry],
        inputs[num_consts + num_carry :],
    )

    def run(values, sweep):
        return evaluate(body.jaxpr, body.consts, [*consts, *values], sweep)

    # The axis scanned over has to lead; per direction, the direction axis does.
    def swap(arrays):
        return [a if a is None or sweep.summed(k) else jnp.moveaxis(a, 0, 1) for k, a in enumerate(arrays, 1)]

    packed_xs = [(primal, swap(arrays)) for primal, arrays in _pack_all(xs, [_pattern(x, sweep) for x in xs], sweep)]
    first_xs = jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape[1:], a.dtype), packed_xs)

    def step(patterns):
        return _patterns_out(run, [*_pack_all(carry, patterns, sweep), *first_xs], sweep)[:num_carry]

    patterns = _fixed_point(step, [_pattern(value, sweep) for value in carry])

    def scan_body(packed, packed_xs):
        outputs = run(_unpack_all([*packed, *packed_xs], sweep), sweep)
        new_carry, ys = outputs[:num_carry], outputs[num_carry:]
        return _pack_all(new_carry, patterns, sweep), _pack_all(ys, [_pattern(y, sweep) for y in ys], sweep)

    packed, packed_ys = lax.scan(
        scan_body,
        _pack_all(carry, patterns, sweep),
        packed_xs,
        length=params["length"],
        reverse=params["reverse"],
        unroll=params["unroll"],
    )
    return _unpack_all([*packed, *((primal, swap(arrays)) for primal, arrays in packed_ys)], sweep)


def _while(sweep: Sweep, eqn, inputs):
    params = eqn.params
    cond, body = params["cond_jaxpr"], params["body_jaxpr"]
    num_cond, num_body = params["cond_nconsts"], params["body_nconsts"]
    cond_consts = [primal_of(value) for value in inputs[:num_cond]]
    body_consts, carry = inputs[num_cond : num_cond + num_body], inputs[num_cond + num_body :]

    def run(carry, sweep):
        return evaluate(body.jaxpr, body.consts, [*body_consts, *carry], sweep)

    patterns = _fixed_point(
        lambda patterns: _patterns_out(run, _pack_all(carry, patterns, sweep), sweep),
        [_pattern(value, sweep) for value in carry],
    )

    def goes_on(packed):
        (out,) = evaluate(cond.jaxpr, cond.consts, [*cond_consts, *(primal for primal, _ in packed)], sweep)
        return out

    def once(packed):
        return _pack_all(run(_unpack_all(packed, sweep), sweep), patterns, sweep)

    def once_where_it_goes_on(packed):
        running, after = goes_on(packed), once(packed)
        return [_where(running, *both, sweep) for both in zip(after, packed, strict=True)]

    # `vmap` makes loops with a condition for each item: items that have ended wait for the others.
    batched = cond.out_avals[0].shape != ()
    packed = lax.while_loop(
        (lambda packed: jnp.any(goes_on(packed))) if batched else goes_on,
        once_where_it_goes_on if batched else once,
        _pack_all(carry, patterns, sweep),
    )
    return _unpack_all(packed, sweep)


def _where(mask, new, old, sweep: Sweep):
    """Of two packed values of one pattern, the one or the other: `mask` has their leading axes, less the directions."""

    def choose(a, b, *, axes: int):
        shape = (1,) * axes + mask.shape
        return jnp.where(mask.reshape(shape + (1,) * (a.ndim - len(shape))), a, b)

    arrays = [
        None if a is None else choose(a, b, axes=0 if sweep.summed(k) else 1)
        for k, (a, b) in enumerate(zip(new[1], old[1], strict=True), 1)
    ]
    return choose(new[0], old[0], axes=0), arrays


register(p.cond_p, rule=_cond)
register(p.scan_p, rule=_scan)
register(p.while_p, rule=_while)
