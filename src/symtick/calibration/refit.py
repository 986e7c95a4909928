"""Refit a device to reports beside designs: `symtick calibrate --from-reports`.

Every folder with a `design.json` is a design; `symtick.calibration.reports` finds
what the vendors' tools say of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from symtick.calibration.reports import Reports, reports_of, same_part
from symtick.codegen import Design
from symtick.design_folder.folder import FILE, read_spec
from symtick.errors import InputError
from symtick.files import write_text
from symtick.hwcost import load_device
from symtick.hwcost.devices.fitting import device_text
from symtick.hwcost.models.model import OpenModel
from symtick.hwcost.reports.refit import ReportedDesign, factors, refitted


@dataclass(frozen=True)
class Refitted:
    """What `refit_device` made.

    Attributes:
        path: the device file written.
        factors: of `lut`, `ff` and `ns`.
        pairs: every design with reports beside them.
        notes: what a reader must know of them: designs and reports left out, another part.
    """

    path: Path
    factors: dict[str, float]
    pairs: tuple[ReportedDesign, ...]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As JSON values, by attribute name."""
        return {
            "path": str(self.path),
            "factors": self.factors,
            "pairs": [asdict(pair) for pair in self.pairs],
            "notes": self.notes,
        }


def refit_device(folder: Path, device: str, output: Path) -> Refitted:
    """Fit a device's model to the reports of designs, and write it as a device file.

    Args:
        folder: holds design folders with reports in them, at any depth.
        device: the base, a name or a device file.
        output: the file to write, which ends in `.yaml`; its stem names the device.

    Raises:
        InputError: there is no design or no report, a report is damaged or of another design, or
            the device has no rows to scale.
    """
    if output.suffix != ".yaml":
        raise InputError(f"a device file ends in .yaml, not as {output}")
    base = load_device(device)
    if base.kind == "published":
        raise InputError(f"device {device} is a table of published cycles: it has no rows to fit")
    pairs, notes = _compared(_designs(folder), OpenModel(base, 1000.0))
    if not pairs:
        raise InputError(
            f"no design in {folder} has a report that is known: put report_utilization and "
            "report_timing_summary of Vivado, or csynth.xml, beside design.json"
        )
    made = factors(pairs)
    write_text(output, device_text(refitted(_content(device), output.stem, made, pairs)))
    return Refitted(output, made, tuple(pairs), tuple(notes))


def _compared(folders: Sequence[Path], costs: OpenModel) -> tuple[list[ReportedDesign], list[str]]:
    """Every design with reports beside them, and what is to be said of the others, too."""
    pairs: list[ReportedDesign] = []
    notes: list[str] = []
    for folder in folders:
        spec, design = read_spec(folder)
        reports = reports_of(folder, design.name, 1000.0 / spec.clock_mhz)
        if reports is None:
            notes.append(f"{folder} is left out: it has no report")
            continue
        pairs.append(_pair(design, reports, costs))
        notes += [f"{folder}: {reports.left_out}"] if reports.left_out else []
        part = costs.device.part
        notes += [
            f"{folder}: its reports are of {other}, the device is for {part}"
            for other in reports.parts
            if not same_part(other, part)
        ]
    return pairs, notes


def _designs(folder: Path) -> list[Path]:
    folders = sorted(path.parent for path in folder.rglob(FILE))
    if not folders:
        raise InputError(f"{folder} holds no design: no {FILE} in it or below")
    return folders


def _content(device: str) -> dict[str, Any]:
    """The device file as it stands."""
    own = Path(str(files("symtick.hwcost") / "data" / f"{device}.yaml"))
    path = Path(device) if device.endswith(".yaml") else own
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def _pair(design: Design, reports: Reports, costs: OpenModel) -> ReportedDesign:
    graph, used, reached = design.graph, reports.area, reports.reached_ns
    nodes = [costs.area(graph, k) for k in range(len(graph.nodes))]
    assert costs.device.clock is not None  # an open device has one
    overhead = costs.device.clock.overhead_ns
    return ReportedDesign(
        design.name,
        model_lut=sum(a.lut for a in nodes),
        lut=used.lut if used else None,
        model_ff=costs.device.ff_factor * design.schedule.registers(graph),
        ff=used.ff if used else None,
        model_ns=_longest(design, costs),
        ns=None if reached is None else max(0.0, reached - overhead),
        routed=reports.routed,
        model_dsp=sum(a.dsp for a in nodes),
        dsp=used.dsp if used else None,
        bram=used.bram if used else None,
    )


def _longest(design: Design, costs: OpenModel) -> float:
    """The longest logic path within a stage by the model, ns; not those within a DSP block."""
    graph, stages = design.graph, design.schedule.stage
    time: list[float] = []
    for k, node in enumerate(graph.nodes):
        starts = [time[a] for a in node.args if stages[a] == stages[k]]
        delay = 0.0 if costs.registered(graph, k) else costs.delay(graph, k)
        time.append(max(starts, default=0.0) + delay)
    return max(time)
