import dataclasses
import types
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
from jax.core import Tracer
from jax.extend import core
from jaxtyping import Array

from .._jaxprs import bind
from ._references import without_references
from ._sweep import Series, Sweep


#: What an equation reads and writes: a series, or (arrays, numbers) a constant.
Value: TypeAlias = Any


#: Pushes series through one equation, of which at least one input is a `Series`.
Rule: TypeAlias = Callable[[Sweep, core.JaxprEqn, Sequence[Value]], list[Value]]


# By name, since not every primitive is public.
_rules: dict[str, Rule] = {}


def register(*primitives: core.Primitive | str, rule: Rule) -> None:
    """Let `rule` handle the given primitives."""
    for primitive in primitives:
        _rules[primitive if isinstance(primitive, str) else primitive.name] = rule


def rule_for(primitive: core.Primitive) -> Rule:
    """The primitive's own rule, or the universal fallback."""
    from .rules import fallback

    return _rules.get(primitive.name, fallback)


def _bind_constants(eqn: core.JaxprEqn, values: Sequence[Any]) -> list[Any]:
    """Evaluate an equation that no series reaches.

    Index arithmetic on constants is done at once, also while tracing: rules can then read where a gather looks.
    """
    size = max((jnp.size(value) for value in values if not isinstance(value, Tracer)), default=0)
    known = size > 1 and not any(isinstance(value, Tracer) for value in values)
    outputs: list[Any] = [var.aval for var in eqn.outvars]
    if known and all(not jnp.issubdtype(out.dtype, jnp.inexact) and out.size <= size for out in outputs):
        with jax.ensure_compile_time_eval():
            return bind(eqn, values)
    return bind(eqn, values)


def evaluate(jaxpr: core.Jaxpr, consts: Sequence[Any], inputs: Sequence[Value], sweep: Sweep) -> list[Value]:
    """Run a jaxpr on series. Equations that no series reaches are evaluated as they stand."""
    pure = without_references(core.ClosedJaxpr(jaxpr, consts))
    jaxpr, consts = pure.jaxpr, pure.consts
    environment: dict[core.Var, Value] = {}

    def read(atom):
        return atom.val if isinstance(atom, core.Literal) else environment[atom]

    environment.update(zip(jaxpr.constvars, consts, strict=True))
    environment.update(zip(jaxpr.invars, inputs, strict=True))
    for eqn in jaxpr.eqns:
        values = [read(atom) for atom in eqn.invars]
        if any(isinstance(value, Series) for value in values):
            outputs = rule_for(eqn.primitive)(sweep, eqn, values)
            if sweep.observer is not None:
                sweep.observer(eqn, values, outputs)
        else:
            outputs = _bind_constants(eqn, values)
        environment.update(zip(eqn.outvars, outputs, strict=True))
    return [read(atom) for atom in jaxpr.outvars]


@dataclasses.dataclass(frozen=True)
class Traced:
    """A function of one array that has been traced already: to be differentiated more than once.

    It returns what the function returned. Operators take it in the place of the function.
    """

    jaxpr: core.ClosedJaxpr
    structure: Any

    def __call__(self, x: Array) -> Any:
        return jax.tree.unflatten(self.structure, core.jaxpr_as_fun(self.jaxpr)(x))


def traced(fn: Callable[..., Any], *primals: Any) -> Traced:
    """Trace `fn` at arrays of the shapes and types of `primals`."""
    if isinstance(fn, Traced):
        return fn
    # JAX looks a function up by equality. That of a module is that of its arrays, which may be traced themselves.
    by_identity = fn if isinstance(fn, types.FunctionType) else lambda *args: fn(*args)
    jaxpr, shape = jax.make_jaxpr(by_identity, return_shape=True)(*primals)
    return Traced(jaxpr, jax.tree.structure(shape))


def expand(fn: Callable[..., Any], inputs: Sequence[Value], sweep: Sweep) -> tuple[list[Value], Any]:
    """Push series through `fn`, which takes arrays and returns a PyTree of arrays. `fn` is traced once.

    **Returns:** the flattened outputs, and the structure to unflatten them.
    """
    program = traced(fn, *(value.primal if isinstance(value, Series) else value for value in inputs))
    return evaluate(program.jaxpr.jaxpr, program.jaxpr.consts, inputs, sweep), program.structure
