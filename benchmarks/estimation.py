"""The estimate beside the tools, on random expressions that calibration never saw.

    python -m benchmarks.estimation [--count 200] [--seed 2] [--no-clock]

For each expression: ticks, LUTs, flip-flops and DSPs as the cost model `open` expects them, the
same of the netlist that Yosys makes (ticks are the registers on every path from input to output),
and the clock that nextpnr reaches on an ECP5-85k-8, by up to three seeds of the placement until one
meets the design's. Row by row in runs/benchmarks/estimation.jsonl; a stopped benchmark goes on.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.codegen.netlist import register_depths
from benchmarks.codegen.random_designs import draw
from benchmarks.runs import LOGS, RESULTS, Log, Record, machine, run_all, say
from symtick.codegen.emit.verilog import verilog_files
from symtick.files import write_json, write_text
from symtick.hwcost import estimate, model
from symtick.sim import nextpnr, yosys

CLOCK_MHZ = 200.0
# areas and delays were fitted with seed 1 in view only; clocks of seed 2 that were missed were
# looked at, and led to the timing weight of the placement
SEED = 2
SEEDS = (1, 2, 3)  # of the placement, tried until one meets the clock
_RESOURCES = ("lut", "ff")


@dataclass(frozen=True)
class Drawing:
    """Which random expression."""

    seed: int
    number: int

    @property
    def key(self) -> tuple[int, int]:
        return self.seed, self.number


def measured(job: Drawing, *, clock: bool) -> Record:
    """One expression through the compiler and the tools."""
    device = model("open", CLOCK_MHZ)
    drawn, design = draw(job.seed, job.number, device)
    expected = estimate(design, device)
    start = time.perf_counter()
    with TemporaryDirectory() as place:
        folder = Path(place)
        source = folder / f"{design.name}.v"
        write_text(source, verilog_files(design)[f"rtl/{design.name}.v"])
        area = yosys.synthesize([source], design.name, folder, dsp=False)
        fewest, most = register_depths(folder / f"{design.name}.xcup.json", design.name)
        fmax = _clocks(source, design.name, folder) if clock else []
    return {
        "seed": job.seed, "number": job.number, "expression": drawn.text,
        "formats": [str(f) for f in drawn.formats], "refused": drawn.refused,
        "ticks": expected.ticks, "ticks_fewest": fewest, "ticks_most": most,
        "lut": expected.area.lut, "lut_yosys": area.lut,
        "ff": expected.area.ff, "ff_yosys": area.ff,
        "dsp": expected.area.dsp, "dsp_yosys": area.dsp,
        "bram": expected.area.bram, "bram_yosys": area.bram,
        "fmax_mhz": fmax, "seconds": round(time.perf_counter() - start, 1),
    }  # fmt: skip


def _clocks(source: Path, name: str, folder: Path) -> list[float]:
    """What each seed reaches, up to the first that meets the clock; MHz."""
    reached: list[float] = []
    for seed in SEEDS:
        timing = nextpnr.place_and_route(
            [source], name, folder, target_mhz=CLOCK_MHZ, seed=seed, dsp=False
        )
        reached.append(timing.fmax_mhz)
        if timing.fmax_mhz >= CLOCK_MHZ:
            break
    return reached


def errors(rows: list[Record], resource: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """(estimate - measured) / measured, shape (rows,); where nothing is measured, over one."""
    return np.array(
        [(r[resource] - r[f"{resource}_yosys"]) / max(r[f"{resource}_yosys"], 1) for r in rows]
    )


def summary(rows: list[Record]) -> Record:
    """Errors of the estimate over all expressions, and the clocks that nextpnr reaches."""
    figures: Record = {
        "expressions": len(rows),
        "ticks_exact": sum(r["ticks"] == r["ticks_fewest"] == r["ticks_most"] for r in rows),
        "dsp_exact": sum(r["dsp"] == r["dsp_yosys"] for r in rows),
        "bram_exact": sum(r["bram"] == r["bram_yosys"] for r in rows),
        "lut_median": float(np.median([r["lut_yosys"] for r in rows])),
        "lut_largest": max(r["lut_yosys"] for r in rows),
    }
    for resource in _RESOURCES:
        size = np.abs(errors(rows, resource))
        figures[f"{resource}_error_median"] = float(np.median(size))
        figures[f"{resource}_error_p90"] = float(np.quantile(size, 0.9))
        figures[f"{resource}_error_worst"] = float(size.max())
    timed = [r["fmax_mhz"] for r in rows if r["fmax_mhz"]]
    if timed:
        figures["clock_met"] = float(np.mean([max(f) >= CLOCK_MHZ for f in timed]))
        figures["clock_met_at_once"] = float(np.mean([f[0] >= CLOCK_MHZ for f in timed]))
        figures["fmax_median"] = float(np.median([f[0] for f in timed]))
        figures["fmax_least"] = min(max(f) for f in timed)
    return figures


def _show(row: Record) -> None:
    clock = "".join(f", {mhz:.0f} MHz" for mhz in row["fmax_mhz"])
    say(
        f"{row['number']:>4}: ticks {row['ticks']} ({row['ticks_fewest']}-{row['ticks_most']}), "
        f"LUT {row['lut']:.0f} ({row['lut_yosys']}), FF {row['ff']:.0f} ({row['ff_yosys']}){clock}"
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--no-clock", action="store_true", help="leave place and route out")
    parser.add_argument("--log", type=Path, default=LOGS / "estimation.jsonl")
    parser.add_argument("--out", type=Path, default=RESULTS / "estimation.json")
    given = parser.parse_args()
    log: Log[Drawing] = Log(given.log, lambda row: (row["seed"], row["number"]))
    jobs = [Drawing(given.seed, k) for k in range(given.count)]
    work = partial(measured, clock=not given.no_clock)
    rows = run_all(jobs, work, log, given.processes, _show)
    figures = summary(rows)
    for name, value in figures.items():
        print(f"{name:>18}  {value:.4g}")
    write_json(given.out, {"machine": machine(), "summary": figures, "rows": rows})


if __name__ == "__main__":
    main()
