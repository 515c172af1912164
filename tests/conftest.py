import collections
import gc
import itertools
import pathlib
import signal

import jax
import jaxtyping
import pytest


jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")


# A check that runs in the background may have inherited "ignore Ctrl-C", and would hand it to the programs it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)


_maps = pathlib.Path("/proc/self/maps")
_tests = itertools.count(1)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Of a test that is `sampled(every=n)`, all cases but every n-th are slow."""
    counts = collections.Counter()
    for item in items:
        if sampled := item.get_closest_marker("sampled"):
            family = item.nodeid.partition("[")[0]
            if counts[family] % sampled.kwargs["every"]:
                item.add_marker(pytest.mark.slow)
            counts[family] += 1


@pytest.fixture(autouse=True)
def forget_programs():
    """Forgets compiled programs before there are too many.

    Each takes several memory maps, of which Linux allows a process 65 530: one more is a segmentation fault.
    """
    yield
    if next(_tests) % 20 == 0 and _maps.exists() and _maps.read_bytes().count(b"\n") > 30_000:
        jax.clear_caches()
        gc.collect()


@pytest.fixture(autouse=True)
def compile_quickly(request):
    """Compiles with little optimization, which takes a quarter less for programs that run once.

    Not so where a marker `optimized` says that programs run for long, nor in processes that tests start.
    """
    jax.config.update("jax_disable_most_optimizations", request.node.get_closest_marker("optimized") is None)


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
