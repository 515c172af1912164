import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ._chebyshev import coefficients
from ._radial import RadialReference, squared_reach


class RadialTable(eqx.Module):
    r"""A radial reference as a smooth function of time and space that can be compiled, batched and differentiated.

    A polynomial in $\log(1 + 2 d t / c)$ and $\log(1 + |x|^2 / c)$, for a profile that changes over $|x|^2 \sim c$ and
    that diffusion moves inwards at the mean speed $2 d$. Made by [`zoo.references.tabulate`][].

    **Attributes:**

    - `table`: its Chebyshev coefficients, the powers of time along the rows.
    - `final_time`: the last time that it knows.
    - `dim`: the dimension.
    """

    table: Float[Array, "times radii"]
    dim: int = eqx.field(static=True)
    final_time: float = eqx.field(static=True)
    scale: float = eqx.field(static=True)
    far: float = eqx.field(static=True)

    def __call__(self, t: Float[Array, ""], x: Float[Array, " dim"]) -> Float[Array, ""]:
        """The value at one time and point, in the precision of the point.

        **Arguments:**

        - `t`: a scalar between 0 and `final_time`; the value is NaN at others.
        - `x`: shape `(dim,)`; further out than the reference reaches, the value where its reach at that
            time ends is returned.
        """
        t = jnp.asarray(t, x.dtype)
        in_time = jnp.log1p(2 * self.dim * t / self.scale) / math.log1p(2 * self.dim * self.final_time / self.scale)
        square = jnp.minimum(jnp.sum(x * x), squared_reach(self.far, self.dim, t))
        in_space = jnp.log1p(square / self.scale) / math.log1p(self.far / self.scale)
        rows, columns = self.table.shape
        table = jax.lax.stop_gradient(self.table).astype(x.dtype)
        value = _polynomials(1 - 2 * in_time, rows) @ table @ _polynomials(1 - 2 * in_space, columns)
        # Beyond its times a polynomial grows without bound.
        return jnp.where(jnp.abs(in_time - 0.5) < 0.5 + 1e-5, value, jnp.nan)


def tabulate(reference: RadialReference, *, num_times: int = 48) -> RadialTable:
    """A radial reference in the form that JAX can trace.

    **Arguments:**

    - `reference`: made by [`zoo.references.solve_radial`][].
    - `num_times`: Chebyshev points in time.

    **Returns:** a [`zoo.references.RadialTable`][].
    """
    nodes = (1 - np.cos(np.pi * np.arange(num_times) / (num_times - 1))) / 2
    rate = 2 * reference.dim / reference.scale
    times = np.expm1(nodes * math.log1p(rate * reference.final_time)) / rate
    values = np.stack([reference.nodal_values(min(t, reference.final_time)) for t in times])
    table = jnp.asarray(coefficients(coefficients(values).T).T)
    return RadialTable(table, reference.dim, reference.final_time, reference.scale, reference.far)


def _polynomials(y: Float[Array, ""], number: int) -> Float[Array, " number"]:
    """The Chebyshev polynomials of degrees 0 to `number - 1` at one point, by their recurrence."""

    def following(pair, _):
        before, here = pair
        return (here, 2 * y * here - before), before

    return jax.lax.scan(following, (jnp.ones_like(y), y), None, length=number)[1]
