import equinox as eqx
from jaxtyping import Array, Float, PRNGKeyArray

from ._algebra import composed
from ._base import AbstractOperator, AbstractSampler
from ._directions import AbstractDirections
from ._laplacian import Laplacian
from ._selection import Axes


class Polyharmonic(AbstractOperator):
    r"""The power $\Delta^p u$ of the Laplacian.

    It is computed as a Laplacian of Laplacians, each collapsed, which for $p = 2$ takes $(d + 2)^2$ evaluations where
    directions of order four, $e_i \pm e_j$, would take $3 d^2$; and estimated by independent draws for each factor, so
    that $V$ coordinates or vectors in each give all $V^p$ products. For $p = 2$ those are unbiased with any random
    vectors, whereas $\frac{1}{3V} \sum_r D^4 u[v_r^4]$ needs Gaussian ones and has a larger variance (Shi et al. 2024,
    eq. 88, has the latter with a factor $d$ too many).

    **Arguments:**

    - `power`: $p \ge 1$.

    **Raises:** `ValueError` for a power below one.
    """

    power: int = eqx.field(static=True)

    def __check_init__(self) -> None:
        if self.power < 1:
            raise ValueError(f"Polyharmonic needs a power of at least 1, got {self.power}.")

    def _factors(self) -> AbstractOperator:
        operator = Laplacian()
        for _ in range(self.power - 1):
            operator = composed(Laplacian(), operator)
        return operator

    def draw(
        self, sampler: AbstractSampler, x: Float[Array, " dim"], *, key: PRNGKeyArray | None
    ) -> AbstractDirections:
        return self._factors().draw(sampler, x, key=key)

    def most_terms(self, x: Float[Array, " dim"]) -> int:
        return self._factors().most_terms(x)

    def on(self, selection: Axes) -> AbstractOperator:
        return self._factors().on(selection)


def Biharmonic() -> Polyharmonic:
    r"""The biharmonic operator $\Delta^2 u$: `Polyharmonic(2)`."""
    return Polyharmonic(2)
