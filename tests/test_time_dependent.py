"""Problems for u(t, x): residuals, conditions hard and soft, training, and what is refused."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import optax
import pytest

import stde_eqx as stde
from tests.helpers import laplacian
from tests.zoo_battery import largest_array


class Reaction(stde.AbstractSemilinear):
    """u_t = Laplacian u + |grad u|^2 + f with the solution exp(-t) sum sin x."""

    dim: int = eqx.field(static=True, default=3)
    t0: float = 0.0
    t1: float = 0.5

    @property
    def operator(self):
        return stde.Laplacian()

    def exact(self, t, x):
        return jnp.exp(-t) * jnp.sum(jnp.sin(x))

    def reaction(self, t, x, value, square):
        return square - jnp.exp(-2 * t) * jnp.sum(jnp.cos(x) ** 2)

    def initial(self, x):
        return jnp.sum(jnp.sin(x))

    def sample_at(self, t, *, key):
        return jr.uniform(key, (t.shape[0], self.dim), t.dtype, minval=-1.5, maxval=1.5)


class ByRate(stde.AbstractParabolic):
    """The same by its right-hand side alone."""

    dim: int = eqx.field(static=True, default=3)
    t0: float = 0.0
    t1: float = 0.5

    def initial(self, x):
        return Reaction().initial(x)

    def rate(self, u, t, x, *, estimator, key):
        return Reaction().rate(u, t, x, estimator=estimator, key=key)

    def sample_at(self, t, *, key):
        return Reaction().sample_at(t, key=key)


def _network(width=8, dim=3, key=0):
    return stde.nn.SpaceTime(eqx.nn.MLP(1 + dim, "scalar", width, 2, activation=jnp.tanh, key=jr.key(key)))


@pytest.mark.slow
def test_residual_against_dense_derivatives():
    problem, u, t, x = Reaction(), _network(), jnp.array(0.2), jr.normal(jr.key(1), (3,))
    gradient = jax.grad(u, argnums=1)(t, x)
    expected = (
        jax.grad(u)(t, x) - laplacian(lambda y: u(t, y), x) - problem.reaction(t, x, u(t, x), gradient @ gradient)
    )
    for each in (problem, ByRate()):
        found = each.residual(u, t, x, estimator=stde.Exact(), key=None)
        assert jnp.allclose(found, expected, rtol=1e-10)
    assert jnp.allclose(problem.residual(problem.exact, t, x, estimator=stde.Exact(), key=None), 0, atol=1e-12)


@pytest.mark.parametrize("estimator", [stde.SparseSTDE(2), stde.DenseSTDE(2)])
def test_the_derivative_in_time_is_exact_whatever_the_estimator(estimator):
    """Of a function of time alone every estimate of the residual is the same."""
    u, t, x = lambda t, x: jnp.sin(3 * t), jnp.array(0.2), jnp.ones(3)
    at = lambda key: Reaction().residual(u, t, x, estimator=estimator, key=key)
    values = jax.vmap(at)(jr.split(jr.key(0), 16))
    assert jnp.allclose(values, Reaction().residual(u, t, x, estimator=stde.Exact(), key=None), rtol=1e-12)


@pytest.mark.parametrize("problem", [Reaction(), ByRate()])
def test_estimates_are_unbiased(problem):
    u, t, x = _network(), jnp.array(0.2), jr.normal(jr.key(1), (3,))
    at = lambda key: problem.residual(u, t, x, estimator=stde.SparseSTDE(1), key=key)
    values = jax.vmap(at)(jr.split(jr.key(0), 4000))
    expected = problem.residual(u, t, x, estimator=stde.Exact(), key=None)
    assert abs(jnp.mean(values) - expected) < 4 * jnp.std(values) / 4000**0.5


def test_ansatz_has_the_data_and_points_lie_in_time():
    problem = Reaction()
    u, x = problem.ansatz(_network()), jr.normal(jr.key(0), (3,))
    assert jnp.allclose(u(jnp.array(0.0), x), problem.initial(x), atol=1e-14)
    assert not jnp.allclose(u(jnp.array(0.1), x), problem.initial(x), atol=1e-4)
    t, points = problem.sample(1000, key=jr.key(1))
    assert t.shape == (1000,) and points.shape == (1000, 3)
    assert 0 <= t.min() < 0.01 and 0.49 < t.max() <= 0.5


def test_a_terminal_condition_runs_backwards():
    class Backward(ByRate):
        t0: float = 2.0
        t1: float = 1.0

    t, _ = Backward().sample(1000, key=jr.key(1))
    assert 1 <= t.min() < 1.01 and 1.99 < t.max() <= 2
    u = Backward().ansatz(lambda t, x: jnp.ones(()))
    assert jnp.allclose(u(jnp.array(1.0), jnp.zeros(3)), 1.0)


def test_no_array_of_dimension_times_directions():
    dim, width = 1000, 16
    problem = Reaction(dim)
    u = problem.ansatz(_network(width, dim))
    fn = lambda x: problem.residual(u, jnp.array(0.1), x, estimator=stde.SparseSTDE(8), key=jr.key(0))
    assert largest_array(fn, jnp.zeros(dim)) <= (1 + dim) * width


@pytest.mark.slow
def test_training_with_the_condition_in_the_ansatz():
    options: dict[str, Any] = dict(
        steps=300, batch_size=64, num_test_points=500, key=jr.key(0), optimizer=optax.adam(3e-3)
    )
    solution = stde.train(Reaction(), _network(), **options)
    assert solution.metrics.loss is not None and solution.metrics.loss < 0.2
    assert solution.metrics.skill is not None and solution.metrics.skill < 0.3
    t, x = jnp.array(0.3), jnp.zeros(3)
    assert solution.u(t, x).shape == () and solution.model(t, x).shape == ()
    longer = stde.train(Reaction(), solution.state, **options)
    assert longer.metrics.step == 600


@pytest.mark.slow
def test_training_with_the_condition_as_a_penalty():
    problem = stde.SoftInitial(Reaction(), num_points=32)
    options: dict[str, Any] = dict(
        steps=800, batch_size=64, num_test_points=500, key=jr.key(0), optimizer=optax.adam(3e-3)
    )
    solution = stde.train(problem, _network(), **options)
    assert solution.metrics.relative_l2 is not None and solution.metrics.relative_l2 < 0.25
    assert stde.evaluate(problem, solution.u, num_points=500, key=jr.key(1)).skill < 0.3


def test_loss_with_a_penalty_is_what_the_paper_has():
    """Residual plus w (|u - g|^2 + lambda |grad u - grad g|^2), divided by what the best constant leaves."""
    problem = stde.SoftInitial(Reaction(), weight=20.0, gradient_weight=0.05, num_points=16)
    (penalty,) = problem.penalties()
    net = _network()
    t, x = penalty.sample(16, key=jr.key(0))
    assert jnp.all(t == 0) and x.shape == (16, 3)
    parts = jax.vmap(lambda t, x: penalty.residual(net, t, x))(t, x)
    at = lambda x: net(jnp.array(0.0), x) - jnp.sum(jnp.sin(x))
    expected = jax.vmap(lambda x: at(x) ** 2 + 0.05 * jnp.sum(jax.grad(at)(x) ** 2))(x)
    assert jnp.allclose(jnp.sum(parts**2, axis=1), expected, rtol=1e-10)
    step = stde.make_step(problem, optimizer=optax.sgd(0.0), batch_size=500)
    constant = stde.nn.SpaceTime(eqx.nn.MLP(4, "scalar", 2, 0, key=jr.key(0)))
    zero = jax.tree.map(lambda leaf: 0 * leaf if eqx.is_inexact_array(leaf) else leaf, constant)
    _, metrics = step(step.init(zero, key=jr.key(1)))
    assert 0.5 < metrics.loss < 2.0


@pytest.mark.parametrize("method", ["residual", "rate"])
def test_an_exact_gradient_beside_an_estimate(method):
    """The estimate of the squared gradient is gone, that of the Laplacian is left, and the mean is the same."""
    u, t, x = _network(), jnp.array(0.2), jr.normal(jr.key(1), (3,))
    function = u if method == "residual" else lambda y: u(t, y)
    at = lambda p, estimator, key: getattr(p, method)(function, t, x, estimator=estimator, key=key)
    problem, exact = Reaction(), stde.ExactGradient(Reaction())
    assert jnp.allclose(at(exact, stde.Exact(), None), at(problem, stde.Exact(), None), rtol=1e-10)
    values = jax.vmap(lambda key: at(exact, stde.SparseSTDE(1), key))(jr.split(jr.key(0), 64))
    assert jnp.unique(jnp.round(values, 10)).size == 3  # one outcome for each coordinate


@pytest.mark.slow
@pytest.mark.parametrize("wrap", [lambda problem: problem, lambda problem: stde.SoftInitial(problem, num_points=8)])
def test_data_as_a_feature(wrap):
    """The network gets the data as one more argument, inside whatever ansatz the problem has."""
    problem, t, x = wrap(Reaction()), jnp.array(0.2), jnp.array([0.1, 0.2, 0.3])
    network = stde.nn.SpaceTime(eqx.nn.MLP(5, "scalar", 8, 1, activation=jnp.tanh, key=jr.key(0)))
    given = stde.DataAsFeature(problem)
    inner = lambda t, x: network.net(jnp.concatenate([t[None], x, problem.initial(x)[None]]))
    assert jnp.allclose(given.ansatz(network)(t, x), problem.ansatz(inner)(t, x), rtol=1e-12)
    assert len(given.penalties()) == len(problem.penalties())
    solution = stde.train(given, network, steps=20, batch_size=16, num_test_points=50, key=jr.key(1))
    assert solution.metrics.loss is not None and jnp.isfinite(solution.metrics.loss)


def test_gradient_of_the_data_is_optional():
    (penalty,) = stde.SoftInitial(Reaction(), gradient_weight=0.0).penalties()
    assert penalty.residual(_network(), jnp.array(0.0), jnp.ones(3)).shape == ()


def test_both_conditions_delegate_the_rest():
    soft, problem = stde.SoftInitial(Reaction()), Reaction()
    u, t, x = _network(), jnp.array(0.1), jnp.ones(3)
    at = lambda p: p.residual(u, t, x, estimator=stde.Exact(), key=None)
    assert at(soft) == at(problem) and soft.exact(t, x) == problem.exact(t, x)
    assert (soft.dim, soft.t0, soft.t1) == (3, 0.0, 0.5)
    assert soft.ansatz(u) is u


def test_wrapped_systems_keep_their_parts():
    class System(Reaction):
        @property
        def num_parts(self):
            return 2

    wrapped = (stde.SoftInitial(System()), stde.DataAsFeature(System()), stde.ExactGradient(System()))
    assert [each.num_parts for each in wrapped] == [2, 2, 2]
    assert stde.SoftInitial(Reaction()).num_parts is None


def test_refusals(unchecked):
    problem = Reaction()
    with pytest.raises(ValueError, match=r"called `u\(t, x\)`.*stde.nn.SpaceTime\(eqx.nn.MLP\(4"):
        stde.train(problem, eqx.nn.MLP(3, "scalar", 8, 1, key=jr.key(0)), key=jr.key(0))
    with pytest.raises(ValueError, match="For batches use jax.vmap"):
        problem.residual(_network(), jnp.zeros(2), jnp.zeros((2, 3)), estimator=stde.Exact(), key=None)
    with pytest.raises(ValueError, match=r"x has dtype int32, .*pass `x.astype\(float\)`"):
        stde.problems.joined(_network(), jnp.asarray(0.5), jnp.ones(3, jnp.int32))
    with pytest.raises(ValueError, match="with one solution, got the time-dependent problem Reaction"):
        stde.GradientEnhanced(problem, 0.1, 2)
    with pytest.raises(ValueError, match="SoftInitial wraps a parabolic problem.*got a int"):
        stde.SoftInitial(3)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="semilinear problem.*got a ByRate"):
        stde.ExactGradient(ByRate())  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match=r"write stde.DataAsFeature\(stde.SoftInitial\(problem\)\)"):
        stde.SoftInitial(stde.DataAsFeature(problem))
    with pytest.raises(ValueError, match="weight > 0"):
        stde.SoftInitial(problem, weight=0.0)

    class Flat(Reaction):
        def sample(self, num_points, *, key):  # pyright: ignore[reportIncompatibleMethodOverride], on purpose
            return jnp.zeros((num_points, 4))

    with pytest.raises(ValueError, match=r"must return a tuple of two times, of shape \(2,\)"):
        stde.train(Flat(), _network(), key=jr.key(0))
