"""Networks that follow an equation in time: order, errors, indicators, ends that come early, refusals."""

from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

import stde_eqx as stde
import zoo
from stde_eqx.timestepping import (
    AllParameters,
    Dense,
    EvolutionError,
    EvolutionStatus,
    Fit,
    MatrixFree,
    RandomParameters,
)


class Modes(eqx.Module):
    """A network that solves the heat equation exactly: a constant and cosines, whose Laplacian it can express."""

    amplitudes: jax.Array

    def __call__(self, x):
        return jnp.sum(self.amplitudes * jnp.cos(jnp.arange(4) * jnp.sum(x)))


def _decayed(t, growth=0.0):
    """The amplitudes of the solution of the heat equation from those below."""
    return jnp.array([0.0, 1.0, 1.0, 1.0]) * jnp.exp((growth - jnp.arange(4.0) ** 2) * t)


def _distance(evolution, amplitudes, index=-1):
    """The largest difference at some points between an evolution and such a function."""
    x = jnp.linspace(0, 6, 50)[:, None]
    return float(jnp.max(jnp.abs(jax.vmap(evolution[index])(x) - jax.vmap(Modes(amplitudes))(x))))


class Heat(stde.AbstractSemilinear):
    """u_t = Laplacian u + c u, from the amplitudes one: those of cos(k x) are exp((c - k^2) t)."""

    dim: int = eqx.field(static=True, default=1)
    t0: float = 0.0
    t1: float = 0.5
    growth: float = 0.0

    @property
    def operator(self):
        return stde.Laplacian()

    def reaction(self, t, x, value, square):
        return self.growth * value

    def initial(self, x):
        return Modes(_decayed(0.0))(x)

    def sample_at(self, t, *, key):
        return jr.uniform(key, (t.shape[0], self.dim), maxval=2 * jnp.pi)

    def exact(self, t, x):
        return Modes(_decayed(t, self.growth))(x)


_TINY: dict[str, Any] = dict(
    num_points=50, num_redraws=1, fit=Fit(steps=0, newton_steps=2, num_points=50), least_squares=Dense(1e-14)
)


def _evolve(problem=None, network=None, **options):
    problem = Heat() if problem is None else problem
    network = Modes(jnp.full(4, 0.5)) if network is None else network
    return stde.evolve(problem, network, key=jr.key(0), **(_TINY | options))


@pytest.mark.slow
@pytest.mark.parametrize("solver, order", [(diffrax.Euler(), 1), (diffrax.Heun(), 2), (diffrax.Bosh3(), 3)])
def test_order_of_convergence_in_time(solver, order):
    steps = np.array([1 / 64, 1 / 128, 1 / 256])
    errors = [_distance(_evolve(solver=solver, dt0=dt), _decayed(0.5)) for dt in steps]
    slope = np.polyfit(np.log(steps), np.log(errors), 1)[0]
    assert abs(slope - order) < 0.25, errors


def test_adaptive_steps_reach_their_tolerance():
    evolution = _evolve(stepsize_controller=diffrax.PIDController(rtol=1e-8, atol=1e-10))
    assert evolution.status is EvolutionStatus.completed
    assert evolution.initial_error < 1e-10
    assert jnp.all(evolution.relative_l2(key=jr.key(1)) < 1e-7)
    assert jnp.all(evolution.defects < 1e-6) and jnp.all(evolution.error_bounds < 1e-6)


class Forced(Heat):
    """u_t = Laplacian u + 1 from nothing: u = t."""

    def reaction(self, t, x, value, square):
        return jnp.ones_like(value)

    def initial(self, x):
        return jnp.zeros_like(x[0])

    def exact(self, t, x):
        return t


def test_the_error_of_a_fit_to_nothing_is_absolute():
    evolution = _evolve(Forced(), stepsize_controller=diffrax.PIDController(rtol=1e-8, atol=1e-10))
    assert evolution.initial_error < 1e-10
    assert jnp.all(evolution.relative_l2(key=jr.key(1))[1:] < 1e-7)


@pytest.mark.slow
def test_an_evolution_is_a_sequence_of_networks_in_time():
    ts = jnp.array([0.0, 0.2, 0.5])
    evolution = _evolve(saveat=diffrax.SaveAt(ts=ts), stepsize_controller=diffrax.PIDController(rtol=1e-6, atol=1e-8))
    assert len(evolution) == 3 and jnp.allclose(evolution.ts, ts)
    x = jnp.array([0.3])
    for index, t in enumerate(ts):
        assert jnp.allclose(evolution[index](x), Heat().exact(t, x), atol=1e-5)
        assert evolution(t, x) == evolution[index](x)
    assert evolution.u(x) == evolution[-1](x) and len(list(evolution)) == 3
    with pytest.raises(IndexError, match="3 saved times, got the index 3"):
        evolution[3]
    found = jax.vmap(lambda t: evolution(t, x))(jnp.array([0.2, 0.3]))
    assert found[0] == evolution[1](x) and jnp.isnan(found[1])
    with pytest.raises(ValueError, match="times saved are .*got t=0.1.*dense=True"):
        evolution(0.1, x)


def test_progress_is_shown(capfd):
    _evolve(dt0=0.1, progress_meter=diffrax.TextProgressMeter())
    jax.effects_barrier()
    assert "100.00%" in capfd.readouterr().out


def test_dense_output_knows_every_time():
    evolution = _evolve(
        saveat=diffrax.SaveAt(dense=True), stepsize_controller=diffrax.PIDController(rtol=1e-6, atol=1e-8)
    )
    x, t = jnp.array([0.3]), jnp.array(0.123)
    assert jnp.allclose(evolution(t, x), Heat().exact(t, x), atol=1e-4)
    with pytest.raises(ValueError, match="passed the times from 0 to 0.5, got t=0.9"):
        evolution(0.9, x)


def test_time_can_run_backwards_from_a_terminal_condition():
    class Backward(stde.AbstractParabolic):
        dim: int = eqx.field(static=True, default=1)
        t0: float = 1.0
        t1: float = 0.5

        def initial(self, x):
            return Heat().initial(x)

        def rate(self, u, t, x, *, estimator, key):
            return -stde.Laplacian()(u, x, estimator=estimator, key=key)

        def sample_at(self, t, *, key):
            return Heat().sample_at(t, key=key)

    evolution = _evolve(Backward(), dt0=1e-2, solver=diffrax.Heun())
    assert _distance(evolution, _decayed(0.5)) < 2e-3
    assert jnp.allclose(evolution.ts, jnp.linspace(1.0, 0.5, 11))
    assert jnp.all(evolution.error_bounds >= 0)


@pytest.mark.slow
@pytest.mark.parametrize("num_points", [5, 80])
def test_solvers_of_the_least_squares_problem_agree(num_points):
    """In the space of samples and in that of parameters, written out and matrix-free, beside NumPy's own."""
    network = eqx.nn.MLP(2, "scalar", 6, 1, activation=jnp.tanh, key=jr.key(0))
    from stde_eqx.timestepping._flat_network import FlatNetwork

    parameters = FlatNetwork(network)
    params, points, target = (
        parameters.vector,
        jr.normal(jr.key(1), (num_points, 2)),
        jr.normal(jr.key(2), (num_points,)),
    )
    at_point = lambda p, x: parameters(p)(x)
    jacobian = np.asarray(jax.vmap(jax.grad(at_point), in_axes=(None, 0))(params, points))
    weight = 1e-3 * np.sum(jacobian**2)
    expected = np.linalg.solve(jacobian.T @ jacobian + weight * np.eye(params.size), jacobian.T @ np.asarray(target))
    for solve in (Dense(1e-3), MatrixFree(1e-3, tolerance=1e-12)):
        assert jnp.allclose(solve(at_point, params, points, target), expected, rtol=1e-6, atol=1e-9)
    number = 7
    step = RandomParameters(number)(Dense(1e-3), at_point, params, points, target, key=jr.key(3))
    assert jnp.sum(step != 0) == number
    assert jnp.array_equal(
        AllParameters()(Dense(1e-3), at_point, params, points, target, key=jr.key(3)),
        Dense(1e-3)(at_point, params, points, target),
    )


def test_matrix_free_holds_nothing_of_the_size_of_the_matrix():
    from stde_eqx.timestepping._flat_network import FlatNetwork
    from tests.zoo_battery import largest_array

    parameters = FlatNetwork(eqx.nn.MLP(20, "scalar", 30, 1, key=jr.key(0)))
    points, target = jr.normal(jr.key(1), (200, 20)), jnp.ones(200)
    at_point = lambda p, x: parameters(p)(x)
    size = lambda solve: largest_array(lambda p: solve(at_point, p, points, target), parameters.vector)
    assert size(Dense()) >= 200 * parameters.vector.size
    assert size(MatrixFree()) < 200 * parameters.vector.size / 4


@pytest.mark.parametrize("update", [AllParameters(), pytest.param(RandomParameters(20), marks=pytest.mark.slow)])
def test_a_network_follows_the_heat_equation(update):
    problem = zoo.Heat(1, 0.2)
    network = eqx.nn.MLP(1, "scalar", 12, 1, activation=jnp.tanh, key=jr.key(2))
    evolution = stde.evolve(
        problem,
        network,
        fit=Fit(steps=1000, newton_steps=20, num_points=200),
        num_points=100,
        update=update,
        least_squares=Dense(1e-10),
        key=jr.key(0),
    )
    errors = evolution.relative_l2(key=jr.key(1), num_points=1000)
    assert evolution.initial_error < 2e-3
    assert jnp.all(errors < 1e-2), errors
    assert f"completed: t={float(evolution.ts[-1]):.4g} after {evolution.num_steps} steps" in str(evolution)
    # As far as the points tell, the error is below what the indicator allows.
    size = jnp.sqrt(jnp.mean(jax.vmap(problem.initial)(problem.sample_at(jnp.zeros(1000), key=jr.key(3))) ** 2))
    assert jnp.all(errors * size < 10 * (evolution.error_bounds + evolution.initial_error * size))


@pytest.mark.slow
def test_estimated_operators_move_the_network_on_average_as_the_exact_one():
    problem, network = Heat(4), Modes(jnp.full(4, 0.5))
    exact = _evolve(problem, network, dt0=1e-2, num_points=400, num_redraws=50)
    sampled = _evolve(problem, network, dt0=1e-2, num_points=400, num_redraws=50, estimator=stde.SparseSTDE(2))
    dense = _evolve(problem, network, dt0=1e-2, num_points=400, num_redraws=50, estimator=stde.DenseSTDE(2))
    x = problem.sample_at(jnp.ones(20), key=jr.key(5))
    end, *ends = (jax.vmap(evolution.u)(x) for evolution in (exact, sampled, dense))
    assert jnp.allclose(ends[0], end, atol=1e-6)  # all coordinates are alike here
    assert jnp.allclose(ends[1], end, atol=0.05)


@pytest.mark.slow
def test_events_end_an_evolution():
    started = _evolve(dt0=1e-2).params[0][1]
    event = diffrax.Event(lambda t, y, args, **_: y[0][1] < 0.8 * started)
    evolution = _evolve(event=event, dt0=1e-2)
    assert evolution.status is EvolutionStatus.event
    assert 0.7 < evolution.params[-1][1] / started < 0.8
    assert evolution.ts[-1] < 0.5 and jnp.all(jnp.isfinite(evolution.params))


@pytest.mark.slow
def test_values_that_are_not_finite_end_it_at_the_last_good_state():
    class Exploding(stde.AbstractParabolic):
        dim: int = eqx.field(static=True, default=1)
        t0: float = 0.0
        t1: float = 0.5

        def initial(self, x):
            return Heat().initial(x)

        def rate(self, u, t, x, *, estimator, key):
            return jnp.where(t < 0.25, u(x), jnp.nan)

        def sample_at(self, t, *, key):
            return Heat().sample_at(t, key=key)

    choices: list[dict[str, Any]] = [
        dict(dt0=1e-2),
        dict(stepsize_controller=diffrax.PIDController(rtol=1e-3, atol=1e-6)),
    ]
    for options in choices:
        with pytest.raises(EvolutionError, match=r"ended at t=0\.2\d* of 0\.5.*not finite.*error\.evolution") as caught:
            _evolve(Exploding(), **options)
        evolution = caught.value.evolution
        assert evolution.status is EvolutionStatus.stalled
        assert jnp.all(jnp.isfinite(evolution.params)) and 0.2 <= evolution.ts[-1] < 0.25 + 1e-6
        assert _distance(evolution, jnp.exp(evolution.ts[-1]) * _decayed(0.0)) < 0.08
        quiet = _evolve(Exploding(), throw=False, **options)
        assert quiet.status is EvolutionStatus.stalled


def test_too_few_steps_keep_what_was_reached():
    with pytest.raises(EvolutionError, match="7 steps were not enough") as caught:
        _evolve(dt0=1e-2, max_steps=7)
    assert caught.value.evolution.status is EvolutionStatus.out_of_steps
    assert jnp.isclose(caught.value.evolution.ts[-1], 0.07)


def test_the_network_stays_as_it_is_and_a_second_run_is_not_traced_again():
    traced = []

    class Counted(Heat):
        def reaction(self, t, x, value, square):
            traced.append(None)
            return 0 * value

    network = Modes(jnp.full(4, 0.5))
    _evolve(Counted(), network, dt0=0.1)
    before = len(traced)
    _evolve(Counted(), Modes(jnp.full(4, 0.4)), dt0=0.1)
    assert len(traced) - before <= 2  # what the checks look at
    assert jnp.array_equal(network.amplitudes, jnp.full(4, 0.5))


@pytest.mark.slow
def test_a_network_in_single_precision_with_data_in_double():
    evolution = _evolve(network=Modes(jnp.full(4, 0.5, jnp.float32)), dt0=0.1, least_squares=Dense(1e-6))
    assert evolution.status is EvolutionStatus.completed


def test_defects_are_seen_at_other_points():
    """Five points are followed exactly by eighteen parameters; in between the network goes astray, and it shows."""
    network = eqx.nn.MLP(1, "scalar", 17, 1, activation=jnp.tanh, key=jr.key(0))
    few = _evolve(network=network, dt0=0.05, num_points=5, saveat=diffrax.SaveAt(t0=True), throw=False)
    assert few.defects[0] > 0.1


def _refused(match, problem=None, network=None, **options):
    with pytest.raises(ValueError, match=match):
        _evolve(problem, network, **options)


def test_refusals(unchecked):
    elliptic = zoo.Poisson(zoo.TwoBody(dim=3, key=jr.key(0)))
    _refused("Poisson is not one. Solve it by `stde.train`", elliptic)
    _refused("must be an instance of `stde.AbstractParabolic`", 3)
    _refused(r"later times, up to t=0.5; towards earlier times such as t1=-1 it is ill-posed", t1=-1.0)
    _refused("other than that of the data", t1=0.0)
    both = stde.nn.SpaceTime(eqx.nn.MLP(2, "scalar", 4, 1, key=jr.key(0)))
    _refused("a function v\\(x\\) of space alone", network=both)
    _refused("has nothing to move", network=lambda x: jnp.sum(x))
    _refused('out_size="scalar"', network=eqx.nn.MLP(1, 2, 4, 1, key=jr.key(0)))
    _refused(
        "`Euler` estimates no error", solver=diffrax.Euler(), stepsize_controller=diffrax.PIDController(1e-3, 1e-6)
    )
    _refused("`Euler` with a constant step needs to know it", solver=diffrax.Euler())
    _refused("`Kvaerno3` solves equations at every step and needs tolerances", solver=diffrax.Kvaerno3(), dt0=0.1)
    _refused("must be a Diffrax solver", solver=diffrax.Tsit5)
    _refused("estimator", estimator="exact")
    _refused("moves more parameters than the network has, 4", update=RandomParameters(10))
    _refused("`num_points` must be at least 1", num_points=0)
    _refused("must be a `diffrax.SaveAt`", saveat=[0.1])
    _refused("outside of those from t=0 to t=0.5", saveat=diffrax.SaveAt(ts=jnp.array([0.7])))
    _refused("leave out `fn`", saveat=diffrax.SaveAt(t1=True, fn=lambda t, y, args: y))
    _refused("posed between t=0 and t=0.5.*for t1=2 build it with another final time", t1=2.0)
    _refused("`t1` must be a number", t1="0.3")
    _refused("`dt0` must be a positive number", dt0=-0.1)
    _refused("`dt0` must be a positive number", dt0=float("nan"))
    _refused("`fit` must be an object such as", fit=3)
    _refused("`least_squares` must be an object such as", least_squares="dense")
    _refused("`stepsize_controller` must be one of Diffrax", stepsize_controller=3)
    _refused("`max_rejections` must be at least 1", max_rejections=-3)
    _refused("SoftInitial changes how a problem is trained", stde.SoftInitial(Heat()))
    _refused("DataAsFeature changes how a problem is trained", stde.DataAsFeature(Heat()))
    _refused("all points of Heat at the time of the data, t=0, are the same one", zoo.Heat(1, law=zoo.laws.Brownian(1)))
    with pytest.raises(ValueError, match="at least one parameter"):
        RandomParameters(0)
    with pytest.raises(ValueError, match="regularisation must be positive"):
        Dense(-1.0)


@pytest.mark.slow
def test_implicit_solvers_take_the_tolerances_of_the_controller():
    evolution = _evolve(
        solver=diffrax.Kvaerno3(), stepsize_controller=diffrax.PIDController(rtol=1e-4, atol=1e-6), num_redraws=3
    )
    assert jnp.all(evolution.relative_l2(key=jr.key(1)) < 1e-2)
