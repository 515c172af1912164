from collections.abc import Sequence

import equinox as eqx
import jax.random as jr
from jaxtyping import PRNGKeyArray

import stde_eqx as stde

from ..elliptic import AbstractManufactured
from ._networks import AbstractArchitecture
from ._phase import Phase


class Recipe(eqx.Module):
    """How to solve a manufactured problem: the network, and the phases of its training.

    It prints as what it is, and `dataclasses.replace(recipe, ...)` changes it.

    !!! example

        ```python
        recipe = zoo.recipes.accurate(dim=100)
        solution = recipe.train(zoo.SineGordon(zoo.TwoBody(100, key=key)), key=key)
        solution.metrics.skill
        ```

    **Attributes:**

    - `network`: the kind of network.
    - `phases`: what to do, one after the other; each begins with the network as the one before has left it.
    - `scaled`: whether the output and the residual are scaled, and the constant mode fitted, before training, and the
        constant and the scale fitted once more after it ([`stde_eqx.training.refit`][]).
    """

    network: AbstractArchitecture
    phases: tuple[Phase, ...]
    scaled: bool = True

    def __check_init__(self) -> None:
        if not self.phases:
            raise ValueError("a recipe has at least one phase: write phases=(zoo.recipes.Phase(...),).")

    def train(
        self,
        problem: AbstractManufactured,
        *,
        key: PRNGKeyArray,
        callbacks: Sequence[stde.training.AbstractCallback] = (),
        num_test_points: int = 20_000,
    ) -> stde.Solution:
        """A network trained from scratch.

        **Arguments:**

        - `problem`: one of the zoo's problems with a solution that was chosen first.
        - `key`: the randomness of the network and of training.
        - `callbacks`, `num_test_points`: as for [`stde_eqx.train`][]. They see the phases as one run, which ends with
            what is returned.

        **Returns:** a [`stde_eqx.training.Solution`][], its history and its clock those of all phases; its test points
        are those of [`stde_eqx.training.test_key`][]`(key)`.

        **Raises:** as [`stde_eqx.train`][]; a run that ends early does so in whichever phase it is.
        """
        run_key, _ = jr.split(key)
        refit_key, network_key, *keys = jr.split(run_key, 2 + len(self.phases))
        network = self.network.build(problem, key=network_key)
        for phase in self.phases[1:]:
            phase.check(problem, network)
        unscaled = {} if self.scaled else {"output_shift": 0.0, "output_scale": 1.0, "residual_scale": 1.0}

        def stages():
            state = None
            for phase, phase_key in zip(self.phases, keys, strict=True):
                begin = network if state is None else state
                state = yield from phase.stages(problem, begin, key=phase_key, **unscaled)
            if not self.scaled or state is None:
                return state
            last = self.phases[-1]
            return stde.training.refit(
                problem,
                state,
                estimator=last.estimator,
                num_points=2_000,
                chunk_size=last.chunk_size,
                key=refit_key,
            )

        return stde.training.train_stages(
            problem,
            stages(),
            last_step=sum(phase.steps for phase in self.phases),
            key=key,
            num_test_points=num_test_points,
            callbacks=callbacks,
        )
