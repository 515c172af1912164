"""Checks the types of the public interface, by pyright: every public name has one, known in every part."""

import json
import os
import pathlib
import subprocess
import sys


def main() -> int:
    environment = os.environ | {
        # Pyright looks for the package where the first `python` of the path does.
        "PATH": f"{pathlib.Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(pathlib.Path(__file__).parents[1]),
    }
    lacking = 0
    for package in ("stde_eqx", "zoo"):
        command = ["pyright", "--verifytypes", package, "--ignoreexternal", "--outputjson"]
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        report = json.loads(done.stdout)["typeCompleteness"]
        for symbol in report["symbols"]:
            for found in symbol["diagnostics"]:
                message = " ".join(found["message"].split())
                if "docstring" not in message and not symbol["isTypeKnown"]:
                    print(f"{symbol['name']}: {message}")
        counts = report["exportedSymbolCounts"]
        print(f"{package}: {counts['withKnownType']} public names with a type, {counts['withUnknownType']} without")
        lacking += counts["withUnknownType"] + counts["withAmbiguousType"] + (counts["withKnownType"] == 0)
    return bool(lacking)


if __name__ == "__main__":
    sys.exit(main())
