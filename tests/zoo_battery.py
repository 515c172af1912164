"""What the tests of the zoo share: cases made from its registries, and the arrays that a function's jaxpr holds."""

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.random as jr
import pytest
from jax.extend import core

import zoo


#: Offsets from the smallest dimension, whose edge they cover, and radii; small enough for dense oracles.
SIZES = ((0, 1.0), (1, 0.4), (6, 1.0), (6, 2.5))


def solution_cases() -> list:
    """Every registered solution, at its smallest dimension and above, on balls of several radii and every domain."""
    cases = []
    for entry in zoo.list_solutions().values():
        domains: dict[str, zoo.AbstractDomain] = {"smallest cube": zoo.Cube(entry.min_dim)}
        domains |= {f"ball-{offset}-{radius}": zoo.Ball(entry.min_dim + offset, radius) for offset, radius in SIZES}
        bounded = [name for name in DOMAINS if (entry.name, name) not in UNBOUNDED]
        domains |= {name: DOMAINS[name](entry.min_dim + 4) for name in bounded}
        cases += [pytest.param(entry, domain, id=f"{entry.name}-{name}") for name, domain in domains.items()]
    return cases


def problem_cases() -> list:
    """Every registered problem with every registered solution, likewise."""
    return [
        pytest.param(problem, *case.values, id=f"{problem.name}-{case.id}")
        for problem, case in itertools.product(zoo.list_problems().values(), solution_cases())
    ]


#: Domains on which coordinates are O(1) in every dimension, made from the dimension, and one without formulas.
DOMAINS = {
    "large ball": lambda dim: zoo.Ball(dim, dim**0.5),
    "cube": lambda dim: zoo.Cube(dim),
    "wide cube": lambda dim: zoo.Cube(dim, half_width=2.0),
    "space": lambda dim: zoo.WholeSpace(dim),
    "box": lambda dim: zoo.Box((-1.0,) * dim, (1.5,) * dim),
}

#: Pairs that are refused.
UNBOUNDED = (("three-body", "space"), ("exponential", "space"))


def solution_on(interaction: str, domain: str, dim: int, *, seed: int = 0) -> Any:
    """A solution by name on a domain by name."""
    return zoo.list_solutions()[interaction].solution(dim, key=jr.key(seed), domain=DOMAINS[domain](dim))


def interactions_on_domains() -> list:
    """Every interaction on every domain, but for those that do not vanish at infinity."""
    pairs = itertools.product(zoo.list_solutions(), DOMAINS)
    return [pytest.param(*pair, id=" on ".join(pair)) for pair in pairs if pair not in UNBOUNDED]


def primitives(fn: Callable, *args) -> Iterator[core.JaxprEqn]:
    """The equations of the jaxpr of `fn`, those of nested jaxprs included."""

    def walk(jaxpr):
        for equation in jaxpr.eqns:
            yield equation
            for inner in core.jaxprs_in_params(equation.params):
                yield from walk(inner)

    yield from walk(jax.make_jaxpr(fn)(*args).jaxpr)


def largest_array(fn: Callable, *args) -> int:
    """The number of entries of the largest array that the jaxpr of `fn` computes."""
    return max(
        math.prod(getattr(out.aval, "shape", ())) for equation in primitives(fn, *args) for out in equation.outvars
    )
