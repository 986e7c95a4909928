"""Gradient descent on the constants of `Layers`.

Adam (arXiv:1412.6980) over fixed batches in a fixed order with a cosine schedule: nothing is random
here, and nothing depends on the number of threads.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symtick.search.data.dataset import FloatArray
from symtick.search.data.objective import Objective
from symtick.search.layered.codes import Singles
from symtick.search.layered.layers import Layers, Params

# of the squared hidden sums, for values in shares of the loss: keeps them where functions bend
DECAY = 1e-4
WARM_UP = 0.1
MEMORY = (0.9, 0.995)


@dataclass(frozen=True, eq=False)
class RowBatch:
    """Rows to learn from.

    Attributes:
        matrix: their code matrix, scipy CSR.
        goal: what the outputs should be, (rows, outputs).
        matrix_t: the matrix transposed, made on construction.
    """

    matrix: Any
    goal: FloatArray
    matrix_t: Any = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "matrix_t", self.matrix.T.tocsr())


def gradient(
    layers: Layers, batch: RowBatch, objective: Objective, relative: bool = False
) -> tuple[float, Params]:
    """Loss of a batch and its gradient by every constant; `relative` as in `fit`."""
    p, codes = layers.params, layers.codes
    u, t, tables = layers.curves()
    stored = layers.rounded(tables)
    sums = np.ascontiguousarray((batch.matrix @ stored).T)
    seen = layers.addressed(sums, stored)
    bent, terms = layers.heads(seen)
    loss, slope = objective(layers.added(terms).T, batch.goal)
    slopes: Params = {name: np.zeros_like(array) for name, array in p.items()}
    back = np.ascontiguousarray(slope.T, dtype=np.float32)
    slopes["bias"] = back.sum(axis=1)
    down = _outer_gradient(layers, back, bent, seen, slopes)
    decay = DECAY * min(loss, 1.0) if relative else DECAY
    down += sums * np.float32(2 * decay / sums.shape[1])
    columns = np.asarray(batch.matrix_t @ np.ascontiguousarray(down.T))
    columns *= layers.inner[codes.feature]
    slopes["a"] = codes.sums(columns * t)
    columns *= p["a"][codes.feature] * layers.slopes(u, t)
    slopes["c"] = codes.sums(columns)
    slopes["b"] = codes.sums(columns * codes.values[:, None])
    return loss, slopes


def _outer_gradient(
    layers: Layers, back: Singles, bent: Singles, seen: Singles, slopes: Params
) -> Singles:
    """Gradient by the outer constants, into `slopes`; returns that by the sums, (hidden, rows)."""
    at = layers.pairs()
    j, k = at
    back = back[k]
    slopes["alpha"][at] = (back * bent).sum(axis=1)
    back *= 1 - bent * bent
    back *= layers.params["alpha"][at][:, None]
    slopes["gamma"][at] = back.sum(axis=1)
    slopes["beta"][at] = (back * seen[j]).sum(axis=1)
    back *= layers.params["beta"][at][:, None]
    down = np.zeros_like(seen)
    for part, number in zip(back, j.tolist(), strict=True):
        down[number] += part
    return down


def fit(
    layers: Layers,
    batches: Sequence[RowBatch],
    objective: Objective,
    steps: int,
    rate: float,
    spread: FloatArray,
    first: int = 0,
    relative: bool = False,
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
        relative: the penalty of the sums is a share of the loss, which may become small.
    """
    scale = {"alpha": spread, "bias": spread}
    mean = {name: np.zeros_like(values) for name, values in layers.params.items()}
    square = {name: np.zeros_like(values) for name, values in layers.params.items()}
    keep, keep_square = MEMORY
    for step in range(steps):
        batch = batches[(first + step) % len(batches)]
        _, slopes = gradient(layers, batch, objective, relative)
        size = rate * _schedule(step / steps)
        size *= math.sqrt(1 - keep_square ** (step + 1)) / (1 - keep ** (step + 1))
        for name, values in layers.params.items():
            unit = scale.get(name, np.ones(1))
            slope = (slopes[name] * unit).astype(np.float32)
            mean[name] = keep * mean[name] + (1 - keep) * slope
            square[name] = keep_square * square[name] + (1 - keep_square) * slope * slope
            move = size * unit * mean[name] / (np.sqrt(square[name]) + 1e-10)
            layers.params[name] = (values - move).astype(np.float32)


def _schedule(progress: float) -> float:
    return min(progress / WARM_UP, 1.0) * (0.5 + 0.5 * math.cos(math.pi * progress)) + 0.002
