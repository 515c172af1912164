import csv
import os
import pathlib
import platform
from collections.abc import Sequence

import jax
import jax.numpy as jnp


Row = Sequence[str]


def markdown(header: Row, rows: Sequence[Row]) -> str:
    """A Markdown table whose columns are also aligned as plain text: words to the left, numbers to the right."""
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    numeric = [all(row[i][:1].isdigit() or row[i] in ("", "-") for row in rows) for i in range(len(header))]

    def line(row: Row) -> str:
        cells = (cell.rjust(w) if right else cell.ljust(w) for cell, w, right in zip(row, widths, numeric, strict=True))
        return "| " + " | ".join(cells) + " |"

    rule = (
        "|"
        + "|".join(f"{'-' * (w + 1)}{':' if right else '-'}" for w, right in zip(widths, numeric, strict=True))
        + "|"
    )
    return "\n".join([line(header), rule, *map(line, rows)])


def write_csv(path: pathlib.Path, header: Row, rows: Sequence[Row]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def publish(folder: pathlib.Path, name: str, header: Row, rows: Sequence[Row], caption: str) -> None:
    """Leave the rows as CSV and as a Markdown table with a caption, and print the table."""
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(folder / f"{name}.csv", header, rows)
    table = markdown(header, rows)
    (folder / f"{name}.md").write_text(f"{table}\n\n{caption}\n")
    print(table)


def machine() -> str:
    """What the figures were measured on."""
    device = jax.devices()[0]
    kind = platform.machine() if device.platform == "cpu" else device.device_kind
    return f"{device.platform.upper()} {kind}, {os.cpu_count()} cores, JAX {jax.__version__}, {jnp.result_type(float)}"
