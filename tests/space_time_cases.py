"""The problems of space-time that the tests share, with their equations and data written down anew."""

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

import stde_eqx as stde
import zoo

from .helpers import derivative_tensor


T, X, Y = 0, 1, 2

#: The terms of each equation, written down anew from the tensors `D[n]` of all partial derivatives of order n.
TERMS = {
    zoo.KdV: lambda D: [D[1][T], 6 * D[0] * D[1][X], D[3][X, X, X]],
    zoo.KdV2D: lambda D: [
        D[2][T, Y],
        D[4][X, X, X, Y],
        3 * D[2][X, Y] * D[1][X],
        3 * D[1][Y] * D[2][X, X],
        -D[2][X, X],
        2 * D[2][Y, Y],
    ],
    zoo.KadomtsevPetviashvili: lambda D: [
        D[2][T, X],
        6 * D[1][X] ** 2,
        6 * D[0] * D[2][X, X],
        D[4][X, X, X, X],
    ],
    zoo.SineGordonLightCone: lambda D: [D[2][X, T], -jnp.sin(D[0])],
    zoo.KuramotoSivashinsky: lambda D: [D[1][T], D[0] * D[1][X], D[2][X, X], D[4][X, X, X, X]],
    zoo.CahnHilliard: lambda D: [
        D[1][T],
        -6 * D[0] * D[1][X] ** 2,
        -3 * D[0] ** 2 * D[2][X, X],
        D[2][X, X],
        0.3 * D[4][X, X, X, X],
    ],
}


class Bump(zoo.AbstractSpaceTimeSolution):
    """A wave of one's own."""

    dim: int = 2

    def value(self, x):
        return jnp.exp(-((x[1] - x[0]) ** 2)) + x[0] * x[1]


EXACT = {
    "kdv-one": zoo.KdV(zoo.OneSoliton(speed=1.7, position=-0.4)),
    "kdv-two": zoo.KdV(zoo.TwoSolitons(speeds=(0.8, 2.1), positions=(0.3, -1.0))),
    "kdv2d-one": zoo.KdV2D(zoo.TanhWave(wavenumbers=(0.5, -0.9), shift=0.3)),
    "kdv2d-two": zoo.KdV2D(zoo.TwoTanhWaves(shifts=(0.2, -0.4)), domain=zoo.Box((-0.5, -1, -1), (0.5, 1.5, 1))),
    "kp2-line": zoo.KadomtsevPetviashvili(zoo.LineSoliton(wavenumbers=(1.1, 0.7), position=0.5)),
    "kp1-line": zoo.KadomtsevPetviashvili(
        zoo.LineSoliton(wavenumbers=(-1.6, 0.7), sign=-1), domain=zoo.Box((0, -3, -2), (0.5, 4, 2.5))
    ),
    "kp1-lump": zoo.KadomtsevPetviashvili(zoo.Lump(slant=0.3, sharpness=0.8)),
    "sine-gordon-kink": zoo.SineGordonLightCone(zoo.Kink(slope=1.3, shift=0.2)),
    "sine-gordon-antikink": zoo.SineGordonLightCone(zoo.Kink(slope=-0.7)),
    "sine-gordon-breather": zoo.SineGordonLightCone(zoo.Breather(frequency=0.7, boost=1.3)),
}
MANUFACTURED = {
    "kuramoto-sivashinsky": zoo.KuramotoSivashinsky(zoo.DampedWave(1.2, 1.5, 0.7, 0.4)),
    "kuramoto-sivashinsky-own": zoo.KuramotoSivashinsky(Bump()),
    "cahn-hilliard": zoo.CahnHilliard(zoo.DampedWave(1.2, 1.5, 0.7, 0.4), gamma=0.3),
}
PROBLEMS = EXACT | MANUFACTURED

#: Of every problem the data that it must have, as (axis, whether the upper face, order of the normal derivative).
SPACE_TWO = [(X, False, 0), (X, False, 1), (X, True, 0), (X, True, 1)]
DATA = {
    "kdv": [(T, False, 0), (X, False, 0), (X, True, 0), (X, True, 1)],
    "kdv2d": [(T, False, 0), (X, False, 0), (X, True, 0), (X, True, 1), (Y, False, 0), (Y, False, 1)],
    "kp1": [(T, False, 0), *SPACE_TWO, (Y, False, 0), (Y, True, 0)],
    "kp2": [(T, False, 0), (X, False, 0), *((X, True, k) for k in range(3)), (Y, False, 0), (Y, True, 0)],
    "sine-gordon": [(T, False, 0), (X, False, 0)],
    "kuramoto-sivashinsky": [(T, False, 0), *SPACE_TWO],
    "cahn-hilliard": [(T, False, 0), *SPACE_TWO],
}


def data_of(name):
    return DATA[max((family for family in DATA if name.startswith(family)), key=len)]


def terms(problem, u, x):
    tensors = [derivative_tensor(u, x, order) for order in range(5)]
    found = TERMS[type(problem)](tensors)
    if isinstance(problem, zoo.KadomtsevPetviashvili):
        found.append(3 * problem.sign * tensors[2][Y, Y])
    return jnp.stack(found)


def residual_of(problem, u):
    return jax.jit(jax.vmap(lambda x: problem.residual(u, x, estimator=stde.Exact(), key=None)))


def network(problem, key):
    return eqx.nn.MLP(problem.dim, "scalar", 8, 2, activation=jnp.tanh, key=key)


with_problems = pytest.mark.parametrize("name", PROBLEMS)
