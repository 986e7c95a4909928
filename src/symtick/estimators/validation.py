"""Validation of a regressor's data, callables and what is given by target, before the search.

Errors name the parameter, the value and the remedy.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from numbers import Real
from typing import Any

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


def check_sizes(X: npt.NDArray[np.float64], names: Sequence[str] | None) -> None:
    """Whether features can be scaled to the size of 1.

    Raises:
        InputError: all values of one are below the normal numbers of floating point.
    """
    for k, largest in enumerate(np.abs(X).max(axis=0).tolist()):
        if 0.0 < largest < np.finfo(np.float64).tiny:
            name = f"x{k}" if names is None else str(names[k])
            raise InputError(
                f"feature {name} is {largest:g} at most, too small to be scaled: multiply it so "
                "that it is nearer to 1, or leave it out"
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


def units_of_targets(given: str | Sequence[str | None] | None, count: int) -> Sequence[str | None]:
    """The unit of each target.

    Raises:
        InputError: their number is not that of the targets.
    """
    if given is None or isinstance(given, str):
        return [given] * count
    if len(given) != count:
        raise InputError(f"y_units needs an entry for each of {count} targets, not {len(given)}")
    return given


def guesses_of_targets(
    given: tuple[str, ...] | tuple[tuple[str, ...], ...], count: int
) -> Sequence[tuple[str, ...]]:
    """The guesses of each target; those of one target need not stand in a list of their own.

    Raises:
        InputError: their number is not that of the targets.
    """
    texts = tuple(guess for guess in given if isinstance(guess, str))
    lists = tuple(guess for guess in given if not isinstance(guess, str))
    if (texts and count == 1) or not given:
        return [texts] * count
    if len(lists) != count:
        raise InputError(f"guesses needs a list of texts for each of {count} targets")
    return lists


def target_names(y: Any, taken: Sequence[str], count: int) -> list[str]:
    """Names of the output ports: those of a Series or DataFrame where they fit, else y0, y1, ..."""
    columns = getattr(y, "columns", None)
    given = [getattr(y, "name", None)] if columns is None else list(columns)
    names = [str(n) for n in given]
    fit = all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", n) for n in names)
    if None in given or not fit or len({*names, *taken}) < count + len(taken):
        names = [f"y{k}" for k in range(count)]
        while set(names) & set(taken):
            names = [f"{n}_out" for n in names]
    return names


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
