"""Tasks of the ablation: small problems of different kinds, the same for every method.

`jets` are the example's rows and a network of its job's widths, `mixed` the scores of four classes
made of products, waves and maxima of ten features, `muons` the q/pT of the example's toy, a
regression without a teacher.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import util
from pathlib import Path

import numpy as np

from symtick.codegen import Fixed
from symtick.search.data.dataset import FloatArray
from symtick.search.data.files import load_dataset
from symtick.search.data.problem import Problem
from symtick.search.teachers.train import train_mlp

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
ROWS = 16_000
FORMAT = Fixed(6, 5)
SPREADS = 2.5  # of a feature that its format holds on either side


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


def muon_rows(rows: int) -> tuple[FloatArray, FloatArray]:
    """Hits and eta of the example's muons (rows, 6), and their q/pT (rows,)."""
    spec = util.spec_from_file_location("generate", EXAMPLES / "muons" / "generate.py")
    assert spec is not None and spec.loader is not None
    made = util.module_from_spec(spec)
    spec.loader.exec_module(made)
    hits, curvature = made.muon_hits(rows)
    return hits, curvature


def muons() -> Problem:
    """q/pT itself."""
    hits, curvature = muon_rows(ROWS)
    return Problem.from_scores(_fitted(hits), curvature, (Fixed(8, 7),) * 6, kind="values")


TASKS: dict[str, Callable[[], Problem]] = {"jets": jets, "mixed": mixed, "muons": muons}
