"""The problems that networks are made to follow in time, made from the dimension."""

from collections.abc import Callable

import stde_eqx as stde
import zoo


PROBLEMS: dict[str, Callable[[int], stde.AbstractParabolic]] = {
    "heat": lambda dim: zoo.Heat(dim, 0.3),
    # At all times the same points: those of the process move out to where the network has not been fitted.
    "Fokker-Planck (log p)": lambda dim: zoo.FokkerPlanck(dim, law=zoo.laws.Normal(dim, deviation=1.2)),
    "semilinear heat": lambda dim: zoo.SemilinearHeat(dim),
}
