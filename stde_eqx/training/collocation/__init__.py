"""Where training puts its points."""

from ._base import AbstractCollocation as AbstractCollocation, Fresh as Fresh
