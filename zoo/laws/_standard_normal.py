from jax.scipy.special import ndtri

from stde_eqx.training.collocation import PushForward


def standard_normal(dim: int) -> PushForward:
    r"""The standard normal law in $d$ dimensions: the quantile of every number, $x_i = \Phi^{-1}(z_i)$.

    **Arguments:**

    - `dim`: the dimension $d$, at least 1.

    **Returns:** a [`stde_eqx.training.collocation.PushForward`][] of `dim` numbers, whose points have shape `(dim,)`.

    **Raises:** `ValueError` for a dimension that is not a positive integer.
    """
    return PushForward(ndtri, dim)
