from typing import Any

from jaxtyping import PRNGKeyArray

from .._arguments import check_count


def as_num_samples(value: Any) -> int:
    return check_count("num_samples", value)


def require_key(estimator, key: PRNGKeyArray | None) -> PRNGKeyArray:
    if key is None:
        raise ValueError(f"{estimator} is random: give it a key, as in `operator(u, x, estimator=..., key=key)`.")
    return key
