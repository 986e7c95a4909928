"""Readers for Vivado's utilisation and timing reports.

Room: `hwcost`; imports the errors and the room's report helpers. Formats: the text of
`report_utilization` (AMD UG835; "Slice Logic" tables for the 7 series, "CLB Logic" for UltraScale
and later, with a Prohibited column since 2021) and of `report_timing_summary` (UG835, UG906).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from symtick.errors import InputError
from symtick.hwcost.hls_reports import cells, number

# name of a resource in the tables: 7 series, UltraScale; a star marks a footnote
_SITES = {
    "slice luts": "lut", "clb luts": "lut", "slice registers": "ff", "clb registers": "ff",
    "dsps": "dsp", "block ram tile": "bram", "uram": "uram",
}  # fmt: skip


@dataclass(frozen=True)
class UtilisationReport:
    """What a design takes of a part.

    Attributes:
        design: top-level name.
        part: the part as the report spells it.
        state: `Synthesized`, `Routed`, ...
        lut: LUTs.
        ff: registers.
        dsp: DSP blocks.
        bram: block RAMs of 36 kbit.
        uram: UltraRAMs.
    """

    design: str
    part: str
    state: str
    lut: int
    ff: int
    dsp: int
    bram: float
    uram: int


@dataclass(frozen=True)
class TimingReport:
    """What clock a design reaches.

    Attributes:
        design: top-level name.
        part: the part as the report spells it.
        clock: the clock with the least slack.
        period_ns: its period as constrained.
        wns_ns: its worst slack, negative where it is missed.
    """

    design: str
    part: str
    clock: str
    period_ns: float
    wns_ns: float

    @property
    def reached_ns(self) -> float:
        """The shortest period that the routed design allows."""
        return self.period_ns - self.wns_ns

    @property
    def fmax_mhz(self) -> float:
        """The highest clock that the routed design allows; tools stop when the constraint is met.

        So it is a lower bound of what the part can do where the slack is positive.
        """
        return 1000.0 / self.reached_ns


def parse_utilisation(text: str) -> UtilisationReport:
    """The text of a report_utilization.

    Raises:
        InputError: it is no such report, or lacks LUTs or registers.
    """
    used: dict[str, float] = {}
    column: int | None = None
    for line in text.splitlines():
        row = cells(line) if line.lstrip().startswith("|") else []
        if row and row[0] == "Site Type":
            column = row.index("Used") if "Used" in row else None
        elif row and column is not None and column < len(row):
            name = _SITES.get(row[0].rstrip("*").strip().lower())
            # the first table that names a resource has its total
            if name is not None and name not in used:
                used[name] = number(row[column], f"the number of {row[0]}")
    if not {"lut", "ff"} <= set(used):
        raise InputError("the utilisation report has no line for LUTs and registers")
    whole = {name: round(used.get(name, 0.0)) for name in ("lut", "ff", "dsp", "uram")}
    return UtilisationReport(
        _head(text, "Design"), _head(text, "Device"), _head(text, "Design State"), **whole,
        bram=used.get("bram", 0.0),
    )  # fmt: skip


def parse_timing(text: str) -> TimingReport:
    """The text of a report_timing_summary.

    Raises:
        InputError: it is no such report, or no clock is constrained.
    """
    periods = {
        row[0]: number(row[-2], f"the period of {row[0]}")
        for row in _rows(text, "Clock Summary") if "}" in " ".join(row)
    }  # fmt: skip
    if not periods:
        raise InputError("the timing report has no clock: constrain one with create_clock")
    slacks = {
        row[0]: _slack(row[1]) for row in _rows(text, "Intra Clock Table")
        if row[0] in periods and len(row) > 5
    }  # fmt: skip
    if not slacks and len(periods) == 1:
        overall = _rows(text, "Design Timing Summary")
        slacks = {next(iter(periods)): _slack(overall[0][0])} if overall else {}
    if not slacks:
        raise InputError("the timing report has no slack: run report_timing_summary after routing")
    clock = min(slacks, key=lambda name: slacks[name])
    if slacks[clock] == float("inf"):
        raise InputError("the timing report has no path from register to register (WNS is NA)")
    return TimingReport(
        _head(text, "Design"), _head(text, "Device"), clock, periods[clock], slacks[clock]
    )


def _head(text: str, name: str) -> str:
    """A line of the report's head, `| Name : value`; "" where it is missing."""
    found = re.search(rf"^\s*\|\s*{name}\s*:\s*(.*?)\s*\|?\s*$", text, re.MULTILINE)
    return found[1] if found else ""


def _rows(text: str, section: str) -> list[list[str]]:
    """Words of the rows under the dashes of a section's table."""
    _, found, after = text.partition(f"| {section}\n")
    lines = iter(after.splitlines() if found else ())
    for line in lines:
        if line.strip() and set(line) <= {"-", " "} and "  " in line.strip():
            break
    rows = []
    for line in lines:
        if not line.strip():
            break
        rows.append(line.split())
    return rows


def _slack(text: str) -> float:
    if text.upper() == "NA":
        return float("inf")
    try:
        return float(text)
    except ValueError:
        raise InputError(f"a slack is {text!r}, not a number") from None
