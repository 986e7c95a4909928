"""The generated VHDL, simulated: GHDL, a new vector every clock.

As with Verilog the simulation only records, and the latency is measured as the lag between the
recorded stream and the reference, without the schedule.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from symtick.codegen.design import Design
from symtick.codegen.emit.logic.expressions import Signal
from symtick.codegen.emit.logic.vhdl_text import places
from symtick.codegen.emit.names import ENABLE, ports
from symtick.codegen.emit.project import write_files, write_vhdl
from symtick.codegen.emit.templates import render
from symtick.codegen.emit.vectors import stacked
from symtick.codegen.ir.fixed import Fixed, RawArray, raw_dtype
from symtick.errors import ToolError
from symtick.sim import tools
from symtick.sim.case import Case, some
from symtick.sim.forms import FormRun, run_forms
from symtick.sim.verilator import Simulation, judged

_MARGIN = 8
_NEWLINE, _ZERO, _ONE = b"\n01"
# registers begin undefined, of which numeric_std would tell at length
_QUIET = "--ieee-asserts=disable"


def run(
    design: Design, raw: RawArray, folder: Path, expected: RawArray | None = None,
    source: Path | None = None,
) -> Simulation:  # fmt: skip
    """Simulate a design's VHDL with one vector each clock.

    Args:
        design: the design; its VHDL is written under `folder/rtl` where no other is given.
        raw: raw input integers, shape (vectors, inputs).
        folder: the bench, its log and what it recorded are kept in its `sim/vhdl`.
        expected: reference outputs, shape (vectors, outputs); the graph's own by default.
        source: VHDL to simulate in place of the design's own.

    Raises:
        ToolError: GHDL is missing, refuses the text or fails; with the log's last lines.
    """
    start = time.monotonic()
    reference = design.graph.evaluate(raw) if expected is None else expected
    (text,) = write_vhdl(design, folder) if source is None else [source]
    work = (folder / "sim" / "vhdl").resolve()
    shutil.rmtree(work, ignore_errors=True)  # what an earlier simulation left
    work.mkdir(parents=True)
    cycles = len(raw) + design.schedule.latency + _MARGIN
    bench = f"{design.name}_record"
    write_files(work, {f"{bench}.vhd": _bench(design, bench)})
    (work / "stimulus.txt").write_bytes(_stimulus(design, raw, cycles))
    analyse([text.resolve(), work / f"{bench}.vhd"], work)
    tool = tools.find("ghdl")
    command = [*tool.command, "--elab-run", "--std=93", bench, _QUIET]
    tools.execute(command, folder=work, log=work / "simulation.log", env=tool.environment())
    stream = _recorded(design, work / "response.txt", cycles)
    return judged(design, stream, reference, time.monotonic() - start)


def run_on_some(cases: Sequence[Case]) -> list[tuple[npt.NDArray[np.int64], Simulation]]:
    """Simulate VHDL on vectors at equal distances, at most 1,000 of each design, behind its form.

    GHDL interprets arithmetic bit by bit, and is far slower than Verilator. What is printed is the
    logic that the Verilog prints, of which Verilator has seen all vectors. Designs behind a form
    are simulated together.

    Args:
        cases: designs of different names; their VHDL lies beside their Verilog.

    Returns:
        For each the numbers of the vectors, and what they have shown.

    Raises:
        ToolError: as `run`.
    """
    rows = [some(len(case.raw)) for case in cases]
    found: dict[int, Simulation] = {}
    runs: dict[int, FormRun] = {}
    for k, (case, few) in enumerate(zip(cases, rows, strict=True)):
        raw, expected = case.raw[few], case.expected[few]
        source = case.source.with_suffix(".vhd")
        if case.design.interface.kind == "plain":
            found[k] = run(case.design, raw, case.folder, expected, source)
        else:
            sources = [source, source.with_name(f"{case.design.top}.vhd")]
            runs[k] = FormRun(case.design, raw, expected, sources, case.folder)
    found |= zip(runs, run_forms(list(runs.values()), "ghdl"), strict=True)
    return [(few, found[k]) for k, few in enumerate(rows)]


def analyse(sources: list[Path], folder: Path, standard: str = "93") -> str:
    """GHDL's analysis with its warnings on; returns what it printed.

    Args:
        sources: VHDL files, in order of use.
        folder: of the library that it makes, and of the log.
        standard: edition of VHDL, 93 or 08.

    Raises:
        ToolError: GHDL is missing or finds an error.
    """
    tool = tools.find("ghdl")
    command = [*tool.command, "-a", f"--std={standard}", *(str(path) for path in sources)]
    return tools.execute(
        command, folder=folder, log=folder / "analysis.log", env=tool.environment()
    )


def _ports(design: Design) -> tuple[list[Signal], list[Signal]]:
    """The input ports, and the outputs."""
    names, nodes = ports(design), design.graph.nodes
    return (
        [Signal(name, nodes[k].fmt) for _, k, name in names.inputs],
        [Signal(name, nodes[k].fmt) for k, name in names.outputs],
    )


def _bits(signals: Sequence[Signal]) -> int:
    return sum(signal.fmt.width for signal in signals)


def _bench(design: Design, name: str) -> str:
    inputs, outputs = _ports(design)
    return render(
        "rtl/record.vhd.j2",
        bench=name,
        top=design.name,
        enable=ENABLE if design.interface.enable else "",
        input_bits=max(1, _bits(inputs)),
        output_bits=_bits(outputs),
        ports=places(inputs, "tb_in") + places(outputs, "tb_out"),
    )


def _stimulus(design: Design, raw: RawArray, cycles: int) -> bytes:
    """A line of bits for each clock; zeros behind the last vector."""
    inputs, _ = _ports(design)
    width = max(1, _bits(inputs))
    lines = np.full((cycles, width + 1), _ZERO, np.uint8)
    lines[:, -1] = _NEWLINE
    at = 0
    for (index, *_), port in zip(ports(design).inputs, inputs, strict=True):
        for place in reversed(range(port.fmt.width)):
            lines[: len(raw), at] += ((raw[:, index] >> place) & 1).astype(np.uint8)
            at += 1
    return lines.tobytes()


def _recorded(design: Design, path: Path, cycles: int) -> RawArray:
    """Raw outputs at each clock; where a bit is undefined a value that the format does not have."""
    formats = design.graph.output_formats
    width = sum(fmt.width for fmt in formats)
    content = path.read_bytes()
    if len(content) != cycles * (width + 1):
        raise ToolError(
            f"the simulation of {design.name} wrote {len(content)} bytes to {path}, "
            f"not {cycles} lines of {width}"
        )
    lines = np.frombuffer(content, np.uint8).reshape(cycles, width + 1)
    columns, at = [], 0
    for fmt in formats:
        columns.append(_values(lines[:, at : at + fmt.width], fmt))
        at += fmt.width
    return stacked(columns, cycles)


def _values(bits: npt.NDArray[np.uint8], fmt: Fixed) -> RawArray:
    weights = [1 << place for place in reversed(range(fmt.width))]
    if fmt.signed:
        weights[0] = -weights[0]
    dtype = raw_dtype(fmt.width + 1)
    values = (bits == _ONE).astype(dtype) @ np.array(weights, dtype)
    undefined = ((bits != _ONE) & (bits != _ZERO)).any(axis=1)
    return np.where(undefined, fmt.raw_max + 1, values)
