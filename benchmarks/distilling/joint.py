"""Ablation of a distillation: its search with parts changed or left out, on three tasks.

Run: `python -m benchmarks.distilling.joint --seeds 5`. The methods are

* `hybrid`, what a job does with one start: joint models whose terms come from policy and evolution
  together, and three designs of their front shortened;
* `gp` and `policy`: terms from evolution alone, and from the policy alone, at equal evaluations;
* `unshared`: a term is read by one output;
* `unshortened`: formulas as they are found;
* `layered`: two starts of the layered form in place of the joint model. It counts no evaluations.

For every run it logs the share of a box that the front dominates, over error (1 - score, or log2 of
the RMSE over the spread), ticks, and the logarithms of LUTs and nodes; a killed run goes on.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.distilling.tasks import TASKS
from benchmarks.runs import LOGS, RESULTS, Log, Record, machine, run_all, say
from benchmarks.search.hypervolume import hypervolume
from symtick.errors import SymtickError
from symtick.files import write_json
from symtick.hwcost import model, search_cost
from symtick.search.data.problem import Problem
from symtick.search.designs.front import FrontEntry
from symtick.search.distill.distill import Distiller
from symtick.search.distill.settings import DistillConfig

TICKS = 8
# settings of the joint search (about 600 evaluations in each round), of the others by their names
METHODS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "hybrid": {},
    "gp": {"joint": {"method": "gp", "generations": 13}},
    "policy": {"joint": {"method": "policy", "batch": 600}},
    "unshared": {"joint": {"readers": 1}},
    "unshortened": {"shortening": {"designs": 0}},
    "layered": {"joint": {"starts": 0}, "layered": {"hidden": (4, 5)}},
}
# ends of the box: ticks, log2 of LUTs and of nodes
BEST, WORST = (0.0, 2.0, 2.0), (TICKS + 1.0, 11.0, 10.0)
ERRORS = {"classes": (0.0, 0.5), "values": (-6.0, 0.0)}


@dataclass(frozen=True)
class JointRun:
    """One distillation: a task, a method, a seed."""

    task: str
    method: str
    seed: int

    @property
    def key(self) -> Hashable:
        return key_of(self.__dict__)


def key_of(row: Record) -> Hashable:
    """What tells one run from another."""
    return tuple(row[name] for name in ("task", "method", "seed"))


def share(problem: Problem, entries: Sequence[FrontEntry]) -> float:
    """The share of the box that designs dominate."""
    least, most = ERRORS[problem.kind]

    def error(e: FrontEntry) -> float:
        value = 1.0 - e.score
        return value if problem.kind == "classes" else 0.5 * math.log2(max(value, 1e-9))

    low, high = np.array([least, *BEST]), np.array([most, *WORST])
    points = np.array(
        [(error(e), e.ticks, math.log2(max(e.cost, 1.0)), math.log2(e.nodes)) for e in entries]
    ).reshape(-1, 4)
    points = np.maximum(points, low)
    beaten = (points[None] <= points[:, None]).all(axis=2) & (points[None] < points[:, None]).any(
        axis=2
    )
    return hypervolume(points[~beaten.any(axis=1)], high) / float(np.prod(high - low))


def configured(method: str, seed: int) -> DistillConfig:
    """The settings of a method: the defaults, with one start."""
    base = DistillConfig()
    base = replace(
        base,
        seed=seed,
        workers=1,
        joint=replace(base.joint, starts=1),
        layered=replace(base.layered, hidden=()),
        shortening=replace(base.shortening, designs=3, longest=300),
        tuning=replace(base.tuning, accuracy=None, rmse=None),
        choice=replace(base.choice, max_ticks=TICKS, floor=0.0),
    )
    changed = {
        stage: replace(getattr(base, stage), **settings)
        for stage, settings in METHODS[method].items()
    }
    return replace(base, **changed)


@lru_cache(maxsize=1)
def _task(name: str) -> Problem:
    return TASKS[name]()


def work(run: JointRun) -> Record:
    """Do one run."""
    problem = _task(run.task)
    start = time.process_time()
    costs = model("open", 200.0)
    cost = search_cost(costs, problem.formats)
    distiller = Distiller(problem, configured(run.method, run.seed), costs, cost)
    status = []
    distiller.run(lambda progress: status.append(progress.searches))
    entries = [e for e in distiller.evidence().entries if e.ticks <= TICKS]
    return {
        **run.__dict__,
        "share": round(share(problem, entries), 5),
        "designs": len(entries),
        "evaluations": max((s.evaluations for states in status for s in states), default=0),
        "cpu_seconds": round(time.process_time() - start, 1),
    }


def summary(rows: Sequence[Record]) -> list[Record]:
    """For each task and method: mean share, and how often it is above that of `hybrid`."""
    shares = {(r["task"], r["method"], r["seed"]): r["share"] for r in rows}
    records = []
    for task in TASKS:
        for method in METHODS:
            found = [r for r in rows if (r["task"], r["method"]) == (task, method)]
            pairs = [(r["share"], shares.get((task, "hybrid", r["seed"]))) for r in found]
            if found:
                records.append(
                    {
                        "task": task,
                        "method": method,
                        "seeds": len(found),
                        "share": statistics.fmean(r["share"] for r in found),
                        "least": min(r["share"] for r in found),
                        "most": max(r["share"] for r in found),
                        "above_hybrid": sum(b is not None and a > b for a, b in pairs),
                        "evaluations": statistics.fmean(r["evaluations"] for r in found),
                        "cpu_seconds": statistics.fmean(r["cpu_seconds"] for r in found),
                    }
                )
    return records


def report(rows: Sequence[Record]) -> str:
    """The summary as text."""
    lines = [
        f"{'task':8}{'method':13}{'mean':>8}{'least':>8}{'most':>8}{'above hybrid':>14}"
        f"{'evals':>8}{'CPU s':>8}"
    ]
    for r in summary(rows):
        above = f"{r['above_hybrid']}/{r['seeds']}"
        lines.append(
            f"{r['task']:8}{r['method']:13}{r['share']:>8.4f}{r['least']:>8.4f}{r['most']:>8.4f}"
            f"{above:>14}{r['evaluations']:>8.0f}{r['cpu_seconds']:>8.0f}"
        )
    return "\n".join(lines)


def _show(row: Record) -> None:
    say(
        f"{row['task']:8}{row['method']:13}seed {row['seed']:<4}{row['share']:.4f}"
        f"{row['cpu_seconds']:>8.0f} CPU s"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--log", type=Path, default=LOGS / "joint.jsonl")
    parser.add_argument("--out", type=Path, default=RESULTS / "joint.json")
    options = parser.parse_args(arguments)
    seeds = list(range(1, options.seeds + 1))
    jobs = [
        JointRun(task, method, seed)
        for seed in seeds
        for task in options.tasks
        for method in options.methods
    ]
    log: Log[JointRun] = Log(options.log, key_of)
    try:
        rows = run_all(jobs, work, log, options.processes, _show)
    except SymtickError as error:
        raise SystemExit(str(error)) from None
    print(report(rows))
    write_json(
        options.out,
        {
            "machine": machine(),
            "settings": {"seeds": seeds, "ticks": TICKS, "best": BEST, "worst": WORST,
                         "errors": ERRORS},
            "sets": summary(rows),
            "runs": rows,
        },
    )  # fmt: skip


if __name__ == "__main__":
    main()
