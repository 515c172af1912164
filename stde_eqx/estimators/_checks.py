from jaxtyping import PRNGKeyArray


def check_num_samples(estimator) -> None:
    if not isinstance(estimator.num_samples, int) or estimator.num_samples < 1:
        name = type(estimator).__name__
        raise ValueError(f"{name} needs a positive integer number of samples, got {estimator.num_samples!r}.")


def require_key(estimator, key: PRNGKeyArray | None) -> PRNGKeyArray:
    if key is None:
        raise ValueError(f"{estimator} is random: give it a key, as in `operator(u, x, estimator=..., key=key)`.")
    return key
