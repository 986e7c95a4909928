"""Whole jobs with default settings, on six tasks of which two were not looked at before.

Run: `python -m benchmarks.distilling.defaults`. Each job is distilled as a user would do it
(`benchmarks.distilling.jobs` has what the job files say); nothing is verified or synthesised, LUTs
are those of the cost model. A share is of the network's accuracy on test rows, of a regression the
network's RMSE over the design's. Designs are picked by their validation rows. Gradient boosting is
scikit-learn's, with its defaults. A killed benchmark goes on after the last whole job.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from typing import Any

import numpy as np
import yaml

from benchmarks.distilling.jobs import JOBS
from benchmarks.runs import LOGS, RESULTS, Log, Record, machine, run_all, say
from symtick.errors import SymtickError
from symtick.files import write_json, write_text
from symtick.run.distilling import distill_job
from symtick.run.folder import Run
from symtick.search.data.metrics import accuracy
from symtick.search.designs.front import FrontEntry

SHARES = (0.9, 0.95, 0.97, 0.98, 0.99)


@dataclass(frozen=True)
class DefaultRun:
    """A whole job: a task and a seed."""

    task: str
    seed: int

    @property
    def key(self) -> Hashable:
        return key_of(self.__dict__)


def key_of(row: Record) -> Hashable:
    """What tells one job from another."""
    return row["task"], row["seed"]


def work(job: DefaultRun) -> Record:
    """Do one job."""
    begun, wall = _cpu(), time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        content = JOBS[job.task].written(folder, job.task, job.seed)
        write_text(folder / "job.yaml", yaml.safe_dump(content))
        run = distill_job(folder / "job.yaml", folder / "run")
        spent, wall = _cpu() - begun, time.monotonic() - wall
        said = run.said(run.test)
        assert said is not None  # every job trains a network
        taught = figure(run, said)
        designs = []
        for design in run.designs.values():
            entry = design.entry
            designs.append(
                {
                    "nodes": entry.nodes,
                    "ticks": entry.ticks,
                    "lut": round(entry.cost, 1),
                    "valid": round(_valid_share(run, entry), 5),
                    "share": round(share(run, figure(run, design.predict(run.test.X)), taught), 5),
                }
            )
        return {
            **job.__dict__,
            "kind": run.job.task,
            "features": len(run.train.feature_names),
            "rows": [len(run.train), len(run.test)],
            "network": round(taught, 5),
            "boosting": round(figure(run, boosted(run)), 5),
            "designs": designs,
            "cpu_seconds": round(spent, 1),
            "seconds": round(wall, 1),
        }


def _cpu() -> float:
    used = [getrusage(who) for who in (RUSAGE_SELF, RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def figure(run: Run, outputs: Any) -> float:
    """Accuracy on the test rows; of a regression the RMSE over the standard deviation."""
    if run.job.task == "classification":
        return accuracy(outputs, run.test.labels)
    truth = run.test.targets
    errors = np.asarray(outputs).reshape(truth.shape) - truth
    return float(np.sqrt(np.mean(errors**2 / truth.var(axis=0))))


def share(run: Run, own: float, taught: float) -> float:
    """A design's figure as a share of the network's."""
    return own / taught if run.job.task == "classification" else taught / own


def _valid_share(run: Run, entry: FrontEntry) -> float:
    ratio = run.front.ratio(entry)
    return entry.score / run.front.teacher_score if ratio is None else 1.0 / ratio


def boosted(run: Run) -> Any:
    """What gradient boosting says of the test rows: scores (rows, classes), or values."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    train = run.train
    if run.job.task == "regression":
        found = HistGradientBoostingRegressor(random_state=0).fit(train.X, np.ravel(train.targets))
        return found.predict(run.test.X)
    trees = HistGradientBoostingClassifier(random_state=0).fit(train.X, train.labels)
    chances = trees.predict_proba(run.test.X)
    return chances if chances.shape[1] > 2 else chances[:, 1:] - 0.5


def picked(row: Record) -> list[Record]:
    """Of a job: its smallest designs from each share of the validation rows on, and the best."""
    found = []
    for least in SHARES:
        good = [d for d in row["designs"] if d["valid"] >= least]
        if good:
            found.append({"from": least, **min(good, key=lambda d: d["lut"])})
    best = max(row["designs"], key=lambda d: d["valid"])
    return [*found, {"from": None, **best}]


def report(rows: Sequence[Record]) -> str:
    """The designs that are picked, as text."""
    lines = []
    for row in rows:
        lines.append(
            f"{row['task']}, seed {row['seed']}: network {row['network']:.4f}, gradient boosting "
            f"{row['boosting']:.4f}, {row['cpu_seconds']:.0f} CPU s"
        )
        for d in picked(row):
            name = "best" if d["from"] is None else f"{100 * d['from']:.0f} %"
            lines.append(
                f"  {name:>5}  {100 * d['share']:6.1f} % of the network, {d['lut']:6.0f} LUT, "
                f"{d['ticks']:2} ticks, {d['nodes']:4} nodes"
            )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--tasks", nargs="+", choices=JOBS, default=list(JOBS))
    parser.add_argument("--log", type=Path, default=LOGS / "defaults.jsonl")
    parser.add_argument("--out", type=Path, default=RESULTS / "defaults.json")
    options = parser.parse_args(arguments)
    jobs = [DefaultRun(task, seed) for seed in options.seeds for task in options.tasks]
    log: Log[DefaultRun] = Log(options.log, key_of)
    try:
        rows = run_all(jobs, work, log, 1, lambda row: say(report([row])))
    except SymtickError as error:
        raise SystemExit(str(error)) from None
    print(report(rows))
    write_json(
        options.out,
        {"machine": machine(), "unseen": [n for n, j in JOBS.items() if not j.seen], "runs": rows},
    )


if __name__ == "__main__":
    main()
