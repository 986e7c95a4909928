"""Polynomials over the pieces of a signal, with a bound on their error that holds everywhere.

A polynomial of degree d through the d + 1 Chebyshev nodes of a piece of length h is off by at most

    2 * (h / 4)**(d + 1) * max |f^(d+1)| / (d + 1)!

where the derivative is bounded by interval arithmetic over the piece (`taylor`), not by
samples. A piece over which the function hardly varies may be a constant instead, for that needs no
derivative.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import mpmath
import numpy as np

from symtick.codegen.functions.exact_values import Number
from symtick.codegen.functions.interval_arrays import IntervalArray
from symtick.codegen.functions.segmentation import Segmentation
from symtick.codegen.functions.univariate import Univariate
from symtick.codegen.ir.fixed import Reals

# float64 coefficients serve to about this many bits; beyond, they are computed with mpmath
_FLOAT_BITS = 38
_EXACT_BITS = 320


def misses(pieces: Segmentation, jet: Sequence[IntervalArray], degree: int) -> tuple[Reals, Reals]:
    """Largest error of the polynomial of a degree on each piece, and that of a constant."""
    shape = pieces.left.shape
    with np.errstate(invalid="ignore"):
        bent = 2.0 * (pieces.span / 4.0) ** (degree + 1) * jet[degree + 1].size
    flat = np.broadcast_to((jet[0].hi - jet[0].lo) / 2.0, shape)
    alone = pieces.span <= 0.0
    errors = [np.where(alone, 0.0, np.where(np.isnan(v), np.inf, v)) for v in (bent, flat)]
    return np.broadcast_to(errors[0], shape) * (1.0 + 1e-9), errors[1] * (1.0 + 1e-9)


@dataclass(frozen=True)
class PiecewiseFit:
    """Coefficients of each piece's polynomial in its variable.

    Attributes:
        pieces: the pieces.
        degree: of the polynomials.
        coefficients: degree + 1 rows of one number for each piece, float64 or mpmath.
        miss: largest error against the function, in the arithmetic of real numbers.
        hull: an interval that holds the values of the function, and those of the polynomials where
            a piece goes on beyond the function's domain.
    """

    pieces: Segmentation
    degree: int
    coefficients: tuple[tuple[Number, ...], ...]
    miss: float
    hull: tuple[float, float]

    def rest(self, power: int) -> tuple[float, float]:
        """Least and largest of (p - the terms below t**power) / t**power over all pieces."""
        low, high = _ranges(self.coefficients[power:], self.pieces.reach)
        return float(low.min()), float(high.max())


def _ranges(rows: Sequence[Sequence[Number]], reach: Reals) -> tuple[Reals, Reals]:
    """Bounds of the polynomials with these rows of coefficients over 0 to `reach`."""
    low = np.array([float(v) for v in rows[0]])
    high = low.copy()
    for power, row in enumerate(rows[1:], 1):
        term = np.array([float(v) for v in row]) * reach**power
        low, high = low + np.minimum(term, 0.0), high + np.maximum(term, 0.0)
    return low, high


def fit(
    function: Univariate,
    pieces: Segmentation,
    degree: int,
    jet: Sequence[IntervalArray],
    unit: float,
) -> PiecewiseFit:
    """The polynomials of a function.

    Args:
        function: the function.
        pieces: where.
        degree: of the polynomials.
        jet: enclosures of its Taylor coefficients over the pieces.
        unit: the accuracy that matters; float64 is left where it does not serve.
    """
    bent, flat = misses(pieces, jet, degree)
    miss = float(np.minimum(bent, flat).max())
    is_flat = flat <= bent
    moved = np.where(is_flat, 0.0, jet[1].size) * np.abs(pieces.end)
    size = jet[0].size + moved
    largest = float(size.max())
    if largest <= unit * 2.0**_FLOAT_BITS:
        rows, error = _floats(function, pieces, degree)
        miss += error + largest * 2.0**-46
        exact = ~pieces.is_plain(degree) & ~is_flat
    else:
        rows = [[0.0] * len(pieces.left) for _ in range(degree + 1)]
        exact = ~is_flat | (pieces.span <= 0.0)
        miss += float((jet[0].size * is_flat).max()) * 2.0**-50
    middles = np.broadcast_to((jet[0].lo + jet[0].hi) / 2.0, bent.shape)
    for place in np.flatnonzero(exact | is_flat):
        coefficients = [float(middles[place]), *[0.0] * degree]
        if exact[place]:
            coefficients = _exactly(function, pieces, int(place), degree)
        for row, value in zip(rows, coefficients, strict=True):
            row[place] = value
    low, high = np.broadcast_to(jet[0].lo, bent.shape), np.broadcast_to(jet[0].hi, bent.shape)
    beyond = _ranges(rows, pieces.reach)
    low = np.where(pieces.is_cut, np.minimum(low, beyond[0]), low)
    high = np.where(pieces.is_cut, np.maximum(high, beyond[1]), high)
    hull = float(low.min()), float(high.max())
    return PiecewiseFit(pieces, degree, tuple(tuple(row) for row in rows), miss, hull)


def _nodes(degree: int) -> Reals:
    """Chebyshev nodes on 0 to 1."""
    return np.asarray(
        0.5 - 0.5 * np.cos((2 * np.arange(degree + 1) + 1) * math.pi / (2 * degree + 2))
    )


def _floats(
    function: Univariate, pieces: Segmentation, degree: int
) -> tuple[list[list[Number]], float]:
    """Coefficients in float64, and how far rounding may move the polynomials."""
    share = _nodes(degree)
    # along t, which may run against the signal
    first = np.where(pieces.scale > 0.0, pieces.start, pieces.end)
    last = np.where(pieces.scale > 0.0, pieces.end, pieces.start)
    points = first + share[:, None] * (last - first)
    values = function.taylor(points, points, 0)[0]
    inverse = np.linalg.inv(np.vander(share, degree + 1, increasing=True))
    scaled = inverse @ np.broadcast_to((values.lo + values.hi) / 2.0, points.shape)
    reach = np.maximum((last - first) / pieces.scale, math.ldexp(1.0, -pieces.frac))
    rows = [(scaled[k] / reach**k).tolist() for k in range(degree + 1)]
    # the Lebesgue constant of so few Chebyshev nodes is below 3
    return rows, 3.0 * float((values.hi - values.lo).max())


def _exactly(function: Univariate, pieces: Segmentation, place: int, degree: int) -> list[Number]:
    """Coefficients of one piece to many digits."""
    left, start, end = (float(v[place]) for v in (pieces.left, pieces.start, pieces.end))
    if start == end:
        return [function.exact([start], _EXACT_BITS)[0], *[mpmath.mpf(0)] * degree]
    with mpmath.workprec(_EXACT_BITS):
        points = [
            mpmath.mpf(start) + mpmath.mpf(u) * (mpmath.mpf(end) - start)
            for u in _nodes(degree).tolist()
        ]
        newton = function.exact(points, _EXACT_BITS)
        for k in range(1, degree + 1):
            for i in range(degree, k - 1, -1):
                newton[i] = (newton[i] - newton[i - 1]) / (points[i] - points[i - k])
        coefficients = [newton[degree]]
        for k in range(degree - 1, -1, -1):
            shift = points[k] - left
            moved = [mpmath.mpf(0), *coefficients]
            for i, value in enumerate(coefficients):
                moved[i] -= shift * value
            moved[0] += newton[k]
            coefficients = moved
        scale = mpmath.mpf(float(pieces.scale[place]))
        return [value * scale**k for k, value in enumerate(coefficients)]
