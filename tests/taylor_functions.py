"""Functions of one vector of length `DIM` on which the Taylor engine is checked, by name."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr


DIM = 8

_key = jr.key(0)
_weight = jr.normal(_key, (5, DIM))
_ramp = jnp.arange(1.0, DIM + 1)
_half = jr.normal(_key, (2, 3))


def _symmetric(x):
    return 3 * jnp.eye(DIM) + jnp.outer(x, jnp.sin(x))


def _two_body(x):
    return (1 - x @ x) * jnp.sum(_ramp[1:] * jnp.sin(x[:-1] + jnp.cos(x[1:]) + x[1:] * jnp.cos(x[:-1])))


def _scan(x):
    return jax.lax.scan(lambda c, a: (jnp.sin(c) + a * c, c * a), jnp.sum(x), x)[1]


def _growing_carry(x):
    # The second carry depends on x only after the first step: the fixed point takes two rounds.
    def body(carry, a):
        first, second = carry
        return (first * x[0], jnp.sin(first) + second * a), None

    return jax.lax.scan(body, (jnp.sum(x), 1.0), jnp.arange(3.0), reverse=True)[0]


def _while(x):
    return jax.lax.while_loop(lambda c: c[0] < 3, lambda c: (c[0] + 1, jnp.tanh(c[1] * x)), (0, jnp.ones(DIM)))[1]


def _cond(x):
    return jax.lax.cond(x[0] > -10, lambda z: jnp.sum(z**3), lambda z: 1.0, x)


def _fourier(x):
    waves = jnp.outer(jnp.arange(1.0, 3.0), x)
    return jnp.sum(jnp.concatenate([jnp.sin(waves), jnp.cos(waves)]) ** 3 @ _ramp)


@jax.custom_jvp
def _declared(x):
    return jnp.sum(x)


# A derivative that is not the function's own: it has to be used, at every order.
_declared.defjvp(lambda primals, tangents: (_declared(*primals), jnp.sum(jnp.cos(primals[0]) * tangents[0])))


def _attention(x):
    tokens = x.reshape(4, 2)
    return jnp.sum(eqx.nn.MultiheadAttention(2, 2, key=_key)(tokens, tokens, tokens) ** 2)


_activations = {
    name: (lambda f: lambda x: jnp.sum(_ramp * f(x) ** 2))(getattr(jax.nn, name))
    for name in (
        "relu relu6 sigmoid softplus sparse_plus soft_sign silu log_sigmoid leaky_relu hard_sigmoid hard_silu "
        "hard_tanh elu celu selu gelu squareplus mish sparse_sigmoid softmax log_softmax standardize tanh"
    ).split()
}

FUNCTIONS = {
    "mlp": eqx.nn.MLP(DIM, "scalar", 7, 2, activation=jnp.tanh, key=_key),
    "layer_norm": lambda x: jnp.sum(jnp.sin(eqx.nn.LayerNorm(DIM)(x))),
    "attention": _attention,
    "convolution": lambda x: jnp.sum(jnp.tanh(eqx.nn.Conv1d(1, 3, 3, key=_key)(x[None]))),
    "glu": lambda x: jnp.sum(jax.nn.glu(x) ** 2),
    "logsumexp": jax.nn.logsumexp,
    "two_body": _two_body,
    "three_body": lambda x: (1 - jnp.sum(x**2)) * jnp.sum(jnp.exp(x[:-2] * x[1:-1] * x[2:])),
    "norm": jnp.linalg.norm,
    "vector_valued": lambda x: jnp.cumsum(jnp.cos(x) * x),
    "pytree_valued": lambda x: {"a": jnp.sin(x)[:2], "b": (x[0] * x[1], jnp.ones(2))},
    "blocks": lambda x: jnp.sum(jnp.tanh(x.reshape(4, 2) @ _half) ** 2),
    "blocks_transposed": lambda x: jnp.sum(jnp.tanh(_half.T @ x.reshape(4, 2).T) ** 2),
    "embedding": lambda x: jnp.sum(jnp.tanh(jnp.tanh(jnp.outer(x, jnp.arange(1.0, 3.0))) @ _half), 0) ** 3,
    "embedding_flattened": lambda x: _weight @ jnp.tanh(jnp.outer(x, jnp.arange(1.0, 3.0))).reshape(2, 8).sum(0),
    "concatenate": lambda x: jnp.sum(jnp.sin(jnp.concatenate([x[::-1] ** 2, x[:3], jnp.ones(2)])) * jnp.arange(13.0)),
    "stack": lambda x: jnp.sum(jnp.stack([x, x**2, jnp.sin(x)], 1) ** 3 @ jnp.arange(3.0)),
    "pad_and_stride": lambda x: jnp.sum(jnp.pad(x, (2, 3)) ** 3) + jnp.sum(x[1::3] ** 2 * x[0]),
    "interior_pad": lambda x: jnp.sum(jax.lax.pad(x, 0.0, ((-1, 2, 1),)) ** 3 * jnp.arange(16.0)),
    "divide": lambda x: jnp.sum(x[1:] / (2 + x[:-1] ** 2)),
    "reciprocal": lambda x: jnp.sum(1 / (3 + x)),
    "powers": lambda x: jnp.sum((1 + x**2) ** 2.5) + jnp.sum((2 + x) ** x) + jnp.sum((2 + x) ** _ramp),
    "outer": lambda x: jnp.sum(jnp.sin(jnp.outer(x, x))),
    "roll": lambda x: jnp.sum(x * jnp.roll(x, 1) ** 2),
    "where": lambda x: jnp.sum(jnp.where(_ramp > 3, jnp.sin(x), x**3) * _ramp),
    "max_min": lambda x: jnp.max(x**2) + jnp.sum(jnp.abs(x) * x) + jnp.sum(jnp.maximum(x, jnp.sin(_ramp)) ** 2),
    "clip_sort": lambda x: jnp.sum(jnp.sort(x) ** 2 * _ramp) + jnp.sum(jnp.clip(x, -0.3, 0.4) ** 3),
    "products": lambda x: jnp.prod(1 + x) + jnp.cumprod(1 + x)[3],
    "einsum": lambda x: (
        jnp.einsum("ij,jk,ik->", x.reshape(4, 2), x.reshape(2, 4), jnp.outer(_ramp[:4], _ramp[:4])) ** 2
    ),
    "batched_dot": lambda x: jnp.sum(jnp.einsum("bi,bij->bj", x.reshape(4, 2), jnp.arange(24.0).reshape(4, 2, 3)) ** 3),
    "dot_of_vectors": lambda x: jnp.sin(x @ (x**2)) * jnp.dot(_ramp, x),
    "fancy_index": lambda x: jnp.sum(x[jnp.array([0, 3, 3])] ** 2 * jnp.arange(1.0, 4.0)),
    "dynamic_slice": lambda x: jnp.sum(jax.lax.dynamic_slice(jnp.sin(x), (2,), (3,)) ** 2),
    "dynamic_update": lambda x: jnp.sum(jax.lax.dynamic_update_slice(x**2, jnp.sin(x[:2]), (3,)) ** 2),
    "scatter": lambda x: jnp.sum(jnp.zeros(4).at[jnp.array([0, 1, 1])].add(x[:3] ** 2) ** 2),
    "fourier_features": _fourier,
    "special": lambda x: jnp.sum(jax.lax.erf(x) * jax.lax.lgamma(2 + x) + jax.lax.digamma(3 + x)),
    "atan2": lambda x: jnp.sum(jnp.arctan2(x, 2 + x[::-1] ** 2)),
    "inverse_functions": lambda x: jnp.sum(
        jnp.arcsin(x / 4) + jnp.arctan(x) * jnp.arcsinh(x) + jnp.arctanh(x / 4) + jnp.arccosh(2 + x**2)
    ),
    "hyperbolic": lambda x: jnp.sum(jnp.sinh(x) * jnp.cosh(x[::-1]) + jnp.tan(x / 4) * jnp.expm1(x)),
    "roots": lambda x: jnp.sum(jnp.sqrt(2 + x) + jnp.cbrt(3 + x) * jax.lax.rsqrt(2 + x**2) + jnp.log1p(x**2)),
    "erf_inv": lambda x: jnp.sum(jax.lax.erf_inv(x / 4) * jnp.exp2(x)),
    "bessel": lambda x: jnp.sum(jax.lax.bessel_i0e(x) * jax.lax.bessel_i1e(x)),
    "fft": lambda x: jnp.sum(jnp.abs(jnp.fft.rfft(jnp.sin(x))) ** 2),
    "solve": lambda x: jnp.sum(jnp.linalg.solve(_symmetric(x), x)),
    "slogdet": lambda x: jnp.linalg.slogdet(_symmetric(x))[1],
    "cholesky": lambda x: jnp.sum(jnp.linalg.cholesky(_symmetric(x) @ _symmetric(x).T)),
    "scan": _scan,
    "growing_carry": _growing_carry,
    "while": _while,
    "cond": _cond,
    "checkpoint": lambda x: jnp.sum(jax.checkpoint(lambda z: jnp.sin(_weight @ z))(x) ** 2),
    "custom_jvp": lambda x: _declared(x**2),
    "inner_jit_vmap": lambda x: jnp.sum(jax.jit(jax.vmap(lambda a: jnp.sin(a) * a))(x)),
    "inner_grad": lambda x: jax.grad(_two_body)(x) @ x,
    "stop_gradient": lambda x: jnp.sum(jax.lax.stop_gradient(x) * x**3),
    "constant": lambda x: jnp.ones(3),
    **{f"nn.{name}": fn for name, fn in _activations.items()},
}
