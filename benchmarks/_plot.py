import pathlib
import statistics
from collections.abc import Callable, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from _case import Measurement


def plot(measurements: Sequence[Measurement], path: pathlib.Path) -> None:
    """Time and memory of a step against the dimension, on logarithmic axes, at the first number of samples measured."""
    num_samples = measurements[0].num_samples
    lines = [m for m in measurements if m.num_samples == num_samples and m.times]
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    time_axes, memory_axes = figure.subplots(1, 2)
    _draw(time_axes, lines, lambda m: 1e3 * statistics.median(m.times), "milliseconds a step")
    _draw(memory_axes, lines, lambda m: (m.memory or 0) / 1e6, "peak memory of a step (MB)")
    figure.suptitle(f"Sine-Gordon, {num_samples} sampled directions: the whole Adam step")
    handles, labels = time_axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize="small")
    figure.savefig(path, dpi=150)


def plain_times(axes: Axes) -> None:
    """Label a logarithmic axis of times by numbers as 0.5, 1, 2 and 5, and not by powers of ten."""
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())


def _draw(axes: Axes, lines: Sequence[Measurement], figure: Callable[[Measurement], float], label: str) -> None:
    markers = "osD^v<>pPX*"
    for i, method in enumerate(dict.fromkeys(m.method for m in lines)):
        chosen = sorted((m for m in lines if m.method == method), key=lambda m: m.dim)
        style = "-" if method.startswith(("ours", "regression")) else "--"
        axes.loglog(
            [m.dim for m in chosen],
            [figure(m) for m in chosen],
            linestyle=style,
            marker=markers[i % len(markers)],
            markersize=4,
            label=method,
        )
    axes.set_xlabel("dimension d")
    axes.set_ylabel(label)
    axes.grid(which="major", alpha=0.3)
