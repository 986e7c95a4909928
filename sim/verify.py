"""Verification of a design: reference, compiled C++ and simulated Verilog compared bit for bit.

Nothing is compared with a tolerance.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from symtick.codegen.design import Design
from symtick.codegen.emit import vectors
from symtick.codegen.emit.names import PART
from symtick.codegen.emit.project import write_project
from symtick.codegen.forms.project import write_forms
from symtick.codegen.ir.fixed import RawArray
from symtick.errors import VerificationError
from symtick.sim import forms, ghdl, gpp, verilator


@dataclass(frozen=True)
class Verification:
    """The outcome for one design.

    Attributes:
        design: its name.
        vectors: number of vectors, the same for all models.
        exhaustive: these are all vectors that the inputs' bounds allow.
        cpp_mismatches: vectors for which the C++ differs from the reference.
        verilog_mismatches: vectors for which the Verilog differs from the reference.
        scheduled_latency: ticks in the schedule.
        measured_latency: ticks in the simulation.
        latency_ambiguous: the outputs cannot tell one latency from another, so the schedule's was
            taken over.
        measured_ii: 1 where a new vector each tick came out right, else None.
        first_mismatch: model, inputs, expected and found outputs of the first difference, in
            words; empty if there is none.
        cpp_seconds: wall-clock time of compiling and running the C++.
        verilog_seconds: wall-clock time of building and running the simulation.
        vhdl_vectors: number of these vectors that the VHDL was run on; 0 where GHDL is missing.
        vhdl_mismatches: vectors of them for which the VHDL differs from the reference.
        vhdl_latency: ticks in the simulation of the VHDL; None where GHDL is missing.
        vhdl_seconds: wall-clock time of that simulation.
        interface: the form of the ports at which the Verilog was driven.
        fault: what else was wrong at the ports of that form; empty if nothing.
    """

    design: str
    vectors: int
    exhaustive: bool
    cpp_mismatches: int
    verilog_mismatches: int
    scheduled_latency: int
    measured_latency: int
    latency_ambiguous: bool
    measured_ii: int | None
    first_mismatch: str
    cpp_seconds: float
    verilog_seconds: float
    vhdl_vectors: int = 0
    vhdl_mismatches: int = 0
    vhdl_latency: int | None = None
    vhdl_seconds: float = 0.0
    interface: str = "plain"
    fault: str = ""

    @property
    def ok(self) -> bool:
        """No mismatch, the scheduled latency and an initiation interval of 1."""
        return (
            not self.cpp_mismatches
            and not self.verilog_mismatches
            and not self.vhdl_mismatches
            and self.vhdl_latency in (None, self.scheduled_latency)
            and self.measured_latency == self.scheduled_latency
            and self.measured_ii == 1
            and not self.fault
        )

    def check(self) -> None:
        """Raise VerificationError, with the first difference, unless all agree."""
        if not self.ok:
            raise VerificationError(f"{self}. {self.first_mismatch}".rstrip(". ") + ".")

    def to_json(self) -> dict[str, Any]:
        """Plain values, by attribute name, and `ok`."""
        return {**asdict(self), "ok": self.ok}

    def __str__(self) -> str:
        every = "all " if self.exhaustive else ""
        ticks = f"measured {self.measured_latency} (scheduled {self.scheduled_latency})"
        doubt = ", not told apart by the outputs" if self.latency_ambiguous else ""
        return (
            f"{self.design}: {every}{self.vectors} vectors{self._where()}, "
            f"C++ {self.cpp_mismatches} mismatches, "
            f"Verilog {self.verilog_mismatches} mismatches, latency in ticks {ticks}{doubt}, "
            f"initiation interval {self.measured_ii or 'not shown'}, {self._vhdl()}"
            + (f", at the ports {self.fault}" if self.fault else "")
        )

    def _where(self) -> str:
        return "" if self.interface == "plain" else f" through {self.interface}"

    def _vhdl(self) -> str:
        if self.vhdl_latency is None:
            return "VHDL not simulated (ghdl is missing)"
        late = self.vhdl_latency != self.scheduled_latency
        other = f" at a latency of {self.vhdl_latency}" if late else ""
        return f"VHDL {self.vhdl_mismatches} mismatches in {self.vhdl_vectors}{other}"


def verify(
    design: Design,
    folder: Path,
    count: int = 10_000,
    seed: int = 0,
    data: npt.ArrayLike | None = None,
    part: str = PART,
) -> Verification:
    """Run the models on the same vectors, the VHDL on some of them and where GHDL is installed.

    Args:
        design: the design.
        folder: gets firmware/, rtl/, tb_data/ and, for the work of the tools, sim/.
        count: number of vectors at least.
        seed: of the random ones.
        data: raw rows of real data to include, shape (rows, inputs).
        part: AMD's part number, for build_prj.tcl.

    Raises:
        ToolError: a tool is missing or fails.
    """
    raw = vectors.make(design, count, seed, data)
    expected = design.graph.evaluate(raw)
    write_project(design, folder, raw, part)
    write_forms(design, folder)
    with ThreadPoolExecutor(2) as pool:
        compiled = pool.submit(_timed_cpp, design, raw, folder)
        simulated = pool.submit(_simulated, design, raw, folder, expected)
        vhdl = pool.submit(ghdl.run_on_some, design, raw, folder, expected)
        cpp, cpp_seconds = compiled.result()
        verilog = simulated.result()
        rows, vhdl_run = vhdl.result() or (None, None)
    wrong_cpp = (cpp != expected).any(axis=1)
    wrong_verilog = (verilog.outputs != expected).any(axis=1)
    first = _first(design, raw, expected, cpp, wrong_cpp, "C++") or _first(
        design, raw, expected, verilog.outputs, wrong_verilog, "Verilog"
    )
    if vhdl_run is not None:
        outputs = expected.copy()
        outputs[rows] = vhdl_run.outputs
        wrong = (outputs != expected).any(axis=1)
        first = first or _first(design, raw, expected, outputs, wrong, "VHDL")
    return Verification(
        design=design.name,
        vectors=len(raw),
        exhaustive=vectors.is_exhaustive(design),
        cpp_mismatches=int(wrong_cpp.sum()),
        verilog_mismatches=int(wrong_verilog.sum()),
        scheduled_latency=design.schedule.latency,
        measured_latency=verilog.latency,
        latency_ambiguous=verilog.ambiguous,
        measured_ii=verilog.ii,
        first_mismatch=first,
        cpp_seconds=cpp_seconds,
        verilog_seconds=verilog.seconds,
        vhdl_vectors=0 if rows is None else len(rows),
        vhdl_mismatches=vhdl_run.mismatches if vhdl_run else 0,
        vhdl_latency=vhdl_run.latency if vhdl_run else None,
        vhdl_seconds=vhdl_run.seconds if vhdl_run else 0.0,
        interface=design.interface.kind,
        fault=verilog.fault,
    )


def _simulated(
    design: Design, raw: RawArray, folder: Path, expected: RawArray
) -> verilator.Simulation:
    run = verilator.run if design.interface.kind == "plain" else forms.run_form
    return run(design, raw, folder, expected)


def _timed_cpp(design: Design, raw: RawArray, folder: Path) -> tuple[RawArray, float]:
    start = time.monotonic()
    outputs = gpp.run(design, raw, folder)
    return outputs, time.monotonic() - start


def _first(
    design: Design, raw: RawArray, expected: RawArray, outputs: RawArray,
    wrong: npt.NDArray[np.bool_], model: str,
) -> str:  # fmt: skip
    if not wrong.any():
        return ""
    k = int(np.argmax(wrong))
    graph = design.graph
    at = ", ".join(f"{n}={v}" for n, v in zip(graph.input_names, raw[k].tolist(), strict=True))
    return (
        f"first difference at vector {k}, raw {at}: {model} gives {outputs[k].tolist()}, "
        f"the reference {expected[k].tolist()} for {', '.join(graph.output_names)}"
    )
