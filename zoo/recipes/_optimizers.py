import abc

import equinox as eqx
import optax

import stde_eqx as stde


class AbstractOptimizerChoice(eqx.Module):
    """An optimiser with its schedule, which prints, and is built for a number of steps."""

    @abc.abstractmethod
    def build(self, steps: int) -> optax.GradientTransformation | stde.optim.AbstractLeastSquaresOptimizer:
        """The optimiser for so many steps."""


class Adam(AbstractOptimizerChoice):
    """Adam, its learning rate falling to 0.

    **Attributes:**

    - `learning_rate`: the highest one.
    - `cosine`: whether it falls along a cosine, or linearly.
    - `warmup`: the fraction of the steps in which it rises from 0.
    - `skip_spikes`: whether to leave out steps whose loss stands out, see [`stde_eqx.optim.skip_spikes`][].
    """

    learning_rate: float
    cosine: bool = False
    warmup: float = 0.0
    skip_spikes: bool = False

    def build(self, steps: int) -> optax.GradientTransformation:
        rising = round(self.warmup * steps)
        falling = max(steps - rising, 1)
        rate = self.learning_rate
        fall = optax.cosine_decay_schedule(rate, falling) if self.cosine else optax.linear_schedule(rate, 0.0, falling)
        schedule = optax.join_schedules([optax.linear_schedule(0.0, rate, rising), fall], [rising]) if rising else fall
        return stde.optim.skip_spikes(optax.adam(schedule)) if self.skip_spikes else optax.adam(schedule)


class Natural(AbstractOptimizerChoice):
    """[`stde_eqx.optim.NaturalGradient`][] with a search along every direction, its steps falling along a cosine.

    **Attributes:**

    - `damping`, `momentum`: as there.
    """

    damping: float
    momentum: float = 0.0

    def build(self, steps: int) -> stde.optim.NaturalGradient:
        return stde.optim.NaturalGradient(
            optax.cosine_decay_schedule(1.0, steps),
            damping=self.damping,
            momentum=self.momentum,
            step_size=stde.optim.Backtracking(),
        )


class Lbfgs(AbstractOptimizerChoice):
    """L-BFGS with its line search. It wants a phase with `fixed_batch=True`.

    **Attributes:**

    - `memory`: how many steps it remembers.
    """

    memory: int = 20

    def build(self, steps: int) -> optax.GradientTransformationExtraArgs:
        return optax.lbfgs(memory_size=self.memory)
