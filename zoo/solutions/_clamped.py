import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

import stde_eqx as stde

from ..domains import Ball
from ._neighbour_sum import AbstractNeighbourSum


class Clamped(eqx.Module):
    r"""A neighbour sum with the square of the boundary factor: it vanishes on the sphere together with its slope.

    $$u(x) = \omega(x)\, s(x), \qquad \omega = (R^2 - |x|^2)^2, \quad s(x) = \sum_i c_i \varphi_i(x)$$

    For any function $t$ and a radial $a(\rho)$ with $\rho = |x|^2$ and $E = x \cdot \nabla$,
    $\Delta(a t) = a \Delta t + 4 a' E t + (2 d a' + 4 \rho a'') t$. Twice applied, with $\Delta E = E \Delta + 2
    \Delta$, $\omega' = -2 (R^2 - \rho)$ and $C = 2 d \omega' + 8 \rho$,

    $$\Delta^2 u = \omega \Delta^2 s + 8 \omega' E \Delta s + (2 C + 8 \omega') \Delta s + 32 E^2 s + 32 (d + 1) E s
    + 8 d (d + 2) s.$$

    The derivatives of each $\varphi_i$ are taken in its few coordinates, so that the cost is $O(d)$.

    **Arguments:**

    - `sum`: a [`zoo.TwoBody`][], [`zoo.ThreeBody`][], [`zoo.ExponentialSum`][] or [`zoo.TanhSum`][], whose
        coefficients and ball are used.

    **Raises:**

    `ValueError` if the sum lives on another domain than a ball, for which the formula does not hold.
    """

    sum: AbstractNeighbourSum

    def __check_init__(self) -> None:
        if not isinstance(self.sum.domain, Ball):
            raise ValueError(
                "A clamped solution lives on a ball, where its bilaplacian is known; got one on "
                f"{self.sum.domain!r}. Write {type(self.sum).__name__}({self.sum.dim}, key=..., radius=...)."
            )

    @property
    def domain(self) -> Ball:
        """The ball."""
        domain = self.sum.domain
        assert isinstance(domain, Ball)  # by `__check_init__`
        return domain

    @property
    def dim(self) -> int:
        """The dimension."""
        return self.sum.dim

    @property
    def reach(self) -> int:
        """How many neighbouring coordinates a term of the sum is a function of."""
        return self.sum.reach

    def factor(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        r"""$\omega(x)$, zero on the sphere with its gradient."""
        return self.domain.boundary_factor(x) ** 2

    def __call__(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        """The value at one point, of shape `(dim,)`: a scalar."""
        return self.factor(x) * self.sum.weighted_sum(self.sum.terms(x))

    def bilaplacian(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        r"""$\Delta^2 u$ at one point, of shape `(dim,)`: a scalar."""
        windows = jnp.stack([x[i : self.dim - self.reach + 1 + i] for i in range(self.reach)], axis=1)
        terms, *derivatives = jax.vmap(self._local)(windows)
        value = self.sum.weighted_sum(terms)
        e, e_squared, laplacian, e_laplacian, bilaplacian = map(self.sum.contract, derivatives)
        # As a float: of the integers that JAX has in single precision, d (d + 2) soon is none.
        d, b = float(self.dim), self.domain.boundary_factor(x)
        slope = -2 * b
        c = 2 * d * slope + 8 * (self.domain.radius**2 - b)
        return (
            b**2 * bilaplacian
            + 8 * slope * e_laplacian
            + (2 * c + 8 * slope) * laplacian
            + 32 * e_squared
            + 32 * (d + 1) * e
            + 8 * d * (d + 2) * value
        )

    def _local(self, window: Float[Array, " reach"]) -> tuple[Float[Array, ""], ...]:
        """One term and what the formula needs of it, in its own coordinates."""
        term = lambda w: self.sum.terms(w)[0]
        along = stde.operators.Vectors(window[None]).coefficient(window)
        value, ((first,), (second,)) = stde.taylor.directional_derivatives(term, window, along, order=2, size=1)
        laplacian = lambda w: stde.Laplacian()(term, w)
        curvature, ((radial,),) = stde.taylor.directional_derivatives(laplacian, window, along, order=1, size=1)
        # E^2 = x_i d_i (x_j d_j) = D^2[x, x] + E.
        return value, first, second + first, curvature, radial, stde.Biharmonic()(term, window)
