import abc
from collections.abc import Callable
from typing import Any, TypeAlias

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from ._base import AbstractDistribution, AbstractSecondOrder
from ._coefficients import as_coefficient, coefficient_at
from ._design import Draws
from ._directions import Directions
from ._random import random_vectors
from ._tangents import Coordinates, Vectors


#: Arrays made from a matrix.
Factors: TypeAlias = tuple[Array, ...]


class AbstractDecomposition(eqx.Module):
    """How to write tr(C H) as a weighted set of second derivatives along directions."""

    @abc.abstractmethod
    def factors(self, matrix: Float[Array, "dim dim"]) -> Factors:
        """What the other methods need of a symmetric matrix: done once for a constant one."""

    @abc.abstractmethod
    def num_terms(self, dim: int) -> int:
        """How many terms there are."""

    @abc.abstractmethod
    def directions(self, factors: Factors, rows: Int[Array, " rows"] | None) -> Directions:
        """All terms, or those in the given rows."""

    @abc.abstractmethod
    def magnitudes(self, factors: Factors) -> Float[Array, " terms"]:
        """The absolute values of the terms' coefficients."""

    @abc.abstractmethod
    def product(self, factors: Factors, vector: Float[Array, " dim"]) -> Float[Array, " dim"]:
        """The matrix times a vector."""

    @abc.abstractmethod
    def random(self, factors: Factors, vectors: Float[Array, "samples dim"]) -> Directions:
        """From random vectors to directions whose weighted sum averages to the operator over samples, two a sample."""


class Eigenvectors(AbstractDecomposition):
    r"""$C = \sum_i \lambda_i q_i q_i^T$: the directions $q_i$ with the weights $\lambda_i$.

    At random, $C = \sigma_+ \sigma_+^T - \sigma_- \sigma_-^T$ and $D^2u[\sigma_+ v] - D^2u[\sigma_- v]$. Averaged over
    Hessians with independent Gaussian entries its variance is proportional to
    $(\sum \lambda_+)^2 + (\sum \lambda_-)^2 + \sum \lambda^2$, and never above that of
    [`stde_eqx.operators.Bilinear`][].

    Eigenvectors have no derivative where eigenvalues coincide: for a matrix that is differentiated there, with respect
    to the point (as the inner operator of a product) or to parameters, take [`stde_eqx.operators.Bilinear`][].
    """

    def factors(self, matrix: Float[Array, "dim dim"]) -> Factors:
        return tuple(jnp.linalg.eigh(matrix))

    def num_terms(self, dim: int) -> int:
        return dim

    def directions(self, factors: Factors, rows: Int[Array, " rows"] | None) -> Directions:
        eigenvalues, vectors = factors
        if rows is not None:
            eigenvalues, vectors = eigenvalues[rows], vectors[:, rows]
        return Directions(Vectors(vectors.T), eigenvalues, 2)

    def magnitudes(self, factors: Factors) -> Float[Array, " terms"]:
        return jnp.abs(factors[0])

    def product(self, factors: Factors, vector: Float[Array, " dim"]) -> Float[Array, " dim"]:
        eigenvalues, q = factors
        return q @ (eigenvalues * (q.T @ vector))

    def random(self, factors: Factors, vectors: Float[Array, "samples dim"]) -> Directions:
        eigenvalues, q = factors

        def part(sign: int) -> Float[Array, "samples dim"]:
            # The root of a part that is not there has no derivative at zero, and is guarded against it.
            there = sign * eigenvalues > 0
            roots = jnp.where(there, jnp.sqrt(jnp.where(there, sign * eigenvalues, 1)), 0)
            return (vectors * roots[None]) @ q.T

        return _difference(part(1), part(-1), 1.0)


class Bilinear(AbstractDecomposition):
    r"""$v^T H C v = \frac14 (D^2 u[v + C v] - D^2 u[v - C v])$, without a factorisation (Shi et al. 2024, eq. 22).

    Its terms, for sampled coordinates, are the rows of $C$.
    """

    def factors(self, matrix: Float[Array, "dim dim"]) -> Factors:
        return (matrix,)

    def num_terms(self, dim: int) -> int:
        return dim

    def directions(self, factors: Factors, rows: Int[Array, " rows"] | None) -> Directions:
        (matrix,) = factors
        unit = jnp.eye(matrix.shape[0], dtype=matrix.dtype)
        return self.random(factors, unit if rows is None else unit[rows])

    def magnitudes(self, factors: Factors) -> Float[Array, " terms"]:
        return jnp.linalg.norm(factors[0], axis=1)

    def product(self, factors: Factors, vector: Float[Array, " dim"]) -> Float[Array, " dim"]:
        return factors[0] @ vector

    def random(self, factors: Factors, vectors: Float[Array, "samples dim"]) -> Directions:
        (matrix,) = factors
        # With |v| = |C v| in the mean, the difference of the two squares cancels least. The result is the same for
        # every scale, whose derivative is infinite where C vanishes.
        scale = jnp.sqrt(jnp.mean(jnp.sum((vectors @ matrix) ** 2, 1)) / jnp.mean(jnp.sum(vectors**2, 1)))
        scale = lax.stop_gradient(jnp.where(scale > 0, scale, 1.0).astype(matrix.dtype))
        other = vectors @ matrix / scale
        return _difference(vectors + other, vectors - other, scale / 4)


class Entries(AbstractDecomposition):
    r"""One term for each entry of the upper triangle: $C_{ii} \partial_i^2$ and $2 C_{ij} \partial_i \partial_j$.

    The directions are $e_i \pm e_j$, coordinate-sparse: for matrices with few entries, or sampled ones. Random vectors
    go the way of [`stde_eqx.operators.Bilinear`][].

    **Arguments:**

    - `pairs`: the entries (i, j) with $i \le j$ that are not zero; all of them if `None`.

    **Raises:** `ValueError` for no pairs, one twice, or one that is not in the upper triangle; on use, for one that is
    not in the matrix.
    """

    pairs: tuple[tuple[int, int], ...] | None = eqx.field(static=True, default=None)

    def __check_init__(self) -> None:
        if self.pairs is None:
            return
        if not self.pairs or len(set(self.pairs)) < len(self.pairs) or not all(0 <= i <= j for i, j in self.pairs):
            raise ValueError(
                "The pairs of Entries are those of the upper triangle, (i, j) with 0 <= i <= j, each once, as in "
                f"stde.operators.Entries(((0, 0), (0, 1))); got {self.pairs!r}. An entry (j, i) comes with (i, j)."
            )

    def factors(self, matrix: Float[Array, "dim dim"]) -> Factors:
        return (matrix,)

    def num_terms(self, dim: int) -> int:
        return dim * (dim + 1) // 2 if self.pairs is None else len(self.pairs)

    def _indices(self, dim: int) -> tuple[np.ndarray, np.ndarray]:
        i, j = np.triu_indices(dim) if self.pairs is None else np.array(self.pairs).T
        if j.max() >= dim:
            raise ValueError(
                f"Entries has the pair {(int(i[j.argmax()]), int(j.max()))}, but the matrix {dim} columns."
            )
        return i, j

    def directions(self, factors: Factors, rows: Int[Array, " rows"] | None) -> Directions:
        (matrix,) = factors
        i, j = map(jnp.asarray, self._indices(matrix.shape[0]))
        if rows is not None:
            i, j = i[rows], j[rows]
        # 2 C_ij d_i d_j = C_ij / 2 (D^2[e_i + e_j] - D^2[e_i - e_j]); for i = j that is C_ii / 2 (4 d_i^2 - 0), twice.
        weights = matrix[i, j] * jnp.where(i == j, 0.25, 0.5).astype(matrix.dtype)
        signs = jnp.array([1.0, -1.0], matrix.dtype)
        indices = jnp.broadcast_to(jnp.stack([i, j], 1)[:, None], (i.shape[0], 2, 2))
        values = jnp.broadcast_to(jnp.stack([jnp.ones_like(signs), signs], 1), indices.shape)
        tangents = Coordinates(indices.reshape(-1, 2), values.reshape(-1, 2), matrix.shape[0])
        units = Draws(i.shape[0], i.shape[0])
        return Directions(tangents, (weights[:, None] * signs[None]).reshape(-1), 2, design=units)

    def magnitudes(self, factors: Factors) -> Float[Array, " terms"]:
        (matrix,) = factors
        i, j = self._indices(matrix.shape[0])
        return jnp.abs(matrix[i, j]) * np.where(i == j, 1, 2)

    def product(self, factors: Factors, vector: Float[Array, " dim"]) -> Float[Array, " dim"]:
        return factors[0] @ vector

    def random(self, factors: Factors, vectors: Float[Array, "samples dim"]) -> Directions:
        return Bilinear().random(factors, vectors)


def _difference(plus: Float[Array, "n dim"], minus: Float[Array, "n dim"], weight: float | Array) -> Directions:
    """Pairs of directions with opposite weights, one after the other."""
    vectors = jnp.stack([plus, minus], 1).reshape(-1, plus.shape[1])
    signs = jnp.tile(jnp.array([1.0, -1.0], plus.dtype), plus.shape[0])
    return Directions(Vectors(vectors), weight * signs, 2, design=Draws(plus.shape[0], plus.shape[0]))


class SecondOrder(AbstractSecondOrder):
    r"""Any second-order operator $\sum_{ij} C_{ij} \partial_i \partial_j u = \operatorname{tr}(C H)$.

    The matrix may be indefinite; only its symmetric part acts. Where a factor $\sigma$ with $C = \sigma \sigma^T$ is
    known, [`stde_eqx.WeightedLaplacian`][] costs half.

    **Arguments:**

    - `matrix`: $C$, of shape `(dim, dim)`, or a function of the point that returns one.
    - `decomposition`: how it becomes directions: [`stde_eqx.operators.Eigenvectors`][] if `None`,
        [`stde_eqx.operators.Bilinear`][], where a factorisation costs too much, or [`stde_eqx.operators.Entries`][].

    **Raises:** on use, `ValueError` for a matrix of another shape.
    """

    factors: Factors | Callable[[Float[Array, " point"]], Float[Array, "dim dim"]]
    decomposition: AbstractDecomposition

    def __init__(
        self, matrix: Float[Array, "..."] | Callable[..., Any], decomposition: AbstractDecomposition | None = None
    ):
        self.decomposition = Eigenvectors() if decomposition is None else decomposition
        held = as_coefficient(matrix)
        self.factors = held if callable(matrix) else self.decomposition.factors(_symmetric(held))

    def num_terms(self, x: Float[Array, " point"], *, dim: int) -> int:
        return self.decomposition.num_terms(dim)

    def directions(self, x: Float[Array, " point"], rows: Int[Array, " rows"] | None = None, *, dim: int) -> Directions:
        return self.decomposition.directions(self._at(x, dim), rows)

    def flux(self, x: Float[Array, " point"], vector: Float[Array, " dim"]) -> Float[Array, " dim"]:
        return self.decomposition.product(self._at(x, vector.shape[0]), vector)

    def magnitudes(self, x: Float[Array, " point"], *, dim: int) -> Float[Array, " terms"]:
        return self.decomposition.magnitudes(self._at(x, dim))

    def random_directions(
        self,
        x: Float[Array, " point"],
        num_samples: int,
        distribution: AbstractDistribution,
        *,
        dim: int,
        key: PRNGKeyArray,
    ) -> Directions:
        vectors, design = random_vectors(distribution, num_samples, dim, x.dtype, key=key)
        return self.decomposition.random(self._at(x, dim), vectors.array).drawn(1 / num_samples, design)

    def _at(self, x: Float[Array, " point"], dim: int) -> Factors:
        if callable(self.factors):
            matrix = _symmetric(coefficient_at(self.factors, x, name="The matrix"))
            factors = self.decomposition.factors(matrix)
        else:
            factors = tuple(coefficient_at(factor, x, name="The matrix") for factor in self.factors)
        if factors[-1].shape != (dim, dim):
            raise ValueError(
                f"The matrix of a second-order operator on {dim} coordinates has shape ({dim}, {dim}), "
                f"got {factors[-1].shape}."
            )
        return factors


def _symmetric(matrix: Array) -> Float[Array, "dim dim"]:
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"A second-order operator needs a square matrix, got an array of shape {matrix.shape}.")
    return (matrix + matrix.T) / 2
