"""Bit liveness: the bits that registers have to store.

A bit of a node is constant, or another node's bit by another name (a sign extension, a bit that a
cast keeps, a low bit of a sum whose other operand ends higher, a table's column that is an address
bit or equals another column), or it is driven by the node's own logic. Synthesis keeps one register
for all names of a bit, and none for a constant or for a bit that nothing reads; so do
`Schedule.registers` and the schedulers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from symtick.codegen.ir.fixed import Fixed, Overflow, Quant
from symtick.codegen.ir.graph import GNode, GOp, Graph

ZERO, ONE = -2, -1  # drivers of constant bits

Wires = tuple[int, ...]  # the driver of each bit of a node, lowest first


@dataclass(frozen=True)
class BitLiveness:
    """The bits of a graph by their drivers.

    Attributes:
        bits: of each node, the driver of each bit, lowest first; `ZERO` and `ONE` are constants.
        owner: of each driver, the node whose logic (or port) makes it.
        readers: of each driver, the nodes whose logic reads it, ascending; the number of nodes
            stands for an output port.
    """

    bits: tuple[Wires, ...]
    owner: tuple[int, ...]
    readers: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, graph: Graph) -> BitLiveness:
        """Analyse a graph."""
        work = _Drivers(graph)
        for k, node in enumerate(graph.nodes):
            work.bits.append(tuple(work.driven(k, node)))
        readers: list[list[int]] = [[] for _ in work.owner]
        for reader, driver in _reads(graph, work):
            readers[driver].append(reader)
        unique = tuple(tuple(sorted(set(r))) for r in readers)
        return cls(tuple(work.bits), tuple(work.owner), unique)

    def is_wire(self, number: int) -> bool:
        """Whether a node has no bit of its own."""
        return all(d < 0 or self.owner[d] != number for d in self.bits[number])


@dataclass
class _Drivers:
    """Names the driver of each bit of each node, in order."""

    graph: Graph
    bits: list[Wires] = field(default_factory=list)
    owner: list[int] = field(default_factory=list)

    def own(self, number: int, count: int) -> list[int]:
        """New drivers."""
        first = len(self.owner)
        self.owner.extend([number] * count)
        return list(range(first, first + count))

    def driven(self, k: int, node: GNode) -> Sequence[int]:
        width = node.fmt.width
        if node.op is GOp.CONST:
            return _constant(node.number, width)
        if node.lo == node.hi and node.args and self._is_constant(node):
            return _constant(node.lo, width)
        if node.op is GOp.SCALE:
            return self.bits[node.args[0]]
        if node.op is GOp.CONCAT:
            return self.bits[node.args[1]] + self.bits[node.args[0]]
        if node.op is GOp.CAST and _is_plain(self.graph, node):
            source = self.graph.nodes[node.args[0]].fmt
            return moved(self.bits[node.args[0]], node.fmt.frac - source.frac, width, source.signed)
        if node.op is GOp.TABLE:
            return self._table(k, node)
        if node.op is GOp.CAST:
            # its format may hold more than its values
            narrow = Fixed.for_raw(node.lo, node.hi, 0)
            driven = self.own(k, min(narrow.width, width))
            return moved(driven, 0, width, narrow.signed)
        if node.op in (GOp.ADD, GOp.SUB):
            low = uncarried(node.op, *self.aligned(node, node.args))
            return low + self.own(k, width - len(low))
        if node.op is GOp.DIGIT_ROW:
            place = row_place(self.graph, node)
            return self.aligned(node, node.args)[0][:place] + self.own(k, width - place)
        if node.op is GOp.ABS:
            # a value and its negative end in the same bit
            return [self.bits[node.args[0]][0], *self.own(k, width - 1)]
        if node.op is GOp.SELECT:
            pairs = zip(*self.aligned(node, node.args[1:]), strict=True)
            return [a if a == b else self.own(k, 1)[0] for a, b in pairs]
        return self.own(k, width)

    def _is_constant(self, node: GNode) -> bool:
        return all(d < 0 for a in node.args for d in self.bits[a])

    def aligned(self, node: GNode, args: Sequence[int]) -> list[list[int]]:
        """The bits of these arguments at the node's own places."""
        formats = [self.graph.nodes[a].fmt for a in args]
        frac = max(fmt.frac for fmt in formats)
        return [
            moved(self.bits[a], frac - fmt.frac, node.fmt.width, fmt.signed)
            for a, fmt in zip(args, formats, strict=True)
        ]

    def _table(self, k: int, node: GNode) -> list[int]:
        """Columns that are constant, an address bit, or equal to an earlier column, are wires."""
        address = self.bits[node.args[0]]
        codes = np.arange(len(node.contents))
        plain = {_key(codes >> j): driver for j, driver in enumerate(address)}
        known = {_key(codes * 0): ZERO, _key(codes * 0 + 1): ONE, **plain}
        drivers = []
        for column in _columns(node.contents, node.fmt.width):
            if column not in known:
                known[column] = self.own(k, 1)[0]
            drivers.append(known[column])
        return drivers


def _constant(raw: int, width: int) -> list[int]:
    return [ONE if raw >> j & 1 else ZERO for j in range(width)]


def named_bits(node: GNode, first: int) -> list[int]:
    """Names of a node's bits by what the node alone tells: constants, and columns that are equal.

    Args:
        node: of a graph.
        first: the name of its lowest bit, if that is its own.
    """
    width = node.fmt.width
    if node.op is GOp.CONST:
        return _constant(node.number, width)
    if node.op is not GOp.TABLE:
        return list(range(first, first + width))
    size = len(node.contents)
    known = {_key(np.zeros(size, int)): ZERO, _key(np.ones(size, int)): ONE}
    columns = _columns(node.contents, width)
    return [known.setdefault(column, first + j) for j, column in enumerate(columns)]


def _key(values: np.ndarray) -> bytes:
    return np.packbits((values & 1).astype(np.uint8)).tobytes()


@lru_cache(maxsize=8192)
def _columns(contents: tuple[int, ...], width: int) -> tuple[bytes, ...]:
    """Each output bit of a table over all addresses, packed."""
    words = np.array([v & ((1 << width) - 1) for v in contents], object)
    return tuple(_key((words >> j & 1).astype(np.uint8)) for j in range(width))


def moved(bits: Sequence[int], shift: int, width: int, signed: bool) -> list[int]:
    """`width` bits of bits * 2**shift, rounded down, extended above."""
    top = bits[-1] if signed else ZERO
    places = range(-shift, width - shift)
    return [ZERO if j < 0 else bits[j] if j < len(bits) else top for j in places]


def uncarried(op: GOp, left: list[int], right: list[int]) -> list[int]:
    """The low bits of a sum at which one operand is 0: they are the other's."""
    names = []
    for a, b in zip(left, right, strict=True):
        if b != ZERO and (a != ZERO or op is GOp.SUB):
            break
        names.append(a if b == ZERO else b)
    return names


def row_place(graph: Graph, node: GNode) -> int:
    """The bit of a DIGIT_ROW at which its row begins; those below are the first argument's."""
    return node.fmt.frac - max(graph.nodes[a].fmt.frac for a in node.args[2:])


def _is_plain(graph: Graph, node: GNode) -> bool:
    """Whether a CAST only picks and repeats bits."""
    source = graph.nodes[node.args[0]]
    drop = source.fmt.frac - node.fmt.frac
    exact = (Quant.TRN,) if source.fmt.signed else (Quant.TRN, Quant.TRN_ZERO)
    if drop > 0 and node.quant not in exact:
        return False
    if node.overflow is Overflow.WRAP:
        return True
    low, high = (v >> drop if drop > 0 else v << -drop for v in (source.lo, source.hi))
    return node.fmt.keeps(low, high, node.overflow)


# --- readers --------------------------------------------------------------------------------


def _reads(graph: Graph, work: _Drivers) -> Iterable[tuple[int, int]]:
    """(reader, driver) of each bit that something needs, readers last to first."""
    count = len(graph.nodes)
    needed = [False] * len(work.owner)
    for k in graph.outputs:
        for driver in work.bits[k]:
            if driver >= 0:
                needed[driver] = True
                yield count, driver
    for k in range(count - 1, -1, -1):
        places = [
            j for j, d in enumerate(work.bits[k]) if d >= 0 and work.owner[d] == k and needed[d]
        ]
        if not places:
            continue
        for driver in _read_by(graph, work, k, places):
            if driver >= 0:
                needed[driver] = True
                yield k, driver


def _read_by(graph: Graph, work: _Drivers, k: int, places: Sequence[int]) -> Iterable[int]:
    """The drivers that a node's logic reads to make these of its bits."""
    node = graph.nodes[k]
    args = [work.bits[a] for a in node.args]
    if node.op in (GOp.ADD, GOp.SUB):
        # carries only go up; the bits below the lowest are names
        first = next(j for j, d in enumerate(work.bits[k]) if d >= 0 and work.owner[d] == k)
        return [d for side in work.aligned(node, node.args) for d in side[first : places[-1] + 1]]
    if node.op is GOp.SELECT:
        return [*args[0], *(side[j] for side in work.aligned(node, node.args[1:]) for j in places)]
    if node.op is GOp.DIGIT_ROW:
        place, top = row_place(graph, node), places[-1] + 1
        base, _, x, triple = work.aligned(node, node.args)
        rows = (x, triple) if graph.nodes[node.args[1]].hi == 3 else (x,)
        return [*args[1], *base[place:top], *(d for row in rows for d in row[place:top])]
    if node.op in (GOp.MUL, GOp.NEG):
        return [d for side in args for d in side[: places[-1] + 1]]
    if node.op is GOp.TABLE:
        return [args[0][j] for j in _support(node, places)]
    if node.op is GOp.CAST and node.quant in (Quant.TRN, Quant.RND):
        drop = graph.nodes[node.args[0]].fmt.frac - node.fmt.frac
        return args[0][max(drop - (node.quant is Quant.RND), 0) :]
    return [d for side in args for d in side]


def _support(node: GNode, places: Sequence[int]) -> list[int]:
    """The address bits that these output bits of a table depend on."""
    mask = sum(1 << j for j in places)
    words = np.array([v & mask for v in node.contents], np.uint64 if mask < 1 << 64 else object)
    bits_read = []
    for j in range(len(node.contents).bit_length() - 1):
        pairs = words.reshape(-1, 2, 1 << j)
        if (pairs[:, 0] != pairs[:, 1]).any():
            bits_read.append(j)
    return bits_read
