"""The generated Verilog, simulated: cocotb on Verilator, a new vector every clock.

Designs that are simulated together are one build and one run, side by side on one clock
(`codegen/emit/streams.py`). The simulation only records. The latency of each is measured as the lag
between its recorded stream and its reference, without the schedule. It is built in a folder of its
own under the system's temporary folder, since make takes no path with a space in it, and a build
that runs beside it would be in its way. The program is kept by its sources (`builds`); the bench is
written beside each design, too, for that design alone.
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
import numpy.typing as npt

from symtick.codegen.design import Design
from symtick.codegen.emit import streams
from symtick.codegen.emit.project import write_files, write_verilog
from symtick.codegen.ir.fixed import RawArray
from symtick.errors import ToolError
from symtick.sim import bench, builds, runtime_cache, tools
from symtick.sim.case import Case

_RUNNER = "run.py"
_LOG = "simulation.log"
_OFF = 0.25  # share of the clocks at which an enable is 0
_MARGIN = 8
# one C++ file: our designs are small, and precompiled headers cost more than they save; tables stay
# functions, which spares a sixth of the build
BUILD_ARGS = ["--output-split", "0", "-fno-inline-funcs"]
# of streams cocotb needs three ports, which say so
_STREAM_ARGS = ["--no-public-flat-rw", *BUILD_ARGS]
# compiling takes longer than running
_MAKE_FLAGS = f"OPT_FAST=-O0 OPT_SLOW=-O0 OPT_GLOBAL=-O0 {runtime_cache.MAKE_FLAGS}"


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
        seconds: wall-clock time of build and run, of designs simulated together an equal share.
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
    """Simulate a design with one vector each clock: `run_together` with one.

    Args:
        design: the design; its Verilog is written under `folder/rtl` where no other is given.
        raw: raw input integers, shape (vectors, inputs).
        folder: the bench, its log and what it recorded are kept in its `sim/verilog`.
        expected: reference outputs, shape (vectors, outputs); the graph's own by default.
        source: Verilog to simulate in place of the design's own.

    Raises:
        ToolError: as `run_together`.
    """
    reference = design.graph.evaluate(raw) if expected is None else expected
    verilog = source or write_verilog(design, folder)[0]
    return run_together([Case(design, folder, raw, reference, verilog)])[0]


def run_together(cases: Sequence[Case]) -> list[Simulation]:
    """Simulate designs of different names with one vector each clock; one result for each.

    A design with a clock enable has its vectors at enabled clocks, and between these others with
    junk at the inputs, of which nothing counts.

    Raises:
        ToolError: a tool is missing, the temporary folder has a space in its path, or the build or
            the run fails; with the log's last lines.
    """
    if not cases:
        return []
    start = time.monotonic()
    clocks = [_clocks(case) for case in cases]
    stimuli = [_stimulus(case, *when) for case, when in zip(cases, clocks, strict=True)]
    log = _kept(cases[0]) / _LOG
    with tools.build_folder() as work:
        _write_bench(cases, work)
        for case, stimulus in zip(cases, stimuli, strict=True):
            shutil.rmtree(_kept(case), ignore_errors=True)  # what an earlier simulation left
            (work / case.design.name / "stimulus.txt").write_text(stimulus)
        try:
            simulate(work, log)
        finally:
            for case, stimulus in zip(cases, stimuli, strict=True):
                _keep(case, stimulus, work, log)
        recorded = [_recorded(case, work, on) for case, (_, on) in zip(cases, clocks, strict=True)]
    seconds = (time.monotonic() - start) / len(cases)
    return [
        judged(case.design, stream, case.expected, seconds)
        for case, stream in zip(cases, recorded, strict=True)
    ]


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


def _kept(case: Case) -> Path:
    return case.folder / "sim" / "verilog"


def _clocks(case: Case) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """For each clock the number of the vector at the inputs, and whether it counts.

    The last vector stays for a few clocks more than the latency.
    """
    count = len(case.raw)
    numbers = np.minimum(np.arange(count + case.design.schedule.latency + _MARGIN), count - 1)
    if not case.design.interface.enable:
        return numbers, np.ones(len(numbers), np.bool_)
    rng = np.random.default_rng(1)
    places = np.cumsum(rng.geometric(1.0 - _OFF, len(numbers))) - 1
    rows = rng.integers(0, count, places[-1] + 1)
    rows[places] = numbers
    on = np.zeros(len(rows), np.bool_)
    on[places] = True
    return rows, on


def _stimulus(case: Case, rows: npt.NDArray[np.int64], on: npt.NDArray[np.bool_]) -> str:
    values = case.port_values[rows]
    if case.design.interface.enable:
        values = np.concatenate([values, on[:, None].astype(np.int64)], axis=1)
    return streams.input_word(case.design).text(values)


def _write_bench(cases: Sequence[Case], work: Path) -> None:
    """The bench of several designs; each has a folder with its Verilog."""
    folders = [case.design.name for case in cases]
    texts = {f"{case.design.name}/{case.source.name}": case.source.read_text(encoding="utf-8")
             for case in cases}  # fmt: skip
    write_files(work, texts | _bench_files(cases, list(texts), folders))


def _bench_files(
    cases: Sequence[Case], sources: Sequence[str], folders: Sequence[str]
) -> dict[str, str]:
    """The texts of a bench, by name.

    Args:
        cases: its designs.
        sources: of their Verilog, as seen from the bench.
        folders: of the stimulus and the response of each.
    """
    copied = bench_files("stream.py")
    job = {
        "simulator": "verilator",
        "language": "verilog",
        "run_args": [],
        "plus_args": [],
        "tests": ["stream"],
        "made": [str(Path(folder, "response.txt")) for folder in folders],
        "top": streams.TOP,
        "sources": ["streams.v", *sources],
        "build_args": _STREAM_ARGS,
        "designs": [
            {
                "name": case.design.name,
                "folder": folder,
                "digits": streams.output_word(case.design).digits,
            }
            for case, folder in zip(cases, folders, strict=True)
        ],
    }
    text = streams.bench_text([case.design for case in cases])
    return {**copied, "job.json": json.dumps(job, indent=2) + "\n", "streams.v": text}


def _keep(case: Case, stimulus: str, work: Path, log: Path) -> None:
    """Beside a design: its bench alone, what went in and came out, and the log of all."""
    files = _bench_files([case], [f"../../rtl/{case.source.name}"], ["."])
    files["stimulus.txt"] = stimulus
    response = work / case.design.name / "response.txt"
    if response.exists():
        files["response.txt"] = response.read_text()
    write_files(_kept(case), files)
    if log.exists() and not (_kept(case) / _LOG).exists():
        shutil.copyfile(log, _kept(case) / _LOG)


def vectors_text(rows: Sequence[Sequence[int]]) -> str:
    """Integers, a vector on each line."""
    return "".join(" ".join(str(value) for value in row) + "\n" for row in rows)


def bench_files(*files: str) -> dict[str, str]:
    """The texts of files of the benches, by name, and of what builds and runs them."""
    place = Path(bench.__file__).parent
    return {name: (place / name).read_text(encoding="utf-8") for name in (_RUNNER, *files)}


def simulate(work: Path, log: Path) -> None:
    """Build and run the bench in a folder, as its job.json says; a program that is kept is run.

    Raises:
        ToolError: a tool is missing or fails.
    """
    parts, env = made_by()
    job = json.loads((work / "job.json").read_text(encoding="utf-8"))
    texts = [(work / name).read_text(encoding="utf-8") for name in (_RUNNER, *job["sources"])]
    kept = builds.key([*parts, job["top"], *job["build_args"], *job["sources"], *texts])
    program = work / "build" / job["top"]
    command = [sys.executable, _RUNNER]
    if builds.fetch(kept, program):
        tools.execute([*command, "--built"], folder=work, log=log, env=env)
        return
    runtime_cache.provide(parts, work / "build", env)
    tools.execute(command, folder=work, log=log, env=env)
    builds.keep(kept, program)


def compile_runtime() -> None:
    """Compile Verilator's run-time library, if it is not kept, before it is needed.

    Raises:
        ToolError: a tool is missing or fails.
    """
    runtime_cache.compile_ahead(*made_by())


def made_by() -> tuple[list[str], dict[str, str]]:
    """What a program depends on beside its sources, and the environment that it is made in."""
    tool, compiler, cocotb = tools.find("verilator"), tools.find("g++"), tools.find("cocotb")
    tools.find("make")
    env = tool.environment()
    env["MAKEFLAGS"] = f"{env.get('MAKEFLAGS', '')} {_MAKE_FLAGS}".strip()
    parts = [tool.version, compiler.version, cocotb.version, str(tool.path), str(compiler.path),
             str(cocotb.path), env["MAKEFLAGS"]]  # fmt: skip
    return parts, env


def _recorded(case: Case, work: Path, on: npt.NDArray[np.bool_]) -> RawArray:
    """The outputs after each clock that counts, shape (clocks, outputs)."""
    path = work / case.design.name / "response.txt"
    if not path.exists():
        raise ToolError(f"the simulation of {case.design.name} has written no {path}")
    lines = path.read_text().splitlines()
    if len(lines) != len(on):
        raise ToolError(
            f"the simulation of {case.design.name} has {len(lines)} of {len(on)} clocks"
        )
    return streams.output_word(case.design).values(lines)[on]


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
