"""Ticks in the loop of the search against node counts: the fronts of both compared.

Run: `python -m benchmarks.ticks`. On each set and with each seed the engine runs with the same
settings and the same number of evaluations, with a device's cost table in the loop (archives,
tournaments and migration by loss, ticks and LUTs) and with the usual complexity (one for each
operator, no ticks); that front is then costed with the device's table. Devices: `open`
(delays and LUTs characterised with open tools, 200 MHz, single-input parts as tables) and the
published cycles of a VU9P for <16,6> at 5 ns (whole ticks for each operator, no LUTs).

Both fronts are scored on held-out rows as share of the variance that is left. Compared are the
hypervolume, as share of the box below the reference (all of the variance; `TICKS` ticks; for `open`
also `LUT` LUTs), and the fewest ticks (and LUTs) at equal loss: at the best loss that both reach,
and at losses that explain 95 % and 90 % of what that one does.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.runs import LOGS, RESULTS, Log, Record, machine, run_all, say
from benchmarks.search.hypervolume import hypervolume
from benchmarks.search.task import node_cost
from benchmarks.search.tick_sets import SETS, TickSet, load, prepare
from symtick.errors import SymtickError
from symtick.expr import Interval
from symtick.files import write_json
from symtick.hwcost import SearchCost, model, search_cost
from symtick.search.evolution.engine import Engine
from symtick.search.evolution.settings import EngineConfig, Limits
from symtick.search.kernel_api.evaluation import costs, losses
from symtick.search.kernel_api.rows import Rows

DEVICES: Mapping[str, tuple[str, float]] = {
    "open": ("open", 200.0),
    "published": ("xcvu9p-hls4sr", 200.0),
}
LOOPS = (*DEVICES, "nodes")
TICKS: Mapping[str, float] = {"open": 12.0, "published": 40.0}
LUT = 1500.0
SHARES = (1.0, 0.95, 0.9)
EVALUATIONS = 50_000
SEEDS = 2
# what the jets job lets occur; the published table has tanh and division, at 51 and 29 ticks
OPS = ("add", "sub", "mul", "neg", "abs", "min", "max", "square", "exp", "tanh")
MAX_NODES = 60

FrontPoint = tuple[float, float, float]  # held-out loss, ticks, LUT


@dataclass(frozen=True)
class TicksRun:
    """One search: a set, what is in the loop (a device's ticks, or nodes), a seed."""

    set: str
    loop: str
    seed: int
    max_evaluations: int

    @property
    def key(self) -> Hashable:
        return key_of(self.__dict__)


def key_of(row: Record) -> Hashable:
    """What tells one run from another."""
    return tuple(row[name] for name in ("set", "loop", "seed", "max_evaluations"))


def device_cost(device: str, tick_set: TickSet) -> SearchCost:
    """The cost table of a device for the set's inputs."""
    return search_cost(model(*DEVICES[device]), [tick_set.format] * tick_set.X.shape[1])


def search(tick_set: TickSet, cost: SearchCost, seed: int, max_evaluations: int) -> Engine:
    """The engine at the end of its budget."""
    ranges = [Interval(tick_set.format.lo, tick_set.format.hi)] * tick_set.X.shape[1]
    config = replace(EngineConfig(ops=OPS, seed=seed), limits=Limits(max_nodes=MAX_NODES))
    engine = Engine(Rows.make(tick_set.X, tick_set.y), ranges, cost, config)
    while engine.step(8, budget=max_evaluations).evaluations < max_evaluations:
        pass
    return engine


def front(engine: Engine, tick_set: TickSet, cost: SearchCost) -> list[FrontPoint]:
    """Its front with held-out losses, costed with the table given."""
    programs = [candidate.program for candidate in engine.front()]
    errors = losses(programs, Rows.make(tick_set.X_test, tick_set.y_test)) / np.var(tick_set.y_test)
    ticks, lut = costs(programs, cost)
    return [
        (round(float(a), 6), float(b), round(float(c), 3))
        for a, b, c in zip(errors, ticks, lut, strict=True)
        if np.isfinite(a)
    ]


def work(run: TicksRun, cache: Path) -> Record:
    """Do one run."""
    tick_set = load(run.set, cache)
    nodes = run.loop == "nodes"
    cost = node_cost(tick_set.X.shape[1]) if nodes else device_cost(run.loop, tick_set)
    start = time.perf_counter()
    engine = search(tick_set, cost, run.seed, run.max_evaluations)
    seconds = time.perf_counter() - start
    devices = list(DEVICES) if nodes else [run.loop]
    fronts = {name: front(engine, tick_set, device_cost(name, tick_set)) for name in devices}
    return {
        **run.__dict__,
        "fronts": fronts,
        "volumes": {name: round(volume(points, name), 6) for name, points in fronts.items()},
        "evaluations": engine.stats().evaluations,
        "seconds": round(seconds, 3),
    }


def volume(points: Sequence[FrontPoint], device: str) -> float:
    """Dominated share of the box from 0 to the reference."""
    bound = [1.0, TICKS[device], LUT]
    if device == "published":
        points, bound = [(a, b, 0.0) for a, b, _ in points], [*bound[:2], 1.0]
    return hypervolume(points, bound) / float(np.prod(bound))


def cheapest(points: Sequence[FrontPoint], loss: float, objective: int) -> float:
    """The least of an objective among those that reach a loss."""
    return min(p[objective] for p in points if p[0] <= loss)


def equal_loss(
    ticks: Sequence[FrontPoint], nodes: Sequence[FrontPoint], share: float
) -> tuple[float, Record]:
    """The loss of comparison, and ticks and LUTs at it of either front."""
    both = max(min(p[0] for p in ticks), min(p[0] for p in nodes))
    loss = both + (1.0 - share) * (1.0 - both)
    figures = {
        f"{what}_{name}": cheapest(points, loss, place)
        for name, points in (("ticks", ticks), ("nodes", nodes))
        for place, what in ((1, "ticks"), (2, "lut"))
    }
    return loss, figures


def summary(rows: Sequence[Record]) -> list[Record]:
    """For each set and device, over the seeds that have both: means of what is compared."""
    by_key = {(r["set"], r["loop"], r["seed"]): r for r in rows}
    records = []
    for device in DEVICES:
        for name in SETS:
            pairs = [
                (row, by_key[name, "nodes", seed])
                for (other, loop, seed), row in by_key.items()
                if (other, loop) == (name, device) and (name, "nodes", seed) in by_key
            ]
            if pairs:
                figures = _means(device, pairs)
                records.append({"set": name, "device": device, "seeds": len(pairs), **figures})
    return records


def _means(device: str, pairs: Sequence[tuple[Record, Record]]) -> Record:
    volumes = [[row["volumes"][device] for row in side] for side in zip(*pairs, strict=True)]
    fronts = [(a["fronts"][device], b["fronts"][device]) for a, b in pairs]
    levels = []
    for share in SHARES:
        levels_at = [equal_loss(a, b, share) for a, b in fronts]
        _, first = levels_at[0]
        means = {key: statistics.fmean(figures[key] for _, figures in levels_at) for key in first}
        loss = statistics.fmean(loss for loss, _ in levels_at)
        levels.append({"share": share, "loss": loss, **means})
    best = [
        statistics.fmean(min(p[0] for p in f) for f in side) for side in zip(*fronts, strict=True)
    ]
    return {
        "volume_ticks": statistics.fmean(volumes[0]),
        "volume_nodes": statistics.fmean(volumes[1]),
        "wins": sum(a > b for a, b in zip(*volumes, strict=True)),
        "best_ticks": best[0],
        "best_nodes": best[1],
        "equal_loss": levels,
    }


def report(rows: Sequence[Record]) -> str:
    """The summary as text."""
    lines = [
        f"{'device':<11}{'set':<11}{'volume ticks':>13}{'nodes':>9}{'wins':>6}"
        f"{'at equal loss:':>17}{'ticks':>8}{'nodes':>8}{'LUT':>8}{'nodes':>8}"
    ]
    for row in summary(rows):
        first = row["equal_loss"][0]
        lines.append(
            f"{row['device']:<11}{row['set']:<11}{row['volume_ticks']:>13.4f}"
            f"{row['volume_nodes']:>9.4f}{row['wins']:>4}/{row['seeds']}{first['loss']:>17.4f}"
            f"{first['ticks_ticks']:>8.1f}{first['ticks_nodes']:>8.1f}"
            f"{first['lut_ticks']:>8.0f}{first['lut_nodes']:>8.0f}"
        )
    return "\n".join(lines)


def _show(row: Record) -> None:
    volumes = "  ".join(f"{name} {value:.4f}" for name, value in row["volumes"].items())
    say(
        f"{row['set']:<12}{row['loop']:<11}seed {row['seed']:<4}{row['seconds']:>7.1f} s  "
        f"volume: {volumes}"
    )


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=list(SETS))
    parser.add_argument("--seeds", type=int, default=SEEDS, help="pairs of runs, seeds 0, 1, ...")
    parser.add_argument("--evaluations", type=int, default=EVALUATIONS)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--log", type=Path, default=LOGS / "ticks.jsonl")
    parser.add_argument("--out", type=Path, default=RESULTS / "ticks.json")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    jobs = [
        TicksRun(name, loop, seed, options.evaluations)
        for seed in range(options.seeds)
        for name in options.sets
        for loop in LOOPS
    ]
    cache = options.log.parent / "jets_teacher.npz"
    log: Log[TicksRun] = Log(options.log, key_of)
    try:
        if any(name.startswith("jets") for name in options.sets):
            prepare(cache)
        rows = run_all(jobs, partial(work, cache=cache), log, options.processes, _show)
    except SymtickError as error:
        raise SystemExit(str(error)) from None
    print(report(rows))
    write_json(options.out, _result(options, rows))


def _result(options: argparse.Namespace, rows: Sequence[Record]) -> dict[str, Any]:
    return {
        "machine": machine(),
        "settings": {
            "max_evaluations": options.evaluations,
            "seeds": list(range(options.seeds)),
            "reference": {"loss": 1.0, "ticks": dict(TICKS), "lut": LUT},
            "ops": OPS,
            "max_nodes": MAX_NODES,
        },
        "sets": summary(rows),
        "runs": rows,
    }


if __name__ == "__main__":
    main()
