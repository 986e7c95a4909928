"""Reader for the report dict of hls4ml.

`hls4ml.report.parse_vivado_report` gives, for the Vivado and Vitis back ends, a dict of dicts in
which every figure is a string, as it stood in the tool's report; `json.dump` of it is a file that
`read_report` knows. The figures after placement and routing that its accelerator back end adds are
of `BLOCK_DESIGN`, the design with the buses that it puts around the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from symtick.errors import InputError
from symtick.hwcost.reports.hls import HlsReport, number, ticks
from symtick.hwcost.reports.vivado import UtilisationReport, slack

CSYNTH, VIVADO = "CSynthesisReport", "VivadoSynthReport"
_ROUTED, _TIMING = "ImplementationReport", "TimingReport"
BLOCK_DESIGN = "design_1_wrapper"


@dataclass(frozen=True)
class Hls4mlReport:
    """The parts of the dict that were built; None for the others.

    Attributes:
        csynth: what the HLS tool estimates; the dict names neither top, part nor version.
        synthesis: what logic synthesis took.
        implementation: what the routed block design takes.
        wns_ns: its worst slack, against a period that the dict does not state.
    """

    csynth: HlsReport | None
    synthesis: UtilisationReport | None
    implementation: UtilisationReport | None
    wns_ns: float | None


def read_hls4ml(report: Mapping[str, Any]) -> Hls4mlReport:
    """The dict of hls4ml.

    Raises:
        InputError: it holds neither an HLS nor a synthesis report, or a figure is none.
    """
    csynth = _section(report, CSYNTH)
    vivado = _section(report, VIVADO)
    routed, timing = _section(report, _ROUTED), _section(report, _TIMING)
    if not csynth and not vivado:
        raise InputError(f"the hls4ml report has neither {CSYNTH} nor {VIVADO}: build it first")
    return Hls4mlReport(
        _csynth(csynth) if csynth else None,
        _synthesis(vivado) if vivado else None,
        _implementation(routed) if routed else None,
        slack(timing["WNS"]) if "WNS" in timing else None,
    )


def _section(report: Mapping[str, Any], name: str) -> dict[str, str]:
    section = report.get(name, {})
    if not isinstance(section, Mapping):
        raise InputError(f"{name} of the hls4ml report is {section!r}, not a dict")
    return {str(key): str(value).strip() for key, value in section.items()}


def _csynth(section: Mapping[str, str]) -> HlsReport:
    lut, ff = _required(section, "LUT"), _required(section, "FF")
    low, high, ii_low, ii_high = (
        ticks(section.get(name, "?"))
        for name in ("BestLatency", "WorstLatency", "IntervalMin", "IntervalMax")
    )
    return HlsReport(
        "", "", "", _required(section, "TargetClockPeriod"),
        _required(section, "EstimatedClockPeriod"), low, high, ii_low, ii_high,
        round(lut), round(ff), round(_figure(section, "DSP")), _figure(section, "BRAM_18K") / 2,
        round(_figure(section, "URAM")),
    )  # fmt: skip


def _synthesis(section: Mapping[str, str]) -> UtilisationReport:
    lut, ff = _required(section, "LUT"), _required(section, "FF")
    # hls4ml takes the line "Block RAM Tile", blocks of 36 kbit, in spite of the key's name
    return UtilisationReport(
        "", "", "Synthesized", round(lut), round(ff),
        round(_figure(section, "DSP48E")), _figure(section, "BRAM_18K"),
    )  # fmt: skip


def _implementation(section: Mapping[str, str]) -> UtilisationReport:
    lut, ff = _required(section, "TotLUTs"), _required(section, "FFs")
    return UtilisationReport(
        BLOCK_DESIGN, "", "Routed", round(lut), round(ff), round(_figure(section, "DSPs")),
        _figure(section, "RAMB36s") + _figure(section, "RAMB18s") / 2,
    )  # fmt: skip


def _figure(section: Mapping[str, str], name: str) -> float:
    return number(section[name], name) if name in section else 0.0


def _required(section: Mapping[str, str], name: str) -> float:
    if name not in section:
        raise InputError(f"the hls4ml report does not state {name}")
    return number(section[name], name)
