"""Whether two nodes are lines of each other, for all values of what cuts them from the inputs.

A value is computed for all combinations of the values of its leaves. Where it is a polynomial of
degree d in a leaf for any fixed values of the others, d + 1 values of that leaf suffice: two
polynomials of degree d that agree at d + 1 points are equal.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from symtick.codegen.ir.fixed import Overflow, Quant
from symtick.codegen.ir.graph import GOp
from symtick.sim.proof.cuts.network import Line, Network
from symtick.sim.proof.values.integers import Integers
from symtick.sim.proof.values.ranges import computed_range

ALL = 1 << 10  # a degree: of what is no polynomial
_LARGEST = 1 << 61
_BLOCK = 1 << 19  # combinations that are computed at once
_BOUNDED = 1 << 18  # combinations for the bounds of a node
_STEADY = (Quant.TRN, Quant.RND, Quant.RND_MIN_INF)  # a rounding of v + n is that of v, and n
# of a leaf in a value: the degree, and how often 2 divides all that the leaf is in
Share = tuple[int, int]
Shares = dict[int, Share]


def degrees(
    network: Network, tops: Sequence[int], leaves: Mapping[int, object], exact: bool = True
) -> dict[int, int]:
    """Of each leaf the degree of nodes in it, ALL where they are no polynomial in it.

    Args:
        network: holds all of them.
        tops: the nodes.
        leaves: cut them from the inputs.
        exact: whether a cast counts; else only as an error that it adds.
    """
    known: dict[int, Shares] = {leaf: {leaf: (1, 0)} for leaf in leaves}
    for k in network.cone(tops, leaves):
        node = network.nodes[k]
        lines = [network.lines[a] for a in node.args]
        known[k] = _shares(
            network, k, [_on_line(line, known[line.root], exact) for line in lines], exact
        )
    found = dict.fromkeys(leaves, 0)
    for top in tops:
        for leaf, (degree, _) in known[top].items():
            found[leaf] = max(found[leaf], degree)
    return found


def _any(shares: Sequence[Shares]) -> Shares:
    return {leaf: (ALL, 0) for part in shares for leaf in part}


def _on_line(line: Line, shares: Shares, exact: bool) -> Shares:
    if not exact:
        return shares
    if line.divisor == 1:
        return _moved(shares, _twos(line.factor))
    places = _twos(line.divisor)
    if line.divisor != 1 << places:
        return _any([shares])
    return _lowered(_moved(shares, _twos(line.factor)), places)


def _twos(value: int) -> int:
    return (value & -value).bit_length() - 1 if value else 64


def _moved(shares: Shares, places: int) -> Shares:
    return {leaf: (degree, twos + places) for leaf, (degree, twos) in shares.items()}


def _lowered(shares: Shares, places: int) -> Shares:
    """What is left of shares in a value without its lowest bits."""
    return {leaf: (degree, twos - places) if twos >= places else (ALL, 0)
            for leaf, (degree, twos) in shares.items()}  # fmt: skip


def _joined(parts: Sequence[Shares], product: bool = False) -> Shares:
    total: Shares = {}
    for part in parts:
        for leaf, (degree, twos) in part.items():
            if leaf in total:
                before = total[leaf]
                both = degree + before[0] if product else max(degree, before[0])
                total[leaf] = min(both, ALL), min(twos, before[1])
            else:
                total[leaf] = degree, twos
    return total


def _shares(network: Network, place: int, args: Sequence[Shares], exact: bool) -> Shares:
    node = network.nodes[place]
    fracs = [network.nodes[a].fmt.frac for a in node.args]
    if node.op in (GOp.NEG, GOp.SCALE):
        return args[0]
    if node.op is GOp.MUL:
        return _joined(args, product=True)
    if node.op is GOp.CAST and not exact:
        return args[0] if place in network.free else _any(args)
    if node.op is GOp.CAST:
        return _cast(network, place, args[0], fracs[0] - node.fmt.frac)
    if node.op in (GOp.ADD, GOp.SUB):
        return _joined([_moved(s, max(fracs) - f) for s, f in zip(args, fracs, strict=True)])
    chooser = {GOp.SELECT: 0, GOp.DIGIT_ROW: 1}.get(node.op)
    if chooser is None:
        return _any(args)
    rest = [k for k in range(len(args)) if k != chooser]
    top = max(fracs[k] for k in rest)
    made = _joined([_moved(args[k], top - fracs[k]) for k in rest])
    return made | _any([args[chooser]])


def _cast(network: Network, place: int, shares: Shares, drop: int) -> Shares:
    node = network.nodes[place]
    if drop > 0 and node.quant not in _STEADY:
        return _any([shares])
    shares = _moved(shares, -drop) if drop <= 0 else _lowered(shares, drop)
    if place in network.free:
        return shares
    if node.overflow is not Overflow.WRAP:
        return _any([shares])
    # multiples of the span are lost
    return {leaf: (ALL, 0) for leaf, (degree, twos) in shares.items()
            if degree == ALL or twos < node.fmt.width}  # fmt: skip


def points(network: Network, leaf: int, degree: int) -> Integers:
    """The values of a leaf that suffice for a degree."""
    node = network.nodes[leaf]
    if degree < min(network.count(leaf), ALL) - 1:
        return np.arange(node.lo, node.lo + degree + 1, dtype=np.int64)
    return network.codes(leaf)


def point_count(network: Network, leaf: int, degree: int) -> int:
    """How many they are."""
    return min(network.count(leaf), degree + 1) if degree < ALL else network.count(leaf)


def fits(network: Network, tops: Sequence[int], leaves: Mapping[int, object]) -> bool:
    """Whether all values between leaves and nodes are integers that int64 holds."""
    ranges = {leaf: (network.nodes[leaf].lo, network.nodes[leaf].hi) for leaf in leaves}
    # what inputs lead to is within the bounds of the nodes; what other leaves do need not be
    whole = all(network.nodes[leaf].op is GOp.INPUT for leaf in leaves)
    for k in network.cone(tops, leaves):
        node, before, largest = network.nodes[k], {}, 0
        for a in node.args:
            line, source = network.lines[a], network.nodes[a]
            ends = sorted(line.factor * v + line.offset for v in ranges[line.root])
            low, high = (v // line.divisor for v in ends)
            if whole:
                low, high = max(low, source.lo), min(high, source.hi)
            before[a] = replace(source, lo=low, hi=high)
            largest = max(largest, max(abs(low), abs(high)) << _lift(network, k, a))
            largest = max(largest, *map(abs, ends))
        low, high = computed_range(before, node)
        ranges[k] = (max(low, node.lo), min(high, node.hi)) if whole else (low, high)
        if max(largest, *map(abs, ranges[k])) >= _LARGEST:
            return False
    return True


def _lift(network: Network, place: int, arg: int) -> int:
    """How far an argument is shifted up, at most, to where an operation adds or compares."""
    node = network.nodes[place]
    fracs = [network.nodes[a].fmt.frac for a in node.args]
    top = node.fmt.frac if node.op is GOp.CAST else max(fracs)
    return 0 if node.op is GOp.MUL else max(top - network.nodes[arg].fmt.frac, 0)


def bounds(network: Network, place: int, leaves: Mapping[int, object]) -> tuple[int, int] | None:
    """Bounds of a node over all values of its leaves; None where these are too many.

    What is of degree 1 in each of some leaves has its least and largest values at their ends.
    """
    found = {leaf: degree if degree <= 1 else ALL
             for leaf, degree in degrees(network, (place,), leaves).items()}  # fmt: skip
    if size(network, found) > _BOUNDED or not fits(network, (place,), leaves):
        return None
    (values,) = network.evaluated((place,), grid(network, found, ends=True))
    return int(values.min()), int(values.max())


def grid(network: Network, found: Mapping[int, int], ends: bool = False) -> dict[int, Integers]:
    """Enough values of each leaf for its degree, each leaf along an axis of its own.

    Args:
        network: holds the leaves.
        found: the degree for each.
        ends: whether those of degree 1 are the ends of the range.
    """
    values = {}
    for k, (leaf, degree) in enumerate(found.items()):
        node = network.nodes[leaf]
        chosen = (
            np.unique(np.array([node.lo, node.hi], np.int64)) if ends and degree == 1
            else points(network, leaf, degree)
        )  # fmt: skip
        values[leaf] = chosen.reshape([-1 if a == k else 1 for a in range(len(found))])
    return values


def size(network: Network, found: Mapping[int, int]) -> int:
    """How many combinations the grid has."""
    return math.prod(point_count(network, leaf, degree) for leaf, degree in found.items())


def grids(network: Network, found: Mapping[int, int]) -> Iterator[dict[int, Integers]]:
    """The grid in blocks, of up to 2**19 combinations each."""
    whole = grid(network, found)
    parts, left = [], _BLOCK
    for values in sorted(whole.values(), key=lambda v: v.size):
        size = max(min(values.size, left), 1)
        flat = values.reshape(-1)
        parts.append([flat[k : k + size].reshape([size_ if n > 1 else 1 for n in values.shape])
                      for k in range(0, flat.size, size)
                      for size_ in (len(flat[k : k + size]),)])  # fmt: skip
        left //= size
    names = sorted(whole, key=lambda leaf: whole[leaf].size)
    for chosen in product(*parts):
        yield dict(zip(names, chosen, strict=True))
