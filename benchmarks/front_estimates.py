"""The LUT estimate beside Yosys on designs of real fronts, by width of the inputs.

    python -m benchmarks.front_estimates [--designs 4] [--widths 4 5 6 7 8 10 12] [--fitted]

Small distillations (`benchmarks/codegen/front_designs.py`) give fronts of held-out tasks; with
`--fitted` also of those that the rules were made with. Of each front some designs, from the
smallest to the largest, are synthesised. Row by row in runs/benchmarks/front_estimates.jsonl; a
stopped benchmark goes on. A row's estimate is of the code that made the row: after a change of a
cost model, remove the log and runs/benchmarks/fronts.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.codegen.front_designs import FITTED, HELD_OUT, TASKS, FrontTask, spread
from benchmarks.runs import LOGS, RESULTS, Log, Record, machine, run_all, say
from symtick.codegen.emit.verilog import verilog_files
from symtick.design_folder.folder import DesignSpec
from symtick.files import write_json, write_text
from symtick.hwcost import estimate
from symtick.sim import yosys

WIDTHS = (4, 5, 6, 7, 8, 10, 12)
DESIGNS = 4


@dataclass(frozen=True)
class FrontJob:
    """Which front, and how many of its designs."""

    task: str
    width: int
    designs: int

    @property
    def key(self) -> tuple[str, int, int]:
        return self.task, self.width, self.designs


def measured(job: FrontJob) -> Record:
    """The designs of one front through the compiler and Yosys."""
    start = time.perf_counter()
    designs = [_synthesised(s) for s in spread(TASKS[job.task], job.width, job.designs)]
    return {
        "task": job.task, "width": job.width, "designs_asked": job.designs,
        "designs": designs, "seconds": round(time.perf_counter() - start, 1),
    }  # fmt: skip


def _synthesised(spec: DesignSpec) -> Record:
    design = spec.build()
    area = estimate(design, spec.model()).area
    with TemporaryDirectory() as place:
        source = Path(place) / f"{design.name}.v"
        write_text(source, verilog_files(design)[f"rtl/{design.name}.v"])
        real = yosys.synthesize([source], design.name, Path(place), dsp=False)
    return {"name": spec.name, "lut": area.lut, "lut_yosys": real.lut,
            "ff": area.ff, "ff_yosys": real.ff}  # fmt: skip


def by_width(rows: Sequence[Record]) -> Iterator[Record]:
    """Errors of the LUT estimate, (estimate - measured) / measured, for each width of the rows."""
    for width in sorted({row["width"] for row in rows}):
        designs = [d for row in rows if row["width"] == width for d in row["designs"]]
        errors = np.array([(d["lut"] - d["lut_yosys"]) / max(d["lut_yosys"], 1) for d in designs])
        sizes = [d["lut_yosys"] for d in designs]
        yield {
            "width": width, "designs": len(designs),
            "lut_median": float(np.median(sizes)), "lut_largest": max(sizes),
            "error_median": float(np.median(np.abs(errors))),
            "error_p90": float(np.quantile(np.abs(errors), 0.9)),
            "bias": float(np.median(errors)), "worst": float(errors[np.argmax(np.abs(errors))]),
        }  # fmt: skip


def _show(row: Record) -> None:
    luts = ", ".join(f"{d['lut']:.0f} ({d['lut_yosys']})" for d in row["designs"])
    say(f"{row['task']}, {row['width']} bits, {row['seconds']} s: {luts}")


def _print(rows: Sequence[Record]) -> None:
    for r in by_width(rows):
        print(
            f"{r['width']:>3} bits {r['designs']:>4} designs  median LUT {r['lut_median']:>6.0f}  "
            f"median {100 * r['error_median']:5.1f} %  p90 {100 * r['error_p90']:5.1f} %  "
            f"bias {100 * r['bias']:+5.1f} %  worst {100 * r['worst']:+6.1f} %"
        )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--designs", type=int, default=DESIGNS, help="of each front at most")
    parser.add_argument("--widths", type=int, nargs="+", default=WIDTHS)
    parser.add_argument("--fitted", action="store_true", help="also the tasks fitted to")
    parser.add_argument("--log", type=Path, default=LOGS / "front_estimates.jsonl")
    parser.add_argument("--out", type=Path, default=RESULTS / "front_estimates.json")
    given = parser.parse_args()
    log: Log[FrontJob] = Log(given.log, lambda r: (r["task"], r["width"], r["designs_asked"]))
    groups: dict[str, Sequence[FrontTask]] = {"held out": HELD_OUT}
    if given.fitted:
        groups["fitted"] = FITTED
    found = {}
    for name, tasks in groups.items():
        jobs = [FrontJob(t.name, w, given.designs) for w in given.widths for t in tasks]
        found[name] = run_all(jobs, measured, log, 1, _show)
        print(name)
        _print(found[name])
    rows = found["held out"]
    write_json(given.out, {"machine": machine(), "table": list(by_width(rows)), "rows": rows})


if __name__ == "__main__":
    main()
