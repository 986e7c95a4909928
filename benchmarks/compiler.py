"""Ablation of the compiler on designs of a jets run, beside hls4ml's symbolic back end.

Run: `symtick distill examples/jets/scaled.yaml -o runs/scaled`, then
`python -m benchmarks.compiler runs/scaled --designs d2 d12` (default: the chosen design). Each
design is compiled in full; with tuned widths; without table fusion (no table of a sub-expression:
every function a table on its own argument, the rest arithmetic); without shared constants; without
both; and the way of hls4ml's symbolic back end (`benchmarks.baselines.symbolic_hls4ml`), as its C++
computes and with every result cut. LUT, FF and DSP are Yosys's (UltraScale+), the clock is
nextpnr's (ECP5-85k, grade 8, without multiplier blocks), ticks are those that simulation measures,
accuracy is that on the run's test rows. All variants go through one scheduler at the run's clock.

Without tables a function's argument has as many address bits as it takes to stay within
`TOLERANCE` of the full design's accuracy on the training part (`WIDE_BITS`).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.baselines.symbolic_hls4ml import TYPE, CutPoint, compile_symbolic
from benchmarks.runs import LOGS, RESULTS, Log, Record, machine, say
from symtick.codegen import PASSES, Design, GOp, RawArray, Width, lower, run_passes, schedule
from symtick.codegen.emit.project import write_verilog
from symtick.design_folder.folder import DesignSpec
from symtick.design_folder.tuning import LossBudget, tune_spec
from symtick.errors import InputError, SymtickError, ToolError
from symtick.files import write_json
from symtick.hwcost import estimate
from symtick.run.folder import Run, open_run
from symtick.search.data.metrics import accuracy
from symtick.search.designs.width_tuning import score_judge
from symtick.sim import nextpnr, yosys
from symtick.sim.verify import verify

BUDGET = "0.1%"
SHARING = ("shift-add networks",)
WIDE_BITS = (6, 8, 10)
TOLERANCE = 0.005
VECTORS = 1000
TIMEOUT = 3600.0
WHATS = ("figures", "area", "dsp", "verify", "clock")


@dataclass(frozen=True)
class VariantMeasurement:
    """One measurement of one variant of one design."""

    design: str
    variant: str
    what: str

    @property
    def key(self) -> Hashable:
        return (self.design, self.variant, self.what)


def key_of(row: Record) -> Hashable:
    """What tells one measurement from another."""
    return tuple(row[name] for name in ("design", "variant", "what"))


@dataclass(frozen=True)
class RunDesigns:
    """Designs of a run, and the decisions of tuning that were logged."""

    run: Run
    log: Log[VariantMeasurement]

    def spec(self, name: str) -> DesignSpec:
        return replace(self.run.spec(self.run.front.entry(name)), widths=())

    def built(self, name: str, variant: str) -> Design:
        return VARIANTS[variant](self, name)

    def words(self, variant: str) -> RawArray:
        """The test rows as raw inputs of a variant."""
        if variant.startswith("hls4ml"):
            return np.asarray(TYPE.to_raw(self.run.inputs.values(self.run.test.X)))
        return self.run.raw(self.run.test.X)

    def widths(self, name: str) -> tuple[Width, ...]:
        """The decisions for a design, from the log where they are there."""
        for row in self.log.rows():
            if (row["design"], row["variant"], row["what"]) == (name, "tuned", "figures"):
                return tuple(Width.from_dict(w) for w in row["widths"])
        return tuned_widths(self, name)


@cache
def tuned_widths(bench: RunDesigns, name: str) -> tuple[Width, ...]:
    spec, bound = bench.spec(name), LossBudget.parse(BUDGET)
    built, problem = spec.core(), bench.run.problem
    rows, decision = slice(0, len(problem.raw)), bench.run.job.hardware.decision
    judge = score_judge(problem, built, rows, decision)
    tuning = tune_spec(spec, problem.raw, judge, bound.value)
    return tuning.widths(tuning.within(bound.value))


def without(spec: DesignSpec, *, tables: bool, sharing: bool, bits: int | None) -> Design:
    """The design compiled with parts of the compiler left out."""
    precision = spec.precision
    if not tables:
        precision = replace(precision, table_bits=0, wide_bits=bits or precision.wide_bits)
    left_out = {*(() if tables else ("fuse",)), *(() if sharing else SHARING)}
    steps = [step for step in PASSES if step.name not in left_out]
    model = spec.model()
    lowered = lower(spec.expression, spec.formats, model, precision, spec.output_names)
    graph = run_passes(lowered.graph, model, steps)
    return Design(spec.name, spec.expression, graph, schedule(graph, model), model.name)


def unfused(bench: RunDesigns, name: str, sharing: bool) -> Design:
    """Without tables, with as few address bits as accuracy allows."""
    spec, run = bench.spec(name), bench.run
    rows, labels = run.raw(run.train.X), run.train.labels
    goal = accuracy(spec.build().real_outputs(rows), labels) - TOLERANCE
    for bits in WIDE_BITS:
        design = without(spec, tables=False, sharing=sharing, bits=bits)
        if accuracy(design.real_outputs(rows), labels) >= goal:
            break
    return design


def symbolic(bench: RunDesigns, name: str, cut: CutPoint) -> Design:
    spec = bench.spec(name)
    return compile_symbolic(
        spec.expression, spec.model(), name=spec.name,
        output_names=spec.output_names, cut=cut,
    )  # fmt: skip


VARIANTS: Mapping[str, Callable[[RunDesigns, str], Design]] = {
    "tuned": lambda b, n: replace(b.spec(n), widths=b.widths(n)).build(),
    "full": lambda b, n: b.spec(n).build(),
    "no shared constants": lambda b, n: without(b.spec(n), tables=True, sharing=False, bits=None),
    "no fusion": lambda b, n: unfused(b, n, True),
    "neither": lambda b, n: unfused(b, n, False),
    "hls4ml, results cut": lambda b, n: symbolic(b, n, CutPoint.RESULTS),
    "hls4ml": lambda b, n: symbolic(b, n, CutPoint.CONVERSIONS),
}


def measured(bench: RunDesigns, job: VariantMeasurement, folder: Path) -> Record:
    """The figures of one job, by name."""
    design = bench.built(job.design, job.variant)
    place = folder / f"{job.design}_{job.variant.replace(', ', '_').replace(' ', '_')}"
    record: Record = {"design": job.design, "variant": job.variant, "what": job.what}
    if job.what == "figures":
        return record | _figures(bench, job, design)
    if job.what == "verify":
        data = bench.words(job.variant)[:VECTORS]
        outcome = verify(design, place / "verify", VECTORS, data=data)
        outcome.check()
        return record | {"ticks": outcome.measured_latency, "vectors": outcome.vectors}
    try:
        return record | _tools(job.what, design, place)
    except ToolError as error:
        return record | {"error": str(error).splitlines()[0]}


def _figures(bench: RunDesigns, job: VariantMeasurement, design: Design) -> Record:
    test = bench.run.test
    cost = estimate(design, bench.spec(job.design).model())
    widths = bench.widths(job.design) if job.variant == "tuned" else ()
    return {
        "accuracy": accuracy(design.real_outputs(bench.words(job.variant)), test.labels),
        "scheduled": design.schedule.latency,
        "lut_estimate": cost.area.lut,
        "products": sum(node.op is GOp.MUL for node in design.graph.nodes),
        "widths": [width.to_dict() for width in widths],
    }


def _tools(what: str, design: Design, folder: Path) -> Record:
    files = write_verilog(design, folder)
    if what == "clock":
        timing = nextpnr.place_and_route(
            files, design.name, folder / "clock", dsp=False, timeout=TIMEOUT
        )
        return {"mhz": timing.fmax_mhz}
    cells = yosys.synthesize(files, design.name, folder / what, dsp=what == "dsp", timeout=TIMEOUT)
    return {"lut": cells.lut, "ff": cells.ff, "dsp": cells.dsp}


def table(rows: Sequence[Record], designs: Sequence[str]) -> list[dict[str, Any]]:
    """One line for each variant of each design; None where it was not measured."""
    by_key = {key_of(row): row for row in rows}
    lines = []
    for name in designs:
        for variant in VARIANTS:
            parts = {what: by_key.get((name, variant, what), {}) for what in WHATS}
            lines.append({
                "design": name,
                "variant": variant,
                "accuracy": parts["figures"].get("accuracy"),
                "lut": parts["area"].get("lut"),
                "ff": parts["area"].get("ff"),
                "lut_with_dsp": parts["dsp"].get("lut"),
                "dsp": parts["dsp"].get("dsp"),
                "ticks": parts["verify"].get("ticks", parts["figures"].get("scheduled")),
                "vectors": parts["verify"].get("vectors"),
                "mhz": parts["clock"].get("mhz"),
            })  # fmt: skip
    return lines


def jobs(
    designs: Sequence[str], variants: Sequence[str], whats: Sequence[str]
) -> list[VariantMeasurement]:
    """All measurements, the quick ones first."""
    return [VariantMeasurement(d, v, w) for w in whats for v in variants for d in designs]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="a run of the jets job")
    parser.add_argument("--designs", nargs="+", help="names on its front; default the chosen one")
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--whats", nargs="+", choices=WHATS, default=WHATS)
    parser.add_argument("--log", type=Path, default=LOGS / "compiler.jsonl")
    parser.add_argument("--out", type=Path, default=RESULTS / "compiler.json")
    options = parser.parse_args(arguments)
    log: Log[VariantMeasurement] = Log(options.log, key_of)
    try:
        run = open_run(options.run)
        if run.inputs.slices:
            raise InputError(
                f"{options.run} reads raw words; the reference's one type is for scaled features: "
                "take a run of examples/jets/scaled.yaml"
            )
        designs = options.designs or [run.front.chosen]
        bench = RunDesigns(run, log)
        for job in log.missing(jobs(designs, options.variants, options.whats)):
            row = measured(bench, job, LOGS / "compiler")
            log.append(row)
            say(" ".join(f"{k}={v}" for k, v in row.items() if k != "widths"))
            _save(options.out, log, designs, run)
    except SymtickError as error:
        parser.exit(1, f"{error}\n")
    _save(options.out, log, designs, run)


def _save(out: Path, log: Log[VariantMeasurement], designs: Sequence[str], run: Run) -> None:
    settings = {"budget": BUDGET, "clock_mhz": run.job.hardware.clock_mhz,
                "device": run.job.hardware.device, "vectors": VECTORS}  # fmt: skip
    lines = table(log.rows(), designs)
    write_json(out, {"machine": machine(), "settings": settings, "table": lines})


if __name__ == "__main__":
    main()
