"""Validation of a regressor's numeric parameters, before the search begins.

Errors name the parameter, the value and the remedy.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence, Sized
from numbers import Integral
from typing import Any

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError
from symtick.expr import Builder

# name: least, most (None: any), whether None is allowed
INTEGERS: dict[str, tuple[int, int | None, bool]] = {
    "evaluations": (1, 2**62, False),
    "threads": (1, None, False),
    "seed": (0, 2**62 - 1, False),
    "batch_size": (1, None, False),
    "max_nodes": (1, 100_000, False),
    "max_depth": (1, None, False),
    "max_constants": (0, None, True),
    "max_ticks": (0, None, True),
    "constant_bits": (1, 53, True),
    "input_bits": (2, 24, False),
    "n_workers": (1, None, True),
    "select_k_features": (1, None, True),
}
# name: whether it must be above 0, whether None is allowed
REALS = {
    "huber_delta": (True, False),
    "clock_mhz": (True, False),
    "max_complexity": (True, True),
    "max_lut": (True, True),
    "target_loss": (False, True),
    "complexity_of_constants": (False, False),
}
_TINIEST = math.sqrt(np.finfo(np.float64).tiny)


def whole(value: object) -> bool:
    """Whether this is an integer: Python's or NumPy's, but no truth value."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def _number(value: object) -> bool:
    return whole(value) or isinstance(value, float | np.floating)


def check_numbers(settings: Any) -> None:
    """Whether all numbers among a regressor's parameters are numbers in range.

    Raises:
        InputError: one is not.
    """
    for name, (least, most, optional) in INTEGERS.items():
        value = getattr(settings, name)
        if optional and value is None:
            continue
        if not whole(value) or value < least or (most is not None and value > most):
            upper = "" if most is None else f" to {most}"
            none = " or None" if optional else ""
            raise InputError(f"{name} must be an integer from {least}{upper}{none}, not {value!r}")
    for name, (positive, optional) in REALS.items():
        value = getattr(settings, name)
        if optional and value is None:
            continue
        if not _number(value) or not math.isfinite(value) or (positive and value <= 0):
            finite = "finite " if isinstance(value, float) and not math.isfinite(value) else ""
            above = " above 0" if positive else ""
            none = " or None" if optional else ""
            raise InputError(f"{name} must be a {finite}number{above}{none}, not {value!r}")
    if not isinstance(settings.constants, bool | np.bool_):
        raise InputError(f"constants must be True or False, not {settings.constants!r}")
    literals = settings.literals
    if isinstance(literals, str) or not isinstance(literals, Iterable):
        raise InputError(f"literals must be a list of numbers, not {literals!r}")
    if not isinstance(settings.guesses, Sized):
        raise InputError(f"guesses must be a list of texts, not {settings.guesses!r}")


def check_spreads(goals: npt.NDArray[np.float64]) -> None:
    """Whether squares of the targets' deviations are numbers.

    Raises:
        InputError: a target varies so little that they all are 0, so that nothing would be learned.
    """
    for k, goal in enumerate(goals):
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
    if penalty is not None and not callable(penalty):
        raise InputError(f"penalty must be a callable of an expression or None, not {penalty!r}")
    if callable(penalty):
        builder = Builder(tuple(inputs))
        _returns("penalty", penalty(builder.build([builder.const(float(mean[0]))])))


def _returns(what: str, value: object) -> None:
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if not _number(value):
        raise InputError(
            f"{what} must return one number from 0, not {type(value).__name__}: "
            "average over the rows, and return the result"
        )
    if float(value) < 0.0:  # type: ignore[arg-type]
        raise InputError(f"{what} must return a number from 0, not {value!r}: add a constant")
