import itertools
import signal

import jax
import jaxtyping
import pytest


jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")


# A check that runs in the background may have inherited "ignore Ctrl-C", and would hand it to the programs it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def getkey():
    """A function that returns a new key at every call, the same sequence in every run of the test."""
    counter = itertools.count()
    root = jax.random.key(5678)
    return lambda: jax.random.fold_in(root, next(counter))


@pytest.fixture
def unchecked():
    """Without the runtime type checker, as for users: the library's own words are what they see."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)
