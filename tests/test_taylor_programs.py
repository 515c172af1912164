"""Networks, control flow, linear algebra, indexing and special functions against nested forward mode."""

import jax.numpy as jnp
import pytest

from .taylor_battery import check
from .taylor_programs import PROGRAMS, SLOW_TO_COMPILE, UNDECLARED


_x = jnp.array([0.31, -0.42, 0.73, 0.18, -0.65, 0.57, -0.11, 0.89])


def _parameter(name):
    return pytest.param(PROGRAMS[name], id=name, marks=pytest.mark.slow if name in SLOW_TO_COMPILE else ())


@pytest.mark.sampled(every=2)
@pytest.mark.parametrize("fn", [_parameter(fn) for fn in PROGRAMS])
def test_second_order(fn):
    check(fn, _x, [2])


@pytest.mark.slow
@pytest.mark.parametrize("fn", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_other_orders(fn):
    check(fn, _x, [1, 3, 4])


@pytest.mark.parametrize("fn, plain", UNDECLARED.values(), ids=UNDECLARED.keys())
def test_without_forward_mode_in_jax(fn, plain):
    check(fn, _x, [1, 2, 3], plain=plain)
