"""Gradient descent on the constants of `Layers`.

Room: `search`. Adam (arXiv:1412.6980) over fixed batches in a fixed order with a cosine schedule:
nothing is random here, and nothing depends on the number of threads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symtick.search.codes import Singles
from symtick.search.data import FloatArray
from symtick.search.layers import Layers, Params

Objective = Callable[[FloatArray, FloatArray], tuple[float, FloatArray]]

DECAY = 1e-4  # of the squared hidden sums: keeps them where their functions bend
WARM_UP = 0.1
MEMORY = (0.9, 0.995)


@dataclass(frozen=True, eq=False)
class Batch:
    """Rows to learn from: their code matrix (scipy CSR) and what the outputs should be."""

    matrix: Any
    goal: FloatArray


def gradient(layers: Layers, batch: Batch, objective: Objective) -> tuple[float, Params]:
    """Loss of a batch and its gradient by every constant."""
    p, codes = layers.params, layers.codes
    u, t, tables = layers.curves()
    stored = layers.rounded(tables)
    sums: Singles = batch.matrix @ stored
    seen = layers.addressed(sums, stored)
    bent, terms = layers.heads(seen)
    loss, slope = objective(terms.sum(axis=1) + p["bias"], batch.goal)
    found: Params = {"bias": slope.sum(axis=0)}
    back = slope.astype(np.float32)[:, None, :] * layers.outer
    found["alpha"] = (back * bent).sum(axis=0)
    back = back * p["alpha"] * (1 - bent * bent)
    found["gamma"] = back.sum(axis=0)
    found["beta"] = (back * seen[:, :, None]).sum(axis=0)
    down = (back * p["beta"]).sum(axis=2) + sums * np.float32(2 * DECAY / len(sums))
    columns = np.asarray(batch.matrix.T @ down) * layers.inner[codes.feature]
    found["a"] = codes.sums(columns * t)
    columns = columns * p["a"][codes.feature] * layers.slopes(u, t)
    found["c"] = codes.sums(columns)
    found["b"] = codes.sums(columns * codes.values[:, None])
    return loss, found


def fit(
    layers: Layers,
    batches: Sequence[Batch],
    objective: Objective,
    steps: int,
    rate: float,
    spread: FloatArray,
    first: int = 0,
) -> None:
    """Descend in place.

    Args:
        layers: the form.
        batches: taken in turn, from number `first` on.
        objective: loss and gradient from outputs and goal.
        steps: number of steps.
        rate: largest step of a constant; of alpha and bias in units of `spread`.
        spread: size of each output.
        first: batch to begin with.
    """
    scale = {"alpha": spread, "bias": spread}
    mean = {name: np.zeros_like(held) for name, held in layers.params.items()}
    square = {name: np.zeros_like(held) for name, held in layers.params.items()}
    keep, keep_square = MEMORY
    for step in range(steps):
        batch = batches[(first + step) % len(batches)]
        _, found = gradient(layers, batch, objective)
        size = rate * _schedule(step / steps)
        size *= math.sqrt(1 - keep_square ** (step + 1)) / (1 - keep ** (step + 1))
        for name, held in layers.params.items():
            unit = scale.get(name, np.ones(1))
            slope = (found[name] * unit).astype(np.float32)
            mean[name] = keep * mean[name] + (1 - keep) * slope
            square[name] = keep_square * square[name] + (1 - keep_square) * slope * slope
            move = size * unit * mean[name] / (np.sqrt(square[name]) + 1e-10)
            layers.params[name] = (held - move).astype(np.float32)


def _schedule(progress: float) -> float:
    return min(progress / WARM_UP, 1.0) * (0.5 + 0.5 * math.cos(math.pi * progress)) + 0.002
