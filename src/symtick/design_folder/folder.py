"""A design on disk: `design.json`, and the firmware folder around it.

`design.json` holds the spec of a design (expressions, formats, precision, target), not the compiled
graph: the compiler is deterministic, and the digest beside the spec proves on loading that it
compiled to the same graph and schedule again.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from symtick.codegen import (
    PLAIN,
    SCORES,
    CostModel,
    Decision,
    Design,
    Fixed,
    Graph,
    Interface,
    Precision,
    Slice,
    Width,
    compile_expression,
    lower,
)
from symtick.codegen.emit import vectors
from symtick.codegen.emit.names import PART
from symtick.codegen.emit.project import write_project, write_rtl
from symtick.codegen.fastest import FASTEST_MHZ, fastest_clock
from symtick.codegen.forms.project import write_forms
from symtick.defaults import SCHEDULER
from symtick.errors import InputError, SymtickError
from symtick.expr import Expression, Interval, parse, to_text
from symtick.files import write_json
from symtick.hwcost import Device, Estimate, estimate, load_device, model

FILE = "design.json"
JOB = "job.yaml"  # makes a folder a run folder
VERSION = 1
BENCH_VECTORS = 500  # of a fresh project's test bench; `symtick verify` writes its own


@dataclass(frozen=True)
class DesignSpec:
    """All that determines a design.

    Attributes:
        name: top-level name.
        expression: the outputs over named inputs.
        output_names: one port name for each output.
        formats: input format of each input.
        precision: widths and rounding inside.
        device: cost model's device.
        clock_mhz: clock the schedule is made for.
        ranges: real range of each input, or None for all of its format.
        latency: fixed number of ticks, or None for the fewest.
        max_ticks: most ticks that registers behind slices may lead to, or None.
        scheduler: `asap`, `alap` or `registers`.
        decision: what the design delivers of its outputs.
        widths: what width tuning decided, or formats stated by hand, by node of `core()` without
            them.
        slices: what the expression reads of each port's word, in the formats of the inputs; empty
            where the ports carry these.
        interface: the form of the ports.
    """

    name: str
    expression: Expression
    output_names: tuple[str, ...]
    formats: tuple[Fixed, ...]
    precision: Precision
    device: str
    clock_mhz: float
    ranges: tuple[Interval, ...] | None = None
    latency: int | None = None
    max_ticks: int | None = None
    scheduler: str = SCHEDULER
    decision: Decision = SCORES
    widths: tuple[Width, ...] = ()
    slices: tuple[Slice, ...] = ()
    interface: Interface = PLAIN

    def model(self) -> CostModel:
        """The cost model of the device at the clock."""
        return model(self.device, self.clock_mhz)

    @property
    def part(self) -> str:
        """AMD's part number for the build script; a VU9P where the device is not AMD's."""
        part = load_device(self.device).part
        return part if part.startswith("xc") else PART

    def build(self) -> Design:
        """Compile."""
        return compile_expression(
            self.expression,
            self.formats,
            self.model(),
            self.precision,
            name=self.name,
            output_names=self.output_names,
            ranges=self.ranges,
            latency=self.latency,
            max_ticks=self.max_ticks,
            scheduler=self.scheduler,
            decision=self.decision,
            widths=self.widths,
            slices=self.slices,
            interface=self.interface,
        )

    def lowered(self, precision: Precision) -> Graph:
        """The graph of the outputs at another precision, before the passes, which keep values."""
        made = lower(
            self.expression, self.formats, self.model(), precision, self.output_names, self.ranges
        )
        return made.graph

    def fastest(self, ticks: int, slowest: int = 1) -> int:
        """The fastest clock, in whole MHz, at which it fits in `ticks` (`fastest_clock`).

        None beyond the device's highest, be that stated or assumed.
        """
        clock = load_device(self.device).clock
        most = FASTEST_MHZ if clock is None or clock.max_mhz is None else int(clock.max_mhz)
        fixed = replace(self, latency=ticks)
        return fastest_clock(
            lambda mhz: replace(fixed, clock_mhz=float(mhz)).build(), ticks, slowest, most
        )

    def scores(self) -> Design:
        """The design with the scores as outputs, whatever `decision` delivers of them."""
        return replace(self, decision=SCORES).build()

    @property
    def has_frame(self) -> bool:
        """Whether there is more than the core: slices of words, or decisions."""
        return bool(self.slices) or self.decision != SCORES

    def core(self) -> Design:
        """The design from slices of the inputs to scores, with plain ports."""
        return replace(self, decision=SCORES, slices=(), interface=PLAIN).build()

    def to_dict(self) -> dict[str, Any]:
        """As JSON values; expressions as exact text."""
        outputs = range(len(self.expression.outputs))
        return {
            "name": self.name,
            "expressions": [to_text(self.expression, k) for k in outputs],
            "inputs": list(self.expression.inputs),
            "output_names": list(self.output_names),
            "formats": [str(f) for f in self.formats],
            "precision": self.precision.to_dict(),
            "device": _whole(self.device),
            "clock_mhz": self.clock_mhz,
            "ranges": None if self.ranges is None else [[r.lo, r.hi] for r in self.ranges],
            "latency": self.latency,
            "max_ticks": self.max_ticks,
            "scheduler": self.scheduler,
            "decision": asdict(self.decision),
            "widths": [width.to_dict() for width in self.widths],
            "slices": [[str(part.word), str(part.fmt)] for part in self.slices],
            "interface": self.interface.to_dict(),
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> DesignSpec:
        """Inverse of `to_dict`; raises KeyError, TypeError or InputError on other content."""
        ranges = content["ranges"]
        return cls(
            name=str(content["name"]),
            expression=parse(content["expressions"], content["inputs"]),
            output_names=tuple(content["output_names"]),
            formats=tuple(Fixed.parse(text) for text in content["formats"]),
            precision=Precision.from_dict(content["precision"]),
            device=str(content["device"]),
            clock_mhz=float(content["clock_mhz"]),
            ranges=None if ranges is None else tuple(Interval(lo, hi) for lo, hi in ranges),
            latency=content["latency"],
            # folders of older versions lack these; `read_spec` then tells by the digest
            max_ticks=content.get("max_ticks"),
            scheduler=str(content.get("scheduler", "registers")),
            decision=_decision(content.get("decision", asdict(SCORES))),
            widths=tuple(Width.from_dict(width) for width in content.get("widths", ())),
            slices=tuple(
                Slice(*(Fixed.parse(text) for text in pair)) for pair in content.get("slices", ())
            ),
            interface=Interface.from_dict(content.get("interface", PLAIN.to_dict())),
        )


def _whole(device: str) -> str:
    """A device as anyone else would name it: the path of a file from the root."""
    return str(Path(device).resolve()) if device.endswith(".yaml") else device


def _device_digest(device: str) -> str | None:
    """A hash of a device file of one's own, which may change; None of symtick's devices."""
    load_device(device)  # there is one
    return sha256(Path(device).read_bytes()).hexdigest() if device.endswith(".yaml") else None


def _decision(content: Mapping[str, Any]) -> Decision:
    return Decision(tuple(content["outputs"]), tuple(float(t) for t in content["thresholds"]))


def write_design(
    folder: Path, spec: DesignSpec, design: Design | None = None, cost: Estimate | None = None
) -> Design:
    """Fill `folder` with design.json, firmware/, rtl/, tb_data/ and the build script.

    A folder that holds this very design keeps what was measured of it; another design in it is
    removed first.

    Args:
        folder: the design folder.
        spec: the design.
        design: what the spec compiles to, where that is known.
        cost: the estimate of that, where it is known.
    """
    built = design or spec.build()
    known = cost or estimate(built, spec.model())
    if folder.exists() and _recorded_digest(folder) not in (None, built.digest):
        shutil.rmtree(folder)
    write_project(built, folder, vectors.make(built, BENCH_VECTORS, seed=0), spec.part)
    write_rtl(built, folder, spec.part)
    write_forms(built, folder)
    published = load_device(spec.device).kind == "published"
    write_json(
        folder / FILE,
        {
            "symtick": VERSION,
            "source": spec.to_dict(),
            "digest": built.digest,
            "device_digest": _device_digest(spec.device),
            "ticks": built.schedule.latency,
            "estimate": None if published else asdict(known.area),
            "error_bound": error_bounds(built),
            "functions": function_bounds(built),
        },
    )
    return built


def known_area(cost: Estimate, device: Device) -> dict[str, float | None]:
    """The area by resource; None of each where the device states cycles only."""
    area = asdict(cost.area)
    return dict.fromkeys(area) if device.kind == "published" else area


def cost_figures(cost: Estimate, device: Device) -> dict[str, Any]:
    """A cost as JSON values."""
    return {
        "ticks": cost.ticks,
        "ns": cost.ns,
        "clock_mhz": cost.clock_mhz,
        "model": cost.model,
        **known_area(cost, device),
    }


def error_bounds(design: Design) -> dict[str, float]:
    """By score, what its distance from the formula's real value never exceeds; empty if unknown."""
    return dict(zip(design.score_names, design.errors, strict=False))


def function_bounds(design: Design) -> list[dict[str, Any]]:
    """How each function is computed and within what, as JSON values; one ulp is 2**-frac."""
    return [
        {"function": u.text, "method": u.method, "frac": u.frac, "bound_ulp": u.ulp}
        for u in design.units
    ]


def _recorded_digest(folder: Path) -> str | None:
    """The digest in a folder's design.json: None without one, "" where it is damaged."""
    try:
        return str(json.loads((folder / FILE).read_text(encoding="utf-8"))["digest"])
    except OSError:
        return None
    except (ValueError, KeyError, TypeError):
        return ""


@dataclass(frozen=True)
class RecordedDesign:
    """What a design.json says.

    Attributes:
        path: of the file.
        spec: the design.
        digest: of what it compiled to.
        device_digest: of the device file that it was compiled for (`_device_digest`).
    """

    path: Path
    spec: DesignSpec
    digest: str
    device_digest: str | None

    def build(self) -> Design:
        """Compile it again.

        Raises:
            InputError: as `read_spec`, where it compiles to another design.
        """
        changed = self.device_digest != _device_digest(self.spec.device)
        try:
            design = self.spec.build()
            same = design.digest == self.digest
        except SymtickError:
            if not changed:
                raise
            same = False
        if not same:
            why = "it was edited, or made by another version of symtick"
            if changed:
                why = f"the device file {self.spec.device} changed since"
            raise InputError(
                f"{self.path} compiles to another design than the recorded one: {why}; compile it "
                "again into a new folder"
            )
        return design


def read_recorded(folder: Path) -> RecordedDesign:
    """What the design.json of a folder says, before anything is compiled.

    Raises:
        InputError: there is none, or it is damaged.
    """
    path = folder / FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        spec = DesignSpec.from_dict(content["source"])
        return RecordedDesign(path, spec, str(content["digest"]), content.get("device_digest"))
    except OSError as error:
        raise InputError(f"{folder} holds no design: {path}: {error.strerror}") from None
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InputError(f"{path} is damaged: {error}") from None


def read_spec(folder: Path) -> tuple[DesignSpec, Design]:
    """Load and rebuild the design in a folder.

    Raises:
        InputError: there is no readable design.json, or it compiles to another design than the
            recorded one: the device file changed, it was edited, or made by another version of
            symtick.
    """
    recorded = read_recorded(folder)
    return recorded.spec, recorded.build()


def estimate_folder(folder: Path) -> tuple[DesignSpec, Design, Estimate]:
    """The design in a folder and what the cost model says of it.

    Raises:
        InputError: as `read_spec`.
    """
    spec, design = read_spec(folder)
    return spec, design, estimate(design, spec.model())


def is_design(folder: Path) -> bool:
    """Whether it is a design folder."""
    return (folder / FILE).is_file()


def is_run(folder: Path) -> bool:
    """Whether it is a run folder."""
    return (folder / JOB).is_file()


def check_run(folder: Path) -> None:
    """Raise InputError where it is no run folder."""
    if not folder.exists():
        raise InputError(f"there is no folder {folder}")
    if is_run(folder):
        return
    if (folder / "rtl").is_dir() and (folder / "firmware").is_dir():
        raise InputError(
            f"{folder} has the firmware of a design, but no {FILE} that says what it is; "
            "compile it again, or restore the file"
        )
    raise InputError(f"{folder} is no run folder: it has no {JOB}; make one with distill")


def design_folders(folder: Path) -> list[Path]:
    """The design folders of a run in the order of its front, or the folder itself if it is one.

    Raises:
        InputError: it is neither, the front is missing or damaged, or the run has no design.
    """
    if is_design(folder):
        return [folder]
    check_run(folder)
    path = folder / "front.json"
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["entries"]
        names = [str(entry["name"]) for entry in entries]
    except OSError:
        raise InputError(f"there is no front in {folder}: {path.name} is missing") from None
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} is damaged: {error}") from None
    if not names:
        raise InputError(f"the run {folder} has no design: no candidate met its limits")
    return [folder / "designs" / name for name in names]
