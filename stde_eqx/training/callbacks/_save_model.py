import os
import pathlib

from .._checkpoint import save
from .._solution import Solution
from ._base import AbstractCallback, Start


class SaveModel(AbstractCallback):
    """Saves the trained model, `solution.model`, at the end of the run, however it ended.

    Read it back with `stde.training.load(path, like=stde.nn.Affine(network))`.

    **Arguments:**

    - `path`: the file. It must not exist yet.
    """

    def __init__(self, path: str | os.PathLike[str]):
        self.path: pathlib.Path = pathlib.Path(path)

    def on_start(self, start: Start) -> None:
        if self.path.exists():
            raise FileExistsError(f"`{self.path}` exists: choose another file for the model, or remove it first.")

    def on_end(self, solution: Solution) -> None:
        save(self.path, solution.model)
