"""Random small programs against nested forward mode: shapes, axes and operands as Hypothesis draws them."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, HealthCheck, settings, strategies as st

from .taylor_battery import check


DIM = 6

# Smooth, with every argument: what they are composed of stays in a bounded range.
_UNARY: dict[str, Any] = {
    "sin": jnp.sin,
    "tanh": jnp.tanh,
    "exp": lambda a: jnp.exp(jnp.sin(a)),
    "log": lambda a: jnp.log(2 + jnp.sin(a)),
    "sqrt": lambda a: jnp.sqrt(2 + jnp.cos(a)),
    "square": lambda a: 0.3 * a**2,
    "cube": lambda a: 0.1 * a**3,
    "logistic": jax.nn.sigmoid,
    "softplus": jax.nn.softplus,
    "gelu": jax.nn.gelu,
    "negative": jnp.negative,
    "reciprocal": lambda a: 1 / (2 + jnp.sin(a)),
}
_BINARY: dict[str, Any] = {
    "add": jnp.add,
    "subtract": jnp.subtract,
    "multiply": jnp.multiply,
    "divide": lambda a, b: a / (2 + jnp.sin(b)),
    "power": lambda a, b: (2 + jnp.sin(a)) ** jnp.sin(b),
    "where": lambda a, b: jnp.where(jnp.arange(a.size).reshape(a.shape) % 2 == 0, a, b),
}


def _broadcast(draw, a, b):
    """Both to one shape, if they allow it, by `broadcast_in_dim`; otherwise `b` is reduced to a number first."""
    try:
        shape = np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        b, shape = jnp.sum(b) / b.size, a.shape
    return jnp.broadcast_to(a, shape), jnp.broadcast_to(b, shape)


def _rearrange(draw, a):
    kind = draw(st.sampled_from(["reshape", "transpose", "reverse", "slice", "expand", "pad", "roll", "gather"]))
    axis = draw(st.integers(0, a.ndim - 1)) if a.ndim else None
    if axis is None or kind == "reshape":
        factors = [n for n in range(1, a.size + 1) if a.size % n == 0]
        first = draw(st.sampled_from(factors))
        return a.reshape(draw(st.sampled_from([(a.size,), (first, a.size // first)])))
    length = a.shape[axis]
    match kind:
        case "transpose":
            return jnp.transpose(a, draw(st.permutations(range(a.ndim))))
        case "reverse":
            return jnp.flip(a, axis)
        case "slice":
            start = draw(st.integers(0, length - 1))
            stop = draw(st.integers(start + 1, length))
            return jax.lax.slice_in_dim(a, start, stop, draw(st.integers(1, 2)), axis)
        case "expand":
            return a if a.ndim > 2 else jnp.expand_dims(a, axis)
        case "pad":
            return jnp.pad(a, [(int(i == axis), 0) for i in range(a.ndim)])
        case "roll":
            return jnp.roll(a, draw(st.integers(1, 3)), axis)
        case _:
            return jnp.take(a, np.array(draw(st.lists(st.integers(0, length - 1), min_size=1, max_size=4))), axis)


def _reduce(draw, a):
    axis = draw(st.integers(0, a.ndim - 1))
    return draw(st.sampled_from([jnp.sum, jnp.mean, jnp.cumsum, jax.nn.logsumexp, jnp.max]))(a, axis=axis)


def _join(draw, a, b):
    if a.ndim and a.ndim == b.ndim:
        axis = draw(st.integers(0, a.ndim - 1))
        if all(m == n for i, (m, n) in enumerate(zip(a.shape, b.shape, strict=True)) if i != axis):
            return jnp.concatenate([a, b], axis)
    return jnp.stack(_broadcast(draw, a, b), 0) if max(a.ndim, b.ndim) < 3 else a


def _contract(draw, a, b):
    """A product over one axis of each, padded or cut to the same length."""
    if not a.ndim or not b.ndim or a.ndim + b.ndim > 4:
        return a
    i, j = draw(st.integers(0, a.ndim - 1)), draw(st.integers(0, b.ndim - 1))
    length = min(a.shape[i], b.shape[j])
    cut = lambda c, axis: jax.lax.slice_in_dim(c, 0, length, 1, axis)
    return jnp.tensordot(cut(a, i), cut(b, j), ((i,), (j,))) / length


def _program(data):
    """A function of a vector. What Hypothesis draws is drawn once, and replayed whenever the function is traced."""
    drawn = []

    def function(x):
        replay = iter(list(drawn))
        first = not drawn

        def draw(strategy):
            if first:
                drawn.append(data.draw(strategy))
                return drawn[-1]
            return next(replay)

        values = [x, jnp.linspace(-0.5, 1.0, DIM // 2), x.reshape(2, DIM // 2)]
        for _ in range(draw(st.integers(2, 6))):
            a = values[draw(st.integers(0, len(values) - 1))]
            b = values[draw(st.integers(0, len(values) - 1))]
            match draw(st.sampled_from(["unary", "binary", "rearrange", "reduce", "join", "contract"])):
                case "unary":
                    new = _UNARY[draw(st.sampled_from(sorted(_UNARY)))](a)
                case "binary":
                    new = _BINARY[draw(st.sampled_from(sorted(_BINARY)))](*_broadcast(draw, a, b))
                case "rearrange":
                    new = _rearrange(draw, a)
                case "reduce":
                    new = _reduce(draw, a) if a.ndim else a
                case "join":
                    new = _join(draw, a, b)
                case _:
                    new = _contract(draw, a, b)
            if 0 < new.size <= 64:
                values.append(new)
        return jnp.sin(values[-1]) + jnp.sum(values[-2]) * jnp.mean(jnp.tanh(x))

    jax.eval_shape(function, jax.ShapeDtypeStruct((DIM,), jnp.float64))
    return function


_x = jnp.array([0.31, -0.42, 0.73, 0.18, -0.65, 0.57])
_settings: dict[str, Any] = dict(
    deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@settings(max_examples=10, **_settings)
@given(st.data())
def test_random_programs(data):
    check(_program(data), _x, [2, 3])


@pytest.mark.slow
@settings(max_examples=100, **_settings)
@given(st.data())
def test_many_random_programs(data):
    check(_program(data), _x, [1, 2, 3, 4])
