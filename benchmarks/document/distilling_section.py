"""The section of docs/benchmarks.md on parts of a distillation, changed or left out."""

from __future__ import annotations

from benchmarks.document.markdown import machine_line, table
from benchmarks.runs import Result


def joint(result: Result) -> str:
    """The ablation (`benchmarks.distilling.joint`)."""
    best = {
        task: max(r["share"] for r in result["sets"] if r["task"] == task)
        for task in dict.fromkeys(r["task"] for r in result["sets"])
    }
    rows = []
    for r in result["sets"]:
        share = f"{r['share']:.4f}"
        above = "" if r["method"] == "hybrid" else f"{r['above_hybrid']}/{r['seeds']}"
        rows.append(
            (r["task"], r["method"], f"**{share}**" if r["share"] == best[r["task"]] else share,
             f"{r['least']:.4f} to {r['most']:.4f}", above, f"{r['evaluations']:,.0f}",
             f"{r['cpu_seconds']:.0f}")
        )  # fmt: skip
    head = ("task", "method", "mean share", "over seeds", "above `hybrid`", "evaluations", "CPU s")
    seeds = len(result["settings"]["seeds"])
    return f"{machine_line(result)} Seeds 1 to {seeds}.\n\n{table(head, rows)}"
