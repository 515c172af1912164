"""Taylor mode by itself: high derivatives along a line of a network with a loop inside, and where its time goes.

`jax.experimental.jet` refuses this network, for its `lax.scan` and its `softplus`. Run it with
`python examples/taylor_mode.py`: it prints the series, how far it carries, and what the engine does with each
operation.
"""

import jax
import jax.numpy as jnp

import stde_eqx as stde


def main(order: int = 8, width: int = 32, depth: int = 6) -> tuple[float, float]:
    first, hidden, last = (jax.random.normal(key, shape) for key, shape in _parameters(width, depth))

    def u(x):
        layer = lambda y, weight: (jax.nn.softplus(weight @ y / width**0.5), None)
        y, _ = jax.lax.scan(layer, jnp.tanh(first @ x), hidden)
        return last @ y / width

    x, v = jnp.array([0.2, -0.1]), jnp.array([1.0, 0.5])
    value, coefficients = stde.jet(u, (x,), ((v, *[jnp.zeros(2)] * (order - 1)),), factorial_scaled=False)
    t = 0.1
    series = value + sum(c * t**k for k, c in enumerate(coefficients, 1))
    first_order = value + coefficients[0] * t
    exact = u(x + t * v)
    for k, c in enumerate([value, *coefficients]):
        print(f"c_{k} = {c: .3e}")
    print(
        f"\nu(x + {t} v): error {abs(series - exact):.1e} with {order} terms, {abs(first_order - exact):.1e} with one\n"
    )
    stde.taylor.explain(u, x, order=2, num_directions=2)
    return float(abs(series - exact)), float(abs(first_order - exact))


def _parameters(width, depth):
    return zip(jax.random.split(jax.random.key(0), 3), [(width, 2), (depth, width, width), (width,)], strict=True)


if __name__ == "__main__":
    main()
