import abc

import equinox as eqx

import stde_eqx as stde


class AbstractCondition(eqx.Module):
    """How the initial or final data of a parabolic problem are imposed."""

    @abc.abstractmethod
    def impose(self, problem: stde.AbstractParabolic) -> stde.AbstractParabolic:
        """The problem as it is trained."""


class Hard(AbstractCondition):
    """By the ansatz, which has the data whatever the network."""

    def impose(self, problem: stde.AbstractParabolic) -> stde.AbstractParabolic:
        return problem


class Soft(AbstractCondition):
    """By a penalty, with the weights of [`stde_eqx.SoftInitial`][].

    **Attributes:**

    - `num_points`: points of the penalty in each step.
    """

    num_points: int

    def impose(self, problem: stde.AbstractParabolic) -> stde.AbstractParabolic:
        return stde.SoftInitial(problem, num_points=self.num_points)
