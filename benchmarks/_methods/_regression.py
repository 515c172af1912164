import jax

from ._base import AbstractMethod


class Regression(AbstractMethod):
    """No input derivatives: the network is fitted to the source term. No method that differentiates can cost less."""

    name: str
    estimator: None = None

    def value_and_laplacian(self, u, points, *, key):
        del key
        return jax.vmap(u)(points), None
