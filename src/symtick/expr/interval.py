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


def _sigmoid(x: float) -> float:
    small = math.exp(-abs(x))
    return 1.0 / (1.0 + small) if x >= 0.0 else small / (1.0 + small)


def _growing(function: Callable[[float], float], x: float) -> float:
    """A function that grows without bound at both ends, infinite where float64 ends."""
    try:
        return function(x)
    except OverflowError:
        return math.copysign(math.inf, function(math.copysign(1.0, x)))


def _log2(x: float) -> float:
    return math.log2(x) if math.isfinite(x) else x


def _power(base: float, exponent: float) -> float:
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0.0 and exponent % 2.0 == 1.0 else math.inf


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

    def sinh(self) -> Interval:
        return Interval(_growing(math.sinh, self.lo), _growing(math.sinh, self.hi))

    def cosh(self) -> Interval:
        size = abs(self)
        return Interval(_growing(math.cosh, size.lo), _growing(math.cosh, size.hi))

    def expm1(self) -> Interval:
        return Interval(_growing(math.expm1, self.lo), _growing(math.expm1, self.hi))

    def erf(self) -> Interval:
        return Interval(math.erf(self.lo), math.erf(self.hi))

    def sigmoid(self) -> Interval:
        return Interval(_sigmoid(self.lo), _sigmoid(self.hi))

    def log1p(self) -> Interval:
        if self.lo <= -1.0:
            raise DomainError(
                f"log1p of a value that can be anywhere in {self}, which contains -1 or numbers "
                "below it; guard it, for example with log1p(max(., -0.99))"
            )
        return Interval(math.log1p(self.lo), math.log1p(self.hi))

    def log2(self) -> Interval:
        if self.lo <= 0.0:
            raise DomainError(
                f"log2 of a value that can be anywhere in {self}, which contains 0 or negative "
                "numbers; guard it, for example with log2(max(., 0.01))"
            )
        return Interval(_log2(self.lo), _log2(self.hi))

    def tan(self) -> Interval:
        far = max(-self.lo, self.hi) > _EXACT_TURNS
        if far or math.floor(self.lo / math.pi + 0.5) != math.floor(self.hi / math.pi + 0.5):
            raise DomainError(
                f"tan of a value that can be anywhere in {self}, which reaches an odd multiple of "
                "pi/2; guard it, for example with tan(clip(., -1.5, 1.5))"
            )
        return Interval(math.tan(self.lo), math.tan(self.hi))

    def asin(self) -> Interval:
        self._check_sine("asin")
        return Interval(math.asin(self.lo), math.asin(self.hi))

    def acos(self) -> Interval:
        self._check_sine("acos")
        return Interval(math.acos(self.hi), math.acos(self.lo))

    def _check_sine(self, name: str) -> None:
        if self.lo < -1.0 or self.hi > 1.0:
            raise DomainError(
                f"{name} of a value that can be anywhere in {self}, which goes beyond [-1, 1]; "
                f"guard it, for example with {name}(clip(., -1, 1))"
            )

    def atan(self) -> Interval:
        return Interval(math.atan(self.lo), math.atan(self.hi))

    def asinh(self) -> Interval:
        return Interval(math.asinh(self.lo), math.asinh(self.hi))

    def acosh(self) -> Interval:
        if self.lo < 1.0:
            raise DomainError(
                f"acosh of a value that can be anywhere in {self}, which contains numbers below 1; "
                "guard it, for example with acosh(max(., 1))"
            )
        return Interval(math.acosh(self.lo), math.acosh(self.hi))

    def atanh(self) -> Interval:
        if self.lo <= -1.0 or self.hi >= 1.0:
            raise DomainError(
                f"atanh of a value that can be anywhere in {self}, which goes to -1 or 1; guard "
                "it, for example with atanh(clip(., -0.99, 0.99))"
            )
        return Interval(math.atanh(self.lo), math.atanh(self.hi))

    def atan2(self, other: Interval) -> Interval:
        """Angles of the points (other, self): all on a side where the box meets the cut there."""
        point = self.lo == self.hi and other.lo == other.hi
        if other.lo <= 0.0 and 0.0 in self and not point:
            half = math.pi / 2.0 if other.lo == 0.0 else math.pi
            top = half if self.hi > 0.0 or other.lo < 0.0 else 0.0
            return Interval(-half if self.lo < 0.0 else 0.0, top)
        return Interval.hull(math.atan2(y, x) for y in self._ends for x in other._ends)

    @property
    def _ends(self) -> tuple[float, float]:
        # 0.0 for -0.0, whose angle is that of the other side
        return self.lo + 0.0, self.hi + 0.0

    def power(self, other: Interval) -> Interval:
        """self ** other; the base is positive, or the exponent one integer."""
        whole = other.lo == other.hi and other.lo == math.floor(other.lo)
        if self.lo < 0.0 and not whole:
            raise DomainError(
                f"a power of a value that can be anywhere in {self}, which contains negative "
                "numbers; guard it, for example with pow(max(., 0), b)"
            )
        if self.lo <= 0.0 <= self.hi and other.lo < 0.0:
            raise DomainError(
                f"a power with an exponent in {other} of a value that can be anywhere in {self}, "
                "which contains 0; guard it, for example with pow(max(., 0.01), b)"
            )
        corners = [_power(a, b) for a in (self.lo, self.hi) for b in (other.lo, other.hi)]
        # an even power turns at 0, any power of 1 is 1
        if 0.0 in self and other.lo > 0.0:
            corners.append(0.0)
        return Interval.hull(corners)

    def sign(self) -> Interval:
        return Interval(*((v > 0.0) - (v < 0.0) + 0.0 for v in (self.lo, self.hi)))

    def floor(self) -> Interval:
        return Interval(*(math.floor(v) + 0.0 if math.isfinite(v) else v for v in self._ends))

    def at_least(self, other: Interval) -> Interval:
        """1 where self >= other, else 0."""
        return Interval(float(self.lo >= other.hi), float(self.hi >= other.lo))

    def above(self, other: Interval) -> Interval:
        """1 where self > other, else 0."""
        return Interval(float(self.lo > other.hi), float(self.hi > other.lo))

    def where(self, chosen: Interval, other: Interval) -> Interval:
        """`chosen` where self is not 0, else `other`."""
        if 0.0 not in self:
            return chosen
        if self.lo == self.hi:
            return other
        return Interval(min(chosen.lo, other.lo), max(chosen.hi, other.hi))

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
