"""Sums of nodes of a formula and of a graph, and their least and largest values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from symtick.sim.proof.cuts.budget import Budget
from symtick.sim.proof.cuts.formula import Formula
from symtick.sim.proof.cuts.lemmas import degrees
from symtick.sim.proof.cuts.mixed import Mixed, enclosed, plus, times
from symtick.sim.proof.cuts.network import Network
from symtick.sim.proof.values.integers import Integers
from symtick.sim.proof.values.reals import Enclosure

_TRIED = 256
_BLOCK = 1 << 17  # combinations that are computed at once
_NONE = np.zeros(1, np.int64)
_LARGEST = 1 << 62


class RealLine(NamedTuple):
    """`slope * value + offset` of the real value of a node of the graph, a root."""

    node: int
    slope: float
    offset: float


class Match(NamedTuple):
    """A node of the formula is `slope * value + offset` of a node of the graph, and a rest.

    Attributes:
        node: of the graph, a root.
        slope, offset: in real units.
        low, high: bounds of the rest.
    """

    node: int
    slope: float
    offset: float
    low: np.longdouble
    high: np.longdouble

    @property
    def line(self) -> RealLine:
        """The line, without what is known of the rest."""
        return RealLine(self.node, self.slope, self.offset)

    @property
    def width(self) -> float:
        """How much is not known."""
        return float(self.high - self.low)


class Term(NamedTuple):
    """A summand: a factor times a node, of the formula or of the graph."""

    factor: Enclosure
    node: int
    of_formula: bool
    leaves: frozenset[int]


class Part:
    """A sum of terms with common leaves, over all values of these.

    Attributes:
        size: combinations of the values of the leaves that are needed.
        cornered: leaves of which two values are.

    Args:
        network: the graph.
        formula: the formula.
        terms: the sum.
        ends: where the formula is cut, and what stands for it there.
        most: up to so many combinations all values of all leaves are taken.
    """

    def __init__(
        self, network: Network, formula: Formula, terms: Sequence[Term], ends: Mapping[int, Match],
        most: int,
    ) -> None:  # fmt: skip
        self.network, self.formula, self.terms, self.ends = network, formula, terms, ends
        self.leaves = sorted(set().union(*(t.leaves for t in terms)))
        counts = [self.network.count(leaf) for leaf in self.leaves]
        self.cornered: set[int] = set()
        if math.prod(counts) > most:
            found = self._degrees()
            self.cornered = {n for n in self.leaves if found[n] <= 1 and self._is_short(n)}
        sizes = [2 if n in self.cornered else c for n, c in zip(self.leaves, counts, strict=True)]
        self.size = math.prod(sizes)

    def _degrees(self) -> dict[int, int]:
        found = dict.fromkeys(self.leaves, 0)
        cut = {k: m.node for k, m in self.ends.items()}
        for term in self.terms:
            if term.of_formula:
                parts = self.formula.degrees(term.node, cut)
            else:
                parts = degrees(self.network, (term.node,), dict.fromkeys(term.leaves), exact=False)
            for leaf, degree in parts.items():
                found[leaf] = max(found[leaf], degree)
        return found

    def _is_short(self, leaf: int) -> bool:
        """Whether its values are computed in 64 bits."""
        node = self.network.nodes[leaf]
        return max(-node.lo, node.hi) < _LARGEST

    def _codes(self, leaf: int) -> Integers:
        if leaf in self.cornered:
            node = self.network.nodes[leaf]
            return np.array([node.lo, node.hi], np.int64)
        return self.network.codes(leaf)

    def tried(self) -> float:
        """How far apart the sum is at least, by some values of the leaves."""
        rng = np.random.default_rng(1)
        total = self._sum({leaf: rng.choice(self._codes(leaf), _TRIED) for leaf in self.leaves})
        return float(total.hi.max() - total.lo.min())

    def span(self, budget: Budget) -> Enclosure | None:
        """The least and the largest value; None where it is not defined.

        Args:
            budget: what they cost is taken from it.
        """
        codes = {leaf: self._codes(leaf) for leaf in self.leaves}
        longest = max(self.leaves, key=lambda leaf: len(codes[leaf]), default=-1)
        lows, highs = [], []
        split = codes.get(longest, _NONE)
        blocks = min(-(-self.size // _BLOCK), len(split))
        for block in np.array_split(split, blocks):
            budget.spend(self.size // blocks)
            total = self._sum({
                leaf: (block if leaf == longest else codes[leaf]).reshape(
                    [-1 if a == k else 1 for a in range(len(self.leaves))])
                for k, leaf in enumerate(self.leaves)
            })  # fmt: skip
            lows.append(total.lo.min())
            highs.append(total.hi.max())
        if not np.isfinite([*lows, *highs]).all():
            return None
        return Enclosure(np.full(1, min(lows)), np.full(1, max(highs)))

    def _sum(self, grid: Mapping[int, Integers]) -> Enclosure:
        total = enclosed(0)
        values = Mixed(self.network, grid, self.cornered)
        for term in self.terms:
            if term.of_formula:
                value = self._formula_value(term.node, self.ends, values)
            else:
                value = values.real(term.node)
            total = plus(total, times(value, term.factor))
        return total

    def _formula_value(self, number: int, ends: Mapping[int, Match], values: Mixed) -> Enclosure:
        known: dict[int, Enclosure] = {}

        def of(k: int) -> Enclosure:
            if k not in known:
                known[k] = made(k)
            return known[k]

        def made(k: int) -> Enclosure:
            if not self.formula.moving[k]:
                return self.formula.ranges[k]
            if k not in ends:
                node = self.formula.nodes[k]
                return self.formula.value(node, [of(a) for a in node.args])
            match = ends[k]
            value = times(values.real(match.node), enclosed(match.slope))
            value = plus(value, enclosed(match.offset))
            if match.low < match.high or match.low:
                value = plus(value, Enclosure(np.full(1, match.low), np.full(1, match.high)))
            if match.node not in values.ends:
                least, most = self.formula.ranges[k].lo[0], self.formula.ranges[k].hi[0]
                value = value if value.lo is value.hi else Enclosure(
                    np.clip(value.lo, least, most), np.clip(value.hi, least, most))  # fmt: skip
            return value

        return of(number)


def grouped(terms: Sequence[Term]) -> list[list[Term]]:
    """Terms by what has leaves in common."""
    groups: list[tuple[frozenset[int], list[Term]]] = []
    for term in terms:
        leaves, members = term.leaves, [term]
        for group in [g for g in groups if g[0] & leaves]:
            groups.remove(group)
            leaves, members = leaves | group[0], members + group[1]
        groups.append((leaves, members))
    return [members for _, members in groups]
