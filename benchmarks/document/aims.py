"""Aims of the benchmarks, and whether the measured figures reach them."""

from __future__ import annotations

from benchmarks.runs import Result

RATIO = 2.0  # to pyoperon, at each number of rows
RATES = {("arithmetic", 1_000): 12e9, ("arithmetic", 10_000): 15e9}
RECOVERY = {"Nguyen": 100.0, "Livermore": 90.0, "Jin": 100.0, "Nguyen-c": 100.0}
SECONDS = 20.0
TREE_NODES, TREE_NS = 25, 300.0


def _line(what: str, aim: str, measured: str, met: bool) -> str:
    return f"- {what}: aim {aim}, measured {measured}: {'met' if met else '**short**'}."


def evaluation_aims(result: Result) -> str:
    """Lines for benchmark 1; the ratio is aimed at where the reference is pyoperon."""
    lines = []
    for row in result["table"]:
        what = f"{row['ops']}, {row['rows']:,} rows"
        if row.get("reference") == "pyoperon":
            ratio = float(row["ratio"])
            lines.append(_line(what, f"{RATIO:g} x pyoperon", f"{ratio:.2f} x", ratio >= RATIO))
        aim = RATES.get((row["ops"], row["rows"]))
        if aim is not None and row.get("precision", "float32") == "float32":
            rate = float(row["symtick"])
            measured = f"{rate / 1e9:.1f} G node-rows/s"
            lines.append(_line(what, f"{aim / 1e9:g} G", measured, rate >= aim))
    return "\n".join(lines)


def tree_cost_aims(result: Result) -> str:
    """Lines for benchmark 2."""
    return "\n".join(
        _line(
            f"{row['cost']}, {TREE_NODES} nodes",
            f"{TREE_NS:g} ns",
            f"{row['kernel_median']:.0f} ns",
            row["kernel_median"] <= TREE_NS,
        )
        for row in result["table"]
        if row["nodes"] == TREE_NODES
    )


def recovery_aims(result: Result) -> str:
    """Lines for benchmark 3."""
    lines = [
        _line(row["group"], f"{aim:g} %", f"{row['recovery']:.1f} %", row["recovery"] >= aim)
        for row in result["sets"]
        if (aim := RECOVERY.get(row["group"])) is not None
    ]
    counted = [row for row in result["sets"] if row["group"] in RECOVERY]
    if counted:
        runs = sum(row["runs"] for row in counted)
        mean = sum(row["runs"] * row["seconds_mean"] for row in counted) / runs
        what = "mean run of these sets on one core"
        lines.append(_line(what, f"{SECONDS:g} s", f"{mean:.1f} s", mean <= SECONDS))
    return "\n".join(lines)
