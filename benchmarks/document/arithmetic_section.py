"""The section on arithmetic in docs/benchmarks.md: LUT x latency beside da4ml and alkaid."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.runs import Record, Result

OURS, PEERS = "symtick", ("da4ml", "alkaid")
_HEAD = (
    "| problem | symtick | da4ml | alkaid | LUT x ns against the better |\n|---|---|---|---|---|"
)


def arithmetic(result: Result) -> str:
    """A table for each way of building, and in how many problems ours is no worse."""
    parts = []
    for dsp in (False, True):
        for pipelined in (False, True):
            rows = [r for r in result["rows"] if (r["dsp"], r["pipelined"]) == (dsp, pipelined)]
            name = (
                f"{'Pipelined' if pipelined else 'One stage'}, DSP {'' if dsp else 'not '}allowed"
            )
            parts.append(f"### {name}\n\n{_section(result['titles'], rows)}")
    return "\n\n".join(parts)


def _section(titles: Mapping[str, str], rows: list[Record]) -> str:
    lines, ratios = [], []
    for name, title in titles.items():
        best = {tool: _best(rows, name, tool) for tool in (OURS, *PEERS)}
        ours, peers = best[OURS], [best[tool] for tool in PEERS if best[tool] is not None]
        ratio = "-"
        if ours is not None and len(peers) == len(PEERS):
            ratios.append(ours["product"] / min(p["product"] for p in peers if p is not None))
            ratio = f"{ratios[-1]:.2f}"
        cells = " | ".join(_cell(best[tool]) for tool in (OURS, *PEERS))
        lines.append(f"| {title} | {cells} | {ratio} |")
    if not ratios:
        return "Not measured yet."
    even, better = (sum(r <= limit for r in ratios) for limit in (1.005, 0.995))
    counted = f"ours is no worse in {even} and better in {better}."
    text = f"Of {len(ratios)} problems measured for all three, {counted}"
    return "\n".join([_HEAD, *lines, "", text])


def _best(rows: list[Record], problem: str, tool: str) -> Record | None:
    """The row with the smallest product, or one that failed where there is no other."""
    measured = [r for r in rows if (r["problem"], r["tool"]) == (problem, tool)]
    return min(measured, key=lambda r: float(r.get("product", float("inf"))), default=None)


def _cell(row: Record | None) -> str:
    if row is None:
        return "not measured"
    if "failed" in row:
        return "cannot"
    blocks = f" + {row['blocks']} DSP" if row["blocks"] else ""
    stages = f", {row['stages']} stages" if row["stages"] > 1 else ""
    return f"{row['lut']} LUT{blocks}, {row['ns']:.1f} ns{stages}"
