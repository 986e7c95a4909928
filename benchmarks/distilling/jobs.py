"""Jobs whose settings are all defaults: their data, and what is stated beside it.

Four were there when the defaults were chosen: `jets` and `muons` of the examples, `units`, twelve
features between 1e-9 and 1e6 and three classes, and `digits`, 8 x 8 pixels of 0 to 16. Two were
not looked at before: `cells`, the energy of a shower in nine calorimeter cells, of which each
saturates, and `cytology`, 30 features of 569 cell samples (the breast cancer data of scikit-learn).
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.distilling.tasks import EXAMPLES, muon_rows
from symtick.config import read_yaml
from symtick.files import write_bytes
from symtick.search.data.dataset import FloatArray

Arrays = dict[str, Any]
CELL_LIMIT = 60e3  # MeV that a cell's converter holds
CELL_NOISE = 150.0  # MeV


@dataclass(frozen=True)
class JobTask:
    """A job without its data's path.

    Attributes:
        content: of the job file.
        arrays: makes those of the data file; None where `path` has them.
        path: of the data.
        seen: whether the defaults were chosen with it.
    """

    content: dict[str, Any]
    arrays: Callable[[], Arrays] | None = None
    path: Path | None = None
    seen: bool = True

    def written(self, folder: Path, name: str, seed: int) -> dict[str, Any]:
        """The job file's content, with its data in the folder."""
        path = self.path
        if self.arrays is not None:
            path = folder / f"{name}.npz"
            packed = io.BytesIO()
            np.savez_compressed(packed, **self.arrays())
            write_bytes(path, packed.getvalue())
        return {**self.content, "name": name, "seed": seed, "data": {"path": str(path)}}


def _units() -> Arrays:
    """Three classes drawn from the probabilities that a formula of twelve features gives."""
    rng, rows = np.random.default_rng(11), 30_000
    Z = rng.normal(size=(rows, 12))
    logits = np.stack(
        [
            1.5 * Z[:, 0] - Z[:, 1] * Z[:, 2] + np.cos(2.0 * Z[:, 3]),
            Z[:, 4] ** 2 - 1.2 * np.abs(Z[:, 5]) + 0.8 * Z[:, 6] * Z[:, 0],
            2.0 * np.tanh(Z[:, 7] + Z[:, 8]) - 0.6 * Z[:, 9] + 0.5 * Z[:, 10] * Z[:, 11],
        ],
        axis=1,
    )
    labels = np.argmax(2.0 * logits + rng.gumbel(size=logits.shape), axis=1)
    size = 10.0 ** np.linspace(-9, 6, 12)
    X = (Z + 3.0 * rng.normal(size=12)) * size
    X[:, ::3] = np.exp(0.5 * Z[:, ::3]) * size[::3]  # some only positive, with a tail
    names = [f"q{k}" for k in range(12)]
    return {"X": X, "y": labels, "feature_names": names, "classes": ["a", "b", "c"]}


def _digits() -> Arrays:
    from sklearn.datasets import load_digits

    found = load_digits()
    names = [f"p{row}{column}" for row in range(8) for column in range(8)]
    return {
        "X": found.data,
        "y": found.target,
        "feature_names": names,
        "classes": [f"digit{k}" for k in range(10)],
    }


def _muons() -> Arrays:
    hits, curvature = muon_rows(30_000)
    names = ["dphi1", "dphi2", "dphi3", "dphi4", "dphi5", "eta"]
    return {"X": hits, "y": curvature, "feature_names": names, "target_names": ["q/pT"]}


def shower(rows: int, seed: int) -> tuple[FloatArray, FloatArray]:
    """MeV in 3 x 3 cells (rows, 9), each cut at its converter's limit, and the energy in GeV."""
    rng = np.random.default_rng(seed)
    energy = rng.uniform(5.0, 150.0, rows)
    at = rng.uniform(-0.5, 0.5, (rows, 2))
    width = 0.28 * (1.0 + 0.1 * rng.normal(size=rows))
    edges = np.array([-1.5, -0.5, 0.5, 1.5])

    def shares(place: FloatArray) -> FloatArray:
        inside = 0.5 + np.arctan((edges[None] - place[:, None]) / width[:, None]) / np.pi
        return np.asarray(np.diff(inside, axis=1))

    cells = shares(at[:, 0])[:, :, None] * shares(at[:, 1])[:, None, :] * energy[:, None, None]
    found = 1e3 * cells.reshape(rows, 9)
    found *= 1.0 + 0.03 * rng.normal(size=found.shape)
    found += CELL_NOISE * rng.normal(size=found.shape)
    return np.minimum(np.rint(found), CELL_LIMIT), energy


def _cells() -> Arrays:
    X, energy = shower(30_000, 3)
    return {
        "X": X,
        "y": energy,
        "feature_names": [f"cell{k}" for k in range(9)],
        "target_names": ["energy"],
    }


def _cytology() -> Arrays:
    from sklearn.datasets import load_breast_cancer

    found = load_breast_cancer()
    names = [name.replace(" ", "_") for name in found.feature_names]
    return {"X": found.data, "y": found.target, "feature_names": names,
            "classes": ["malignant", "benign"]}  # fmt: skip


def _example(name: str) -> dict[str, Any]:
    content = read_yaml(EXAMPLES / name / "job.yaml")
    return {key: value for key, value in content.items() if key != "data"}


def _network(*widths: int, **more: Any) -> dict[str, Any]:
    return {"teacher": {"train": {"widths": list(widths)}}, **more}


JOBS: dict[str, JobTask] = {
    "jets": JobTask(_example("jets"), path=EXAMPLES / "jets" / "jets_sample.npz"),
    "muons": JobTask(_example("muons"), _muons),
    "units": JobTask(_network(32, 16), _units),
    "digits": JobTask(_network(64), _digits),
    "cells": JobTask(_network(32, 16, task="regression"), _cells, seen=False),
    "cytology": JobTask(_network(16), _cytology, seen=False),
}
