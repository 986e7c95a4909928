"""Adder graphs for linear forms: several ways to make them, and what they cost.

An adder graph shares pairs of digits (`common_digits`), either of the forms themselves or of the
differences between similar ones: each form is then the sum of the differences along its path in a
spanning tree (Gustafsson, IEEE ISCAS 2007; arXiv:2507.04535). On one signal that is multiple
constant multiplication (Dempster and Macleod, IEEE Trans. Circuits Syst. II 42 (1995) 569).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from symtick.codegen.ir.arrival import joined
from symtick.codegen.passes.linear.common_digits import (
    AdderNode,
    Coefficients,
    DigitPlace,
    Digits,
    DigitSharing,
    Leaf,
    PairOrder,
    adder_bits,
    digits,
    least_depth,
    summed,
)
from symtick.codegen.passes.linear.signs import Output, oriented

# digits times tries that are worth waiting for; one try of a 16 x 16 matrix has about 400
_EFFORT = 6000
_MOST_TRIES = 24
_MOST_TREE = 40  # rows beyond which the spanning tree takes too long
# pairs of digits in rows beyond which few networks are tried, and one; a 16 x 16 matrix has 15,000
_MANY_PAIRS = 20_000
_MOST_PAIRS = 200_000
_CHOICES = [
    PairOrder(worth, narrow, seed)
    for seed in range(8)
    for worth, narrow in ((False, True), (False, False), (True, True))
]


@dataclass(frozen=True)
class AdderGraph:
    """A network of additions.

    Attributes:
        terms: signals first, then sums, operands before users.
        outputs: term, exponent and sign of each form.
        bits: bits of adders in all.
        depth: most additions in a row, the signals' levels included.
    """

    terms: tuple[AdderNode, ...]
    outputs: tuple[Output, ...]
    bits: int
    depth: int


@lru_cache(maxsize=256)  # the search compiles the same sums again and again
def adder_graphs(
    leaves: tuple[Leaf, ...], forms: tuple[tuple[tuple[int, int], ...], ...], per_stage: int
) -> tuple[AdderGraph, ...]:
    """Networks for linear forms, none of which is both wider and deeper than another.

    Args:
        leaves: the signals.
        forms: (signal, coefficient) of each form, no coefficient 0, none empty.
        per_stage: additions in a row that fit in a pipeline stage.
    """
    if not forms:
        return (AdderGraph((), (), 0, 0),)
    rows = [dict(form) for form in forms]
    best: dict[int, AdderGraph] = {}
    for network in _tried(leaves, rows, per_stage):
        other = best.get(network.depth)
        if other is None or network.bits < other.bits:
            best[network.depth] = network
    kept: list[AdderGraph] = []
    for depth in sorted(best):
        if not kept or best[depth].bits < kept[-1].bits:
            kept.append(best[depth])
    return tuple(kept)


def _tried(
    leaves: Sequence[Leaf], forms: Sequence[Coefficients], per_stage: int
) -> Iterator[AdderGraph]:
    signals = [AdderNode({k: 1}, leaf.lo, leaf.hi, leaf.level) for k, leaf in enumerate(leaves)]
    plain = [digits(form) for form in forms]
    size = sum(map(len, plain))
    least = least_depth(plain, signals)
    depths = _depths(least, per_stage)
    lengths: tuple[int, ...] = (1, 2, 4, len(forms))
    pairs = sum(len(row) ** 2 for row in plain) // 2
    if pairs > _MANY_PAIRS:
        depths, lengths = depths[-2:], (2,)
    if pairs > _MOST_PAIRS:
        depths, lengths = depths[:1], ()
    tries = max(1, min(_MOST_TRIES, _EFFORT // max(1, size)) // len(depths))
    for depth in depths:
        for choice in _CHOICES[:tries]:
            yield _direct(leaves, signals, plain, depth, choice)
    if 1 < len(forms) <= _MOST_TREE:
        for longest in lengths:
            tree = _spanning_tree(forms, longest)
            if any(parent >= 0 for parent, *_ in tree):
                for depth in depths:
                    for choice in _CHOICES[: max(1, tries // 4)]:
                        yield _by_tree(leaves, signals, forms, tree, depth, choice)


def _depths(least: int, per_stage: int) -> list[int | None]:
    """Limits worth trying: the least, some more within its stage, and none."""
    full = -(-least // per_stage) * per_stage
    return [*dict.fromkeys((least, min(least + 1, full), min(least + 3, full))), None]


def _direct(
    leaves: Sequence[Leaf],
    signals: Sequence[AdderNode],
    plain: Sequence[Digits],
    depth: int | None,
    choice: PairOrder,
) -> AdderGraph:
    terms, rows = list(signals), [dict(row) for row in plain]
    DigitSharing(terms, rows, leaves, depth, choice).run()
    return _network(terms, [_added(terms, row, leaves) for row in rows])


def _network(terms: list[AdderNode], outputs: Sequence[Output]) -> AdderGraph:
    terms, outputs = oriented(terms, outputs)
    bits = 0
    for term in terms:
        if term.pair is not None:
            bits += adder_bits(term.lo, term.hi, *term.pair[2:]) - 1
    for number, _, sign in outputs:
        if sign < 0:
            bits += adder_bits(terms[number].lo, terms[number].hi, 0, 1)
    depth = max(terms[number].level + (sign < 0) for number, _, sign in outputs)
    return AdderGraph(tuple(terms), tuple(outputs), bits, depth)


def _added(terms: list[AdderNode], row: Digits, leaves: Sequence[Leaf]) -> Output:
    """Sum what a row holds, the earliest first, neighbours in weight among these."""

    def key(digit: tuple[DigitPlace, int]) -> tuple[int, int]:
        (number, exponent), _ = digit
        term = terms[number]
        return term.level, max(abs(term.lo), abs(term.hi)).bit_length() + exponent

    def add(
        first: tuple[DigitPlace, int], second: tuple[DigitPlace, int]
    ) -> tuple[DigitPlace, int]:
        if first[1] < second[1]:  # what is subtracted comes second
            first, second = second, first
        ((a, low), sign), ((b, high), other) = first, second
        terms.append(summed(terms, (a, b, high - low, sign * other), leaves))
        return (len(terms) - 1, min(low, high)), sign

    (number, shift), sign = joined(row.items(), key, add)
    return number, shift, sign


# --- differences between forms -----------------------------------------------------------------

Edge = tuple[int, int, int]  # parent (-1: none), exponent and sign of the parent's copy


def _weight(form: Mapping[int, int]) -> int:
    """Canonical signed digits of all coefficients."""
    return sum((abs(c) ^ 3 * abs(c)).bit_count() for c in form.values())


def _difference(form: Mapping[int, int], parent: Mapping[int, int], edge: Edge) -> Coefficients:
    _, shift, sign = edge
    rest = dict(form)
    for signal, factor in parent.items():
        rest[signal] = rest.get(signal, 0) - sign * (factor << shift)
    return {signal: factor for signal, factor in rest.items() if factor}


def _spanning_tree(forms: Sequence[Coefficients], longest: int) -> list[Edge]:
    """For each form the one that it is cheapest made from; at most `longest` edges to a root."""
    outside = dict.fromkeys(range(len(forms)))
    edges: list[Edge] = [(-1, 0, 1)] * len(forms)
    costs = [_weight(form) - 1 for form in forms]
    length = [0] * len(forms)
    while outside:
        here = min(outside, key=lambda k: (costs[k], k))
        del outside[here]
        if edges[here][0] >= 0:
            length[here] = length[edges[here][0]] + 1
        if length[here] < longest:
            for k in outside:
                cost, edge = _nearest(forms[k], forms[here], here)
                if cost < costs[k]:
                    costs[k], edges[k] = cost, edge
    return edges


def _nearest(form: Coefficients, parent: Coefficients, number: int) -> tuple[int, Edge]:
    top = max(abs(c) for c in form.values()).bit_length()
    low = max(abs(c) for c in parent.values()).bit_length()
    shifts = range(max(1, top - low + 2))
    edges = [(number, shift, sign) for shift in shifts for sign in (1, -1)]
    return min((_weight(_difference(form, parent, edge)), edge) for edge in edges)


def _by_tree(
    leaves: Sequence[Leaf],
    signals: Sequence[AdderNode],
    forms: Sequence[Coefficients],
    tree: Sequence[Edge],
    depth: int | None,
    choice: PairOrder,
) -> AdderGraph:
    """Differences first, then the sums along the paths, both sharing pairs."""
    terms = list(signals)
    parents = [edge[0] for edge in tree]
    steps = [
        _difference(form, forms[edge[0]], edge) if edge[0] >= 0 else form
        for form, edge in zip(forms, tree, strict=True)
    ]
    rows = [digits(step) for step in steps]
    limit = None
    if depth is not None:
        longest = max(len(_path(parents, k)) for k in range(len(forms)))
        limit = max(depth - (longest - 1).bit_length(), least_depth(rows, terms))
    DigitSharing(terms, rows, leaves, limit, choice).run()
    made = [_added(terms, row, leaves) if row else None for row in rows]
    sums: list[Digits] = []
    for k in range(len(forms)):
        row: Digits = {}
        shift, sign = 0, 1
        for step in _path(parents, k):
            difference = made[step]
            if difference is not None:
                _placed(row, (difference[0], difference[1] + shift), difference[2] * sign)
            shift, sign = shift + tree[step][1], sign * tree[step][2]
        sums.append(row)
    limit = None if depth is None else max(depth, least_depth(sums, terms))
    DigitSharing(terms, sums, leaves, limit, choice).run()
    return _network(terms, [_added(terms, row, leaves) for row in sums])


def _placed(row: Digits, place: DigitPlace, sign: int) -> None:
    """Add a digit to a row; two equal ones are one of twice the weight."""
    while place in row:
        if row.pop(place) != sign:
            return
        place = (place[0], place[1] + 1)
    row[place] = sign


def _path(parents: Sequence[int], number: int) -> list[int]:
    path = [number]
    while parents[path[-1]] >= 0:
        path.append(parents[path[-1]])
    return path
