"""Whole settings of an experiment, as objects that print and can be changed."""

from ._elliptic import accurate as accurate, paper as paper, quick as quick
from ._networks import (
    AbstractArchitecture as AbstractArchitecture,
    Neighbours as Neighbours,
    Perceptron as Perceptron,
)
from ._optimizers import (
    AbstractOptimizerChoice as AbstractOptimizerChoice,
    Adam as Adam,
    Lbfgs as Lbfgs,
    Natural as Natural,
)
from ._parabolic import ParabolicRecipe as ParabolicRecipe
from ._presets import paper_parabolic as paper_parabolic, quick_parabolic as quick_parabolic
from ._recipe import Phase as Phase, Recipe as Recipe
