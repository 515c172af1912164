from collections.abc import Sequence

from stde_eqx.training import Evaluation, Metrics


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows of text with the columns lined up."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def errors_table(errors: Metrics | Evaluation) -> str:
    """Errors against the exact solution, beside that of the trivial ansatz."""
    show = lambda value: "-" if value is None else f"{value:.4e}"
    return aligned(
        [
            ("relative L1 error", show(errors.relative_l1)),
            ("relative L2 error", show(errors.relative_l2)),
            ("trivial ansatz, L2", show(errors.trivial_l2)),
            ("skill (their ratio)", "-" if errors.skill is None else f"{errors.skill:.4f}"),
        ]
    )
