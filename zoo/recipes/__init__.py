"""Whole settings of an experiment, as objects that print and can be changed."""

from ._conditions import AbstractCondition as AbstractCondition, Hard as Hard, Soft as Soft
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
from ._parabolic import paper_parabolic as paper_parabolic, quick_parabolic as quick_parabolic
from ._parabolic_recipe import ParabolicRecipe as ParabolicRecipe
from ._phase import Phase as Phase
from ._recipe import Recipe as Recipe
