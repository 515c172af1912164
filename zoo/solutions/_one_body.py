import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, PRNGKeyArray

from ..domains import AbstractDomain
from ._base import as_domain, refuse_whole_space
from ._neighbour_sum import AbstractNeighbourSum


class ExponentialSum(AbstractNeighbourSum):
    r"""A one-body solution of exponentials: the coordinates do not interact.

    $$u(x) = b(x) \sum_{i=1}^{d} c_i e^{x_i}, \qquad b(x) = R^2 - |x|^2$$

    with $v \cdot \nabla e^{x_i} = v_i e^{x_i}$ and $\Delta e^{x_i} = e^{x_i}$. Second derivatives of the sum are all
    on the diagonal: what an estimator from random vectors has no variance for.

    **Arguments:**

    - `dim`: the dimension $d$, at least 1.
    - `key`: a `jax.random` key for the coefficients $c_i \sim N(0, 1)$.
    - `radius`: the radius $R$ of the ball, positive; 1 if neither this nor a domain is given.
    - `domain`: where the solution lives instead of a ball about the origin, such as [`zoo.Cube`][], with $b$ its
        boundary factor; not [`zoo.WholeSpace`][], where it would grow without bound.

    **Raises:**

    `ValueError` if `dim`, `radius` or `domain` is out of range, or both `radius` and `domain` are given.
    """

    domain: AbstractDomain
    coefficients: Float[Array, " dim"]

    def __init__(
        self, dim: int, *, key: PRNGKeyArray, radius: float | None = None, domain: AbstractDomain | None = None
    ):
        self.domain = as_domain(dim, radius, domain)
        refuse_whole_space("ExponentialSum", self.domain, instead="zoo.TanhSum")
        self.coefficients = jr.normal(key, (self.domain.dim,))

    @property
    def value_at_origin(self) -> float:
        return 1.0

    def terms(self, x: Float[Array, " dim"]) -> Float[Array, " terms"]:
        return jnp.exp(x)

    def terms_and_derivatives(
        self, x: Float[Array, " dim"], vector: Float[Array, " dim"]
    ) -> tuple[Float[Array, " terms"], Float[Array, " terms"], Float[Array, " terms"]]:
        exp_x = jnp.exp(x)
        return exp_x, vector * exp_x, exp_x


class TanhSum(AbstractNeighbourSum):
    r"""A one-body solution of hyperbolic tangents: the coordinates do not interact.

    $$u(x) = b(x) \sum_{i=1}^{d} c_i \tanh x_i, \qquad b(x) = R^2 - |x|^2$$

    with $t = \tanh x_i$, $v \cdot \nabla t = v_i (1 - t^2)$ and $\Delta t = -2 t (1 - t^2)$. It is odd, so that its
    mean over the ball is zero: the best constant explains nothing of it.

    **Arguments:**

    - `dim`: the dimension $d$, at least 1.
    - `key`: a `jax.random` key for the coefficients $c_i \sim N(0, 1)$.
    - `radius`: the radius $R$ of the ball, positive; 1 if neither this nor a domain is given.
    - `domain`: where the solution lives instead of a ball about the origin, such as [`zoo.Cube`][] or
        [`zoo.WholeSpace`][], with $b$ its boundary factor.

    **Raises:**

    `ValueError` if `dim` or `radius` is out of range, or both `radius` and `domain` are given.
    """

    domain: AbstractDomain
    coefficients: Float[Array, " dim"]

    def __init__(
        self, dim: int, *, key: PRNGKeyArray, radius: float | None = None, domain: AbstractDomain | None = None
    ):
        self.domain = as_domain(dim, radius, domain)
        self.coefficients = jr.normal(key, (self.domain.dim,))

    @property
    def value_at_origin(self) -> float:
        return 0.0

    def terms(self, x: Float[Array, " dim"]) -> Float[Array, " terms"]:
        return jnp.tanh(x)

    def terms_and_derivatives(
        self, x: Float[Array, " dim"], vector: Float[Array, " dim"]
    ) -> tuple[Float[Array, " terms"], Float[Array, " terms"], Float[Array, " terms"]]:
        t = jnp.tanh(x)
        slope = 1 - t * t
        return t, vector * slope, -2 * t * slope
