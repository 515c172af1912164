from jaxtyping import Array


def check_point(x: Array, dim: int, *, what: str = "one point") -> None:
    """Refuses what is not one point."""
    if x.shape != (dim,):
        batched = " For a batch of points use jax.vmap." if x.ndim > 1 and x.shape[-1] == dim else ""
        raise ValueError(f"Expected {what}, of shape ({dim},), got an array of shape {x.shape}.{batched}")
