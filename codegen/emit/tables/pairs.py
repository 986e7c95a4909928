"""Identification of the two-signal function of a fused table from its entries.

Fusion makes such tables of the logic between two narrow signals and a node. Candidates are single
operations on the two signals and the parts of the formula that read just these two inputs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from symtick.codegen.ir.fixed import Reals
from symtick.codegen.ir.graph import GNode, GOp, Graph
from symtick.expr import Expression, to_text

_NEAR = 1e-6  # of a last place: what float64 leaves in doubt
_MOST_SHIFT = 12  # places between a remainder's point and a divisor's
_LEAST_VALUES = 8  # a table of fewer values is near many functions that it does not mean


@dataclass(frozen=True)
class PairFunction:
    """What the entries of a table on the bits of two signals are.

    Attributes:
        pattern: the function as text, with `{0}` and `{1}` for the signals.
        sources: their graph nodes.
        nearest: each entry is the function rounded to the nearest, halves up.
        ulp: largest distance of an entry from the function, in units of the table's last place.
    """

    pattern: str
    sources: tuple[int, int]
    nearest: bool
    ulp: float

    def text(self, names: Mapping[int, str] | Sequence[str]) -> str:
        """`fused: min(x*y, x - y), exact`, in the names of signals."""
        body = f"fused: {self.pattern.format(*(names[k] for k in self.sources))}"
        if self.ulp == 0.0:
            return f"{body}, exact"
        mode = ", AP_RND" if self.nearest else ""
        return f"{body}{mode}, <= {math.ceil(self.ulp * 100 - 1e-4) / 100:.2f} ulp"


def pair_function(graph: Graph, number: int, formula: Expression) -> PairFunction | None:
    """The function of a TABLE node whose argument joins two signals; None where none is known.

    Args:
        graph: the design's graph.
        number: the TABLE node.
        formula: the design's expression, of the graph's inputs.
    """
    node = graph.nodes[number]
    joined = graph.nodes[node.args[0]]
    if joined.op is not GOp.CONCAT:
        return None
    sources = (_holder(graph, joined.args[0]), _holder(graph, joined.args[1]))
    codes = _codes(*(graph.nodes[k] for k in sources))
    masked = [codes[i] & (1 << graph.nodes[k].fmt.width) - 1 for i, k in enumerate(sources)]
    at = (masked[0] << graph.nodes[sources[1]].fmt.width) + masked[1]
    entries = np.array(node.contents, object)[at].astype(np.float64)
    a, b = (
        np.ldexp(code.astype(np.float64), -graph.nodes[k].fmt.frac)
        for k, code in zip(sources, codes, strict=True)
    )
    fits = [
        fit
        for pattern, values in _candidates(graph, formula, sources, a, b)
        if (fit := _fit(pattern, sources, np.ldexp(values, node.fmt.frac), entries)) is not None
    ]
    return min(fits, key=lambda fit: (not fit.nearest, fit.ulp, len(fit.pattern)), default=None)


def _holder(graph: Graph, number: int) -> int:
    """The node whose bits a chain of SCALE nodes renames."""
    while graph.nodes[number].op is GOp.SCALE:
        number = graph.nodes[number].args[0]
    return number


def _codes(*nodes: GNode) -> list[np.ndarray[tuple[int, ...], np.dtype[np.int64]]]:
    """All pairs of raw values of two nodes."""
    axes = [np.arange(node.lo, node.hi + 1, dtype=np.int64) for node in nodes]
    return [grid.ravel() for grid in np.meshgrid(*axes, indexing="ij")]


def _candidates(
    graph: Graph, formula: Expression, sources: tuple[int, int], a: Reals, b: Reals
) -> Iterator[tuple[str, Reals]]:
    """Functions of two signals as text, and their values."""
    yield from (
        ("{0} + {1}", a + b),
        ("{0} - {1}", a - b),
        ("{1} - {0}", b - a),
        ("{0}*{1}", a * b),
        ("min({0}, {1})", np.minimum(a, b)),
        ("max({0}, {1})", np.maximum(a, b)),
        ("{0} >= {1}", (a >= b).astype(np.float64)),
        ("{1} >= {0}", (b >= a).astype(np.float64)),
    )
    yield from _digit_steps(a, b)
    ports = [graph.nodes[k] for k in sources]
    if any(node.op is not GOp.INPUT for node in ports):
        return
    read = {ports[0].number: 0, ports[1].number: 1}
    columns = np.zeros((len(a), len(formula.inputs)))
    for node, values in zip(ports, (a, b), strict=True):
        columns[:, node.number] = values
    names = tuple(f"{{{read[k]}}}" if k in read else "" for k in range(len(formula.inputs)))
    for k, support in enumerate(formula.support()):
        if support == set(read):
            part = replace(formula, outputs=(k,))
            values = part.evaluate(columns)[:, 0].astype(np.float64)
            yield to_text(replace(part, inputs=names)), values


def _digit_steps(a: Reals, b: Reals) -> Iterator[tuple[str, Reals]]:
    """Steps of a restoring division: the next remainder, and the digit's complement."""
    for rest, below, values in (("{0}", "{1}", (a, b)), ("{1}", "{0}", (b, a))):
        for shift in range(-_MOST_SHIFT, _MOST_SHIFT + 1):
            divisor = np.ldexp(values[1], shift)
            stays = values[0] < divisor
            if stays.all() or not stays.any():
                continue
            text = f"{below}*2**{shift}" if shift else below
            yield f"{rest} < {text}", stays.astype(np.float64)
            yield (
                f"{rest} < {text} ? {rest} : {rest} - {text}",
                np.where(stays, values[0], values[0] - divisor),
            )


def _fit(
    pattern: str, sources: tuple[int, int], scaled: Reals, entries: Reals
) -> PairFunction | None:
    """A function as that of a table, if it is within an ulp everywhere."""
    with np.errstate(invalid="ignore"):
        gaps = np.abs(scaled - entries)
    if not (gaps <= 1.0).all():
        return None
    rest = scaled - np.floor(scaled)
    doubtful = (rest != 0.5) & (np.abs(rest - 0.5) < _NEAR)
    nearest = bool((np.floor(scaled + 0.5) == entries).all() and not doubtful.any())
    if not nearest and len(np.unique(entries)) < _LEAST_VALUES:
        return None
    return PairFunction(pattern, sources, nearest, float(gaps.max()))
