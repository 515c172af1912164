"""What cannot be differentiated says what it is, and on which line of the user's program it stands."""

import inspect

import jax
import jax.experimental
import jax.numpy as jnp
import pytest

import stde_eqx as stde


_x = jnp.array([0.3, 0.7])


def _here(offset):
    frame = inspect.currentframe()
    assert frame is not None and frame.f_back is not None
    return rf"test_taylor_failures\.py:{frame.f_back.f_lineno + offset}:"


def test_pure_callback():
    def fn(x):
        return jnp.sum(jax.pure_callback(lambda x: x, jax.ShapeDtypeStruct((2,), x.dtype), x**2))

    with pytest.raises(NotImplementedError, match=r"Cannot differentiate through `pure_callback`, at .*" + _here(-2)):
        stde.Laplacian()(fn, _x)


def test_io_callback_inside_jit_and_scan():
    def body(carry, _):
        carry = jax.experimental.io_callback(lambda x: x, jax.ShapeDtypeStruct((2,), carry.dtype), carry)
        return carry, None

    fn = jax.jit(lambda x: jnp.sum(jax.lax.scan(body, x, None, length=2)[0]))
    with pytest.raises(NotImplementedError, match=r"`io_callback`, at .*" + _here(-4) + r".*jax.custom_jvp"):
        stde.Laplacian()(fn, _x)


def test_callback_that_the_input_does_not_reach():
    def fn(x):
        scale = jax.pure_callback(lambda: jnp.float64(3.0), jax.ShapeDtypeStruct((), jnp.float64))
        return scale * jnp.sum(x**2)

    assert jnp.allclose(stde.Laplacian()(fn, _x), 12.0)


def test_callback_with_a_declared_derivative():
    @jax.custom_jvp
    def sine(x):
        return jax.pure_callback(lambda x: jnp.sin(x), jax.ShapeDtypeStruct(x.shape, x.dtype), x)

    sine.defjvp(lambda primals, tangents: (sine(*primals), jnp.cos(primals[0]) * tangents[0]))
    assert jnp.allclose(stde.Laplacian()(lambda x: jnp.sum(sine(x)), _x), -jnp.sum(jnp.sin(_x)))


def test_printing_happens_once_and_changes_nothing(capfd):
    def fn(x):
        jax.debug.print("seen {}", x[0])
        return jnp.sum(x**2)

    assert jnp.allclose(stde.Laplacian()(fn, _x), 4.0)
    jax.effects_barrier()
    assert capfd.readouterr().out.count("seen 0.3") == 1


def test_primitive_without_a_derivative():
    fn = lambda x: jnp.sum(jnp.nextafter(jnp.sin(x), x))
    with pytest.raises(NotImplementedError, match=r"Cannot differentiate `nextafter`, at .*" + _here(-1)):
        stde.Laplacian()(fn, _x)


def test_primitive_without_a_second_derivative():
    """The line is the user's, also where the primitive stands in a derivative only."""

    def fn(x):
        return jnp.sum(jnp.linalg.eigvals(jnp.outer(x, x) + jnp.diag(jnp.array([1.0, 2.0]))).real)

    (_, (first,)) = stde.jet(fn, (_x,), ((jnp.ones(2),),))
    assert jnp.isfinite(first)
    with pytest.raises(NotImplementedError, match="eigenvectors"):
        stde.Laplacian()(fn, _x)


def test_integer_input():
    with pytest.raises(ValueError, match=r"dtype int64.*astype\(float\)"):
        stde.taylor.weighted_derivative(
            jnp.sum, jnp.arange(3), stde.taylor.Dense(jnp.ones((1, 3)), False), order=2, size=1
        )


@pytest.mark.parametrize("fn, dtype", [(jnp.argmax, "int64"), (lambda x: jnp.sum(x) > 0, "bool")])
def test_output_that_cannot_vary(fn, dtype):
    with pytest.raises(ValueError, match=f"dtype {dtype} and shape"):
        stde.Laplacian()(fn, _x)
