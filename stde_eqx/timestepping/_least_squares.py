import abc
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import lineax as lx
from jaxtyping import Array, Float


#: `u` at one point as a function of the vector of parameters.
AtPoint = Callable[[Float[Array, " params"], Float[Array, " dim"]], Float[Array, ""]]


class AbstractLeastSquares(eqx.Module):
    r"""How the change of the parameters is found that moves the network as the equation asks.

    $$\min_\eta \ \frac1N \sum_n \bigl(\partial_\theta u(x_n) \cdot \eta - F_n\bigr)^2 + \lambda |\eta|^2$$

    The regularisation $\lambda$ is relative to the mean of $|\partial_\theta u|^2$, so it has no unit.
    """

    @abc.abstractmethod
    def __call__(
        self,
        at_point: AtPoint,
        params: Float[Array, " params"],
        points: Float[Array, "points dim"],
        target: Float[Array, " points"],
    ) -> Float[Array, " params"]:
        r"""The minimiser $\eta$.

        **Arguments:**

        - `at_point`: $u$ as a function of the parameters and of one point.
        - `params`: $\theta$.
        - `points`: $x_n$.
        - `target`: $F_n$.
        """


class Dense(AbstractLeastSquares):
    r"""The matrix $J = \partial_\theta u(x_n)$ written out, and a Cholesky factorisation of $J^T J$ or of $J J^T$.

    The smaller of the two is factorised: $\eta = (J^T J + N \lambda)^{-1} J^T F = J^T (J J^T + N \lambda)^{-1} F$.

    **Arguments:**

    - `regularisation`: $\lambda$; by default $0.01 \sqrt\epsilon$ with the machine's $\epsilon$, 3e-6 in float32.

    **Raises:** `ValueError` for one that is not positive.
    """

    regularisation: float | None = None

    def __check_init__(self) -> None:
        _check_regularisation(self.regularisation)

    def __call__(
        self,
        at_point: AtPoint,
        params: Float[Array, " params"],
        points: Float[Array, "points dim"],
        target: Float[Array, " points"],
    ) -> Float[Array, " params"]:
        jacobian = jax.vmap(jax.grad(at_point), in_axes=(None, 0))(params, points)
        num_points, num_params = jacobian.shape
        # Columns scaled alike: the diagonal of the smaller matrix is then O(1), and sums do not overflow in float32.
        scale = jnp.sqrt(jnp.sum(jacobian**2) / num_points)
        jacobian, weight = jacobian / scale, num_points * relative(self.regularisation, jacobian.dtype)
        in_samples = num_points < num_params
        gram = jacobian @ jacobian.T if in_samples else jacobian.T @ jacobian
        regularised = gram + weight * jnp.eye(gram.shape[0], dtype=gram.dtype)
        operator = lx.MatrixLinearOperator(regularised, lx.positive_semidefinite_tag)
        solve = lambda b: lx.linear_solve(operator, b, lx.Cholesky(), throw=False).value
        return (jacobian.T @ solve(target) if in_samples else solve(jacobian.T @ target)) / scale


class MatrixFree(AbstractLeastSquares):
    r"""Conjugate gradients with products by $J$ and $J^T$ alone: nothing of the size of $J$ is ever held.

    In the space of the samples or of the parameters, whichever is smaller.

    **Arguments:**

    - `regularisation`: $\lambda$; by default $0.1 \sqrt\epsilon$, more than [`stde_eqx.timestepping.Dense`][] needs,
        since the number of iterations grows with $1 / \sqrt\lambda$.
    - `tolerance`: at which relative residual the iteration stops.
    - `max_steps`: or after how many iterations.

    **Raises:** `ValueError` for a regularisation or a tolerance that is not positive.
    """

    regularisation: float | None = None
    tolerance: float = 1e-4
    max_steps: int = eqx.field(static=True, default=500)

    def __check_init__(self) -> None:
        _check_regularisation(self.regularisation)
        if not self.tolerance > 0 or self.max_steps < 1:
            raise ValueError(
                f"MatrixFree needs tolerance > 0 and max_steps >= 1, got {self.tolerance} and {self.max_steps}."
            )

    def __call__(
        self,
        at_point: AtPoint,
        params: Float[Array, " params"],
        points: Float[Array, "points dim"],
        target: Float[Array, " points"],
    ) -> Float[Array, " params"]:
        values = lambda p: jax.vmap(at_point, in_axes=(None, 0))(p, points)
        _, forward = jax.linearize(values, params)
        transposed = jax.linear_transpose(forward, params)
        backward = lambda w: transposed(w)[0]
        square = lambda x: jnp.sum(jax.grad(at_point)(params, x) ** 2)
        trace = jnp.sum(jax.lax.map(square, points, batch_size=16))
        weight = trace * relative(self.regularisation, target.dtype, factor=0.1)
        in_samples = target.shape[0] < params.shape[0]

        def product(v):
            return (forward(backward(v)) if in_samples else backward(forward(v))) + weight * v

        start = jax.ShapeDtypeStruct(target.shape if in_samples else params.shape, target.dtype)
        operator = lx.FunctionLinearOperator(product, start, lx.positive_semidefinite_tag)
        solver = lx.CG(rtol=self.tolerance, atol=0.0, max_steps=self.max_steps)
        # A solution that is not quite converged is still a direction; the error indicator tells how good it is.
        solve = lambda b: lx.linear_solve(operator, b, solver, throw=False).value
        return backward(solve(target)) if in_samples else solve(backward(target))


#: Above this many entries, 512 MiB in float32, the matrix is not written out.
_MOST_ENTRIES = 2**27


def suitable(num_points: int, num_params: int) -> AbstractLeastSquares:
    """Dense where the matrix fits into memory, and matrix-free above."""
    return Dense() if num_points * num_params <= _MOST_ENTRIES else MatrixFree()


def relative(regularisation: float | None, dtype, *, factor: float = 0.01) -> float | Array:
    """The regularisation, by default in proportion to the square root of the machine's precision."""
    return factor * float(jnp.finfo(dtype).eps) ** 0.5 if regularisation is None else regularisation


def _check_regularisation(regularisation: float | None) -> None:
    if regularisation is not None and not regularisation > 0:
        raise ValueError(f"The regularisation must be positive, or None for the default, got {regularisation}.")
