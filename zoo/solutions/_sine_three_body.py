import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, PRNGKeyArray

from ..domains import AbstractDomain
from ._base import as_domain
from ._neighbour_sum import AbstractNeighbourSum
from ._three_body import product_and_derivatives


class SineThreeBody(AbstractNeighbourSum):
    r"""A bounded three-body solution, of which no constant explains anything: for domains where coordinates are O(1).

    $$u(x) = b(x) \sum_{i=1}^{d-2} c_i \sin t_i, \qquad t_i = x_i x_{i+1} x_{i+2}$$

    It is odd in every coordinate, so that its mean is zero under every law that is even in one. With $t = xyz$, which
    is harmonic, and $v$ any vector,

    $$v \cdot \nabla \sin t = (v \cdot \nabla t) \cos t, \qquad \Delta \sin t = -|\nabla t|^2 \sin t.$$

    Where coordinates are small, as on the unit ball in high dimension, it is nearly zero; there is [`zoo.ThreeBody`][]
    for that. The cost is $O(d)$.

    **Arguments:**

    - `dim`: the dimension $d$, at least 3.
    - `key`: a `jax.random` key for the coefficients $c_i \sim N(0, 1)$.
    - `domain`: where the solution lives, such as [`zoo.WholeSpace`][] or [`zoo.Cube`][], with $b$ its boundary
        factor.

    **Raises:**

    `ValueError` if `dim` is out of range or not that of the domain.
    """

    domain: AbstractDomain
    coefficients: Float[Array, " dim-2"]

    def __init__(self, dim: int, *, key: PRNGKeyArray, domain: AbstractDomain):
        if domain is None:
            raise ValueError(
                f"SineThreeBody is for a domain that it is told, such as domain=zoo.Cube({dim!r}), got None."
            )
        self.domain = as_domain(dim, None, domain)
        if self.domain.dim < 3:
            raise ValueError(
                f"SineThreeBody couples triples of neighbouring coordinates: it needs dim >= 3, got dim={dim}."
            )
        self.coefficients = jr.normal(key, (self.domain.dim - 2,))

    @property
    def value_at_origin(self) -> float:
        return 0.0

    def terms(self, x: Float[Array, " dim"]) -> Float[Array, " terms"]:
        return jnp.sin(x[:-2] * x[1:-1] * x[2:])

    def terms_and_derivatives(
        self, x: Float[Array, " dim"], vector: Float[Array, " dim"]
    ) -> tuple[Float[Array, " terms"], Float[Array, " terms"], Float[Array, " terms"]]:
        t, slope, square = product_and_derivatives(x, vector)
        sin_t = jnp.sin(t)
        return sin_t, slope * jnp.cos(t), -square * sin_t
