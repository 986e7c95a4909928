"""Sweeping: nodes that simulation shows to be lines of each other are proved to be, one by one.

What is proved is used at once: later nodes are cut at the first node of each kind. The cut begins
at the arguments of both nodes; while their values differ for some values of the leaves, or there
are too many of these, the latest leaf is replaced by what it is computed from. Kuehlmann and
Krohm, "Equivalence checking using cuts and heaps", DAC 1997, do so with binary decision diagrams.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from symtick.codegen.ir.graph import GOp
from symtick.sim.proof.cuts.budget import Budget
from symtick.sim.proof.cuts.lemmas import bounds, degrees, fits, grids, size
from symtick.sim.proof.cuts.network import Line, Network, exactly
from symtick.sim.proof.values.integers import Integers

MOST = 1 << 22  # combinations of one lemma
_TRIED = 64  # combinations at random, before all are computed
_LEAVES = 24
_STEPS = 80
_TIGHTER = 12  # cuts that are tried for closer bounds


def sweep(network: Network, budget: Budget) -> None:
    """Find the nodes of a network that are lines of an earlier one.

    Raises:
        OutOfTimeError: there is no time left; what was found until then stays.
    """
    seen: dict[object, list[int]] = {}
    written: dict[object, int] = {}
    for k in range(len(network.nodes)):
        budget.spend(0)
        network.swept = k
        network.refresh(k)
        if network.nodes[k].op is GOp.CAST and k not in network.free and not network.overflows(k):
            tighten(network, k)
        law = network.lines[k].root != k  # known without samples
        if law:
            network.relate(k, network.lines[network.lines[k].root].after(network.lines[k]))
        same = written.setdefault(network.written(k), k)
        opposite = written.get(network.opposite(k), k)
        if not law and (same != k or opposite != k):
            line = Line(same) if same != k else Line(opposite, -1, 1)
            network.relate(k, network.lines[line.root].after(line))
            continue
        network.shorten(k)
        kind = _kind(network.samples[k])
        if kind is None:
            continue
        if not law:
            for other in seen.setdefault(kind, []):
                line = _line(network.samples[k], network.samples[other], other)
                if proved(network, k, line, budget):
                    network.relate(k, network.lines[other].after(line))
                    break
            else:
                if seen[kind]:
                    network.doubts[k] = seen[kind][0]
        if law or network.lines[k].root == k:
            seen.setdefault(kind, []).append(k)


def tighten(network: Network, place: int) -> None:
    """Look for bounds of what a cast is of that let it never overflow."""
    (arg,) = network.nodes[place].args
    root = network.lines[arg].root
    leaves: set[int] | None = {*network.args(root)}
    for _ in range(_TIGHTER):
        if not leaves:
            return
        found = bounds(network, root, dict.fromkeys(sorted(leaves)))
        if found is not None:
            network.bound(root, *found)
            network.relate(arg, network.lines[arg])
            network.refresh(place)
            if place in network.free:
                return
        leaves = lower(network, leaves)


def _kind(values: Integers) -> object:
    """The same for values that are lines of each other; None of a constant, or of large ones."""
    if values.dtype != np.int64 or len(values) < 2:
        return None
    gaps = values - values[0]
    divisor = int(np.gcd.reduce(gaps))
    if not divisor:
        return None
    first = int(gaps[np.flatnonzero(gaps)[0]])
    return (gaps // (divisor if first > 0 else -divisor)).tobytes()


def _line(values: Integers, others: Integers, root: int) -> Line:
    """Values as a line of other values, of the same kind."""
    place = int(np.flatnonzero(others - others[0])[0])
    factor, divisor = (int(v[place]) - int(v[0]) for v in (values, others))
    common = math.gcd(factor, divisor) * (1 if divisor > 0 else -1)
    factor, divisor = factor // common, divisor // common
    return Line(root, factor, divisor * int(values[0]) - factor * int(others[0]), divisor)


def proved(network: Network, place: int, line: Line, budget: Budget) -> bool:
    """Whether a node is a line of another one for all inputs."""
    if place in network.listed and line.root in network.listed:
        return _holds(network.listed[place], network.listed[line.root], line)
    leaves = {*network.args(place), *network.args(line.root)}
    leaves |= {k for k in (place, line.root) if network.nodes[k].op is GOp.INPUT}
    for _ in range(_STEPS):
        few = len(leaves) <= _LEAVES and _alike(network, place, line, leaves)
        if few and _equal(network, place, line, leaves, budget):
            return True
        following = lower(network, leaves)
        if following is None:
            return False
        leaves = following
    return False


def lower(network: Network, leaves: set[int]) -> set[int] | None:
    """The next cut: without a leaf that depends on others, else without the latest one."""
    inner = [k for k in leaves if network.nodes[k].args]
    if not inner:
        return None
    bits = sum(1 << k for k in leaves)
    latest = max([k for k in inner if network.below[k] & bits != 1 << k] or inner)
    return (leaves - {latest}) | set(network.args(latest))


def _holds(values: Integers, others: Integers, line: Line) -> bool:
    left, right = exactly(values, line.divisor), exactly(others, line.factor, line.offset)
    return bool((left == right).all())


def _alike(network: Network, place: int, line: Line, leaves: Iterable[int]) -> bool:
    """Whether they agree for some values of the leaves, drawn at random."""
    rng = np.random.default_rng(1)
    drawn = {}
    for leaf in sorted(leaves):
        if leaf in network.listed:
            drawn[leaf] = rng.choice(network.codes(leaf), _TRIED)
        else:
            node = network.nodes[leaf]
            if max(abs(node.lo), abs(node.hi)) >> 62:
                return False
            drawn[leaf] = rng.integers(node.lo, node.hi, _TRIED, endpoint=True)
    values, others = network.evaluated((place, line.root), drawn)
    return _holds(values, others, line)


def _equal(network: Network, place: int, line: Line, leaves: Iterable[int], budget: Budget) -> bool:
    """Whether they agree for all values of the leaves."""
    tops, ends = (place, line.root), dict.fromkeys(sorted(leaves))
    found = degrees(network, tops, ends)
    count = size(network, found)
    if count > min(MOST, budget.left) or not fits(network, tops, ends):
        return False
    for block in grids(network, found):
        budget.spend(math.prod(v.size for v in block.values()))
        values, others = network.evaluated(tops, block)
        if not _holds(values, others, line):
            return False
    return True
