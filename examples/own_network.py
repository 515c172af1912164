"""A problem of the zoo, with a network of one's own: any PyTree that maps a point to a scalar.

Here a residual network with layer normalisation, on the two-body Sine-Gordon problem in a thousand dimensions, of which
sixteen are sampled in each step. Run it with `python examples/own_network.py`.
"""

import equinox as eqx
import jax

import stde_eqx as stde
import zoo


class Block(eqx.Module):
    norm: eqx.nn.LayerNorm
    linear: eqx.nn.Linear

    def __call__(self, x):
        return x + jax.nn.gelu(self.linear(self.norm(x)))


class ResidualNetwork(eqx.Module):
    first: eqx.nn.Linear
    blocks: list[Block]
    last: eqx.nn.Linear

    def __init__(self, dim, width, depth, *, key):
        first, last, *inner = jax.random.split(key, depth + 2)
        self.first = eqx.nn.Linear(dim, width, key=first)
        self.blocks = [Block(eqx.nn.LayerNorm(width), eqx.nn.Linear(width, width, key=each)) for each in inner]
        self.last = eqx.nn.Linear(width, "scalar", key=last)

    def __call__(self, x):
        x = self.first(x)
        for block in self.blocks:
            x = block(x)
        return self.last(x)


def main(dim: int = 1_000, width: int = 64, steps: int = 1_000) -> stde.Solution:
    problem = zoo.SineGordon(zoo.TwoBody(dim, key=jax.random.key(0)))
    return stde.train(
        problem,
        ResidualNetwork(dim, width, depth=3, key=jax.random.key(1)),
        estimator=stde.SparseSTDE(16),
        steps=steps,
        key=jax.random.key(2),
        callbacks=[stde.training.ProgressBar()],
    )


if __name__ == "__main__":
    metrics = main().metrics
    print(f"relative L2 error {metrics.relative_l2:.1e}, skill {metrics.skill:.2f}")
