"""Rewards of a policy's sequences, from their losses."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from symtick.expr import Op, Program
from symtick.search.evolution.settings import EngineConfig
from symtick.search.kernel_api.evaluation import losses
from symtick.search.kernel_api.rows import Rows

Floats = npt.NDArray[np.float64]


class Reward:
    """Rewards in [0, 1] for losses: 1/(1 + NRMSE) (Petersen et al. 2021) where the loss is a mean
    square, 1/(1 + loss/loss of the constant mean) for any other; 0 for no loss at all.

    Args:
        rows: the data.
        config: of the loss.
    """

    def __init__(self, rows: Rows, config: EngineConfig) -> None:
        self._root = config.loss == "mse"
        mean = float(np.average(rows.y, weights=rows.weights))
        constant = Program(np.array([Op.CONST], np.uint8), np.zeros(1, np.int32), np.array([mean]))
        (unit,) = losses([constant], rows, loss=config.loss, delta=config.huber_delta)
        self._unit = float(unit) if 0.0 < unit < math.inf else 1.0

    def __call__(self, of: Floats) -> Floats:
        with np.errstate(over="ignore"):
            share = np.maximum(of, 0.0) / self._unit
        return np.asarray(1.0 / (1.0 + (np.sqrt(share) if self._root else share)))
