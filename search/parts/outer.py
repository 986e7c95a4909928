"""Outer functions: the target taken back through them, and how much its noise then weighs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from symtick.expr import Op
from symtick.search.parts.language import Floats, Language, Postfix, applied, const

_FEWEST = 0.9  # share of the rows that must be in an outer function's range
_MOST_WEIGHT = 30.0  # times the mean one: a few rows must not decide alone


@dataclass(frozen=True)
class Outer:
    """y = function(z).

    Attributes:
        name: of the function.
        needs: operators that write it.
        back: z of y; NaN where there is none.
        slope: dy/dz as a function of y.
        written: the function over a postfix.
    """

    name: str
    needs: tuple[Op, ...]
    back: Callable[[Floats], Floats]
    slope: Callable[[Floats], Floats]
    written: Callable[[Postfix], Postfix]

    def targets(
        self, y: Floats, factors: Floats, weights: Floats
    ) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
        """For each factor the z of y / factor, and weights with which equal errors of y are equal.

        Args:
            y: shape (rows,).
            factors: values of several factors, shape (n, rows).
            weights: of the rows.

        Returns:
            z and weights, 0 where there is no z, shape (m, rows), of those factors that leave
            enough rows in the function's range; their numbers.
        """
        with np.errstate(all="ignore"):
            parts = y / factors
            z, weight = self.back(parts), weights * (factors * self.slope(parts)) ** 2
            usable = np.isfinite(z) & np.isfinite(weight) & (weight > 0)
        keep = np.flatnonzero(usable.mean(axis=1) >= _FEWEST)
        z, weight = np.where(usable, z, 0.0)[keep], np.where(usable, weight, 0.0)[keep]
        return z, np.minimum(weight, _MOST_WEIGHT * weight.mean(axis=1, keepdims=True)), keep


def _root(z: Postfix) -> Postfix:
    return applied(Op.SQRT, z)


OUTER: tuple[Outer, ...] = (
    Outer("identity", (), lambda y: y, np.ones_like, lambda z: z),
    Outer("reciprocal", (Op.DIV,), lambda y: 1.0 / y, np.square,
          lambda z: applied(Op.DIV, const(1.0), z)),
    Outer("root", (Op.SQRT,), lambda y: np.where(y > 0, y * y, np.nan), lambda y: 0.5 / y, _root),
    Outer("reciprocal root", (Op.SQRT, Op.DIV), lambda y: np.where(y > 0, y**-2.0, np.nan),
          lambda y: 0.5 * y**3, lambda z: applied(Op.DIV, const(1.0), _root(z))),
    Outer("square", (Op.SQUARE,), lambda y: np.where(y > 0, np.sqrt(np.abs(y)), np.nan),
          lambda y: 2.0 * np.sqrt(np.abs(y)), lambda z: applied(Op.SQUARE, z)),
    Outer("exponential", (Op.EXP,), lambda y: np.log(y), lambda y: y,
          lambda z: applied(Op.EXP, z)),
    Outer("logarithm", (Op.LOG,), lambda y: np.where(np.abs(y) < 50, np.exp(y), np.nan),
          lambda y: np.exp(-y), lambda z: applied(Op.LOG, z)),
    Outer("hyperbolic tangent", (Op.TANH,),
          lambda y: np.where(np.abs(y) < 1, np.arctanh(y), np.nan),
          lambda y: 1.0 - y * y, lambda z: applied(Op.TANH, z)),
)  # fmt: skip


def outers(language: Language) -> list[Outer]:
    """Those that the language can write."""
    return [o for o in OUTER if language.has(*o.needs)]
