"""The description length by which functions are compared: errors, constants and tokens.

Rissanen, Automatica 14 (1978) 465: half a logarithm of the rows for each constant, as the Bayesian
information criterion has it (Schwarz, Ann. Stat. 6 (1978) 461), and log V for each of V tokens.
Integers, simple fractions and multiples of pi and e are cheaper than constants. The inputs of
a sum of nothing else, with factors or without, are written as a set, where that is shorter: how
many of the k inputs, and which.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from symtick.expr import Op
from symtick.search.kernel_api.losses import Loss
from symtick.search.kernel_api.rows import Rows
from symtick.search.parts.language import Postfix, constants_of, spans

FLOOR = 1e-20  # share of the best constant's mean square error: what rounding may leave
EXACT = 1e-20  # share of the best constant's loss below which a law is exact
POWERS = {"mse": 0.5, "huber": 0.5, "mae": 1.0, "nrmse": 1.0}  # of a loss that is a likelihood's
_UNITS = ((1.0, 0.0), (math.pi, 1.0), (math.e, 1.0), (1.0 / math.pi, 1.5), (math.pi**2, 1.5))
_LARGEST, _WHOLE = 12, 100  # numerators and denominators of fractions; integers
_LINEAR = ([Op.INPUT], sorted([Op.INPUT, Op.CONST, Op.MUL]))
_SAME = 1e-14  # relative difference of numbers that is rounding


def _simple() -> dict[float, float]:
    """The simple numbers, and nats of each beyond its token."""
    out: dict[float, float] = {}
    for unit, extra in _UNITS:
        for below in range(1, _LARGEST + 1):
            for above in range(1, (_WHOLE if below == 1 else _LARGEST) + 1):
                if math.gcd(above, below) == 1:
                    out.setdefault(above / below * unit, extra + 0.5 * math.log(above * below))
    return out


_SIMPLE = _simple()
_SIZES = sorted(_SIMPLE)


@dataclass(frozen=True)
class Criterion:
    """Lengths in nats.

    Attributes:
        rows: that the weighted rows are worth.
        scale: loss of the best constant, to which losses are relative.
        tokens: in the vocabulary.
        inputs: of the data.
        power: of the loss in the likelihood.
    """

    rows: int
    scale: float
    tokens: int
    inputs: int
    power: float = 0.5

    @classmethod
    def of(cls, rows: Rows, loss: Loss, tokens: int) -> Self | None:
        """For data; None where the loss is no likelihood's, or the target is constant."""
        if not isinstance(loss, str) or loss not in POWERS:
            return None
        weights, total = rows.weights, float(rows.weights.sum())
        left = rows.y - (rows.y * weights).sum() / total
        left *= left  # in place: rows may be many
        left *= weights
        spread = float(left.sum() / total)
        scale = {"mae": math.sqrt(spread), "nrmse": 1.0}.get(loss, spread)
        if not scale > 0.0:
            return None
        return cls(_count(weights), scale, tokens, rows.X.shape[1], POWERS[loss])

    def exact(self, loss: float) -> bool:
        """Whether a function with this loss is the law itself."""
        return loss <= EXACT * self.scale

    def errors(self, loss: float) -> float:
        """Length of what a function with this loss leaves."""
        if not math.isfinite(loss):
            return math.inf
        floor = FLOOR ** (0.5 / self.power)
        return self.power * self.rows * math.log(max(loss, 0.0) / self.scale + floor)

    def size(self, nodes: int, constants: int) -> float:
        """Length of a function of so many nodes and constants that are not simple."""
        return nodes * math.log(self.tokens) + 0.5 * constants * math.log(self.rows)

    def length(self, function: Postfix, loss: float) -> float:
        """Length of a function and what it leaves."""
        prices = [price(value) for value in constants_of(function)]
        simple = [p for p in prices if p is not None]
        saved = max(0.0, self._saved(function))
        size = self.size(len(function), len(prices) - len(simple)) + sum(simple)
        return self.errors(loss) + size - saved

    def _saved(self, function: Postfix) -> float:
        """What the set of the inputs of a sum of nothing else is shorter than their tokens."""
        counts = linear_summands(function)
        chosen = len(counts)
        if not 1 <= chosen <= self.inputs:
            return 0.0
        # two tokens that say so, the set, and whether each has a factor
        which = math.comb(self.inputs, chosen) * (self.inputs + 1) * 2**chosen
        return (sum(counts) - 2) * math.log(self.tokens) - math.log(which)


def linear_summands(function: Postfix) -> list[int]:
    """Of a sum of inputs, with factors or without, the tokens of each with its + or -.

    Nothing of a function that has other summands, but for a constant.
    """
    starts = spans(function)
    ends, counts, constant = [len(function) - 1], list[int](), False
    while ends:
        end = ends.pop()
        if function[end][0] in (Op.ADD, Op.SUB):
            ends += [starts[end - 1] - 1, end - 1]
            continue
        kinds = sorted(op for op, _ in function[starts[end] : end + 1])
        if kinds in _LINEAR:
            counts.append(len(kinds) + 1)
        elif constant or kinds != [Op.CONST]:
            return []
        else:
            constant = True
    if counts and not constant:  # one + less than summands
        counts[-1] -= 1
    return counts


def _count(weights: npt.NDArray[np.float64]) -> int:
    """Rows that weighted ones are worth: repetitions by whole weights, else each one row.

    Weights that are not whole say how exact the rows are, up to a common factor (inverse
    variances): the likelihood is that of as many rows, whatever the weights are.
    """
    if (weights == np.rint(weights)).all():
        return int(weights.sum())
    return max(2, int(np.count_nonzero(weights)))


def price(value: float) -> float | None:
    """Nats of a simple number beyond its token; None of any other."""
    size = abs(value)
    if size == 0.0:
        return 0.0
    place = bisect_left(_SIZES, size)
    for k in range(max(0, place - 1), min(place + 1, len(_SIZES))):
        if abs(_SIZES[k] - size) <= _SAME * size < math.inf:
            return _SIMPLE[_SIZES[k]]
    return None


def simple_near(value: float) -> list[float]:
    """Simple numbers near a constant: halves within 5 %, others within 1 % of it."""
    out: dict[float, None] = {}
    for unit, _ in _UNITS:
        for below in (1, 2, 3, 4, 6, 8, _LARGEST):
            above = round(abs(value) / unit * below)
            made = math.copysign(above / below * unit, value)
            near = 0.05 if unit == 1.0 and below <= 2 else 0.01
            if above and abs(made - value) <= near * abs(value) and price(made) is not None:
                out[made] = None
    return list(out)
