"""docs/benchmarks.md, made from the results: every figure as measured.

Run: `python -m benchmarks.tables` after the benchmarks. What was not run is said not to have been.
"""

from __future__ import annotations

import argparse
import inspect
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import geometric_mean
from typing import Any

from benchmarks.codegen.arithmetic_table import arithmetic
from benchmarks.document import published
from benchmarks.document.aims import evaluation_aims, recovery_aims, tree_cost_aims
from benchmarks.document.prose import PROSE
from benchmarks.runs import RESULTS, ROOT, Record, Result
from benchmarks.search.methods import METHODS
from symtick.files import write_text

OUT = ROOT / "docs" / "benchmarks.md"


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table; numbers as they are given."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def _rate(value: float) -> str:
    return f"{value / 1e9:.2f} G"


def plain(rows: Sequence[Record]) -> str:
    """Rows of one form as they are; rates of millions and more in units of 10^9."""
    head = list(rows[0])
    return table(head, [[_cell(row[name]) for name in head] for row in rows])


def _cell(value: object) -> str:
    if isinstance(value, float):
        return _rate(value) if abs(value) >= 1e6 else f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def machine_line(result: Result) -> str:
    """Where it was measured."""
    where = result.get("machine", "an unnamed machine")
    if isinstance(where, str):
        return f"Measured on {where}."
    return f"Measured on {where['cpu']} ({where['isa']}), Python {where['python']}."


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
        (what.replace("_", "-"), *(_rate(limits[name][what]) for name in names))
        for what in ("multiply_adds", "sums")
    ]
    for op in limits[names[0]]["operators"]:
        rows.append((op.lower(), *(_rate(limits[name]["operators"][op]) for name in names)))
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
                     f"{r['evaluations_mean']:,}", f"{r['seconds_mean']:.1f}"))  # fmt: skip
    for method in dict.fromkeys(r["method"] for r in result["laws"]):
        mine = [r for r in result["laws"] if r["method"] == method]
        solved, runs = sum(r["solved"] for r in mine), sum(r["runs"] for r in mine)
        rows.append((method, "**together**", f"**{solved}/{runs}**", "", "", ""))
    for name, solved in published.EMPIRICAL.items():
        rows.append((f"{name} (published)", "together", f"{solved}/{published.EMPIRICAL_RUNS}",
                     "", "", ""))  # fmt: skip
    head = ("method", "law", "solved", "almost", "mean evaluations", "mean s")
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


def ticks(result: Result) -> str:
    """Benchmark 5."""
    settings = result["settings"]
    bound = settings["reference"]
    first = table(
        ("device", "set", "volume: ticks in the loop", "nodes", "better in", "best loss: ticks",
         "nodes"),
        [
            (r["device"], r["set"], *_better(r["volume_ticks"], r["volume_nodes"], 4, max),
             f"{r['wins']}/{r['seeds']}", *_better(r["best_ticks"], r["best_nodes"], 4, min))
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


def _better(
    first: float, second: float, digits: int, best: Callable[[float, float], float]
) -> tuple[str, str]:
    """Both figures, the better one in bold."""
    texts = (f"{first:.{digits}f}", f"{second:.{digits}f}")
    if texts[0] == texts[1]:
        return texts
    return (f"**{texts[0]}**", texts[1]) if best(first, second) == first else (
        texts[0], f"**{texts[1]}**"
    )  # fmt: skip


def _level(row: Record, level: Record) -> Sequence[object]:
    lut: tuple[str, str] = ("-", "-")
    if row["device"] == "open":
        lut = _better(level["lut_ticks"], level["lut_nodes"], 0, min)
    ticks_cells = _better(level["ticks_ticks"], level["ticks_nodes"], 1, min)
    share = f"{100 * level['share']:.0f} %"
    return (row["device"], row["set"], share, f"{level['loss']:.4f}", *ticks_cells, *lut)


def compiler(result: Result) -> str:
    """Benchmark 7."""
    settings = result["settings"]
    head = ("design", "variant", "accuracy %", "LUT", "FF", "ticks", "MHz", "LUT with DSP", "DSP",
            "vectors")  # fmt: skip
    rows = []
    for r in result["table"]:
        share = "-" if r["accuracy"] is None else f"{100 * r['accuracy']:.2f}"
        names = ("lut", "ff", "ticks", "mhz", "lut_with_dsp", "dsp", "vectors")
        cells = ["-" if r[n] is None else f"{r[n]:,.0f}" for n in names]
        rows.append((r["design"], r["variant"], share, *cells))
    return "\n\n".join(
        [
            f"{machine_line(result)} Device `{settings['device']}` at "
            f"{settings['clock_mhz']:g} MHz; the tuning may lose {settings['budget']} of accuracy, "
            "on the training part.",
            table(head, rows),
            _against_reference(result["table"]),
        ]
    )


def _against_reference(rows: Sequence[Record]) -> str:
    """One line for each design: how many times fewer LUTs and ticks than hls4ml's way."""
    lines = []
    for design in dict.fromkeys(r["design"] for r in rows):
        by_variant = {r["variant"]: r for r in rows if r["design"] == design}
        ours, theirs = by_variant["tuned"], by_variant["hls4ml, results cut"]
        if None in (ours["lut"], theirs["lut"], ours["ticks"], theirs["ticks"]):
            continue
        lines.append(
            f"- {design}: {theirs['lut'] / ours['lut']:.0f} times fewer LUTs than with hls4ml's "
            f"way, {theirs['ticks'] / ours['ticks']:.1f} times fewer ticks."
        )
    return "\n".join(lines)


def estimation(result: Result) -> str:
    """Benchmark 8."""
    summary = result["summary"]
    count = summary["expressions"]
    rows = [
        (name, *(f"{100 * summary[f'{key}_{what}']:.1f} %" for what in ("median", "p90", "worst")))
        for name, key in (("LUT", "lut_error"), ("FF", "ff_error"))
    ]
    parts = [
        machine_line(result),
        table(("estimate against Yosys", "median error", "90th percentile", "worst"), rows),
        f"Ticks exact in {summary['ticks_exact']} of {count}, DSPs in {summary['dsp_exact']}, "
        f"block RAM in {summary['bram_exact']}. Median size {summary['lut_median']:.0f} LUTs, "
        f"largest {summary['lut_largest']:,}.",
    ]
    if "clock_met" in summary:
        parts.append(
            f"nextpnr meets the clock in {100 * summary['clock_met']:.1f} %, in "
            f"{100 * summary['clock_met_at_once']:.1f} % with its first seed: median "
            f"{summary['fmax_median']:.0f} MHz, lowest {summary['fmax_least']:.0f}."
        )
    return "\n\n".join(parts)


SECTIONS: Mapping[str, Callable[[Result], str]] = {
    "evaluation": evaluation,
    "tree_cost": tree_cost,
    "recovery": recovery,
    "ablation": ablation,
    "empirical": empirical,
    "ticks": ticks,
    "arithmetic": lambda result: f"{machine_line(result)}\n\n{arithmetic(result)}",
    "compiler": compiler,
    "estimation": estimation,
}


def document(results: Path) -> str:
    """The whole document from a folder of results."""
    parts = [PROSE["head"]]
    for name, write in SECTIONS.items():
        path = results / f"{name}.json"
        parts.append(PROSE[name])
        if path.exists():
            parts.append(write(json.loads(path.read_text())))
        else:
            parts.append("Not measured yet.")
    return "\n\n".join(part.strip() for part in parts) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args(arguments)
    write_text(options.out, document(options.results))


if __name__ == "__main__":
    main()
