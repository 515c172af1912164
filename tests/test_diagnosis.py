"""The comparison of estimators: its figures are right, its table and its plot are there, its advice is the optimum."""

import dataclasses
import itertools

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

import stde_eqx as stde
from stde_eqx.diagnosis import Diagnosis, Line


DIM = 6
_hessian = jnp.array(np.random.default_rng(0).normal(size=(DIM, DIM)))
_points = jr.normal(jr.key(0), (5, DIM))


def _u(x):
    return x @ _hessian @ x / 2 + jnp.sum(x**3)


def _diagnose(estimators, **options):
    return stde.diagnose(stde.Laplacian(), _u, _points, estimators, key=jr.key(1), **{"rounds": 2, **options})


@pytest.mark.slow
def test_figures():
    found = _diagnose([stde.SparseSTDE(2), stde.DenseSTDE(2), stde.Exact()], num_draws=2000)
    sparse, dense, exact = found.lines
    assert [line.name for line in found.lines] == [
        "SparseSTDE(num_samples=2)",
        "DenseSTDE(num_samples=2)",
        "Exact()",
    ]
    hessians = jax.vmap(jax.hessian(_u))(_points)
    diagonals = jnp.diagonal(hessians, axis1=1, axis2=2)
    # Two of six without replacement: R^2 (1 - 2/6) s^2 / 2, and two sign vectors.
    expected = jnp.mean(DIM**2 * (1 - 2 / DIM) * jnp.var(diagonals, axis=1, ddof=1) / 2)
    assert np.isclose(sparse.variance, expected, rtol=0.1)
    symmetric = (hessians + jnp.swapaxes(hessians, 1, 2)) / 2
    squares = jnp.sum(symmetric**2, axis=(1, 2)) - jnp.sum(diagonals**2, axis=1)
    assert np.isclose(dense.variance, jnp.mean(2 * squares) / 2, rtol=0.1)
    for line in (sparse, dense):
        assert abs(line.bias) < 4 * line.bias_error and line.seconds > 0
    assert exact.variance < 1e-20 and abs(exact.bias) < 1e-10
    assert np.isclose(found.spread, jnp.var(jnp.trace(hessians, axis1=1, axis2=2)))


def test_a_biased_estimator_is_found_out():
    class Half(stde.AbstractEstimator):
        def value_and_apply(self, operator, u, x, *, key=None):
            value, result = stde.SparseSTDE(3).value_and_apply(operator, u, x, key=key)
            return value, result / 2

        def value_and_moments(self, operator, u, x, *, key=None):
            raise NotImplementedError

    (line,) = _diagnose({"half": Half()}).lines
    assert abs(line.bias) > 5 * line.bias_error


def test_table_and_plot():
    found = _diagnose({"sparse": stde.SparseSTDE(2), "exact": stde.Exact()}, num_draws=3)
    lines = str(found).splitlines()
    assert lines[0].split() == ["estimator", "bias", "+-", "variance", "ms", "variance", "x", "s"]
    assert [line.split()[0] for line in lines[1:3]] == ["sparse", "exact"]
    variance, bias = found.plot().axes
    # Two estimators, two lines of equal product, and the variance over points.
    assert len(variance.lines) == 5
    assert [label.get_text() for label in bias.get_yticklabels()] == ["sparse", "exact"]


def test_recommendation_is_the_optimum():
    """Against brute force over samples and points, with the costs and variances of a model."""
    fixed, per_sample, variance, spread, num_points = 1e-5, 2e-6, 50.0, 0.4, 100
    lines = [
        Line(
            f"SparseSTDE(num_samples={v})",
            stde.SparseSTDE(v),
            0.0,
            1.0,
            variance / v,
            num_points * (fixed + per_sample * v),
        )
        for v in (4, 64)
    ]
    found = Diagnosis(tuple(lines), num_points, spread).recommend(0.05)
    options = itertools.product(range(1, 65), range(1, 5001))
    cost = lambda v, n: n * (fixed + per_sample * v)
    _, best = min(((spread + variance / v) / n, v) for v, n in options if cost(v, n) <= 0.05)
    assert abs(found.num_samples - best) <= 1 and found.family == "SparseSTDE"
    assert cost(found.num_samples, found.num_points) <= 0.05
    assert str(found).startswith(f"SparseSTDE with {found.num_samples} samples at {found.num_points} points")


def test_estimators_that_print_alike_have_a_line_each():
    even, steep = (stde.Importance(weights) for weights in (jnp.ones(DIM), jnp.arange(1.0, 1 + DIM)))
    found = _diagnose(
        [stde.SparseSTDE(num, scheme) for scheme in (even, steep) for num in (2, 4)], num_draws=2, rounds=1
    )
    names = [line.name for line in found.lines]
    assert names[2:] == [f"{name} (2)" for name in names[:2]]
    # The advice is from one of them, not from a mixture.
    family = found.recommend(1.0).family
    one = Diagnosis(found.lines[2:] if family.endswith(" (2)") else found.lines[:2], found.num_points, found.spread)
    assert found.recommend(1.0).variance == one.recommend(1.0).variance


@pytest.mark.parametrize(
    "distribution, counts, accepted",
    [
        (stde.Antithetic(copies=4), (4, 16), {4, 8, 12, 16}),
        (stde.Orthogonal(), (2, 12), {*range(1, DIM + 1), 12}),
    ],
)
def test_recommendation_is_accepted(distribution, counts, accepted):
    found = _diagnose([stde.DenseSTDE(count, distribution) for count in counts], num_draws=2, rounds=1)
    fixed, by_sample, variance = 1e-4, 1e-6, 1.0
    advised = set()
    for ideal in range(1, 20):
        spread = variance * fixed / by_sample / ideal**2
        lines = [
            dataclasses.replace(line, variance=variance / v, seconds=found.num_points * (fixed + by_sample * v))
            for line, v in zip(found.lines, counts, strict=True)
        ]
        advice = dataclasses.replace(found, lines=tuple(lines), spread=spread).recommend(10.0)
        advised.add(advice.num_samples)
        best = min(accepted, key=lambda v: (spread + variance / v) * (fixed + by_sample * v))
        assert advice.num_samples == best
    assert advised == accepted


def test_recommendation_is_enough_for_the_operator():
    """Three partial derivatives are taken whole, which a single vector is too few for."""
    terms = stde.LinearOperator({(0, 0): 1.0, (1, 1): 1.0, (0, 1): 1.0})
    estimators = [stde.DenseSTDE(3), stde.DenseSTDE(8)]
    operator = stde.Laplacian() + terms
    found = stde.diagnose(operator, _u, _points, estimators, key=jr.key(1), num_draws=2, rounds=1)
    advice = dataclasses.replace(found, spread=1e9).recommend(1.0)
    assert advice.num_samples == 3


def test_refusals(unchecked):
    with pytest.raises(ValueError, match="two draws"):
        _diagnose([stde.Exact()], num_draws=1)
    with pytest.raises(ValueError, match=r"returns shape \(6,\)"):
        stde.diagnose(stde.Laplacian(), lambda x: x, _points, [stde.Exact()], key=jr.key(0))
    with pytest.raises(ValueError, match=r"\(points, dim\)"):
        stde.diagnose(stde.Laplacian(), _u, _points[0], [stde.Exact()], key=jr.key(0))
    with pytest.raises(ValueError, match="two numbers of samples"):
        _diagnose([stde.SparseSTDE(2), stde.Exact()]).recommend(1.0)


def test_estimators_given_by_name_are_of_one_family():
    points = jr.normal(jr.key(0), (4, DIM))
    named = {"few": stde.SparseSTDE(2), "more": stde.SparseSTDE(4)}
    diagnosis = stde.diagnose(stde.Laplacian(), _u, points, named, key=jr.key(1), num_draws=4)
    assert diagnosis.recommend(seconds=1.0).family == "SparseSTDE"
    legend = diagnosis.plot().axes[0].get_legend()
    assert legend is not None
    labels = [text.get_text() for text in legend.get_texts()]
    assert "SparseSTDE" in labels and "few" not in labels
    with pytest.raises(ValueError, match="`rounds` must be at least 1, got 0"):
        stde.diagnose(stde.Laplacian(), jnp.sum, points, named, key=jr.key(1), rounds=0)
