from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

import tyro

import stde_eqx as stde

from ._errors import UsageError


@dataclass(frozen=True)
class Sparse:
    """Differentiate along a few coordinates, drawn anew at every step."""

    num_samples: int = 16
    """How many coordinates; at most the dimension."""

    def build(self, dim: int) -> stde.SparseSTDE:
        if self.num_samples > dim:
            raise UsageError(
                f"cannot sample {self.num_samples} of {dim} coordinates: lower --estimator.num-samples to {dim} at "
                "most, or write estimator:exact for all of them"
            )
        return stde.SparseSTDE(self.num_samples)


@dataclass(frozen=True)
class Dense:
    """Differentiate along random vectors that touch every coordinate."""

    num_samples: int = 16
    """How many vectors."""
    distribution: Literal["rademacher", "gaussian", "spherical"] = "rademacher"
    """The law of their entries."""

    def build(self, dim: int) -> stde.DenseSTDE:
        laws = {"rademacher": stde.Rademacher(), "gaussian": stde.Gaussian(), "spherical": stde.Spherical()}
        return stde.DenseSTDE(self.num_samples, distribution=laws[self.distribution])


@dataclass(frozen=True)
class Exact:
    """Differentiate along every coordinate: no randomness, and a cost that grows with the dimension."""

    def build(self, dim: int) -> stde.Exact:
        return stde.Exact()


Estimator: TypeAlias = (
    Annotated[Sparse, tyro.conf.subcommand("sparse")]
    | Annotated[Dense, tyro.conf.subcommand("dense")]
    | Annotated[Exact, tyro.conf.subcommand("exact")]
)
