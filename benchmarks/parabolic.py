"""How exactly the value at a point is found: the parabolic problems of the STDE paper (tables 7 to 9), and references.

python benchmarks/parabolic.py --dims 10 100
"""

import dataclasses
import pathlib
import time

import jax.random as jr
import tyro

import stde_eqx as stde
import zoo
from _table import machine, publish


HEADER = (
    "problem",
    "d",
    "value",
    "reference",
    "error at the target",
    "over the cloud",
    "relative L2",
    "skill",
    "paper, at the target",
    "published value, off by",
    "minutes",
)

PROBLEMS = {
    "semilinear heat": zoo.SemilinearHeat,
    "Allen-Cahn": zoo.ParabolicAllenCahn,
    "Sine-Gordon": zoo.ParabolicSineGordon,
}

#: Relative L1 error at the target of the paper's STDE, and the value of the literature that it was taken against.
PAPER = {
    ("semilinear heat", 10): (6.99e-5, 0.47006),
    ("semilinear heat", 100): (3.69e-4, 0.31674),
    ("semilinear heat", 1_000): (3.38e-4, 0.28753),
    ("semilinear heat", 10_000): (6.08e-3, 0.28433),
    ("Allen-Cahn", 10): (6.37e-2, 0.89060),
    ("Allen-Cahn", 100): (4.38e-3, 1.04510),
    ("Allen-Cahn", 1_000): (1.26e-3, 1.09100),
    ("Allen-Cahn", 10_000): (3.79e-4, 1.11402),
    ("Sine-Gordon", 10): (4.15e-5, 0.3229470),
    ("Sine-Gordon", 100): (2.54e-4, 0.0528368),
    ("Sine-Gordon", 1_000): (4.05e-3, 0.0055896),
    ("Sine-Gordon", 10_000): (1.66e-2, 0.0005621),
}


def main(
    dims: tuple[int, ...] = (10, 100),
    problems: tuple[str, ...] = tuple(PROBLEMS),
    *,
    steps: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    plain: bool = False,
    seed: int = 0,
    name: str = "parabolic",
    output: pathlib.Path = pathlib.Path(__file__).parent / "results",
) -> None:
    """Train by the zoo's quick recipe, compare with the references, and write a table.

    Args:
        dims: Dimensions.
        problems: Which of the three.
        steps: Of training; those of the recipe by default.
        batch_size: Points a step; those of the recipe by default.
        learning_rate: The first one; in 10 000 dimensions that of the recipe is too large.
        plain: Do not give the data to the network as a feature.
        seed: Of the network and of training.
        name: Of the table.
        output: The folder for the results.
    """
    recipe = zoo.recipes.quick_parabolic()
    changes = {
        "steps": steps,
        "batch_size": batch_size,
        "optimizer": None if learning_rate is None else zoo.recipes.Adam(learning_rate, cosine=True),
        "data_as_feature": False if plain else None,
    }
    recipe = dataclasses.replace(recipe, **{k: v for k, v in changes.items() if v is not None})
    rows: list[tuple[str, ...]] = []
    for dim in dims:
        for chosen in problems:
            problem = PROBLEMS[chosen](dim)
            began = time.perf_counter()
            callbacks = [stde.training.ProgressBar()]
            solution = recipe.train(problem, key=jr.key(seed), callbacks=callbacks)
            minutes = (time.perf_counter() - began) / 60
            found = zoo.references.compare(problem, solution.u)
            rows.append(_row(chosen, dim, found, solution.metrics, minutes))
            publish(output, name, HEADER, rows, f"{recipe}\n\n{machine()}")


def _row(problem: str, dim: int, found, metrics, minutes: float) -> tuple[str, ...]:
    number = lambda value: "-" if value is None else f"{value:.1e}"
    paper, published = PAPER.get((problem, dim), (None, None))
    off = None if published is None else abs(published - found.reference) / found.reference
    return (
        problem,
        str(dim),
        f"{found.value:.7f}",
        f"{found.reference:.7f}",
        number(found.target_error),
        number(found.cloud_error),
        number(metrics.relative_l2),
        number(metrics.skill),
        number(paper),
        number(off),
        f"{minutes:.1f}",
    )


if __name__ == "__main__":
    tyro.cli(main)
