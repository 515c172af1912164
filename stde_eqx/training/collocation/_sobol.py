import functools
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from ._base import AbstractCollocation
from ._push_forward import as_law, points_of, PushForward


#: The direction numbers of SciPy are of so many binary digits.
_BITS = 30

#: And there are so many of them.
_MAX_DIM = 21_201


class Sobol(AbstractCollocation):
    r"""The points of Sobol's sequence, shifted at random at every step.

    They fill the cube more evenly than random points do: the mean of a smooth function over $N$ of them has an error
    of nearly $O(1/N)$, where that of random points is $O(1/\sqrt N)$. The shift changes the binary digits, the same
    ones of all points, so that every point is uniform by itself and the loss remains unbiased.

    What that gives depends on how the loss depends on the points. In a few dimensions it is much; in many it is what
    the first few numbers of the law contribute, and none of it is left where the noise of sampled operators prevails.

    !!! example

        ```python
        points = stde.training.collocation.Sobol(problem.domain.push_forward)
        stde.train(problem, network, collocation=points, batch_size=128, key=key)
        ```

    Powers of 2 are the batch sizes for which the points are balanced.

    **Arguments:**

    - `law`: a [`stde_eqx.training.collocation.PushForward`][] of at most 21 201 numbers. It takes the place of the
        problem's own law.

    **Raises:** `ValueError` for a law of another kind or of too many numbers, and while the step is traced for one
        whose points are not of the problem's shape.

    ??? cite "Reference"

        Sobol', "On the distribution of points in a cube and the approximate evaluation of integrals", USSR
        Computational Mathematics and Mathematical Physics 7, 1967. Joe & Kuo, "Constructing Sobol sequences with better
        two-dimensional projections", SIAM Journal on Scientific Computing 30(5), 2008.
    """

    law: PushForward

    def __init__(self, law: PushForward):
        self.law = as_law("Sobol", law)
        if law.dim > _MAX_DIM:
            raise ValueError(
                f"Sobol's sequence is known in at most {_MAX_DIM} dimensions, and the law takes {law.dim} numbers: "
                "write `LatinHypercube(law)`, which has no such bound."
            )

    def uniforms(self, num_points: int, *, key: PRNGKeyArray) -> Float[Array, "points dim"]:
        """Points of the unit cube.

        **Arguments:**

        - `num_points`: how many, a Python integer.
        - `key`: a `jax.random` key.

        **Returns:** shape `(num_points, law.dim)`, above 0 and below 1.
        """
        directions = _direction_numbers(self.law.dim, (num_points - 1).bit_length())
        index = np.arange(num_points, dtype=np.uint32)
        gray = index ^ (index >> 1)
        # Point n is the sum without carry of the direction numbers of the digits of its Gray code. It begins with the
        # shift, which the compiler does not know: it would otherwise compute all points, and store them.
        shift = jr.bits(key, (1, self.law.dim), jnp.uint32) >> (32 - _BITS)
        digits = jnp.broadcast_to(shift, (num_points, self.law.dim))
        for position, direction in enumerate(directions):
            is_set = jnp.asarray((gray >> position) & 1)
            digits = digits ^ (is_set[:, None] * jnp.asarray(direction)[None])
        # The middle of the cell of the digits that are kept, which the floating-point type holds exactly: a quantile
        # of 0 or 1 may be infinite.
        dtype = jnp.result_type(float)
        kept = min(_BITS, jnp.finfo(dtype).nmant)
        return ((digits >> (_BITS - kept)).astype(dtype) + 0.5) * 2.0**-kept

    def __call__(
        self,
        sample: Callable[[int, PRNGKeyArray], Any],
        indicator: Callable[[Any, PRNGKeyArray], Float[Array, " points"]],
        num_points: int,
        *,
        key: PRNGKeyArray,
    ) -> Any:
        return points_of(self.law, self.uniforms(num_points, key=key), sample, key=key)


@functools.cache
def _direction_numbers(dim: int, count: int) -> np.ndarray:
    """The first direction numbers of every coordinate, of shape `(count, dim)`."""
    from scipy.stats import qmc  # here, since it takes longer to import than all the rest

    # Point 2^(j+1) - 1 of the sequence is the one whose Gray code is 2^j: direction number j by itself.
    sequence = qmc.Sobol(dim, scramble=False, bits=_BITS)
    numbers, passed = np.empty((count, dim), np.uint32), 0
    for j in range(count):
        sequence.fast_forward(2 ** (j + 1) - 1 - passed)
        numbers[j] = np.rint(sequence.random(1)[0] * 2**_BITS)
        passed = 2 ** (j + 1)
    return numbers
