"""Cells, tables and lines that the sections of docs/benchmarks.md share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks.runs import Record, Result


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table; numbers as they are given."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def rate(value: float) -> str:
    return f"{value / 1e9:.2f} G"


def plain(rows: Sequence[Record]) -> str:
    """Rows of one form as they are; figures of tens of millions and more in units of 10^9."""
    head = list(rows[0])
    return table(head, [[_cell(row[name]) for name in head] for row in rows])


def _cell(value: object) -> str:
    if isinstance(value, float):
        if abs(value) >= 1e7:
            return rate(value)
        return f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def machine_line(result: Result) -> str:
    """Where it was measured."""
    where = result.get("machine", "an unnamed machine")
    if isinstance(where, str):
        return f"Measured on {where}."
    return f"Measured on {where['cpu']} ({where['isa']}), Python {where['python']}."


def better(
    first: float, second: float, digits: int, best: Callable[[float, float], float]
) -> tuple[str, str]:
    """Both figures, the better one in bold."""
    texts = (f"{first:.{digits}f}", f"{second:.{digits}f}")
    if texts[0] == texts[1]:
        return texts
    return (f"**{texts[0]}**", texts[1]) if best(first, second) == first else (
        texts[0], f"**{texts[1]}**"
    )  # fmt: skip
