from collections.abc import Callable, Sequence

import equinox as eqx
import jax.random as jr
from jaxtyping import Array, PRNGKeyArray

import stde_eqx as stde

from ..elliptic import AbstractManufactured
from ._networks import AbstractArchitecture
from ._one_run import OneRun
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
        network_key, refit_key, *keys = jr.split(key, 2 + len(self.phases))
        last_step = sum(phase.steps for phase in self.phases)
        with OneRun(callbacks, last_step=last_step, num_test_points=num_test_points) as run:
            try:
                self._take_phases(problem, self.network.build(problem, key=network_key), run, keys)
                if self.scaled and not run.stopped:
                    run.state = stde.training.refit(
                        problem, run.state, estimator=self.phases[-1].estimator, key=refit_key, num_points=5_000
                    )
            except KeyboardInterrupt:
                if not run.begun:
                    raise
                run.interrupt()
            return run.conclude(problem, key=key)

    def _take_phases(
        self, problem: AbstractManufactured, network: Callable[..., Array], run: OneRun, keys: Sequence[PRNGKeyArray]
    ) -> None:
        unscaled = {} if self.scaled else dict(output_shift=0.0, output_scale=1.0, residual_scale=1.0)
        first, *later = self.phases
        first.train(problem, network, run, key=keys[0], scales=unscaled)
        for phase, key in zip(later, keys[1:], strict=True):
            if run.stopped:
                return
            optimizer = phase.optimizer.build(phase.steps)
            begin = run.state.restarted(optimizer, average=phase.average is not None)
            phase.train(problem, begin, run, key=key)
