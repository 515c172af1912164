import optax


def default_optimizer(steps: int, learning_rate: float = 1e-3) -> optax.GradientTransformation:
    """Adam with a learning rate that falls linearly to 0 over `steps` steps, on gradients of length 1 at most.

    The loss is scaled to 1 at the start, and most gradients have a length of about 1 then. That of a batch with an
    outlier, as on a point near the faces of a cube, is many times as long; it would raise Adam's second moment, and
    shorten a thousand steps after it. Where all are longer, Adam sees their directions.

    **Arguments:**

    - `steps`: how many.
    - `learning_rate`: the first one.

    ??? cite "Reference"

        The schedule is that of Shi, Hu, Lin & Kawaguchi, "Stochastic Taylor Derivative Estimator", NeurIPS 2024,
        section 5, who do not clip.
    """
    return optax.chain(optax.clip_by_global_norm(1.0), optax.adam(optax.linear_schedule(learning_rate, 0.0, steps)))
