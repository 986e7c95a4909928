"""The CMVM problem of a block of sums: linear forms over leaves, for `adder_graphs`.

Leaves are signals, constants, and tables of a narrow signal times a constant. Forms carry no common
power of two, and equal or opposite ones are one, so that they are made once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from symtick.codegen.ir.nodes import MAX_ENTRY_BITS
from symtick.codegen.ir.signed_digits import signed_digits
from symtick.codegen.passes.linear.common_digits import Leaf
from symtick.codegen.passes.linear.linear_blocks import LinearRow

Ends = tuple[int, int]


class LeafSource(NamedTuple):
    """What a leaf is.

    Attributes:
        signal: graph node; None for a constant.
        factor: 0 for the signal itself; else the leaf is a table of factor * signal + offset.
        offset: the constant, or what the table adds.
    """

    signal: int | None
    factor: int = 0
    offset: int = 0


class BlockSignal(NamedTuple):
    """A signal that a block reads.

    Attributes:
        lo: smallest raw value.
        hi: largest raw value.
        level: additions in a row after which it could have been ready.
        narrow: whether a product with it may be a table.
    """

    lo: int
    hi: int
    level: int
    narrow: bool


class Root(NamedTuple):
    """Where a row's value is found: sign * 2**zeros * form; form -1 where it is a constant."""

    form: int
    zeros: int
    sign: int


@dataclass
class CmvmProblem:
    """A block over leaves.

    Attributes:
        frac: bits after the point of one unit of the leaves' constants, tables and forms.
        sources: what each leaf is.
        leaves: its bounds and level.
        forms: coefficient by leaf.
        roots: by row.
    """

    frac: int
    sources: list[LeafSource] = field(default_factory=list)
    leaves: list[Leaf] = field(default_factory=list)
    forms: list[tuple[tuple[int, int], ...]] = field(default_factory=list)
    roots: list[Root] = field(default_factory=list)


def cmvm_problem(
    rows: Sequence[LinearRow],
    fracs: Sequence[int],
    signals: Mapping[int, BlockSignal],
    digits: int | None,
) -> CmvmProblem:
    """The rows of a block over leaves.

    Args:
        rows: the block.
        fracs: bits after the point of each row's raw value.
        signals: what the rows read, by graph node.
        digits: signed digits from which on a coefficient of a narrow signal becomes a table, which
            then takes the row's constant in; None for no tables.
    """
    made = CmvmProblem(max(fracs))
    known: dict[LeafSource, int] = {}
    place: dict[tuple[tuple[int, int], ...], int] = {}
    for row, frac in zip(rows, fracs, strict=True):
        form: dict[int, int] = {}
        for source, factor in _parts(row, made.frac - frac, signals, digits):
            if source not in known:
                known[source] = len(made.sources)
                made.sources.append(source)
                made.leaves.append(_leaf(source, signals))
            form[known[source]] = factor
        if not form:
            made.roots.append(Root(-1, 0, 1))
            continue
        zeros = min(_zeros(c) for c in form.values())
        sign = 1 if form[min(form)] > 0 else -1
        key = tuple(sorted((k, sign * (c >> zeros)) for k, c in form.items()))
        if key not in place:
            place[key] = len(made.forms)
            made.forms.append(key)
        made.roots.append(Root(place[key], zeros, sign))
    _turned(made)
    return made


def _turned(made: CmvmProblem) -> None:
    """Turn each form that all of its rows want with the opposite sign."""
    kept = {root.form for root in made.roots if root.sign > 0}
    for number, form in enumerate(made.forms):
        if number not in kept:
            made.forms[number] = tuple((k, -c) for k, c in form)
    made.roots = [root if root.form in kept else root._replace(sign=1) for root in made.roots]


def _parts(
    row: LinearRow, up: int, signals: Mapping[int, BlockSignal], digits: int | None
) -> list[tuple[LeafSource, int]]:
    """Leaves and coefficients of a row, in units of 2**-up of its last place."""
    parts: list[tuple[LeafSource, int]] = []
    offset = row.offset << up
    counts = {k: len(signed_digits(c)) for k, c in row.form.items() if signals[k].narrow}
    taker = None
    if digits is not None and offset and counts:
        taker = max(counts, key=lambda k: (counts[k], -k))
    for k, factor in row.form.items():
        raised = factor << up
        odd = abs(raised) >> _zeros(raised)
        with_offset, product = LeafSource(k, raised, offset), LeafSource(k, odd)
        if k == taker and _can_be_table(with_offset, signals):
            parts.append((with_offset, 1))
            offset = 0
        elif digits is not None and counts.get(k, 0) >= digits and _can_be_table(product, signals):
            parts.append((product, raised // odd))
        else:
            parts.append((LeafSource(k), raised))
    if offset:
        odd = abs(offset) >> _zeros(offset)
        parts.append((LeafSource(None, 0, odd), offset // odd))
    return parts


def _leaf(source: LeafSource, signals: Mapping[int, BlockSignal]) -> Leaf:
    if source.signal is None:
        return Leaf(source.offset, source.offset, 0)
    lo, hi, level, _ = signals[source.signal]
    if not source.factor:
        return Leaf(lo, hi, level)
    return Leaf(*_ends(source, signals[source.signal]), level + 1)


def _can_be_table(source: LeafSource, signals: Mapping[int, BlockSignal]) -> bool:
    assert source.signal is not None
    least, most = _ends(source, signals[source.signal])
    return max(most, ~least, 0).bit_length() + (least < 0) <= MAX_ENTRY_BITS


def _ends(source: LeafSource, signal: BlockSignal) -> tuple[int, int]:
    """Least and largest entry of a table."""
    ends = [source.factor * end + source.offset for end in (signal.lo, signal.hi)]
    return min(ends), max(ends)


def _zeros(value: int) -> int:
    return (value & -value).bit_length() - 1
