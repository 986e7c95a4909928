"""Candidate plans: segmentations and degrees of polynomials that keep a function's error bound."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from symtick.codegen.functions.horner import horner
from symtick.codegen.functions.interval_arrays import IntervalArray
from symtick.codegen.functions.polynomials import PiecewiseFit, fit, misses
from symtick.codegen.functions.segmentation import Segmentation, equal_pieces, octaves
from symtick.codegen.functions.tables import BoundedValue
from symtick.codegen.functions.univariate import Univariate
from symtick.codegen.ir.bit_views import dropped_bits
from symtick.codegen.ir.graph import GNode, GraphBuilder

_FEWEST_BITS = 2
_FLOAT_WIDTH = 52  # codes of wider signals are not float64 values
_MOST_GUARD = 7
# more bits than this of accuracy ask for polynomials above the cubic
_WIDE = 24
_DEGREES = {False: 3, True: 5}
# octaves are tried where the function bends this much more at one end of the range
_STEEPER = 16.0
# of the LUTs that the sizes of tables and products suggest, what is left after sharing
_SHARE = 0.7


class FunctionPlan(NamedTuple):
    """One way to compute a function.

    Attributes:
        method: in words.
        pieces: entries of its largest table.
        least_cost: LUTs times ticks that it hardly goes below.
        emit: builds it on a node of a builder.
    """

    method: str
    pieces: int
    least_cost: float
    emit: Callable[[GraphBuilder, int], BoundedValue]


def highest_degree(node: GNode, frac: int) -> int:
    """The highest degree of polynomial worth trying."""
    return _DEGREES[(node.hi - node.lo).bit_length() > _WIDE or frac > _WIDE]


def equal_choices(node: GNode, bits: int) -> Iterator[Segmentation]:
    """Equal pieces of a signal, the fewest first, chosen by `bits` bits at most."""
    if node.hi - node.lo < 1 or node.fmt.width > _FLOAT_WIDTH:
        return
    for top in range(min(_FEWEST_BITS, bits), bits + 1):
        low = dropped_bits(node.lo, node.hi, top)
        if low >= 1:
            yield equal_pieces(node, low)


def octave_choices(
    node: GNode, bits: int, function: Univariate
) -> Iterator[Iterator[Segmentation]]:
    """Octaves towards the end of the range where a function bends much more than at the other."""
    if node.fmt.width > _FLOAT_WIDTH:
        return
    coarse = list(equal_choices(node, 4))[-1:]
    if not coarse:
        return
    curvature = function.taylor(coarse[0].start, coarse[0].end, 2)[2].size
    first, last = float(curvature[0]), float(curvature[-1])
    if min(first, last) * _STEEPER > max(first, last) or math.isinf(min(first, last)):
        return
    for stages in range(2, bits - 1):
        yield _towards(node, last > first, stages, bits - stages)


def _towards(node: GNode, mirrored: bool, stages: int, bits: int) -> Iterator[Segmentation]:
    for more in range(1, bits):
        pieces = octaves(node, mirrored, stages, more)
        if pieces is not None:
            yield pieces


def fewest(
    choices: Iterator[Segmentation], node: GNode, function: Univariate, frac: int, largest: int
) -> Iterator[FunctionPlan]:
    """Of each degree up to the largest, the first pieces that serve, fewest coming first."""
    missing = set(range(largest + 1))
    unit = 2.0**-frac
    segmentations = [pieces.on(function.domain) for pieces in choices]
    # where the finest pieces are too coarse for the highest degree, so are all
    if not segmentations or not _serves(segmentations[-1], function, largest, unit):
        return
    for pieces in segmentations:
        jet = function.taylor(pieces.start, pieces.end, max(missing) + 1)
        for degree in sorted(missing, reverse=True):
            if float(np.minimum(*misses(pieces, jet, degree)).max()) <= unit / 2.0:
                missing.discard(degree)
                jet_here = jet[: degree + 2]
                yield _polynomial(node, function, pieces, degree, jet_here, frac)
        if not missing:
            return


def _polynomial(
    node: GNode,
    function: Univariate,
    pieces: Segmentation,
    degree: int,
    jet: Sequence[IntervalArray],
    frac: int,
) -> FunctionPlan:
    """The plan of a polynomial, fitted when it is first built."""
    unit = 2.0**-frac
    bits = math.log2(max(float(jet[0].size.max()) / unit, 2.0))
    memo: list[tuple[PiecewiseFit, int]] = []

    def emit(builder: GraphBuilder, number: int) -> BoundedValue:
        if not memo:
            fitted = fit(function, pieces, degree, jet, unit)
            memo.append((fitted, frac + _guard(node, fitted, frac)))
        return horner(builder, number, *memo[0])

    kind = f"degree {degree}" if degree else "constants"
    count = len(pieces.left)
    # a product for each degree, of about half of the bits; each is a tick or more
    luts = count / 64.0 * bits + degree * min(pieces.low, bits / 2.0) * bits / 2.0
    return FunctionPlan(f"{kind} on {pieces.name}", count, luts * _SHARE * (degree + 1), emit)


def _serves(pieces: Segmentation, function: Univariate, degree: int, unit: float) -> bool:
    jet = function.taylor(pieces.start, pieces.end, degree + 1)
    return bool(np.minimum(*misses(pieces, jet, degree)).max() <= unit / 2.0)


def _guard(node: GNode, fitted: PiecewiseFit, frac: int) -> int:
    """Fewest bits below 2**-frac with which a polynomial's rounding stays within it, if any do."""
    for guard in range(min(fitted.degree, 2), _MOST_GUARD + 1):
        builder = GraphBuilder(("v",))
        signal = builder.input(0, node.fmt, node.lo, node.hi)
        if horner(builder, signal, fitted, frac + guard).error <= 2.0**-frac:
            return guard
    return _MOST_GUARD
