"""Small trained torch networks on data of other kinds than the example's.

`muon_hits` are those of examples/muons: hit positions of five stations and eta, all whole numbers,
and the curvature q/pT. `particles` are three classes of unscaled features.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from symtick.search.teachers.teacher import Architecture
from symtick.search.teachers.train import fit_module
from symtick.search.torch_threads import one_thread

Floats = npt.NDArray[np.float64]

MUONS = Path(__file__).resolve().parents[1] / "examples" / "muons"


def muon_example() -> ModuleType:
    """The generator of examples/muons, which is a script and no part of the package."""
    spec = importlib.util.spec_from_file_location("muons_generate", MUONS / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MUON_FEATURES = tuple(map(str, muon_example().FEATURES))


def muon_hits(rows: int, seed: int = 0) -> tuple[Floats, Floats]:
    """Whole numbers (rows, 6) and q/pT in 1/GeV (rows,) of the example's toy detector."""
    hits, curvature = muon_example().muon_hits(rows, seed)
    return hits, curvature


def particles(
    rows: int,
    features: int = 4,
    seed: int = 0,
    distance: float = 2.5,
    decades: tuple[float, float] = (-3, 4),
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Features (rows, features) of sizes over some decades, and classes 0 to 2, some apart."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, rows)
    centers = np.random.default_rng(7).normal(size=(3, features))
    X = rng.normal(size=(rows, features)) + distance * centers[y]
    X[:, -1] = np.abs(X[:, -1])
    return X * 10.0 ** np.linspace(*decades, features), y


def trained(
    X: Floats, y: npt.NDArray[np.generic], hidden: Sequence[int] = (8,), epochs: int = 30
) -> nn.Sequential:
    """A perceptron that reads raw rows: scores of whole-number classes, or values of real ones.

    It is trained on standardised rows and targets, which its first and last layer take in.
    """
    values = y.dtype.kind == "f"
    goal = y.reshape(len(y), -1) if values else y
    outputs = goal.shape[1] if values else int(y.max()) + 1
    mean, std = X.mean(axis=0), X.std(axis=0)
    center, spread = (goal.mean(axis=0), goal.std(axis=0)) if values else (0.0, 1.0)
    with one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = Architecture.mlp((X.shape[1], *hidden, outputs)).build()
        fit_module(
            net,
            torch.tensor((X - mean) / std, dtype=torch.float32),
            torch.tensor((goal - center) / spread, dtype=torch.float32 if values else torch.long),
            nn.functional.mse_loss if values else nn.functional.cross_entropy,
            epochs=epochs,
            batch=128,
            learning_rate=1e-2,
        )
    first, last = net[0], net[-1]
    assert isinstance(first, nn.Linear) and isinstance(last, nn.Linear)
    with torch.no_grad():
        first.weight /= torch.tensor(std, dtype=torch.float32)
        first.bias -= first.weight @ torch.tensor(mean, dtype=torch.float32)
        if values:
            scale = torch.tensor(spread, dtype=torch.float32)
            last.weight *= scale[:, None]
            last.bias.mul_(scale).add_(torch.tensor(center, dtype=torch.float32))
    return net
