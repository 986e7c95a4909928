"""EmpiricalBench: the nine laws of the PySR paper, searched for in their noisy data.

Run: `python -m benchmarks.empirical`. Five seeds of each law, one core a run, the operators, the
absolute loss and the largest size (30 nodes) of the paper's PySR runs. The paper let every method
use eight cores for an hour; here the budget is a number of evaluations, and all of it is used. What
counts as solved, and as read, is said in `benchmarks.search.forms`; `--again` judges the fronts of
an earlier result, `--fronts FOLDER` those of PySR that the paper published.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.document.published import EMPIRICAL, EMPIRICAL_RUNS
from benchmarks.runs import LOGS, RESULTS, Log, Record, machine, run_all, say
from benchmarks.search.forms import MAX_NODES, judge, pareto
from benchmarks.search.laws import LAWS, Law, data
from benchmarks.search.methods import BEST, METHODS
from benchmarks.search.task import MethodTask
from benchmarks.search.tokens import TokenSet
from symtick.errors import SymtickError
from symtick.files import write_json

EVALUATIONS = 2_000_000
SEEDS = 5
TOKENS = TokenSet(
    "empirical",
    ("add", "sub", "mul", "div", "square", "cube", "exp", "log", "sqrt"),
    constants=True,
)


@dataclass(frozen=True)
class EmpiricalRun:
    """One method on one law with one seed."""

    law: str
    method: str
    seed: int
    max_evaluations: int

    @property
    def key(self) -> Hashable:
        return key_of(self.__dict__)


def key_of(row: Record) -> Hashable:
    """What tells one run from another."""
    return tuple(row[name] for name in ("law", "method", "seed", "max_evaluations"))


def work(run: EmpiricalRun) -> Record:
    """Do one run and judge its front."""
    law = LAWS[run.law]
    X, y = data(law)
    task = MethodTask(
        X, y, law.inputs, TOKENS, run.seed, run.max_evaluations, lambda _: False,
        loss="mae", max_nodes=MAX_NODES, exact=False,
    )  # fmt: skip
    cpu = time.process_time()
    result = METHODS[run.method](task)
    cpu = time.process_time() - cpu
    return {
        **run.__dict__,
        **_judged(result.front, law),
        "front": pareto(result.front, law, X, y),
        "evaluations": result.evaluations,
        "seconds": round(result.seconds, 3),
        "cpu_seconds": round(cpu, 3),
    }


def _judged(front: Sequence[str], law: Law) -> Record:
    verdict = judge(front, law)
    return {"grade": verdict.grade, "expression": verdict.expression, "read": verdict.read}


def published(folder: Path) -> list[Record]:
    """The paper's fronts of PySR, judged.

    Args:
        folder: its `benchmark/taken_results`, of files `pysr_LAW_seed=1_v44_results.txt` with an
            expression of x0, x1, ... on each line.

    Raises:
        SymtickError: an expression cannot be read.
    """
    rows: list[Record] = []
    for key, law in LAWS.items():
        for seed in range(1, SEEDS + 1):
            text = (folder / f"pysr_{key}_seed={seed}_v44_results.txt").read_text()
            for place, name in enumerate(law.inputs):
                text = re.sub(rf"\bx{place}\b", name, text)
            front = [line for line in text.splitlines() if line.strip()]
            rows.append({"law": key, "method": "PySR", **_judged(front, law),
                         "seconds": 0.0, "evaluations": 0})  # fmt: skip
    return rows


def summary(rows: Sequence[Record]) -> list[Record]:
    """For each method and law: runs, solved, almost and read, mean seconds."""
    records = []
    for method in dict.fromkeys(row["method"] for row in rows):
        for key, law in LAWS.items():
            runs = [r for r in rows if r["method"] == method and r["law"] == key]
            if runs:
                grades = [row["grade"] for row in runs]
                records.append(
                    {
                        "method": method,
                        "law": key,
                        "title": law.title,
                        "runs": len(runs),
                        "solved": grades.count("solved"),
                        "almost": grades.count("almost"),
                        "read": sum(bool(row["read"]) for row in runs),
                        "seconds_mean": round(statistics.fmean(r["seconds"] for r in runs), 2),
                        "evaluations_mean": round(statistics.fmean(r["evaluations"] for r in runs)),
                    }
                )
    return records


def report(rows: Sequence[Record]) -> str:
    """The summary as text."""
    lines = [f"{'method':<18}{'law':<30}{'solved':>9}{'almost':>8}{'read':>6}{'mean s':>9}"]
    table = summary(rows)
    for row in table:
        share = f"{row['solved']}/{row['runs']}"
        lines.append(
            f"{row['method']:<18}{row['title']:<30}{share:>9}{row['almost']:>8}"
            f"{row['read']:>6}{row['seconds_mean']:>9.1f}"
        )
    for method in dict.fromkeys(row["method"] for row in table):
        mine = [row for row in table if row["method"] == method]
        solved, runs = sum(r["solved"] for r in mine), sum(r["runs"] for r in mine)
        read = sum(row["read"] for row in mine)
        lines.append(f"{method:<18}{'together':<30}{f'{solved}/{runs}':>9}{read:>14}")
    lines += [
        f"{name + ' (paper)':<48}{f'{solved}/{EMPIRICAL_RUNS}':>9}{almost:>8}{read:>6}"
        for name, (solved, almost, read) in EMPIRICAL.items()
    ]
    return "\n".join(lines)


def _show(row: Record) -> None:
    say(
        f"{row['grade']:<8}{row['law']:<12}{row['method']:<18}seed {row['seed']:<4}"
        f"{row['seconds']:>9.1f} s  {row['expression'][:70]}"
    )


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--laws", nargs="+", default=list(LAWS), choices=list(LAWS))
    parser.add_argument("--methods", nargs="+", default=[BEST], choices=list(METHODS))
    parser.add_argument("--seeds", type=int, default=SEEDS, help="runs of each, seeds 0, 1, ...")
    parser.add_argument("--evaluations", type=int, default=EVALUATIONS)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--log", type=Path, default=LOGS / "empirical.jsonl")
    parser.add_argument("--again", action="store_true", help="judge the fronts of --out anew")
    parser.add_argument("--fronts", type=Path, help="judge the paper's fronts of PySR, there")
    parser.add_argument("--out", type=Path, default=RESULTS / "empirical.json")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    if options.fronts is not None:
        print(report(published(options.fronts)))
        return
    if options.again:
        result = json.loads(options.out.read_text())
        rows = [{**row, **_judged(row["front"], LAWS[row["law"]])} for row in result["runs"]]
        print(report(rows))
        write_json(options.out, {**result, "laws": summary(rows), "runs": rows})
        return
    jobs = [
        EmpiricalRun(law, method, seed, options.evaluations)
        for seed in range(options.seeds)
        for method in options.methods
        for law in options.laws
    ]
    log: Log[EmpiricalRun] = Log(options.log, key_of)
    try:
        rows = run_all(jobs, work, log, options.processes, _show)
    except SymtickError as error:
        raise SystemExit(str(error)) from None
    print(report(rows))
    settings = {
        "max_evaluations": options.evaluations,
        "seeds": list(range(options.seeds)),
        "processes": options.processes,
    }
    result = {"machine": machine(), "settings": settings, "laws": summary(rows), "runs": rows}
    write_json(options.out, result)


if __name__ == "__main__":
    main()
