import jax
import numpy as np
import optax
from jaxtyping import Array, Float

import stde_eqx as stde
from _methods import AbstractMethod


#: float32 sums of thousands of terms in different orders explain less than this; a wrong derivative is off by far more.
TOLERANCE = 1e-3


def relative_difference(computed: np.ndarray, expected: np.ndarray) -> float:
    return float(np.linalg.norm(computed - expected) / np.linalg.norm(expected))


class Agreement:
    """Checks that methods which draw the same directions get the same loss and the same gradient from them."""

    def __init__(self):
        self._references: list[tuple[stde.AbstractEstimator, str, np.ndarray, np.ndarray]] = []

    def difference(self, method: AbstractMethod, loss: Float[Array, ""], opt_state: optax.OptState) -> float | None:
        """How far, relatively, loss and gradient are from those of the first method seen with an equal estimator.

        `None` for that first one, and for a method that differentiates nothing. The gradient is read off Adam's first
        moment after the first step, which is proportional to it, so that the program checked is the one that is timed.

        **Raises:** `ValueError` if rounding does not explain the difference.
        """
        if method.estimator is None:
            return None
        moments = jax.tree.leaves(optax.tree.get(opt_state, "mu"))
        gradient = np.concatenate([np.asarray(leaf, np.float64).ravel() for leaf in moments])
        value = np.asarray(loss, np.float64)
        for estimator, name, expected_value, expected_gradient in self._references:
            if estimator == method.estimator:
                difference = max(
                    relative_difference(value, expected_value), relative_difference(gradient, expected_gradient)
                )
                # Written so that NaN fails too.
                if not difference <= TOLERANCE:
                    raise ValueError(
                        f"{method.name} and {name} differ by {difference:.1e} on the same draw, "
                        f"which must be at most {TOLERANCE:.0e}: one of the two computes another Laplacian."
                    )
                return difference
        self._references.append((method.estimator, method.name, value, gradient))
        return None
