import math

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, PRNGKeyArray

from .._arguments import check_count


class LocalInteraction(eqx.Module):
    r"""A network for functions that are sums of interactions between neighbouring coordinates.

    $$x \mapsto \sum_i a_i \cdot \phi(\lambda x_i, \ldots, \lambda x_{i + n - 1})$$

    where $\phi$ is one small multilayer perceptron, tanh throughout and at its end, that all neighbourhoods of $n$
    consecutive coordinates share, and $a_i \in \mathbb{R}^K$ a read-out of each site's own. At the start $a_i$ is
    normal with variance $1 / (K \cdot \mathrm{sites})$, so that the value is O(1) in every dimension. The number of
    parameters is $O(d)$ with a factor of $K$, where a dense network has its width.

    A coordinate touches $n$ neighbourhoods, and the Taylor-mode sweep knows it: beyond the value itself a derivative
    along a coordinate costs the same whatever $d$ is. There is no constant term; training fits one
    ([`stde_eqx.nn.Affine`][]).

    !!! example

        ```python
        net = stde.nn.LocalInteraction(1000, 2, input_scale=1000**0.5, key=key)
        stde.train(zoo.SineGordon(zoo.TwoBody(dim=1000, key=key)), net, estimator=stde.SparseSTDE(16), key=key)
        ```

    **Arguments:**

    - `dim`: the dimension $d$.
    - `size`: $n$, how many consecutive coordinates interact, from 1 to `dim`.
    - `width`, `depth`: of the hidden layers of $\phi$, and how many; `depth=0` is a tanh of affine functions.
    - `features`: $K$, how many features a neighbourhood has.
    - `periodic`: whether neighbourhoods wrap round, $x_{d+1} = x_1$: there are $d$ sites then, else $d - n + 1$.
    - `input_scale`: $\lambda$, a Python number that is not trained; $\sqrt d$ shows the network coordinates of size
        O(1) on the unit ball. See [`stde_eqx.nn.ScaledInput`][].
    - `key`: a `jax.random` key for the weights.

    It is called with one point of shape `(dim,)` and returns a scalar of its type.

    **Raises:**

    `ValueError` if a size is not a whole number in its range or `input_scale` not finite and nonzero; on call, if the
    point has another shape.
    """

    features: eqx.nn.MLP
    read_out: Float[Array, "sites features"]
    dim: int = eqx.field(static=True)
    size: int = eqx.field(static=True)
    periodic: bool = eqx.field(static=True)
    input_scale: float = eqx.field(static=True)

    def __init__(
        self,
        dim: int,
        size: int = 2,
        *,
        width: int = 32,
        depth: int = 2,
        features: int = 16,
        periodic: bool = False,
        input_scale: float | int = 1.0,
        key: PRNGKeyArray,
    ):
        self.dim, self.size = check_count("dim", dim), check_count("size", size)
        width, features = check_count("width", width), check_count("features", features)
        depth = check_count("depth", depth, least=0)
        if self.size > self.dim:
            raise ValueError(
                f"A neighbourhood has at most as many coordinates as a point: got size={size} in dim={dim}. Write a "
                f"size from 1 to {dim}, 2 for pairs of neighbours."
            )
        if not (isinstance(input_scale, float | int) and math.isfinite(input_scale) and input_scale != 0):
            raise ValueError(
                f"input_scale multiplies the coordinates: expected a finite number other than 0, got {input_scale!r}. "
                "Write 1.0 where coordinates are O(1), dim**0.5 on the unit ball."
            )
        self.periodic, self.input_scale = bool(periodic), float(input_scale)
        sites = self.dim if periodic else self.dim - self.size + 1
        shared_key, read_key = jr.split(key)
        self.features = eqx.nn.MLP(
            self.size, features, width, depth, activation=jnp.tanh, final_activation=jnp.tanh, key=shared_key
        )
        self.read_out = jr.normal(read_key, (sites, features)) / (sites * features) ** 0.5

    def __call__(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        if x.shape != (self.dim,):
            batched = " For a batch of points use jax.vmap." if x.ndim > 1 and x.shape[-1] == self.dim else ""
            raise ValueError(f"Expected one point, of shape ({self.dim},), got an array of shape {x.shape}.{batched}")
        x = self.input_scale * x
        sites = self.read_out.shape[0]
        if self.periodic and self.size > 1:
            x = jnp.concatenate([x, x[: self.size - 1]])
        neighbourhoods = jnp.stack([x[i : i + sites] for i in range(self.size)], axis=1)
        # Slices stacked, and a product summed rather than a contraction over the sites: so the sweep sees that a
        # coordinate direction lives on `size` sites, and never expands it to all of them.
        return jnp.sum(self.read_out * jax.vmap(self.features)(neighbourhoods))
