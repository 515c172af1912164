from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

import stde_eqx as stde

from ._cloud import cloud
from ._stored import find


class Comparison(eqx.Module):
    """What [`zoo.references.compare`][] finds.

    **Attributes:**

    - `value`: the function at the problem's target.
    - `reference`: the value there.
    - `target_error`: their relative difference, the figure of the literature.
    - `cloud_error`: the relative L2 error over the reference cloud, `None` where there is none.
    """

    value: float
    reference: float
    target_error: float
    cloud_error: float | None


def compare(problem: "stde.AbstractParabolic", u: Callable[..., Any]) -> Comparison:
    """A function of `(t, x)` beside the reference, at the problem's target and over a cloud of points.

    The error at a single point may be small by luck, or because the points of training lead there; the cloud tells.

    **Arguments:**

    - `problem`: a parabolic problem of the zoo, with a `target`.
    - `u`: the function, such as `solution.u`.

    **Returns:** a [`zoo.references.Comparison`][].

    **Raises:** `ValueError` for a problem whose value at the target is not known.
    """
    reference = problem.target_value  # pyright: ignore[reportAttributeAccessIssue], a problem with a target
    if reference is None:
        raise ValueError(
            f"No value of {type(problem).__name__} at its target is known for dim={problem.dim} and t1={problem.t1}."
        )
    value = float(u(*problem.target))  # pyright: ignore[reportAttributeAccessIssue], likewise
    error = abs(value - reference.value) / abs(reference.value)
    known = problem.exact(*problem.target) is not None  # pyright: ignore[reportAttributeAccessIssue], likewise
    if not known and find(type(problem).__name__, problem.dim, problem.t1, "cloud") is None:
        return Comparison(value, reference.value, error, None)
    points = cloud(problem)
    found = jax.vmap(u)(points.t, points.x)
    distance = jnp.sqrt(jnp.sum((found - points.values) ** 2) / jnp.sum(points.values**2))
    return Comparison(value, reference.value, error, float(distance))
