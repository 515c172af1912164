import dataclasses
import functools
import importlib.resources
import json

from ._value import ReferenceValue


@dataclasses.dataclass(frozen=True)
class StoredReference:
    """An entry of `zoo/references/values.json`: what was computed, how, and what came out.

    **Attributes:**

    - `problem`: the name of the class of the problem in `zoo`.
    - `dim`, `final_time`: its setting.
    - `points`: `"origin"`, or `"cloud"` for the points of [`zoo.references.cloud`][]; all at the final time.
    - `checksum`: the sum of all coordinates of the points.
    - `method`: the name of the function in `zoo.references` that computed the values.
    - `num_samples`: how many samples were asked for at each of the points.
    - `seed`: of its key.
    - `values`, `errors`: one for each of the points; the errors are standard errors.
    """

    problem: str
    dim: int
    final_time: float
    points: str
    checksum: float
    method: str
    num_samples: int
    seed: int
    values: tuple[float, ...]
    errors: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.values) != len(self.errors):
            raise ValueError(f"There are {len(self.values)} values, but {len(self.errors)} errors.")


def find(problem: str, dim: int, final_time: float, points: str) -> StoredReference | None:
    """The entry for these points, if there is one."""
    wanted = (problem, dim, float(final_time), points)
    entries = (each for each in _packaged() if (each.problem, each.dim, each.final_time, each.points) == wanted)
    return next(entries, None)


def stored(problem: str, dim: int, final_time: float) -> ReferenceValue | None:
    """The packaged value of a problem at the origin, at the final time.

    **Arguments:**

    - `problem`: the name of its class, such as `"ParabolicAllenCahn"`.
    - `dim`, `final_time`: its setting.

    **Returns:** a [`zoo.references.ReferenceValue`][], or `None` where none has been computed.
    """
    entry = find(problem, dim, final_time, "origin")
    return None if entry is None else ReferenceValue(entry.values[0], entry.errors[0])


def loads(text: str) -> list[StoredReference]:
    """The entries of a file of references, from its text."""
    entries = json.loads(text)
    return [StoredReference(**{**each, **{k: tuple(each[k]) for k in ("values", "errors")}}) for each in entries]


def dumps(entries: list[StoredReference]) -> str:
    """The text of a file of references, with an entry on each line."""
    lines = [json.dumps(dataclasses.asdict(each)) for each in entries]
    return "[\n" + ",\n".join(lines) + "\n]\n"


@functools.lru_cache(maxsize=1)
def _packaged() -> tuple[StoredReference, ...]:
    file = importlib.resources.files("zoo.references") / "values.json"
    return tuple(loads(file.read_text(encoding="utf-8")))
