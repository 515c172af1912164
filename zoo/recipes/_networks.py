import abc
from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, PRNGKeyArray

import stde_eqx as stde

from ..elliptic import AbstractManufactured
from ..solutions import AbstractNeighbourSum, Clamped


class AbstractArchitecture(eqx.Module):
    """A kind of network, which prints, and builds one for a problem."""

    @abc.abstractmethod
    def build(self, problem: stde.AbstractProblem, *, key: PRNGKeyArray) -> Callable[..., Array]:
        """A new network for the points of this problem."""


class Perceptron(AbstractArchitecture):
    """A multilayer perceptron with tanh between its layers; of time and point where there is time.

    **Attributes:**

    - `width`, `depth`: of the hidden layers, and their number.
    """

    width: int
    depth: int

    def build(self, problem: stde.AbstractProblem, *, key: PRNGKeyArray) -> eqx.nn.MLP | stde.nn.SpaceTime:
        mlp = lambda inputs: eqx.nn.MLP(inputs, "scalar", self.width, self.depth, activation=jnp.tanh, key=key)
        if isinstance(problem, stde.AbstractTimeDependent):
            return stde.nn.SpaceTime(mlp(1 + problem.dim + isinstance(problem, stde.DataAsFeature)))
        return mlp(problem.dim)


class Neighbours(AbstractArchitecture):
    """A [`stde_eqx.nn.LocalInteraction`][], its coordinates brought to size one.

    **Attributes:**

    - `width`, `depth`, `features`: of the network that all neighbourhoods share.
    - `size`: how many neighbouring coordinates interact; those of the problem's solution if `None`. That is knowledge
        of the solution, though one that its right-hand side shows: whoever compares errors should say that it was used.
    """

    width: int
    depth: int
    features: int
    size: int | None = None

    def build(self, problem: stde.AbstractProblem, *, key: PRNGKeyArray) -> stde.nn.LocalInteraction:
        if not isinstance(problem, AbstractManufactured):
            raise ValueError(
                "zoo.recipes.Neighbours is for the zoo's problems with a manufactured solution and no time, got "
                f"{type(problem).__name__}. Write for example zoo.recipes.Perceptron(width=64, depth=3); for a problem "
                "of your own, `stde.nn.LocalInteraction` and `stde.optim.NaturalGradient` in `stde.train`."
            )
        # The same points for every key: whoever builds the network again, to load what was trained, needs the same one.
        typical = float(jnp.sqrt(jnp.mean(problem.sample(100, key=jr.key(0)) ** 2)))
        return stde.nn.LocalInteraction(
            problem.dim,
            self._size(problem),
            width=self.width,
            depth=self.depth,
            features=self.features,
            input_scale=1 / typical,
            key=key,
        )

    def _size(self, problem: AbstractManufactured) -> int:
        if self.size is not None:
            return self.size
        if isinstance(problem.solution, AbstractNeighbourSum | Clamped):
            return problem.solution.reach
        raise ValueError(
            f"How many coordinates interact is not known of a {type(problem.solution).__name__}: give it, as in "
            "zoo.recipes.Neighbours(width=16, depth=1, features=8, size=2)."
        )
