import equinox as eqx
from jaxtyping import Array, Float, PRNGKeyArray

from .._arguments import check_instance
from ..operators import AbstractDirectionalOperator, AbstractOperator, AbstractSampler, Directions, TraceDirections
from ._checks import as_num_samples, require_key
from ._sampling import AbstractSamplingScheme, Drawn, WithoutReplacement


class SparseSTDE(AbstractSampler):
    r"""A random draw of the operator's own terms.

    Each term drawn is divided by the number of times it is expected to come up, so that the expectation is the
    operator: with $V$ of $R$ terms drawn uniformly, the weights grow by $R / V$. For the Laplacian this is stochastic
    dimension gradient descent (Hu, Shukla, Karniadakis and Kawaguchi, 2024) evaluated in Taylor mode: the sparse
    estimator of Shi, Hu, Lin and Kawaguchi (NeurIPS 2024), eq. 16. With as many samples as terms it is exact.

    Of a sum of operators each summand is drawn by itself; one with at most $V$ terms is taken whole. Of a product each
    factor is.

    **Arguments:**

    - `num_samples`: $V$, between one and the number of terms of the operator.
    - `sampling`: which terms come up: [`stde_eqx.WithoutReplacement`][], [`stde_eqx.WithReplacement`][],
        [`stde_eqx.Stratified`][] or [`stde_eqx.Importance`][].

    **Raises:** `ValueError` for fewer than one sample or something else than a scheme; on use, for more samples than
    there are terms.
    """

    num_samples: int = eqx.field(static=True, converter=as_num_samples)
    sampling: AbstractSamplingScheme = WithoutReplacement()

    def __check_init__(self) -> None:
        check_instance(
            "The sampling of SparseSTDE",
            self.sampling,
            AbstractSamplingScheme,
            such_as="`stde.WithoutReplacement()` or `stde.Stratified()`",
        )

    def check(self, operator: AbstractOperator, x: Float[Array, " dim"], *, key: PRNGKeyArray | None) -> None:
        require_key(self, key)
        if self.num_samples > (most := operator.most_terms(x)):
            instead = f"SparseSTDE({most}) at most, or Exact()" if most else "Exact(), which then is zero"
            raise ValueError(
                f"SparseSTDE({self.num_samples}) draws that many terms, but {operator} has only {most} terms in "
                f"{x.shape[0]} dimensions: use {instead}."
            )

    def sample_terms(
        self, operator: AbstractDirectionalOperator, x: Float[Array, " point"], *, dim: int, key: PRNGKeyArray | None
    ) -> Directions | TraceDirections:
        total = operator.num_terms(x, dim=dim)
        if self.num_samples >= total:
            return operator.directions(x, dim=dim)
        magnitudes = lambda: operator.magnitudes(x, dim=dim)
        drawn = self.sampling.draw(total, self.num_samples, magnitudes, key=require_key(self, key))
        return choose(operator, x, drawn, dim=dim)


def choose(
    operator: AbstractDirectionalOperator, x: Float[Array, " point"], drawn: Drawn, *, dim: int
) -> Directions | TraceDirections:
    """The draw in which given terms of the operator came up."""
    rows, factor, design = drawn
    return operator.directions(x, rows, dim=dim).drawn(factor, design)
