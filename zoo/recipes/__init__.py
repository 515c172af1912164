"""Whole settings of an experiment, as objects that print and can be changed."""

from ._parabolic import ParabolicRecipe as ParabolicRecipe
from ._presets import paper_parabolic as paper_parabolic, quick_parabolic as quick_parabolic
