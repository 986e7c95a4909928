"""Identification of tables that are parts of a function: split tables, polynomials' coefficients.

What a table is multiplied by is read off the graph. The function that the parts make together is
named only if it is that of a function unit for every code of the signal that it depends on.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from symtick.codegen.design import Design
from symtick.codegen.functions.univariate import Univariate
from symtick.codegen.ir.fixed import Overflow, Quant, RawArray, Reals
from symtick.codegen.ir.graph import WIRES, GNode, GOp, Graph, GraphBuilder
from symtick.codegen.ir.rewrite import rebuilt
from symtick.errors import DomainError
from symtick.expr import Interval, reachable

_EVERYWHERE = Interval(-math.inf, math.inf)
_MOST_CODES = 1 << 16
_FEW = 8  # codes at which a function is evaluated before all are
_MOST_SOURCES = 6
_PRODUCTS = (GOp.MUL, GOp.DIGIT_ROW)
_LINEAR = (GOp.ADD, GOp.SUB, GOp.NEG, GOp.SCALE)


class Role(Enum):
    """What a table is in a sum of products."""

    COEFFICIENT = "coefficient of degree {}"
    BASE = "base of a split table"
    DIFFERENCES = "differences of a split table"
    COEFFICIENT_BASE = "base of a split coefficient of degree {}"
    COEFFICIENT_DIFFERENCES = "differences of a split coefficient of degree {}"


def factor(name: str) -> str:
    """A signal as an operand of `*`: in brackets where its point is moved, as in `x*2**-3`."""
    return f"({name})" if "*" in name else name


@dataclass(frozen=True)
class TablePart:
    """What a table adds to a node that depends on one signal.

    Attributes:
        role: what the table is in it.
        degree: products with bits of the signal between table and node, splits left out.
        node: the graph node that the parts make together.
        function: of `source`, that the node is near to; None where it is not known.
        source: graph node of the signal.
        error: largest distance of the node from the function.
    """

    role: Role
    degree: int
    node: int
    source: int
    function: Univariate | None = None
    error: float = 0.0

    def text(self, names: Mapping[int, str] | Sequence[str]) -> str:
        """`coefficient of degree 1 in add9 = tanh(x), <= 0.00041 off`, in the names of signals."""
        part = f"{self.role.value.format(self.degree)} in {names[self.node]}"
        if self.function is None:
            return part
        body = function_text(self.function, names[self.source])
        return f"{part} = {body}, <= {_upward(self.error)} off"


def function_text(function: Univariate, name: str) -> str:
    """A function of a signal of that name, and where it is held if it is."""
    body = str(replace(function.expression, inputs=(factor(name),)))
    body = body.replace("+ -", "- ").replace(f"(({name}))", f"({name})")
    ends = function.domain
    if ends == _EVERYWHERE:
        return body
    return f"{body} with {name} limited to [{ends.lo!r}, {ends.hi!r}]"


class TableParts:
    """The tables of one design that are parts of functions."""

    def __init__(self, design: Design) -> None:
        self._graph = design.graph
        self._users = design.graph.users()
        self._units = design.units
        self._inside: dict[int, set[int]] = {}
        self._matches: dict[int, dict[int, tuple[Univariate, float]]] = {}

    def of(self, number: int) -> TablePart | None:
        """What a TABLE node is part of; None where that cannot be read off the graph."""
        last: TablePart | None = None
        for source in self._sources(number):
            inside = self._determined(source)
            parts = list(self._parts(number, source, inside))
            for part in parts:
                match = self._of_source(source, inside).get(part.node)
                if match is not None:
                    return replace(part, function=match[0], error=match[1])
            last = last or (parts[-1] if parts else None)
        return last

    def _sources(self, number: int) -> list[int]:
        """Signals on which a table depends alone, the nearest first."""
        nodes = self._graph.nodes
        nearest = _behind_wires(self._graph, nodes[number].args[0])
        frontier, sources = {nearest}, list[int]()
        while frontier and len(sources) < _MOST_SOURCES:
            last = max(frontier)
            if len(frontier) == 1:
                sources.append(last)
            frontier.remove(last)
            frontier.update(a for a in nodes[last].args if nodes[a].op is not GOp.CONST)
        return sources

    def _parts(self, number: int, source: int, inside: set[int]) -> Iterator[TablePart]:
        """The table's role in each node that it is added into, the nearest first."""
        degrees: dict[int, set[int]] = {number: {0}}
        split = self._split(number)
        for k in range(number + 1, len(self._graph.nodes)):
            node = self._graph.nodes[k]
            carried = [i for i, a in enumerate(node.args) if a in degrees]
            if not carried or k not in inside:
                continue
            reached = self._reached(node, carried, degrees, source)
            if not reached:
                continue
            degrees[k] = reached
            if len(reached) == 1 and node.op not in WIRES and not _is_wires(node):
                part = self._part(k, source, split, *reached)
                if part is not None:
                    yield part

    def _part(
        self, node: int, source: int, split: tuple[Role, int] | None, degree: int
    ) -> TablePart | None:
        """The role of a table of which a node has that many products."""
        degree -= split is not None and split[0] is Role.DIFFERENCES
        many = self._multiplies(node, source, None if split is None else split[1])
        if not many:
            return None if split is None else TablePart(split[0], degree, node, source)
        role = Role.COEFFICIENT
        if split is not None:
            base = split[0] is Role.BASE
            role = Role.COEFFICIENT_BASE if base else Role.COEFFICIENT_DIFFERENCES
        return TablePart(role, degree, node, source)

    def _split(self, number: int) -> tuple[Role, int] | None:
        """Whether a table is a half of one that `splitting` has split, and the row that joins."""
        if len(self._users[number]) != 1:
            return None
        (row,) = self._users[number]
        node = self._graph.nodes[row]
        if not _is_split(self._graph, node):
            return None
        return (Role.BASE if node.args[0] == number else Role.DIFFERENCES), row

    def _multiplies(self, number: int, source: int, row: int | None) -> bool:
        """Whether a node has products between it and a signal, but for split tables."""
        nodes = self._graph.nodes
        rows = [k for k in self._cone([number], source) if nodes[k].op in _PRODUCTS and k != row]
        return not all(_is_split(self._graph, nodes[k]) for k in rows)

    def _reached(
        self, node: GNode, carried: Sequence[int], degrees: Mapping[int, set[int]], source: int
    ) -> set[int]:
        """Numbers of products along the paths to a node; none where it is not a sum of products."""
        through = {i: degrees[node.args[i]] for i in carried}
        if node.op in _LINEAR or _is_wires(node):
            return set().union(*through.values())
        if node.op is GOp.MUL:
            factors = {1 - i for i in carried}
        elif node.op is GOp.DIGIT_ROW:
            factors = {1} if {2, 3} & {*carried} else {2, 3} if 1 in carried else set()
        else:
            return set()
        if factors & {*carried} or not all(self._is_plain(node.args[f], source) for f in factors):
            return set()
        first = {0} if node.op is GOp.DIGIT_ROW else set()
        return set().union(*({d + (i not in first) for d in found} for i, found in through.items()))

    def _is_plain(self, number: int, source: int) -> bool:
        """Whether a node is bits of a signal, shifted perhaps: no table of values, no product."""
        cone = self._cone([number], source)
        nodes = [self._graph.nodes[k] for k in cone]
        return not any(
            node.op in _PRODUCTS or (node.op is GOp.TABLE and node.fmt.width > 1) for node in nodes
        )

    def _cone(self, numbers: Sequence[int], source: int) -> list[int]:
        """The nodes between a signal and some nodes, these included, in order."""
        cone = reachable(self._graph.nodes, numbers, lambda k: k != source)
        return sorted(k for k in cone if k != source)

    def _determined(self, source: int) -> set[int]:
        """The nodes after a signal that depend on it alone; constants are left out."""
        if source not in self._inside:
            nodes, inside = self._graph.nodes, {source}
            for k in range(source + 1, len(nodes)):
                read = [a for a in nodes[k].args if nodes[a].op is not GOp.CONST]
                if read and inside.issuperset(read):
                    inside.add(k)
            self._inside[source] = inside - {source}
        return self._inside[source]

    def _of_source(self, source: int, inside: set[int]) -> dict[int, tuple[Univariate, float]]:
        """Of the nodes that depend on a signal alone, those that are a unit's function of it."""
        if source not in self._matches:
            node = self._graph.nodes[source]
            few = node.hi - node.lo < _MOST_CODES
            self._matches[source] = self._matched(source, inside) if few else {}
        return self._matches[source]

    def _matched(self, source: int, inside: set[int]) -> dict[int, tuple[Univariate, float]]:
        node = self._graph.nodes[source]
        codes = np.arange(node.lo, node.hi + 1)
        points = np.ldexp(codes.astype(np.float64), -node.fmt.frac)
        sums = [k for k in sorted(inside) if self._graph.nodes[k].op in (GOp.ADD, GOp.DIGIT_ROW)]
        if not sums:
            return {}
        raw = self._evaluated(source, sums, codes)
        few = np.unique(np.linspace(0, len(codes) - 1, _FEW).astype(int))
        matches: dict[int, tuple[Univariate, float]] = {}
        for unit in self._units:
            for k, column in zip(sums, raw.T, strict=True):
                values = np.ldexp(column.astype(np.float64), -self._graph.nodes[k].fmt.frac)
                for at in (few, slice(None)):
                    error = _distance(unit.function, points[at], values[at])
                    if error > math.ldexp(1.0, -unit.frac):
                        break
                else:
                    if k not in matches or error < matches[k][1]:
                        matches[k] = _undomained(unit.function, points), error
        return matches

    def _evaluated(self, source: int, wanted: Sequence[int], codes: RawArray) -> RawArray:
        """Raw values of nodes for codes of the one signal that they depend on, (codes, nodes)."""
        small, node = GraphBuilder(("signal",)), self._graph.nodes[source]
        places = {source: small.input(0, node.fmt, node.lo, node.hi)}
        for k in self._cone(wanted, source):
            places[k] = rebuilt(small, self._graph, k, places)
        built = small.build([places[k] for k in wanted], [f"value{k}" for k in wanted])
        return built.evaluate(codes[:, None])


def _undomained(function: Univariate, points: Reals) -> Univariate:
    """A function without its domain where that holds none of the points, for its text."""
    ends = function.domain
    inside = ends.lo <= points[0] and points[-1] <= ends.hi
    return replace(function, domain=_EVERYWHERE) if inside else function


def _distance(function: Univariate, points: Reals, values: Reals) -> float:
    try:
        return float(np.abs(function.values(points) - values).max())
    except DomainError:
        return math.inf


def _is_split(graph: Graph, node: GNode) -> bool:
    """Whether a node joins two tables by the lowest bit of their address, as `splitting` does."""
    if node.op is not GOp.DIGIT_ROW:
        return False
    base, bit, once, triple = node.args
    fmt = graph.nodes[bit].fmt
    joined = (graph.nodes[_behind_wires(graph, k)].op for k in (base, once))
    return (
        once == triple
        and (fmt.width, fmt.signed) == (1, False)
        and all(op in (GOp.TABLE, GOp.DIGIT_ROW) for op in joined)
    )


def _behind_wires(graph: Graph, number: int) -> int:
    """The node whose bits a chain of cuts and moved points takes."""
    while graph.nodes[number].op is GOp.SCALE or _is_wires(graph.nodes[number]):
        number = graph.nodes[number].args[0]
    return number


def _is_wires(node: GNode) -> bool:
    """Whether a node is a cut of bits."""
    return node.op is GOp.CAST and (node.quant, node.overflow) == (Quant.TRN, Overflow.WRAP)


def _upward(value: float) -> str:
    """A number in two digits, rounded up."""
    if value == 0.0:
        return "0"
    place = math.floor(math.log10(value)) - 1
    return f"{math.ceil(value / 10.0**place * (1 - 1e-12)) * 10.0**place:.2g}"
