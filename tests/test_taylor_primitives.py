"""Universality: every primitive that JAX can differentiate is differentiated here, at every order."""

import subprocess
import sys

import jax
import jax.numpy as jnp
import pytest

from .taylor_battery import check
from .taylor_primitives import EXAMPLES, LAST_ORDER, REASONS, SLOW_TO_COMPILE, SLOWEST, X
from .test_taylor_structure import equations


# In a process of its own: whatever else the tests import registers primitives, too.
_LIST = """
import jax.experimental.sparse, jax.experimental.pallas, stde_eqx
from jax._src.interpreters import ad
print(*(primitive.name for primitive in ad.primitive_jvps))
"""


def _orders(name, orders):
    return [order for order in orders if order <= LAST_ORDER.get(name, 99)]


def test_every_primitive_with_a_derivative_is_accounted_for():
    listed = subprocess.run([sys.executable, "-c", _LIST], capture_output=True, text=True, check=True)
    unknown = set(listed.stdout.split()) - set(EXAMPLES) - set(REASONS)
    assert not unknown, f"JAX differentiates {sorted(unknown)}: add an example of each, or the reason why there is none"


def test_no_primitive_has_both_an_example_and_a_reason():
    assert not set(EXAMPLES) & set(REASONS)


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_binds_its_primitive(name):
    jaxpr = jax.make_jaxpr(EXAMPLES[name])(jnp.asarray(X))
    assert name in {eqn.primitive.name for eqn in equations(jaxpr.jaxpr)}


def _slow(names, slow):
    return [pytest.param(name, marks=pytest.mark.slow if name in slow else ()) for name in names]


@pytest.mark.parametrize("name", _slow(EXAMPLES, SLOWEST))
def test_second_order(name):
    check(EXAMPLES[name], jnp.asarray(X), _orders(name, [2]))


@pytest.mark.parametrize("name", _slow(EXAMPLES, SLOW_TO_COMPILE))
@pytest.mark.sampled(every=3)
def test_first_and_third_order(name):
    check(EXAMPLES[name], jnp.asarray(X), _orders(name, [1, 3]))


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in EXAMPLES if _orders(name, [4])])
def test_high_orders(name):
    check(EXAMPLES[name], jnp.asarray(X), _orders(name, [4, 6]))
