"""Validation of a regressor's data and callables, before the search begins.

Errors name the parameter, the value and the remedy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError
from symtick.expr import Builder

_TINIEST = math.sqrt(np.finfo(np.float64).tiny)
_LARGEST = math.sqrt(np.finfo(np.float64).max) / 2


def check_spreads(goals: npt.NDArray[np.float64]) -> None:
    """Whether squares of the targets and of their deviations are numbers, as losses are.

    Raises:
        InputError: a target varies so little that they all are 0, so that nothing would be learned,
            or is so large that they are infinite.
    """
    for k, goal in enumerate(goals):
        largest = float(np.abs(goal).max())
        if largest > _LARGEST:
            raise InputError(
                f"target {k} reaches {largest:g}, whose square is no number any more: divide y so "
                "that it is nearer to 1"
            )
        span = float(goal.max() - goal.min())
        if 0.0 < span < _TINIEST:
            raise InputError(
                f"target {k} varies by {span:g} only, whose square is no number any more: "
                "multiply y so that its spread is nearer to 1"
            )


def check_callables(
    loss: object,
    penalty: object,
    target: npt.NDArray[np.float64],
    weights: npt.NDArray[np.float64] | None,
    inputs: Sequence[str],
) -> None:
    """Whether a loss and a penalty of one's own return numbers, for the constant mean.

    Raises:
        InputError: one returns something else, or a loss is negative.
    """
    mean = np.full(len(target), np.average(target, weights=weights))
    equal = np.ones(len(target)) if weights is None else weights
    if callable(loss):
        _returns("loss", loss(mean, target.copy(), equal.copy()))
    if callable(penalty):
        builder = Builder(tuple(inputs))
        _returns("penalty", penalty(builder.build([builder.const(float(mean[0]))])))


def _returns(what: str, value: object) -> None:
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, Real):
        raise InputError(
            f"{what} must return one number from 0, not {type(value).__name__}: "
            "average over the rows, and return the result"
        )
    if value < 0:
        raise InputError(f"{what} must return a number from 0, not {value!r}: add a constant")
