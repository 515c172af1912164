import importlib.metadata
import sys
from collections.abc import Sequence
from typing import Annotated, TypeAlias

import tyro

from ._errors import UsageError
from ._evaluate import Evaluate
from ._follow import Follow
from ._list import List
from ._parse import parse
from ._solve import Solve
from .report import Report


_DESCRIPTION = """Solve high-dimensional partial differential equations by physics-informed networks whose derivatives
are stochastic Taylor estimates.

For example:
  stde-eqx list
  stde-eqx solve sine-gordon --dim 10000 --estimator.num-samples 16
  stde-eqx follow sine-gordon --dim 1000 --recipe accurate
  stde-eqx evaluate runs/sine-gordon-d10000
  stde-eqx report runs/sine-gordon-d10000"""

_Command: TypeAlias = (
    Annotated[Solve, tyro.conf.subcommand("solve")]
    | Annotated[Follow, tyro.conf.subcommand("follow")]
    | Annotated[List, tyro.conf.subcommand("list")]
    | Annotated[Evaluate, tyro.conf.subcommand("evaluate")]
    | Annotated[Report, tyro.conf.subcommand("report")]
)


def main(argv: Sequence[str] | None = None) -> int:
    """The command `stde-eqx`: 0 if all went well, 2 after a mistake in the command, with one line on standard error."""
    try:
        argv = sys.argv[1:] if argv is None else argv
        if list(argv) == ["--version"]:
            print("stde-eqx", importlib.metadata.version("stde-eqx"))
            return 0
        command = parse(_Command, argv, prog="stde-eqx", description=_DESCRIPTION)
        return command.run()
    except (UsageError, ValueError) as error:
        print("stde-eqx:", " ".join(str(error).split()), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stde-eqx: interrupted", file=sys.stderr)
        return 130
