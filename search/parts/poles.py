"""Poles between the rows: of every quotient and logarithm in a formula, not of the whole alone.

A pole lies where a factor of a denominator, or of a logarithm's argument, changes its sign between
two rows and the quotient grows beyond its values on the rows, whatever the functions around it make
of that. It is no fault where the rows next to it show it, on both sides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from symtick.expr import Op
from symtick.search.parts.language import Floats, Postfix, arguments_of, const, spans, values_of

Ints = npt.NDArray[np.int64]
GROWN = 10.0  # times a quotient's largest value on the rows that it is beyond next to a pole
BESIDE = 16  # rows on either side of a zero that lines are drawn between, besides those given
NEAR, NEAREST = 0.01, 4  # share of the rows on a side of a pole that show it; at least so many
SHOWN = 3.0  # times the usual deviation of the targets that theirs is
FITTED = 0.5  # of it that the formula may leave
OWN = 0.5  # of it, at least, that is the pole's
_HALVINGS = 30
_PIECES = 15  # of the lines, between poles of denominators
_PRODUCTS = (Op.MUL, Op.SQUARE, Op.CUBE, Op.SQRT, Op.ABS, Op.NEG)  # 0 where an argument is


@dataclass(frozen=True, eq=False)
class Pole:
    """A pole within the box of the rows.

    Attributes:
        end: place of the quotient or logarithm in the formula.
        zero: the function that is 0 there.
        points: on both sides of it, shape (points, features).
    """

    end: int
    zero: Postfix
    points: Floats


def poles(function: Postfix, X: Floats, low: Floats, high: Floats) -> list[Pole]:
    """Poles on lines from `low` to `high` and between rows on both sides of a zero.

    Args:
        function: the formula.
        X: the rows, shape (rows, features).
        low: ends of lines, shape (lines, features).
        high: the other ends.
    """
    starts = spans(function)
    least, most = X.min(axis=0), X.max(axis=0)
    pieces, out = [(low, high)], list[Pole]()
    for end, (op, _) in enumerate(function):
        if op not in (Op.DIV, Op.LOG):
            continue
        whole = function[starts[end] : end + 1]
        for zero in _factors(arguments_of(function, starts, end)[-1]):
            for points in list(_zeros(zero, [*pieces, *_beside(zero, X)], pieces)):
                points = points[((points >= least) & (points <= most)).all(axis=1)]
                if len(points) and (op is Op.LOG or _grows(whole, points, X)):
                    out.append(Pole(end, zero, points))
        pieces = pieces[:_PIECES]
    return out


def _factors(function: Postfix) -> Iterator[Postfix]:
    """Functions of the inputs of which one is 0 where this one is."""
    starts, pending = spans(function), [len(function) - 1]
    while pending:
        end = pending.pop()
        op = function[end][0]
        if op in _PRODUCTS or op is Op.DIV:
            ends = [end - 1] if op is not Op.DIV else []
            if op in (Op.MUL, Op.DIV):
                ends.append(starts[end - 1] - 1)
            pending += ends
        elif any(o is Op.INPUT for o, _ in function[starts[end] : end + 1]):
            yield function[starts[end] : end + 1]


def _beside(zero: Postfix, X: Floats) -> Iterator[tuple[Floats, Floats]]:
    """Lines between the rows on either side of a zero that are nearest to it."""
    values = values_of(zero, X)
    order = np.argsort(np.abs(values), kind="stable")
    below, above = order[values[order] < 0.0][:BESIDE], order[values[order] > 0.0][:BESIDE]
    count = min(len(below), len(above))
    if count:
        yield X[below[:count]], X[above[:count]]


def _zeros(
    zero: Postfix, lines: list[tuple[Floats, Floats]], pieces: list[tuple[Floats, Floats]]
) -> Iterator[Floats]:
    """Points next to which a function changes its sign; the lines cut there join the pieces."""
    for a, b in lines:
        crossing = np.sign(values_of(zero, a)) * np.sign(values_of(zero, b)) < 0
        if crossing.any():
            ends = _halved(zero, a[crossing], b[crossing])
            pieces += [(a[crossing], ends[0]), (ends[1], b[crossing])]
            yield from ends


def _halved(function: Postfix, a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """The lines from a to b cut down to where the function changes its sign."""
    sign = np.sign(values_of(function, a))[:, None]
    for _ in range(_HALVINGS):
        centre = 0.5 * (a + b)
        same = np.sign(values_of(function, centre))[:, None] == sign
        a, b = np.where(same, centre, a), np.where(same, b, centre)
    return a, b


def _grows(function: Postfix, points: Floats, X: Floats) -> bool:
    """Whether it is beyond its values on the rows at some of the points."""
    if not len(points):
        return False
    largest = float(np.abs(values_of(function, X)).max())
    return bool((~(np.abs(values_of(function, points)) <= GROWN * largest)).any())  # nan, too


def shown(function: Postfix, pole: Pole, X: Floats, y: Floats, far: float) -> bool:
    """Whether the rows show a pole, on both sides of it.

    Where the formula leaves the targets: those next to it are far off and fitted, and the pole is
    what takes them there. Where the functions around it keep the formula near: what they make of
    the pole is fitted, and none of them is a wave, which would have any number of periods.

    Args:
        function: the formula.
        pole: of it.
        X: the rows, shape (rows, features).
        y: the targets.
        far: distance from the targets' centre that leaves them.
    """
    if _waves(function, pole, X):
        return False
    starts, end = spans(function), pole.end
    own = values_of(function[starts[end] : end + 1], X)
    level = const(float(np.median(own)))
    whole = values_of(function, X)
    changes = np.abs(whole - values_of((*function[: starts[end]], *level, *function[end + 1 :]), X))
    off, left = np.abs(y - np.median(y)), np.abs(y - whole)
    usual = float(np.median(off))
    middle = 0.5 * (float(y.min()) + float(y.max()))
    leaves = bool((~(np.abs(values_of(function, pole.points) - middle) <= far)).any())
    sides = list(_nearest(values_of(pole.zero, X)))
    if not all(len(near) for near in sides):
        return False
    if not leaves:  # a step may change one side alone
        most = max(float(np.median(changes[near])) for near in sides)
        return all(float(np.median(left[near])) <= FITTED * most for near in sides)
    return all(
        float(np.median(off[near])) >= SHOWN * usual
        and _median(left, off, near) <= FITTED
        and _median(changes, off, near) >= OWN
        for near in sides
    )


def _waves(function: Postfix, pole: Pole, X: Floats) -> bool:
    """Whether a sine or cosine has an argument that the pole takes beyond its values."""
    starts = spans(function)
    return any(
        function[last][0] in (Op.SIN, Op.COS)
        and starts[last] <= pole.end
        and _grows(function[starts[last] : last], pole.points, X)
        for last in range(pole.end + 1, len(function))
    )


def _nearest(zero: Floats) -> Iterator[Ints]:
    """Of either side of a zero the rows next to it; none where there are too few."""
    for side in (zero < 0.0, zero > 0.0):
        count = max(NEAREST, int(NEAR * side.sum()))
        order = np.flatnonzero(side)[np.argsort(np.abs(zero[side]))[:count]]
        yield order if len(order) == count else order[:0]


def _median(a: Floats, b: Floats, near: Ints) -> float:
    """Of a/b over some rows."""
    with np.errstate(all="ignore"):
        return float(np.median(a[near] / b[near]))
