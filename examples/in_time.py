"""A parabolic equation of one's own, in two ways: trained in space-time, and followed in time.

    u_t = Lap u + u (1 - u),    u(0, x) = exp(-|x|^2 / d),

Fisher's equation in d dimensions. No formula is known for it, so the two ways check each other. Run it with
`python examples/in_time.py`; it prints both values at the origin and draws both solutions along an axis.
"""

import pathlib

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
from matplotlib.figure import Figure

import stde_eqx as stde


class Fisher(stde.AbstractParabolic):
    dim: int
    t0: float = 0.0
    t1: float = 0.5

    def initial(self, x):
        return jnp.exp(-jnp.sum(x**2) / self.dim)

    def rate(self, u, t, x, *, estimator, key):
        value, laplacian = stde.value_and_apply(stde.Laplacian(), u, x, estimator=estimator, key=key)
        return laplacian + value * (1 - value)

    def sample_at(self, t, *, key):
        spread = jnp.sqrt(0.5 + 2 * (self.t1 - t))
        return spread[:, None] * jax.random.normal(key, (t.shape[0], self.dim))


def main(dim: int = 2, width: int = 24, steps: int = 4_000, folder: str = ".") -> tuple[float, float]:
    problem = Fisher(dim)
    mlp = lambda inputs, key: eqx.nn.MLP(inputs, "scalar", width, 2, activation=jnp.tanh, key=jax.random.key(key))
    trained = stde.train(
        problem,
        stde.nn.SpaceTime(mlp(1 + dim, 0)),
        steps=steps,
        key=jax.random.key(1),
        callbacks=[stde.training.ProgressBar()],
    )
    followed = stde.evolve(problem, mlp(dim, 2), solver=diffrax.Tsit5(), key=jax.random.key(3))

    at_end = jnp.asarray(problem.t1)
    line = jnp.linspace(-3, 3, 101)[:, None] * jnp.eye(dim)[0][None]
    curves = {"trained": jax.vmap(lambda x: trained.u(at_end, x))(line), "followed": jax.vmap(followed.u)(line)}
    plot(line[:, 0], curves, pathlib.Path(folder) / "in_time.png")
    return float(trained.u(at_end, jnp.zeros(dim))), float(followed.u(jnp.zeros(dim)))


def plot(x, curves, path):
    figure = Figure(layout="constrained")
    axis = figure.subplots()
    for name, values in curves.items():
        axis.plot(x, values, label=name, linestyle="--" if name == "followed" else "-")
    axis.set(xlabel="$x_1$", ylabel="$u(0.5, x)$")
    axis.legend()
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    trained, followed = main()
    print(f"u(0.5, 0): trained in space-time {trained:.4f}, followed in time {followed:.4f}")
