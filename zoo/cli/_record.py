import dataclasses
from typing import Any

import yaml

from stde_eqx.training import AbstractCallback, Solution, Start

from ._config import save_config
from ._machine import machine
from ._run_folder import RunFolder


class Record(AbstractCallback):
    """Makes the run folder when a run begins, with its configuration; at the end, writes how it ended."""

    def __init__(self, folder: RunFolder, options: Any):
        self.folder = folder
        self.options = options

    def on_start(self, start: Start) -> None:
        self.folder.create()
        save_config(self.options, self.folder.config)

    def on_end(self, solution: Solution) -> None:
        result = {"status": solution.status.value} | dataclasses.asdict(solution.metrics) | {"machine": machine()}
        self.folder.result.write_text(yaml.safe_dump(result, sort_keys=False))
