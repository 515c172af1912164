# %% [markdown]
# # Which estimator, how many samples?
#
# **Sixteen coordinates at a hundred points, or one coordinate at a thousand? Coordinates, or random vectors?**
#
# All estimators here are unbiased. They differ in variance and in cost, and both depend on the function.

# %%
import equinox as eqx
import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt

import stde_eqx as stde
import zoo


dim = 200
problem = zoo.SineGordon(zoo.TwoBody(dim, key=jax.random.key(0)))
network = eqx.nn.MLP(dim, "scalar", 64, 3, activation=jnp.tanh, key=jax.random.key(1))
points = problem.sample(20, key=jax.random.key(2))

# %% [markdown]
# ## Where the variance comes from
#
# Sampled coordinates see the diagonal of the Hessian alone, and vary with it; Rademacher vectors have the diagonal
# exactly, and vary with everything else ([the formulas](../which-estimator.md#what-the-variance-is-made-of)). Here is
# an example for either side: a separable function, and one whose diagonal is constant.

# %%
separable = lambda x: jnp.sum(jnp.sin(jnp.arange(dim) * x))
coupled = lambda x: jnp.sum(x**2) + jnp.sum(x[1:] * x[:-1])
estimators = [stde.SparseSTDE(4), stde.SparseSTDE(16), stde.DenseSTDE(4), stde.DenseSTDE(16)]
for u in (separable, coupled):
    print(stde.diagnose(stde.Laplacian(), u, points, estimators, key=jax.random.key(3)), "\n")

# %% [markdown]
# ## A network in training
#
# What counts is the function that is trained, so measure that one. `diagnose` reports bias, variance and time; of
# the last column, variance x seconds, lower is better.

# %%
solution = stde.train(problem, network, estimator=stde.SparseSTDE(16), steps=500, key=jax.random.key(4))
diagnosis = stde.diagnose(stde.Laplacian(), solution.u, points, [*estimators, stde.Exact()], key=jax.random.key(5))
print(diagnosis)
print(diagnosis.recommend(seconds=0.01))

# %% [markdown]
# `recommend` answers one question: how to spend a time so that the *mean of the operator* over the points has the
# least variance. Here the operator varies from point to point far more than a draw does, so that its answer is 1
# sample at as many points as there is time for. For training it is the variance of the *gradient of the loss* that
# counts, and `stde.training.balance` measures that one, on the state of a run:

# %%
setting = {"estimator": stde.SparseSTDE(16), "batch_size": 100}
print(stde.training.balance(problem, solution.state, key=jax.random.key(8), **setting))

# %% [markdown]
# Both take a draw at each point, whose noise more points average out. Two things speak for more samples than they
# say, and neither is in these figures: a draw that the whole batch shares, the default of training, is cheaper, but
# its noise is not averaged out by more points; and the bias of a square, further down, falls with the samples alone.
# The seconds are those of the machine that measured, and with them both answers.
#
# A trial function on the unit ball is a known factor times a network, and most of the variance is that of the
# factor. It need not be estimated:

# %%
trial = problem.ansatz(solution.model)
estimators = [stde.SparseSTDE(16), stde.KnownFactor(stde.SparseSTDE(16))]
print(stde.diagnose(stde.Laplacian(), trial, points, estimators, key=jax.random.key(5)))

# %% [markdown]
# ## The bias of a square
#
# The estimate of the residual is unbiased, its *square* is not: the loss is too large by the variance. Training
# then makes the variance small, too, whether or not the solution is like that. Here is that part of the loss for
# several numbers of samples, beside the product of two independent draws, `stde.UnbiasedSquare`, which has no
# such part.

# %%
many = problem.sample(100, key=jax.random.key(6))


@eqx.filter_jit
def losses(loss, num_samples, num_draws=500):
    """The loss of the same function at the same points, for many draws of the estimator."""

    def draw(key):
        options = {"estimator": stde.SparseSTDE(num_samples), "key": key, "share_draw": True}
        return stde.training.residuals(problem, solution.model, many, **options)

    return jax.lax.map(lambda key: loss(draw, key=key), jax.random.split(jax.random.key(7), num_draws))


numbers = (2, 4, 8, 16, 32, 64, 128)
exact = losses(stde.MeanSquare(), dim, num_draws=1)[0]
figure, axes = plt.subplots(figsize=(7, 3.5), layout="constrained")
for loss in (stde.MeanSquare(), stde.UnbiasedSquare()):
    found = jnp.stack([losses(loss, number) for number in numbers])
    error = 2 * found.std(1) / found.shape[1] ** 0.5
    axes.errorbar(numbers, found.mean(1), error, fmt="o-", capsize=3, label=type(loss).__name__)
axes.axhline(exact, color="grey", linestyle="--", label="exact")
axes.set(xlabel="sampled coordinates", ylabel="expected loss", xscale="log")
axes.legend()
plt.show()

# %% [markdown]
# In practice the bias is harmless while the variance is small beside the square of the residual. `KnownFactor` and
# more samples make the variance smaller. `stde.UnbiasedSquare` does not: it removes the bias, at the price of a
# second draw.
#
# **A rule to start from.** Up to a hundred dimensions: exact. Beyond: 16 coordinates, shared by the batch.
# Vectors where the Hessian is nearly diagonal, or where single coordinates differ much. When in doubt: measure.
#
# Next: [finance and control in 100 dimensions](5-finance-and-control.md).
