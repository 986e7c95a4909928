"""LUT x latency of symtick against da4ml and alkaid on ten arithmetic problems.

Run: `python -m benchmarks.arithmetic` (with the `bench` and `da` extras; about one hour on one
core). Every design is first checked against Python integers. Then Yosys (xcup) counts its LUTs and
nextpnr-ecp5 gives its clock, by one recipe for all, with multiplier blocks and without. Latency is
the number of stages times the shortest period. A block counts as 173 LUTs, as their numbers on a
VU9P are. All are measured in one stage (registers around the logic) and pipelined; each in the
settings that are best by its own estimate of LUT x latency: depth and cutoff of a library, and for
symtick the clock that it compiles for.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.baselines.libraries import TOOLS, Setting, Traced, trace
from benchmarks.baselines.libraries_worker import TOP
from benchmarks.codegen.arithmetic_problems import (
    ArithmeticProblem,
    expression,
    problems,
    reference,
)
from benchmarks.runs import LOGS, RESULTS, Log, Record, machine, run_all
from symtick.codegen import Design, Fixed, Precision, compile_expression
from symtick.codegen.emit.verilog import verilog_files
from symtick.errors import ResourceError, ToolError, VerificationError
from symtick.files import write_json, write_text
from symtick.hwcost import estimate, load_device, model
from symtick.sim.nextpnr import place_and_route
from symtick.sim.yosys import synthesize

OURS = "symtick"
LUTS_PER_DSP = 173.0  # 1,182,240 LUTs and 6,840 DSPs of a VU9P (DS890)
PIPELINED_MHZ = 200.0  # the clock that nextpnr aims at
# what symtick compiles for: in one stage, where all of a problem fits in one tick at the first, and
# pipelined, where the libraries' cutoffs give 130 to 190 MHz
CLOCKS_MHZ = {False: (10.0, 50.0, 75.0, 100.0, 125.0), True: (125.0, 150.0, 175.0, 200.0, 250.0)}
DEPTHS = (-1, 0, 1, 2)
CUTOFFS = (2, 3, 24)  # the last for products of signals, which are one operation
_ROWS = 400


@dataclass(frozen=True)
class DesignMeasurement:
    """One design to measure.

    Attributes:
        problem: name.
        tool: `symtick`, `da4ml` or `alkaid`.
        pipelined: in stages for about 200 MHz; else in one.
        dsp: whether products may become multiplier blocks.
        rank: 0 for the library's best setting by its own estimate, 1 for the second, ...
    """

    problem: str
    tool: str
    pipelined: bool
    dsp: bool
    rank: int = 0

    @property
    def key(self) -> tuple[str, str, bool, bool, int]:
        return (self.problem, self.tool, self.pipelined, self.dsp, self.rank)


def jobs(settings: int) -> Iterator[DesignMeasurement]:
    """All, what is compared side by side."""
    for dsp in (False, True):
        for pipelined in (False, True):
            for problem in problems():
                yield DesignMeasurement(problem.name, OURS, pipelined, dsp)
                for tool in TOOLS:
                    for rank in range(settings):
                        yield DesignMeasurement(problem.name, tool, pipelined, dsp, rank)


def measured(job: DesignMeasurement) -> Record:
    """Make, check, synthesise and route one design; what cannot be made is said in `failed`."""
    problem = next(p for p in problems() if p.name == job.problem)
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        try:
            sources, stages, note = _design(problem, job, folder)
        except (ToolError, VerificationError) as error:
            return {**asdict(job), "failed": str(error).strip().splitlines()[-1][-200:]}
        cells = synthesize(sources, TOP, folder / "xcup", dsp=job.dsp)
        target = PIPELINED_MHZ if job.pipelined else 100.0
        timing = place_and_route(sources, TOP, folder / "ecp5", target_mhz=target, dsp=job.dsp)
    latency = stages * timing.period_ns
    return {
        **asdict(job), "note": note, "lut": cells.lut, "ff": cells.ff, "blocks": cells.dsp,
        "stages": stages, "mhz": timing.fmax_mhz, "ns": latency,
        "product": (cells.lut + LUTS_PER_DSP * cells.dsp) * latency,
    }  # fmt: skip


def _design(
    problem: ArithmeticProblem, job: DesignMeasurement, folder: Path
) -> tuple[list[Path], int, str]:
    """Verilog files, stages and a word on the settings."""
    rng = np.random.default_rng(0)
    ends = (problem.fmt.raw_min, problem.fmt.raw_max)
    raw = rng.integers(ends[0], ends[1] + 1, (_ROWS, problem.inputs))
    raw[:20] = rng.choice(ends, (20, problem.inputs))
    expected, frac = reference(problem, raw)
    if job.tool == OURS:
        return _ours(problem, job, raw, expected, frac, folder)
    real = (expected / 2.0**frac).astype(np.float64)
    best = _peer(problem, job, raw, real, folder)
    if job.rank >= len(best):
        raise ToolError("no further setting")
    made = best[job.rank]
    return list(made.sources), made.stages, _said(made.setting)


def _said(setting: Setting) -> str:
    depth = "any depth" if setting.extra_depth < 0 else f"depth +{setting.extra_depth}"
    return depth if setting.cutoff < 0 else f"{depth}, cutoff {setting.cutoff}"


def _peer(
    problem: ArithmeticProblem, job: DesignMeasurement, raw: Any, real: Any, folder: Path
) -> list[Traced]:
    """A library's different designs, best first by its own estimate of LUT x latency."""
    cutoffs = CUTOFFS if job.pipelined else (-1,)
    settings = [Setting(extra, cutoff) for extra in DEPTHS for cutoff in cutoffs]
    fmt = (problem.fmt.width, problem.fmt.frac, problem.fmt.signed)
    rows = raw * 2.0**-problem.fmt.frac
    made = trace(job.tool, settings, problem.steps, rows, fmt, real, folder / job.tool)
    different = {(each.cost, each.depth, each.stages): each for each in reversed(made)}
    return sorted(different.values(), key=lambda each: each.cost * _latency(each))


def _latency(made: Traced) -> float:
    return made.depth if made.setting.cutoff < 0 else made.stages * made.setting.cutoff


def _ours(
    problem: ArithmeticProblem,
    job: DesignMeasurement,
    raw: Any,
    expected: Any,
    frac: int,
    folder: Path,
) -> tuple[list[Path], int, str]:
    made = [(_compiled(problem, mhz, frac), mhz) for mhz in CLOCKS_MHZ[job.pipelined]]
    fitting = [(d, mhz) for d, mhz in made if d and (job.pipelined or d.schedule.latency == 1)]
    design, mhz = min(fitting, key=lambda pair: _expected(*pair))
    out = design.graph.evaluate(raw).astype(object)
    for k, fmt in enumerate(design.graph.output_formats):
        fine = max(frac, fmt.frac)
        if (_at(out[:, k], fmt, fine) != expected[:, k] << (fine - frac)).any():
            raise VerificationError(f"symtick's output {k} of {problem.name} differs")
    sources = [folder / Path(name).name for name in verilog_files(design)]
    for path, text in zip(sources, verilog_files(design).values(), strict=True):
        write_text(path, text)
    return sources, design.schedule.latency, f"{mhz:g} MHz"


def _compiled(problem: ArithmeticProblem, mhz: float, frac: int) -> Design | None:
    """The design for a clock, or None where an operation does not fit a tick."""
    try:
        return compile_expression(
            expression(problem), [problem.fmt] * problem.inputs, model("open", mhz),
            Precision(term_frac=frac), name=TOP,
        )  # fmt: skip
    except ResourceError:
        return None


def _expected(design: Design, mhz: float) -> float:
    """Our own estimate of LUT x latency: ticks as long as the longest one needs."""
    clock = load_device("open").clock
    assert clock is not None  # it is not a published table
    period = max(design.schedule.arrival) + clock.overhead_ns
    return estimate(design, model("open", mhz)).area.lut * design.schedule.latency * period


def _at(raw: Any, fmt: Fixed, frac: int) -> Any:
    return raw << (frac - fmt.frac)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--settings", type=int, default=1, help="settings of each library to route")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--log", type=Path, default=LOGS / "arithmetic.jsonl")
    parser.add_argument("--out", type=Path, default=RESULTS / "arithmetic.json")
    options = parser.parse_args(arguments)
    log: Log[DesignMeasurement] = Log(
        options.log, lambda r: (r["problem"], r["tool"], r["pipelined"], r["dsp"], r["rank"])
    )
    run_all(list(jobs(options.settings)), measured, log, options.processes, _show)
    titles = {p.name: p.title for p in problems()}
    write_json(options.out, {"machine": machine(), "titles": titles, "rows": log.rows()})


def _show(row: Record) -> None:
    place = f"{row['problem']:<12} {'dsp' if row['dsp'] else 'lut'} "
    place += f"{'pipelined' if row['pipelined'] else 'one stage'} {row['tool']:<8}"
    if "failed" in row:
        print(place, row["failed"], flush=True)
        return
    print(
        f"{place}{row['lut']:>6} LUT {row['blocks']:>3} DSP {row['stages']:>3} stages "
        f"{row['ns']:>7.2f} ns {row['product']:>9.0f}  {row['note']}", flush=True,
    )  # fmt: skip


if __name__ == "__main__":
    main()
