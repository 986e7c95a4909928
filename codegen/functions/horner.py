"""A fitted polynomial as graph nodes: tables of coefficients, short products, and a bound.

Horner's scheme: r[d] = c[d], r[i] = c[i] + r[i + 1] * t. The coefficient of t**i is rounded where
its largest contribution matters as much as the last place of the result, each product is cut at the
place of the coefficient that is added to it, and its variable to the bits that reach that place.
What a cut loses on average is added to the coefficient.
"""

from __future__ import annotations

import math

import mpmath
import numpy as np

from symtick.codegen.functions.polynomials import PiecewiseFit
from symtick.codegen.functions.segmentation import SegmentParts
from symtick.codegen.functions.tables import BoundedValue
from symtick.codegen.ir.fixed import Fixed
from symtick.codegen.ir.graph import GOp, GraphBuilder
from symtick.codegen.ir.rewrite import stored

_EXACT_BITS = 320


def horner(builder: GraphBuilder, number: int, fitted: PiecewiseFit, frac: int) -> BoundedValue:
    """The polynomial of a signal, each rounding about half a unit of 2**-frac.

    Args:
        builder: where the graph grows.
        number: the signal.
        fitted: the polynomials over its pieces.
        frac: bits after the point of the result.

    Returns:
        The node, and a bound on its distance from the function: fit, coefficients and cuts.
    """
    pieces = fitted.pieces
    at = pieces.parts(builder, number)
    reach = float(pieces.reach.max())
    # t is below 2**(low - frac), so that coefficient k needs this many bits less or more
    places = [frac + k * (pieces.low - pieces.frac) for k in range(fitted.degree + 1)]
    value = _coefficient(builder, at, fitted, fitted.degree, places[-1], 0.0)
    error = 2.0 ** -(places[-1] + 1)
    for k in range(fitted.degree - 1, -1, -1):
        product, lost, middle = _times(builder, value, at.local, places[k])
        base = _coefficient(builder, at, fitted, k, places[k], middle)
        error = error * reach + lost + 2.0 ** -(places[k] + 1)
        value = builder.op(GOp.ADD, base, product)
        span = fitted.rest(k) if k else fitted.hull
        value = within(builder, value, *span, error + (0.0 if k else fitted.miss))
    return BoundedValue(value, error + fitted.miss)


def _coefficient(
    builder: GraphBuilder,
    at: SegmentParts,
    fitted: PiecewiseFit,
    power: int,
    place: int,
    added: float,
) -> int:
    """The table of a coefficient, rounded to nearest."""
    with mpmath.workprec(_EXACT_BITS):
        raw = [_nearest(v, added, place) for v in fitted.coefficients[power]]
    entries = np.array(raw, object)[fitted.pieces.order]
    return stored(builder, at.address, at.lo, entries, place)


def _nearest(value: float | mpmath.mpf, added: float, place: int) -> int:
    if isinstance(value, float):
        return round(math.ldexp(value + added, place))
    return int(mpmath.nint(mpmath.ldexp(value + added, place)))


def _times(builder: GraphBuilder, factor: int, local: int, place: int) -> tuple[int, float, float]:
    """factor * variable cut at a place; the most that it loses around its middle; the middle."""
    node, variable = builder.nodes[factor], builder.nodes[local]
    size = math.ldexp(max(abs(node.lo), abs(node.hi), 1), -node.fmt.frac)
    frac = variable.fmt.frac
    kept = place + math.ceil(math.log2(size))
    kept = max(frac - variable.fmt.width + 1, min(frac, kept))
    if kept < frac:
        fmt = Fixed(variable.fmt.width - (frac - kept), kept, False)
        local = builder.bits(local, fmt)
    whole = builder.op(GOp.MUL, factor, local)
    exact = builder.nodes[whole]
    middle = 0.0
    if exact.fmt.frac > place:
        drop = exact.fmt.frac - place
        cut = Fixed.for_raw(exact.lo >> drop, exact.hi >> drop, place)
        whole = builder.bits(whole, cut)
        middle = (2.0**-place - 2.0**-exact.fmt.frac) / 2.0
    return whole, middle + size * (2.0**-kept - 2.0**-frac), middle


def within(builder: GraphBuilder, number: int, low: float, high: float, error: float) -> int:
    """A node without the top bits that only its bounds, not its values, need (wires)."""
    node = builder.nodes[number]
    slack = error + 2.0**-48 * max(abs(low), abs(high))
    ends = [math.floor(math.ldexp(low - slack, node.fmt.frac)),
            math.ceil(math.ldexp(high + slack, node.fmt.frac))]  # fmt: skip
    fmt = Fixed.for_raw(max(ends[0], node.lo), min(ends[1], node.hi), node.fmt.frac)
    if fmt.width >= node.fmt.width:
        return number
    return builder.bits(number, fmt)
