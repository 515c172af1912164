import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import optax
from jaxtyping import Array, Float, PRNGKeyArray

from ..problems import AbstractParabolic
from ._flat_network import FlatNetwork
from ._least_squares import AbstractLeastSquares, suitable


class Fit(eqx.Module):
    r"""How the network is made to have the data, before it is followed in time.

    First Adam, on new points at every step; then Gauss-Newton steps, which is the network following
    $u_\tau = g - u$ by a least-squares problem as in time, and shortened where they do not help. The second part
    gains several digits, and its cost grows with the square of the number of parameters.

    **Arguments:**

    - `steps`: of Adam, its learning rate falling from `learning_rate` to 0 along a cosine.
    - `batch_size`: points a step of Adam.
    - `learning_rate`: the first one.
    - `newton_steps`: of the second part.
    - `num_points`: of each of these; four times as many as there are parameters, but at least 1 000 and at most 20 000,
        if `None`.
    - `least_squares`: how they are found; by default [`stde_eqx.timestepping.Dense`][], and above $2^{27}$ entries of
        the matrix [`stde_eqx.timestepping.MatrixFree`][].

    **Raises:** `ValueError` for a number out of range.
    """

    steps: int = eqx.field(static=True, default=3_000)
    batch_size: int = eqx.field(static=True, default=256)
    learning_rate: float = 1e-2
    newton_steps: int = eqx.field(static=True, default=20)
    num_points: int | None = eqx.field(static=True, default=None)
    least_squares: AbstractLeastSquares | None = None

    def __check_init__(self) -> None:
        counts = self.batch_size, 1 if self.num_points is None else self.num_points
        if min(self.steps, self.newton_steps) < 0 or min(counts) < 1 or not self.learning_rate > 0:
            raise ValueError(
                "Fit needs steps and newton_steps >= 0, batch_size and num_points >= 1, and learning_rate > 0, got "
                f"{self}."
            )

    @eqx.filter_jit
    def __call__(
        self, problem: AbstractParabolic, network: FlatNetwork, *, key: PRNGKeyArray
    ) -> tuple[Float[Array, " params"], Float[Array, ""]]:
        """The fitted parameters, and the root mean square of what is left, relative to that of the data.
        Where these vanish, it is that of what is left.

        **Arguments:**

        - `problem`: whose data.
        - `network`: the network and its parameters.
        - `key`: the randomness of the points.
        """
        adam_key, newton_key, test_key = jr.split(key, 3)
        params = network.vector
        at_point = lambda p, x: network(p)(x)
        data = lambda x: jax.vmap(problem.initial)(x).astype(params.dtype)

        def points(number: int, key: PRNGKeyArray) -> Float[Array, "points dim"]:
            t0 = jnp.full(number, problem.t0, params.dtype)
            return problem.sample_at(t0, key=key).astype(params.dtype)

        def distance(p: Float[Array, " params"], x: Float[Array, "points dim"]) -> Float[Array, " points"]:
            return data(x) - jax.vmap(at_point, in_axes=(None, 0))(p, x)

        if self.steps:
            optimizer = optax.adam(optax.cosine_decay_schedule(self.learning_rate, self.steps))

            def adam(carry, key):
                p, state = carry
                x = points(self.batch_size, key)
                grads = jax.grad(lambda p: jnp.mean(distance(p, x) ** 2))(p)
                updates, state = optimizer.update(grads, state, p)
                assert isinstance(updates, Array)
                return (p + updates, state), None

            keys = jr.split(adam_key, self.steps)
            (params, _), _ = jax.lax.scan(adam, (params, optimizer.init(params)), keys)

        size = min(20_000, max(1_000, 4 * params.shape[0])) if self.num_points is None else self.num_points
        solve = suitable(size, params.shape[0]) if self.least_squares is None else self.least_squares
        lengths = jnp.asarray([0.0, 0.03, 0.1, 0.3, 1.0], params.dtype)

        def newton(p, key):
            fit_key, judge_key = jr.split(key)
            x, unseen = points(size, fit_key), points(size, judge_key)
            step = solve(at_point, p, x, distance(p, x))
            losses = jax.lax.map(lambda length: jnp.mean(distance(p + length * step, unseen) ** 2), lengths)
            best = jnp.argmin(jnp.where(jnp.isfinite(losses), losses, jnp.inf))
            # An infinite step times zero is not zero.
            return jnp.where(best == 0, p, p + lengths[best] * step), None

        if self.newton_steps:
            params, _ = jax.lax.scan(newton, params, jr.split(newton_key, self.newton_steps))
        x = points(4_000, test_key)
        error, scale = (jnp.sqrt(jnp.mean(values**2)) for values in (distance(params, x), data(x)))
        return params, error / jnp.where(scale > 0, scale, 1)
