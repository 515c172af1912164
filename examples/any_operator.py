"""Any differential operator, exact, estimated, and with a standard error; and which estimator is worth its time.

Run it with `python examples/any_operator.py`: it prints a plan, a few estimates and a comparison, and leaves a plot.
"""

import equinox as eqx
import jax
import jax.numpy as jnp

import stde_eqx as stde


def main(dim: int = 200, width: int = 64, num_points: int = 20) -> stde.diagnosis.Diagnosis:
    u = eqx.nn.MLP(dim, "scalar", width, 3, activation=jnp.tanh, key=jax.random.key(0))
    x = jax.random.normal(jax.random.key(1), (dim,)) / dim**0.5

    # Time is the first coordinate: exact, while the diffusion of the others is sampled.
    operator = stde.PartialDerivative(0) - 0.5 * stde.Laplacian().on(slice(1, None)) + 0.1 * stde.Biharmonic()
    exact = operator(u, x)
    found = stde.estimate(operator, u, x, estimator=stde.SparseSTDE(16), key=jax.random.key(2))
    print(f"exact {exact:.4f}, estimated {found.estimate:.4f} +- {found.standard_error:.4f}\n")

    # Mixed partial derivatives by name, and the sweeps behind them.
    print(stde.plan([(0, 0, 0, 1), (0, 1), (1, 1)]), "\n")

    points = jax.random.normal(jax.random.key(3), (num_points, dim)) / dim**0.5
    estimators = [stde.SparseSTDE(4), stde.SparseSTDE(16), stde.DenseSTDE(4), stde.DenseSTDE(16), stde.Exact()]
    diagnosis = stde.diagnose(stde.Laplacian(), u, points, estimators, key=jax.random.key(4), num_draws=32)
    print(diagnosis)
    print(diagnosis.recommend(seconds=0.01))
    return diagnosis


if __name__ == "__main__":
    main().plot().savefig("estimators.png", dpi=150)
