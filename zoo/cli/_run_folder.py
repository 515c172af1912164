import itertools
from dataclasses import dataclass
from pathlib import Path

from ._errors import UsageError


@dataclass(frozen=True)
class RunFolder:
    """Where a run leaves what it made, and under which names."""

    path: Path

    @classmethod
    def fresh(cls, name: str) -> "RunFolder":
        """`runs/NAME`, or the first of `runs/NAME-2`, `runs/NAME-3`, ... that does not exist."""
        names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
        return next(cls(path) for path in (Path("runs", each) for each in names) if not path.exists())

    @property
    def config(self) -> Path:
        return self.path / "config.yaml"

    @property
    def metrics(self) -> Path:
        return self.path / "metrics.csv"

    @property
    def model(self) -> Path:
        return self.path / "model.stde"

    @property
    def result(self) -> Path:
        return self.path / "result.yaml"

    def check_new(self) -> None:
        """`UsageError` if there is something of this name already."""
        if self.path.exists():
            raise UsageError(f"the run folder {self.path} exists; name another with --run-dir, or remove it first")

    def create(self) -> None:
        """Makes the folder, which must not exist."""
        try:
            self.path.mkdir(parents=True)
        except FileExistsError:
            self.check_new()
            raise UsageError(f"cannot make the run folder {self.path}: there is a file in its path") from None
        except OSError as error:
            raise UsageError(f"cannot make the run folder {self.path}: {error.strerror}") from None
