"""The Verilog or VHDL of a design in the form that its interface gives it, simulated.

The benches in `sim/bench` drive the ports of the form: with gaps, with an enable or a reset in mid
stream, with a receiver that is not ready. They compare every vector and measure latencies; what
came out is compared once more here. Verilog runs in Verilator, or in Icarus Verilog, which knows
undefined values and needs no compiler; VHDL in GHDL.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from symtick.codegen.design import Design
from symtick.codegen.emit.names import ports
from symtick.codegen.emit.project import write_files
from symtick.codegen.forms.form import INPUTS, Form, Lane, form
from symtick.codegen.forms.verilog import side_by_side
from symtick.codegen.forms.vhdl import vhdl_side_by_side
from symtick.codegen.ir.fixed import RawArray
from symtick.errors import InputError
from symtick.files import copy_files, write_text
from symtick.sim import tools
from symtick.sim.verilator import (
    BUILD_ARGS,
    Simulation,
    bench_files,
    simulate,
    vectors_text,
)

_FLUSH = 8
_BUILD_ARGS = {"verilator": BUILD_ARGS, "icarus": ["-g2005"], "ghdl": []}
_PROGRAMS = {"icarus": "iverilog", "ghdl": "ghdl"}
_RUN_ARGS = {"ghdl": ["--workdir=build"]}
# registers begin undefined, of which numeric_std would tell at length
_PLUS_ARGS = {"ghdl": ["--ieee-asserts=disable"]}
_ALL = "side_by_side"  # the module that holds several forms


@dataclass(frozen=True)
class FormRun:
    """A design to be simulated in its form.

    Attributes:
        design: the design.
        raw: raw input integers, shape (vectors, inputs).
        expected: reference outputs, shape (vectors, outputs).
        sources: Verilog or VHDL of the form and all in it.
        folder: the bench for it alone, the log and what was recorded are kept in its
            `sim/verilog` or `sim/vhdl`.
    """

    design: Design
    raw: RawArray
    expected: RawArray
    sources: Sequence[Path]
    folder: Path

    @property
    def form(self) -> Form:
        """The form around the design."""
        made = form(self.design)
        if made is None:
            name = self.design.name
            raise InputError(f"the interface of {name} is plain: it has no form around it")
        return made


def run_forms(runs: Sequence[FormRun], simulator: str = "verilator") -> list[Simulation]:
    """Simulate designs of different names, all in one build.

    Args:
        runs: the designs.
        simulator: `verilator` or `icarus`; or `ghdl`, of VHDL.

    Returns:
        What was seen of each; the time is an equal share of that of all.

    Raises:
        InputError: a design's interface is plain.
        ToolError: a tool is missing, or the build or the run fails.
    """
    if not runs:
        return []
    start = time.monotonic()
    language = "vhdl" if simulator == "ghdl" else "verilog"
    kept = [run.folder / "sim" / language for run in runs]
    for place in kept:
        shutil.rmtree(place, ignore_errors=True)  # what an earlier simulation left
    log = kept[0] / "simulation.log"
    with tools.build_folder() as draft:
        work = draft / "sim" / language
        sources = {
            f"rtl/{path.name}": path.read_text(encoding="utf-8")
            for run in runs for path in run.sources
        }  # fmt: skip
        if len(runs) > 1:
            forms = [(_prefix(k, runs), run.form) for k, run in enumerate(runs)]
            if language == "vhdl":
                sources[f"rtl/{_ALL}.vhd"] = vhdl_side_by_side(forms, _ALL)
            else:
                sources[f"rtl/{_ALL}.v"] = side_by_side(forms, _ALL)
        write_files(draft, sources)
        _write_bench(runs, work, list(sources), simulator)
        try:
            _simulate(work, log, simulator)
        finally:
            for run, place in zip(runs, kept, strict=True):
                _write_bench([run], place, [f"rtl/{path.name}" for path in run.sources], simulator)
                copy_files(work / run.design.name, place / run.design.name)
                if log.exists() and not (place / log.name).exists():
                    shutil.copyfile(log, place / log.name)
        seconds = (time.monotonic() - start) / len(runs)
        return [_read(work / run.design.name, run.expected, seconds) for run in runs]


def _prefix(number: int, runs: Sequence[FormRun]) -> str:
    return f"d{number}_" if len(runs) > 1 else ""


def _write_bench(
    runs: Sequence[FormRun], work: Path, sources: Sequence[str], simulator: str
) -> None:
    write_files(work, bench_files("ap_vld.py", "axi_stream.py", "scoreboard.py", "words.py"))
    for run in runs:
        used = run.raw[:, [index for index, *_ in ports(run.design).inputs]]
        write_text(work / run.design.name / "stimulus.txt", vectors_text(used.tolist()))
        write_text(work / run.design.name / "expected.txt", vectors_text(run.expected.tolist()))
    job = {
        "simulator": simulator,
        "language": "vhdl" if simulator == "ghdl" else "verilog",
        "run_args": _RUN_ARGS.get(simulator, []),
        "plus_args": _PLUS_ARGS.get(simulator, []),
        "tests": sorted({run.design.interface.kind for run in runs}),
        "top": _ALL if len(runs) > 1 else runs[0].form.top,
        "sources": [f"../../{name}" for name in sources],
        "build_args": _BUILD_ARGS[simulator],
        "made": [f"{run.design.name}/outcome.json" for run in runs],
        "modules": [_module(run, _prefix(k, runs)) for k, run in enumerate(runs)],
    }
    write_text(work / "job.json", json.dumps(job, indent=2) + "\n")


def _module(run: FormRun, prefix: str) -> dict[str, object]:
    latency = run.design.schedule.latency
    return {
        "design": run.design.name,
        "kind": run.design.interface.kind,
        "folder": run.design.name,
        "prefix": prefix,
        "input": INPUTS,
        "outputs": list(run.form.names),
        "lanes": [_lane(lane) for lane in run.form.inputs],
        "formats": [_lane(lane) for lane in run.form.outputs],
        "latency": latency,
        "flush": 3 * latency + _FLUSH,  # a FIFO may be full when the last vector is taken
    }


def _simulate(work: Path, log: Path, simulator: str) -> None:
    if simulator == "verilator":
        simulate(work, log)
        return
    tools.find("cocotb")
    tools.find(_PROGRAMS[simulator])
    tools.execute([sys.executable, "run.py"], folder=work, log=log)


def _lane(lane: Lane) -> dict[str, int]:
    fmt = lane.fmt
    return {"low": lane.low, "room": lane.room, "width": fmt.width, "signed": int(fmt.signed)}


def _read(place: Path, reference: RawArray, seconds: float) -> Simulation:
    seen = json.loads((place / "outcome.json").read_text(encoding="utf-8"))
    outputs = np.zeros_like(reference)  # of vectors that never came out, too: that is a fault
    for line in (place / "response.txt").read_text(encoding="utf-8").splitlines():
        number, *values = map(int, line.split())
        outputs[number] = values[: reference.shape[1]]
    counts = {int(ticks): number for ticks, number in seen["latencies"].items()}
    more = f", and {seen['faults'] - 1} more" if seen["faults"] > 1 else ""
    return Simulation(
        outputs=outputs,
        latency=max(counts, key=counts.__getitem__, default=0),
        ii=1 if not seen["faults"] and len(reference) > 1 else None,
        mismatches=int((outputs != reference).any(axis=1).sum()),
        ambiguous=False,
        seconds=seconds,
        fault=f"{seen['first_fault']}{more}",
        lost=seen["lost_in_reset"],
    )
