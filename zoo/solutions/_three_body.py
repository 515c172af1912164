import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, PRNGKeyArray

from ..domains import Ball
from ._neighbour_sum import AbstractNeighbourSum


class ThreeBody(AbstractNeighbourSum):
    r"""The three-body solution: every coordinate interacts with the next two.

    $$u(x) = (R^2 - |x|^2) \sum_{i=1}^{d-2} c_i \exp(t_i), \qquad t_i = x_i x_{i+1} x_{i+2}$$

    With $(x, y, z) = (x_i, x_{i+1}, x_{i+2})$ and $t = xyz$, homogeneous of degree 3 and harmonic,

    $$x \cdot \nabla e^t = 3 t e^t, \qquad \Delta e^t = |\nabla t|^2 e^t = ((xy)^2 + z^2 (x^2 + y^2)) \, e^t.$$

    The cost is $O(d)$.

    **Arguments:**

    - `dim`: the dimension $d$, at least 3.
    - `key`: a `jax.random` key for the coefficients $c_i \sim N(0, 1)$.
    - `radius`: the radius $R$ of the ball, positive.

    **Raises:**

    `ValueError` if `dim` or `radius` is out of range.

    ??? cite "Reference"

        Shi, Hu, Lin & Kawaguchi, "Stochastic Taylor Derivative Estimator", NeurIPS 2024, arXiv:2412.00088; there with
        radius 1. The public code of that paper leaves out the factors $(xy)^2, \dots$ of $|\nabla t|^2$.
    """

    domain: Ball
    coefficients: Float[Array, " dim-2"]

    def __init__(self, dim: int, *, key: PRNGKeyArray, radius: float = 1.0):
        self.domain = Ball(dim, radius)
        if self.domain.dim < 3:
            raise ValueError(
                f"ThreeBody couples triples of neighbouring coordinates: it needs dim >= 3, got dim={dim}."
            )
        self.coefficients = jr.normal(key, (self.domain.dim - 2,))

    @property
    def value_at_origin(self) -> float:
        return 1.0

    def terms(self, x: Float[Array, " dim"]) -> Float[Array, " terms"]:
        return jnp.exp(x[:-2] * x[1:-1] * x[2:])

    def terms_and_derivatives(self, x):
        x, y, z = x[:-2], x[1:-1], x[2:]
        xy = x * y
        t = xy * z
        exp_t = jnp.exp(t)
        return exp_t, 3 * t * exp_t, (xy * xy + z * z * (x * x + y * y)) * exp_t
