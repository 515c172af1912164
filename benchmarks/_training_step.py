from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import optax
from jaxtyping import Array, Float, PRNGKeyArray

import zoo
from _methods import AbstractMethod


State = tuple[Any, optax.OptState, PRNGKeyArray]  # The arrays of the network, those of Adam, the randomness ahead.


def is_shape(leaf: Any) -> bool:
    return isinstance(leaf, jax.ShapeDtypeStruct)


class TrainingStep(eqx.Module):
    """The whole Adam step that every method is timed in: draw the points, evaluate source, loss and gradient, update.

    Two methods differ in how they get values and Laplacians from the ansatz and the points, in nothing else.
    """

    problem: zoo.SineGordon
    num_points: int = eqx.field(static=True)

    def __init__(self, dim: int, num_points: int, *, key: PRNGKeyArray):
        self.problem = zoo.SineGordon(zoo.TwoBody(dim, key=key))
        self.num_points = num_points

    @property
    def optimizer(self) -> optax.GradientTransformation:
        return optax.adam(1e-3)

    def network(self, key: PRNGKeyArray) -> eqx.nn.MLP:
        return eqx.nn.MLP(self.problem.dim, "scalar", 128, 3, activation=jnp.tanh, key=key)

    def initial_state(self, key: PRNGKeyArray) -> State:
        params = eqx.filter(self.network(key), eqx.is_array)
        return params, self.optimizer.init(params), key

    def loss(self, method: AbstractMethod, net: eqx.nn.MLP, key: PRNGKeyArray) -> Float[Array, ""]:
        points_key, draw_key = jr.split(key)
        points = self.problem.sample(self.num_points, key=points_key)
        values, laplacians = method.value_and_laplacian(self.problem.ansatz(net), points, key=draw_key)
        fitted = values if laplacians is None else laplacians + self.problem.nonlinearity(values)
        return jnp.mean((fitted - jax.vmap(self.problem.source)(points)) ** 2)

    def __call__(self, method: AbstractMethod, state: State) -> tuple[State, Float[Array, ""]]:
        params, opt_state, key = state
        key, step_key = jr.split(key)
        static = eqx.filter(eqx.filter_eval_shape(self.network, key), is_shape, inverse=True)

        def loss(params):
            return self.loss(method, eqx.combine(params, static), step_key)

        value, gradient = jax.value_and_grad(loss)(params)
        updates, opt_state = self.optimizer.update(gradient, opt_state, params)
        return (optax.apply_updates(params, updates), opt_state, key), value

    def lower(self, method: AbstractMethod) -> jax.stages.Lowered:
        """The jitted program `(state, arrays, steps) -> (state, loss)` of one method; it donates its state.

        It takes any number of steps in one loop, as `stde.train` does between two reports: called step by step, a
        program asks the system for its temporaries anew each time, and page faults are then what is measured. The
        problem's arrays are arguments, so that the compiler cannot fold what depends on them alone.
        """

        def advance(state, arrays, steps):
            step = lambda _, carry: eqx.combine(arrays, static)(method, carry[0])
            return jax.lax.fori_loop(0, steps, step, (state, jnp.zeros(())))

        arrays, static = eqx.partition(self, eqx.is_array)
        state = eqx.filter_eval_shape(self.initial_state, jr.key(0))
        return jax.jit(advance, donate_argnums=0).lower(state, arrays, 1)
