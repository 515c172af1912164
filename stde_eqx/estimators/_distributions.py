import abc

import equinox as eqx
import jax.random as jr


class AbstractDistribution(eqx.Module):
    """A law of random vectors with E[v v^T] = I."""

    @abc.abstractmethod
    def sample(self, shape, dtype, *, key): ...


class Rademacher(AbstractDistribution):
    """Independent signs."""

    def sample(self, shape, dtype, *, key):
        return jr.rademacher(key, shape, dtype)


class Gaussian(AbstractDistribution):
    """Standard normal."""

    def sample(self, shape, dtype, *, key):
        return jr.normal(key, shape, dtype)
