"""Laws of random vectors that depend on each other, so that their errors cancel."""

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import scipy.linalg
from jaxtyping import Array, Float, PRNGKeyArray

from ..operators import AbstractDistribution
from ._distributions import Rademacher


class Orthogonal(AbstractDistribution):
    r"""Vectors of length $\sqrt d$ that are orthogonal within each block, with uniformly random directions.

    For a second-order operator $d$ of them are exact, and $V$ have $(d - V) / (d - 1)$ times the variance of $V$
    independent ones on the sphere. They cost a QR factorisation, $O(d\, \mathrm{block}^2)$.

    **Arguments:**

    - `block`: the length of a block, at most the dimension; all samples, if they are no more than that, if `None`. A
        standard error needs two blocks.

    **Raises:** on use, `ValueError` for a number of samples that is not a multiple of the length of a block.
    """

    block: int | None = eqx.field(static=True, default=None)

    def _length(self, num_samples: int, dim: int) -> int:
        return min(num_samples, dim) if self.block is None else self.block

    def num_blocks(self, num_samples: int, dim: int) -> int:
        length = self._length(num_samples, dim)
        if not 1 <= length <= dim or num_samples % length:
            raise ValueError(
                f"Orthogonal draws blocks of {length} vectors in {dim} dimensions, got num_samples={num_samples}: the "
                "length of a block is at most the dimension, and the number of samples a multiple of it."
            )
        return num_samples // length

    def sample(self, num_samples: int, dim: int, dtype: Any, *, key: PRNGKeyArray) -> Float[Array, "samples dim"]:
        blocks = self.num_blocks(num_samples, dim)
        q, r = jnp.linalg.qr(jr.normal(key, (blocks, dim, num_samples // blocks), jnp.finfo(dtype).dtype))
        # With a positive diagonal of R the factor Q has Haar's law (Mezzadri, Notices of the AMS 54, 2007).
        signs = jnp.where(jnp.diagonal(r, axis1=1, axis2=2) < 0, -1, 1).astype(q.dtype)
        vectors = jnp.swapaxes(q * signs[:, None], 1, 2)
        return math.sqrt(dim) * vectors.reshape(num_samples, dim).astype(dtype)


class Antithetic(AbstractDistribution):
    r"""Every vector together with copies in which some coordinates have changed sign, by the rows of a Hadamard matrix.

    Coordinate $i$ has the colour $i \bmod c$, where $c$ is the number of copies, and the colours' signs are orthogonal
    over the copies: in a second-order estimate $H_{ij}$ drops out wherever $i$ and $j$ have different colours. With
    two copies nearest neighbours are decoupled, with four those at distance two and three as well. Changing all signs
    at once, as antithetic pairs usually do, would change nothing: an operator of even order takes the same value at
    $v$ and $-v$.

    **Arguments:**

    - `distribution`: a law that does not change with the signs of coordinates, such as [`stde_eqx.Rademacher`][].
    - `copies`: a power of two.

    **Raises:** `ValueError` for other numbers of copies; on use, for a number of samples that is not a multiple of it.

    ??? cite "Reference"

        Tang and Saad, *A probing method for computing the diagonal of a matrix inverse*, Numerical Linear Algebra with
        Applications 19 (2012), with the colours of Stathopoulos, Laeuchli and Orginos, *Hierarchical probing for
        estimating the trace of the matrix inverse on toroidal lattices*, SIAM Journal on Scientific Computing 35
        (2013).
    """

    distribution: AbstractDistribution = Rademacher()
    copies: int = eqx.field(static=True, default=2)

    def __check_init__(self) -> None:
        if self.copies < 1 or self.copies & (self.copies - 1):
            raise ValueError(f"Antithetic needs a power of two as its number of copies, got {self.copies}.")

    def num_blocks(self, num_samples: int, dim: int) -> int:
        if num_samples % self.copies:
            raise ValueError(
                f"Antithetic draws {self.copies} vectors at a time, got num_samples={num_samples}: take a multiple."
            )
        return self.distribution.num_blocks(num_samples // self.copies, dim)

    def sample(self, num_samples: int, dim: int, dtype: Any, *, key: PRNGKeyArray) -> Float[Array, "samples dim"]:
        self.num_blocks(num_samples, dim)
        vectors = self.distribution.sample(num_samples // self.copies, dim, dtype, key=key)
        hadamard = jnp.asarray(scipy.linalg.hadamard(self.copies), dtype)
        signs = hadamard[:, np.arange(dim) % self.copies]
        return jax.vmap(lambda v: v[None] * signs)(vectors).reshape(num_samples, dim)
