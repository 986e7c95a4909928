"""The regressor with its defaults on problems that it was not set up on, beside pyoperon.

Run: `python -m benchmarks.unseen` (with the `bench` extra). 40 Feynman laws at three strengths of
noise, eight right-hand sides of differential equations, seven black boxes with five splits each,
PySR's first example with noise, and noise alone. Only operators are given. pyoperon runs on the
same rows right after, for the time that symtick took. The runs are logged and go on after a
stop; the table is printed and benchmarks/results/unseen.json written when all are there.
"""

from __future__ import annotations

import argparse
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.runs import LOGS, RESULTS, Log, Record, machine, run_all, say
from benchmarks.unseen.judge import judge
from benchmarks.unseen.problems import (
    BOXES,
    DRAWN,
    ODES,
    TEST_ROWS,
    Data,
    Law,
    box_data,
    drawn,
    feynman,
    law_data,
)
from benchmarks.unseen.tools import UNARY, Found, operon, symtick
from symtick.errors import SymtickError
from symtick.files import write_json

NOISES = (0.0, 0.01, 0.1)
SPLITS, NULLS, STARTS = 5, 10, 5
TIED = 0.005  # difference of R2 on test rows up to which two tools are equal
FITS = 0.999  # R2 on test rows without noise
KINDS = ("law", "ode", "box", "start", "noise")
QUICK_START = Law("quick start", "2.5382*cos(x3) + x0**2 - 0.5", ((-4.0, 4.0),) * 5)


@dataclass(frozen=True)
class UnseenRun:
    """One problem with one noise and one seed."""

    kind: str
    problem: str
    noise: float
    seed: int

    @property
    def key(self) -> Hashable:
        return key_of(self.__dict__)


def key_of(row: Record) -> Hashable:
    """What tells one run from another."""
    return tuple(row[name] for name in ("kind", "problem", "noise", "seed"))


def work(run: UnseenRun) -> Record:
    """Do one run with both tools and judge both."""
    law, data = _problem(run)
    if run.kind == "start":
        own = symtick(data.X, data.y, data.X_test, run.seed, ("cos", "exp", "sin", "inv"),
                      ("+", "*"))  # fmt: skip
    else:
        own = symtick(data.X, data.y, data.X_test, run.seed)
    row = {**run.__dict__, "symtick": _figures(own, law, data, run.noise)}
    if run.kind in ("law", "ode", "box"):
        other = operon(data.X, data.y, data.X_test, run.seed, own.seconds)
        row["pyoperon"] = _figures(other, law, data, run.noise)
    return row


def _problem(run: UnseenRun) -> tuple[Law | None, Data]:
    """What is sought, where it is known, and the rows."""
    if run.kind == "law":
        law = feynman()[run.problem]
        return law, law_data(law, run.noise, run.seed)
    if run.kind == "ode":
        law = next(ode for ode in ODES if ode.name == run.problem)
        return law, law_data(law, run.noise, run.seed)
    if run.kind == "box":
        return None, box_data(run.problem, run.seed)
    rng = np.random.default_rng(run.seed)
    if run.kind == "start":
        X = 2.0 * rng.standard_normal((100 + TEST_ROWS, 5))
        exact = QUICK_START.values(X)
        y = exact[:100] + run.noise * rng.standard_normal(100)
        return QUICK_START, Data(X[:100], y, X[100:], exact[100:])
    X = rng.uniform(-1.0, 1.0, (200 + TEST_ROWS, 3))
    return None, Data(X[:200], rng.standard_normal(200), X[200:], np.zeros(TEST_ROWS))


def _figures(found: Found, law: Law | None, data: Data, noise: float) -> Record:
    spread = float(np.var(data.y_test))
    with np.errstate(all="ignore"):
        error = float(np.mean((found.predicted - data.y_test) ** 2))
    verdict = judge(found.text, law, noise) if law and found.text else None
    return {
        "text": found.text,
        "law": bool(verdict and verdict.law),
        "clean": bool(verdict and verdict.clean),
        "srbench": bool(verdict and verdict.srbench),
        "r2": round(1.0 - error / spread, 6) if spread and np.isfinite(error) else None,
        "collapsed": found.collapsed,
        "front": found.front,
        "cpu_seconds": round(found.cpu_seconds, 3),
    }


def summary(rows: Sequence[Record]) -> list[Record]:
    """Figures of each kind of problem, noise and tool."""
    records: list[Record] = []
    for kind in KINDS:
        for noise in sorted({r["noise"] for r in rows if r["kind"] == kind}):
            runs = [r for r in rows if (r["kind"], r["noise"]) == (kind, noise)]
            for tool in [t for t in ("symtick", "pyoperon") if t in runs[0]]:
                figures = [r[tool] for r in runs]
                records.append({"kind": kind, "noise": noise, "tool": tool, **_counts(figures)})
    return records


def _counts(figures: Sequence[Record]) -> Record:
    return {
        "runs": len(figures),
        "law": sum(f["law"] for f in figures),
        "clean": sum(f["clean"] for f in figures),
        "srbench": sum(f["srbench"] for f in figures),
        "fits": sum((f["r2"] or 0.0) > FITS for f in figures),
        "collapsed": sum(f["collapsed"] for f in figures),
        "front": sum(f["front"] for f in figures),
        "cpu_seconds_mean": round(float(np.mean([f["cpu_seconds"] for f in figures])), 2),
        "cpu_seconds_most": round(max(f["cpu_seconds"] for f in figures), 2),
    }


def pairs(rows: Sequence[Record]) -> dict[str, int]:
    """Black boxes by who predicts the test rows better."""
    counts = {"win": 0, "tie": 0, "loss": 0}
    for row in rows:
        if row["kind"] == "box":
            own, other = (-np.inf if row[t]["r2"] is None else row[t]["r2"]
                          for t in ("symtick", "pyoperon"))  # fmt: skip
            better = "tie" if abs(own - other) <= TIED else "win" if own > other else "loss"
            counts[better] += 1
    return counts


def constants(rows: Sequence[Record]) -> tuple[int, int]:
    """Of noise alone: how often the chosen formula is a constant, and runs."""
    texts = [row["symtick"]["text"] for row in rows if row["kind"] == "noise"]
    return sum("x" not in text for text in texts), len(texts)


def report(rows: Sequence[Record]) -> str:
    """The summary as text."""
    lines = [
        f"{'kind':<7}{'noise':>6} {'tool':<10}{'runs':>5}{'law':>5}{'clean':>6}{'SRBench':>8}"
        f"{'R2>0.999':>9}{'collapsed':>11}{'CPU s':>7}{'most':>7}"
    ]
    lines += [
        f"{r['kind']:<7}{r['noise']:>6g} {r['tool']:<10}{r['runs']:>5}{r['law']:>5}{r['clean']:>6}"
        f"{r['srbench']:>8}{r['fits']:>9}{r['collapsed']:>6}/{r['front']:<4}"
        f"{r['cpu_seconds_mean']:>7.2f}{r['cpu_seconds_most']:>7.2f}"
        for r in summary(rows)
    ]
    lines.append("black boxes: " + ", ".join(f"{n} {name}" for name, n in pairs(rows).items()))
    lines.append("noise alone: a constant in {} of {}".format(*constants(rows)))
    return "\n".join(lines)


def jobs_of(
    kinds: Sequence[str], noises: Sequence[float], laws: int, splits: int = SPLITS
) -> list[UnseenRun]:
    """The runs of a benchmark with so many of the laws, evenly spread over the table."""
    every = drawn()
    names = [every[k * len(every) // laws].name for k in range(laws)]
    made = {
        "law": [UnseenRun("law", name, noise, 0) for noise in noises for name in names],
        "ode": [UnseenRun("ode", ode.name, 0.01, 0) for ode in ODES],
        "box": [UnseenRun("box", name, 0.0, seed) for seed in range(splits) for name in BOXES],
        "start": [UnseenRun("start", QUICK_START.name, 0.1, seed) for seed in range(STARTS)],
        "noise": [UnseenRun("noise", "noise alone", 1.0, seed) for seed in range(NULLS)],
    }
    return [run for kind in kinds for run in made[kind]]


def _show(row: Record) -> None:
    own: dict[str, Any] = row["symtick"]
    mark = "law   " if own["law"] else "      "
    say(f"{mark}{row['kind']:<6}{row['problem']:<24}{row['noise']:<6g}{own['cpu_seconds']:>7.2f} s")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS)
    parser.add_argument("--noises", nargs="+", type=float, default=list(NOISES))
    parser.add_argument("--laws", type=int, default=DRAWN, help="so many of the draw")
    parser.add_argument("--splits", type=int, default=SPLITS, help="of each black box")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--log", type=Path, default=LOGS / "unseen.jsonl")
    parser.add_argument("--out", type=Path, default=RESULTS / "unseen.json")
    options = parser.parse_args(arguments)
    log: Log[UnseenRun] = Log(options.log, key_of)
    jobs = jobs_of(options.kinds, options.noises, options.laws, options.splits)
    try:
        rows = run_all(jobs, work, log, options.processes, _show)
    except SymtickError as error:
        raise SystemExit(str(error)) from None
    print(report(rows))
    settings = {
        "unary_operators": list(UNARY),
        "processes": options.processes,
        "laws": options.laws,
        "splits": options.splits,
    }
    write_json(
        options.out,
        {"machine": machine(), "settings": settings, "summary": summary(rows),
         "boxes": pairs(rows), "constants": constants(rows), "runs": rows},
    )  # fmt: skip
