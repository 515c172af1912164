import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import optax
import pytest

import stde_eqx as stde
from stde_eqx import training

from .training_problems import Adapted, BallPoisson, mlp


pytestmark = pytest.mark.usefixtures("unchecked")


def _problem(**methods):
    return Adapted(BallPoisson(), **methods)


_WRONG = {
    "vector output": ({"u": eqx.nn.MLP(5, 1, 8, 1, key=jr.key(0))}, 'real scalar.*shape \\(1,\\).*out_size="scalar"'),
    "wrong input": ({"u": mlp(4)}, r"shape \(5,\).*in_size=5"),
    "time-dependent": ({"u": lambda t, x: x[0] * t}, r"missing 1 required positional argument.*called `u\(x\)`"),
    "not callable": ({"u": 3.0}, "must be a callable of one point.*`float`"),
    "nothing to train": ({"u": lambda x: jnp.sum(x)}, "nothing to train.*closed over"),
    "integer weights": ({"u": jax.tree_util.Partial(jnp.dot, jnp.arange(5))}, "nothing to train.*integers"),
    "no steps": ({"steps": 0}, "`steps` must be at least 1, got 0"),
    "half a step": ({"steps": 2.5}, "`steps` must be a whole number.*2.5"),
    "no batch": ({"batch_size": 0}, "`batch_size` must be at least 1, got 0"),
    "true batch": ({"batch_size": True}, "`batch_size` must be at least 1, got True"),
    "no reports": ({"report_every": 0}, "`report_every` must be at least 1"),
    "no report points": ({"num_report_points": -1}, "`num_report_points` must be at least 1"),
    "no test points": ({"num_test_points": 0}, "`num_test_points` must be at least 1"),
    "no key": ({"key": None}, r"`key` must be one random key, such as key=jax.random.key\(0\)"),
    "a seed": ({"key": 0}, r"`key` must be one random key.*`int`"),
    "many keys": ({"key": jr.split(jr.key(0), 3)}, r"`key` must be one random key.*\(3,\)"),
    "floats for a key": ({"key": jnp.zeros(2)}, "`key` must be one random key"),
    "estimator class": ({"estimator": stde.Exact}, r"`estimator` must be.*`stde.SparseSTDE\(16\)`.*class `Exact`"),
    "estimator name": ({"estimator": "sparse"}, "`estimator` must be.*`str`"),
    "too many samples": ({"estimator": stde.SparseSTDE(6)}, "6.*5"),
    "optimiser name": ({"optimizer": "adam"}, r"`optimizer` must be an Optax optimiser such as `optax.adam\(1e-3\)`"),
    "no problem": ({"problem": BallPoisson}, "must be an instance of `stde.AbstractProblem`.*class `BallPoisson`"),
    "negative scale": ({"output_scale": -1.0}, "`output_scale` must be positive"),
    "nan scale": ({"residual_scale": float("nan")}, "`residual_scale` must be positive"),
    "one callback": ({"callbacks": training.AbstractCallback()}, "`callbacks` must be a list"),
    "callback class": ({"callbacks": [training.ProgressBar]}, "`callbacks` must be a list.*class `ProgressBar`"),
    "points without dim": (
        {"problem": _problem(sampler=lambda problem, num_points, *, key: jr.uniform(key, (num_points,)))},
        r"sample.*must return an array of shape \(2, 5\)",
    ),
    "matrix residual": (
        {"problem": _problem(modified_residual=lambda problem, u, x, *, estimator, key: x[None])},
        "residual` must return a real scalar",
    ),
    "forgotten sum": (
        {"problem": _problem(modified_residual=lambda problem, u, x, *, estimator, key: u(x) * x)},
        r"residual` must return a real scalar.*\(5,\).*sum over the coordinates forgotten.*`num_parts`.*5",
    ),
    "a solution for a network": (
        {"u": object.__new__(training.Solution)},
        "`solution.u`, its network `solution.model`",
    ),
    "vector exact": ({"problem": _problem(solution=lambda problem, x: x)}, "exact` must return a real scalar"),
}


@pytest.mark.parametrize(("wrong", "message"), _WRONG.values(), ids=_WRONG)
def test_a_mistake_is_named_at_once(wrong, message):
    right = {
        "problem": BallPoisson(),
        "u": mlp(),
        "estimator": stde.SparseSTDE(2),
        "optimizer": optax.adam(1e-3),
        "steps": 10,
        "key": jr.key(0),
    }
    options = right | wrong
    with pytest.raises(ValueError, match=f"(?s){message}"):
        stde.train(options.pop("problem"), options.pop("u"), **options)


def test_the_key_may_be_of_the_old_kind():
    step = stde.make_step(BallPoisson(), optimizer=optax.sgd(0.1), batch_size=2)
    assert step(step.init(mlp(), key=jr.PRNGKey(0)))[0].step == 1


def test_make_step_needs_an_optimiser():
    with pytest.raises(TypeError, match="optimizer"):
        stde.make_step(BallPoisson())  # pyright: ignore[reportCallIssue]


class _System(BallPoisson):
    parts: int = eqx.field(static=True)

    def __init__(self, parts=2):
        super().__init__()
        self.parts = parts

    @property
    def num_parts(self):
        return self.parts

    def residual(self, u, x, *, estimator, key):
        return jnp.stack([super().residual(u, x, estimator=estimator, key=key), jnp.zeros(())])


def test_parts_of_a_residual_are_declared():
    options = {"estimator": stde.SparseSTDE(2), "steps": 3, "key": jr.key(0), "num_test_points": 50}
    system, alone = (stde.train(problem, mlp(), **options) for problem in (_System(), BallPoisson()))
    assert jnp.allclose(jnp.asarray(system.metrics.loss), jnp.asarray(alone.metrics.loss))
    wrong = _System(parts=3)
    with pytest.raises(ValueError, match=r"3 real parts, of shape \(3,\), for one point; got .*\(2,\)"):
        stde.train(wrong, mlp(), **options)


def test_a_gradient_enhanced_system_is_refused_at_once():
    with pytest.raises(ValueError, match="scalar residual, got _System with 2 parts"):
        stde.GradientEnhanced(_System(), 0.1, 2)


@pytest.mark.filterwarnings("ignore:A JAX array is being set as static")
@pytest.mark.parametrize(
    ("dim", "said"), ((3.0, "`dim` must be a whole number.*3.0"), (jnp.asarray(3), "a Python integer.*the array 3"))
)
def test_the_dimension_of_a_problem_is_a_whole_number(dim, said):
    class Wrong(BallPoisson):
        def __init__(self):
            self.coefficients, self.dim = jnp.ones(3), dim

    with pytest.raises(ValueError, match=said):
        Wrong()


def test_a_state_that_is_the_last_takes_no_steps():
    options = {"estimator": stde.SparseSTDE(2), "optimizer": optax.adam(1e-3), "key": jr.key(0), "num_test_points": 50}
    first = stde.train(BallPoisson(), mlp(), steps=3, **options)
    again = stde.train(BallPoisson(), first.state, steps=0, **options)
    assert again.status is training.Status.completed and again.metrics.step == 3 and again.history == ()
    assert again.metrics.skill == first.metrics.skill
    assert "BallPoisson, completed: step 3, relative L2 error" in str(again)


def test_a_state_is_not_given_other_scales_or_another_optimiser():
    options = {"estimator": stde.SparseSTDE(2), "key": jr.key(0), "steps": 2}
    state = stde.make_step(BallPoisson(), optimizer=optax.adam(1e-3)).init(mlp(), key=jr.key(0))
    with pytest.raises(ValueError, match="keeps the scales it began with"):
        stde.train(BallPoisson(), state, output_scale=2.0, **options)
    with pytest.raises(ValueError, match="the state of another optimiser"):
        stde.train(BallPoisson(), state, optimizer=optax.sgd(1e-3), **options)
    with pytest.raises(ValueError, match="in_size=6"):
        stde.train(BallPoisson(6), state, optimizer=optax.adam(1e-3), **options)
