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
        - `callbacks`, `num_test_points`: as for [`stde_eqx.train`][]. Every phase begins and ends the callbacks anew.

        **Returns:** a [`stde_eqx.training.Solution`][], its history and its clock those of all phases.
        """
        network_key, refit_key, *keys = jr.split(key, 2 + len(self.phases))
        network = self.network.build(problem, key=network_key)
        fixed = lambda value: None if self.scaled else value
        history: tuple[stde.training.Metrics, ...] = ()
        solution: stde.Solution | None = None
        for phase, phase_key in zip(self.phases, keys, strict=True):
            optimizer = phase.optimizer.build(phase.steps)
            begin = network
            if solution is not None:
                begin = solution.state.restarted(optimizer, average=phase.average is not None)
            for part, steps in enumerate(phase.parts()):
                if part:
                    assert solution is not None
                    begin = solution.state
                    phase = phase.balanced(problem, begin, key=jr.fold_in(phase_key, part))
                first = solution is None
                solution = stde.train(
                    problem,
                    begin,
                    estimator=phase.estimator,
                    optimizer=optimizer,
                    steps=steps,
                    batch_size=phase.batch_size,
                    share_draw=phase.share_draw,
                    chunk_size=phase.chunk_size,
                    average=phase.average,
                    fixed_batch=phase.fixed_batch,
                    key=phase_key,
                    output_shift=fixed(0.0) if first else None,
                    output_scale=fixed(1.0) if first else None,
                    residual_scale=fixed(1.0) if first else None,
                    num_test_points=num_test_points,
                    callbacks=callbacks,
                )
                *later, metrics = _later((*solution.history, solution.metrics), history)
                solution = eqx.tree_at(lambda s: s.metrics, solution, metrics)
                history += tuple(later)
        assert solution is not None
        if self.scaled:
            solution = _refitted(solution, self.phases[-1].estimator, num_test_points, key=refit_key)
        return eqx.tree_at(lambda s: s.history, solution, history, is_leaf=lambda node: isinstance(node, tuple))


def _refitted(
    solution: stde.Solution, estimator: stde.AbstractEstimator, num_test_points: int, *, key: PRNGKeyArray
) -> stde.Solution:
    """The solution with its constant and scale fitted to many points, and its errors after that."""
    fit_key, test_key = jr.split(key)
    state = stde.training.refit(solution.problem, solution.state, estimator=estimator, key=fit_key, num_points=5_000)
    solution = eqx.tree_at(lambda s: s.state, solution, state)
    errors = stde.evaluate(solution.problem, solution.u, num_points=num_test_points, key=test_key)
    return eqx.tree_at(
        lambda s: (s.metrics.relative_l1, s.metrics.relative_l2, s.metrics.trivial_l2, s.metrics.skill),
        solution,
        (errors.relative_l1, errors.relative_l2, errors.trivial_l2, errors.skill),
        is_leaf=lambda leaf: leaf is None,
    )


def _later(
    history: tuple[stde.training.Metrics, ...], before: tuple[stde.training.Metrics, ...]
) -> tuple[stde.training.Metrics, ...]:
    """Metrics whose clock goes on where that of an earlier phase stopped."""
    offset = before[-1].time if before else 0.0
    return tuple(eqx.tree_at(lambda m: m.time, metrics, metrics.time + offset) for metrics in history)
