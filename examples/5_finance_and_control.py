# %% [markdown]
# # Finance and control in 100 dimensions
#
# **A network says that an option is worth 0.0960. Why should anyone believe it?**
#
# Two problems whose condition is given at the *end*: the price of an option on a hundred assets, and the value of
# a controlled process with a hundred coordinates. Both are time-dependent, `u(t, x)`, on the whole space, and for
# both there is something to compare with that is not a network.

# %%
import equinox as eqx
import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt

import stde_eqx as stde
import zoo


dim = 100

# %% [markdown]
# ## The price of a basket
#
# A call on the geometric mean of a hundred correlated assets. In logarithms of the prices the equation is a
# Laplacian, which is sampled, and two single directions, which are exact. `t0` is the time of the payoff, and
# `t1` is today: time runs from the condition to where the answer is wanted.

# %%
basket = zoo.BlackScholesBasket(dim)
network = stde.nn.SpaceTime(eqx.nn.MLP(1 + dim, "scalar", 64, 3, activation=jnp.tanh, key=jax.random.key(0)))
price = stde.train(basket, network, estimator=stde.SparseSTDE(16), steps=3_000, key=jax.random.key(1))

t, x = basket.target
print(f"price of the network {price.u(t, x):.5f}, of the formula {basket.exact(t, x):.5f}")
print(f"error over all points {price.metrics.relative_l2:.1e}, of the trivial ansatz {price.metrics.trivial_l2:.1e}")

# %% [markdown]
# The trial function starts from the payoff, smoothed over what the mean moves in the time to go. The payoff
# itself must not be in it: automatic differentiation does not see the kink.
#
# **The derivatives matter more than the price**, since they are what a position is hedged with. The delta with
# respect to a common move of all prices:

# %%
moves = jnp.linspace(-0.4, 0.4, 81)
common = jnp.ones(dim)
delta = lambda u: jax.vmap(lambda move: jax.jvp(lambda y: u(t, y), (x + move * common,), (common,)))(moves)
(values, deltas), (exact_values, exact_deltas) = delta(price.u), delta(basket.exact)

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
for axes, found, exact, name in (
    (left, values, exact_values, "price"),
    (right, deltas, exact_deltas, "delta of a common move"),
):
    axes.plot(moves, exact, linewidth=4, alpha=0.4, label="formula")
    axes.plot(moves, found, label="network")
    axes.set(xlabel="common move of the log prices", ylabel=name)
    axes.legend()
plt.show()

# %% [markdown]
# Points follow the process that starts at today's prices. Where it does not go, the network was not trained, and
# the curve says so at the ends.
#
# ## A controlled process
#
# The Hamilton-Jacobi-Bellman equation of linear-quadratic control,
#
# $$u_t + \Delta u - |\nabla u|^2 = 0, \qquad u(T, x) = \log \tfrac12 (1 + |x|^2).$$
#
# The squared gradient comes from the same sampled sweep as the Laplacian, without a reverse pass: it is
# $\mathbb{E} (v \cdot \nabla u)^2$ over the directions that are drawn anyway.

# %%
control = zoo.HamiltonJacobiBellmanLQG(dim)


def trained(problem, inputs, seed):
    mlp = eqx.nn.MLP(inputs, "scalar", 64, 3, activation=jnp.tanh, key=jax.random.key(seed))
    options = {"estimator": stde.SparseSTDE(16), "steps": 3_000, "key": jax.random.key(seed + 1)}
    return stde.train(problem, stde.nn.SpaceTime(mlp), **options)


first, second = (trained(control, 1 + dim, seed) for seed in (2, 4))
t, x = control.target
print(f"two runs: {first.u(t, x):.3f} and {second.u(t, x):.3f}")

# %% [markdown]
# ## Confidence
#
# **The two runs agree. Are they right?** Three checks, none of which needs a formula:
#
# 1. **The loss**, in units of that of the trivial ansatz. It is what is left of the equation.
# 2. **Another run**, from other random numbers. Their difference is a *lower* bound for the error, no more.
# 3. **A simulation.** By the formula of Feynman and Kac $e^{-u}$ of this equation is an expectation over Brownian
#    motion, and a hundred thousand paths give it to three digits at *one* point.

# %%
ends = x + (2 * abs(control.t1 - control.t0)) ** 0.5 * jax.random.normal(jax.random.key(6), (100_000, dim))
weights = jnp.exp(-jax.vmap(control.initial)(ends))
simulated, error = -jnp.log(weights.mean()), weights.std() / weights.mean() / len(ends) ** 0.5
print(f"loss {first.metrics.loss:.2f} and {second.metrics.loss:.2f}, simulated value {simulated:.4f} +- {error:.4f}")

# %% [markdown]
# Both are wrong, by the same amount, for the same reason: a fifth or a quarter of the loss is left. From the data
# at the origin, $-0.7$, to the value today, 4.6, the solution changes by more than its own size, and a perceptron
# of a hundred coordinates has to discover that it depends on $|x|$.
#
# The data know that. `stde.DataAsFeature` gives the network their value as one more input:

# %%
better = trained(stde.DataAsFeature(control), 2 + dim, 7)
print(f"value {better.u(t, x):.4f}, loss {better.metrics.loss:.4f}")

# %% [markdown]
# The loss is hundreds of times smaller, and the value still a few per cent off the simulated one: the loss does not
# show it. It is a mean over all times and points, and no bound for the error at one of them.
#
# The zoo has a reference for this problem, an integral in one dimension. `compare` looks at the target, the point
# $(t, x)$ at which the literature compares values, and at a cloud of points further out: the error at a single point
# may be small by luck. Where there is no such integral, as for the Allen-Cahn equation, `zoo.references` has values
# by branching processes, with standard errors.

# %%
for name, solution in {"first": first, "second": second, "with the data as a feature": better}.items():
    found = zoo.references.compare(control, solution.u)
    print(f"{name:27} error at the target {found.target_error:.1e}, over the cloud {found.cloud_error:.1e}")

# %%
figure, axes = plt.subplots(figsize=(7, 3.5), layout="constrained")
radii = jnp.linspace(0, 3, 61)
along = radii[:, None] * jnp.ones(dim) / dim**0.5
axes.plot(radii, jax.vmap(lambda x: control.exact(t, x))(along), linewidth=4, alpha=0.4, label="reference")
for name, solution in {"first": first, "second": second, "data as a feature": better}.items():
    axes.plot(radii, jax.vmap(lambda x, u=solution.u: u(t, x))(along), label=name)
axes.errorbar([0], [simulated], [2 * error], fmt="ko", label="simulated")
axes.set(xlabel="$|x|$, along the diagonal", ylabel="value today")
axes.legend()
plt.show()

# %% [markdown]
# Next: [following an equation in time with Diffrax](6-in-time.md).
