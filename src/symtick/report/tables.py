"""The tables that the command line prints and the report shows: the same cells in both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from symtick.codegen import SCORES
from symtick.hwcost import Device, load_device

if TYPE_CHECKING:
    from symtick.baselines.rows import ComparisonRow
    from symtick.config import Job
    from symtick.design_folder.checks import Synthesis
    from symtick.search.designs.front import Core, Front, FrontEntry
    from symtick.sim.verify import Verification


@dataclass(frozen=True)
class TableRow:
    """Cells of one line; `chosen` marks the design that the job chose."""

    cells: tuple[str, ...]
    chosen: bool = False


@dataclass(frozen=True)
class ReportTable:
    """A titled table with a line of explanation."""

    title: str
    head: tuple[str, ...]
    rows: tuple[TableRow, ...]
    note: str = ""


def percent(value: float | None) -> str:
    """A share as per cent with one digit."""
    return "-" if value is None else f"{100 * value:.1f}"


def _error(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:+.0f}"


def _area(value: float, device: Device) -> str:
    """An estimate; a published table has none."""
    return "-" if device.kind == "published" else f"{value:.0f}"


def front_table(front: Front, job: Job, names: Sequence[str] = ()) -> ReportTable:
    """The designs of a run, smallest first; `names` are those of the targets or the classes."""
    hardware = job.hardware
    device = load_device(hardware.device)
    framed = any(e.core is not None for e in front.entries)
    rows = [
        TableRow(
            (
                f"{e.name} *" if e.name == front.chosen else e.name,
                *_quality(front, e),
                str(e.search_ticks),
                str(e.ticks),
                f"{1000 * e.ticks / hardware.clock_mhz:.0f}",
                *(_area(v, device) for v in (e.lut, e.ff, e.dsp)),
                *(_core(e.core, device) if framed else ()),
                str(e.nodes),
                e.origin,
            ),
            e.name == front.chosen,
        )
        for e in front.entries
    ]
    note = f" {device.note(hardware.clock_mhz)}".rstrip()
    return ReportTable(
        "Front",
        ("design", *_quality_heads(front, names, job), "ticks (search)", "ticks", "ns",
         "LUT est.", "FF est.", "DSP est.",
         *(("core ticks", "core LUT est.", "core FF est.") if framed else ()), "nodes", "origin"),
        tuple(rows),
        f"On validation rows, computed in fixed point as the hardware does{_reference(front)}. "
        f"{_measured(job, names)}"
        f"* chosen: {_rule(front, job)}. {boundary(job)}{note}",
    )  # fmt: skip


def _quality_heads(front: Front, targets: Sequence[str], job: Job) -> tuple[str, ...]:
    if not front.entry().rmse:
        return (f"{job.choose.measure} %", "of teacher %", "agreement %")
    ratio = ("RMSE / teacher's",) if front.teacher_rmse else ()
    return (*(f"RMSE {name}" for name in targets), *ratio, "R2")


def _quality(front: Front, entry: FrontEntry) -> tuple[str, ...]:
    """What a design is worth: shares of rows, or errors of values."""
    if not entry.rmse:
        shares = (entry.score, entry.score / front.teacher_score, entry.agreement)
        return tuple(percent(value) for value in shares)
    ratio = front.ratio(entry)
    errors = tuple(f"{error:.4g}" for error in entry.rmse)
    return (*errors, *(() if ratio is None else (f"{ratio:.3f}",)), f"{entry.score:.5f}")


def _reference(front: Front) -> str:
    """What the figures are compared with."""
    if not front.entry().rmse:
        return f"; the teacher scores {percent(front.teacher_score)} %"
    if not front.teacher_rmse:
        return ""
    errors = ", ".join(f"{error:.4g}" for error in front.teacher_rmse)
    return f", against the truth; the teacher's RMSE is {errors}; R2 is of the teacher's values"


def _measured(job: Job, classes: Sequence[str]) -> str:
    """What a score is, where it is no accuracy."""
    words = job.choose.words(classes)
    return f"{job.choose.measure}: {words}. " if words else ""


def _core(core: Core | None, device: Device) -> tuple[str, ...]:
    if core is None:
        return ("-",) * 3
    return (str(core.ticks), *(_area(v, device) for v in (core.lut, core.ff)))


def boundary(job: Job) -> str:
    """What a design takes in and delivers, what its core is, and what stands outside."""
    words, decided = job.inputs.raw is not None, job.hardware.decision != SCORES
    ends = "raw words" if words else "scaled features"
    outputs = ", ".join(job.hardware.decision.ordered())
    outside = [] if words else ["the scaling of the features (inputs.json)"]
    if not decided and job.task == "classification":
        outside.append("what is decided by the scores")
    text = (
        f"In: {ends}; out: {outputs}; outside the firmware: {' and '.join(outside) or 'nothing'}."
    )
    if words or decided:
        text += f" Core: from {'slices of the words' if words else ends} to scores."
    return text


def _rule(front: Front, job: Job) -> str:
    """Why the chosen design was chosen."""
    ratio, most = front.ratio(front.entry()), job.choose.rmse_ratio
    if ratio is not None:
        if ratio <= most:
            return f"the smallest with at most {most:g} times the teacher's RMSE"
        return f"the least RMSE, as no design has at most {most:g} times the teacher's"
    share = job.choose.accuracy_share
    if front.entry().score >= share * front.teacher_score:
        return f"the smallest that keeps {percent(share)} % of it"
    return f"the best score, as no design keeps {percent(share)} % of it"


def synthesis_table(syntheses: Sequence[Synthesis], chosen: str = "") -> ReportTable:
    """Estimates beside measurements."""
    framed = any(s.core is not None for s in syntheses)
    rows = [
        TableRow(
            (
                s.design,
                str(s.ticks),
                f"{s.estimate.lut:.0f}",
                f"{s.measured.lut:.0f}",
                _error(s.error("lut")),
                f"{s.estimate.ff:.0f}",
                f"{s.measured.ff:.0f}",
                _error(s.error("ff")),
                f"{s.estimate.dsp:.0f}",
                f"{s.measured.dsp:.0f}",
                "-" if s.fmax_mhz is None else f"{s.fmax_mhz:.0f}",
                "-" if s.ns is None else f"{s.ns:.1f}",
                *(_measured_core(s) if framed else ()),
            ),
            s.design == chosen,
        )
        for s in syntheses
    ]
    return ReportTable(
        "Estimate and synthesis",
        ("design", "ticks", "LUT est.", "LUT", "error %", "FF est.", "FF", "error %", "DSP est.",
         "DSP", "MHz", "ns", *(("core ticks", "core LUT", "core FF") if framed else ())),
        tuple(rows),
        " ".join(
            [
                "LUT, FF, DSP: Yosys. MHz: nextpnr for an ECP5-85k, speed grade 8, placed and "
                "routed with registered inputs (slower than an UltraScale+). ns: ticks at that "
                "clock.",
                *dict.fromkeys(s.delay_note for s in syntheses if s.delay_note),
            ]
        ),
    )  # fmt: skip


def _measured_core(synthesis: Synthesis) -> tuple[str, ...]:
    if synthesis.core is None:
        return ("-",) * 3
    return (str(synthesis.core_ticks), f"{synthesis.core.lut:.0f}", f"{synthesis.core.ff:.0f}")


def verification_table(verifications: Sequence[Verification], chosen: str = "") -> ReportTable:
    """Vectors, mismatches and latency of every design."""
    rows = [
        TableRow(
            (
                v.design,
                f"{v.vectors:,}",
                str(v.cpp_mismatches),
                str(v.verilog_mismatches),
                "-" if v.vhdl_latency is None else str(v.vhdl_mismatches),
                str(v.scheduled_latency),
                str(v.measured_latency),
                str(v.measured_ii or "-"),
            ),
            v.design == chosen,
        )
        for v in verifications
    ]
    return ReportTable(
        "Verification, bit for bit",
        ("design", "vectors", "C++ mismatches", "Verilog mismatches", "VHDL mismatches",
         "ticks scheduled", "ticks measured", "II measured"),
        tuple(rows),
        "Corners, real and random vectors against exact integer arithmetic: the emitted C++ "
        "compiled with g++ and ap_types, the emitted Verilog under cocotb in Verilator, and on "
        "some of them the emitted VHDL in GHDL, where that is installed.",
    )  # fmt: skip


def comparison_table(compared: Sequence[ComparisonRow], chosen: str = "") -> ReportTable:
    """The networks and the designs side by side, AUC of each class at the end."""
    from symtick.baselines.rows import cells, columns

    classes = list(dict.fromkeys(name for row in compared for name in row.auc))
    rows = [
        TableRow(
            (row.name, *cells(row), *(f"{row.auc[c]:.4f}" if c in row.auc else "-"
                                      for c in classes)),
            row.name == chosen,
        )
        for row in compared
    ]  # fmt: skip
    notes = [f"{row.name}: {row.note}." for row in compared if row.note]
    return ReportTable(
        "Side by side with the network, test rows",
        ("design", *columns(compared), *(f"AUC {c}" for c in classes)),
        tuple(rows),
        " ".join(["LUT, FF, DSP: Yosys. MHz: nextpnr, ECP5.", *notes]),
    )
