"""The fixed-point graph: what is computed, exactly.

Nodes are frozen, arguments always earlier, equal nodes once (`GraphBuilder` sees to it). Every node
has one exact format: `INPUT`, `CONST`, `CAST` and `TABLE` state theirs; an arithmetic node's is the
narrowest that holds its integer bounds, so it never loses a bit. What a node costs and when it runs
are other values (`CostModel`, `Schedule`).

| op | value | format |
|---|---|---|
| INPUT index | input port `index`, raw bounds stated | stated |
| CONST raw | raw * 2**-frac | narrowest |
| ADD a b, SUB a b | a + b, a - b | frac = max of both |
| NEG a, ABS a | -a, magnitude of a | frac of a |
| MUL a b | a * b (a square where both are one node) | frac = sum |
| MIN a b, MAX a b | smaller, larger | frac = max of both |
| GE a b | 1 where a >= b, else 0 | one unsigned bit, frac 0 |
| SELECT c a b | a where the one unsigned bit c is 1, else b | frac = max of a's and b's |
| DIGIT_ROW a d x t | a + d * x, d of at most two bits, t = 3 * x | frac = max of a's, x's and t's |
| CONCAT a b | bit pattern of a above that of b, no hardware | unsigned, frac 0 |
| SCALE a k | a * 2**k, no hardware | raw of a, frac - k |
| CAST a | a in a stated format with a Quant and an Overflow mode | stated |
| TABLE a | contents[bit pattern of a] | stated |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import cast

import numpy as np
import numpy.typing as npt

from symtick.codegen.ir.fixed import (
    Fixed,
    Overflow,
    Quant,
    RawArray,
    cast_raw,
    raw_dtype,
    rounded_raw,
)
from symtick.errors import InputError, WidthError
from symtick.expr import reachable

MAX_TABLE_BITS = 16
BIT = Fixed(1, 0, False)


class GOp(Enum):
    """Operations of the graph."""

    INPUT = "input"
    CONST = "const"
    ADD = "add"
    SUB = "sub"
    NEG = "neg"
    ABS = "abs"
    MUL = "mul"
    MIN = "min"
    MAX = "max"
    GE = "ge"
    SELECT = "select"
    DIGIT_ROW = "digit_row"
    CONCAT = "concat"
    SCALE = "scale"
    CAST = "cast"
    TABLE = "table"


# operations that only rename bits, or bring them in: no hardware
WIRES = frozenset({GOp.INPUT, GOp.CONST, GOp.SCALE, GOp.CONCAT})

ARITY: dict[GOp, int] = {
    GOp.INPUT: 0, GOp.CONST: 0, GOp.ADD: 2, GOp.SUB: 2, GOp.NEG: 1, GOp.ABS: 1, GOp.MUL: 2,
    GOp.MIN: 2, GOp.MAX: 2, GOp.GE: 2, GOp.SELECT: 3, GOp.DIGIT_ROW: 4, GOp.CONCAT: 2,
    GOp.SCALE: 1, GOp.CAST: 1, GOp.TABLE: 1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class GNode:
    """One operation with its exact format and integer bounds.

    Attributes:
        op: the operation.
        args: numbers of earlier nodes.
        fmt: the format of the value.
        lo: smallest raw integer that can occur.
        hi: largest raw integer that can occur.
        number: input index of INPUT, raw value of CONST, exponent k of SCALE, else 0.
        quant: rounding of a CAST.
        overflow: overflow mode of a CAST.
        contents: raw values of a TABLE in order of the argument's bit pattern (two's complement
            read as unsigned), 2**width entries; entries that the bounds exclude are don't-cares.
    """

    op: GOp
    args: tuple[int, ...]
    fmt: Fixed
    lo: int
    hi: int
    number: int = 0
    quant: Quant = Quant.TRN
    overflow: Overflow = Overflow.WRAP
    contents: tuple[int, ...] = ()


@dataclass(frozen=True)
class Graph:
    """A pure function from input ports to output ports.

    Attributes:
        nodes: operations, arguments before users.
        outputs: node number of each output port.
        input_names: port names, one for each input index.
        output_names: port names, one for each output.
    """

    nodes: tuple[GNode, ...]
    outputs: tuple[int, ...]
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]

    @property
    def input_formats(self) -> tuple[Fixed | None, ...]:
        """Format of each input port; None where no node reads it."""
        formats: dict[int, Fixed] = {n.number: n.fmt for n in self.nodes if n.op is GOp.INPUT}
        return tuple(formats.get(k) for k in range(len(self.input_names)))

    @property
    def output_formats(self) -> tuple[Fixed, ...]:
        """Format of each output port."""
        return tuple(self.nodes[k].fmt for k in self.outputs)

    def users(self) -> list[list[int]]:
        """For each node, the numbers of the nodes that read it (once each, ascending)."""
        users: list[list[int]] = [[] for _ in self.nodes]
        for k, node in enumerate(self.nodes):
            for a in dict.fromkeys(node.args):
                users[a].append(k)
        return users

    def evaluate(self, raw: npt.ArrayLike) -> RawArray:
        """The reference: raw outputs for raw inputs, in exact integer arithmetic.

        Args:
            raw: integers of shape (vectors, inputs), each within its input's bounds.

        Returns:
            Integers of shape (vectors, outputs).
        """
        x = np.asarray(raw)
        if x.ndim != 2 or x.shape[1] != len(self.input_names) or x.dtype.kind not in "iuO":
            raise InputError(
                f"raw inputs must be integers of shape (n, {len(self.input_names)}), "
                f"not {x.dtype} of shape {x.shape}"
            )
        values: list[RawArray] = []
        for node in self.nodes:
            values.append(_evaluated(self, node, values, x))
        return np.stack([values[k] for k in self.outputs], axis=1)

    def value(self, number: int, values: Mapping[int, RawArray]) -> RawArray:
        """Raw values of one node (not an input) from those of its arguments, by node number."""
        node = self.nodes[number]
        if node.op is GOp.CONST:
            return np.array([node.number], raw_dtype(node.fmt.width + 1))
        return _evaluated(self, node, cast("list[RawArray]", values), np.empty((0, 0)))

    def check(self) -> None:
        """Verify every rule in this module's docstring.

        Raises:
            InputError: with the number of the first node that breaks a rule, and which.
        """
        again = GraphBuilder(self.input_names)
        for k, node in enumerate(self.nodes):
            if any(not 0 <= a < k for a in node.args):
                raise InputError(f"graph node {k} ({node.op.value}) reads a later node {node.args}")
            if again.again(node) != k:
                raise InputError(f"graph node {k} ({node.op.value}) stands twice")
            if again.nodes[k] != node:
                raise InputError(
                    f"graph node {k} should be {again.nodes[k]}, by the rules of its operation, "
                    f"not {node}"
                )
        if len(self.outputs) != len(self.output_names):
            raise InputError("every output needs one name")
        if any(not 0 <= k < len(self.nodes) for k in self.outputs):
            raise InputError(f"an output is not a node: {self.outputs}")

    def __str__(self) -> str:
        lines = [_line(k, node, self.input_names) for k, node in enumerate(self.nodes)]
        lines += [f"{n} = %{k}" for n, k in zip(self.output_names, self.outputs, strict=True)]
        return "\n".join(lines)


def _line(k: int, node: GNode, names: Sequence[str]) -> str:
    args = " ".join(f"%{a}" for a in node.args)
    extra = {
        GOp.INPUT: names[node.number] if node.op is GOp.INPUT else "",
        GOp.CONST: str(node.number),
        GOp.SCALE: str(node.number),
        GOp.CAST: f"{node.quant.name} {node.overflow.name}",
        GOp.TABLE: f"[{len(node.contents)}]",
    }.get(node.op, "")
    words = " ".join(w for w in (node.op.value, args, extra) if w)
    return f"%{k} = {words} : {node.fmt} [{node.lo}, {node.hi}]"


def _aligned(
    graph: Graph, args: Sequence[int], values: list[RawArray], spare: int = 1
) -> list[RawArray]:
    """Arguments at the finest of their points, in integers with `spare` bits for the result."""
    formats = [graph.nodes[a].fmt for a in args]
    frac = max(fmt.frac for fmt in formats)
    dtype = raw_dtype(max(fmt.width + frac - fmt.frac for fmt in formats) + spare)
    return [
        np.left_shift(values[a].astype(dtype), frac - fmt.frac)
        for a, fmt in zip(args, formats, strict=True)
    ]


def _pattern(value: RawArray, width: int) -> RawArray:
    """The bit pattern of raw integers, read as unsigned."""
    return np.asarray(value & ((1 << width) - 1))


def _evaluated(graph: Graph, node: GNode, values: list[RawArray], x: RawArray) -> RawArray:
    if node.op is GOp.INPUT:
        return _read(graph, node, x)
    dtype = raw_dtype(max([node.fmt.width, *(graph.nodes[a].fmt.width for a in node.args)]) + 1)
    if node.op is GOp.CONST:
        return np.full(x.shape[0], node.number, dtype)
    first = values[node.args[0]]
    if node.op is GOp.CAST:
        return cast_raw(
            first, graph.nodes[node.args[0]].fmt.frac, node.fmt, node.quant, node.overflow
        )
    if node.op is GOp.TABLE:
        pattern = _pattern(first, graph.nodes[node.args[0]].fmt.width)
        return np.asarray(node.contents, dtype)[pattern.astype(np.int64)]
    if node.op is GOp.CONCAT:
        low = graph.nodes[node.args[1]].fmt.width
        high = _pattern(first, graph.nodes[node.args[0]].fmt.width).astype(dtype)
        return np.asarray(high * (1 << low) + _pattern(values[node.args[1]], low).astype(dtype))
    if node.op is GOp.SELECT:
        return np.where(first.astype(bool), *_aligned(graph, node.args[1:], values))
    if node.op is GOp.SCALE:
        return first
    if node.op is GOp.NEG:
        return np.asarray(np.negative(first.astype(dtype)))
    if node.op is GOp.ABS:
        return np.asarray(np.abs(first.astype(dtype)))
    if node.op is GOp.MUL:
        return np.asarray(first.astype(dtype) * values[node.args[1]].astype(dtype))
    if node.op is GOp.DIGIT_ROW:
        a, x, triple = _aligned(graph, [node.args[0], *node.args[2:]], values, spare=3)
        digit = values[node.args[1]]
        return np.asarray(a + np.where(digit == 3, triple, digit * x))
    a, b = _aligned(graph, node.args, values)
    if node.op is GOp.GE:
        return np.asarray(a >= b).astype(np.int64)
    combine = {GOp.ADD: np.add, GOp.SUB: np.subtract, GOp.MIN: np.minimum, GOp.MAX: np.maximum}
    return np.asarray(combine[node.op](a, b))


def _read(graph: Graph, node: GNode, x: RawArray) -> RawArray:
    column = x[:, node.number]
    if ((column < node.lo) | (column > node.hi)).any():
        raise InputError(
            f"input {graph.input_names[node.number]} has a raw value outside [{node.lo}, {node.hi}]"
        )
    return column.astype(raw_dtype(node.fmt.width + 1))


@dataclass
class GraphBuilder:
    """Collects nodes, computes their formats and bounds, and keeps equal nodes once."""

    input_names: tuple[str, ...]
    nodes: list[GNode] = field(default_factory=list)
    _known: dict[GNode, int] = field(default_factory=dict)

    @classmethod
    def of(cls, graph: Graph) -> GraphBuilder:
        """A builder that holds a graph's nodes by their own numbers."""
        known = {node: k for k, node in enumerate(graph.nodes)}
        return cls(graph.input_names, list(graph.nodes), known)

    def view(self) -> Graph:
        """The nodes as a graph without outputs, which grows with the builder."""
        # a tuple would have to be made anew for every node
        return Graph(cast("tuple[GNode, ...]", self.nodes), (), self.input_names, ())

    def _add(self, node: GNode) -> int:
        number = self._known.setdefault(node, len(self.nodes))
        if number == len(self.nodes):
            self.nodes.append(node)
        return number

    def input(self, index: int, fmt: Fixed, lo: int | None = None, hi: int | None = None) -> int:
        """Input port `index`; bounds default to all that the format holds."""
        if not 0 <= index < len(self.input_names):
            raise InputError(f"there is no input port {index}")
        low = fmt.raw_min if lo is None else lo
        high = fmt.raw_max if hi is None else hi
        if not fmt.raw_min <= low <= high <= fmt.raw_max:
            raise InputError(
                f"bounds [{low}, {high}] of input {self.input_names[index]} do not lie in {fmt}"
            )
        return self._add(GNode(GOp.INPUT, (), fmt, low, high, index))

    def const(self, raw: int, frac: int) -> int:
        """The constant raw * 2**-frac, stored without trailing zero bits (0 has frac 0)."""
        if raw == 0:
            frac = 0
        else:
            zeros = (raw & -raw).bit_length() - 1
            raw, frac = raw >> zeros, frac - zeros
        return self._add(GNode(GOp.CONST, (), Fixed.for_raw(raw, raw, frac), raw, raw, raw))

    def op(self, op: GOp, *args: int) -> int:
        """Any operation of earlier nodes alone, exact: all but those of `_STATED`."""
        if len(args) != ARITY[op] or op in _STATED:
            raise InputError(f"{op.value} is not built from {len(args)} arguments alone")
        if op in (GOp.MIN, GOp.MAX) and [self.nodes[a].op is GOp.CONST for a in args] == [1, 0]:
            args = args[::-1]  # a signal is compared with a constant: with 0 its sign suffices
        nodes = [self.nodes[a] for a in args]
        if op is GOp.SELECT and nodes[0].fmt != BIT:
            raise InputError(f"select asks one unsigned bit, {BIT}, not {nodes[0].fmt}")
        if op is GOp.DIGIT_ROW and (nodes[1].fmt.width > 2 or nodes[1].fmt.frac):
            raise InputError(f"digit_row asks a digit of at most two bits, not {nodes[1].fmt}")
        frac, lo, hi = _bounds(op, nodes, len(set(args)) == 1)
        try:
            fmt = Fixed.for_raw(lo, hi, frac) if op is not GOp.CONCAT else _joined(nodes)
        except WidthError as error:
            raise WidthError(f"{op.value} grows too wide: {error}; cast its arguments") from None
        return self._add(GNode(op, args, fmt, lo, hi))

    def scale(self, arg: int, exponent: int) -> int:
        """arg * 2**exponent, which moves the point and needs no hardware."""
        node = self.nodes[arg]
        if exponent == 0:
            return arg
        fmt = Fixed(node.fmt.width, node.fmt.frac - exponent, node.fmt.signed)
        return self._add(GNode(GOp.SCALE, (arg,), fmt, node.lo, node.hi, exponent))

    def cast(
        self,
        arg: int,
        fmt: Fixed,
        quant: Quant = Quant.RND,
        overflow: Overflow = Overflow.SAT,
    ) -> int:
        """arg in another format; nothing is added where that changes no value and no format."""
        node = self.nodes[arg]
        if node.fmt == fmt and fmt.keeps(node.lo, node.hi, overflow):
            return arg
        below = overflow is Overflow.WRAP and fmt.frac - node.fmt.frac >= fmt.width
        if node.lo == node.hi or below:
            # wrapped or not, it is one value; so are the zeros below the last place
            only = int(
                cast_raw(np.array([node.lo], object), node.fmt.frac, fmt, quant, overflow)[0]
            )
            return self._add(GNode(GOp.CAST, (arg,), fmt, only, only, 0, quant, overflow))
        exact = [rounded_raw(v, node.fmt.frac - fmt.frac, quant) for v in (node.lo, node.hi)]
        low, high = (min(max(v, fmt.raw_min), fmt.raw_max) for v in exact)
        if overflow in (Overflow.WRAP, Overflow.SAT_ZERO):
            if [low, high] != exact:
                low, high = fmt.raw_min, fmt.raw_max
        elif overflow is Overflow.SAT_SYM and fmt.signed:
            low, high = max(low, -fmt.raw_max), max(high, -fmt.raw_max)
        return self._add(GNode(GOp.CAST, (arg,), fmt, low, high, quant=quant, overflow=overflow))

    def bits(self, arg: int, fmt: Fixed) -> int:
        """The bits of arg at the places of a format, its sign repeated above (wires).

        The value is the same where the format holds it; lower bits are cut, higher ones dropped.
        """
        return self.cast(arg, fmt, Quant.TRN, Overflow.WRAP)

    def table(self, arg: int, contents: Sequence[int], fmt: Fixed) -> int:
        """contents[bit pattern of arg], raw values of `fmt`, 2**width entries."""
        node = self.nodes[arg]
        if node.fmt.width > MAX_TABLE_BITS:
            raise WidthError(
                f"a table has at most {MAX_TABLE_BITS} address bits, not {node.fmt.width}"
            )
        if len(contents) != 1 << node.fmt.width:
            raise InputError(
                f"a table of {node.fmt.width} address bits needs {1 << node.fmt.width} entries, "
                f"not {len(contents)}"
            )
        entries = contents if type(contents) is tuple else tuple(int(v) for v in contents)
        least, most, lo, hi = _table_bounds(entries, node.lo, node.hi)
        if least < fmt.raw_min or most > fmt.raw_max:
            raise InputError(f"a table entry does not fit {fmt}")
        return self._add(GNode(GOp.TABLE, (arg,), fmt, lo, hi, contents=entries))

    def again(self, node: GNode, args: Sequence[int] | None = None) -> int:
        """Build `node` once more, here, on these arguments (its own by default)."""
        places = tuple(node.args if args is None else args)
        if node.op is GOp.INPUT:
            return self.input(node.number, node.fmt, node.lo, node.hi)
        if node.op is GOp.CONST:
            return self.const(node.number, node.fmt.frac)
        if node.op is GOp.SCALE:
            return self.scale(places[0], node.number)
        if node.op is GOp.CAST:
            return self.cast(places[0], node.fmt, node.quant, node.overflow)
        if node.op is GOp.TABLE:
            return self.table(places[0], node.contents, node.fmt)
        return self.op(node.op, *places)

    def build(self, outputs: Sequence[int], output_names: Sequence[str]) -> Graph:
        """The graph with these outputs; nodes that none needs are dropped."""
        fresh = GraphBuilder(self.input_names)
        place: dict[int, int] = {}
        for k in sorted(reachable(self.nodes, outputs)):
            place[k] = fresh.again(self.nodes[k], [place[a] for a in self.nodes[k].args])
        return Graph(
            tuple(fresh.nodes),
            tuple(place[k] for k in outputs),
            self.input_names,
            tuple(output_names),
        )


def _joined(args: Sequence[GNode]) -> Fixed:
    """The format of CONCAT: every bit of both, also those that the bounds would not need."""
    return Fixed(sum(a.fmt.width for a in args), 0, False)


_STATED = {GOp.INPUT, GOp.CONST, GOp.SCALE, GOp.CAST, GOp.TABLE}


@lru_cache(maxsize=512)  # a graph is built again by every pass, with the same tables
def _table_bounds(contents: tuple[int, ...], lo: int, hi: int) -> tuple[int, int, int, int]:
    """Least and largest of all entries, and of those that the codes from lo to hi reach."""
    # negative codes stand in the upper half, from its end
    reached = contents[max(lo, 0) : max(hi + 1, 0)]
    if lo < 0:
        reached += contents[lo : min(hi + 1, 0) or None]
    return min(contents), max(contents), min(reached), max(reached)


def _bounds(op: GOp, args: Sequence[GNode], same: bool) -> tuple[int, int, int]:
    """(frac, lo, hi) of an arithmetic node."""
    a = args[0]
    if op is GOp.NEG:
        return a.fmt.frac, -a.hi, -a.lo
    if op is GOp.ABS:
        low = 0 if a.lo <= 0 <= a.hi else min(abs(a.lo), abs(a.hi))
        return a.fmt.frac, low, max(abs(a.lo), abs(a.hi))
    if op is GOp.CONCAT:
        return 0, *_patterns(args[0], args[1])
    if op is GOp.DIGIT_ROW:
        return _row_bounds(*args)
    if op is GOp.SELECT:
        args = args[1:]
    a, b = args
    if op is GOp.MUL:
        corners = [p * q for p in (a.lo, a.hi) for q in (b.lo, b.hi)]
        if same:
            corners = [a.lo * a.lo, a.hi * a.hi, *([0] if a.lo <= 0 <= a.hi else [])]
        return a.fmt.frac + b.fmt.frac, min(corners), max(corners)
    frac = max(a.fmt.frac, b.fmt.frac)
    alo, ahi = a.lo << (frac - a.fmt.frac), a.hi << (frac - a.fmt.frac)
    blo, bhi = b.lo << (frac - b.fmt.frac), b.hi << (frac - b.fmt.frac)
    if op is GOp.ADD:
        return frac, alo + blo, ahi + bhi
    if op is GOp.SUB:
        return frac, alo - bhi, ahi - blo
    if op is GOp.MIN:
        return frac, min(alo, blo), min(ahi, bhi)
    if op is GOp.MAX:
        return frac, max(alo, blo), max(ahi, bhi)
    if op is GOp.SELECT:
        return frac, min(alo, blo), max(ahi, bhi)
    return 0, int(alo >= bhi), int(ahi >= blo)


def _row_bounds(a: GNode, digit: GNode, x: GNode, triple: GNode) -> tuple[int, int, int]:
    """(frac, lo, hi) of DIGIT_ROW."""
    frac = max(node.fmt.frac for node in (a, x, triple))
    ends = []
    for d in range(digit.lo, digit.hi + 1):
        read = triple if d == 3 else x
        up = frac - read.fmt.frac
        ends += [(1 if d == 3 else d) * (v << up) for v in (read.lo, read.hi)]
    up = frac - a.fmt.frac
    return frac, (a.lo << up) + min(ends), (a.hi << up) + max(ends)


def _patterns(high: GNode, low: GNode) -> tuple[int, int]:
    """Smallest and largest bit pattern of CONCAT."""
    ends = []
    for node in (high, low):
        mask = (1 << node.fmt.width) - 1
        # patterns keep the order of the values unless the sign changes between them
        ends.append((0, mask) if node.lo < 0 <= node.hi else (node.lo & mask, node.hi & mask))
    shift = low.fmt.width
    return (ends[0][0] << shift) + ends[1][0], (ends[0][1] << shift) + ends[1][1]
