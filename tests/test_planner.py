"""Partial derivatives by name: every strategy against nested forward mode; the formulas by themselves; the plans."""

import itertools
import math

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from jax.experimental.jet import jet as jax_jet

import stde_eqx as stde
from stde_eqx.operators.planner import Cheapest, Fan, Interpolation, Nesting, Plan, SparseJet
from stde_eqx.operators.planner._formulas import power_sum

from .helpers import derivative_tensor


_x = jnp.array([0.3, -0.5, 0.8])
_u = eqx.nn.MLP(3, "scalar", 6, 2, activation=jnp.tanh, key=jr.key(0))

#: Time, x, y: what the two-dimensional Korteweg-de Vries equation needs.
KDV = {"u_ty": (0, 2), "u_xxxy": (1, 1, 1, 2), "u_x": (1,), "u_y": (2,), "u_xy": (1, 2), "u_xx": (1, 1), "u_yy": (2, 2)}
HESSIAN = {(i, j): (i, j) for i, j in itertools.combinations_with_replacement(range(3), 2)}
SETS = {
    "kdv": KDV,
    "hessian": HESSIAN,
    "one": {"u_x": (0,)},
    "none": {"u": ()},
    "unordered": {"u_yx": (1, 0), "u_xy": (0, 1), "u": ()},
    "three axes": {"u_xyz": (0, 1, 2), "u_xxyyz": (0, 0, 1, 1, 2), "u_zz": (2, 2)},
    "high": {"u_xxxxyy": (0, 0, 0, 0, 1, 1), "u_xxxxx": (0,) * 5},
}
STRATEGIES = [Cheapest(), Nesting(), Interpolation()]


def _oracle(u, axes):
    return derivative_tensor(u, _x, len(axes))[(..., *axes)]


@pytest.mark.sampled(every=2)
# Not the cheapest: it is one of the two.
@pytest.mark.parametrize("strategy", STRATEGIES[1:], ids=lambda strategy: type(strategy).__name__)
@pytest.mark.parametrize("names", SETS.values(), ids=SETS.keys())
def test_partials(names, strategy):
    found = jax.jit(lambda x: stde.partials(_u, x, names, strategy=strategy))(_x)
    assert set(found) == set(names)
    for name, axes in names.items():
        assert jnp.allclose(found[name], _oracle(_u, axes), rtol=1e-9, atol=1e-12), name


@pytest.mark.slow
@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda strategy: type(strategy).__name__)
def test_traced_once_vector_valued_and_differentiable(strategy):
    traces = []

    def u(x):
        traces.append(None)
        return jnp.stack([jnp.sin(x[0] * x[1]) * x[2], jnp.exp(x[1]) * x[2] ** 2])

    found = stde.partials(u, _x, KDV, strategy=strategy)
    assert len(traces) == 1
    for name, axes in KDV.items():
        assert jnp.allclose(found[name], _oracle(u, axes), rtol=1e-10, atol=1e-12)
    slope = jax.grad(lambda x: stde.partials(_u, x, {"u_xxy": (0, 0, 1)}, strategy=strategy)["u_xxy"])(_x)
    assert jnp.allclose(slope, derivative_tensor(_u, _x, 4)[0, 0, 1], rtol=1e-9)


@pytest.mark.parametrize("jet", [stde.jet, jax_jet], ids=["ours", "jax"])
def test_the_jets_of_the_paper(jet):
    """The 13-jet of two-dimensional KdV, and a 5-jet for the derivative in time: appendix F of Shi et al. 2024."""
    inside = tuple(axes for axes in KDV.values() if 0 not in axes)
    plan = Plan((SparseJet(((1, 3), (2, 4)), inside, jet), SparseJet(((0, 2), (2, 3)), ((0, 2),), jet)))
    assert [scheme.order for scheme in plan.schemes] == [13, 5]  # pyright: ignore[reportAttributeAccessIssue]
    found = plan(_u, _x)
    for axes in KDV.values():
        assert jnp.allclose(found[axes], _oracle(_u, axes), rtol=1e-8, atol=1e-12)


def test_a_jet_of_several_values():
    plan = Plan((SparseJet(((0, 2), (1, 3)), ((0, 1),)),))
    found = plan(lambda x: {"u": _u(x), "pair": (_u(x) ** 2, x[:2])}, _x)[(0, 1)]
    assert jnp.allclose(found["u"], _oracle(_u, (0, 1)), rtol=1e-9)
    assert jnp.allclose(found["pair"][0], _oracle(lambda x: _u(x) ** 2, (0, 1)), rtol=1e-9)
    assert jnp.allclose(found["pair"][1], 0)


def test_a_jet_that_mixes_derivatives_is_refused():
    with pytest.raises(ValueError, match="Coefficient 6 .* mixes 2 derivatives"):
        SparseJet(((0, 2), (1, 3)), ((1, 1),))
    with pytest.raises(ValueError, match="leaves alone"):
        SparseJet(((0, 2),), ((1,),))


_EXPONENTS = [e for n in (1, 2, 3) for e in itertools.product(range(1, 5), repeat=n) if sum(e) <= 7]


@pytest.mark.parametrize("exponents", _EXPONENTS, ids=str)
def test_monomials_are_sums_of_powers(exponents):
    vectors, weights = power_sum(exponents)
    order = sum(exponents)
    z = np.random.default_rng(0).normal(size=(20, len(exponents)))
    assert np.allclose((z @ vectors.T) ** order @ weights, np.prod(z ** np.array(exponents), 1), rtol=1e-9, atol=1e-9)
    if len(exponents) == 2:
        # As many directions as the order, and no loss of digits.
        amplification = np.sum(np.abs(weights) * np.linalg.norm(vectors, axis=1) ** order)
        assert len(weights) == order and amplification == pytest.approx(1)
    assert len(weights) <= math.prod(e + 1 for e in exponents)


def test_plans_are_cheap():
    assert stde.plan(KDV.values()).num_coefficients == 12
    assert stde.plan(KDV.values(), strategy=Interpolation()).num_coefficients == 20
    # Six second derivatives in three axes: one direction each.
    assert stde.plan(HESSIAN.values(), strategy=Interpolation()).num_coefficients == 12
    # Lower orders come with higher ones.
    for strategy in STRATEGIES:
        plan = stde.plan([(0, 0, 0), (0, 0), (0,)], strategy=strategy)
        assert plan.num_coefficients == 3 and len(plan.schemes) == 1


def _chain(length):
    return [(i, i) for i in range(length)] + [(i, i + 1) for i in range(length - 1)]


def test_plans_of_hundreds_of_terms():
    separate = [(i, i) for i in range(300)]
    for strategy in STRATEGIES[1:]:
        plan = stde.plan(separate, strategy=strategy)
        assert plan.num_coefficients == 600 and plan.amplification == 1
    # Two directions for each pair of neighbours, and one for every other axis.
    (fan,) = stde.plan(_chain(100)).schemes
    assert isinstance(fan, Fan) and len(fan.vectors) <= 250


def test_combinations_along_a_chain_hold_where_it_has_become_long():
    length = 26
    x = jr.normal(jr.key(0), (length,))
    u = lambda x: jnp.sin(x @ jnp.arange(1.0, 1 + length) / length) + jnp.sum(x[1:] * x[:-1] ** 2)
    found = jax.jit(stde.plan(_chain(length), strategy=Interpolation()).__call__, static_argnums=0)(u, x)
    expected = jax.hessian(u)(x)
    for index in _chain(length):
        assert jnp.allclose(found[index], expected[index], rtol=1e-9, atol=1e-9), index


def test_plans_are_made_once():
    assert stde.plan(KDV.values()) is stde.plan(list(KDV.values()))
    assert stde.plan([(1, 0)]) is stde.plan([(0, 1)])


def test_plans_print_a_table():
    assert str(stde.plan([(0, 0, 1), (1,)])).splitlines() == [
        "sweep                  order  coefficients  products  amplification  yields",
        "nested along axes 0,1    2x1             5        17              1  u_0,0,1 u_1",
        "all                                      5        17              1",
    ]


def test_refusals(unchecked):
    with pytest.raises(ValueError, match="Axis 5 is differentiated, but the point has only 3"):
        stde.partials(_u, _x, {"a": (5,)})
    with pytest.raises(ValueError, match=r"asked for by name.*got \[\(0,\)\].*stde.plan"):
        stde.partials(_u, _x, [(0,)])  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="integers counted from 0"):
        stde.plan([(0, -1)])
    with pytest.raises(ValueError, match="at one point"):
        stde.partials(_u, _x[None], {"a": (0,)})
