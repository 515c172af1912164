"""Mutable references inside a program. JAX offers no public way to write them out."""

import inspect

from jax._src.state.discharge import discharge_state
from jax.extend import core


_ALLOCATING = ("new_ref", "empty_ref")


def without_references(jaxpr: core.ClosedJaxpr) -> core.ClosedJaxpr:
    """The same program, the references that it makes (`jax.new_ref`) replaced by the values that they hold in turn."""
    if not any(eqn.primitive.name in _ALLOCATING for eqn in jaxpr.jaxpr.eqns):
        return jaxpr
    return _discharged(jaxpr)


def state_to_value(jaxpr: core.Jaxpr) -> core.ClosedJaxpr:
    """A program that writes to its arguments, as one that returns what they hold in the end."""
    return _discharged(core.ClosedJaxpr(jaxpr, ()))


def _discharged(jaxpr: core.ClosedJaxpr) -> core.ClosedJaxpr:
    if "consts" in inspect.signature(discharge_state).parameters:
        # Before JAX 0.10.2 the constants were apart.
        return core.ClosedJaxpr(*discharge_state(jaxpr.jaxpr, jaxpr.consts))  # pyright: ignore
    return discharge_state(jaxpr)
