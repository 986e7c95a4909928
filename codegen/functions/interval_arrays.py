"""Arrays of intervals: arithmetic and functions over many intervals at a time.

Every bound is rounded outward, so that what is computed here holds for the real function.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from symtick.codegen.ir.fixed import Reals

# numpy's functions are right within a few units of the last place
_RELATIVE = 2.0**-50
_LEAST = 1e-300
_MOST = np.finfo(np.float64).max


@dataclass(frozen=True)
class IntervalArray:
    """Intervals [lo, hi], one for each element; an unbounded one where nothing is known."""

    lo: Reals
    hi: Reals

    @classmethod
    def outward(cls, lo: Reals, hi: Reals) -> IntervalArray:
        """The intervals, a few units of the last place wider."""
        # log(0) is below every number, not of unknown size
        lo, hi = np.minimum(lo, _MOST), np.maximum(hi, -_MOST)
        low = np.where(np.isnan(lo), -np.inf, lo - (_RELATIVE * np.abs(lo) + _LEAST))
        high = np.where(np.isnan(hi), np.inf, hi + (_RELATIVE * np.abs(hi) + _LEAST))
        return cls(np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(high), np.inf, high))

    @classmethod
    def full(cls, value: float, like: Reals) -> IntervalArray:
        """One value everywhere."""
        return cls(np.full(like.shape, value), np.full(like.shape, value))

    @property
    def size(self) -> Reals:
        """Largest magnitude of each."""
        return np.maximum(np.abs(self.lo), np.abs(self.hi))

    def __add__(self, other: IntervalArray) -> IntervalArray:
        return IntervalArray.outward(self.lo + other.lo, self.hi + other.hi)

    def __sub__(self, other: IntervalArray) -> IntervalArray:
        return IntervalArray.outward(self.lo - other.hi, self.hi - other.lo)

    def __neg__(self) -> IntervalArray:
        return IntervalArray(-self.hi, -self.lo)

    def __mul__(self, other: IntervalArray) -> IntervalArray:
        corners = np.stack([a * b for a in (self.lo, self.hi) for b in (other.lo, other.hi)])
        # zero times unbounded: a bound of zero holds, for the factor is exactly zero there
        products = np.where(np.isnan(corners), 0.0, corners)
        return IntervalArray.outward(products.min(axis=0), products.max(axis=0))

    def times(self, factor: float) -> IntervalArray:
        """Each times one number."""
        return self * IntervalArray.full(factor, self.lo)

    def __truediv__(self, other: IntervalArray) -> IntervalArray:
        unsafe = (other.lo <= 0.0) & (other.hi >= 0.0)
        inverse = IntervalArray.outward(
            np.where(unsafe, -np.inf, 1.0 / other.hi), np.where(unsafe, np.inf, 1.0 / other.lo)
        )
        return self * inverse

    def square(self) -> IntervalArray:
        """Each times itself."""
        least = np.maximum(np.maximum(self.lo, -self.hi), 0.0)
        return IntervalArray.outward(least * least, self.size**2)

    def rising(self, function: Callable[[Reals], Reals]) -> IntervalArray:
        """The image under a function that never falls."""
        return IntervalArray.outward(function(self.lo), function(self.hi))

    def cosine(self) -> IntervalArray:
        """The image under cos."""
        ends = np.cos(self.lo), np.cos(self.hi)
        turn = 2.0 * math.pi
        margin = 1e-9 * (1.0 + self.size)  # an extreme that is nearly reached counts
        low, high = self.lo - margin, self.hi + margin
        top = np.floor(high / turn) >= np.ceil(low / turn)
        bottom = np.floor(high / turn - 0.5) >= np.ceil(low / turn - 0.5)
        unknown = ~(self.size < 1e6)
        return IntervalArray(
            np.where(bottom | unknown, -1.0, np.minimum(*ends) - 1e-15),
            np.where(top | unknown, 1.0, np.maximum(*ends) + 1e-15),
        )

    def sine(self) -> IntervalArray:
        """The image under sin."""
        quarter = IntervalArray.full(math.pi / 2.0, self.lo)
        return (self - quarter).cosine()

    def tangent(self) -> IntervalArray:
        """The image under tan, unbounded where a pole may lie inside."""
        margin = 1e-9 * (1.0 + self.size)
        low, high = self.lo - margin, self.hi + margin
        whole = np.floor(low / math.pi + 0.5) == np.floor(high / math.pi + 0.5)
        image = self.rising(np.tan)
        known = whole & (self.size < 1e6)
        return image.where(known, IntervalArray.full(np.inf, self.lo).either_sign())

    def either_sign(self) -> IntervalArray:
        """The smallest interval around 0 that holds each and its negative."""
        return IntervalArray(-self.size, self.size)

    def even(self, function: Callable[[Reals], Reals]) -> IntervalArray:
        """The image under an even function that never falls for positive arguments."""
        least = np.maximum(np.maximum(self.lo, -self.hi), 0.0)
        return IntervalArray(least, self.size).rising(function)

    def hull(self, other: IntervalArray) -> IntervalArray:
        """The smallest intervals that hold both."""
        return IntervalArray(np.minimum(self.lo, other.lo), np.maximum(self.hi, other.hi))

    def where(self, chosen: npt.NDArray[np.bool_], other: IntervalArray) -> IntervalArray:
        """This where `chosen`, the other elsewhere."""
        return IntervalArray(
            np.where(chosen, self.lo, other.lo), np.where(chosen, self.hi, other.hi)
        )
