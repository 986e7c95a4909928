"""The generated Verilog, simulated: cocotb on Verilator, a new vector every clock.

The simulation only records. The latency is measured as the lag between the recorded stream and the
reference, without the schedule. It is built in a folder of its own under the system's temporary
folder, since make takes no path with a space in it, and a build that runs beside it would be in its
way.
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
from symtick.codegen.emit.names import ENABLE, ports
from symtick.codegen.emit.project import write_files, write_verilog
from symtick.codegen.emit.vectors import from_patterns, input_nodes, stacked, to_patterns
from symtick.codegen.ir.fixed import RawArray, raw_dtype
from symtick.errors import ToolError
from symtick.files import copy_files, write_text
from symtick.sim import bench, runtime_cache, tools

_RUNNER = "run.py"
MADE = ("build", "__pycache__")  # folders that are not kept
_MARGIN = 8
# one C++ file: our designs are small, and precompiled headers cost more than they save
BUILD_ARGS = ["--output-split", "0"]
_MAKE_FLAGS = "OPT_FAST=-O1 OPT_SLOW=-O0 OPT_GLOBAL=-O0"


@dataclass(frozen=True)
class Simulation:
    """What one simulation has shown.

    Attributes:
        outputs: raw outputs, one row for each vector, taken `latency` clocks after their inputs;
            shape (vectors, outputs).
        latency: the lag in ticks at which the outputs agree with the reference (or agree best).
        ii: 1 where consecutive vectors all came out right, None where that was not shown.
        mismatches: vectors whose outputs differ from the reference at that lag.
        ambiguous: several lags agree equally well (constant outputs, for instance), so the latency
            is not measured but taken from the schedule, if that is among them.
        seconds: wall-clock time of build and run.
        fault: of a design in a form (`sim.forms`) what else was wrong, in words; empty if nothing.
        lost: of such a design the vectors that a reset has removed, and that were sent again.
    """

    outputs: RawArray
    latency: int
    ii: int | None
    mismatches: int
    ambiguous: bool
    seconds: float
    fault: str = ""
    lost: int = 0


def lint(sources: list[Path], top: str, folder: Path) -> str:
    """Verilator's lint with every warning on and none waived; returns what it printed.

    Raises:
        ToolError: Verilator is missing or finds anything to say.
    """
    tool = tools.find("verilator")
    command = [*tool.command, "--lint-only", "-Wall", "--top-module", top, *map(str, sources)]
    return tools.execute(command, folder=folder, log=folder / "lint.log", env=tool.environment())


def run(
    design: Design, raw: RawArray, folder: Path, expected: RawArray | None = None,
    source: Path | None = None,
) -> Simulation:  # fmt: skip
    """Simulate a design with one vector each clock.

    Args:
        design: the design; its Verilog is written under `folder/rtl` where no other is given.
        raw: raw input integers, shape (vectors, inputs).
        folder: the bench, its log and what it recorded are kept in its `sim/verilog`.
        expected: reference outputs, shape (vectors, outputs); the graph's own by default.
        source: Verilog to simulate in place of the design's own.

    Raises:
        ToolError: a tool is missing, the temporary folder has a space in its path, or the build or
            the run fails; with the log's last lines.
    """
    start = time.monotonic()
    reference = design.graph.evaluate(raw) if expected is None else expected
    flush = design.schedule.latency + _MARGIN
    sources = write_verilog(design, folder) if source is None else [source]
    kept = folder / "sim" / "verilog"
    shutil.rmtree(kept, ignore_errors=True)  # what an earlier simulation left
    with tools.build_folder() as draft:
        write_files(draft, {f"rtl/{s.name}": s.read_text(encoding="utf-8") for s in sources})
        work = draft / "sim" / "verilog"
        _write_bench(design, raw, work, sources, flush)
        try:
            simulate(work, kept / "simulation.log")
        finally:
            copy_files(work, kept, MADE)
        stream = _recorded(design, work / "response.txt", len(raw) + flush)
    return judged(design, stream, reference, time.monotonic() - start)


def judged(design: Design, stream: RawArray, reference: RawArray, seconds: float) -> Simulation:
    """What a recorded stream of outputs shows: the lag at which it agrees best, and how well.

    Args:
        design: the design; its schedule decides between lags that agree equally well.
        stream: recorded outputs, shape (clocks, outputs), with more clocks than vectors.
        reference: expected outputs, shape (vectors, outputs).
        seconds: wall-clock time of the simulation.
    """
    lag, mismatches, ambiguous = _lag(stream, reference, design.schedule.latency)
    return Simulation(
        outputs=stream[lag : lag + len(reference)],
        latency=lag,
        ii=1 if not mismatches and len(reference) > 1 else None,
        mismatches=mismatches,
        ambiguous=ambiguous,
        seconds=seconds,
    )


def _write_bench(
    design: Design, raw: RawArray, work: Path, sources: list[Path], flush: int
) -> None:
    design_ports = ports(design)
    copy_bench(work, "stream.py")
    nodes = input_nodes(design)
    columns = [
        to_patterns(raw[:, j], node.fmt)
        for j, _, _ in design_ports.inputs
        if (node := nodes[j]) is not None
    ]
    rows = stacked(columns, len(raw)).tolist()
    write_text(work / "stimulus.txt", vectors_text(rows))
    job = {
        "simulator": "verilator",
        "tests": ["stream"],
        "made": ["response.txt"],
        "top": design.name,
        "sources": [f"../../rtl/{source.name}" for source in sources],
        "build_args": BUILD_ARGS,
        "inputs": [name for *_, name in design_ports.inputs],
        "outputs": [name for _, name in design_ports.outputs],
        "enable": ENABLE if design.interface.enable else "",
        "flush": flush,
    }
    write_text(work / "job.json", json.dumps(job, indent=2) + "\n")


def vectors_text(rows: Sequence[Sequence[int]]) -> str:
    """Integers, a vector on each line."""
    return "".join(" ".join(str(value) for value in row) + "\n" for row in rows)


def copy_bench(work: Path, *files: str) -> None:
    """Make a folder with files of the benches, and what builds and runs them."""
    work.mkdir(parents=True)
    for name in (_RUNNER, *files):
        shutil.copyfile(Path(bench.__file__).parent / name, work / name)


def simulate(work: Path, log: Path) -> None:
    """Build and run the bench in a folder, as its job.json says.

    Raises:
        ToolError: a tool is missing or fails.
    """
    tool = tools.find("verilator")
    compiler, cocotb = tools.find("g++"), tools.find("cocotb")
    tools.find("make")
    env = tool.environment()
    env["MAKEFLAGS"] = f"{env.get('MAKEFLAGS', '')} {_MAKE_FLAGS}".strip()
    versions = [tool.version, compiler.version, cocotb.version]
    cache = runtime_cache.folder([*versions, str(tool.path), str(compiler.path), env["MAKEFLAGS"]])
    seeded = runtime_cache.seed(cache, work / "build")
    command = [sys.executable, "run.py"]
    tools.execute(command, folder=work, log=log, env=env)
    if not seeded:
        runtime_cache.keep(cache, work / "build")


def _recorded(design: Design, path: Path, cycles: int) -> RawArray:
    if not path.exists():
        raise ToolError(f"the simulation of {design.name} has written no {path}")
    formats = design.graph.output_formats
    dtype = raw_dtype(max(fmt.width for fmt in formats) + 1)
    words = [[int(word) for word in line.split()] for line in path.read_text().splitlines()]
    if len(words) != cycles:
        raise ToolError(f"the simulation of {design.name} has {len(words)} of {cycles} clocks")
    patterns = np.array(words, dtype)
    return stacked([from_patterns(patterns[:, k], fmt) for k, fmt in enumerate(formats)], cycles)


def _lag(stream: RawArray, reference: RawArray, scheduled: int) -> tuple[int, int, bool]:
    """The lag with the fewest mismatches, their number, and whether another lag is as good."""
    count = len(reference)
    wrong = [
        int((stream[lag : lag + count] != reference).any(axis=1).sum())
        for lag in range(len(stream) - count + 1)
    ]
    best = [lag for lag, number in enumerate(wrong) if number == min(wrong)]
    chosen = scheduled if scheduled in best else best[0]
    return chosen, wrong[chosen], len(best) > 1
