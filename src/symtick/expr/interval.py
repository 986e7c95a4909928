"""Closed real intervals and the image of every operator over them.

The bounds are rounded to nearest, not outward: they choose table ranges and reject undefined
operations, and the integer bounds of `codegen` (which are exact) decide the widths.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from symtick.errors import DomainError

# beyond this, x / pi does not tell in which half turn x lies
_EXACT_TURNS = 1e12


def _exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def _product(a: float, b: float) -> float:
    """a * b with 0 * inf = 0, the convention of interval arithmetic."""
    return 0.0 if a == 0.0 or b == 0.0 else a * b


@dataclass(frozen=True, slots=True)
class Interval:
    """All reals from `lo` to `hi`, both included."""

    lo: float
    hi: float

    def __post_init__(self) -> None:
        if not self.lo <= self.hi:
            raise DomainError(f"an interval needs lo <= hi, not [{self.lo!r}, {self.hi!r}]")

    @classmethod
    def point(cls, value: float) -> Interval:
        """The interval that holds one value."""
        return cls(value, value)

    @classmethod
    def hull(cls, values: Iterable[float]) -> Interval:
        """The smallest interval that holds every value."""
        members = list(values)
        return cls(min(members), max(members))

    def __contains__(self, value: float) -> bool:
        return self.lo <= value <= self.hi

    def __str__(self) -> str:
        return f"[{self.lo:g}, {self.hi:g}]"

    def __add__(self, other: Interval) -> Interval:
        return Interval(self.lo + other.lo, self.hi + other.hi)

    def __sub__(self, other: Interval) -> Interval:
        return Interval(self.lo - other.hi, self.hi - other.lo)

    def __neg__(self) -> Interval:
        return Interval(-self.hi, -self.lo)

    def __mul__(self, other: Interval) -> Interval:
        return Interval.hull(
            _product(a, b) for a in (self.lo, self.hi) for b in (other.lo, other.hi)
        )

    def __truediv__(self, other: Interval) -> Interval:
        if 0.0 in other:
            raise DomainError(
                f"division by a value that can be anywhere in {other}, which contains 0; "
                "guard the divisor, for example with max(., 0.01) or square(.) + 0.01"
            )
        return self * Interval(1.0 / other.hi, 1.0 / other.lo)

    def __abs__(self) -> Interval:
        if self.lo >= 0.0:
            return self
        if self.hi <= 0.0:
            return -self
        return Interval(0.0, max(-self.lo, self.hi))

    def minimum(self, other: Interval) -> Interval:
        return Interval(min(self.lo, other.lo), min(self.hi, other.hi))

    def maximum(self, other: Interval) -> Interval:
        return Interval(max(self.lo, other.lo), max(self.hi, other.hi))

    def square(self) -> Interval:
        magnitude = abs(self)
        return Interval(magnitude.lo * magnitude.lo, magnitude.hi * magnitude.hi)

    def cube(self) -> Interval:
        return Interval(self.lo * self.lo * self.lo, self.hi * self.hi * self.hi)

    def sqrt(self) -> Interval:
        if self.lo < 0.0:
            raise DomainError(
                f"sqrt of a value that can be anywhere in {self}, which contains negative numbers; "
                "guard it, for example with sqrt(max(., 0)) or sqrt(abs(.))"
            )
        return Interval(math.sqrt(self.lo), math.sqrt(self.hi))

    def exp(self) -> Interval:
        return Interval(_exp(self.lo), _exp(self.hi))

    def log(self) -> Interval:
        if self.lo <= 0.0:
            raise DomainError(
                f"log of a value that can be anywhere in {self}, which contains 0 or negative "
                "numbers; guard it, for example with log(max(., 0.01))"
            )
        return Interval(math.log(self.lo), math.log(self.hi))

    def tanh(self) -> Interval:
        return Interval(math.tanh(self.lo), math.tanh(self.hi))

    def cos(self) -> Interval:
        return self._wave(math.cos, 0.0)

    def sin(self) -> Interval:
        return self._wave(math.sin, 0.5)

    def _wave(self, function: Callable[[float], float], phase: float) -> Interval:
        """Image under a cosine that is 1 at phase * pi."""
        if not (math.isfinite(self.lo) and math.isfinite(self.hi)):
            return Interval(-1.0, 1.0)
        ends = (function(self.lo), function(self.hi))
        if self.lo == self.hi:
            return Interval.point(ends[0])
        if max(-self.lo, self.hi) > _EXACT_TURNS:
            return Interval(-1.0, 1.0)
        first = math.ceil(self.lo / math.pi - phase)
        last = math.floor(self.hi / math.pi - phase)
        turns = [1.0 if k % 2 == 0 else -1.0 for k in range(first, min(last, first + 1) + 1)]
        return Interval.hull([*ends, *turns])
