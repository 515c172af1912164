import math
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from ._value import ReferenceValue


# Trees are grown in batches of at most so many coordinates, 32 MiB, and of at most so many trees.
_COORDINATES, _TREES = 2**23, 2**16
# The mean over so many batches at least, whose scatter is the standard error.
_BATCHES = 32
# For each tree, so many pairs of samples of the linear part, which vary more and cost less.
_PAIRS = 16


def solve_branching(
    nonlinearity: Callable[[Float[Array, ""]], Float[Array, ""]],
    data: Callable[[Float[Array, " dim"]], Float[Array, ""]],
    t: float,
    x: Float[Array, " dim"],
    *,
    num_samples: int = 2**20,
    degree: int = 3,
    depth: int = 6,
    key: PRNGKeyArray,
) -> ReferenceValue:
    r"""The solution of $u_t = \Delta u + f(u)$ with any data, at one time and point, by branching Brownian motion.

    About a constant $c$ near the values of the solution, $w = u - c$ solves $w_t = \Delta w + f(c) + a w + R(w)$ with
    $a = f'(c)$ and $R(w) = \sum_{k \ge 2} f^{(k)}(c) \, w^k / k!$. By Duhamel's principle, with Brownian motion $X$
    from $x$ of variance $2t$ in each coordinate,

    $$w(t, x) = e^{a t}\, \mathbb{E}\bigl[g(X_t) - c\bigr] + f(c) \frac{e^{a t} - 1}{a}
    + \int_0^t e^{a (t - s)}\, \mathbb{E}\bigl[R(w(s, X_{t - s}))\bigr] ds .$$

    A tree samples it: the first expectation by one leaf, the integral by one time $s$ and one place, where a power
    $w^k$ is a mean of products of $k$ out of `degree` independent trees. A tree within a tree grows on with probability
    $1 / (2 \cdot \mathtt{degree})$ and weighs the more for it, so that half as many grow in every generation as in the
    one before. What the constant has not absorbed is small, and so are the products.

    There is no discretisation. The mean is that of the Picard iterate number `depth`, and its distance to the solution
    falls like $(L t)^n / n!$ with the depth $n$ and a Lipschitz constant $L$ of $R$, well below the standard error. For
    a polynomial $f$ of at most the given degree that is all; of another $f$, the Taylor polynomial about $c$ is used.

    **Arguments:**

    - `nonlinearity`: $f$, for a scalar; differentiable `degree` times.
    - `data`: $u(0, x) = g(x)$, for one point.
    - `t`: how long after the data.
    - `x`: shape `(dim,)`.
    - `num_samples`: of trees, rounded up to whole batches; with each come 32 samples of the linear part.
    - `degree`: of the polynomial $f$.
    - `depth`: the largest number of generations; fewer in so high a dimension that few trees fit into the memory.
    - `key`: a `jax.random` key.

    **Returns:** a [`zoo.references.ReferenceValue`][] whose `error` is one standard error. Normal variates are drawn in
    single precision, to whose rounding (1e-7) the value is right at best.

    **Raises:** `ValueError` for a time, number of samples, degree or depth out of range, or more than one point.

    ??? cite "Reference"

        McKean, Communications on Pure and Applied Mathematics 28 (1975), for branching; Henry-Labordère, Oudjane, Tan,
        Touzi and Warin, Annales de l'Institut Henri Poincaré B 55 (2019), for general polynomials; E, Hutzenthaler,
        Jentzen and Kruse, Journal of Scientific Computing 79 (2019), for Picard iterates that grow thinner with depth.
    """
    if x.ndim != 1:
        raise ValueError(f"solve_branching computes one value: x must have shape (dim,), got {x.shape}.")
    if not (math.isfinite(t) and t > 0) or num_samples < 1 or degree < 2 or depth < 1:
        raise ValueError(
            "solve_branching needs a finite t > 0, num_samples >= 1, degree >= 2 and depth >= 1, got "
            f"t={t}, num_samples={num_samples}, degree={degree} and depth={depth}."
        )
    pilot_key, tree_key = jr.split(key)
    # A batch has room for a tree that grows through all generations; small ones make the batches many enough.
    num_trees = min(_TREES, _COORDINATES // x.size, -(-num_samples // _BATCHES))
    num_trees = max(num_trees, (2 * degree) ** 2)
    num_batches = max(-(-num_samples // num_trees), _BATCHES)
    t_, x = jnp.asarray(t, jnp.float32), x.astype(jnp.float32)
    equation = _linearise(nonlinearity, data, degree, t_, x, key=pilot_key)
    batches = [
        _batch(equation, t_, x, num_trees, depth, key=jr.fold_in(tree_key, index)) for index in range(num_batches)
    ]
    means = np.asarray(jnp.stack(batches), np.float64)
    value = float(equation.centre) + float(np.mean(means))
    return ReferenceValue(value, float(np.std(means, ddof=1) / math.sqrt(num_batches)))


class _Equation(eqx.Module):
    """The equation for $w = u - c$."""

    data: Callable[..., Any]
    centre: Float[Array, ""]
    derivatives: list[Float[Array, ""]]  # of the nonlinearity at the centre, from the zeroth on

    def leaf(self, t, y):
        """The linear part, of which this is a sample if `y` is one of $X_t$."""
        constant, rate = self.derivatives[:2]
        spent = jnp.where(rate == 0, t, jnp.expm1(rate * t) / jnp.where(rate == 0, 1.0, rate))
        values = jax.vmap(self.data)(y.reshape(-1, y.shape[-1])).reshape(y.shape[:-1])
        return jnp.exp(rate * t) * (values - self.centre) + constant * spent

    def remainder(self, w):
        """$R$ with the mean of all products of $k$ different rows, unbiased as they are independent, for $w^k$."""
        sums = [jnp.ones_like(w[0])] + [jnp.zeros_like(w[0])] * len(w)
        for row in w:
            sums = [sums[0]] + [sums[k] + row * sums[k - 1] for k in range(1, len(sums))]
        weights = [self.derivatives[k] / (math.factorial(k) * math.comb(len(w), k)) for k in range(2, len(w) + 1)]
        return sum(weight * term for weight, term in zip(weights, sums[2:], strict=True))


@eqx.filter_jit
def _linearise(nonlinearity, data, degree, t, x, *, key) -> _Equation:
    y = x[None] + jnp.sqrt(2 * t) * jr.normal(key, (256, x.size), jnp.float32)
    start = jnp.mean(jax.vmap(data)(y)).astype(jnp.float32)
    # Half-way along u' = f(u). Any constant would do; it must not depend on the samples of the trees.
    centre = start + t / 2 * nonlinearity(start)
    functions = [nonlinearity]
    for _ in range(degree):
        functions.append(jax.grad(functions[-1]))
    return _Equation(data, centre, [function(centre) for function in functions])


@eqx.filter_jit
def _batch(equation, t, x, num_trees, depth, *, key) -> Float[Array, ""]:
    """The mean of $w$ over a batch of trees, every one of which has a first generation."""
    linear_key, tree_key = jr.split(key)

    def pairs(key):
        step = jnp.sqrt(2 * t) * jr.normal(key, (num_trees, x.size), jnp.float32)
        return jnp.mean(equation.leaf(t, x[None] + step) + equation.leaf(t, x[None] - step)) / 2

    linear = jnp.mean(jax.lax.map(pairs, jr.split(linear_key, _PAIRS)))
    x, t = (jnp.broadcast_to(each, (1, num_trees, *each.shape)) for each in (x, t))
    return linear + jnp.mean(_integral(equation, t, x, depth, stratified=True, key=tree_key))


def _integral(equation, t, x, depth, *, stratified=False, key):
    """Samples of the integral in Duhamel's formula, for groups of times `(groups, trees)` and of points."""
    time_key, space_key, tree_key = jr.split(key, 3)
    degree = len(equation.derivatives) - 1
    groups, trees, dim = x.shape
    uniform = jr.uniform(time_key, t.shape, jnp.float32)
    s = t * ((jnp.arange(trees)[None] + uniform) / trees if stratified else uniform)
    y = x + jnp.sqrt(2 * (t - s))[..., None] * jr.normal(space_key, x.shape, jnp.float32)
    copies = lambda each: jnp.broadcast_to(each, (degree, *each.shape)).reshape(degree * groups, *each.shape[1:])
    w = _trees(equation, copies(s), copies(y), depth - 1, key=tree_key)
    return t * jnp.exp(equation.derivatives[1] * (t - s)) * equation.remainder(w.reshape(degree, groups, trees))


def _trees(equation, t, x, depth, *, key):
    """Samples of $w$. Different groups are independent, and a product is of trees from different groups."""
    leaf_key, choice_key, integral_key = jr.split(key, 3)
    groups, trees, _ = x.shape
    w = equation.leaf(t, x + jnp.sqrt(2 * t)[..., None] * jr.normal(leaf_key, x.shape, jnp.float32))
    chosen = trees // (2 * (len(equation.derivatives) - 1))
    if depth == 0 or chosen == 0:
        return w
    # Those that grow on follow one another from a random first one: each tree has the same chance, chosen / trees, and
    # its group makes the choice independent of the other factors of its product.
    first = jr.randint(choice_key, (groups, 1), 0, trees)
    index = (first + jnp.arange(chosen)[None]) % trees
    rows = jnp.arange(groups)[:, None]
    integral = _integral(equation, t[rows, index], x[rows, index], depth, key=integral_key)
    return w.at[rows, index].add(trees / chosen * integral)
