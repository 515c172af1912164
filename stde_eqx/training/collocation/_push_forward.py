from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
from jaxtyping import Array, Float, PRNGKeyArray


class PushForward(eqx.Module):
    r"""A law of points, given by a function of uniform random numbers: $x = T(z)$ with $z$ uniform in $(0, 1)^m$.

    That is what it takes to draw points more evenly than at random, see
    [`stde_eqx.training.collocation.Sobol`][]. Domains of the zoo have theirs as `domain.push_forward`.

    !!! example

        ```python
        square = stde.training.collocation.PushForward(lambda z: 2 * z - 1, dim=2)
        space_time = stde.training.collocation.PushForward(lambda z: (z[0], 2 * z[1:] - 1), dim=1 + 10)
        ```

    **Arguments:**

    - `function`: $T$, from an array of shape `(dim,)` with entries above 0 and below 1 to one point of the problem: an
        array, or a tuple of a time and an array. Where its numbers are not alike, the first should be those that matter
        most: low-discrepancy points are at their best there.
    - `dim`: $m$, how many numbers it takes; not always the dimension of the point.

    **Raises:** `ValueError` for an argument that is not a function, or not a positive integer.
    """

    function: Callable[[Float[Array, " dim"]], Any]
    dim: int = eqx.field(static=True)

    def __check_init__(self) -> None:
        if not callable(self.function):
            raise ValueError(
                "`function` of `PushForward` maps one array of uniform numbers to a point, such as `lambda z: 2 * z - "
                f"1`; got {self.function!r}."
            )
        if isinstance(self.dim, bool) or not isinstance(self.dim, int) or self.dim < 1:
            raise ValueError(
                "`dim` of `PushForward` is how many uniform numbers the function takes, an integer of at least 1; got "
                f"{self.dim!r}."
            )

    def __call__(self, z: Float[Array, " dim"]) -> Any:
        """One point, for one array of numbers."""
        return self.function(z)


def as_law(name: str, law: Any) -> PushForward:
    """What a collocation was given, if it is a law."""
    if not isinstance(law, PushForward):
        raise ValueError(
            f"`{name}` needs a law that is a function of uniform numbers, such as "
            f"`problem.domain.push_forward` or `stde.training.collocation.PushForward(lambda z: 2 * z - "
            f"1, dim=2)`; got {law!r}."
        )
    return law


def points_of(
    law: PushForward,
    uniforms: Float[Array, "points dim"],
    sample: Callable[[int, PRNGKeyArray], Any],
    *,
    key: PRNGKeyArray,
) -> Any:
    """The points of a law, once it is clear that the problem has such points, in the problem's precision."""
    points = jax.vmap(law)(uniforms)
    wanted = jax.eval_shape(lambda key: sample(uniforms.shape[0], key), key)
    shapes = lambda tree: (jax.tree.structure(tree), [leaf.shape for leaf in jax.tree.leaves(tree)])
    if shapes(points) != shapes(wanted):
        one = lambda tree: jax.tree.map(lambda leaf: leaf.shape[1:], tree)
        raise ValueError(
            f"The points of the law have shape {one(points)}, those of the problem {one(wanted)}: the function of a "
            "`PushForward` returns one point as the problem takes it, `x` of shape (dim,), or a tuple `(t, x)`."
        )
    return jax.tree.map(lambda leaf, like: leaf.astype(like.dtype), points, wanted)
