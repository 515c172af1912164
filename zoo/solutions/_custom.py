from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

import stde_eqx as stde

from ..domains import AbstractDomain
from ._base import AbstractSolution, as_domain


class CustomSolution(AbstractSolution):
    r"""A solution of one's own: any smooth function times the boundary factor, which makes it vanish on the
    boundary.

    $$u(x) = b(x) \, \mathrm{profile}(x), \qquad b(x) = R^2 - |x|^2$$

    Every smooth function that vanishes on the sphere has this form. The Laplacian is exact, by Taylor-mode automatic
    differentiation: it costs as much as $d$ directional derivatives of the profile.

    !!! example

        ```python
        zoo.Poisson(zoo.CustomSolution(lambda x: jnp.cos(jnp.sum(x)), dim=10))
        ```

    **Arguments:**

    - `profile`: a callable of one point of shape `(dim,)` with a scalar value.
    - `dim`: the dimension $d$, at least 1.
    - `radius`: the radius $R$ of the ball, positive; 1 if neither this nor a domain is given.
    - `domain`: where the solution lives instead of a ball, such as [`zoo.Cube`][], with $b$ its boundary factor.

    **Raises:**

    `ValueError` if `dim` or `radius` is out of range, both `radius` and `domain` are given, or `profile` is not a
    callable with a scalar value.
    """

    profile: Callable[..., Any]
    domain: AbstractDomain

    def __init__(
        self,
        profile: Callable[[Float[Array, " dim"]], Float[Array, ""]],
        dim: int,
        radius: float | None = None,
        *,
        domain: AbstractDomain | None = None,
    ):
        self.profile = profile
        self.domain = as_domain(dim, radius, domain)
        if not callable(profile):
            raise ValueError(f"profile must be a function of one point x, got {profile!r}.")
        value = eqx.filter_eval_shape(profile, jax.ShapeDtypeStruct((self.dim,), jnp.result_type(float)))
        if getattr(value, "shape", None) != ():
            raise ValueError(f"profile must return a scalar at a point of shape ({self.dim},), got {value!r}.")

    def __call__(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        return self.domain.boundary_factor(x) * self.profile(x)

    def value_and_laplacian(self, x: Float[Array, " dim"]) -> tuple[Float[Array, ""], Float[Array, ""]]:
        return stde.value_and_apply(stde.Laplacian(), self, x)
