"""Identification of a table's function from its entries, with the largest error.

Passes rewrite tables: they move points, cut entries, fuse arithmetic into them. What lowering meant
a table to be need not be what it is in the end, so a comment is never taken over from there:
candidates are the functions of the design's function units and the parts of its formula, and one is
named only if the entries of all reachable codes agree with it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import mpmath
import numpy as np
import numpy.typing as npt

from symtick.codegen.design import Design
from symtick.codegen.emit.tables.logic import TableLogic, table_logic
from symtick.codegen.emit.tables.pairs import PairFunction, pair_function
from symtick.codegen.emit.tables.parts import TablePart, TableParts, function_text
from symtick.codegen.functions.tables import Address, piece_address
from symtick.codegen.functions.univariate import Univariate, section
from symtick.codegen.ir.fixed import Overflow, Quant, RawArray, Reals
from symtick.codegen.ir.graph import GNode, GOp, Graph, GraphBuilder
from symtick.errors import DomainError
from symtick.expr import Builder, Interval, Op

_FEW = 8  # evaluated before all codes are
# fewest values of a table that means a function this many ulp away, not one like it
_LEAST_VALUES = {1.0: 8, 2.0: 64}
_LOST = 2.0**-44  # what float64 and a few operations lose of a value
_EVERYWHERE = Interval(-math.inf, math.inf)


@dataclass(frozen=True)
class TableFunction:
    """What the entries of a table are.

    Attributes:
        function: of the value of `source`.
        source: the graph node that it is a function of.
        quant: the mode in which each entry is the rounded function, if one is.
        ulp: largest distance of an entry from the function, in units of the table's last place.
        codes: codes of `source` that share an entry.
        first: it stands for the first of their values, not for the middle.
    """

    function: Univariate
    source: int
    quant: Quant | None
    ulp: float
    codes: int = 1
    first: bool = False

    def text(self, names: Mapping[int, str] | Sequence[str]) -> str:
        """`tanh(2.0*pt), AP_RND, <= 0.50 ulp`, in the names of signals."""
        body = function_text(self.function, names[self.source])
        words = [body, *([self.quant.value] if self.quant and self.ulp else [])]
        if self.codes > 1:
            where = "first" if self.first else "middle"
            words[-1] += f" at the {where} of each {self.codes} codes"
        if self.ulp == 0.0:
            return ", ".join([*words, "exact"])
        return ", ".join([*words, f"<= {math.ceil(self.ulp * 100 - 1e-4) / 100:.2f} ulp"])


TableMeaning = TableFunction | PairFunction | TableLogic | TablePart


class TableFunctions:
    """The functions of the tables of one design."""

    def __init__(self, design: Design) -> None:
        self._graph = design.graph
        self._formula = design.expression
        self._candidates = _Candidates(design)
        self._parts = TableParts(design)
        self._meanings: dict[int, TableMeaning | None] = {}

    def of(self, number: int) -> TableMeaning | None:
        """What the entries of a TABLE node are, or what the node is part of; None if unknown."""
        if number not in self._meanings:
            self._meanings[number] = (
                pair_function(self._graph, number, self._formula)
                or self._nearest(number)
                or table_logic(self._graph, number)
                or self._parts.of(number)
            )
        return self._meanings[number]

    def _nearest(self, number: int) -> TableFunction | None:
        node = self._graph.nodes[number]
        fits = [
            ((fit.quant is None, kind, fit.ulp, fit.first, len(function.text)), fit)
            for source, at, first in _addresses(self._graph, node.args[0])
            for kind, functions in enumerate((self._near(node, at), _lines(node, at)))
            for function in functions
            if (fit := _fit(node, source, at, function, first)) is not None
        ]
        return min(fits, key=lambda ranked: ranked[0])[1] if fits else None

    def _near(self, node: GNode, at: Address) -> Iterator[Univariate]:
        """The candidates that are near a table at a few of its codes."""
        entries = _reached(node, at)
        few = np.unique(np.linspace(0, len(entries) - 1, _FEW).astype(int))
        limit = _limit(entries)
        return self._candidates.near(at.points[few], entries[few], node.fmt.frac, limit)


@lru_cache(maxsize=2)
def table_functions(design: Design) -> TableFunctions:
    """The functions of a design's tables, found once for all texts that name them."""
    return TableFunctions(design)


class _Candidates:
    """Functions of one signal that a table of a design may hold.

    A design has thousands: constants are multiplied into tables, so that every product of a
    constant and a unit's function is one. They are compared with a table at a few codes, as arrays.
    """

    def __init__(self, design: Design) -> None:
        formula, support = design.expression, design.expression.support()
        self._units = [unit.function for unit in design.units]
        parts = [
            section(formula, k, None, _EVERYWHERE)
            for k, node in enumerate(formula.nodes)
            if len(support[k]) == 1 and node.op is not Op.INPUT
        ]
        anywhere = [replace(function, domain=_EVERYWHERE) for function in self._units]
        unique: dict[str, Univariate] = {}
        for function in (*anywhere, *self._units, *parts):
            unique.setdefault(f"{function.text} {function.domain}", function)
        self._functions = list(unique.values())
        self._factors = np.array(formula.constants, np.float64)
        self._values: dict[bytes, tuple[Reals, Reals]] = {}

    def near(
        self, points: Reals, entries: RawArray, frac: int, limit: float
    ) -> Iterator[Univariate]:
        """The functions that are within a limit, in ulp, of the entries at all of these points."""
        values, products = self._at(points)
        for k in np.flatnonzero(_near(values, entries, frac, limit)):
            yield self._functions[k]
        for k, unit in np.argwhere(_near(products, entries, frac, limit)):
            yield _times(float(self._factors[k]), self._units[unit])

    def _at(self, points: Reals) -> tuple[Reals, Reals]:
        """Values of functions, (functions, points), and of products, (factors, units, points)."""
        key = points.tobytes()
        if key not in self._values:
            units = np.array([_values(f, points) for f in self._units]).reshape(-1, len(points))
            values = np.array([_values(f, points) for f in self._functions])
            with np.errstate(over="ignore"):
                products = self._factors[:, None, None] * units
            self._values[key] = values.reshape(-1, len(points)), products
        return self._values[key]


def _values(function: Univariate, points: Reals) -> Reals:
    """The function's values; not a number where one of them is not finite."""
    try:
        return function.values(points)
    except DomainError:
        return np.full(points.shape, np.nan)


def _limit(entries: RawArray) -> float:
    """How far, in ulp, a function that is named can be from one of these entries.

    Where the values are too few for `_LEAST_VALUES`, each entry is the rounded function.
    """
    distinct = len(set(entries.tolist()))
    lost = 1e-9 + _LOST * float(np.abs(entries.astype(np.float64)).max())
    return max((u for u, least in _LEAST_VALUES.items() if distinct >= least), default=0.5) + lost


def _near(values: Reals, entries: RawArray, frac: int, limit: float) -> npt.NDArray[np.bool_]:
    """Whether the values along the last axis are within a limit of all entries."""
    with np.errstate(invalid="ignore", over="ignore"):
        gaps = np.abs(np.ldexp(values, frac) - entries.astype(np.float64))
    return np.asarray((gaps <= limit).all(axis=-1))


def _times(value: float, function: Univariate) -> Univariate:
    builder = Builder(("v",))
    inner = builder.graft(function.expression, function.expression.outputs[0])
    product = builder.op(Op.MUL, builder.const(value), inner)
    return Univariate(builder.build([product]), _EVERYWHERE)


def _lines(node: GNode, at: Address) -> Iterator[Univariate]:
    """The straight line through the first and the last entry, where its constants are short."""
    entries = _reached(node, at)
    if len(entries) < 2:
        return
    first, last = (math.ldexp(float(entry), -node.fmt.frac) for entry in entries[[0, -1]])
    slope = (last - first) / float(at.points[-1] - at.points[0])
    offset = first - slope * float(at.points[0])
    if slope and max(len(repr(slope)), len(repr(offset))) <= 10:
        builder = Builder(("v",))
        yield Univariate(builder.build([_line(builder, slope, offset)]), _EVERYWHERE)


def _line(builder: Builder, slope: float, offset: float) -> int:
    product = builder.input(0)
    if abs(slope) != 1.0:
        product = builder.op(Op.MUL, builder.const(abs(slope)), product)
    if slope < 0:
        start = builder.const(offset)
        return builder.op(Op.SUB, start, product) if offset else builder.op(Op.NEG, product)
    return builder.op(Op.ADD, product, builder.const(offset)) if offset else product


def _addresses(graph: Graph, number: int) -> Iterator[tuple[int, Address, bool]]:
    """The signals that a table on a node can be a function of: itself, or what it is cut from.

    An entry of a cut signal stands for the middle of its codes, or for the first: then True is
    with it.
    """
    yield number, _address(graph.nodes[number], 0), False
    node = graph.nodes[number]
    if node.op is GOp.CAST and (node.quant, node.overflow) == (Quant.TRN, Overflow.WRAP):
        source = graph.nodes[node.args[0]]
        drop = max(source.fmt.frac - node.fmt.frac, 0)
        # of a wider signal entries stand for many values each
        if (source.hi >> drop) - (source.lo >> drop) < 1 << node.fmt.width:
            at = _address(source, drop)
            yield node.args[0], at, False
            codes = np.arange(at.lo, at.lo + len(at.points), dtype=np.float64)
            first = np.clip(np.ldexp(codes, at.low), source.lo, source.hi)
            yield node.args[0], replace(at, points=np.ldexp(first, -source.fmt.frac)), True


def _address(node: GNode, drop: int) -> Address:
    builder = GraphBuilder(("v",))
    return piece_address(builder, builder.input(0, node.fmt, node.lo, node.hi), drop)


def _reached(node: GNode, at: Address) -> RawArray:
    """The entries of the codes of an address, in their order."""
    codes = np.arange(at.lo, at.lo + len(at.points)) & (len(node.contents) - 1)
    return np.asarray(np.array(node.contents, object)[codes])


def _fit(
    node: GNode, source: int, at: Address, function: Univariate, first: bool
) -> TableFunction | None:
    """A function as that of a table, if it is near everywhere."""
    entries = _reached(node, at)
    values = _values(function, at.points)
    if not _near(values, entries, node.fmt.frac, _limit(entries)):
        return None
    nearest = function.entries(at.points, node.fmt.frac).raw
    quant = Quant.RND if (nearest == entries).all() else None
    ulp = _ulp(function, at.points, values, entries, node.fmt.frac)
    if quant is None:
        least = next((n for limit, n in _LEAST_VALUES.items() if ulp <= limit), len(entries) + 1)
        if len(set(entries.tolist())) < least:
            return None
    return TableFunction(function, source, quant, ulp, 1 << at.low, first)


def _ulp(function: Univariate, points: Reals, values: Reals, entries: RawArray, frac: int) -> float:
    scaled = np.ldexp(values, frac)
    if np.abs(scaled).max() * _LOST < 1e-5:
        return float(np.abs(scaled - entries.astype(np.float64)).max())
    with mpmath.workprec(160):
        exact = [mpmath.ldexp(v, frac) for v in function.exact(points)]
        return float(max(abs(v - int(e)) for v, e in zip(exact, entries, strict=True)))
