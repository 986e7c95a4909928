"""Verification and synthesis of the design in a folder; each result is kept beside the design.

The results stand in `results/verify.json` and `results/synth.json`, and are read back by the
report.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy.typing as npt

from symtick.codegen import Area, Design
from symtick.codegen.emit.project import write_rtl
from symtick.defaults import VECTORS
from symtick.design_folder.folder import DesignSpec, estimate_folder, read_recorded
from symtick.design_folder.vendor_tools import (
    VendorTool,
    agreed,
    vendor_lines,
    vitis_figures,
    vivado_figures,
)
from symtick.errors import InputError, SymtickError, ToolError
from symtick.extras import require
from symtick.files import locked, write_json
from symtick.hwcost import Device, load_device
from symtick.sim import nextpnr, verilator, vitis, yosys
from symtick.sim.tools import find
from symtick.sim.verify import TOOLS, Subject, Verification, verify_together

VERIFY = Path("results/verify.json")
SYNTH = Path("results/synth.json")
_Found = TypeVar("_Found")
AT_ONCE = 4  # designs in one run of Yosys, which takes as long to begin as for two of them


def _unobserved(outcome: Verification | Synthesis) -> None:
    """Nobody looks on."""


@dataclass(frozen=True)
class Synthesis:
    """What the tools measured, and the estimate beside it.

    Attributes:
        design: its name.
        estimate: the cost model's area.
        measured: Yosys's area for the device's family.
        ticks: latency of the schedule.
        fmax_mhz: nextpnr's clock for the ECP5-85k, speed grade 8, or None where it was not asked.
        target_mhz: the clock of the schedule.
        vendor: what Vitis HLS reported of the C++ (`vendor_tools.vitis_figures`), or None.
        delay_note: what is to be said of the device's delays and clock; "" where that is nothing.
        core: Yosys's area of the core alone; None where the design is no more than that.
        core_ticks: latency of the core; None likewise.
        routed: what Vivado reported of the routed Verilog (`vendor_tools.vivado_figures`), or None.
    """

    design: str
    estimate: Area
    measured: Area
    ticks: int
    fmax_mhz: float | None
    target_mhz: float
    vendor: dict[str, Any] | None = None
    delay_note: str = ""
    core: Area | None = None
    core_ticks: int | None = None
    routed: dict[str, Any] | None = None

    @property
    def vendor_agrees(self) -> bool:
        """Whether the HLS tool's RTL has computed what it should, as far as it was run."""
        return agreed(self.vendor)

    def vendor_lines(self) -> list[str]:
        """What AMD's tools said, in words, beside the estimate."""
        return vendor_lines(self.design, self.ticks, self.estimate, self.vendor, self.routed)

    @property
    def ns(self) -> float | None:
        """Latency at the measured clock."""
        return None if self.fmax_mhz is None else 1000.0 * self.ticks / self.fmax_mhz

    def error(self, resource: str) -> float | None:
        """(estimate - measured) / measured of `lut` or `ff`; None where nothing was measured."""
        measured: float = getattr(self.measured, resource)
        return (getattr(self.estimate, resource) - measured) / measured if measured else None

    def to_json(self) -> dict[str, Any]:
        """As JSON values, by attribute name."""
        return asdict(self)


def verify_folder(
    folder: Path, vectors: int = VECTORS, seed: int = 0, data: npt.ArrayLike | None = None
) -> Verification:
    """Run all emitted languages against the reference; writes tb_data/, sim/, results/verify.json.

    What is run is the firmware/ and the rtl/ that are in the folder, whoever has written them; they
    are written where they are missing.

    Args:
        folder: a design folder.
        vectors: number of vectors at least.
        seed: of the random ones.
        data: raw rows of real data to include.

    Raises:
        InputError: there is no design in the folder.
        MissingExtraError: the extra that brings a tool is not installed.
        ToolError: a tool is missing or fails.
    """
    return verify_folders([folder], vectors, seed, data)[0]


def verify_folders(
    folders: Sequence[Path],
    vectors: int = VECTORS,
    seed: int = 0,
    data: npt.ArrayLike | None = None,
    progress: Callable[[Verification], None] = _unobserved,
) -> list[Verification]:
    """`verify_folder` for several designs, of different names, that share builds.

    Args:
        folders: design folders.
        vectors: number of vectors for each at least.
        seed: of the random ones.
        data: raw rows of real data to include.
        progress: is told of each outcome as soon as it is written.

    Raises:
        InputError: a folder has no design, or two designs have one name.
        MissingExtraError: the extra that brings a tool is not installed.
        ToolError: a tool is missing or fails; for a design, when the others are done.
    """

    def keep(number: int, outcome: Verification) -> None:
        write_json(folders[number] / VERIFY, outcome.to_json())
        progress(outcome)

    with ExitStack() as stack:
        beside = stack.enter_context(ThreadPoolExecutor(1))
        beside.submit(verilator.compile_runtime)  # if it fails, the simulation says so
        recorded = [read_recorded(folder) for folder in folders]
        require("symtick verify", tools=TOOLS)
        subjects = [
            Subject(one.spec.name, one.build, folder, data, one.spec.part, written=True)
            for folder, one in zip(folders, recorded, strict=True)
        ]
        for folder in folders:
            stack.enter_context(locked(folder, "verify", wait=True))
        return verify_together(subjects, vectors, seed, keep)


def synthesise_folder(
    folder: Path, place: bool = True, vendor_tools: Collection[VendorTool | str] = ()
) -> Synthesis:
    """Measure with Yosys, with nextpnr where `place` is set, and with AMD's tools that are named.

    Writes results/synth.json. A design without registers has no clock to place and route for.

    Args:
        folder: a design folder.
        place: whether nextpnr runs.
        vendor_tools: `vitis`: C synthesis and co-simulation; `vivado`: place and route.

    Raises:
        InputError: there is no design in the folder, its device has no open flow, a tool has
            another name, or a report is damaged.
        MissingExtraError: the extra that brings a tool is not installed.
        ToolError: a tool is missing or fails.
    """
    return synthesise_folders([folder], [folder] if place else [], vendor_tools)[0]


def synthesise_folders(
    folders: Sequence[Path],
    placed: Collection[Path],
    vendor_tools: Collection[VendorTool | str] = (),
    progress: Callable[[Synthesis], None] = _unobserved,
) -> list[Synthesis]:
    """`synthesise_folder` for several designs, of different names, that share runs of Yosys.

    Args:
        folders: design folders.
        placed: those of them that nextpnr places and routes.
        vendor_tools: as of `synthesise_folder`.
        progress: is told of the outcomes of designs that share a run of Yosys once all of these are
            written; the runs with the most LUTs begin first.

    Raises:
        InputError, MissingExtraError, ToolError: as of `synthesise_folder`, for the first design
            that has a reason; the others are written.
    """
    vendors = _vendors(vendor_tools)
    subjects = [_Subject.read(folder, folder in placed) for folder in folders]
    route = any(subject.place for subject in subjects)
    require("symtick synth", tools=("yosys", *(("nextpnr-ecp5",) if route else ())))
    size = min(AT_ONCE, -(-len(subjects) // 2))  # two runs at a time
    batches = [subjects[k : k + size] for k in range(0, len(subjects), max(1, size))]
    # what takes longest begins first, lest one run ends long after the other
    batches.sort(key=lambda batch: -sum(subject.guess.lut for subject in batch))
    found: dict[Path, Synthesis | Exception] = {}
    pool = ThreadPoolExecutor(2)
    try:
        work = {pool.submit(_synthesised, batch, vendors): batch for batch in batches}
        for done in as_completed(work):
            for subject, outcome in zip(work[done], done.result(), strict=True):
                found[subject.folder] = outcome
                if isinstance(outcome, Synthesis):
                    progress(outcome)
    finally:
        pool.shutdown(cancel_futures=True)
    return [_there(found[folder]) for folder in folders]


@dataclass(frozen=True)
class _Subject:
    """A design that is to be measured."""

    folder: Path
    spec: DesignSpec
    design: Design
    guess: Area
    device: Device
    place: bool

    @classmethod
    def read(cls, folder: Path, place: bool) -> _Subject:
        spec, design, guess = estimate_folder(folder)
        device = load_device(spec.device)
        _family(device)  # there is an open flow
        place = place and design.schedule.registers(design.graph) > 0
        return cls(folder, spec, design, guess.area, device, place)

    @property
    def work(self) -> Path:
        return self.folder / "synth"

    @property
    def rtl(self) -> Path:
        return self.folder / "rtl" / f"{self.design.name}.v"

    @cached_property
    def core(self) -> Design | None:
        """The core alone, under a name of its own; None where the design is no more than that."""
        if not self.spec.has_frame:
            return None
        return replace(self.spec.core(), name=f"{self.design.name}_core")


def _vendors(names: Collection[VendorTool | str]) -> set[VendorTool]:
    """The tools of these names, each of which is there."""
    try:
        wanted = {VendorTool(name) for name in names}
    except ValueError as error:
        known = ", ".join(tool.value for tool in VendorTool)
        raise InputError(f"{error}: the vendor tools are {known}") from None
    if VendorTool.VITIS in wanted and not vitis.available():
        find("vitis_hls")  # says how to get it
    if VendorTool.VIVADO in wanted:
        find("vivado")
    return wanted


def _synthesised(
    batch: Sequence[_Subject], vendors: Collection[VendorTool]
) -> list[Synthesis | Exception]:
    """Measure and write a batch; in place of what is not measured, the reason."""
    with ExitStack() as stack:
        for subject in batch:
            stack.enter_context(locked(subject.folder, "synth", wait=True))
        areas = _areas(batch)
        return [_outcome(subject, areas, vendors) for subject in batch]


def _outcome(
    subject: _Subject, areas: Mapping[str, Area | Exception], vendors: Collection[VendorTool]
) -> Synthesis | Exception:
    design, core, spec, folder = subject.design, subject.core, subject.spec, subject.folder
    try:
        timing = None
        if subject.place:
            timing = nextpnr.place_and_route(
                [subject.rtl], design.name, subject.work,
                target_mhz=spec.clock_mhz, dsp=subject.device.dsp is not None,
            )  # fmt: skip
        outcome = Synthesis(
            design.name,
            subject.guess,
            _there(areas[design.name]),
            design.schedule.latency,
            None if timing is None else timing.fmax_mhz,
            spec.clock_mhz,
            vitis_figures(folder, design) if VendorTool.VITIS in vendors else None,
            subject.device.note(spec.clock_mhz),
            None if core is None else _there(areas[core.name]),
            None if core is None else core.schedule.latency,
            vivado_figures(folder, design) if VendorTool.VIVADO in vendors else None,
        )
        write_json(folder / SYNTH, outcome.to_json())
    except SymtickError as error:
        return error
    return outcome


def _there(found: _Found | Exception) -> _Found:
    if isinstance(found, Exception):
        raise found
    return found


def _areas(batch: Sequence[_Subject]) -> dict[str, Area | Exception]:
    """Yosys's areas of designs and cores, by name, or why there is none."""
    kinds: dict[tuple[str, bool], list[tuple[str, Path]]] = {}
    for subject in batch:
        found = kinds.setdefault((_family(subject.device), subject.device.dsp is not None), [])
        found.append((subject.design.name, subject.rtl))
        if subject.core is not None:
            write_rtl(subject.core, subject.work / "core", subject.spec.part)
            name = subject.core.name
            found.append((name, subject.work / "core" / "rtl" / f"{name}.v"))
    areas: dict[str, Area | Exception] = {}
    for (family, dsp), sources in kinds.items():
        areas |= _areas_of(dict(sources), batch[0].work, family, dsp)
    return areas


def _areas_of(
    sources: Mapping[str, Path], work: Path, family: str, dsp: bool
) -> dict[str, Area | Exception]:
    """Areas of modules: in one run of Yosys, and one by one where that fails."""
    cells: dict[str, yosys.Resources] = {}
    failed: dict[str, Area | Exception] = {}
    if family in yosys.XILINX_FAMILIES:
        with suppress(ToolError):
            cells = yosys.synthesize_each([*sources.values()], work, family, dsp=dsp)
    for name, source in sources.items():
        if name not in cells:
            try:
                cells[name] = yosys.synthesize([source], name, work, family, dsp=dsp)
            except ToolError as error:
                failed[name] = error
    return failed | {
        name: Area(float(c.lut), float(c.ff), float(c.dsp), float(c.bram))
        for name, c in cells.items()
    }


def _family(device: Device) -> str:
    if device.family is None:
        raise InputError(
            f"device {device.name} is a table of published cycles: no open tool synthesises "
            "for it; compile for another device (symtick devices lists them)"
        )
    return device.family


def read_verification(folder: Path) -> Verification | None:
    """The kept result of `verify_folder`, if any."""
    content = _read(folder / VERIFY)
    if content is None:
        return None
    content.pop("ok")
    return Verification(**content)


def read_synthesis(folder: Path) -> Synthesis | None:
    """The kept result of `synthesise_folder`, if any."""
    content = _read(folder / SYNTH)
    if content is None:
        return None
    areas = [k for k in ("estimate", "measured", "core") if content.get(k) is not None]
    content |= {k: Area(**content[k]) for k in areas}
    return Synthesis(**content)


def _read(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is damaged: {error}") from None
