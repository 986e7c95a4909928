"""The sections of docs/benchmarks.md on the compiler, its estimates and products."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.document.markdown import machine_line, table
from benchmarks.runs import Record, Result


def compiler(result: Result) -> str:
    """Benchmark 8."""
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
    """Benchmark 9."""
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


def front_estimates(result: Result) -> str:
    """Benchmark 10."""
    head = ("input bits", "designs", "median LUT", "largest", "median error", "90th percentile",
            "bias", "worst")  # fmt: skip
    rows = [
        (
            str(r["width"]),
            str(r["designs"]),
            f"{r['lut_median']:,.0f}",
            f"{r['lut_largest']:,}",
            *(f"{100 * r[name]:.1f} %" for name in ("error_median", "error_p90")),
            *(f"{100 * r[name]:+.1f} %" for name in ("bias", "worst")),
        )
        for r in result["table"]
    ]
    return "\n\n".join([machine_line(result), table(head, rows)])


def products(result: Result) -> str:
    """Benchmark 11."""
    head = ("product", "MHz", "ticks est.", "ticks", "LUT est.", "LUT", "FF est.", "FF", "DSP est.",
            "DSP")  # fmt: skip
    names = ("lut", "lut_yosys", "ff", "ff_yosys", "dsp", "dsp_yosys")
    rows = []
    for r in result["rows"]:
        depths = dict.fromkeys((r["ticks_fewest"], r["ticks_most"]))
        cells = [f"{r[name]:,.0f}" for name in names]
        ticks = (r["ticks"], "-".join(map(str, depths)))
        rows.append((r["product"], f"{r['clock_mhz']:g}", *ticks, *cells))
    device = f"Device `{result['settings']['device']}`."
    return f"{machine_line(result)} {device}\n\n{table(head, rows)}"
