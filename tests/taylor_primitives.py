"""One small program for every primitive with a derivative in JAX, by the primitive's name; or why there is none."""

# pyright: reportAttributeAccessIssue=false, reportArgumentType=false

import equinox as eqx
import equinox.internal as eqxi
import jax
import jax.experimental.pallas as pl
import jax.experimental.sparse as sparse
import jax.numpy as jnp
import lineax as lx
import numpy as np
from jax import lax
from jax._src.interpreters import ad
from jax._src.lax.parallel import all_gather_invariant
from jax._src.state.discharge import run_state
from jax.ad_checkpoint import checkpoint_name
from jax.custom_derivatives import linear_call
from jax.experimental.layout import Layout, with_layout_constraint
from jax.sharding import PartitionSpec as P


X = np.array([0.31, -0.42, 0.73, 0.18, -0.65, 0.57])
_ramp = np.arange(1.0, 7.0)
_matrix = np.cos(np.arange(36.0)).reshape(6, 6)


def bind(name, *args, **params):
    """Primitives that no public function binds alone."""
    (primitive,) = (p for p in ad.primitive_jvps if p.name == name)
    return primitive.bind(*args, **params)


def _positive(x):
    return _matrix[:3, :3] @ jnp.diag(jnp.sin(x[:3])) @ _matrix[:3, :3].T + jnp.outer(x[3:], x[3:]) + 3 * np.eye(3)


def _square(x):
    return jnp.sin(jnp.outer(x[:3], x[3:])) + np.diag([3.0, 2.0, 1.0])


def _integers(x):
    return jnp.floor(3 * x).astype(jnp.int32)


def _key(x):
    return jax.random.key(lax.bitcast_convert_type(x[0].astype(jnp.float32), jnp.int32))


def _mesh(*, explicit=False):
    kind = jax.sharding.AxisType.Explicit if explicit else jax.sharding.AxisType.Auto
    return jax.make_mesh((1,), ("i",), axis_types=(kind,))


def _sharded(fn, *, check_vma=True):
    """Over a mesh of one device, whose collectives are the identity up to shapes."""
    local = lambda x: fn(x**2) * jnp.cos(x)
    return lambda x: jax.shard_map(local, mesh=_mesh(), in_specs=P("i"), out_specs=P("i"), check_vma=check_vma)(x)


_pattern = np.where(np.abs(_matrix) > 0.5, _matrix, 0.0)
_nonzeros = int(np.count_nonzero(_pattern))


def _stored(x, kind):
    """A sparse matrix of the given kind, whose stored entries vary with x."""
    return kind.fromdense(_pattern * jnp.sin(x)[None], nse=_nonzeros)


def _extracted(x):
    where = _stored(X, sparse.BCSR)
    return sparse.bcsr.bcsr_extract(where.indices, where.indptr, jnp.outer(jnp.sin(x), x))


def _sampled(x):
    indices = np.array([[0, 1], [2, 3], [5, 5]])
    return sparse.bcoo_dot_general_sampled(
        jnp.outer(jnp.sin(x), x), _matrix, indices, dimension_numbers=(([1], [0]), ([], []))
    )


def _references(x):
    ref = jax.new_ref(jnp.sin(x))
    ref[2] = x[0] ** 2
    ref[3] += x[1] * ref[2]
    jax.ref.addupdate(ref, 1, x[4] ** 3)
    return jax.ref.freeze(ref) * x


def _empty_reference(x):
    ref = jax.empty_ref(jax.ShapeDtypeStruct(x.shape, x.dtype))
    ref[...] = jnp.sin(x)
    y = ref[...] * x
    jax.free_ref(ref)
    return y


def _run_state(x):
    def body(refs):
        source, target = refs
        target[...] = jnp.sin(source[...]) * x

    return run_state(body)((x, jnp.zeros(6)))[1]


def _pallas(x):
    def kernel(x_ref, y_ref):
        y_ref[...] = jnp.sin(x_ref[...]) * x_ref[...]

    return pl.pallas_call(kernel, out_shape=jax.ShapeDtypeStruct((6,), x.dtype), interpret=True)(x)


@jax.custom_batching.custom_vmap
def _custom_vmap(x):
    return jnp.sin(x) * x


@_custom_vmap.def_vmap
def _custom_vmap_rule(axis_size, in_batched, x):
    return jnp.sin(x) * x, True


@jax.custom_vjp
def _sine(x):
    return jnp.sin(x)


_sine.defvjp(lambda x: (jnp.sin(x), x), lambda x, g: (jnp.cos(x) * g,), optimize_remat=True)


def _buffered_loop(x):
    body = lambda carry: (carry[0] + 1, carry[1].at[carry[0]].set(jnp.sin(x[0] * carry[0])))
    buffers = lambda carry: carry[1]
    return eqxi.while_loop(lambda carry: carry[0] < 3, body, (0, x), kind="bounded", max_steps=4, buffers=buffers)[1]


def _cond(x):
    return lax.cond(x[0] > 0, lambda x: jnp.sin(x) * x, lambda x: x, x)


def _window(x, op, init, size=2):
    return lax.reduce_window(x, init, op, (size,), (1,), "VALID")


def _linear_solve(x):
    return lax.custom_linear_solve(
        lambda v: jnp.sin(x) * v + 2 * v, x**2, lambda matvec, b: b / (jnp.sin(x) + 2), symmetric=True
    )


def _segments(x):
    sizes = jnp.array([2, 1], jnp.int32)
    return lax.ragged_dot(jnp.outer(x[:3], jnp.cos(x[3:5])), jnp.sin(x).reshape(1, 2, 3) * np.ones((2, 1, 1)), sizes)


EXAMPLES = {
    # entry by entry
    "abs": lambda x: jnp.abs(x) * x,
    "acos": jnp.arccos,
    "acosh": lambda x: jnp.arccosh(2 + x),
    "add": lambda x: jnp.sin(x) + x[0] ** 2,
    "add_any": lambda x: bind("add_any", jnp.sin(x), x**2),
    "asin": jnp.arcsin,
    "asinh": jnp.arcsinh,
    "atan": jnp.arctan,
    "atan2": lambda x: jnp.arctan2(x[:3], x[3:]),
    "atanh": jnp.arctanh,
    "bessel_i0e": lax.bessel_i0e,
    "bessel_i1e": lax.bessel_i1e,
    "cbrt": jnp.cbrt,
    "ceil": lambda x: jnp.ceil(2 * x) * x**2,
    "clamp": lambda x: lax.clamp(-0.5, x, 0.5) ** 2,
    "cos": jnp.cos,
    "cosh": jnp.cosh,
    "digamma": lambda x: lax.digamma(2 + x),
    "div": lambda x: x[:3] / (2 + x[3:]),
    "erf": lax.erf,
    "erf_inv": lax.erf_inv,
    "erfc": lax.erfc,
    "exp": jnp.exp,
    "exp2": jnp.exp2,
    "expm1": jnp.expm1,
    "floor": lambda x: jnp.floor(2 * x) * x**2,
    "igamma": lambda x: lax.igamma(jnp.full(6, 1.5), 1.3 + x),
    "igammac": lambda x: lax.igammac(jnp.full(6, 1.5), 1.3 + x),
    "integer_pow": lambda x: x**5 + x**-3,
    "is_finite": lambda x: jnp.where(jnp.isfinite(x), x**2, x),
    "lgamma": lambda x: lax.lgamma(2 + x),
    "log": lambda x: jnp.log(2 + x),
    "log1p": jnp.log1p,
    "logistic": jax.nn.sigmoid,
    "max": lambda x: jnp.maximum(x[:3], jnp.sin(x[3:])) ** 2,
    "min": lambda x: jnp.minimum(x[:3], jnp.sin(x[3:])) ** 2,
    "mul": lambda x: jnp.sin(x) * x[::-1],
    "neg": lambda x: -(x**2),
    "polygamma": lambda x: lax.polygamma(jnp.full(6, 2.0), 2 + x),
    "pow": lambda x: (2 + x[:3]) ** x[3:] + (2 + x[:3]) ** 2.5,
    "regularized_incomplete_beta": lambda x: lax.betainc(jnp.full(6, 1.5), jnp.full(6, 2.0), 0.5 + x / 3),
    "rem": lambda x: lax.rem(x[:3], 0.1 + x[3:] ** 2) ** 2,
    "round": lambda x: jnp.round(2 * x) * x**2,
    "rsqrt": lambda x: lax.rsqrt(2 + x),
    "sign": lambda x: jnp.sign(x) * x**2,
    "sin": jnp.sin,
    "sinh": jnp.sinh,
    "sqrt": lambda x: jnp.sqrt(2 + x),
    "square": jnp.square,
    "sub": lambda x: jnp.sin(x) - x[0] ** 2,
    "tan": jnp.tan,
    "tanh": jnp.tanh,
    # constant, or acting on integers
    "and": lambda x: jnp.where((x > 0) & (x < 0.5), x**2, x),
    "or": lambda x: jnp.where((x < 0) | (x > 0.5), x**2, x),
    "xor": lambda x: jnp.where((x < 0) ^ (x > 0.5), x**2, x),
    "not": lambda x: jnp.where(~(x > 0), x**2, x),
    "eq": lambda x: jnp.where(x == X[0], x**2, x),
    "ne": lambda x: jnp.where(x != X[0], x**2, x),
    "lt": lambda x: jnp.where(x < 0.2, x**2, x),
    "le": lambda x: jnp.where(x <= 0.2, x**2, x),
    "gt": lambda x: jnp.where(x > 0.2, x**2, x),
    "ge": lambda x: jnp.where(x >= 0.2, x**2, x),
    "eq_to": lambda x: jnp.where(bind("eq_to", x, x[::-1]), x**2, x),
    "le_to": lambda x: jnp.where(bind("le_to", x, x[::-1]), x**2, x),
    "lt_to": lambda x: jnp.where(bind("lt_to", x, x[::-1]), x**2, x),
    "argmax": lambda x: x[jnp.argmax(x**2)] ** 3,
    "argmin": lambda x: x[jnp.argmin(x**2)] ** 3,
    "shift_left": lambda x: (_integers(x) << 1) * x**2,
    "shift_right_arithmetic": lambda x: (_integers(x) >> 1) * x**2,
    "shift_right_logical": lambda x: lax.shift_right_logical(_integers(x), jnp.int32(1)) % 4 * x**2,
    **(
        {"mulhi": lambda x: lax.mulhi(_integers(x) * 2**29, _integers(x)) * x**2} if hasattr(lax, "mulhi") else {}
    ),  # from JAX 0.10.2 on
    "bitcast_convert_type": lambda x: lax.bitcast_convert_type(x, jnp.int64) % 3 * x**2,
    "random_seed": lambda x: jax.random.normal(_key(x), (6,)) * x**2,
    "random_bits": lambda x: jax.random.uniform(_key(x), (6,)) * x**2,
    "random_split": lambda x: jax.random.uniform(jax.random.split(_key(x))[0], (6,)) * x**2,
    "random_fold_in": lambda x: jax.random.uniform(jax.random.fold_in(_key(x), 3), (6,)) * x**2,
    "random_wrap": lambda x: (
        jax.random.uniform(jax.random.wrap_key_data(jnp.abs(_integers(x)[:2]).astype(jnp.uint32)), (6,)) * x**2
    ),
    "random_unwrap": lambda x: jnp.sum(jax.random.key_data(_key(x))) % 5 * x**2,
    "random_gamma": lambda x: jax.random.gamma(jax.random.key(0), 2 + x),
    "stop_gradient": lambda x: lax.stop_gradient(x) * x**2,
    # shapes
    "bcoo_extract": lambda x: sparse.bcoo_extract(_stored(X, sparse.BCOO), jnp.outer(jnp.sin(x), x)).data,
    "bcoo_fromdense": lambda x: sparse.bcoo_fromdense(jnp.diag(jnp.sin(x)), nse=6).data,
    "bcoo_todense": lambda x: _stored(x, sparse.BCOO).todense() @ x,
    "bcoo_transpose": lambda x: _stored(x, sparse.BCOO).T.data,
    "bcoo_sort_indices": lambda x: _stored(x, sparse.BCOO).T.sort_indices().data,
    "bcoo_sum_duplicates": lambda x: (
        sparse.BCOO((jnp.sin(x[:3]), np.array([[0], [2], [0]])), shape=(4,)).sum_duplicates(nse=2).data
    ),
    "bcoo_dot_general": lambda x: _stored(x, sparse.BCOO) @ x,
    "bcoo_dot_general_sampled": _sampled,
    "bcoo_spdot_general": lambda x: (_stored(x, sparse.BCOO) @ _stored(x, sparse.BCOO)).todense() @ x,
    "bcsr_extract": _extracted,
    "bcsr_fromdense": lambda x: sparse.BCSR.fromdense(jnp.diag(jnp.sin(x)), nse=6).data,
    "bcsr_todense": lambda x: _stored(x, sparse.BCSR).todense() @ x,
    "bcsr_dot_general": lambda x: _stored(x, sparse.BCSR) @ x,
    "coo_fromdense": lambda x: sparse.COO.fromdense(jnp.diag(jnp.sin(x)), nse=6).data,
    "coo_todense": lambda x: _stored(x, sparse.COO).todense() @ x,
    "coo_matvec": lambda x: _stored(x, sparse.COO) @ x,
    "coo_matmat": lambda x: _stored(x, sparse.COO) @ jnp.outer(x, jnp.sin(x)),
    "csr_fromdense": lambda x: sparse.CSR.fromdense(jnp.diag(jnp.sin(x)), nse=6).data,
    "csr_todense": lambda x: _stored(x, sparse.CSR).todense() @ x,
    "csr_matvec": lambda x: _stored(x, sparse.CSR) @ x,
    "csr_matmat": lambda x: _stored(x, sparse.CSR) @ jnp.outer(x, jnp.sin(x)),
    "todense": lambda x: sparse.todense(_stored(x, sparse.BCOO)) @ x,
    "broadcast_in_dim": lambda x: jnp.broadcast_to(jnp.sin(x), (2, 6)),
    "concatenate": lambda x: jnp.concatenate([jnp.sin(x), x[:2] ** 2]),
    "convert_element_type": lambda x: jnp.sin(x).astype(jnp.complex128) ** 2,
    "copy": lambda x: jnp.array(jnp.sin(x), copy=True),
    "device_put": lambda x: jax.device_put(jnp.sin(x)),
    "dynamic_slice": lambda x: lax.dynamic_slice(jnp.sin(x), (jnp.argmax(x) - 1,), (3,)),
    "dynamic_update_slice": lambda x: lax.dynamic_update_slice(jnp.sin(x), x[:2] ** 2, (jnp.argmax(x),)),
    "gather": lambda x: jnp.sin(x)[np.array([0, 3, 3, 5])],
    "pad": lambda x: lax.pad(jnp.sin(x), x[0] ** 2, ((1, -1, 1),)),
    "reduce_precision": lambda x: lax.reduce_precision(jnp.sin(x), 11, 52) * x,
    "reshape": lambda x: jnp.sin(x).reshape(2, 3) @ x[:3],
    "rev": lambda x: jnp.sin(x)[::-1] * x,
    "scatter": lambda x: jnp.sin(x).at[np.array([0, 3])].set(x[:2] ** 2),
    "scatter-add": lambda x: jnp.sin(x).at[np.array([0, 3, 3])].add(x[:3] ** 2),
    "scatter-sub": lambda x: bind(
        "scatter-sub",
        jnp.sin(x),
        np.array([[0], [3], [3]]),
        x[:3] ** 2,
        dimension_numbers=lax.ScatterDimensionNumbers((), (0,), (0,)),
        indices_are_sorted=False,
        unique_indices=False,
        mode=lax.GatherScatterMode.CLIP,
        update_jaxpr=None,
        update_consts=(),
    ),
    "scatter-mul": lambda x: jnp.sin(x).at[np.array([0, 3])].mul(x[:2] ** 2, unique_indices=True),
    "scatter-max": lambda x: jnp.sin(x).at[np.array([0, 3])].max(x[:2] ** 2),
    "scatter-min": lambda x: jnp.sin(x).at[np.array([0, 3])].min(x[:2] ** 2),
    "select_n": lambda x: jnp.where(_ramp > 3, jnp.sin(x), x**3),
    "slice": lambda x: jnp.sin(x)[1:5:2],
    "split": lambda x: jnp.multiply(*jnp.split(jnp.sin(x), 2)),
    "squeeze": lambda x: jnp.squeeze(jnp.sin(x)[2:3]) * x,
    "stack": lambda x: bind("stack", jnp.sin(x), x**2, axis=0),
    "unstack": lambda x: jnp.multiply(*bind("unstack", jnp.sin(x).reshape(2, 3), axis=0)),
    "tile": lambda x: bind("tile", jnp.sin(x), reps=(2,)),
    "transpose": lambda x: jnp.sin(x).reshape(2, 3).T @ x[:2],
    # identities
    "dce_sink": lambda x: (bind("dce_sink", x**2, prevent_mlir_dce=False), jnp.sin(x))[1],
    "tie": lambda x: bind("tie", x**2, jnp.sin(x)),
    "name": lambda x: checkpoint_name(jnp.sin(x), "a") * x,
    "optimization_barrier": lambda x: lax.optimization_barrier(jnp.sin(x)) * x,
    "sharding_constraint": lambda x: lax.with_sharding_constraint(
        jnp.sin(x), jax.sharding.SingleDeviceSharding(jax.devices()[0])
    ),
    "layout_constraint": lambda x: with_layout_constraint(jnp.outer(x, jnp.sin(x)), Layout((0, 1))) @ x,
    "reshard": lambda x: jax.sharding.reshard(jnp.sin(x), jax.sharding.NamedSharding(_mesh(explicit=True), P("i"))),
    # reductions
    "cumlogsumexp": lambda x: lax.cumlogsumexp(x**2),
    "cummax": lambda x: lax.cummax(jnp.sin(x)) ** 2,
    "cummin": lambda x: lax.cummin(jnp.sin(x)) ** 2,
    "cumprod": lambda x: lax.cumprod(1 + x),
    "cumsum": lambda x: lax.cumsum(jnp.sin(x)),
    "reduce": lambda x: lax.reduce(jnp.sin(x), 1.0, lambda a, b: a * b + a + b, (0,)),
    "reduce_max": lambda x: jnp.max(x**2),
    "reduce_min": lambda x: jnp.min(jnp.sin(x)) ** 2,
    "reduce_prod": lambda x: jnp.prod(1 + x),
    "reduce_sum": lambda x: jnp.sum(jnp.sin(x)),
    "reduce_window": lambda x: _window(x, lambda a, b: a * b + a + b, 0.0),
    "reduce_window_max": lambda x: _window(jnp.sin(x), lax.max, -jnp.inf) ** 2,
    "reduce_window_min": lambda x: _window(jnp.sin(x), lax.min, jnp.inf) ** 2,
    "reduce_window_sum": lambda x: _window(jnp.sin(x), lax.add, 0.0, 3),
    "select_and_gather_add": lambda x: jax.jvp(lambda y: _window(y, lax.max, -jnp.inf), (x,), (jnp.sin(x),))[1],
    "select_and_scatter_add": lambda x: jax.grad(lambda y: jnp.sum(_window(y, lax.max, -jnp.inf) ** 3))(x),
    "sort": lambda x: lax.sort((x, jnp.sin(x) ** 2))[1] * _ramp,
    "top_k": lambda x: lax.top_k(jnp.sin(x), 3)[0] ** 2,
    "approx_top_k": lambda x: lax.approx_max_k(jnp.sin(x), 3)[0] ** 2,
    # products and linear algebra
    "cholesky": lambda x: jnp.linalg.cholesky(_positive(x)),
    "conv_general_dilated": lambda x: jnp.convolve(jnp.sin(x), x[:3]),
    "custom_linear_solve": _linear_solve,
    "dot_general": lambda x: jnp.outer(jnp.sin(x), x) @ x,
    "eig": lambda x: lax.linalg.eig(_square(x), enable_eigvec_derivs=True)[0],
    "eigh": lambda x: jnp.linalg.eigh(_positive(x)),
    "lu": lambda x: lax.linalg.lu(_square(x))[0],
    "qr": lambda x: jnp.linalg.qr(_square(x)),
    "ragged_dot_general": _segments,
    "svd": lambda x: jnp.linalg.svd(_square(x), full_matrices=False, compute_uv=True)[1],
    "triangular_solve": lambda x: lax.linalg.triangular_solve(_positive(x), jnp.outer(x[:3], x[3:]), left_side=True),
    "tridiagonal_solve": lambda x: lax.linalg.tridiagonal_solve(
        jnp.sin(x) / 4, 2 + x, jnp.cos(x) / 4, jnp.outer(x, x[:2])
    ),
    "spsolve": lambda x: sparse.linalg.spsolve(
        jnp.sin(x) + 2, np.arange(6, dtype=np.int32), np.arange(7, dtype=np.int32), x**2
    ),
    # complex numbers
    "complex": lambda x: jnp.exp(lax.complex(x[:3], x[3:])),
    "conj": lambda x: jnp.conj(jnp.exp(1j * x)) * x,
    "imag": lambda x: jnp.imag(jnp.exp(1j * x)),
    "real": lambda x: jnp.real(jnp.exp(1j * x)),
    "fft": lambda x: jnp.fft.fft(jnp.sin(x)),
    # programs inside programs
    "cond": _cond,
    "custom_vmap_call": _custom_vmap,
    "jit": lambda x: jax.jit(lambda x: jnp.sin(x) * x)(x),
    "linear_call": lambda x: linear_call(lambda a, v: a * v, lambda a, v: a * v, _ramp, jnp.sin(x)),
    "remat_opt": jax.grad(lambda x: jnp.sum(_sine(x) ** 2)),
    "remat2": jax.checkpoint(lambda x: jnp.sin(x) * x),
    "scan": lambda x: lax.scan(lambda c, a: (jnp.sin(c) + a * c, c * a), x[0], x),
    "while": lambda x: lax.fori_loop(0, jnp.argmax(x), lambda i, y: jnp.sin(y) * x, x),
    # mutable references
    "new_ref": _references,
    "get": _references,
    "swap": _references,
    "addupdate": _references,
    "freeze": _references,
    "empty_ref": _empty_reference,
    "free_ref": _empty_reference,
    "run_state": _run_state,
    # kernels
    "pallas_call": _pallas,
    # callbacks that print
    "debug_callback": lambda x: (jax.debug.callback(lambda x: None, x), jnp.sin(x))[1],
    "debug_print": lambda x: (jax.debug.print("{}", x), jnp.sin(x))[1],
    "inspect_sharding": lambda x: (jax.debug.inspect_array_sharding(x, callback=lambda _: None), jnp.sin(x))[1],
    # collectives
    "psum": _sharded(lambda x: lax.psum(x, "i"), check_vma=False),
    "psum_invariant": _sharded(lambda x: lax.psum(x, "i")),
    "pvary": _sharded(lambda x: lax.pcast(lax.psum(x, "i"), "i", to="varying")),
    "all_gather": _sharded(lambda x: lax.all_gather(x, "i", tiled=True)),
    "all_gather_invariant": _sharded(lambda x: all_gather_invariant(x, "i", tiled=True)),
    "all_to_all": _sharded(lambda x: lax.all_to_all(x, "i", 0, 0, tiled=True)),
    "reduce_scatter": _sharded(lambda x: lax.psum_scatter(x, "i", tiled=True)),
    "ppermute": _sharded(lambda x: lax.ppermute(x, "i", [(0, 0)])),
    # Equinox's and Lineax's
    "linear_solve": lambda x: lx.linear_solve(lx.MatrixLinearOperator(_positive(x)), x[:3]).value,
    "announce_jaxpr": lambda x: eqx.debug.announce_transform(jnp.sin(x), announce=lambda _: None),
    "maybe_set": _buffered_loop,
    "noinline": lambda x: eqxi.noinline(lambda x: jnp.sin(x) * x)(x),
}

# Where JAX's own derivative of the example ends, below the orders that are tested.
LAST_ORDER = {
    "pallas_call": 1,
    "reduce_window": 1,
}

# Long programs: only the second order is tested by default.
SLOW_TO_COMPILE = set(
    """
    bcoo_spdot_general bcoo_todense bcoo_dot_general bcoo_sort_indices bcoo_transpose bcoo_extract bcsr_todense
    bcsr_dot_general bessel_i0e bessel_i1e cholesky csr_matmat csr_matvec csr_todense coo_matmat coo_matvec
    coo_todense cumlogsumexp cummax cummin eig eigh linear_solve lu maybe_set new_ref get swap addupdate freeze qr
    random_gamma ragged_dot_general random_bits random_split regularized_incomplete_beta spsolve svd todense
    triangular_solve tridiagonal_solve
    """.split()
)

# Among them, those that `make slow` alone tests: JAX's experimental sparse matrices, and a sampler of long series.
SLOWEST = {name for name in SLOW_TO_COMPILE if name.startswith(("bcoo", "bcsr", "coo", "csr"))} | {"random_gamma"}

_no_jvp = "its JVP rule raises: JAX has no derivative of it"
_boxes = "JAX-internal containers that hold no array that a function could return"
_meshes = "a collective over several devices, or one that a mesh with explicit axes inserts"

# Primitives with an entry in the table of JVP rules that cannot be exercised by a function of an array.
REASONS = {
    "composite": _no_jvp,
    "ffi_call": _no_jvp,
    "io_callback": _no_jvp,
    "nondifferentiable_backward": "it only forbids reverse mode",
    "nontraceable": _no_jvp,
    "pure_callback": _no_jvp,
    "box_get": _boxes,
    "box_set": _boxes,
    "call_hi_primitive": "it calls a primitive that a user defines, and is lowered before differentiation",
    "log_extend": _boxes,
    "log_read": _boxes,
    "new_box": _boxes,
    "new_log": _boxes,
    "accum_grad_in_ref": "it occurs in reverse mode, of references marked by the user, only",
    "check": "`checkify` removes it before anything is differentiated",
    "eval_jaxpr": "it is staged as `closed_call`, and never seen in a jaxpr",
    "stage": "it is staged as the value itself, and never seen in a jaxpr",
    "from_edtype": "no array of an extended dtype has a derivative of its own",
    "to_edtype": "no array of an extended dtype has a derivative of its own",
    "masked_load": "inside Pallas kernels for accelerators only",
    "masked_swap": "inside Pallas kernels for accelerators only",
    "mpmd_map": "several accelerators",
    "all_gather_reduced": _meshes,
    "pbroadcast": _meshes,
    "preduced": _meshes,
    "ragged_all_to_all": _meshes,
    "reduced_vary_cast_p": _meshes,
    "unreduced_psum": _meshes,
    "unreduced_reduce_scatter": _meshes,
    "vary_unreduced_cast_p": _meshes,
    "select_if_vmap": "inside Equinox's loops, which use it for functions that are not differentiated",
    "vprim": "the parent of primitives that a user defines",
}
