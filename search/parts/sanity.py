"""What a formula must not do: poles between the rows, constants that cancel, unresolved waves,
terms that one row alone shows.

A pole is no fault where the rows next to it show it, which noise does not change.
"""

from __future__ import annotations

import math

import numpy as np

from symtick.expr import Op, Program
from symtick.search.kernel_api.evaluation import evaluate
from symtick.search.parts.language import (
    Floats,
    Postfix,
    const,
    postfix_of,
    spans,
    values_of,
)
from symtick.search.parts.poles import poles, shown

POINTS = 1024  # pairs of rows between which is looked
BEYOND = 0.1  # of the way between two rows that is looked at on either side
REACH = 10.0  # times the range of the target that values may be away from it
CANCELLED = 100.0  # times what a sum changes over the rows that both its arguments may be
STRAYS = 0.01  # of the points on the lines that may lie near such a pole
PERIODS = 0.25  # of a sine or cosine for each row
LONE = 0.9  # share of the squares of a term's changes that one row may have
LEAST = 3.0  # nats of the other rows' errors that such a term has to explain


def sound(program: Program, X: Floats, y: Floats) -> bool:
    """Whether a formula stays near the targets on and between the rows, as far as is seen.

    Args:
        program: one output.
        X: shape (rows, features).
        y: shape (rows,).
    """
    function = postfix_of(program)
    return not (
        _cancels(function, X, y)
        or _unresolved(function, X)
        or _lone(function, X, y)
        or _strays(function, program, X, y)
    )


def between(X: Floats) -> tuple[Floats, Floats]:
    """Ends of lines through pairs of rows, drawn with a fixed seed, shape (points, features).

    They lie `BEYOND` the rows; a column that keeps its sign comes nearer to 0 by that share only.
    """
    rng = np.random.default_rng(11)
    count = POINTS if len(X) > 1 else 1
    a, b = X[rng.integers(len(X), size=count)], X[rng.integers(len(X), size=count)]
    lines = (a - BEYOND * (b - a), b + BEYOND * (b - a))
    least, most = X.min(axis=0), X.max(axis=0)
    above = np.where(least > 0.0, (1.0 - BEYOND) * least, -np.inf)
    below = np.where(most < 0.0, (1.0 - BEYOND) * most, np.inf)
    low, high = (np.clip(ends, above, below) for ends in lines)
    return low, high


def _strays(function: Postfix, program: Program, X: Floats, y: Floats) -> bool:
    low, high = between(X)
    share = np.random.default_rng(12).uniform(size=(len(low), 1))
    far = REACH * max(float(np.ptp(y)), 1e-300)
    middle = 0.5 * (float(y.min()) + float(y.max()))
    least, most = X.min(axis=0), X.max(axis=0)

    def bad(rows: Floats) -> float:
        """Share of the points that are far from the targets."""
        values = np.asarray(evaluate([program], rows)[0])
        strays = ~(np.abs(values - middle) <= far)  # nan, too
        # beyond the rows, a root or logarithm may end
        beyond = ((rows < least) | (rows > most)).any(axis=1)
        return float((strays & ~(np.isnan(values) & beyond)).mean())

    if bad(X[np.arange(len(low)) % len(X)]):
        return True
    found = poles(function, X, low, high)
    if not all(shown(function, pole, X, y, far) for pole in found):
        return True
    return bad(low + share * (high - low)) > (STRAYS if found else 0.0)


def _cancels(function: Postfix, X: Floats, y: Floats) -> bool:
    """Whether a sum is much smaller than both its arguments.

    An input far from 0 less a constant is no fault: nothing is lost there.
    """
    starts = spans(function)
    for end, (op, _) in enumerate(function):
        if op not in (Op.ADD, Op.SUB):
            continue
        right = starts[end - 1]
        one, other = function[starts[end] : right], function[right:end]
        if Op.CONST not in {o for o, _ in (*one, *other)}:
            continue
        if {_linear(one), _linear(other)} == {(Op.CONST,), (Op.INPUT,)}:
            continue
        a, b = values_of(one, X), values_of(other, X)
        size = min(float(np.abs(a).min()), float(np.abs(b).min()))
        whole = a + b if op is Op.ADD else a - b
        changes = max(float(np.ptp(whole)), float(np.ptp(y)) * 1e-9)
        if not size <= CANCELLED * changes:
            return True
    return False


def _linear(function: Postfix) -> tuple[Op, ...]:
    """Its operators, without those of an input's factor."""
    ops = tuple(op for op, _ in function)
    factors = (
        (Op.CONST, Op.INPUT, Op.MUL),
        (Op.INPUT, Op.CONST, Op.MUL),
        (Op.INPUT, Op.CONST, Op.DIV),
    )
    return (Op.INPUT,) if ops in factors else ops


def _unresolved(function: Postfix, X: Floats) -> bool:
    """Whether a sine or cosine has more periods over the rows than they can tell apart."""
    starts = spans(function)
    for end, (op, _) in enumerate(function):
        if op in (Op.SIN, Op.COS):
            turns = float(np.ptp(values_of(function[starts[end] : end], X))) / (2.0 * np.pi)
            if not turns <= max(1.0, PERIODS * len(X)):
                return True
    return False


def _lone(function: Postfix, X: Floats, y: Floats) -> bool:
    """Whether an argument of a sum changes one row alone, and the other rows do not show it.

    Next to that row the formula says what nothing has shown.
    """
    starts, whole = spans(function), values_of(function, X)
    for end, (op, _) in enumerate(function):
        if op not in (Op.ADD, Op.SUB):
            continue
        for last in (starts[end - 1] - 1, end - 1):
            argument = function[starts[last] : last + 1]
            if Op.INPUT not in {o for o, _ in argument}:
                continue
            level = const(float(np.median(values_of(argument, X))))
            without = (*function[: starts[last]], *level, *function[last + 1 :])
            changes = whole - values_of(without, X)
            if not _shown_by_others(changes - np.median(changes), y - whole):
                return True
    return False


def _shown_by_others(changes: Floats, residuals: Floats) -> bool:
    """Whether a term's changes are of more than one row, or explain something in the others."""
    squares = np.square(changes)
    if not float(squares.max()) > LONE * float(squares.sum()):
        return True
    others = np.arange(len(changes)) != int(np.argmax(squares))
    left = float(np.sum(residuals[others] ** 2))
    missed = float(np.sum((residuals + changes)[others] ** 2))
    return missed > left * math.exp(2.0 * LEAST / len(changes))
