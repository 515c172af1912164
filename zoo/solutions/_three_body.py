import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, PRNGKeyArray

from ..domains import AbstractDomain
from ._base import as_domain, refuse_whole_space
from ._neighbour_sum import AbstractNeighbourSum


class ThreeBody(AbstractNeighbourSum):
    r"""The three-body solution: every coordinate interacts with the next two.

    $$u(x) = b(x) \sum_{i=1}^{d-2} c_i \exp(t_i), \qquad b(x) = R^2 - |x|^2, \quad t_i = x_i x_{i+1} x_{i+2}$$

    With $(x, y, z) = (x_i, x_{i+1}, x_{i+2})$ and $t = xyz$, which is harmonic, and $v$ any vector,

    $$v \cdot \nabla e^t = (v \cdot \nabla t) \, e^t, \quad \Delta e^t = |\nabla t|^2 e^t, \quad
    |\nabla t|^2 = (xy)^2 + z^2 (x^2 + y^2).$$

    The cost is $O(d)$.

    **Arguments:**

    - `dim`: the dimension $d$, at least 3.
    - `key`: a `jax.random` key for the coefficients $c_i \sim N(0, 1)$.
    - `radius`: the radius $R$ of the ball, positive; 1 if neither this nor a domain is given.
    - `domain`: where the solution lives instead of a ball about the origin, such as [`zoo.Cube`][], with $b$ its
        boundary factor; not [`zoo.WholeSpace`][], where it would grow without bound and have no mean.

    **Raises:**

    `ValueError` if `dim`, `radius` or `domain` is out of range, or both `radius` and `domain` are given.

    ??? cite "Reference"

        Shi, Hu, Lin & Kawaguchi, "Stochastic Taylor Derivative Estimator", NeurIPS 2024, arXiv:2412.00088; there with
        radius 1. The public code of that paper leaves out the factors $(xy)^2, \dots$ of $|\nabla t|^2$.
    """

    domain: AbstractDomain
    coefficients: Float[Array, " dim-2"]

    def __init__(
        self, dim: int, *, key: PRNGKeyArray, radius: float | None = None, domain: AbstractDomain | None = None
    ):
        self.domain = as_domain(dim, radius, domain)
        if self.domain.dim < 3:
            raise ValueError(
                f"ThreeBody couples triples of neighbouring coordinates: it needs dim >= 3, got dim={dim}."
            )
        # Over normal x, y, z even the mean of exp(xyz) diverges.
        refuse_whole_space("ThreeBody", self.domain, instead="zoo.SineThreeBody")
        self.coefficients = jr.normal(key, (self.domain.dim - 2,))

    @property
    def value_at_origin(self) -> float:
        return 1.0

    def terms(self, x: Float[Array, " dim"]) -> Float[Array, " terms"]:
        return jnp.exp(x[:-2] * x[1:-1] * x[2:])

    def terms_and_derivatives(
        self, x: Float[Array, " dim"], vector: Float[Array, " dim"]
    ) -> tuple[Float[Array, " terms"], Float[Array, " terms"], Float[Array, " terms"]]:
        t, slope, square = product_and_derivatives(x, vector)
        exp_t = jnp.exp(t)
        return exp_t, slope * exp_t, square * exp_t


def product_and_derivatives(
    x: Float[Array, " dim"], vector: Float[Array, " dim"]
) -> tuple[Float[Array, " dim-2"], Float[Array, " dim-2"], Float[Array, " dim-2"]]:
    r"""$t$, $v \cdot \nabla t$ and $|\nabla t|^2$ for the product $t$ of every three consecutive coordinates."""
    (x, y, z), (u, v, w) = ((a[:-2], a[1:-1], a[2:]) for a in (x, vector))
    xy = x * y
    return xy * z, (u * y + x * v) * z + xy * w, xy * xy + z * z * (x * x + y * y)
