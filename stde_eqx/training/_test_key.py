import jax.random as jr
from jaxtyping import PRNGKeyArray


def test_key(key: PRNGKeyArray) -> PRNGKeyArray:
    """The key from which [`stde_eqx.train`][], given a key, draws its test points: to judge a model on the same ones.

    !!! example

        ```python
        solution = stde.train(problem, network, estimator=stde.SparseSTDE(2), steps=10, key=key)
        stde.evaluate(problem, solution.u, key=stde.training.test_key(key))
        ```

    **Arguments:**

    - `key`: the one that was given to `train`.

    **Returns:** the key to give to [`stde_eqx.evaluate`][].
    """
    return jr.split(key)[1]
