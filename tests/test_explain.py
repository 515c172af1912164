import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import pytest

from stde_eqx.taylor import explain


DIM = 50

_net = eqx.nn.MLP(DIM, "scalar", 8, 2, activation=jax.nn.softplus, key=jr.key(0))


def _program(x):
    return jnp.sum(jnp.sin(x)) * _net(x) + jax.lax.bessel_i0e(x[0])


def test_every_equation_with_its_rule_and_source(capsys):
    explanation = explain(_program, jnp.ones(DIM), num_directions=4)
    assert capsys.readouterr().out.strip() == str(explanation)
    by_name = {e.primitive: e for e in explanation.equations}
    assert by_name["sin"].rule == "elementwise" and by_name["sin"].storage == "sparse"
    assert by_name["reduce_sum"].rule == "linear" and by_name["reduce_sum"].storage == "dense"
    assert by_name["dot_general"].rule == "contraction"
    assert by_name["bessel_i0e"].rule == "fallback"
    assert by_name["custom_jvp_call"].rule == "calls"
    assert "jit" not in by_name
    assert "test_explain.py" in by_name["sin"].source and "_program" in by_name["sin"].source
    assert str(explanation).splitlines()[-1].endswith("without a rule of their own: bessel_i0e")


def test_cost_of_a_hidden_layer_grows_with_the_directions():
    """A matrix product at order K in R directions: the primal, (K - 1) R coefficients and the sum of the last."""
    for order, directions in ((2, 4), (2, 16), (3, 4)):
        explanation = explain(_net, jnp.ones(DIM), order=order, num_directions=directions)
        hidden = [e for e in explanation.equations if e.primitive == "dot_general"][1]
        assert hidden.ratio == pytest.approx(2 + (order - 1) * directions, rel=0.01)


def test_dense_directions_are_reported_dense():
    explanation = explain(_program, jnp.ones(DIM), coordinates=False)
    assert all(e.storage in ("dense", "constant") for e in explanation.equations)


def test_loop_bodies_are_reported_once():
    fn = lambda x: jax.lax.scan(lambda c, _: (jnp.tanh(c), None), x, length=7)[0]
    names = [e.primitive for e in explain(fn, jnp.ones(3)).equations]
    assert names == ["tanh"]


def test_coordinates_of_a_matrix():
    with pytest.raises(ValueError, match=r"vector, got shape \(2, 3\).*coordinates=False"):
        explain(jnp.sum, jnp.ones((2, 3)))
