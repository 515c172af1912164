"""An MkDocs hook: the page with all problems of the zoo, each with its equation, its reference and a picture.

Equations and references are those of the docstrings; pictures are drawn from the exact solutions.
"""

import inspect
import io
import re

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from mkdocs.structure.files import File

import stde_eqx as stde
import zoo


KEY = "key=jax.random.key(0)"

#: Every problem as one would write it, by family.
PROBLEMS = {
    "Elliptic": (
        f"zoo.Poisson(zoo.TwoBody(10, {KEY}))",
        f"zoo.AllenCahn(zoo.SineThreeBody(100, {KEY}, domain=zoo.Cube(100, half_width=2.0)))",
        f"zoo.SineGordon(zoo.TwoBody(10, {KEY}, radius=10**0.5))",
        f"zoo.Anisotropic(zoo.TwoBody(100, {KEY}), coupling=0.5)",
        f"zoo.ClampedPlate(zoo.TwoBody(100, {KEY}))",
    ),
    "Parabolic, from an initial condition": (
        "zoo.Heat(100)",
        "zoo.SemilinearHeat(100)",
        "zoo.ParabolicSineGordon(100)",
        "zoo.ParabolicAllenCahn(100)",
        "zoo.OrnsteinUhlenbeck(100)",
        "zoo.FokkerPlanck(100)",
        "zoo.FokkerPlanckDensity(2)",
        "zoo.VariableDiffusion(20)",
    ),
    "Parabolic, from a terminal condition": (
        "zoo.HamiltonJacobiBellmanLQG(100)",
        "zoo.HamiltonJacobiBellmanLinear(100)",
        "zoo.QuadraticGradient(100)",
        "zoo.BurgersType(50)",
        "zoo.BlackScholesBarenblatt(100)",
        "zoo.BlackScholesBasket(100)",
    ),
    "Waves": (
        "zoo.WaveEquation(10)",
        "zoo.KdV(zoo.TwoSolitons())",
        "zoo.KdV2D(zoo.TwoTanhWaves())",
        "zoo.KadomtsevPetviashvili(zoo.Lump())",
        "zoo.SineGordonLightCone(zoo.Breather())",
        "zoo.KuramotoSivashinsky(zoo.DampedWave())",
        "zoo.CahnHilliard(zoo.DampedWave())",
    ),
}

INTRODUCTION = """# Gallery

Every problem of [the zoo](zoo.md): its equation, an exact solution, where it is from, and the line that builds it.
In the pictures of stationary problems two coordinates vary and the others are zero; in those of problems in time, one.
"""


def on_files(files, config):
    page = [INTRODUCTION]
    for family, codes in PROBLEMS.items():
        page.append(f"## {family}\n")
        for code in codes:
            problem = eval(code, {"zoo": zoo, "jax": jax})
            name = type(problem).__name__
            page.append(_entry(code, problem, name))
            files.append(File.generated(config, f"gallery/{name}.svg", content=_picture(problem)))
    files.append(File.generated(config, "gallery.md", content="\n".join(page)))
    return files


def _entry(code, problem, name):
    docstring = inspect.getdoc(type(problem))
    formula = re.search(r"\$\$.*?\$\$", docstring, re.DOTALL)
    cited = re.search(r'\?\?\? cite "References?"\n\n(.*)', docstring, re.DOTALL)
    lines = [f"### {name}", "", docstring.split("\n\n")[0], "", formula[0], ""]
    lines += [f"![A solution of {name}](gallery/{name}.svg){{ width=640 }}", "", "```python", code, "```", ""]
    source = inspect.cleandoc(cited[1]).replace("\n", " ").strip() if cited else ""
    return "\n".join([*lines, f"[`zoo.{name}`][] in the API reference. {source}\n"])


def _picture(problem):
    figure = Figure(figsize=(6.4, 3.4), layout="constrained")
    FigureCanvasSVG(figure)
    axes = figure.subplots()
    if isinstance(problem, stde.AbstractTimeDependent):
        _draw_in_time(axes, problem)
    elif isinstance(problem, zoo.AbstractSpaceTimeProblem):
        _draw_space_time(axes, problem)
    else:
        _draw_plane(axes, problem)
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None}, transparent=False, dpi=120)
    return text.getvalue()


def _draw_plane(axes, problem):
    spread = float(jnp.abs(problem.sample(200, key=jax.random.key(1))).max())
    reach = getattr(problem.domain, "radius", getattr(problem.domain, "half_width", spread))
    side = jnp.linspace(-reach, reach, 121)
    first, second = jnp.meshgrid(side, side)
    plane = jnp.zeros((*first.shape, problem.dim)).at[..., 0].set(first).at[..., 1].set(second)
    values = np.array(jax.lax.map(jax.vmap(problem.exact), plane))
    if hasattr(problem.domain, "radius"):
        values[np.asarray(first**2 + second**2 > reach**2)] = np.nan
    _image(axes, side, side, values)
    axes.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")


def _draw_space_time(axes, problem):
    lower, upper = (np.asarray(end) for end in (problem.domain.lower, problem.domain.upper))
    times, places = (jnp.linspace(lower[i], upper[i], 161) for i in (0, 1))
    grid = jnp.zeros((161, 161, problem.dim)) + jnp.asarray((lower + upper) / 2)
    grid = grid.at[..., 0].set(times[None, :]).at[..., 1].set(places[:, None])
    _image(axes, times, places, np.asarray(jax.lax.map(jax.vmap(problem.exact), grid)))
    axes.set(xlabel="$t$", ylabel="$x$")


def _draw_in_time(axes, problem):
    times, points = problem.sample(400, key=jax.random.key(1))
    begin, end = (problem.t0, problem.t1) if isinstance(problem, stde.AbstractParabolic) else (0.0, problem.final_time)
    middle, spread = points[:, 0].mean(), 2.5 * points[:, 0].std()
    places = jnp.linspace(middle - spread, middle + spread, 201)
    line = jnp.broadcast_to(points.mean(0), (201, problem.dim)).at[:, 0].set(places)
    if problem.exact(times[0], points[0]) is None:
        axes.plot(places, jax.vmap(problem.initial)(line), label="the data")
        axes.set(title=f"$u$ at the target: {problem.target_value.value:.5f} $\\pm$ {problem.target_value.error:.0e}")
    else:
        for share in (0.001, 0.5, 1.0):
            time = jnp.asarray(begin + share * (end - begin))
            values = jax.lax.map(lambda x, time=time: problem.exact(time, x), line)
            axes.plot(places, values, label=f"$t$ = {float(time):.2g}")
    axes.set(xlabel="$x_1$, the others in the middle", ylabel="$u$")
    axes.legend()


def _image(axes, horizontal, vertical, values):
    limits = np.nanmin(values), np.nanmax(values)
    image = axes.pcolormesh(horizontal, vertical, values, vmin=limits[0], vmax=limits[1], rasterized=True)
    axes.figure.colorbar(image, ax=axes)
