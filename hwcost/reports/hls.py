"""Readers for the synthesis and co-simulation reports of Vitis HLS and Vivado HLS.

Both formats of the synthesis report are read: `csynth.xml` (AMD UG1399, "Synthesis Summary";
written by every version since Vivado HLS 2013) and the text `csynth.rpt`, whose tables changed with
2019.2 (units in the cells, absolute latency).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree import ElementTree

from symtick.errors import InputError

_RESOURCES = {"BRAM_18K": "bram", "DSP": "dsp", "DSP48E": "dsp", "FF": "ff", "LUT": "lut",
              "URAM": "uram"}  # fmt: skip


@dataclass(frozen=True)
class HlsReport:
    """What the HLS tool estimates.

    Attributes:
        top: name of the top function.
        part: target part.
        version: version of the tool.
        target_ns: clock period asked for.
        estimated_ns: clock period estimated.
        latency_min: best latency in ticks; None where the tool writes `undef` or `?`.
        latency_max: worst latency in ticks, None likewise.
        ii_min: smallest initiation interval in ticks, None likewise.
        ii_max: largest initiation interval in ticks, None likewise.
        lut: LUTs.
        ff: flip-flops.
        dsp: DSP blocks.
        bram: block RAMs of 36 kbit (the report counts halves).
        uram: UltraRAMs.
    """

    top: str
    part: str
    version: str
    target_ns: float
    estimated_ns: float
    latency_min: int | None
    latency_max: int | None
    ii_min: int | None
    ii_max: int | None
    lut: int
    ff: int
    dsp: int
    bram: float
    uram: int


@dataclass(frozen=True)
class CosimReport:
    """What co-simulation of the RTL has shown.

    Attributes:
        rtl: `Verilog` or `VHDL`.
        status: `Pass`, or what else the tool says.
        latency_min: least latency in ticks; None where the tool writes `NA`.
        latency_max: largest latency in ticks, None likewise.
        ii_max: largest initiation interval in ticks, None likewise.
    """

    rtl: str
    status: str
    latency_min: int | None
    latency_max: int | None
    ii_max: int | None

    @property
    def passed(self) -> bool:
        """Whether the test bench ended well on the RTL."""
        return self.status.lower() == "pass"


def parse_cosim(text: str) -> CosimReport:
    """The text of a <top>_cosim.rpt (UG1399, "C/RTL Co-Simulation Report").

    Raises:
        InputError: it has no line of an RTL that was simulated.
    """
    for line in text.splitlines():
        row = cells(line) if line.lstrip().startswith("|") else []
        if row[:1] in (["Verilog"], ["VHDL"]) and len(row) >= 8 and row[1] != "NA":
            low, high, interval = (ticks(row[k]) for k in (2, 4, 7))
            return CosimReport(row[0], row[1], low, high, interval)
    raise InputError("the co-simulation report has no line of an RTL that was simulated")


def parse_xml(text: str) -> HlsReport:
    """The text of a csynth.xml.

    Raises:
        InputError: it is not such a report; the text says what of it was not found.
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise InputError("a synthesis report has no document type; this file is refused")
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise InputError(f"not XML: {error}") from None

    def text_at(place: str) -> str:
        content = root.findtext(place)
        if content is None:
            raise InputError(f"the report has no {place}")
        return content.strip()

    latency = "PerformanceEstimates/SummaryOfOverallLatency/"
    resources = root.find("AreaEstimates/Resources")
    if resources is None:
        raise InputError("the report has no AreaEstimates/Resources")
    return _report(
        text_at("UserAssignments/TopModelName"),
        text_at("UserAssignments/Part"),
        text_at("ReportVersion/Version"),
        text_at("UserAssignments/TargetClockPeriod"),
        text_at("PerformanceEstimates/SummaryOfTimingAnalysis/EstimatedClockPeriod"),
        [text_at(latency + name) for name in ("Best-caseLatency", "Worst-caseLatency",
                                           "Interval-min", "Interval-max")],
        {child.tag: (child.text or "").strip() for child in resources},
    )  # fmt: skip


def parse_rpt(text: str) -> HlsReport:
    """The text of a csynth.rpt; errors as in `parse_xml`."""
    clock = _first_row(text, r"\+ Timing", "the clock table")
    latency = _first_row(text, r"\+ Latency", "the latency table")
    # with absolute latencies (2019.2 on) there are two cells more
    ends = latency[:2] + (latency[4:6] if len(latency) >= 7 else latency[2:4])
    if len(clock) < 3 or len(ends) < 4:
        raise InputError("the clock or latency table has too few columns")
    names = _search(text, r"^\|\s*Name\s*\|(.*)\|\s*$", "the head of the utilization table")
    total = _search(text, r"^\|Total\s*\|(.*)\|\s*$", "the Total line of the utilization table")
    return _report(
        _search(text, r"(?:Vitis|Vivado) HLS Report for '([^']+)'", "its title"),
        _search(text, r"^\* Target device:\s*(\S+)", "the target device"),
        _search(text, r"^\* Version:\s*(\S+)", "the version"),
        clock[1],
        clock[2],
        ends,
        dict(zip(cells(names), cells(total), strict=False)),
    )


def cells(line: str) -> list[str]:
    """The cells of a row between bars."""
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _search(text: str, pattern: str, what: str) -> str:
    match = re.search(pattern, text, re.MULTILINE)
    if not match:
        raise InputError(f"the report lacks {what}")
    return match[1]


def _first_row(text: str, heading: str, what: str) -> list[str]:
    """Cells of the first row that holds figures after a heading."""
    after = re.split(heading, text, maxsplit=1)
    for line in after[1].splitlines() if len(after) == 2 else ():
        row = line.strip()
        if row.startswith("== "):
            break
        if row.startswith("|") and re.search(r"\|\s*(?:\d|undef|\?)", row):
            return cells(row)
    raise InputError(f"the report lacks {what}")


def number(text: str, what: str) -> float:
    """A figure, with `ns` after it or not; `what` names it in the error."""
    match = re.match(r"\s*(\d+(?:\.\d+)?)(?:\s*ns)?\s*$", text)
    if not match:
        raise InputError(f"{what} is {text!r}, not a number")
    return float(match[1])


def ticks(text: str) -> int | None:
    """A latency or interval; None where the tool does not know it."""
    return None if text in ("undef", "?", "-", "NA", "") else int(number(text, "a latency"))


def _report(
    top: str,
    part: str,
    version: str,
    target: str,
    estimated: str,
    ends: list[str],
    resources: dict[str, str],
) -> HlsReport:
    used = {"bram": 0, "dsp": 0, "ff": 0, "lut": 0, "uram": 0}
    for name, text in resources.items():
        if name in _RESOURCES:
            used[_RESOURCES[name]] = 0 if text in ("-", "") else int(number(text, name))
    if not {"FF", "LUT"} <= set(resources):
        raise InputError("the report does not state FF and LUT")
    low, high, ii_low, ii_high = (ticks(text) for text in ends)
    return HlsReport(
        top, part, version, number(target, "the target period"),
        number(estimated, "the estimated period"), low, high, ii_low, ii_high,
        used["lut"], used["ff"], used["dsp"], used["bram"] / 2, used["uram"],
    )  # fmt: skip
