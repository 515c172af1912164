#: How many numbers a chunk of points may hold: 16 MiB in float32, small beside any network worth training on them.
_NUMBERS_PER_CHUNK = 2**22


def points_per_chunk(dim: int) -> int:
    """How many points of `dim` coordinates to hold in memory at once: at most 1 000, at least one."""
    return min(1_000, max(1, _NUMBERS_PER_CHUNK // dim))
