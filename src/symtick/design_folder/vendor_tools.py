"""AMD's tools run on a design folder, and what they report, beside the estimate.

`vitis` stands for C simulation, C synthesis and co-simulation by the HLS tool, with its RTL in the
cocotb bench of the design's own Verilog; `vivado` for synthesis, place and route of that Verilog,
out of context.
"""

from __future__ import annotations

from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import Any

from symtick.codegen import Area, Design
from symtick.codegen.emit import vectors
from symtick.errors import InputError
from symtick.extras import require
from symtick.hwcost import read_report
from symtick.hwcost.reports.hls import parse_cosim
from symtick.hwcost.reports.vivado import TimingReport, UtilisationReport
from symtick.sim import hls_rtl, vitis, vivado

_BENCH_VECTORS = 2000


class VendorTool(Enum):
    """Which of AMD's tools."""

    VITIS = "vitis"
    VIVADO = "vivado"


def vitis_figures(folder: Path, design: Design) -> dict[str, Any]:
    """What the HLS tool and the bench say of the design's C++, as JSON values.

    Returns:
        The figures of `symtick.hwcost.HlsReport`; `cosim`, those of
        `symtick.hwcost.reports.hls.CosimReport`; and `bench`: vectors, mismatches and latency in
        ticks of the tool's RTL in symtick's own bench.

    Raises:
        InputError: a report is damaged.
        MissingExtraError: the extra that brings a tool of the bench is not installed.
        ToolError: the HLS tool or a tool of the bench is missing or fails.
    """
    require("symtick synth --tool vitis", tools=("g++", "make", "verilator", "cocotb"))
    done = vitis.run(folder, design.top, cosim=True)
    cosim = parse_cosim(_text(done.cosim)) if done.cosim else None
    raw = vectors.make(design, _BENCH_VECTORS, seed=0)
    seen = hls_rtl.simulate(design, done.verilog, raw, folder / "synth" / "vitis")
    return {
        **asdict(read_report(done.csynth)),
        "cosim": cosim and asdict(cosim),
        "bench": {
            "vectors": len(raw),
            "mismatches": seen.mismatches,
            "latency": seen.latency,
        },
    }


def vivado_figures(folder: Path, design: Design) -> dict[str, Any]:
    """What Vivado says of the routed Verilog, as JSON values.

    Returns:
        `lut`, `ff`, `dsp`, `bram`, `state`, `part`; `wns_ns` and `fmax_mhz` of the design's clock,
        None where it has no register.

    Raises:
        InputError: a report is damaged, or of another design.
        ToolError: Vivado is missing or fails.
    """
    done = vivado.run(folder, design.top)
    used = read_report(done.utilisation)
    if not isinstance(used, UtilisationReport) or used.design != design.top:
        raise InputError(f"{done.utilisation} is no utilisation report of {design.top}")
    clock = None
    if design.schedule.registers(design.graph):
        timing = read_report(done.timing)
        if not isinstance(timing, TimingReport):
            raise InputError(f"{done.timing} is no timing report")
        clock = timing.clock(design.schedule.clock_ns)
    figures = asdict(used)
    del figures["design"]
    return {
        **figures,
        "wns_ns": None if clock is None else clock.wns_ns,
        "fmax_mhz": None if clock is None else clock.fmax_mhz,
    }


def vendor_lines(
    design: str,
    ticks: int,
    estimate: Area,
    hls: dict[str, Any] | None,
    routed: dict[str, Any] | None,
) -> list[str]:
    """What AMD's tools said, in words, beside the estimate.

    Args:
        design: its name.
        ticks: latency of the schedule.
        estimate: the cost model's area.
        hls: of `vitis_figures`.
        routed: of `vivado_figures`.
    """
    lines = []
    if hls is not None:
        area = ", ".join(_beside(hls, estimate, name) for name in ("lut", "ff", "dsp"))
        lines.append(
            f"Vitis HLS, {design}: {area}, latency {hls['latency_max']} (scheduled {ticks}), "
            f"clock {hls['estimated_ns']:g} of {hls['target_ns']:g} ns"
        )
    if hls is not None and hls.get("cosim"):
        lines.append(f"  co-simulation: {hls['cosim']['status']}")
    if hls is not None and hls.get("bench"):
        bench = hls["bench"]
        lines.append(
            f"  its RTL in symtick's bench: {bench['vectors']} vectors, "
            f"{bench['mismatches']} mismatches, latency {bench['latency']}"
        )
    if routed is not None:
        area = ", ".join(_beside(routed, estimate, name) for name in ("lut", "ff", "dsp"))
        clock = "" if routed["fmax_mhz"] is None else f", {routed['fmax_mhz']:.0f} MHz reached"
        lines.append(f"Vivado, {design}: {routed['state']}, {area}{clock}")
    return lines


def agreed(hls: dict[str, Any] | None) -> bool:
    """Whether the HLS tool's RTL has computed what it should, as far as it was run."""
    if hls is None:
        return True
    cosim, bench = hls.get("cosim"), hls.get("bench")
    passed = cosim is None or str(cosim["status"]).lower() == "pass"
    return passed and (bench is None or bench["mismatches"] == 0)


def _beside(figures: dict[str, Any], estimate: Area, name: str) -> str:
    return f"{figures[name]:g} {name.upper()} (estimate {getattr(estimate, name):.0f})"


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")
