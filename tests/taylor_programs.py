"""Programs of the kinds that users write, on which the Taylor engine is checked, by name."""

# pyright: reportArgumentType=false

import diffrax
import equinox as eqx
import flax.nnx as nnx
import haiku as hk
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jax import lax
from jax.custom_derivatives import SymbolicZero


DIM = 8

_key = jr.key(0)
_ramp = np.arange(1.0, DIM + 1)


def _spd(x):
    return 3 * np.eye(4) + jnp.outer(x[:4], x[:4]) + jnp.diag(jnp.sin(x[4:]))


def _general(x):
    return jnp.sin(jnp.outer(x[:4], x[4:])) + np.diag([4.0, 3.0, 2.0, 1.0])


def _recurrent(cell, carry):
    return lambda x: lax.scan(lambda c, a: (cell(a, c), None), carry, x.reshape(4, 2))[0]


def _conv(kind, shape, **kwargs):
    layer = kind(shape[0], 3, 2, key=_key, **kwargs)
    return lambda x: jnp.tanh(layer(x.reshape(shape)))


def _heads(x):
    tokens = x.reshape(2, 4)
    return eqx.nn.MultiheadAttention(2, 4, key=_key)(tokens, tokens, tokens, mask=np.tril(np.ones((2, 2), bool)))


LAYERS = {
    "linear": eqx.nn.Linear(DIM, 3, key=_key),
    "mlp": eqx.nn.MLP(DIM, "scalar", 7, 2, activation=jnp.tanh, key=_key),
    "conv1d": _conv(eqx.nn.Conv1d, (2, 4)),
    "conv1d strided": _conv(eqx.nn.Conv1d, (1, 8), stride=2, padding=1, dilation=2),
    "conv2d": _conv(eqx.nn.Conv2d, (2, 2, 2)),
    "conv3d": _conv(eqx.nn.Conv3d, (1, 2, 2, 2)),
    "conv grouped": lambda x: jnp.tanh(eqx.nn.Conv1d(2, 4, 2, groups=2, key=_key)(x.reshape(2, 4))),
    "conv1d transposed": _conv(eqx.nn.ConvTranspose1d, (2, 4), stride=2),
    "conv2d transposed": _conv(eqx.nn.ConvTranspose2d, (2, 2, 2)),
    "conv3d transposed": _conv(eqx.nn.ConvTranspose3d, (1, 2, 2, 2)),
    "layer norm": lambda x: eqx.nn.LayerNorm(DIM)(jnp.sin(x)),
    "rms norm": lambda x: eqx.nn.RMSNorm(DIM)(jnp.sin(x)),
    "group norm": lambda x: eqx.nn.GroupNorm(2, 4)(x.reshape(4, 2)),
    "attention": _heads,
    "rotary": lambda x: eqx.nn.RotaryPositionalEmbedding(4)(x.reshape(2, 4)) ** 2,
    "gru": _recurrent(eqx.nn.GRUCell(2, 3, key=_key), jnp.zeros(3)),
    "lstm": _recurrent(eqx.nn.LSTMCell(2, 3, key=_key), (jnp.zeros(3), jnp.ones(3))),
    "average pool": lambda x: eqx.nn.AvgPool1d(3, 2)(jnp.sin(x)[None]) ** 2,
    "average pool 2d": lambda x: eqx.nn.AvgPool2d(2)(x.reshape(1, 2, 4) ** 2),
    "max pool": lambda x: eqx.nn.MaxPool1d(2, 2)(jnp.sin(x)[None]) ** 2,
    "adaptive average pool": lambda x: eqx.nn.AdaptiveAvgPool1d(3)(jnp.sin(x)[None]) ** 2,
    "adaptive max pool": lambda x: eqx.nn.AdaptiveMaxPool1d(3)(jnp.sin(x)[None]) ** 2,
    "prelu": lambda x: eqx.nn.PReLU(0.3)(x) ** 2,
    "spectral residual": lambda x: x + jnp.tanh(eqx.nn.Linear(DIM, DIM, key=_key)(x)),
}


class _Flax(nnx.Module):
    def __init__(self, rngs):
        self.first = nnx.Linear(DIM, 6, rngs=rngs)
        self.norm = nnx.LayerNorm(6, rngs=rngs)
        self.last = nnx.Linear(6, 1, rngs=rngs)

    def __call__(self, x):
        return self.last(nnx.gelu(self.norm(self.first(x))))[0]


def _flax():
    # Flax's parameters are float32 unless asked otherwise; so is then the derivative.
    model = _Flax(nnx.Rngs(0))
    graph, state = nnx.split(model)
    return nnx.merge(graph, jax.tree.map(lambda leaf: leaf.astype(jnp.float64), state))


def _haiku():
    def forward(x):
        hidden = jnp.tanh(hk.Linear(6)(x))
        hidden = hk.LayerNorm(-1, True, True)(hidden)
        return hk.nets.MLP([5, 1], activation=jax.nn.silu)(hidden)[0]

    transformed = hk.without_apply_rng(hk.transform(forward))
    parameters = transformed.init(jr.key(0), jnp.zeros(DIM))
    return lambda x: transformed.apply(parameters, x)


def _scan_reverse(x):
    return lax.scan(lambda c, a: (jnp.sin(c) * a, c + a**2), x[0], x, reverse=True)


def _nested_scan(x):
    inner = lambda c, a: (c * jnp.sin(a), c)
    return lax.scan(lambda c, row: (lax.scan(inner, c, row)[0], jnp.sum(row) * c), x[0], x.reshape(2, 4))


def _while(x):
    return lax.while_loop(lambda c: jnp.sum(c[1] ** 2) < 50, lambda c: (c[0] + 1, 1.5 * c[1] + jnp.sin(x)), (0, x))[1]


def _plain(x):
    return jnp.sin(x) * x


_declared = jax.custom_vjp(_plain)
_declared.defvjp(lambda x: (_plain(x), x), lambda x, g: (g * (jnp.cos(x) * x + jnp.sin(x)),))


@jax.custom_jvp
def _logistic(x):
    return 1 / (1 + jnp.exp(-x))


@_logistic.defjvp
def _logistic_jvp(primals, tangents):
    y = _logistic(*primals)
    return y, y * (1 - y) * tangents[0]


@jax.custom_jvp
def _reversing(x):
    return 1.0 * x


_reversing.defjvp(lambda primals, tangents: (_reversing(*primals), tangents[0][::-1]))


@jax.custom_jvp
def _centred(x):
    return 1.0 * x


_centred.defjvp(lambda primals, tangents: (_centred(*primals), tangents[0] - jnp.mean(tangents[0])))


@jax.custom_jvp
def _weighted(x, weight):
    return x * weight


def _weighted_jvp(primals, tangents):
    """As those of Equinox's loops: what depends on an operand that is not perturbed is left out altogether."""
    x, weight = primals
    dx, dw = (jnp.zeros_like(x) if type(t) is SymbolicZero else t for t in tangents)
    slope = 0.0 if type(tangents[0]) is SymbolicZero else dx * weight + x * dw
    return _weighted(x, weight), jnp.broadcast_to(slope, x.shape)


_weighted.defjvp(_weighted_jvp, symbolic_zeros=True)


def _ode(x, **adjoint):
    term = diffrax.ODETerm(lambda t, y, args: jnp.sin(y) + args)
    return diffrax.diffeqsolve(term, diffrax.Heun(), 0.0, 1.0, 0.25, x[:3], x[3], max_steps=8, **adjoint).ys


def _roots(x):
    """Each item takes steps of its own number."""
    squares = jnp.stack([1 + x**2, 2 + jnp.sin(x)], 1)
    root = lambda y: lax.while_loop(lambda z: jnp.abs(z**2 - y) > 1e-7, lambda z: (z + y / z) / 2, y)
    return jax.vmap(jax.vmap(root))(squares) ** 3


def _custom_solve(x):
    a = _spd(x)
    return lax.custom_linear_solve(lambda v: a @ v, x[:4] ** 2, lambda _, b: jnp.linalg.solve(a, b), symmetric=True)


def _root(x):
    return lax.custom_root(
        lambda y: y**3 + y - jnp.sum(x**2),
        jnp.ones(()),
        lambda f, y: lax.fori_loop(0, 30, lambda _, y: y - f(y) / (3 * y**2 + 1), y),
        lambda g, y: y / g(jnp.ones(())),
    )


_indices = np.array([[0, 3], [3, 7], [2, 0]])

CONTROL = {
    "scan reversed": _scan_reverse,
    "scan nested": _nested_scan,
    "while": _while,
    "while batched": _roots,
    "fori batched": lambda x: jax.vmap(lambda y, n: lax.fori_loop(0, n, lambda _, z: jnp.sin(z) * x, y))(
        jnp.outer(x[:2], x), np.array([1, 3])
    ),
    "fori": lambda x: lax.fori_loop(0, 3, lambda i, y: y.at[i].set(jnp.sin(y[i + 1]) * y[i]), x),
    "fori traced": lambda x: lax.fori_loop(0, jnp.argmax(x), lambda i, y: jnp.sin(y) * x, x),
    "cond": lambda x: lax.cond(x[0] > 0, lambda z: jnp.sin(z) * z[0], lambda z: z**2, x),
    "switch": lambda x: lax.switch(jnp.argmax(x[:3]), [jnp.sin, lambda z: z**3, lambda z: 0 * z + 1], x),
    "checkpoint": lambda x: jax.checkpoint(lambda z: jnp.sin(z) * jnp.cos(z[::-1]))(x) ** 2,
    "custom_jvp": lambda x: _logistic(x) * x,
    "custom_jvp that reverses": lambda x: _ramp * _reversing(x) ** 3,
    "custom_jvp that projects": lambda x: jnp.sin(_ramp * _centred(x)),
    "custom_jvp of perturbed operands": lambda x: _weighted(2 * x, jnp.sin(x)),
    "custom_root": _root,
    "jit": lambda x: jax.jit(lambda z: jax.jit(jnp.sin)(z) * z)(x),
    "vmap": lambda x: jax.vmap(lambda a, b: jnp.sin(a * b), (0, None))(x, x[0]),
    "vmap of a solve": lambda x: jax.vmap(lambda a: jnp.linalg.solve(_spd(x) + a * np.eye(4), x[4:]))(x[:2]),
    "grad": lambda x: jax.grad(lambda z: jnp.sum(jnp.sin(z) ** 2 * z[::-1]))(x),
    "jvp": lambda x: jax.jvp(lambda z: jnp.sin(z) * z[0], (x,), (x**2,)),
    "jacfwd": lambda x: jax.jacfwd(lambda z: jnp.sin(z[:2]) * z[2])(x),
    "hessian": lambda x: jax.hessian(lambda z: jnp.sum(z[:3] ** 4) * z[0])(x[:3]),
    "linearize": lambda x: jax.linearize(lambda z: jnp.sin(z) * z[0], x)[1](x**2),
}

LINEAR_ALGEBRA = {
    "solve": lambda x: jnp.linalg.solve(_general(x), x[:4]),
    "cholesky": lambda x: jnp.linalg.cholesky(_spd(x)),
    "slogdet": lambda x: jnp.linalg.slogdet(_general(x))[1],
    "det": lambda x: jnp.linalg.det(_general(x)),
    "inv": lambda x: jnp.linalg.inv(_general(x)),
    "eigh": lambda x: jnp.linalg.eigvalsh(_general(x) @ _general(x).T),
    "qr": lambda x: jnp.linalg.qr(_general(x))[1],
    "svd": lambda x: jnp.linalg.svd(_general(x), compute_uv=False),
    "triangular": lambda x: jax.scipy.linalg.solve_triangular(_general(x), x[:4], lower=True),
    "cho_solve": lambda x: jax.scipy.linalg.cho_solve(jax.scipy.linalg.cho_factor(_spd(x)), x[4:]),
    "custom_linear_solve": _custom_solve,
    "expm": lambda x: jax.scipy.linalg.expm(_general(x) / 8),
    "matrix_power": lambda x: jnp.linalg.matrix_power(_general(x), 3),
    "norm": jnp.linalg.norm,
    "norms": lambda x: jnp.linalg.norm(x.reshape(2, 4), axis=1, ord=3),
    "fft": lambda x: jnp.fft.ifft(jnp.fft.fft(jnp.sin(x)) ** 2).real,
    "rfft": lambda x: jnp.abs(jnp.fft.rfft(x)) ** 3,
    "complex": lambda x: jnp.abs(jnp.exp(1j * x) + x) * jnp.angle(2 + 1j * x),
    "complex solve": lambda x: jnp.linalg.solve(_general(x) + 1j * np.eye(4), x[:4] + 0j).imag,
}

INDEXING = {
    "gather": lambda x: jnp.sin(x)[_indices] ** 2,
    "gather rows": lambda x: jnp.sin(x.reshape(4, 2))[_indices[:, 0] % 4],
    "gather traced": lambda x: jnp.sin(x)[jnp.argsort(x)[:4]] ** 2,
    "gather pairs": lambda x: jnp.sin(x.reshape(4, 2))[np.array([0, 3, 3]), np.array([1, 0, 0])],
    "gather out of bounds": lambda x: jnp.sin(x).at[np.array([1, 9])].get(mode="fill", fill_value=0.0) ** 2,
    "gather filled": lambda x: jnp.take(jnp.sin(x), np.array([1, 9]), mode="fill", fill_value=7.0) ** 2,
    "take": lambda x: jnp.take(jnp.sin(x), np.array([1, 5, 1]), mode="clip") ** 2,
    "take_along_axis": lambda x: jnp.take_along_axis(jnp.sin(x.reshape(4, 2)), np.array([[0, 3], [3, 1]]), 0),
    "mask": lambda x: jnp.sin(x)[np.array([True, False] * 4)],
    "scatter": lambda x: jnp.zeros(5).at[np.array([0, 3, 3])].add(jnp.sin(x[:3])) ** 2,
    "scatter set": lambda x: (x**2).at[np.array([0, 3])].set(jnp.sin(x[:2])),
    "scatter traced": lambda x: (x**2).at[jnp.argsort(x)[:3]].set(jnp.sin(x[:3])),
    "scatter max": lambda x: (x**2).at[np.array([0, 3])].max(jnp.sin(x[:2])),
    "scatter mul": lambda x: (x**2).at[np.array([0, 3])].multiply(jnp.sin(x[:2]), unique_indices=True),
    "segment_sum": lambda x: jax.ops.segment_sum(jnp.sin(x), np.array([0, 0, 1, 2, 2, 2, 1, 0]), 3) ** 2,
    "dynamic slice": lambda x: lax.dynamic_slice(jnp.sin(x), (jnp.argmax(x) % 3,), (3,)) ** 2,
    "dynamic update": lambda x: lax.dynamic_update_slice(x**2, jnp.sin(x[:2]), (jnp.argmax(x) % 3,)),
    "dynamic index": lambda x: x[jnp.argmax(x)] ** 3 * x,
    "sort": lambda x: jnp.sort(jnp.sin(x)) * _ramp,
    "argsort": lambda x: (x**2)[jnp.argsort(-x)],
    "top_k": lambda x: lax.top_k(x**2, 3)[0],
    "max": lambda x: jnp.max(x.reshape(2, 4) ** 2, 1) * jnp.min(x),
    "median": lambda x: jnp.median(jnp.sin(x)) ** 2,
    "interp": lambda x: jnp.interp(x, np.linspace(-3, 3, 5), _ramp[:5] ** 2) ** 2,
    "roll": lambda x: jnp.roll(x, 2) * jnp.roll(x, -3) ** 2,
    "repeat and tile": lambda x: jnp.repeat(jnp.sin(x), 2) * jnp.tile(x**2, 2),
    "tril": lambda x: jnp.tril(jnp.outer(jnp.sin(x), x)),
    "meshgrid": lambda x: jnp.multiply(*jnp.meshgrid(jnp.sin(x[:3]), x[3:])),
    "diagonal": lambda x: jnp.diagonal(jnp.outer(jnp.sin(x), x)) + jnp.trace(jnp.outer(x, x)),
}

MATHS = {
    "cumsum": lambda x: jnp.cumsum(jnp.sin(x)) ** 2,
    "cumprod": lambda x: jnp.cumprod(1 + x),
    "cummax": lambda x: lax.cummax(jnp.sin(x)) ** 2,
    "cumlogsumexp": lambda x: lax.cumlogsumexp(x),
    "associative_scan": lambda x: lax.associative_scan(jnp.multiply, 1 + x),
    "logsumexp": lambda x: jax.nn.logsumexp(x**2),
    "logaddexp": lambda x: jnp.logaddexp(x[:4], x[4:] ** 2),
    "integer powers": lambda x: x**4 + x**-2 + x**0 + jnp.power(x, 3),
    "real powers": lambda x: (2 + x) ** 1.5 + (2 + x) ** _ramp + 2.0**x + (2 + x) ** x,
    "power at zero": lambda x: (x - x[0]) ** 3 + (x * 0) ** 2,
    "powers at zero": lambda x: (x - x[0]) ** np.arange(8),
    "power of zero": lambda x: jnp.array([0.0, 2.0]) ** (x[2:4] + 1),
    "hypot": lambda x: jnp.hypot(x[:4], x[4:]),
    "sinc": lambda x: jnp.sinc(x),
    "gammaln": lambda x: jax.scipy.special.gammaln(2 + x) * jax.scipy.special.digamma(2 + x),
    "gammainc": lambda x: jax.scipy.special.gammainc(1.5, 2 + x) + jax.scipy.special.betainc(1.5, 2.0, 0.4 + x / 8),
    "erf": lambda x: jax.scipy.special.erf(x) * jax.scipy.special.erfc(x) + jax.scipy.special.erfinv(x / 4),
    "ndtr": lambda x: jax.scipy.special.ndtr(x) + jax.scipy.special.log_ndtr(x),
    "xlogy": lambda x: jax.scipy.special.xlogy(2 + x, 2 + x) + jax.scipy.special.entr(2 + x),
    "polygamma": lambda x: jax.scipy.special.polygamma(1, 3 + x),
    "bessel": lambda x: jax.scipy.special.i0(x) + jax.scipy.special.i1e(x),
    "expi": lambda x: jax.scipy.special.expi(2 + x),
    "norm_logpdf": lambda x: jax.scipy.stats.norm.logpdf(x, x[0], 1.5),
    "var": lambda x: jnp.var(jnp.sin(x)) + jnp.std(x),
    "convolve": lambda x: jnp.convolve(jnp.sin(x), x[:3]),
    "polyval": lambda x: jnp.polyval(x, x[0]),
    "trapezoid": lambda x: jnp.trapezoid(jnp.sin(x) ** 2),
    "einsum": lambda x: jnp.einsum("ij,kj,i->k", x.reshape(2, 4), jnp.sin(x).reshape(2, 4), x[:2]),
}

MODULES = {"flax": _flax(), "haiku": _haiku()}

PROGRAMS = {
    f"{family}: {name}": fn
    for family, programs in {
        "nn": LAYERS,
        "control": CONTROL,
        "linalg": LINEAR_ALGEBRA,
        "indexing": INDEXING,
        "maths": MATHS,
        "modules": MODULES,
    }.items()
    for name, fn in programs.items()
}

# Their primitives are tested by themselves, and these take long to compile: `make slow` alone tests them.
SLOW_TO_COMPILE = {
    f"maths: {name}" for name in ("gammainc", "expi", "bessel", "cumlogsumexp", "associative_scan", "ndtr", "gammaln")
}

# `jax.jvp` refuses these: the function without its declared rule is what they must agree with.
UNDECLARED = {
    "custom_vjp": (lambda x: _declared(x) ** 2, lambda x: _plain(x) ** 2),
    "differential equation": (_ode, lambda x: _ode(x, adjoint=diffrax.DirectAdjoint())),
}
