"""Refit a device to reports beside designs: `symtick calibrate --from-reports`.

Room: front door. Every folder with a `design.json` is a design, and every file in it or below that
is a report of a known format belongs to it. Where several state the same, the later step of the
vendor's flow is believed: utilisation after routing, after synthesis, then the HLS estimate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from symtick.codegen import Design
from symtick.errors import InputError
from symtick.files import write_text
from symtick.hwcost import load_device
from symtick.hwcost.device_fit import device_text
from symtick.hwcost.hls4ml_reports import Hls4mlReport
from symtick.hwcost.hls_reports import HlsReport
from symtick.hwcost.model import OpenModel
from symtick.hwcost.report_fit import Pair, factors, refitted
from symtick.hwcost.reports import Report, is_report, parse_report
from symtick.hwcost.vivado_reports import TimingReport, UtilisationReport
from symtick.store import FILE, read_source

_SUFFIXES = (".rpt", ".xml", ".json", ".txt")
_STATES = ("Synthesized", "Optimized", "Placed", "Physopt postPlace", "Fully Placed", "Routed")


@dataclass(frozen=True)
class Refitted:
    """What `refit_device` made.

    Attributes:
        path: the device file written.
        factors: of `lut`, `ff` and `ns`.
        pairs: every design beside its reports.
    """

    path: Path
    factors: dict[str, float]
    pairs: tuple[Pair, ...]


def refit_device(folder: Path, device: str, output: Path) -> Refitted:
    """Fit a device's model to the reports of designs, and write it as a device file.

    Args:
        folder: holds design folders with reports in them, at any depth.
        device: the base, a name or a device file.
        output: the file to write, which ends in `.yaml`; its stem names the device.

    Raises:
        InputError: there is no design or no report, a report is damaged, or the device has no
            rows to scale.
    """
    if output.suffix != ".yaml":
        raise InputError(f"a device file ends in .yaml, not as {output}")
    base = load_device(device)
    if base.kind == "published":
        raise InputError(f"device {device} is a table of published cycles: it has no rows to fit")
    pairs = tuple(_pairs(folder, OpenModel(base, 1000.0)))
    if not pairs:
        raise InputError(f"{folder} holds no design: no {FILE} in it or below")
    made = factors(pairs)
    text = device_text(refitted(_content(device), output.stem, made, pairs))
    write_text(output, text)
    return Refitted(output, made, pairs)


def _content(device: str) -> dict[str, Any]:
    """The device file as it stands."""
    own = Path(str(files("symtick.hwcost") / "data" / f"{device}.yaml"))
    path = Path(device) if device.endswith(".yaml") else own
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def _pairs(folder: Path, costs: OpenModel) -> Iterator[Pair]:
    for path in sorted(folder.rglob(FILE)):
        _, design = read_source(path.parent)
        found = [report for file in _files(path.parent) for report in _read(file)]
        if not found:
            raise InputError(
                f"{path.parent} has no report that is known in it or below: put report_utilization "
                "and report_timing_summary of Vivado, or csynth.xml, beside design.json"
            )
        yield _pair(design, found, costs)


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() in _SUFFIXES and p.is_file())


def _read(path: Path) -> list[Report]:
    """The report in a file; none where it is another kind of file."""
    text = path.read_text(errors="replace")
    if not is_report(text):
        return []
    try:
        return [parse_report(text)]
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _pair(design: Design, found: list[Report], costs: OpenModel) -> Pair:
    hls = [r for r in found if isinstance(r, HlsReport)]
    area = [r for r in found if isinstance(r, UtilisationReport)]
    for report in found:
        if isinstance(report, Hls4mlReport):
            hls += [report.csynth] if report.csynth else []
            area += [report.synthesis] if report.synthesis else []
    timing = [r for r in found if isinstance(r, TimingReport)]
    used: UtilisationReport | HlsReport | None = max(area, key=_step, default=None)
    used = used or next(iter(hls), None)
    reached = timing[0].reached_ns if timing else hls[0].estimated_ns if hls else None
    graph = design.graph
    nodes = [costs.area(graph, k) for k in range(len(graph.nodes))]
    assert costs.device.clock is not None  # an open device has one
    overhead = costs.device.clock.overhead_ns
    return Pair(
        design.name,
        model_lut=sum(a.lut for a in nodes),
        lut=used.lut if used else None,
        model_ff=costs.device.ff_factor * design.schedule.registers(graph),
        ff=used.ff if used else None,
        model_ns=_longest(design, costs),
        ns=None if reached is None else max(0.0, reached - overhead),
        routed=bool(timing),
        model_dsp=sum(a.dsp for a in nodes),
        dsp=used.dsp if used else None,
    )


def _step(report: UtilisationReport) -> int:
    """How late in the flow a report was made."""
    return _STATES.index(report.state) if report.state in _STATES else 0


def _longest(design: Design, costs: OpenModel) -> float:
    """The longest logic path within a stage by the model, ns."""
    graph, stages = design.graph, design.schedule.stage
    time: list[float] = []
    for k, node in enumerate(graph.nodes):
        starts = [time[a] for a in node.args if stages[a] == stages[k]]
        time.append(max(starts, default=0.0) + costs.delay(graph, k))
    return max(time)
