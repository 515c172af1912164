import equinox as eqx
import jax.numpy as jnp
from jax.scipy.special import ndtri
from jaxtyping import Array, Float

from stde_eqx.training.collocation import PushForward

from ..domains import AbstractDomain, Ball, Box, Cube, WholeSpace


def push_forward(domain: AbstractDomain) -> PushForward:
    r"""The law of a domain as a function of uniform numbers: $T(z)$ has the law of `domain.sample`.

    !!! example

        ```python
        points = stde.training.collocation.Sobol(zoo.sampling.push_forward(problem.domain))
        stde.train(problem, network, collocation=points, batch_size=128, key=key)
        ```

    A box takes one number a coordinate. [`zoo.Ball`][], [`zoo.Cube`][] and [`zoo.WholeSpace`][] take one more, the
    first of all: the distance from the origin, or the scale, of a point whose direction comes from normal quantiles.

    **Arguments:**

    - `domain`: a [`zoo.Box`][], [`zoo.Ball`][], [`zoo.Cube`][] or [`zoo.WholeSpace`][].

    **Returns:** a [`stde_eqx.training.collocation.PushForward`][], whose points have shape `(domain.dim,)`.

    **Raises:** `ValueError` for another domain.
    """
    for kind, function, extra in _LAWS:
        if isinstance(domain, kind):
            return PushForward(eqx.Partial(function, domain), domain.dim + extra)
    raise ValueError(
        f"The laws of zoo.Box, zoo.Ball, zoo.Cube and zoo.WholeSpace are known as functions of uniform numbers, got "
        f"{domain!r}. Write your own: stde.training.collocation.PushForward(lambda z: 2 * z - 1, dim=2)."
    )


def _into_box(box: Box, z: Float[Array, " dim"]) -> Float[Array, " dim"]:
    lower, upper, sides = (jnp.asarray(corner, z.dtype) for corner in (box.lower, box.upper, box.sides))
    return jnp.minimum(lower + sides * z, upper)  # which the sum may exceed by its rounding


def _into_ball(ball: Ball, z: Float[Array, " numbers"]) -> Float[Array, " dim"]:
    normal = ndtri(z[1:])
    square = jnp.sum(normal * normal)
    return ball.radius * z[0] * normal / jnp.sqrt(jnp.maximum(square, jnp.finfo(z.dtype).tiny))


def _into_cube(cube: Cube, z: Float[Array, " numbers"]) -> Float[Array, " dim"]:
    return cube.half_width * jnp.tanh(cube.spread * z[0] * ndtri(z[1:]))


def _into_whole_space(space: WholeSpace, z: Float[Array, " numbers"]) -> Float[Array, " dim"]:
    return 3**0.5 * z[0] * ndtri(z[1:])


_LAWS = ((Box, _into_box, 0), (Ball, _into_ball, 1), (Cube, _into_cube, 1), (WholeSpace, _into_whole_space, 1))
