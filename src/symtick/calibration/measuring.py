"""Measure operators through Yosys and nextpnr, and refit the device files: `symtick calibrate`.

Every point is one graph node between registers, printed by the code generator itself. A point of
which a kept set holds the same graph, by the same versions of the tools, is not measured again.
What is measured goes point by point to a work folder, so that an interrupted run goes on from
there.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import yaml

from symtick.calibration.points import CalibrationPoint, points
from symtick.codegen.design import Design
from symtick.codegen.emit.verilog import verilog_files
from symtick.codegen.scheduling.scheduler import schedule
from symtick.errors import InputError
from symtick.expr import parse
from symtick.files import write_json, write_text
from symtick.hwcost import model
from symtick.hwcost.devices.fitting import check_head, device_text, refit
from symtick.hwcost.devices.measured import (
    SETS,
    Column,
    MeasuredSet,
    Measurement,
    load_measured,
    measured_text,
)
from symtick.settings import validated
from symtick.sim import nextpnr, yosys
from symtick.sim.tools import find

SET = "yosys-nextpnr"
WORK = Path("calibration")
_TARGET_MHZ = 400.0
# points in one run of Yosys, which is quicker: an interrupt loses their LUT counts at most
_AT_ONCE = 8
_AT_ONCE_FAMILIES: tuple[Literal["xcup", "xc7"], ...] = ("xcup", "xc7")
_POINTS = "points"
_DATA = Path(str(files("symtick.hwcost") / "data"))
_Known = dict[str, Measurement]


@dataclass(frozen=True)
class CalibrationStep:
    """A point that was measured: its label, how many are done, and how many there are to do."""

    label: str
    done: int
    total: int


CalibrationObserver = Callable[[CalibrationStep], None]


def calibrate(
    output: Path,
    work: Path = WORK,
    fresh: str | None = None,
    chosen: Sequence[CalibrationPoint] | None = None,
    observer: CalibrationObserver = lambda step: None,
) -> list[Path]:
    """Measure what is not known yet, and write the set and every device file fitted to it.

    Args:
        output: folder of device files; where none in it is fitted to these measurements, those of
            symtick are written to it, beside one's own.
        work: folder for sources and results of the points until all are measured.
        fresh: a pattern of labels (`*`, `mul_*`) that are measured again even where a kept set has
            them; results in `work` are still taken, so that such a run goes on, too.
        chosen: the points of the set; symtick's own by default.
        observer: told of every point measured.

    Returns:
        The files written.

    Raises:
        ToolError: Yosys or nextpnr is missing or fails.
        InputError: a device file is not valid, a row has no points, or no point is `fresh`.
    """
    chosen = points() if chosen is None else chosen
    devices = _fitted(output)
    if fresh is not None and not any(fnmatchcase(p.label, fresh) for p in chosen):
        raise InputError(f"no point is named {fresh!r}: names are {chosen[0].label} and the like")
    tools = {name: find(name).version for name in ("yosys", "nextpnr-ecp5")}
    known = _kept(output, tools, fresh) | _resumed(work, tools)
    results = {p.label: _matching(known.get(p.label), p) for p in chosen}
    missing = [p for p in chosen if not _complete(results[p.label], p)]
    for done, measured in enumerate(_measured(missing, results, work), 1):
        results[measured.label] = measured
        write_json(_place(work, measured.label), {"tools": tools, "point": measured.model_dump()})
        observer(CalibrationStep(measured.label, done, len(missing)))
    dated = _dated(tools, tuple(results[p.label] for p in chosen), output)
    written = _write(output, dated, devices)
    shutil.rmtree(work / _POINTS, ignore_errors=True)
    return written


def _kept(output: Path, tools: Mapping[str, str], fresh: str | None) -> _Known:
    """The points of symtick's set and of the output's, where the same tools measured them."""
    known: _Known = {}
    for kept in (load_measured(SET), _old(output)):
        if kept is not None and kept.tools == tools:
            known |= {m.label: m for m in kept.points}
    return {k: m for k, m in known.items() if fresh is None or not fnmatchcase(k, fresh)}


def _old(output: Path) -> MeasuredSet | None:
    return load_measured(SET, output) if (output / SETS / f"{SET}.yaml").is_file() else None


def _place(work: Path, label: str) -> Path:
    return work / _POINTS / f"{label}.json"


def _resumed(work: Path, tools: Mapping[str, str]) -> _Known:
    known: _Known = {}
    for path in sorted((work / _POINTS).glob("*.json")):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["tools"] == tools:
                known[path.stem] = validated(Measurement, content["point"])
        except (InputError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path} is damaged: {error}; remove it") from None
    return known


def _matching(measurement: Measurement | None, point: CalibrationPoint) -> Measurement:
    """What is known of a point: nothing where its graph has changed.

    Row and features are what the code says today: they are not measured.
    """
    if measurement is None or measurement.graph != point.digest:
        measurement = Measurement(
            row="", label=point.label, graph=point.digest, features={}, lut={}
        )
    return measurement.model_copy(update={"row": point.row, "features": point.features})


def _complete(measurement: Measurement, point: CalibrationPoint) -> bool:
    timed = measurement.period_ns is not None or not point.timed
    return timed and set(measurement.lut) >= {*_AT_ONCE_FAMILIES, "ecp5"}


def _measured(
    missing: Sequence[CalibrationPoint], known: Mapping[str, Measurement], work: Path
) -> Iterator[Measurement]:
    """Each point with what it lacked."""
    for start in range(0, len(missing), _AT_ONCE):
        batch = missing[start : start + _AT_ONCE]
        sources = {p.label: work / "rtl" / f"{p.label}.v" for p in batch}
        for p in batch:
            write_text(sources[p.label], _verilog(p))
        results = {p.label: known[p.label] for p in batch}
        for family in _AT_ONCE_FAMILIES:
            lacking = [sources[k] for k, m in results.items() if family not in m.lut]
            areas = yosys.synthesize_each(lacking, work, family, dsp=False) if lacking else {}
            for p in batch:
                if p.label in areas:
                    area = areas[p.label]
                    results[p.label] = _with_lut(p, results[p.label], family, area.lut)
        for p in batch:
            yield _on_ecp5(p, results[p.label], sources[p.label], work / "ecp5")


def _verilog(point: CalibrationPoint) -> str:
    """The printed module, combinational: registers are put around it when it is measured."""
    plan = schedule(point.graph, model(kind="unit"), 0)
    formulas = parse(["a + b"] * len(point.graph.outputs), ["a", "b", "c", "d"])
    design = Design(point.label, formulas, point.graph, plan, "unit")
    return verilog_files(design)[f"rtl/{point.label}.v"]


def _with_lut(
    point: CalibrationPoint, measurement: Measurement, unit: Column, lut: float
) -> Measurement:
    """With the LUTs of a family, less those of the point's other logic."""
    own = lut - point.other.get(unit, 0)
    return measurement.model_copy(update={"lut": {**measurement.lut, unit: float(own)}})


def _on_ecp5(
    point: CalibrationPoint, measurement: Measurement, source: Path, work: Path
) -> Measurement:
    if "ecp5" not in measurement.lut:
        area = yosys.synthesize([source], point.label, work, "ecp5", dsp=False)
        measurement = _with_lut(point, measurement, "ecp5", area.lut + 2 * area.carry)
    if measurement.period_ns is not None or not point.timed:
        return measurement
    timing = nextpnr.place_and_route(
        [source], point.label, work, target_mhz=_TARGET_MHZ, dsp=False,
        timing_weight=nextpnr.OWN_TIMING_WEIGHT,
    )  # fmt: skip
    delays = {"period_ns": timing.period_ns, "overhead_ns": timing.overhead_ns}
    return measurement.model_copy(update={k: round(v, 3) for k, v in delays.items()})


def _dated(tools: Mapping[str, str], points: tuple[Measurement, ...], output: Path) -> MeasuredSet:
    """The set, with its old date where nothing in it is new."""
    date = datetime.now(UTC).date().isoformat()
    for old in (load_measured(SET), _old(output)):
        if old is not None and (old.tools, old.points) == (tools, points):
            date = old.date
    return MeasuredSet(name=SET, tools=dict(tools), date=date, points=points)


def _fitted(output: Path) -> dict[str, dict[str, Any]]:
    """The contents of the device files to refit, by file name: the folder's, or symtick's own."""
    mine = _fitted_in(output)
    if mine:
        return mine
    taken = {path.name for path in output.glob("*.yaml")}
    return {name: content for name, content in _fitted_in(_DATA).items() if name not in taken}


def _fitted_in(folder: Path) -> dict[str, dict[str, Any]]:
    """The device files that follow from the set, checked as far as it is theirs to be right."""
    contents: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*.yaml")):
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
            if (content.get("fit") or {}).get("measured") == SET:
                check_head(content)
                contents[path.name] = content
        except (InputError, yaml.YAMLError, AttributeError, TypeError) as error:
            raise InputError(f"{path} is no valid device file: {error}") from None
    return contents


def _write(
    output: Path, measured: MeasuredSet, devices: Mapping[str, Mapping[str, Any]]
) -> list[Path]:
    """Refit the devices; nothing is written unless all of them can be."""
    texts = {output / SETS / f"{SET}.yaml": measured_text(measured)}
    texts |= {
        output / name: device_text(refit(content, measured)) for name, content in devices.items()
    }
    for path, text in texts.items():
        write_text(path, text)
    return list(texts)
