import itertools
import math
from collections.abc import Callable
from typing import Any, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

import stde_eqx as stde

from ..domains import Box


#: For every coordinate how many data are given on its lower and on its upper face: 0 nothing, 1 the value, 2 the value
#: and the normal derivative, and so on.
Conditions: TypeAlias = tuple[tuple[int, int], ...]


def hermite_weights(s: Float[Array, ""], near: int, far: int) -> list[Float[Array, ""]]:
    r"""Of Hermite's interpolation on $[0, 1]$ the polynomials that belong to the data at 0.

    $$H_k(s) = \frac{s^k}{k!} (1 - s)^n \sum_{j < m - k} \binom{n - 1 + j}{j} s^j$$

    whose derivatives up to the order $m - 1$ vanish at 0, but that of order $k$, which is 1, and whose derivatives up
    to the order $n - 1$ vanish at 1. Here $m$ is `near` and $n$ is `far`.
    """
    # The expansion of (1 - s)^-n, which for n = 0 is 1.
    series = [math.comb(far - 1 + j, j) if far else int(j == 0) for j in range(near)]
    powers = [jnp.ones_like(s)]
    for _ in range(near):
        powers.append(powers[-1] * s)
    decay = jnp.ones_like(s)
    for _ in range(far):
        decay = decay * (1 - s)
    correction = lambda terms: sum(c * power for c, power in zip(series[:terms], powers, strict=False))
    return [powers[k] / math.factorial(k) * decay * correction(near - k) for k in range(near)]


class DataFactor(eqx.Module):
    r"""A function that vanishes just where data are given, to as high an order as they are.

    $$b(x) = \prod_i \beta_i \, s_i^{m_i} (1 - s_i)^{n_i}, \qquad s_i = \frac{x_i - a_i}{b_i - a_i}$$

    with $m_i$ and $n_i$ data on the lower and the upper face, and $\beta_i$ such that the largest value is 1.
    """

    domain: Box
    conditions: Conditions = eqx.field(static=True)

    def __call__(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        factor = jnp.ones((), x.dtype)
        for axis, (m, n) in enumerate(self.conditions):
            peak = m / max(m + n, 1)
            for _ in range(m):
                factor = factor * ((x[axis] - self.domain.lower[axis]) / self.domain.sides[axis])
            for _ in range(n):
                factor = factor * ((self.domain.upper[axis] - x[axis]) / self.domain.sides[axis])
            factor = factor / (peak**m * (1 - peak) ** n)
        return factor


class DataExtension(eqx.Module):
    r"""The data on the faces of a box, extended into the box by transfinite interpolation.

    $$g = \Bigl(I - \prod_i (I - P_i)\Bigr) u$$

    where $P_i$ is Hermite's interpolation across coordinate $i$, from the data $\partial_i^k u$ on its two faces. It is
    the Boolean sum of the $P_i$ and reproduces the data on all faces at once. Multiplied out, it is a sum over points
    of faces, edges and corners: nothing but the data enters.

    ??? cite "Reference"

        Gordon & Hall, "Construction of curvilinear co-ordinate systems and applications to mesh generation",
        International Journal for Numerical Methods in Engineering 7(4), 1973.
    """

    function: Callable[..., Any]
    domain: Box
    conditions: Conditions = eqx.field(static=True)

    def __call__(self, x: Float[Array, " dim"]) -> Float[Array, ""]:
        orders = list(itertools.product(*(range(max(1, *given)) for given in self.conditions)))
        choices = itertools.product(*(self._choices(x[axis], axis) for axis in range(self.domain.dim)))
        next(choices)  # every coordinate free: the one term that -prod(I - P_i) has of the solution inside
        points, weights = [], []
        for choice in choices:
            points.append(jnp.stack([coordinate for coordinate, _ in choice]))
            factors = [by_order for _, by_order in choice]
            weights.append([self._product(factors, order, x) for order in orders])
        # All points go through the function at once: it is traced, and compiled, a single time.
        names = {order: sum(((axis,) * k for axis, k in enumerate(order)), ()) for order in orders}
        data = jax.vmap(lambda point: stde.partials(self.function, point, names))(jnp.stack(points))
        weights = jnp.stack([jnp.stack(row) for row in weights])
        return -jnp.sum(weights * jnp.stack([data[order] for order in orders], axis=1))

    def _choices(self, coordinate: Float[Array, ""], axis: int) -> list[tuple[Any, dict[int, Any]]]:
        """Where $I - P_i$ evaluates a function, and the weights there of its derivatives across coordinate $i$."""
        (m, n), side = self.conditions[axis], self.domain.sides[axis]
        choices: list[tuple[Any, dict[int, Any]]] = [(coordinate, {0: 1.0})]
        from_lower = (coordinate - self.domain.lower[axis]) / side
        from_upper = (self.domain.upper[axis] - coordinate) / side
        faces = (self.domain.lower[axis], side, from_lower, m, n), (self.domain.upper[axis], -side, from_upper, n, m)
        for face, scale, s, near, far in faces:
            if near:
                weights = hermite_weights(s, near, far)
                by_order = {k: -(scale**k) * weight for k, weight in enumerate(weights)}
                choices.append((jnp.full_like(coordinate, face), by_order))
        return choices

    @staticmethod
    def _product(factors: list[dict[int, Any]], order: tuple[int, ...], x: Float[Array, " dim"]) -> Float[Array, ""]:
        """The weight of one mixed derivative at one point: zero if some coordinate does not ask for that order."""
        if any(k not in by_order for by_order, k in zip(factors, order, strict=True)):
            return jnp.zeros((), x.dtype)
        return jnp.asarray(math.prod(by_order[k] for by_order, k in zip(factors, order, strict=True)), x.dtype)
