"""The sections of docs/benchmarks.md on the search: one function for each benchmark."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from statistics import geometric_mean
from typing import Any

from benchmarks.document import published
from benchmarks.document.aims import evaluation_aims, recovery_aims, tree_cost_aims
from benchmarks.document.markdown import better, machine_line, plain, rate, table
from benchmarks.document.prose import PROSE
from benchmarks.runs import Record, Result
from benchmarks.search.methods import METHODS


def evaluation(result: Result) -> str:
    """Benchmark 1."""
    parts = [
        machine_line(result),
        plain(result["table"]),
        PROSE["share"],
        _limits(result["limits"]),
        evaluation_aims(result),
    ]
    return "\n\n".join(part.strip() for part in parts)


def _limits(limits: Mapping[str, Mapping[str, Any]]) -> str:
    """What the machine was measured to do, by precision."""
    names = list(limits)
    rows: list[Sequence[object]] = [
        (what.replace("_", "-"), *(rate(limits[name][what]) for name in names))
        for what in ("multiply_adds", "sums")
    ]
    for op in limits[names[0]]["operators"]:
        rows.append((op.lower(), *(rate(limits[name]["operators"][op]) for name in names)))
    return table(("per second", *names), rows)


def tree_cost(result: Result) -> str:
    """Benchmark 2."""
    return f"{machine_line(result)}\n\n{plain(result['table'])}\n\n{tree_cost_aims(result)}"


def recovery(result: Result) -> str:
    """Benchmark 3."""
    head = ("set", "problems", "runs", "recovered %", "mean evaluations", "mean s", "median s")
    rows = [
        (r["group"], r["problems"], r["runs"], f"**{r['recovery']:.1f}**",
         f"{r['evaluations_mean']:,}", f"{r['seconds_mean']:.2f}", f"{r['seconds_median']:.2f}")
        for r in result["sets"]
    ]  # fmt: skip
    parts = [
        _settings(result),
        table(head, rows),
        "Beside the published figures, in per cent; seconds are a mean run of Nguyen on one core:",
        _beside(result),
        "By problem, per cent; where all are 100 the problem is left out:",
        _by_problem(result),
        recovery_aims(result),
    ]
    return "\n\n".join(parts)


def _settings(result: Result) -> str:
    settings = result["settings"]
    seeds = f"{settings['seeds'][0]} to {settings['seeds'][-1]}"
    parts = [
        f"{machine_line(result)} At most {settings['max_evaluations']:,} evaluations, "
        f"seeds {seeds}, one core a run, {settings['processes']} side by side.",
        _methods(row["method"] for row in result["sets"]),
    ]
    return "\n\n".join(parts)


def _methods(names: Iterable[str]) -> str:
    """What each method is, in its own words."""
    lines = []
    for name in dict.fromkeys(names):
        words = inspect.getdoc(METHODS[name]) if name in METHODS else None
        lines.append(f"- `{name}`: {' '.join((words or 'unknown.').split())}")
    return "\n".join(lines)


def _beside(result: Result) -> str:
    ours = {row["group"]: row["recovery"] for row in result["sets"]}
    own = {row["group"]: row["seconds_mean"] for row in result["sets"]}
    seconds = published.NGUYEN_SECONDS
    groups = [g for g in ours if any(g in rates for rates in published.RECOVERY.values())]
    rows = [
        (name, *(f"{rates[g]:g}" if g in rates else "-" for g in groups),
         f"{seconds[name]:.0f}" if name in seconds else "-")
        for name, rates in published.RECOVERY.items()
    ]  # fmt: skip
    mine = f"{own['Nguyen']:.2f}" if "Nguyen" in own else "-"
    rows.append(("**symtick**", *(f"**{ours[g]:.1f}**" for g in groups), mine))
    return table(("method", *groups, "seconds"), rows)


def _by_problem(result: Result) -> str:
    names = list(published.RECOVERY)
    rows: list[Sequence[object]] = []
    for row in result["problems"]:
        others = published.BY_PROBLEM.get(row["problem"])
        if row["recovery"] == 100.0 and all(rate == 100 for rate in others or (100,)):
            continue
        rows.append(
            (row["problem"], f"**{row['recovery']:.0f}**", *(others or ("-",) * len(names)),
             f"{row['seconds_mean']:.2f}")
        )  # fmt: skip
    return table(("problem", "symtick", *names, "mean s"), rows)


def ablation(result: Result) -> str:
    """Benchmark 3, methods against each other."""
    methods = list(dict.fromkeys(row["method"] for row in result["problems"]))
    problems = list(dict.fromkeys(row["problem"] for row in result["problems"]))
    rates = {(row["method"], row["problem"]): row["recovery"] for row in result["problems"]}
    by_problem = [
        (name, *(f"{rates[m, name]:.0f}" if (m, name) in rates else "-" for m in methods))
        for name in problems
    ]
    together = [
        (r["method"], r["runs"], f"**{r['recovery']:.1f}**", f"{r['evaluations_mean']:,}",
         f"{r['seconds_mean']:.2f}", f"{r['seconds_median']:.2f}")
        for r in result["sets"]
    ]  # fmt: skip
    head = ("method", "runs", "recovered %", "mean evaluations", "mean s", "median s")
    return "\n\n".join(
        [_settings(result), table(head, together), table(("problem", *methods), by_problem)]
    )


def empirical(result: Result) -> str:
    """Benchmark 4."""
    rows: list[Sequence[object]] = []
    for r in result["laws"]:
        rows.append((r["method"], r["title"], f"{r['solved']}/{r['runs']}", r["almost"],
                     f"{r['read']}/{r['runs']}", f"{r['evaluations_mean']:,}",
                     f"{r['seconds_mean']:.1f}"))  # fmt: skip
    for method in dict.fromkeys(r["method"] for r in result["laws"]):
        mine = [r for r in result["laws"] if r["method"] == method]
        solved, read, runs = (sum(r[n] for r in mine) for n in ("solved", "read", "runs"))
        rows.append((method, "**together**", f"**{solved}/{runs}**", "", f"**{read}/{runs}**",
                     "", ""))  # fmt: skip
    for name, (solved, almost, read) in published.EMPIRICAL.items():
        runs = published.EMPIRICAL_RUNS
        rows.append((f"{name} (published)", "together", f"{solved}/{runs}", almost,
                     f"{read}/{runs}", "", ""))  # fmt: skip
    head = ("method", "law", "solved", "almost", "read", "mean evaluations", "mean s")
    settings = result["settings"]
    return "\n\n".join(
        [
            f"{machine_line(result)} {settings['max_evaluations']:,} evaluations a run, "
            f"{len(settings['seeds'])} seeds, one core a run, "
            f"{settings['processes']} side by side.",
            _methods(r["method"] for r in result["laws"]),
            table(head, rows),
        ]
    )


def unseen(result: Result) -> str:
    """Benchmark 5."""
    head = ("kind", "noise", "tool", "runs", "law", "clean", "SRBench", "R2 > 0.999", "collapsed",
            "mean CPU s", "most")  # fmt: skip
    rows = [
        (r["kind"], f"{r['noise']:g}", r["tool"], r["runs"], r["law"], r["clean"], r["srbench"],
         r["fits"], f"{r['collapsed']} of {r['front']:,}", f"{r['cpu_seconds_mean']:.2f}",
         f"{r['cpu_seconds_most']:.2f}")
        for r in result["summary"]
    ]  # fmt: skip
    boxes, (constant, runs) = result["boxes"], result["constants"]
    return "\n\n".join(
        [
            f"{machine_line(result)} One core a run, {result['settings']['processes']} side by "
            f"side. Of each black box {result['settings']['splits']} splits were run. The "
            "column `runs` counts what was measured; fewer than the 40 laws are evenly spread over "
            "the table.",
            table(head, rows),
            f"Black boxes against pyoperon: {boxes['win']} won, {boxes['tie']} tied, "
            f"{boxes['loss']} lost. Of noise alone the choice is a constant in {constant} of "
            f"{runs} runs.",
        ]
    )


def ticks(result: Result) -> str:
    """Benchmark 6."""
    settings = result["settings"]
    bound = settings["reference"]
    first = table(
        ("device", "set", "volume: ticks in the loop", "nodes", "better in", "best loss: ticks",
         "nodes"),
        [
            (r["device"], r["set"], *better(r["volume_ticks"], r["volume_nodes"], 4, max),
             f"{r['wins']}/{r['seeds']}", *better(r["best_ticks"], r["best_nodes"], 4, min))
            for r in result["sets"]
        ],
    )  # fmt: skip
    second = table(
        ("device", "set", "explains", "loss", "ticks: ticks in the loop", "nodes",
         "LUT: ticks in the loop", "nodes"),
        [_level(r, level) for r in result["sets"] for level in r["equal_loss"]],
    )  # fmt: skip
    ends = ", ".join(f"{value:g} ticks for `{name}`" for name, value in bound["ticks"].items())
    return "\n\n".join(
        [
            f"{machine_line(result)} {settings['max_evaluations']:,} evaluations a search, "
            f"{len(settings['seeds'])} seeds. Reference: loss {bound['loss']:g}, {ends}, "
            f"{bound['lut']:g} LUTs for `open`.",
            _together(result["sets"]),
            first,
            "Ticks and LUTs at equal loss: at the best loss that both reach, and where 95 % and "
            "90 % of the variance that it explains are explained.",
            second,
        ]
    )


def _together(rows: Sequence[Record]) -> str:
    """One line for each device: how often better, and the mean ratio of ticks at equal loss."""
    lines = []
    for device in dict.fromkeys(row["device"] for row in rows):
        mine = [row for row in rows if row["device"] == device]
        ratios = [
            level["ticks_ticks"] / level["ticks_nodes"]
            for row in mine
            for level in row["equal_loss"]
            if level["ticks_nodes"] and level["ticks_ticks"]
        ]
        wins, pairs = sum(r["wins"] for r in mine), sum(r["seeds"] for r in mine)
        lines.append(
            f"- `{device}`: with ticks in the loop the larger hypervolume in {wins} of {pairs} "
            f"pairs of runs{_mean_ratio(ratios)}."
        )
    return "\n".join(lines)


def _mean_ratio(ratios: Sequence[float]) -> str:
    """The ratio of ticks; nothing where no level has ticks on both sides."""
    if not ratios:
        return ""
    return (
        f"; {geometric_mean(ratios):.2f} times the ticks at equal loss (geometric mean over the "
        "sets and levels where both have ticks)"
    )


def _level(row: Record, level: Record) -> Sequence[object]:
    lut: tuple[str, str] = ("-", "-")
    if row["device"] == "open":
        lut = better(level["lut_ticks"], level["lut_nodes"], 0, min)
    ticks_cells = better(level["ticks_ticks"], level["ticks_nodes"], 1, min)
    share = f"{100 * level['share']:.0f} %"
    return (row["device"], row["set"], share, f"{level['loss']:.4f}", *ticks_cells, *lut)
