import optax


def default_optimizer(steps: int) -> optax.GradientTransformation:
    """Adam with a learning rate that falls linearly from 1e-3 to 0 over `steps` steps.

    ??? cite "Reference"

        Shi, Hu, Lin & Kawaguchi, "Stochastic Taylor Derivative Estimator", NeurIPS 2024, section 5.
    """
    return optax.adam(optax.linear_schedule(1e-3, 0.0, steps))
