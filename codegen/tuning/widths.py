"""Width decisions: formats of single nodes, and the graph that follows from them.

A decision names a node of the graph without decisions and the format that its value is to have. In
a table it costs nothing: the entries are rounded and limited. Elsewhere it is a CAST, which is
wires where the bounds prove that no value lies outside. A decision with an overflow mode is a
user's, and the value is cast exactly so; one without is tuning's, and safe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symtick.codegen.ir.fixed import Fixed, Overflow, Quant, RawArray, cast_raw, rounded_ends
from symtick.codegen.ir.graph import GNode, GOp, Graph, GraphBuilder
from symtick.codegen.ir.rewrite import BY_BITS, read_again, rewrite, stored
from symtick.codegen.passes.folding import folded
from symtick.errors import InputError


@dataclass(frozen=True, slots=True)
class Width:
    """The format of one node's value.

    Attributes:
        node: number in the graph without decisions.
        fmt: the format; a value that needs fewer bits by its bounds takes fewer.
        quant: rounding of the bits that it lacks; tuning's tables all round to nearest.
        address: low bits of a table's address that are left away; an entry is then the mean of
            those that it stands for. Tuning's only.
        overflow: what happens to values outside the format, stated by hand. None is tuning's: they
            saturate, a CAST is decided anew in its own mode, and a table keeps to its bounds.
    """

    node: int
    fmt: Fixed
    quant: Quant = Quant.TRN
    address: int = 0
    overflow: Overflow | None = None

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "node": self.node,
            "width": self.fmt.width,
            "frac": self.fmt.frac,
            "signed": self.fmt.signed,
            "quant": self.quant.name,
            "address": self.address,
            "overflow": None if self.overflow is None else self.overflow.name,
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Width:
        """Inverse of `to_dict`; raises KeyError, TypeError or InputError on other content."""
        numbers = [content[key] for key in ("node", "width", "frac", "address")]
        if not all(type(v) is int for v in numbers) or type(content["signed"]) is not bool:
            raise InputError(f"a width is not made of whole numbers: {dict(content)}")
        node, width, frac, address = numbers
        mode = content.get("overflow")  # tuned designs of older versions lack it
        overflow = None if mode is None else Overflow[mode]
        fmt = Fixed(width, frac, content["signed"])
        return cls(node, fmt, Quant[content["quant"]], address, overflow)


def check_widths(graph: Graph, widths: Sequence[Width]) -> dict[int, Width]:
    """The decisions by node.

    Raises:
        InputError: a node does not exist, is decided twice, or has no address to shorten.
    """
    by_node: dict[int, Width] = {}
    for width in widths:
        if not 0 <= width.node < len(graph.nodes):
            raise InputError(f"the graph has no node {width.node} whose format could be stated")
        if width.node in by_node:
            raise InputError(f"the width of {_name(graph, width.node)} is stated twice")
        node = graph.nodes[width.node]
        shortens = node.op is GOp.TABLE and width.overflow is None
        most = graph.nodes[node.args[0]].fmt.width - 1 if shortens else 0
        if not 0 <= width.address <= most:
            raise InputError(f"{_name(graph, width.node)} cannot lose {width.address} address bits")
        by_node[width.node] = width
    return by_node


def with_widths(graph: Graph, widths: Sequence[Width], keep_ports: bool) -> Graph:
    """The graph with these decisions.

    Args:
        graph: the graph that they name the nodes of.
        widths: at most one for each node.
        keep_ports: whether output formats stay as they are.

    Raises:
        InputError: from `check_widths` and `with_width`.
    """
    by_node = check_widths(graph, widths)
    builder = GraphBuilder(graph.input_names)

    def rule(number: int, places: Sequence[int]) -> int:
        return with_width(builder, graph, number, places, by_node.get(number), keep_ports)

    return rewrite(graph, builder, rule)


def with_width(
    builder: GraphBuilder,
    graph: Graph,
    number: int,
    places: Sequence[int],
    width: Width | None,
    keep_ports: bool,
) -> int:
    """A node of the graph in a builder, on the nodes at `places`, with a decision or without.

    Raises:
        InputError: an argument got values that the node cannot take: bits that it leaves away on
            purpose would matter.
    """
    fmt = graph.nodes[number].fmt
    if width is None or width.overflow is None:
        made = _limited(builder, graph, number, places, width)
    else:
        made = _limited(builder, graph, number, places, None)
        made = _stated(builder, made, width, width.overflow)
    if keep_ports and number in graph.outputs:
        made = fitted(builder, made, fmt, Quant.TRN, Overflow.SAT)
        made = builder.bits(made, fmt)
    return made


def _limited(
    builder: GraphBuilder, graph: Graph, number: int, places: Sequence[int], width: Width | None
) -> int:
    """A node as tuning decides it, or as it is."""
    node = graph.nodes[number]
    _check_pattern(builder, graph, number, places)
    if node.op is GOp.CAST:
        return _cast(builder, graph, number, places[node.args[0]], width)
    if width is None:
        return folded(builder, graph, number, places)
    if node.op is GOp.TABLE:
        return _table(builder, node, graph.nodes[node.args[0]], places[node.args[0]], width)
    return fitted(builder, folded(builder, graph, number, places), width.fmt, width.quant, None)


def _stated(builder: GraphBuilder, number: int, width: Width, overflow: Overflow) -> int:
    """A node's value cast as stated; a table's entries are."""
    node = builder.nodes[number]
    if node.op is not GOp.TABLE:
        return fitted(builder, number, width.fmt, width.quant, overflow)
    address = builder.nodes[node.args[0]]
    entries = read_again(node, address, address)
    raw = cast_raw(entries, node.fmt.frac, width.fmt, width.quant, overflow)
    return stored(builder, node.args[0], address.lo, raw, width.fmt.frac)


def _name(graph: Graph, number: int) -> str:
    return f"{graph.nodes[number].op.value}{number}"


def _within(now: GNode, lo: int, hi: int, frac: int) -> bool:
    """Whether a node's values lie between lo and hi, which have `frac` bits after the point."""
    fine = max(now.fmt.frac, frac)
    low, high = (v << (fine - now.fmt.frac) for v in (now.lo, now.hi))
    return lo << (fine - frac) <= low and high <= hi << (fine - frac)


def _check_pattern(builder: GraphBuilder, graph: Graph, number: int, places: Sequence[int]) -> None:
    """Whether what reads bits, not values, finds them where they were."""
    node = graph.nodes[number]
    for a in [node.args[k] for k in BY_BITS.get(node.op, ())]:
        fmt, now = graph.nodes[a].fmt, builder.nodes[places[a]]
        finer = now.fmt.frac > fmt.frac and (now.lo, now.hi) != (0, 0)
        if finer or not _within(now, fmt.raw_min, fmt.raw_max, fmt.frac):
            raise InputError(
                f"{_name(graph, a)} gets values outside {fmt}, of which "
                f"{_name(graph, number)} reads single bits: keep more bits before it"
            )


def fitted(
    builder: GraphBuilder, number: int, fmt: Fixed, quant: Quant, overflow: Overflow | None
) -> int:
    """A node's value cast to a format, or to a narrower one that holds all that it becomes.

    With None for the overflow it saturates, but what needs no more bits than the format has is
    kept, with a sign or without.
    """
    node = builder.nodes[number]
    frac = min(fmt.frac, node.fmt.frac)
    if overflow in (Overflow.WRAP, Overflow.SAT_ZERO) and fmt.integer + frac > 0:
        fmt = Fixed(fmt.integer + frac, frac, fmt.signed)  # the bits below are zeros
    quant = quant if frac < node.fmt.frac else Quant.TRN
    tight = Fixed.for_raw(*_rounded_ends(node, frac, quant), frac)
    short = overflow is None and tight.width <= fmt.integer + frac
    overflow = overflow or Overflow.SAT
    if not short and not _kept(node, fmt, quant, overflow):
        return builder.cast(number, fmt, quant, overflow)
    same = frac == node.fmt.frac and tight.width >= node.fmt.width
    return number if same else builder.cast(number, tight, quant, Overflow.WRAP)


def _cast(
    builder: GraphBuilder, graph: Graph, number: int, source: int, width: Width | None
) -> int:
    """A cast straight to the decided format; one that wraps on purpose still may."""
    node = graph.nodes[number]
    now, before = builder.nodes[source], graph.nodes[node.args[0]]
    fmt, quant = (node.fmt, node.quant) if width is None else (width.fmt, width.quant)
    lack = max(0, fmt.frac - now.fmt.frac)
    if lack < fmt.width:
        short = Fixed(fmt.width - lack, fmt.frac - lack, fmt.signed)
        # the largest value of a format that saturates would be another
        wraps = node.overflow is Overflow.WRAP
        fmt = short if wraps or _kept(now, short, quant, node.overflow) else fmt
    if node.overflow is not Overflow.WRAP:
        fits = _kept(now, fmt, quant, node.overflow)
        return builder.cast(source, fmt, quant, Overflow.WRAP if fits else node.overflow)
    if _kept(before, node.fmt, node.quant, Overflow.WRAP):
        return fitted(builder, source, fmt, quant, None if width else Overflow.SAT)
    if fmt.integer != node.fmt.integer or not _within(now, before.lo, before.hi, before.fmt.frac):
        raise InputError(
            f"{_name(graph, number)} leaves top bits away on purpose and gets other ones: keep "
            f"{_name(graph, node.args[0])} between its bounds"
        )
    return builder.cast(source, fmt, quant, Overflow.WRAP)


def _kept(source: GNode, fmt: Fixed, quant: Quant, overflow: Overflow) -> bool:
    """Whether a cast's format holds every value."""
    return fmt.keeps(*_rounded_ends(source, fmt.frac, quant), overflow)


def _rounded_ends(source: GNode, frac: int, quant: Quant) -> tuple[int, int]:
    """The bounds of a node at another place of the point."""
    return rounded_ends(source.lo, source.hi, source.fmt.frac - frac, quant)


def _table(builder: GraphBuilder, node: GNode, before: GNode, source: int, width: Width) -> int:
    now = builder.nodes[source]
    entries = read_again(node, before, now)
    counts = np.ones(len(entries), object)
    drop = min(width.address, now.fmt.width - 1)
    if drop:
        entries, counts = _grouped(entries, now.lo, drop)
        low, high = now.lo >> drop, now.hi >> drop
        fmt = Fixed.for_raw(low, high, now.fmt.frac - drop)
        source = builder.bits(source, fmt)
        now = builder.nodes[source]
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
    return stored(builder, source, now.lo, raw, node.fmt.frac - lost)


def _grouped(entries: RawArray, lo: int, drop: int) -> tuple[RawArray, RawArray]:
    """Sums of the entries that share all but `drop` low address bits, and how many those are."""
    group = ((np.arange(len(entries)) + lo) >> drop) - (lo >> drop)
    sums, counts = (np.zeros(int(group[-1]) + 1, object) for _ in range(2))
    np.add.at(sums, group, entries)
    np.add.at(counts, group, 1)
    return sums, counts
