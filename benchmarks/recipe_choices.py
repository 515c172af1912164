"""What each choice of the accurate recipe is worth: the same problem with one of them changed.

python benchmarks/recipe_choices.py --dim 1000
"""

import dataclasses
import pathlib
from collections.abc import Callable, Sequence

import jax.random as jr
import tyro
from matplotlib.figure import Figure

import stde_eqx as stde
import zoo
from _plot import plain_times
from _table import machine, publish, write_csv
from zoo.recipes import Adam, Neighbours, Perceptron, Recipe


def _natural(**changes: float) -> Callable[[Recipe], Recipe]:
    def change(recipe: Recipe) -> Recipe:
        (phase,) = recipe.phases
        return _phase(optimizer=dataclasses.replace(phase.optimizer, **changes))(recipe)

    return change


def _phase(**changes) -> Callable[[Recipe], Recipe]:
    return lambda recipe: dataclasses.replace(
        recipe, phases=tuple(dataclasses.replace(phase, **changes) for phase in recipe.phases)
    )


def _network(network: Neighbours | Perceptron) -> Callable[[Recipe], Recipe]:
    return lambda recipe: dataclasses.replace(recipe, network=network)


def _perceptron(recipe: Recipe) -> Recipe:
    """Sampled coordinates as well: the exact Laplacian of a perceptron costs d evaluations."""
    sampled = _phase(estimator=stde.SparseSTDE(16), chunk_size=None)
    return sampled(_network(Perceptron(width=128, depth=3))(recipe))


def _adam(recipe: Recipe) -> Recipe:
    """With an average, and more steps: they are cheaper."""
    adam = Adam(learning_rate=5e-3, cosine=True, warmup=0.02, skip_spikes=True)
    average = stde.training.ExponentialAverage(0.99)
    return _phase(optimizer=adam, steps=4 * recipe.phases[0].steps, average=average)(recipe)


CHOICES: dict[str, Callable[[Recipe], Recipe]] = {
    "accurate": lambda recipe: recipe,
    "no momentum": _natural(momentum=0.0),
    "damping 1e-2": _natural(damping=1e-2),
    "damping 1e-2, no momentum": _natural(momentum=0.0, damping=1e-2),
    "momentum 0.9": _natural(momentum=0.9),
    "damping 1e-2, momentum 0.9": _natural(momentum=0.9, damping=1e-2),
    "momentum 0.95": _natural(momentum=0.95),
    "one hidden layer": _network(Neighbours(width=16, depth=1, features=8)),
    "all points at once": _phase(chunk_size=None),
    "16 sampled coordinates": _phase(estimator=stde.SparseSTDE(16), share_draw=False),
    "Adam": _adam,
    "perceptron, 16 sampled coordinates": _perceptron,
}


def main(
    dim: int = 1_000,
    choices: tuple[str, ...] = tuple(CHOICES),
    *,
    steps: int = 300,
    batch_size: int = 300,
    name: str = "recipe_choices",
    output: pathlib.Path = pathlib.Path(__file__).parent / "results",
) -> None:
    """Train the two-body Sine-Gordon problem of the unit ball with each, and write a table and a plot.

    Args:
        dim: The dimension.
        choices: Which.
        steps: Of natural gradient; Adam takes four times as many.
        batch_size: Points a step, a multiple of 20.
        name: Of the table and the plot.
        output: The folder for the results.
    """
    base = _phase(steps=steps, batch_size=batch_size)(zoo.recipes.accurate(dim))
    problem = zoo.SineGordon(zoo.TwoBody(dim, key=jr.key(0)))
    rows, curves = [], {}
    for choice in choices:
        recipe = CHOICES[choice](base)
        solution = recipe.train(problem, key=jr.key(1), callbacks=[stde.training.ProgressBar()])
        metrics = solution.metrics
        assert metrics.skill is not None
        curves[choice] = [(m.time, m.skill) for m in solution.history if m.skill is not None]
        rows.append((choice, str(recipe.phases[0].steps), f"{metrics.skill:.4f}", f"{curves[choice][-1][0]:.0f}"))
    caption = f"Sine-Gordon, two-body, unit ball, d = {dim:,}, {batch_size} points, one seed. {machine()}."
    publish(output, name, ("choice", "steps", "skill", "seconds"), rows, caption)
    points = [(choice, f"{time:.1f}", f"{skill:.4g}") for choice, curve in curves.items() for time, skill in curve]
    write_csv(output / f"{name}_history.csv", ("choice", "seconds", "skill"), points)
    _plot(output / f"{name}.png", curves)


def _plot(path: pathlib.Path, curves: dict[str, Sequence[tuple[float, float]]]) -> None:
    figure = Figure(figsize=(8, 4.6), layout="constrained")
    axes = figure.subplots()
    for i, (name, points) in enumerate(curves.items()):
        # The colours repeat after ten.
        style, width = "-" if i < 10 else "--", 2 if name == "accurate" else 1.2
        axes.loglog(*zip(*points, strict=True), style, label=name, linewidth=width)
    plain_times(axes)
    axes.set_xlabel("seconds")
    axes.set_ylabel("error / that of the trivial ansatz")
    axes.grid(alpha=0.3)
    figure.legend(loc="outside right upper", frameon=False, fontsize="small")
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    tyro.cli(main)
