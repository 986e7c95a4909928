"""Where the terms of joint models come from: policy, evolution, or both, at equal evaluations.

Run: `python -m benchmarks.distilling.joint --seeds 5`. Tasks: `jets` (the example's rows and a
network of its job's widths), `mixed` (scores of four classes made of products, waves and maxima of
ten features) and `muons` (q/pT of the example's toy, a regression without a teacher). For each it
prints, for every seed, the share of a box that the front of one start dominates, over error
(1 - score, or log2 of the RMSE over the spread), ticks, and the logarithms of LUTs and nodes.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import util
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.search.hypervolume import hypervolume
from symtick.codegen import Fixed
from symtick.hwcost import model, search_cost
from symtick.search.data.dataset import FloatArray
from symtick.search.data.files import load_dataset
from symtick.search.data.problem import Problem
from symtick.search.designs.front import FrontEntry
from symtick.search.distill.distill import Distiller
from symtick.search.distill.settings import DistillConfig
from symtick.search.teachers.train import train_mlp

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
ROWS = 16_000
FORMAT = Fixed(6, 5)
SPREADS = 2.5  # of a feature that its format holds on either side
TICKS = 8
# about 600 evaluations in each round
METHODS: dict[str, dict[str, Any]] = {
    "hybrid": {},
    "gp": {"generations": 13},
    "policy": {"batch": 600},
}
# ends of the box: ticks, log2 of LUTs and of nodes
BEST, WORST = (0.0, 2.0, 2.0), (TICKS + 1.0, 11.0, 10.0)
ERRORS = {"classes": (0.0, 0.5), "values": (-6.0, 0.0)}


def _fitted(X: FloatArray) -> FloatArray:
    """Features that the format holds."""
    return np.asarray((X - X.mean(axis=0)) / (SPREADS * X.std(axis=0)))


def jets() -> Problem:
    """Scores of a network on jets, judged by the labels."""
    data = load_dataset(EXAMPLES / "jets" / "jets_sample.npz", "train")
    scores = train_mlp(data).logits(data.X[:ROWS])
    X = _fitted(data.X[:ROWS])
    return Problem.from_scores(X, scores, (FORMAT,) * X.shape[1], labels=data.labels[:ROWS])


def mixed() -> Problem:
    """Scores that are formulas of no one kind."""
    Z = np.random.default_rng(5).normal(size=(ROWS, 10))
    scores = np.stack(
        [
            Z[:, 0] * Z[:, 1] + np.sin(2.0 * Z[:, 2]),
            Z[:, 3] ** 2 - Z[:, 4] + np.abs(Z[:, 5]) - 1.8,
            1.5 * np.tanh(Z[:, 6] + Z[:, 7]) + 0.7 * Z[:, 8],
            np.maximum(Z[:, 9], Z[:, 0]) - 0.5,
        ],
        axis=1,
    )
    return Problem.from_scores(_fitted(Z), 2.0 * scores, (FORMAT,) * 10)


def muons() -> Problem:
    """q/pT itself."""
    spec = util.spec_from_file_location("generate", EXAMPLES / "muons" / "generate.py")
    assert spec is not None and spec.loader is not None
    made = util.module_from_spec(spec)
    spec.loader.exec_module(made)
    hits, curvature = made.muon_hits(ROWS)
    return Problem.from_scores(_fitted(hits), curvature, (Fixed(8, 7),) * 6, kind="values")


TASKS: dict[str, Callable[[], Problem]] = {"jets": jets, "mixed": mixed, "muons": muons}


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


def measured(problem: Problem, method: str, seed: int) -> tuple[float, int]:
    """The share of one start's front, and its evaluations."""
    base = DistillConfig()
    config = replace(
        base,
        seed=seed,
        joint=replace(base.joint, method=method, starts=1, **METHODS[method]),
        layered=replace(base.layered, hidden=()),
        tuning=replace(base.tuning, accuracy=None, rmse=None),
        choice=replace(base.choice, max_ticks=TICKS, floor=0.0),
    )
    costs = model("open", 200.0)
    distiller = Distiller(problem, config, costs, search_cost(costs, problem.formats))
    status = []
    distiller.run(lambda progress: status.append(progress.searches))
    evaluations = max(s.evaluations for states in status for s in states)
    entries = [e for e in distiller.evidence().entries if e.ticks <= TICKS]
    return share(problem, entries), evaluations


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    options = parser.parse_args(arguments)
    print(f"{'task':8}{'method':8}{'mean':>8}{'CPU s':>8}{'evals':>8}  shares by seed")
    for task in options.tasks:
        problem = TASKS[task]()
        for method in METHODS:
            start = time.process_time()
            found = [measured(problem, method, seed) for seed in range(1, options.seeds + 1)]
            spent = (time.process_time() - start) / options.seeds
            shares = [s for s, _ in found]
            texts = " ".join(f"{s:.4f}" for s in shares)
            count = found[0][1]
            print(f"{task:8}{method:8}{np.mean(shares):>8.4f}{spent:>8.0f}{count:>8}  {texts}")


if __name__ == "__main__":
    main()
