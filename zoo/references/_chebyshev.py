import numpy as np
import numpy.typing as npt


def points_and_derivative(num_points: int) -> tuple[np.ndarray, np.ndarray]:
    """The Chebyshev points of [-1, 1], from 1 downwards, and the matrix that differentiates their interpolant.

    The diagonal is minus the sum of the rest of a row, which makes the derivative of a constant exactly zero.

    ??? cite "Reference"

        Trefethen, *Spectral Methods in MATLAB*, SIAM 2000, chapter 6.
    """
    k = np.arange(num_points)
    points = np.cos(np.pi * k / (num_points - 1))
    weights = _barycentric_weights(num_points)
    differences = points[:, None] - points[None] + np.eye(num_points)
    matrix = weights[None] / weights[:, None] / differences
    np.fill_diagonal(matrix, 0.0)
    np.fill_diagonal(matrix, -np.sum(matrix, axis=1))
    return points, matrix


def interpolate(values: np.ndarray, y: npt.ArrayLike) -> np.ndarray:
    """The interpolant through `values` at the Chebyshev points, evaluated at `y` in [-1, 1].

    ??? cite "Reference"

        Berrut and Trefethen, *Barycentric Lagrange interpolation*, SIAM Review 46 (2004), eq. 4.2.
    """
    num_points = values.shape[0]
    points = np.cos(np.pi * np.arange(num_points) / (num_points - 1))
    differences = np.asarray(y, float)[..., None] - points
    at_a_point = np.any(differences == 0, axis=-1)
    safe = np.where(differences == 0, 1.0, differences)
    terms = _barycentric_weights(num_points) / safe
    between = (terms @ values) / np.sum(terms, axis=-1)
    return np.where(at_a_point, values[np.argmin(np.abs(differences), axis=-1)], between)


def coefficients(values: np.ndarray) -> np.ndarray:
    """The coefficients in Chebyshev polynomials of the interpolant through `values` at the points, along axis 0."""
    last = values.shape[0] - 1
    k = np.arange(last + 1)
    halves = np.where((k == 0) | (k == last), 0.5, 1.0)
    cosines = np.cos(np.pi * np.outer(k, k) / last)
    return 2 / last * halves[:, None] * (cosines @ (halves[:, None] * values))


def _barycentric_weights(num_points: int) -> np.ndarray:
    weights = (-1.0) ** np.arange(num_points)
    weights[[0, -1]] /= 2
    return weights
