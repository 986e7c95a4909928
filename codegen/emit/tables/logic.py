"""Identification of small tables as logic on the bits of signals: conditions, decoders, predicates.

Argmax indices, the rounding of quotients and tests for zero become such tables. A text is made of
the entries of all reachable codes, so that it is exact.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from symtick.codegen.ir.graph import GNode, GOp, Graph

_MOST_BITS = 6  # of an address that is read as logic
_LONGEST = 60  # characters with signals as single letters
_MOST_CODES = 1 << 12


@dataclass(frozen=True)
class TableLogic:
    """What the entries of a table are in terms of the signals that its address joins.

    Attributes:
        pattern: the logic as text, with `{0}`, `{1}` and so on for the signals.
        sources: their graph nodes.
    """

    pattern: str
    sources: tuple[int, ...]

    def text(self, names: Mapping[int, str] | Sequence[str]) -> str:
        """`ge16 ? !ge13 : 2, exact`, in the names of signals."""
        return f"{self.pattern.format(*(names[k] for k in self.sources))}, exact"


def table_logic(graph: Graph, number: int) -> TableLogic | None:
    """The logic of a TABLE node of integers; None where it is not short."""
    node = graph.nodes[number]
    leaves = _leaves(graph, node.args[0])
    if node.fmt.frac or len(leaves) == 1:
        return _predicate(graph, node)
    signals = [graph.nodes[k] for k in leaves]
    if sum(signal.fmt.width for signal in signals) > _MOST_BITS:
        return None
    entries: dict[tuple[int, ...], int] = {}
    for codes in product(*(range(signal.lo, signal.hi + 1) for signal in signals)):
        address = 0
        for code, signal in zip(codes, signals, strict=True):
            address = (address << signal.fmt.width) + (code & (1 << signal.fmt.width) - 1)
        entries[codes] = node.contents[address]
    pattern = _chosen(signals, entries, frozenset(range(len(leaves))), {})
    if pattern is None or len(pattern) > _LONGEST:
        return None
    return TableLogic(pattern, leaves)


def _leaves(graph: Graph, number: int) -> tuple[int, ...]:
    """The signals that a tree of CONCAT nodes joins, the highest bits first."""
    node = graph.nodes[number]
    if node.op is not GOp.CONCAT:
        return (number,)
    return tuple(leaf for a in node.args for leaf in _leaves(graph, a))


def _chosen(
    signals: Sequence[GNode],
    entries: Mapping[tuple[int, ...], int],
    free: frozenset[int],
    known: dict[frozenset[tuple[int, ...]], str | None],
) -> str | None:
    """Entries as conditional expressions on single bits, over at most one whole signal.

    What is found is `known` by the codes: bits that are told apart in another order leave the same.
    """
    codes = frozenset(entries)
    if codes not in known:
        known[codes] = _found(signals, entries, free, known)
    return known[codes]


def _found(
    signals: Sequence[GNode],
    entries: Mapping[tuple[int, ...], int],
    free: frozenset[int],
    known: dict[frozenset[tuple[int, ...]], str | None],
) -> str | None:
    values = set(entries.values())
    if len(values) == 1:
        return str(values.pop())
    for k in sorted(free):
        if (line := _line(k, signals[k], entries)) is not None:
            return line
    texts = []
    for k in sorted(free):
        if signals[k].fmt.width > 1 or signals[k].fmt.signed:
            continue
        halves = [{c: v for c, v in entries.items() if bool(c[k]) is bit} for bit in (True, False)]
        if not all(halves):
            continue
        parts = [_chosen(signals, half, free - {k}, known) for half in halves]
        if None not in parts:
            texts.append(_joined(f"{{{k}}}", str(parts[0]), str(parts[1])))
    return min(texts, key=len, default=None)


def _line(k: int, signal: GNode, entries: Mapping[tuple[int, ...], int]) -> str | None:
    """Entries that are a signal, what it lacks to a number, or its sum with one."""
    rows = [(codes[k], value) for codes, value in entries.items()]
    if signal.fmt.frac:
        return None
    for sign in (1, -1):
        offsets = {value - sign * code for code, value in rows}
        if len(offsets) > 1:
            continue
        (offset,) = offsets
        if sign < 0:
            bit = offset == 1 and (signal.fmt.width, signal.fmt.signed) == (1, False)
            return f"!{{{k}}}" if bit else f"{offset} - {{{k}}}"
        return f"{{{k}}} {'-' if offset < 0 else '+'} {abs(offset)}" if offset else f"{{{k}}}"
    return None


def _joined(condition: str, where: str, otherwise: str) -> str:
    if where == otherwise:
        return where
    bracketed = [f"({text})" if "?" in text else text for text in (where, otherwise)]
    return f"{condition} ? {bracketed[0]} : {bracketed[1]}"


def _predicate(graph: Graph, node: GNode) -> TableLogic | None:
    """One bit that compares a signal with a number."""
    source = graph.nodes[node.args[0]]
    if (node.fmt.width, node.fmt.frac, node.fmt.signed) != (1, 0, False):
        return None
    if source.hi - source.lo >= _MOST_CODES:
        return None
    codes = range(source.lo, source.hi + 1)
    bits = [node.contents[code & len(node.contents) - 1] for code in codes]
    ones = sum(bits)
    places = {
        "==": (ones == 1, bits.index(1) if ones else 0),
        "!=": (ones == len(bits) - 1, bits.index(0) if ones < len(bits) else 0),
        ">=": (bits == sorted(bits), len(bits) - ones),
        "<": (bits == sorted(bits, reverse=True), ones),
    }
    for symbol, (holds, place) in places.items():
        if holds and 0 < ones < len(bits):
            value = math.ldexp(source.lo + place, -source.fmt.frac)
            text = f"{value:.0f}" if value.is_integer() else repr(value)
            return TableLogic(f"{{0}} {symbol} {text}", (node.args[0],))
    return None
