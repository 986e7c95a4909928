"""Readers for Vivado's utilisation and timing reports.

Formats: the text of `report_utilization` (AMD UG835; "Slice Logic" tables for the 7 series, "CLB
Logic" for UltraScale and later, with a Prohibited column since 2021) and of `report_timing_summary`
(UG835, UG906).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import inf

from symtick.errors import InputError
from symtick.hwcost.reports.hls import cells, number

# name of a resource in the tables: 7 series, UltraScale; a star marks a footnote
_SITES = {
    "slice luts": "lut", "clb luts": "lut", "slice registers": "ff", "clb registers": "ff",
    "dsps": "dsp", "block ram tile": "bram",
}  # fmt: skip
# of a report's head, `Design State`, in the order of the flow
_STATES = ("Synthesized", "Optimized", "Placed", "Physopt postPlace", "Fully Placed", "Routed",
           "Physopt postRoute")  # fmt: skip
# a report rounds a period to a picosecond, and a clock is often given rounded
_SAME_PERIOD = 0.01


def step(state: str) -> int:
    """How late in the flow a state is; 0 where it is none that is known."""
    return _STATES.index(state) + 1 if state in _STATES else 0


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
    """

    design: str
    part: str
    state: str
    lut: int
    ff: int
    dsp: int
    bram: float


@dataclass(frozen=True)
class ClockSlack:
    """How a clock's paths keep to its period.

    Attributes:
        name: of the clock.
        period_ns: its period as constrained.
        wns_ns: its worst slack, negative where it is missed.
    """

    name: str
    period_ns: float
    wns_ns: float

    @property
    def reached_ns(self) -> float:
        """The shortest period that the design allows."""
        return self.period_ns - self.wns_ns

    @property
    def fmax_mhz(self) -> float:
        """The highest clock that the design allows; tools stop when the constraint is met.

        So it is a lower bound of what the part can do where the slack is positive.
        """
        return 1000.0 / self.reached_ns


@dataclass(frozen=True)
class TimingReport:
    """What clocks a design reaches.

    Attributes:
        design: top-level name.
        part: the part as the report spells it.
        state: `Synthesized`, `Routed`, ...
        clocks: those that have paths from register to register, in the report's order.
    """

    design: str
    part: str
    state: str
    clocks: tuple[ClockSlack, ...]

    @property
    def routed(self) -> bool:
        """Whether the wires are there; before that the tool guesses them."""
        return step(self.state) >= step("Routed")

    def clock(self, period_ns: float) -> ClockSlack:
        """The only clock, or of several the one of this period.

        Raises:
            InputError: none of several has it, or more than one.
        """
        near = [c for c in self.clocks if abs(c.period_ns / period_ns - 1.0) < _SAME_PERIOD]
        chosen = self.clocks if len(self.clocks) == 1 else near
        if len(chosen) != 1:
            names = ", ".join(f"{c.name} ({c.period_ns:g} ns)" for c in self.clocks)
            raise InputError(
                f"the timing report has the clocks {names}: it is not clear which is the design's, "
                f"of {period_ns:.3f} ns; report one clock only"
            )
        return chosen[0]


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
    whole = {name: round(used.get(name, 0.0)) for name in ("lut", "ff", "dsp")}
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
        row[0]: slack(row[1]) for row in _rows(text, "Intra Clock Table")
        if row[0] in periods and len(row) > 5
    }  # fmt: skip
    if not slacks and len(periods) == 1:
        overall = _rows(text, "Design Timing Summary")
        slacks = {next(iter(periods)): slack(overall[0][0])} if overall else {}
    if not slacks:
        raise InputError("the timing report has no slack: run report_timing_summary after routing")
    timed = tuple(
        ClockSlack(name, periods[name], least) for name, least in slacks.items() if least < inf
    )
    if not timed:
        raise InputError("the timing report has no path from register to register (WNS is NA)")
    return TimingReport(
        _head(text, "Design"), _head(text, "Device"), _head(text, "Design State"), timed
    )


def _head(text: str, name: str) -> str:
    """A line of the report's head, `| Name : value`; "" where it is missing."""
    match = re.search(rf"^\s*\|\s*{name}\s*:\s*(.*?)\s*\|?\s*$", text, re.MULTILINE)
    return match[1] if match else ""


def _rows(text: str, section: str) -> list[list[str]]:
    """Words of the rows under the dashes of a section's table."""
    _, heading, after = text.partition(f"| {section}\n")
    lines = iter(after.splitlines() if heading else ())
    for line in lines:
        if line.strip() and set(line) <= {"-", " "} and "  " in line.strip():
            break
    rows = []
    for line in lines:
        if not line.strip():
            break
        rows.append(line.split())
    return rows


def slack(text: str) -> float:
    """A slack in ns; infinite where there is no path."""
    if text.upper() == "NA":
        return inf
    try:
        return float(text)
    except ValueError:
        raise InputError(f"a slack is {text!r}, not a number") from None
