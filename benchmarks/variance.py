"""What lowers the variance of an estimate, and at what price: estimators on a network in training.

python benchmarks/variance.py --dim 1000
"""

import pathlib

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import tyro

import stde_eqx as stde
import zoo
from _table import machine, publish


HEADER = ("operator", "estimator", "bias", "+-", "standard deviation", "ms", "variance x s")


class GaussianQuartic(stde.AbstractEstimator):
    """The biharmonic by (1 / 3V) sum D^4 u[v^4] with Gaussian v: the univariate estimator of the STDE paper."""

    num_samples: int = eqx.field(static=True)

    def sample(self, x, key):
        assert key is not None
        vectors = stde.operators.Vectors(jr.normal(key, (self.num_samples, x.shape[0]), x.dtype))
        weight = jnp.full((), 1 / (3 * self.num_samples), x.dtype)
        return stde.Directions(vectors, weight, 4, design=stde.operators.Draws(self.num_samples, None))

    def value_and_apply(self, operator, u, x, *, key=None):
        return self.sample(x, key).value_and_apply(u, x)

    def value_and_moments(self, operator, u, x, *, key=None):
        return self.sample(x, key).value_and_moments(u, x)


def main(
    dim: int = 1_000,
    num_samples: int = 16,
    *,
    steps: int = 2_000,
    num_points: int = 50,
    num_draws: int = 64,
    output: pathlib.Path = pathlib.Path(__file__).parent / "results",
) -> None:
    """Train a network, compare estimators of its Laplacian and its bilaplacian, and write a table and a plot.

    Args:
        dim: Dimension of the Sine-Gordon two-body problem.
        num_samples: Directions V of each estimate.
        steps: Steps of training before the comparison.
        num_points: Points of the comparison.
        num_draws: Draws at each point.
        output: The folder for the results.
    """
    problem = zoo.SineGordon(zoo.TwoBody(dim, key=jr.key(0)))
    net = eqx.nn.MLP(dim, "scalar", 128, 3, activation=jnp.tanh, key=jr.key(1))
    train = lambda u, steps: stde.train(problem, u, estimator=stde.SparseSTDE(num_samples), steps=steps, key=jr.key(2))
    solution = train(net, steps)
    later = train(solution.state.network, 100)
    frozen, u = (problem.ansatz(each.model) for each in (solution, later))
    points = problem.sample(num_points, key=jr.key(3))
    sparse, dense = stde.SparseSTDE(num_samples), stde.DenseSTDE(num_samples)
    laplacian = stde.diagnose(
        stde.Laplacian(),
        u,
        points,
        {
            "sparse": sparse,
            "sparse, stratified": stde.SparseSTDE(num_samples, stde.Stratified()),
            "sparse, known factor": stde.KnownFactor(sparse),
            "sparse, control variate": stde.ControlVariate(sparse, frozen),
            "dense, signs": dense,
            "dense, Gaussian": stde.DenseSTDE(num_samples, stde.Gaussian()),
            "dense, sphere": stde.DenseSTDE(num_samples, stde.Spherical()),
            "dense, orthogonal": stde.DenseSTDE(num_samples, stde.Orthogonal()),
            "dense, antithetic x2": stde.DenseSTDE(num_samples, stde.Antithetic(copies=2)),
            "dense, antithetic x4": stde.DenseSTDE(num_samples, stde.Antithetic(copies=4)),
            "dense, known factor": stde.KnownFactor(dense),
            "exact": stde.Exact(),
        },
        key=jr.key(4),
        num_draws=num_draws,
    )
    # The exact bilaplacian, against which bias is told, takes the square of the dimension.
    small = zoo.ClampedPlate(zoo.TwoBody(20, key=jr.key(0)))
    plate = small.ansatz(eqx.nn.MLP(20, "scalar", 64, 3, activation=jnp.tanh, key=jr.key(1)))
    bilaplacian = stde.diagnose(
        stde.Biharmonic(),
        plate,
        small.sample(num_points, key=jr.key(3)),
        {
            "sparse x sparse": stde.SparseSTDE(8),
            "signs x signs": stde.DenseSTDE(8),
            "Gaussian x Gaussian": stde.DenseSTDE(8, stde.Gaussian()),
            "orthogonal x orthogonal": stde.DenseSTDE(8, stde.Orthogonal()),
            "Gaussian, order 4": GaussianQuartic(20),
        },
        key=jr.key(5),
        num_draws=num_draws,
    )
    rows = [
        (
            operator,
            line.name,
            f"{line.bias:.1e}",
            f"{line.bias_error:.1e}",
            f"{line.variance**0.5:.2e}",
            f"{1e3 * line.seconds:.3g}",
            f"{line.variance_times_seconds:.1e}",
        )
        for operator, diagnosis in ((f"Laplacian, d = {dim}", laplacian), ("bilaplacian, d = 20", bilaplacian))
        for line in diagnosis.lines
    ]
    caption = (
        f"Measured on {machine()}; {num_points} points, {num_draws} draws, V = {num_samples} (Laplacian), 8 x 8 pairs "
        f"or 20 vectors (bilaplacian). From point to point the exact Laplacian itself has the standard deviation "
        f"{laplacian.spread**0.5:.1e}."
    )
    publish(output, "variance", HEADER, rows, caption)
    laplacian.plot().savefig(output / "variance.png", dpi=150)


if __name__ == "__main__":
    tyro.cli(main)
