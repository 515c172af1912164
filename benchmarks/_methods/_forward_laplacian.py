import folx
import jax

import stde_eqx as stde

from ._base import AbstractMethod


class ForwardLaplacian(AbstractMethod):
    """The exact Laplacian by the folx package.

    `sparsity_threshold` is folx's own setting: 0 keeps Jacobians dense, 0.6 is what its documentation recommends where
    sparsity is wanted.

    ??? cite "Reference"
        Li et al., "A computational framework for neural network-based variational Monte Carlo with Forward Laplacian"
        (Nature Machine Intelligence, 2024); folx by Gao, Koehler and Foster.
    """

    name: str
    estimator: stde.Exact = stde.Exact()
    sparsity_threshold: float = 0.6

    def value_and_laplacian(self, u, points, *, key):
        del key
        result = jax.vmap(folx.forward_laplacian(u, self.sparsity_threshold))(points)
        return result.x, result.laplacian
