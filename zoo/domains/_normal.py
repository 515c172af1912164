import functools as ft
import math

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jax import lax
from jaxtyping import Array, Float, PRNGKeyArray, UInt32


def standard_normal(key: PRNGKeyArray, rows: int, columns: int) -> Float[Array, "rows columns"]:
    """Standard normal numbers, the very ones of `jax.random.normal(key, (rows, columns))`.

    JAX compiles its generator to a loop over whole arrays on CPUs, which at a million coordinates costs more than the
    rest of a training step. Here the float32 numbers of a Threefry key come out of one fused expression.
    """
    dtype = jnp.result_type(float)  # JAX's default, that of jax.random.normal
    if dtype != jnp.float32 or jr.key_impl(key) != "threefry2x32" or rows * columns >= 2**32:
        return jr.normal(key, (rows, columns), dtype)
    return _threefry_normal(key, rows, columns)


# Compiled even when called eagerly, as the functions of jax.random are: one pass instead of a hundred arrays.
@ft.partial(jax.jit, static_argnums=(1, 2))
def _threefry_normal(key, rows, columns):
    return normal_from_bits(threefry_bits(key, rows, columns))


def threefry_bits(key: PRNGKeyArray, rows: int, columns: int) -> UInt32[Array, "rows columns"]:
    """Random bits, the very ones of `jax.random.bits` for a Threefry key: entry number n is a hash of (0, n).

    ??? cite "Reference"

        Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011: Threefry-2x32-20.
    """
    first, second = jr.key_data(key)
    schedule = (first, second, first ^ second ^ np.uint32(0x1BD11BDA))
    row = lax.broadcasted_iota(jnp.uint32, (rows, columns), 0)
    column = lax.broadcasted_iota(jnp.uint32, (rows, columns), 1)
    low = first + jnp.zeros((rows, columns), jnp.uint32)
    high = second + (row * np.uint32(columns) + column)
    for group in range(5):
        for rotation in ((13, 15, 26, 6), (17, 29, 16, 24))[group % 2]:
            low = low + high
            high = low ^ ((high << np.uint32(rotation)) | (high >> np.uint32(32 - rotation)))
        low = low + schedule[(group + 1) % 3]
        high = high + schedule[(group + 2) % 3] + np.uint32(group + 1)
    return low ^ high


def normal_from_bits(bits: UInt32[Array, "rows columns"]) -> Float[Array, "rows columns"]:
    """The normal quantile function at a uniform number in (-1, 1), made of 23 of the bits."""
    one = np.float32(1).view(np.uint32)  # the bits below its exponent run through [1, 2)
    uniform = lax.bitcast_convert_type((bits >> np.uint32(9)) | one, jnp.float32) - np.float32(1)
    lowest = np.nextafter(np.float32(-1), np.float32(0))
    uniform = jnp.maximum(lowest, uniform * (np.float32(1) - lowest) + lowest)
    return np.float32(math.sqrt(2)) * lax.erf_inv(uniform)
