import itertools

import jax
import pytest


jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")


@pytest.fixture
def getkey():
    """A function that returns a new key at every call, the same sequence in every run of the test."""
    counter = itertools.count()
    root = jax.random.key(5678)
    return lambda: jax.random.fold_in(root, next(counter))
