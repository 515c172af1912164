from .._custom_types import Field
from ._parabolic import AbstractParabolic
from ._wrapper import AbstractParabolicWrapper, check_parabolic


class DataAsFeature(AbstractParabolicWrapper):
    r"""A parabolic problem whose network is also given the data: it is called `net(t, x, g)`.

    With $\tilde g$ the problem's `extension` of its data, the network inside the ansatz is
    $(t, x) \mapsto \mathrm{net}(t, x, \tilde g(t, x))$, and [`stde_eqx.nn.SpaceTime`][] joins all of them. What the
    solution inherits from the data need not be learned again from the coordinates. Where the data determine the
    solution at each time, as radial data do, that makes the problem as easy as one in two dimensions: whoever compares
    errors should say that it was used.

    !!! example

        ```python
        problem = stde.DataAsFeature(zoo.SemilinearHeat(dim=10))
        network = stde.nn.SpaceTime(eqx.nn.MLP(1 + 10 + 1, "scalar", 64, 3, activation=jnp.tanh, key=key))
        solution = stde.train(problem, network, key=key)
        ```

    **Arguments:**

    - `problem`: any parabolic problem, [`stde_eqx.SoftInitial`][] included.

    **Raises:** `ValueError` for a problem that is not parabolic.
    """

    problem: AbstractParabolic

    def __init__(self, problem: AbstractParabolic):
        check_parabolic("DataAsFeature", problem)
        self.problem = problem

    def ansatz(self, net: Field) -> Field:
        """The problem's ansatz of the network that is given the data."""
        return self.problem.ansatz(lambda t, x: net(t, x, self.problem.extension(t, x)))
