"""Recovery of laws: how often the search finds them exactly, on the problems of the literature.

Run: `python -m benchmarks.recovery` for every set with our best method, or `--ablation` for every
method on the Nguyen set; `--problems Nguyen Jin`, `--methods gp` and so on choose. Every run is
kept in a log as it ends; a killed benchmark goes on where it stopped. When all are there the table
is printed and benchmarks/results/recovery.json (or ablation.json) written: machine, settings,
summary by set, by problem, and every run. A run is one core: `--processes` run side by side.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.document.published import RECOVERY
from benchmarks.runs import LOGS, RESULTS, Log, Record, machine, run_all, say
from benchmarks.search.judge import Verdict, judge, nmse
from benchmarks.search.methods import BEST, METHODS
from benchmarks.search.problems import GROUPS, PROBLEMS, select
from benchmarks.search.sampling import sample
from benchmarks.search.task import MethodTask
from symtick.errors import SymtickError
from symtick.files import write_json

EVALUATIONS = 2_000_000
SEEDS = 10


@dataclass(frozen=True)
class RecoveryRun:
    """One method on one problem with one seed."""

    problem: str
    method: str
    seed: int
    max_evaluations: int
    data_seed: int

    @property
    def key(self) -> Hashable:
        return key_of(self.__dict__)


def key_of(row: Record) -> Hashable:
    """What tells one run from another."""
    return tuple(
        row[name] for name in ("problem", "method", "seed", "max_evaluations", "data_seed")
    )


def work(run: RecoveryRun) -> Record:
    """Do one run; what it found is judged as it goes."""
    problem = PROBLEMS[run.problem]
    drawn = sample(problem, run.data_seed)
    verdicts: dict[str, Verdict] = {}

    def solved(text: str) -> bool:
        verdicts[text] = judge(text, problem, drawn)
        return verdicts[text].recovered

    task = MethodTask(
        drawn.X, drawn.y, problem.inputs, problem.tokens, run.seed, run.max_evaluations, solved
    )
    cpu = time.process_time()
    result = METHODS[run.method](task)
    cpu = time.process_time() - cpu
    laws = [text for text, verdict in verdicts.items() if verdict.recovered]
    best = laws[0] if laws else _best(result.front, partial(_train_error, run))
    verdict = verdicts.get(best) or Verdict(False, "error", float("inf"))
    return {
        **run.__dict__,
        "group": problem.group,
        "recovered": bool(laws),
        "rule": verdict.rule,
        "expression": best,
        "train_nmse": _finite(_train_error(run, best)) if best else None,
        "test_nmse": _finite(nmse(best, problem, drawn.X_test, drawn.y_test)) if best else None,
        "shown": len(verdicts),
        "evaluations": result.evaluations,
        "seconds": round(result.seconds, 4),
        "cpu_seconds": round(cpu, 4),
    }


def _best(front: Sequence[str], error: Any) -> str:
    return min(front, key=error, default="")


def _train_error(run: RecoveryRun, text: str) -> float:
    problem = PROBLEMS[run.problem]
    drawn = sample(problem, run.data_seed)
    return nmse(text, problem, drawn.X, drawn.y)


def _finite(value: float) -> float | None:
    return value if value < float("inf") else None


def summary(rows: Sequence[Record], by: str) -> list[Record]:
    """Figures of each method on each set (`by="group"`) or problem, in the tables' order.

    Recovery of a set is the mean over its problems, as the literature counts it.
    """
    order = list(GROUPS) if by == "group" else list(PROBLEMS)
    records: list[Record] = []
    for method in dict.fromkeys(row["method"] for row in rows):
        for name in order:
            runs = [r for r in rows if r["method"] == method and r[by] == name]
            if runs:
                records.append({"method": method, by: name, **_figures(runs)})
    return records


def _figures(rows: Sequence[Record]) -> Record:
    problems = dict.fromkeys(row["problem"] for row in rows)
    rates = [
        statistics.fmean(r["recovered"] for r in rows if r["problem"] == name) for name in problems
    ]
    seconds = [row["seconds"] for row in rows]
    return {
        "runs": len(rows),
        "problems": len(problems),
        "recovery": round(100.0 * statistics.fmean(rates), 2),
        "evaluations_mean": round(statistics.fmean(row["evaluations"] for row in rows)),
        "seconds_mean": round(statistics.fmean(seconds), 3),
        "seconds_median": round(statistics.median(seconds), 3),
        "seconds_max": round(max(seconds), 3),
    }


def report(rows: Sequence[Record]) -> str:
    """The summary by set as text, with the published figures."""
    lines = [
        f"{'method':<18}{'set':<12}{'runs':>6}{'recovered':>11}{'evaluations':>13}"
        f"{'mean s':>9}{'median s':>10}   published %"
    ]
    for row in summary(rows, "group"):
        beside = [f"{k} {v[row['group']]:g}" for k, v in RECOVERY.items() if row["group"] in v]
        lines.append(
            f"{row['method']:<18}{row['group']:<12}{row['runs']:>6}{row['recovery']:>10.1f}%"
            f"{row['evaluations_mean']:>13,}{row['seconds_mean']:>9.2f}"
            f"{row['seconds_median']:>10.2f}   {', '.join(beside)}"
        )
    return "\n".join(lines)


def _jobs(options: argparse.Namespace) -> list[RecoveryRun]:
    """Seeds outermost, so that a benchmark cut short has covered every problem alike."""
    return [
        RecoveryRun(
            problem.name, method, seed, options.evaluations, 0 if options.fixed_points else seed
        )
        for seed in range(options.first_seed, options.first_seed + options.seeds)
        for method in options.methods
        for problem in select(options.problems)
    ]


def _show(row: Record) -> None:
    mark = "found " if row["recovered"] else "missed"
    say(
        f"{mark} {row['problem']:<14}{row['method']:<18}seed {row['seed']:<4}"
        f"{row['evaluations']:>10,} evaluations{row['seconds']:>9.2f} s  {row['expression'][:60]}"
    )


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ablation", action="store_true", help="all methods on the Nguyen set")
    parser.add_argument("--problems", nargs="+", help="problems or sets; all by default")
    parser.add_argument("--methods", nargs="+", choices=list(METHODS), help="our best by default")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="runs of each, seeds 0, 1, ...")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument(
        "--fixed-points", action="store_true", help="every seed gets the literature's points"
    )
    parser.add_argument("--evaluations", type=int, default=EVALUATIONS)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--log", type=Path, default=LOGS / "recovery.jsonl")
    parser.add_argument("--out", type=Path, help="the result, in benchmarks/results by default")
    options = parser.parse_args(arguments)
    whole = options.ablation
    options.problems = options.problems or (["Nguyen"] if whole else list(GROUPS))
    options.methods = options.methods or (list(METHODS) if whole else [BEST])
    options.out = options.out or RESULTS / ("ablation.json" if whole else "recovery.json")
    return options


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    log: Log[RecoveryRun] = Log(options.log, key_of)
    try:
        jobs = _jobs(options)
        rows = run_all(jobs, work, log, options.processes, _show)
    except SymtickError as error:
        raise SystemExit(str(error)) from None
    print(report(rows))
    write_json(
        options.out,
        {
            "machine": machine(),
            "settings": {
                "max_evaluations": options.evaluations,
                "seeds": list(range(options.first_seed, options.first_seed + options.seeds)),
                "fixed_points": options.fixed_points,
                "processes": options.processes,
            },
            "sets": summary(rows, "group"),
            "problems": summary(rows, "problem"),
            "runs": rows,
        },
    )


if __name__ == "__main__":
    main()
