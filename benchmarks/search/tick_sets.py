"""Regression problems on which ticks in the loop are compared with node counts.

The jets teacher (five class scores of the network that `examples/jets` trains), Friedman's three
functions (Ann. Statist. 19 (1991) 1; the first with noise of deviation 1, as published), the
diabetes data of Efron et al. (Ann. Statist. 32 (2004) 407), and the Gaussian with mean and width of
the Feynman set (I.6.2b, arXiv:1905.11481, inputs in [1, 3]). Nothing is downloaded. Inputs are
scaled to [-1, 1) and quantised as the hardware reads them, targets have mean 0 and variance 1.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_diabetes, make_friedman1, make_friedman2, make_friedman3

from symtick.codegen import Fixed
from symtick.files import write_bytes
from symtick.search.data.dataset import Scaler
from symtick.search.data.files import load_split
from symtick.search.data.problem import Problem
from symtick.search.teachers.train import train_mlp

Floats = npt.NDArray[np.float64]
ROOT = Path(__file__).resolve().parents[2]
JETS = ROOT / "examples" / "jets" / "jets_sample.npz"
ROWS = 3000
HELD_OUT = 0.3
TAIL = 0.001
JET_FORMAT, FORMAT = Fixed(6, 5), Fixed(8, 7)
SEED = 1


@dataclass(frozen=True, eq=False)
class TickSet:
    """One target over quantised inputs.

    Attributes:
        name: of the set, with the output's name where there are several.
        format: of every input.
        X, y: rows to learn from, shapes (rows, inputs) and (rows,).
        X_test, y_test: rows held out.
    """

    name: str
    format: Fixed
    X: Floats
    y: Floats
    X_test: Floats
    y_test: Floats


def _gaussian() -> tuple[Floats, Floats]:
    X = np.random.default_rng(SEED).uniform(1.0, 3.0, (ROWS, 3))
    width, x, mean = X.T
    return X, np.exp(-(((x - mean) / width) ** 2) / 2.0) / (np.sqrt(2.0 * np.pi) * width)


def _plain(name: str) -> tuple[Floats, Floats]:
    made: dict[str, Callable[[], tuple[Floats, Floats]]] = {
        "friedman1": lambda: make_friedman1(ROWS, 10, noise=1.0, random_state=SEED),
        "friedman2": lambda: make_friedman2(ROWS, noise=0.0, random_state=SEED),
        "friedman3": lambda: make_friedman3(ROWS, noise=0.0, random_state=SEED),
        "diabetes": lambda: load_diabetes(return_X_y=True, scaled=False),
        "gaussian": _gaussian,
    }
    return made[name]()


PLAIN = ("friedman1", "friedman2", "friedman3", "diabetes", "gaussian")
CLASSES = ("g", "q", "w", "z", "t")
SETS = (*(f"jets/{name}" for name in CLASSES), *PLAIN)


def load(name: str, cache: Path) -> TickSet:
    """A set by name.

    Args:
        name: one of `SETS`.
        cache: file for the jets teacher's scores, made by `prepare`.
    """
    if name in PLAIN:
        X, y = _plain(name)
        return _split(name, X, y[:, None], 0, FORMAT)
    with np.load(cache) as arrays:
        return _split(name, arrays["X"], arrays["scores"], CLASSES.index(name[5:]), JET_FORMAT)


def prepare(cache: Path) -> None:
    """Train the jets teacher and keep its scores, if they are not there."""
    if cache.exists():
        return
    train, _ = load_split(JETS, 0.2, SEED, None)
    teacher = train_mlp(train, (64, 32, 32), epochs=40, seed=SEED, batch=512, learning_rate=0.005)
    X = train.X[: 2 * ROWS]
    scores = teacher.logits(X)[:, [train.class_names.index(name) for name in CLASSES]]
    # softmax does not see what is common to the classes
    scores = scores - scores.mean(axis=1, keepdims=True)
    content = io.BytesIO()
    np.savez_compressed(content, X=X, scores=scores)
    write_bytes(cache, content.getvalue())


def _split(name: str, X: Floats, scores: Floats, output: int, fmt: Fixed) -> TickSet:
    formats = [fmt] * X.shape[1]
    scaled = Scaler.fit(X, TAIL).transform(X)
    problem = Problem.from_scores(
        scaled, scores, formats, kind="values", validation=HELD_OUT, seed=SEED
    )
    y = problem.targets[:, output]
    seen = y[problem.train]
    y = (y - seen.mean()) / seen.std()
    return TickSet(
        name, fmt, problem.real(problem.train), y[problem.train],
        problem.real(problem.valid), y[problem.valid],
    )  # fmt: skip
