r"""Mixed partial derivatives as sums of directional ones.

With $|\alpha| = K$, $\partial^\alpha u = \sum_r w_r D^K u[v_r, \ldots, v_r]$ wherever $\sum_r w_r (v_r \cdot z)^K =
z^\alpha$: the monomial as a sum of powers of linear forms.
"""

import functools
import itertools
import math

import numpy as np


@functools.cache
def power_sum(exponents: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Vectors of shape `(directions, axes)` and weights whose weighted powers sum to the monomial.

    One axis: the axis. Two: equally spaced angles, as many as the order, which is the least number over the reals
    (Boij, Carlini & Geramita, "Monomials as sums of powers: the real binary case", Proc. AMS 139, 2011). More: Kan's
    polarisation formula ("From moments of sum to moments of product", Journal of Multivariate Analysis 99, 2008).
    """
    if len(exponents) == 1:
        return np.ones((1, 1)), np.ones(1)
    return _on_a_circle(*exponents) if len(exponents) == 2 else _polarisation(exponents)


def _on_a_circle(a: int, b: int) -> tuple[np.ndarray, np.ndarray]:
    """K equally spaced directions span the forms of order K but one, which must be the one that x^a y^b has not.

    At the angles k pi / K it is Im (x + i y)^K, the odd powers of y; half a step further, Re (x + i y)^K, the even
    ones.
    """
    order = a + b
    angles = (np.arange(order) + 0.5 * (b % 2)) * np.pi / order
    if order % 2 and b % 2:
        # Re (x + i y)^K has odd powers of x, Im has even ones: with a even the angles are counted from the y axis.
        vectors, weights = _on_a_circle(b, a)
        return vectors[:, ::-1], weights
    # Exact zeros, so that a vector along an axis is sparse.
    vectors = np.stack([np.cos(angles), np.sin(angles)], 1)
    vectors[np.abs(vectors) < 1e-12] = 0.0
    powers = np.array(
        [math.comb(order, j) * vectors[:, 0] ** (order - j) * vectors[:, 1] ** j for j in range(order + 1)]
    )
    wanted = np.zeros(order + 1)
    wanted[b] = 1.0
    return vectors, np.linalg.lstsq(powers, wanted, rcond=None)[0]


def _polarisation(exponents: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    order = sum(exponents)
    vectors, weights = [], []
    for drawn in itertools.product(*(range(e + 1) for e in exponents)):
        h = np.array([e / 2 - v for e, v in zip(exponents, drawn, strict=True)])
        # h and -h stand for the same direction; zero for none.
        leading = next((entry for entry in h if entry), 0.0)
        if leading <= 0:
            continue
        sign = (-1) ** sum(drawn)
        weights.append(2 * sign * math.prod(math.comb(e, v) for e, v in zip(exponents, drawn, strict=True)))
        vectors.append(h)
    return np.array(vectors), np.array(weights) / math.factorial(order)
