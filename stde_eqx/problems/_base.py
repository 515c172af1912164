import abc
from typing import Any

import equinox as eqx
from jaxtyping import Array, Float, PRNGKeyArray

from .._arguments import check_count
from .._custom_types import Field
from ..operators import AbstractEstimator


class AbstractProblem(eqx.Module):
    r"""What a PDE offers, so that it can be trained: where it lives, its residual, its boundary.

    A problem of one's own is a subclass with a field `dim` and the methods `sample` and `residual`; `ansatz` and
    `exact` have defaults. Everything but `sample` acts on one point; batching is the caller's `jax.vmap`. As it stands
    it is for an unknown `u(x)`. The kinds that follow from it call their unknown with something else as well: for an
    unknown `u(t, x)` there is [`stde_eqx.AbstractTimeDependent`][], for a family of equations with an unknown `u(a, x)`
    [`stde_eqx.AbstractFamily`][].

    !!! example

        ```python
        class Helmholtz(stde.AbstractProblem):
            dim: int
            wavenumber: float

            def sample(self, num_points, *, key):
                return jax.random.uniform(key, (num_points, self.dim))

            def residual(self, u, x, *, estimator, key):
                value, laplacian = stde.value_and_apply(stde.Laplacian(), u, x, estimator=estimator, key=key)
                return laplacian + self.wavenumber**2 * value - jnp.mean(jnp.sin(jnp.pi * x))

            def ansatz(self, net):
                return stde.nn.HardConstraint(lambda x: jnp.prod(4 * x * (1 - x)), net)
        ```
    """

    dim: eqx.AbstractVar[int]

    def __check_init__(self) -> None:
        if isinstance(self.dim, Array):
            raise ValueError(f"`dim` must be a Python integer, known while tracing; got the array {self.dim}.")
        check_count("dim", self.dim)

    @abc.abstractmethod
    def sample(self, num_points: int, *, key: PRNGKeyArray) -> Float[Array, "points dim"]:
        """Random points of the domain, by the law that training and tests use.

        **Arguments:**

        - `num_points`: how many, a Python integer.
        - `key`: a `jax.random` key.

        **Returns:**

        An array of shape `(num_points, dim)`.
        """

    @abc.abstractmethod
    def residual(
        self, u: Field, x: Float[Array, " dim"], *, estimator: AbstractEstimator, key: PRNGKeyArray | None
    ) -> Float[Array, "*parts"]:
        """The PDE's residual of `u` at one point: zero everywhere for the solution.

        **Arguments:**

        - `u`: the trial function, boundary condition included.
        - `x`: one point, of shape `(dim,)`.
        - `estimator`: how to apply the PDE's operators to `u`; pass it on to them.
        - `key`: the randomness of the estimator; `None` is enough for [`stde_eqx.Exact`][].

        **Returns:**

        A scalar; for a problem with `num_parts`, a vector of that many parts whose squares are added. It is unbiased if
        the estimated terms enter it linearly.
        """

    @property
    def num_parts(self) -> int | None:
        """How many parts the residual has, as that of a system does; `None`, the default, for a scalar.

        A vector by accident, such as a sum over coordinates that was forgotten, is thereby told from one by intention.
        A problem with parts overrides this property; a penalty needs no such declaration.
        """
        return None

    def ansatz(self, net: Field) -> Field:
        r"""The trial function built from a network so that the boundary condition holds; by default the network itself.

        It must be affine in the network, $u(x) = g(x) + b(x)\,\mathrm{net}(x)$, as [`stde_eqx.nn.HardConstraint`][] is:
        the best constant network, against which every error is judged, is found by linear least squares.
        """
        return net

    def exact(self, x: Float[Array, " dim"]) -> Float[Array, ""] | None:
        """The exact solution at one point, or `None` where none is known: then no error is ever reported."""
        return None

    def penalties(self) -> "tuple[AbstractPenalty, ...]":
        """What else training should make small, such as a boundary condition that the ansatz does not satisfy."""
        return ()


class AbstractPenalty(eqx.Module):
    """A condition that training imposes by adding its mean square, at points of its own, to the loss.

    **Attributes:**

    - `weight`: the factor of the mean square in the loss.
    - `num_points`: points a step.
    """

    weight: eqx.AbstractVar[float]
    num_points: eqx.AbstractVar[int]

    @abc.abstractmethod
    def sample(self, num_points: int, *, key: PRNGKeyArray) -> Any:
        """Random points, batched along the leading axis."""

    @abc.abstractmethod
    def residual(self, u: Field, *point: Any, **unused: Any) -> Float[Array, "*parts"]:
        """What should vanish at one point: a scalar, or a vector of parts whose squares are added.

        Overrides name the point as they like, `residual(self, u, x)` or `residual(self, u, t, x)`; `**unused` is there
        for type checkers alone, which then accept them.
        """


def as_arguments(point: Any) -> tuple[Any, ...]:
    """One point as the arguments of an unknown: `(x,)` for an array, `(t, x)` for a tuple."""
    return point if isinstance(point, tuple) else (point,)
