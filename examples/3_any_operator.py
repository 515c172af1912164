# %% [markdown]
# # Any differential operator
#
# **The equation has $u_{xxxy}$ in it, or the square of the Laplacian, or a drift that depends on the point.
# Now what?**

# %%
import equinox as eqx
import jax
import jax.numpy as jnp

import stde_eqx as stde
import zoo


u = eqx.nn.MLP(3, "scalar", 64, 3, activation=jnp.tanh, key=jax.random.key(0))
x = jnp.array([0.1, 0.2, 0.3])

# %% [markdown]
# ## Operators are objects
#
# They add, take factors that are numbers or functions of the point, compose by `@`, and act on some of the
# coordinates by `on`. Each is applied exactly, or by an unbiased estimate.

# %%
time, space = 0, slice(1, None)
drift = stde.AdvectionOperator(lambda x: -x)
operator = stde.PartialDerivative(time) - 0.5 * stde.Laplacian().on(space) + (lambda x: x[1]) * drift
operator(u, x), (stde.Laplacian() @ stde.Laplacian())(u, x), stde.Biharmonic()(u, x)

# %% [markdown]
# In a thousand dimensions the same operator is estimated, and `stde.estimate` says how far the estimate may be
# off:

# %%
wide = eqx.nn.MLP(1000, "scalar", 64, 3, activation=jnp.tanh, key=jax.random.key(1))
point = jax.random.normal(jax.random.key(2), (1000,)) / 1000**0.5
found = stde.estimate(operator, wide, point, estimator=stde.SparseSTDE(64), key=jax.random.key(3))
print(f"{found.estimate:.4f} +- {found.standard_error:.4f}; exactly {operator(wide, point):.4f}")

# %% [markdown]
# ## Nonlinear equations, and the planner
#
# A nonlinear equation needs its partial derivatives one by one. The Kadomtsev-Petviashvili equation has
#
# $$(u_t + 6 u u_x + u_{xxx})_x + 3 u_{yy} = 0,$$
#
# that is $u_{tx} + 6 u_x^2 + 6 u u_{xx} + u_{xxxx} + 3 u_{yy}$. `stde.partials` returns any set of derivatives by
# name; which Taylor sweeps yield them all at the least cost is planned before anything runs:

# %%
T, X, Y = 0, 1, 2
print(stde.plan([(T, X), (X,), (X, X), (X, X, X, X), (Y, Y)]))

# %%
names = {"u": (), "u_tx": (T, X), "u_x": (X,), "u_xx": (X, X), "u_xxxx": (X, X, X, X), "u_yy": (Y, Y)}


def residual(u, x):
    d = stde.partials(u, x, names)
    return d["u_tx"] + 6 * d["u_x"] ** 2 + 6 * d["u"] * d["u_xx"] + d["u_xxxx"] + 3 * d["u_yy"]


# %% [markdown]
# A soliton is a solution: a wave $2\kappa^2 \operatorname{sech}^2 \kappa (x + l y - c t)$ with the right speed.
# In double precision its residual vanishes up to rounding, with the wrong speed it does not.


# %%
def soliton(x, speed, kappa=0.5, slope=0.3):
    return 2 * kappa**2 / jnp.cosh(kappa * (x[1] + slope * x[2] - speed * x[0])) ** 2


with jax.enable_x64(True):
    at = jnp.array([0.1, 0.2, 0.3], jnp.float64)
    right = 4 * 0.5**2 + 3 * 0.3**2
    print([float(residual(lambda x, c=c: soliton(x, c), at)) for c in (right, 1.1 * right)])

# %% [markdown]
# ## An equation of third order, solved
#
# The Korteweg-de Vries equation $u_t + 6 u u_x + u_{xxx} = 0$ is in the zoo with two solitons that pass through
# each other.

# %%
problem = zoo.KdV(zoo.TwoSolitons())
network = eqx.nn.MLP(problem.dim, "scalar", 32, 3, activation=jnp.tanh, key=jax.random.key(4))
optimizer = stde.optim.NaturalGradient(damping=1e-3, step_size=stde.optim.Backtracking())
solution = stde.train(problem, network, optimizer=optimizer, steps=300, batch_size=400, key=jax.random.key(5))
print(f"error {solution.metrics.relative_l2:.1e}, of the trivial ansatz {solution.metrics.trivial_l2:.1e}")

# %%
import matplotlib.pyplot as plt


places = jnp.linspace(-5, 5, 301)
figure, axes = plt.subplots(figsize=(7, 3.5), layout="constrained")
for number, time in enumerate((0.0, 0.5, 1.0)):
    at_time = jnp.stack([jnp.full_like(places, time), places], 1)
    axes.plot(places, jax.vmap(problem.exact)(at_time), color=f"C{number}", alpha=0.4, linewidth=4)
    axes.plot(places, jax.vmap(solution.u)(at_time), color=f"C{number}", label=f"$t$ = {time}")
axes.set(xlabel="$x$", ylabel="$u$, exact as the broad lines")
axes.legend()
plt.show()

# %% [markdown]
# Next: [which estimator, and how many samples](4-choosing-an-estimator.md).
