import abc
from typing import Any

import equinox as eqx
from jaxtyping import Array, Float

from ..domains import AbstractDomain, Ball, WholeSpace


class AbstractSolution(eqx.Module):
    """A function that vanishes on the boundary of a domain, known together with its Laplacian.

    It is what a problem of the zoo is manufactured from. A function of one's own, without a Laplacian by hand, is a
    [`zoo.CustomSolution`][].
    """

    domain: eqx.AbstractVar[AbstractDomain]

    @property
    def dim(self) -> int:
        """The dimension of the domain."""
        return self.domain.dim

    @abc.abstractmethod
    def __call__(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        """The value at one point, of shape `(dim,)`: a scalar."""

    @abc.abstractmethod
    def value_and_laplacian(self, x: Float[Array, " dim"]) -> tuple[Float[Array, ""], Float[Array, ""]]:
        """The value and the exact Laplacian at one point, of shape `(dim,)`: two scalars."""


def as_domain(dim: int, radius: float | None, domain: Any) -> AbstractDomain:
    """The domain that a solution is given, or the ball of a radius, 1 if there is none either."""
    if domain is None:
        return Ball(dim, 1.0 if radius is None else radius)
    if radius is not None:
        raise ValueError(
            f"A solution lives on a ball of a radius or on a domain, got both radius={radius!r} and domain={domain!r}. "
            f"Write either one: radius={radius!r} means domain=zoo.Ball({dim!r}, {radius!r})."
        )
    if not isinstance(domain, AbstractDomain):
        raise ValueError(f"domain must be a domain, such as zoo.Cube({dim!r}), got {domain!r}.")
    if domain.dim != dim:
        raise ValueError(
            f"A solution and its domain have the same dimension, got dim={dim!r} and a domain with dim={domain.dim}. "
            f"Write for example dim={domain.dim}."
        )
    return domain


def refuse_whole_space(name: str, domain: AbstractDomain, *, instead: str) -> None:
    """Solutions that grow exponentially refuse by this the domain whose condition is to vanish at infinity."""
    if isinstance(domain, WholeSpace):
        raise ValueError(
            f"{name} grows exponentially and the solution is to tend to zero at infinity: got domain={domain!r}. Write "
            f"{instead}({domain.dim}, ...), which is bounded, or give a bounded domain, such as "
            f"domain=zoo.Cube({domain.dim}, half_width=2.0)."
        )
