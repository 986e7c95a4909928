"""Verification of a design: reference, compiled C++ and simulated Verilog compared bit for bit.

No language is compared with a tolerance. The reference itself is held to the formulas, within the
error that the design states.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed, wait
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from symtick.codegen.design import Design
from symtick.codegen.emit import vectors
from symtick.codegen.emit.names import PART
from symtick.codegen.emit.project import (
    write_project,
    write_vectors,
    write_verilog,
    write_vhdl,
)
from symtick.codegen.forms.hls import firmware_names
from symtick.codegen.forms.project import write_forms
from symtick.codegen.interface import word
from symtick.codegen.ir.fixed import RawArray
from symtick.errors import InputError, SymtickError, ToolError, VerificationError
from symtick.interrupts import stopping
from symtick.sim import forms, ghdl, gpp, tools, verilator
from symtick.sim.case import Case
from symtick.sim.formula import BesideFormula, beside_formula
from symtick.sim.verilator import Simulation

_SomeSeen = tuple[npt.NDArray[np.int64], Simulation]  # which vectors, and what they have shown
TOOLS = ("g++", "make", "hls4ml", "verilator", "cocotb")
_MOST_TOGETHER = 80  # designs in one build: a result is kept when its build has run
_TOOLS_AT_ONCE = 2  # of a group: g++ beside Verilator; GHDL, one design at a time, before them
_PREPARING = threading.Lock()


def _unobserved(number: int, outcome: Verification) -> None:
    """Nobody looks on."""


@dataclass(frozen=True)
class Verification:
    """The outcome for one design.

    Attributes:
        design: its name.
        vectors: number of vectors, the same for all models.
        exhaustive: all values of the inputs that the design reads are among them.
        cpp_mismatches: vectors for which the C++ differs from the reference.
        verilog_mismatches: vectors for which the Verilog differs from the reference.
        scheduled_latency: ticks in the schedule.
        measured_latency: ticks in the simulation.
        latency_ambiguous: the outputs cannot tell one latency from another, so the schedule's was
            taken over.
        measured_ii: 1 where a new vector each tick came out right, else None.
        first_mismatch: model, inputs, expected and found outputs of the first difference, in
            words; empty if there is none.
        cpp_seconds: wall-clock time of compiling and running the C++; of designs that are verified
            together an equal share.
        verilog_seconds: likewise of building and running the simulation.
        vhdl_vectors: number of these vectors that the VHDL was run on; 0 where GHDL is missing.
        vhdl_mismatches: vectors of them for which the VHDL differs from the reference.
        vhdl_latency: ticks in the simulation of the VHDL; None where GHDL is missing.
        vhdl_seconds: wall-clock time of that simulation.
        interface: the form of the ports at which the Verilog was driven.
        fault: what else was wrong at the ports of that form; empty if nothing.
        formula_vectors: number of these vectors at which the formulas were computed, see
            `sim.formula`.
        formula_distance: of a delivered score from its formula at most, in real units; None where
            no score is delivered.
        formula_agreement: share of them whose index is that of the formulas' largest value; None
            where no index is delivered.
        formula_fault: the first output that is farther from the formulas than the design states, in
            words; empty if none is.
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
    formula_vectors: int = 0
    formula_distance: float | None = None
    formula_agreement: float | None = None
    formula_fault: str = ""

    @property
    def ok(self) -> bool:
        """No mismatch, the scheduled latency, an initiation interval of 1, and the stated error."""
        return (
            not self.cpp_mismatches
            and not self.verilog_mismatches
            and not self.vhdl_mismatches
            and self.vhdl_latency in (None, self.scheduled_latency)
            and self.measured_latency == self.scheduled_latency
            and self.measured_ii == 1
            and not self.fault
            and not self.formula_fault
        )

    def check(self) -> None:
        """Raise VerificationError, with the first difference, unless all agree."""
        if not self.ok:
            first = self.first_mismatch or self.formula_fault
            raise VerificationError(f"{self}. {first}".rstrip(". ") + ".")

    def to_json(self) -> dict[str, Any]:
        """Plain values, by attribute name, and `ok`."""
        return {**asdict(self), "ok": self.ok}

    def __str__(self) -> str:
        every = " (all that it can read)" if self.exhaustive else ""
        ticks = f"measured {self.measured_latency} (scheduled {self.scheduled_latency})"
        doubt = ", not told apart by the outputs" if self.latency_ambiguous else ""
        return (
            f"{self.design}: {self.vectors} vectors{every}{self._where()}, "
            f"C++ {self.cpp_mismatches} mismatches, "
            f"Verilog {self.verilog_mismatches} mismatches, latency in ticks {ticks}{doubt}, "
            f"initiation interval {self.measured_ii or 'not shown'}, {self._vhdl()}"
            + (f", at the ports {self.fault}" if self.fault else "")
            + self._formula()
        )

    def _formula(self) -> str:
        seen, vectors = [], f"{self.formula_vectors} vectors"
        if self.formula_distance is not None:
            seen.append(f"at most {self.formula_distance:.3g} off the formula in {vectors}")
        if self.formula_agreement is not None:
            share = 100 * self.formula_agreement
            seen.append(f"the formula's index in {share:.4g} % of {vectors}")
        if self.formula_fault:
            seen.append("beyond what is stated")
        return f", {', '.join(seen or [f'kept to the formula in {vectors}'])}"

    def _where(self) -> str:
        return "" if self.interface == "plain" else f" through {word(self.interface)}"

    def _vhdl(self) -> str:
        if self.vhdl_latency is None:
            return "VHDL not simulated (ghdl is missing)"
        late = self.vhdl_latency != self.scheduled_latency
        other = f" at a latency of {self.vhdl_latency}" if late else ""
        return f"VHDL {self.vhdl_mismatches} mismatches in {self.vhdl_vectors}{other}"


@dataclass(frozen=True, eq=False)
class Subject:
    """A design to verify.

    Attributes:
        name: of the design.
        make: returns the design; called once, while tools run on the designs before it.
        folder: gets firmware/, rtl/, tb_data/ and, for the work of the tools, sim/.
        data: raw rows of real data to include, shape (rows, inputs).
        part: AMD's part number, for build_prj.tcl.
        written: what is verified stands in the folder: its firmware/ and rtl/ are taken as they
            are, or written where neither is there.
    """

    name: str
    make: Callable[[], Design]
    folder: Path
    data: npt.ArrayLike | None = None
    part: str = PART
    written: bool = False

    @classmethod
    def of(cls, design: Design, folder: Path, **options: Any) -> Subject:
        """A design that is made already; `options` are further attributes."""
        return cls(design.name, lambda: design, folder, **options)


@dataclass(frozen=True, eq=False)
class _Begun:
    """A design of which all files stand.

    Attributes:
        case: the design and its vectors.
        vhdl: GHDL's run, which has begun; None where it is missing, and of designs behind a form,
            whose VHDL is simulated together.
    """

    case: Case
    vhdl: Future[_SomeSeen] | None


def verify(
    design: Design,
    folder: Path,
    count: int = 10_000,
    seed: int = 0,
    data: npt.ArrayLike | None = None,
    part: str = PART,
) -> Verification:
    """Run the models of a design on the same vectors: `verify_together` with one.

    Raises:
        ToolError: a tool is missing or fails.
    """
    return verify_together([Subject.of(design, folder, data=data, part=part)], count, seed)[0]


def verify_together(
    subjects: Sequence[Subject],
    count: int = 10_000,
    seed: int = 0,
    done: Callable[[int, Verification], None] = _unobserved,
) -> list[Verification]:
    """Run the models of each design on the same vectors, the VHDL on some where GHDL is installed.

    Designs share builds: one of all their C++, one of all their Verilog and one of all forms of
    ports, or several of each where designs are many or there are cores for them. A design that does
    not build fails alone: its group is taken apart.

    Args:
        subjects: designs of different names.
        count: number of vectors of each at least.
        seed: of the random ones.
        done: is told of the number and the outcome of each design, as soon as its group is done.

    Returns:
        The outcomes, in the order of the designs.

    Raises:
        InputError: two designs have one name; or of the first design that cannot be made, or whose
            real data is not raw integers of the right shape, when all others are done.
        ToolError: a tool is missing, or fails; then of the first design that it fails for, with
            its name, when all others are done.
        KeyboardInterrupt: Ctrl-C was pressed (`interrupts`).
    """
    names = [subject.name for subject in subjects]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"two designs are named {twice!r}: they cannot be verified together")
    for tool in TOOLS:
        tools.find(tool)
    outcomes: dict[int, Verification] = {}
    failures: dict[int, SymtickError] = {}
    with ThreadPoolExecutor(_at_once()) as pool:
        groups = [pool.submit(_verified, subjects, g, count, seed) for g in _groups(names)]
        try:
            for group in as_completed(groups):
                for number, outcome in sorted(group.result().items()):
                    if isinstance(outcome, SymtickError):
                        failures[number] = outcome
                    else:
                        outcomes[number] = outcome
                        done(number, outcome)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    if failures:
        raise failures[min(failures)]
    return [outcomes[number] for number in range(len(subjects))]


def _groups(names: Sequence[str]) -> list[range]:
    """Numbers of designs that are built together, side by side: as few groups as fill the cores.

    What designs have in common is compiled once for each group.
    """
    if not names:
        return []
    count = max(min(len(names), _at_once()), -(-len(names) // _MOST_TOGETHER))
    ends = [len(names) * k // count for k in range(count + 1)]
    return [range(start, end) for start, end in pairwise(ends)]


def _at_once() -> int:
    """Groups that are built at once."""
    return max((os.cpu_count() or 1) // _TOOLS_AT_ONCE, 1)


def _verified(
    subjects: Sequence[Subject], numbers: Sequence[int], count: int, seed: int
) -> dict[int, Verification | SymtickError]:
    """The outcome of each design of a group, or why there is none."""
    begun: dict[int, _Begun] = {}
    failed: dict[int, Verification | SymtickError] = {}
    with ThreadPoolExecutor(_TOOLS_AT_ONCE) as pool, ThreadPoolExecutor(1) as ghdl_pool:
        try:
            with _PREPARING:  # one group at a time: the next one's designs wait
                for number in numbers:
                    if stopping():
                        raise KeyboardInterrupt
                    try:
                        begun[number] = _begun(_prepared(subjects[number], count, seed), ghdl_pool)
                    except SymtickError as error:
                        failed[number] = error
            return failed | (_compared(begun, pool) if begun else {})
        except BaseException:
            for stopped in (pool, ghdl_pool):
                stopped.shutdown(wait=False, cancel_futures=True)
            raise


def _begun(case: Case, pool: Executor) -> _Begun:
    if case.design.interface.kind != "plain" or not tools.available("ghdl"):
        return _Begun(case, None)
    return _Begun(case, pool.submit(lambda: ghdl.run_on_some([case])[0]))


def _prepared(subject: Subject, count: int, seed: int) -> Case:
    design, folder = subject.make(), subject.folder
    raw = vectors.make(design, count, seed, subject.data)
    expected = design.graph.evaluate(raw)
    rtl = [folder / "rtl" / name for s in (".v", ".vhd") for name in _rtl_names(design, s)]
    firmware = [folder / name for name in firmware_names(design)]
    if subject.written and _stand([*rtl, *firmware], folder):
        write_vectors(design, folder, raw, expected)
    else:
        write_project(design, folder, raw, subject.part, expected)
        write_verilog(design, folder)
        write_vhdl(design, folder)
        write_forms(design, folder)
    return Case(design, folder, raw, expected, rtl[0])


def _stand(paths: Sequence[Path], folder: Path) -> bool:
    """Whether the texts of a design are written; False where none of them is yet.

    Raises:
        InputError: some are missing, or one is no text.
    """
    missing = [path for path in paths if not path.exists()]
    if len(missing) == len(paths):
        return False
    if missing:
        raise InputError(
            f"{missing[0]} is missing beside other files of the design; to have all of them "
            f"written again, remove firmware/ and rtl/ from {folder}"
        )
    for path in paths:
        try:
            path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise InputError(f"{path} is no text in UTF-8") from None
    return True


def _rtl_names(design: Design, suffix: str) -> list[str]:
    """The Verilog or the VHDL, and that of the ports' form behind it."""
    return [f"{top}{suffix}" for top in dict.fromkeys([design.name, design.top])]


def _compared(
    begun: Mapping[int, _Begun], pool: Executor
) -> dict[int, Verification | SymtickError]:
    try:
        outcomes = _outcomes(list(begun.values()), pool)
    except ToolError as error:
        if len(begun) == 1:
            ((number, one),) = begun.items()
            return {number: ToolError(f"design {one.case.design.name}: {error}")}
        pairs = list(begun.items())
        half = len(pairs) // 2
        return _compared(dict(pairs[:half]), pool) | _compared(dict(pairs[half:]), pool)
    return dict(zip(begun, outcomes, strict=True))


def _outcomes(begun: Sequence[_Begun], pool: Executor) -> list[Verification | SymtickError]:
    cases = [one.case for one in begun]
    compiled = pool.submit(_timed_cpp, cases)
    simulated = pool.submit(_simulated, cases)
    # when one of the two has ended: Python's threads are in each other's way
    beside = pool.submit(lambda: [beside_formula(case) for case in cases])
    described = pool.submit(_described, begun)
    futures: list[Future[Any]] = [compiled, simulated, beside, described]
    wait(futures)  # a group that fails is taken apart when its tools have ended
    outputs, seconds = compiled.result()
    simulations, vhdl = simulated.result(), described.result()
    return [
        seen
        if isinstance(seen, ToolError)
        else _outcome(case, cpp, seconds, verilog, seen, formula)
        for case, cpp, verilog, seen, formula in zip(
            cases, outputs, simulations, vhdl, beside.result(), strict=True
        )
    ]


def _simulated(cases: Sequence[Case]) -> list[Simulation]:
    """The Verilog: plain designs together, and those behind a form."""
    plain = [k for k, case in enumerate(cases) if case.design.interface.kind == "plain"]
    formed = [k for k in range(len(cases)) if k not in plain]
    found = dict(zip(plain, verilator.run_together([cases[k] for k in plain]), strict=True))
    found |= zip(formed, forms.run_forms([_form_run(cases[k]) for k in formed]), strict=True)
    return [found[k] for k in range(len(cases))]


def _form_run(case: Case) -> forms.FormRun:
    rtl = [case.source.with_name(name) for name in _rtl_names(case.design, ".v")]
    return forms.FormRun(case.design, case.raw, case.expected, rtl, case.folder)


def _described(begun: Sequence[_Begun]) -> Sequence[_SomeSeen | ToolError | None]:
    """The VHDL, on some vectors, or why GHDL did not run it; None where GHDL is missing."""
    if not tools.available("ghdl"):
        return [None] * len(begun)
    formed = {k: one.case for k, one in enumerate(begun) if one.vhdl is None}
    found: dict[int, _SomeSeen | ToolError] = {
        k: _alone(one.case.design.name, one.vhdl)
        for k, one in enumerate(begun)
        if one.vhdl is not None
    }
    found |= zip(formed, ghdl.run_on_some(list(formed.values())), strict=True)
    return [found[k] for k in range(len(begun))]


def _alone(name: str, run: Future[_SomeSeen]) -> _SomeSeen | ToolError:
    """What a design's own run has shown, or its failure, which is no other design's."""
    try:
        return run.result()
    except ToolError as error:
        return ToolError(f"design {name}: {error}")


def _outcome(
    case: Case, cpp: RawArray, seconds: float, verilog: Simulation, some: _SomeSeen | None,
    formula: BesideFormula,
) -> Verification:  # fmt: skip
    design = case.design
    wrong_cpp = (cpp != case.expected).any(axis=1)
    wrong_verilog = (verilog.outputs != case.expected).any(axis=1)
    first = _first(case, cpp, wrong_cpp, "C++") or _first(
        case, verilog.outputs, wrong_verilog, "Verilog"
    )
    rows, vhdl = some or (None, None)
    if vhdl is not None:
        outputs = case.expected.copy()
        outputs[rows] = vhdl.outputs
        first = first or _first(case, outputs, (outputs != case.expected).any(axis=1), "VHDL")
    return Verification(
        design=design.name,
        vectors=len(case.raw),
        exhaustive=vectors.is_exhaustive(design),
        cpp_mismatches=int(wrong_cpp.sum()),
        verilog_mismatches=int(wrong_verilog.sum()),
        scheduled_latency=design.schedule.latency,
        measured_latency=verilog.latency,
        latency_ambiguous=verilog.ambiguous,
        measured_ii=verilog.ii,
        first_mismatch=first,
        cpp_seconds=seconds,
        verilog_seconds=verilog.seconds,
        vhdl_vectors=0 if rows is None else len(rows),
        vhdl_mismatches=vhdl.mismatches if vhdl else 0,
        vhdl_latency=vhdl.latency if vhdl else None,
        vhdl_seconds=vhdl.seconds if vhdl else 0.0,
        interface=design.interface.kind,
        fault=verilog.fault or (vhdl.fault if vhdl else ""),
        formula_vectors=formula.vectors,
        formula_distance=formula.distance,
        formula_agreement=formula.agreement,
        formula_fault=formula.fault,
    )


def _timed_cpp(cases: Sequence[Case]) -> tuple[list[RawArray], float]:
    start = time.monotonic()
    outputs = gpp.run_together(cases)
    return outputs, (time.monotonic() - start) / len(cases)


def _first(case: Case, outputs: RawArray, wrong: npt.NDArray[np.bool_], model: str) -> str:
    if not wrong.any():
        return ""
    k = int(np.argmax(wrong))
    graph, raw, expected = case.design.graph, case.raw, case.expected
    at = ", ".join(f"{n}={v}" for n, v in zip(graph.input_names, raw[k].tolist(), strict=True))
    return (
        f"first difference at vector {k}, raw {at}: {model} gives {outputs[k].tolist()}, "
        f"the reference {expected[k].tolist()} for {', '.join(graph.output_names)}"
    )
