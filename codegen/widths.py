"""Decisions about the widths of single nodes, and the graph that follows from them.

Room: `codegen`. A decision names a node of the graph before tuning and the format that its value is
to have. In a table it costs nothing: the entries are rounded and limited. Elsewhere it is a CAST;
where the bounds prove that no value lies outside, it wraps (wires), else it saturates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symtick.codegen.fixed import MAX_WIDTH, Fixed, Overflow, Quant, RawArray, cast_raw
from symtick.codegen.folding import folded
from symtick.codegen.graph import GNode, GOp, Graph, GraphBuilder
from symtick.codegen.tables import BY_BITS, read_again, stored
from symtick.errors import InputError


@dataclass(frozen=True, slots=True)
class Width:
    """The format of one node's value.

    Attributes:
        node: number in the graph before tuning.
        fmt: the format; a value that needs fewer bits by its bounds takes fewer.
        quant: rounding of the bits that it lacks; tables always round to nearest.
        address: low bits of a table's address that are left away; an entry is then the mean of
            those that it stands for.
    """

    node: int
    fmt: Fixed
    quant: Quant = Quant.TRN
    address: int = 0

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "node": self.node,
            "width": self.fmt.width,
            "frac": self.fmt.frac,
            "signed": self.fmt.signed,
            "quant": self.quant.name,
            "address": self.address,
        }

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> Width:
        """Inverse of `to_dict`; raises KeyError, TypeError or InputError on other content."""
        numbers = [held[key] for key in ("node", "width", "frac", "address")]
        if not all(type(v) is int for v in numbers) or type(held["signed"]) is not bool:
            raise InputError(f"a width is not made of whole numbers: {dict(held)}")
        node, width, frac, address = numbers
        return cls(node, Fixed(width, frac, held["signed"]), Quant[held["quant"]], address)


def check_widths(graph: Graph, widths: Sequence[Width]) -> dict[int, Width]:
    """The decisions by node.

    Raises:
        InputError: a node does not exist, is decided twice, or has no address to shorten.
    """
    found: dict[int, Width] = {}
    for width in widths:
        if not 0 <= width.node < len(graph.nodes):
            raise InputError(f"the graph has no node {width.node} whose width could be tuned")
        if width.node in found:
            raise InputError(f"the width of node {width.node} is stated twice")
        node = graph.nodes[width.node]
        most = graph.nodes[node.args[0]].fmt.width - 1 if node.op is GOp.TABLE else 0
        if not 0 <= width.address <= most:
            raise InputError(
                f"node {width.node} ({node.op.value}) cannot lose {width.address} address bits"
            )
        found[width.node] = width
    return found


def with_widths(graph: Graph, widths: Sequence[Width], keep_ports: bool) -> Graph:
    """The graph with these decisions.

    Args:
        graph: the graph that they name the nodes of.
        widths: at most one for each node.
        keep_ports: whether output formats stay as they are.

    Raises:
        InputError: from `check_widths`.
    """
    held = check_widths(graph, widths)
    builder = GraphBuilder(graph.input_names)
    place: list[int] = []
    for k in range(len(graph.nodes)):
        place.append(with_width(builder, graph, k, place, held.get(k), keep_ports))
    return builder.build([place[k] for k in graph.outputs], graph.output_names)


def with_width(
    builder: GraphBuilder,
    graph: Graph,
    number: int,
    place: Sequence[int],
    width: Width | None,
    keep_ports: bool,
) -> int:
    """A node of the graph in a builder, on the nodes at `place`, with a decision or without.

    Raises:
        InputError: an argument got values that the node cannot take: bits that it leaves away on
            purpose would matter.
    """
    node = graph.nodes[number]
    args = [place[a] for a in node.args]
    if node.op is GOp.CAST:
        found = _cast(builder, graph, node, args[0], width)
    elif width is None:
        _check_pattern(builder, graph, node, args)
        found = folded(builder, graph, number, args)
    elif node.op is GOp.TABLE:
        found = _table(builder, node, graph.nodes[node.args[0]], args[0], width)
    else:
        found = fitted(builder, folded(builder, graph, number, args), width.fmt, width.quant)
    if keep_ports and number in graph.outputs:
        found = fitted(builder, found, node.fmt, Quant.TRN)
        found = builder.cast(found, node.fmt, Quant.TRN, Overflow.WRAP)
    return found


def _within(now: GNode, lo: int, hi: int, frac: int) -> bool:
    """Whether a node's values lie between lo and hi, which have `frac` bits after the point."""
    fine = max(now.fmt.frac, frac)
    low, high = (v << (fine - now.fmt.frac) for v in (now.lo, now.hi))
    return lo << (fine - frac) <= low and high <= hi << (fine - frac)


def _check_pattern(builder: GraphBuilder, graph: Graph, node: GNode, args: Sequence[int]) -> None:
    """Whether what reads bits, not values, finds them where they were."""
    for place in BY_BITS.get(node.op, ()):
        fmt, now = graph.nodes[node.args[place]].fmt, builder.nodes[args[place]]
        if now.fmt.frac > fmt.frac or not _within(now, fmt.raw_min, fmt.raw_max, fmt.frac):
            raise InputError(
                f"node {node.args[place]} gets values that its bits, which are read, do not hold"
            )


def fitted(builder: GraphBuilder, number: int, fmt: Fixed, quant: Quant) -> int:
    """A node in a format, or in a narrower one that loses no more."""
    node = builder.nodes[number]
    frac = min(fmt.frac, node.fmt.frac)
    quant = quant if frac < node.fmt.frac else Quant.TRN
    ends = np.array([node.lo, node.hi], object)
    wide = Fixed(MAX_WIDTH, frac)
    low, high = cast_raw(ends, node.fmt.frac, wide, quant, Overflow.SAT).tolist()
    tight = Fixed.for_raw(low, high, frac)
    limit = Fixed(max(1, fmt.width - fmt.frac + frac), frac, fmt.signed)
    if limit.keeps(low, high, Overflow.SAT) or tight.width <= limit.width:
        same = frac == node.fmt.frac and tight.width >= node.fmt.width
        return number if same else builder.cast(number, tight, quant, Overflow.WRAP)
    return builder.cast(number, limit, quant, Overflow.SAT)


def _cast(
    builder: GraphBuilder, graph: Graph, node: GNode, source: int, width: Width | None
) -> int:
    """A cast straight to the decided format; one that wraps on purpose still may."""
    held, before = builder.nodes[source], graph.nodes[node.args[0]]
    fmt, quant = (node.fmt, node.quant) if width is None else (width.fmt, width.quant)
    lack = max(0, fmt.frac - held.fmt.frac)
    if lack < fmt.width:
        short = Fixed(fmt.width - lack, fmt.frac - lack, fmt.signed)
        # the largest value of a format that saturates would be another
        fmt = short if node.overflow is Overflow.WRAP or _kept(held, short, quant) else fmt
    if node.overflow is not Overflow.WRAP:
        fits = _kept(held, fmt, quant)
        return builder.cast(source, fmt, quant, Overflow.WRAP if fits else node.overflow)
    if _kept(before, node.fmt, node.quant):
        return fitted(builder, source, fmt, quant)
    if fmt.integer != node.fmt.integer or not _within(held, before.lo, before.hi, before.fmt.frac):
        raise InputError(
            "a cast that leaves top bits away on purpose gets other ones to leave away"
        )
    return builder.cast(source, fmt, quant, Overflow.WRAP)


def _kept(source: GNode, fmt: Fixed, quant: Quant) -> bool:
    """Whether a cast's format holds every value."""
    ends = np.array([source.lo, source.hi], object)
    wide = Fixed(MAX_WIDTH, fmt.frac)
    low, high = cast_raw(ends, source.fmt.frac, wide, quant, Overflow.SAT).tolist()
    return fmt.keeps(low, high, Overflow.WRAP)


def _table(builder: GraphBuilder, node: GNode, before: GNode, source: int, width: Width) -> int:
    held = builder.nodes[source]
    entries = read_again(node, before, held)
    counts = np.ones(len(entries), object)
    drop = min(width.address, held.fmt.width - 1)
    if drop:
        entries, counts = _grouped(entries, held.lo, drop)
        low, high = held.lo >> drop, held.hi >> drop
        fmt = Fixed.for_raw(low, high, held.fmt.frac - drop)
        source = builder.cast(source, fmt, Quant.TRN, Overflow.WRAP)
        held = builder.nodes[source]
    lost = max(0, node.fmt.frac - width.fmt.frac)
    # whoever reads it may rely on its bounds; between them there must be a multiple of the step
    while (low := -(-node.lo >> lost)) > (high := node.hi >> lost):
        lost -= 1
    # the nearest integer to entries / (counts * 2**lost), halves up
    raw = (2 * entries + (counts << lost)) // (counts << (lost + 1))
    raw = np.clip(raw, low, high)
    limit = Fixed(width.fmt.width, node.fmt.frac - lost, width.fmt.signed)
    if low <= limit.raw_max and limit.raw_min <= high:
        raw = np.clip(raw, limit.raw_min, limit.raw_max)
    return stored(builder, source, held.lo, raw, node.fmt.frac - lost)


def _grouped(entries: RawArray, lo: int, drop: int) -> tuple[RawArray, RawArray]:
    """Sums of the entries that share all but `drop` low address bits, and how many those are."""
    group = ((np.arange(len(entries)) + lo) >> drop) - (lo >> drop)
    sums, counts = (np.zeros(int(group[-1]) + 1, object) for _ in range(2))
    np.add.at(sums, group, entries)
    np.add.at(counts, group, 1)
    return sums, counts
