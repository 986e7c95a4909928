"""The sections of docs/benchmarks.md on whole distillations, and on their parts."""

from __future__ import annotations

from benchmarks.distilling.defaults import picked
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


def defaults(result: Result) -> str:
    """Whole jobs with default settings (`benchmarks.distilling.defaults`)."""
    rows: list[tuple[object, ...]] = []
    for run in result["runs"]:
        unit = "RMSE" if run["kind"] == "regression" else "%"
        scale = 1.0 if unit == "RMSE" else 100.0
        name = f"{run['task']}*" if run["task"] in result["unseen"] else run["task"]
        known = (
            name, run["seed"], f"{scale * run['network']:.4g} {unit}",
            f"{scale * run['boosting']:.4g} {unit}",
        )  # fmt: skip
        for design in picked(run):
            least = design["from"]
            rows.append(
                (*known, "best" if least is None else f"{100 * least:.0f} %",
                 f"{100 * design['share']:.1f}", f"{design['lut']:.0f}", design["ticks"],
                 design["nodes"], f"{run['cpu_seconds']:.0f}")
            )  # fmt: skip
    head = ("task", "seed", "network", "boosting", "smallest from", "share %", "LUT est.", "ticks",
            "nodes", "CPU s")  # fmt: skip
    return f"{machine_line(result)}\n\n{table(head, rows)}"
