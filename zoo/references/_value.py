import equinox as eqx


class ReferenceValue(eqx.Module):
    """A number to compare with, and how far it can be trusted.

    **Attributes:**

    - `value`: the number.
    - `error`: its standard error; 0 where it is right to many more digits than a network's.
    """

    value: float
    error: float
