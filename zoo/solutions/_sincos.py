import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.polynomial import Chebyshev, Polynomial


def sincos(x: Float[Array, "*shape"]) -> tuple[Float[Array, "*shape"], Float[Array, "*shape"]]:
    """`(sin(x), cos(x))`, in float32 several times faster than one after the other by XLA on CPUs.

    XLA calls a scalar routine per entry there, neither vectorised nor fused with its neighbours. In float32 this is
    one argument reduction and two polynomials instead: accurate to 2e-7 for |x| up to 1e5.
    """
    return _sincos_float32(x) if x.dtype == jnp.float32 else (jnp.sin(x), jnp.cos(x))


def _polynomial(function, degree: int) -> np.ndarray:
    """Coefficients in z = r^2, |r| <= pi/2, of an even function of r, lowest first."""
    domain = (0, (np.pi / 2) ** 2)
    fit = Chebyshev.interpolate(lambda z: function(np.sqrt(z)), degree, domain=domain)
    return fit.convert(kind=Polynomial).coef.astype(np.float32)


def _horner(coefficients: np.ndarray, z: Array) -> Array:
    result = coefficients[-1]
    for coefficient in coefficients[-2::-1]:
        result = result * z + coefficient
    return result


# The largest errors of the interpolants are 4e-9 and 5e-10, below float32's rounding.
_SIN_OVER_R = _polynomial(lambda r: np.sinc(r / np.pi), 4)
_COS = _polynomial(np.cos, 5)

# pi in three parts; multiples of the first two by integers below 2**12 are exact in float32.
_PI_HIGH = np.float32(201 / 64)
_PI_MIDDLE = np.float32(np.round((np.pi - 201 / 64) * 2**22) / 2**22)
_PI_LOW = np.float32(np.pi - float(_PI_HIGH) - float(_PI_MIDDLE))


@jax.custom_jvp
def _sincos_float32(x):
    # x = n pi + r: sin(x) = (-1)^n sin(r) and cos(x) = (-1)^n cos(r).
    n = jnp.floor(x * np.float32(1 / np.pi) + np.float32(0.5))
    r = ((x - n * _PI_HIGH) - n * _PI_MIDDLE) - n * _PI_LOW
    sign = 1 - 2 * (n - 2 * jnp.floor(n * np.float32(0.5)))
    z = r * r
    return sign * r * _horner(_SIN_OVER_R, z), sign * _horner(_COS, z)


@_sincos_float32.defjvp
def _sincos_float32_jvp(primals, tangents):
    (x,), (t,) = primals, tangents
    sin, cos = _sincos_float32(x)
    return (sin, cos), (cos * t, -sin * t)
