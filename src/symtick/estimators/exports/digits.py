"""How many digits of each constant the rows bear, so that a rounded formula keeps its values.

`0.12345678*x0` is as good with three digits where it leaves errors of a per cent; in
`sin(6.0*(x0 - 1700000000.4618))` three would move the phase by half of all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from symtick.expr import Expression, Op

Floats = npt.NDArray[np.float64]

ALL_DIGITS = 17  # with which a float is written exactly
_ROWS = 400  # that are looked at, evenly spaced
_OF_ERRORS, _OF_SPREAD, _OF_SIZE = 0.1, 1e-3, 1e-4  # what rounding may move values by
_OF_ROW, _OF_ITS_VALUE = 10.0, 1e-3  # what it may move one row by: so many times that, and this


def needed_digits(expression: Expression, X: Floats, y: Floats) -> dict[float, int]:
    """The least significant digits of each constant with which the values stay.

    Half a unit of the last digit of all constants together moves the values by at most a tenth of
    the median error or a thousandth of their mean distance from their median, whichever is more,
    in the mean over the rows; no row by more than ten times that and a thousandth of its value; and
    none becomes undefined.

    Args:
        expression: of one output.
        X: the rows it was fitted on, shape (rows, inputs).
        y: their targets, shape (rows,).

    Returns:
        By magnitude of the constant, 1 to 17.
    """
    rows = slice(None, None, -(-len(X) // _ROWS))
    moves = _Moves(expression, X[rows], y[rows])
    places = [k for k, node in enumerate(expression.nodes) if node.op is Op.CONST]
    digits = {k: moves.least(k, len(places)) for k in places}
    while moves.too_far(digits) and min(digits.values()) < ALL_DIGITS:
        digits = {k: min(count + 1, ALL_DIGITS) for k, count in digits.items()}
    needed: dict[float, int] = {}
    for k, count in digits.items():
        size = abs(expression.nodes[k].value)
        needed[size] = max(count, needed.get(size, 1))
    return needed


def digits_of(value: float, needed: Mapping[float, int], fewest: int) -> int:
    """Digits to write a constant with: at least `fewest`.

    One that is not among `needed` was put together of those that are, and gets the most of theirs.
    """
    return max(fewest, needed.get(abs(value), max(needed.values(), default=1)))


class _Moves:
    """What other constants do to the values on rows."""

    def __init__(self, expression: Expression, X: Floats, y: Floats) -> None:
        self._expression, self._X = expression, X
        self._values = self._of({})
        self._defined = np.isfinite(self._values)
        values = self._values[self._defined]
        with np.errstate(all="ignore"):
            errors = np.median(np.abs(values - y[self._defined])) if len(values) else 0.0
            spread = np.mean(np.abs(values - np.median(values))) if len(values) else 0.0
            size = np.mean(np.abs(values)) if len(values) else 0.0
        self._allowed = float(max(_OF_ERRORS * errors, _OF_SPREAD * spread) or _OF_SIZE * size)

    def least(self, place: int, shares: int) -> int:
        """Digits of one constant with which half a unit of the last moves by a share at most."""
        value = self._expression.nodes[place].value
        low, high = 1, ALL_DIGITS
        while low < high:
            middle = (low + high) // 2
            steps = [value + sign * _half_unit(value, middle) for sign in (1.0, -1.0)]
            if any(self._moved({place: v}) * shares > self._allowed for v in steps):
                low = middle + 1
            else:
                high = middle
        return low

    def too_far(self, digits: Mapping[int, int]) -> bool:
        """Whether all constants rounded to these digits move the values too far."""
        nodes = self._expression.nodes
        rounded = {k: float(f"{nodes[k].value:.{count}g}") for k, count in digits.items()}
        return self._moved(rounded) > self._allowed

    def _moved(self, constants: Mapping[int, float]) -> float:
        """Mean distance to the values, or what that of one row is worth where this is more.

        It is infinite where a row becomes undefined.
        """
        if not self._defined.any():
            return 0.0
        with np.errstate(all="ignore"):
            moved = np.abs(self._of(constants) - self._values)[self._defined]
            excess = moved - _OF_ITS_VALUE * np.abs(self._values[self._defined])
            distance = float(max(np.mean(moved), np.max(excess) / _OF_ROW))
        return distance if np.isfinite(distance) else np.inf

    def _of(self, constants: Mapping[int, float]) -> Floats:
        nodes = list(self._expression.nodes)
        for k, value in constants.items():
            nodes[k] = replace(nodes[k], value=value)
        changed = replace(self._expression, nodes=tuple(nodes))
        return np.asarray(changed.evaluate(self._X)[:, 0], np.float64)


def _half_unit(value: float, digits: int) -> float:
    """Half a unit of the last of so many significant digits of a value."""
    if value == 0.0:
        return 0.0
    exponent = int(f"{value:.16e}".partition("e")[2])
    return float(f"5e{exponent - digits}")
