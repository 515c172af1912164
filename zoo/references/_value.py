import equinox as eqx


class ReferenceValue(eqx.Module):
    """A number to compare with, and how far it can be trusted.

    **Attributes:**

    - `value`: the number.
    - `error`: its standard error; 0 where nothing is random: an integral to a relative 1e-10, or a radial solution
        to an absolute 1e-8.
    """

    value: float
    error: float
