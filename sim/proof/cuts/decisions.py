"""What is decided of scores, by its definition, as nodes of a network; and the index of a graph.

The largest is found by a tournament of neighbours. Whether the largest of some scores is at least
the largest of others follows from comparisons of single scores: max(a, b) >= c is b >= c where b is
the larger, else a >= c. Such comparisons are written in both ways, as logic and on the scores'
values, and the two are one by that law.

An index is shown from the comparisons that it depends on: for all their values, every other score
loses one of them. So no use is made of what else cannot be, as a cycle of three.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from symtick.codegen.ir.graph import GOp
from symtick.codegen.lowering.decision import Decision
from symtick.sim.proof.cuts.network import Line, Network

_ALL_PAIRS = 16  # scores; of more, neighbours in the tournament alone are compared
_CASES = 18  # comparisons that an index may depend on
Group = tuple[int, ...]  # numbers of neighbouring scores


def ports(decision: Decision, count: int) -> Iterator[tuple[str, int]]:
    """The kind of each output, and which of so many scores it is of."""
    for kind in decision.ordered():
        for score in range(count if kind in ("scores", "above") else 1):
            yield kind, score


class Decided:
    """The decisions of some scores.

    Attributes:
        places: of the outputs, in their order.

    Args:
        network: holds the scores.
        scores: their places.
        decision: what is decided.
    """

    def __init__(self, network: Network, scores: Sequence[int], decision: Decision) -> None:
        self.network, self.scores = network, scores
        self._sides: dict[Group, tuple[Group, Group]] = {}
        self._largest: dict[Group, int] = {(k,): place for k, place in enumerate(scores)}
        self._won: dict[tuple[Group, Group], int] = {}
        self._whole = self._tournament()
        if {"index", "margin"} & set(decision.outputs):
            for left, right in self._compared():
                self._not_smaller(left, right)
        self._limits = decision.limits(len(scores))
        self.places = [self._output(kind, k) for kind, k in ports(decision, len(scores))]

    def _output(self, kind: str, score: int) -> int:
        if kind == "scores":
            return self.scores[score]
        if kind == "above":
            return self._passes(score, self._limits[score])
        if kind == "top":
            return self._largest[self._whole]
        return self._index(self._whole) if kind == "index" else self._margin()

    # -- definitions

    def _tournament(self) -> Group:
        """The largest of all scores, and of those in each match; the group of all."""
        field: list[Group] = [(k,) for k in range(len(self.scores))]
        while len(field) > 1:
            odd = field[len(field) & ~1 :]
            pairs = list(zip(field[::2], field[1::2], strict=False))
            for a, b in pairs:
                self._sides[a + b] = a, b
                self._largest[a + b] = self.network.larger(self._largest[a], self._largest[b])
            field = [a + b for a, b in pairs] + odd
        return field[0]

    def _compared(self) -> list[tuple[Group, Group]]:
        """Groups that are compared: smaller ones first."""
        matches = list(self._sides.values())
        if len(self.scores) > _ALL_PAIRS:
            return matches
        groups = sorted(self._largest, key=len)
        return [(a, b) for a in groups for b in groups if a[-1] < b[0]]

    def _not_smaller(self, left: Group, right: Group) -> int:
        """Whether the largest on the left is at least the largest on the right."""
        if (left, right) in self._won:
            return self._won[left, right]
        network = self.network
        by_value = by_logic = None
        if self._sides.get(left + right) == (left, right) or len(left) == len(right) == 1:
            by_value = network.at_least(self._largest[left], self._largest[right])
        split = self._sides.get(right) or self._sides.get(left)
        if split is not None and len(self.scores) <= _ALL_PAIRS:
            first, second = (
                (left, part) if right in self._sides else (part, right) for part in split
            )
            by_logic = network.choice(
                self._not_smaller(*split), self._not_smaller(*first), self._not_smaller(*second)
            )
        known = [k for k in (by_logic, by_value) if k is not None]
        if len(known) == 2 and known[0] != known[1]:
            network.relate(max(known), Line(min(known)))
        self._won[left, right] = min(known)
        return min(known)

    def _index(self, group: Group) -> int:
        """The number of the largest of a group, the lowest of equals."""
        network = self.network
        if len(self.scores) == 1:  # 1 where it is above 0
            one = network.constant(1, network.nodes[self.scores[0]].fmt.frac)
            return network.at_least(self.scores[0], one)
        if len(group) == 1:
            return network.constant(group[0], 0)
        left, right = self._sides[group]
        return network.choice(self._not_smaller(left, right), self._index(left), self._index(right))

    def _margin(self) -> int:
        """The largest score less the second largest."""
        second = self._second(self._whole)
        made = self.network.op(GOp.SUB, self._largest[self._whole], second)
        self.network.bound(made, 0, max(self.network.nodes[made].hi, 0))
        return made

    def _second(self, group: Group) -> int:
        """The second largest of two or more scores: the loser, or the second of the winner's."""
        network, (left, right) = self.network, self._sides[group]
        loser = network.smaller(self._largest[left], self._largest[right])
        if len(group) == 2:
            return loser
        seconds = [loser if len(g) == 1 else self._second(g) for g in (left, right)]
        return network.larger(loser, network.choice(self._not_smaller(left, right), *seconds))

    def _passes(self, score: int, threshold: float) -> int:
        """Whether a score is at least a threshold."""
        node = self.network.nodes[self.scores[score]]
        least = math.ceil(Fraction(threshold) * Fraction(2) ** node.fmt.frac)
        least = min(max(least, node.lo), node.hi + 1)  # beyond, one step says as much
        return self.network.at_least(
            self.scores[score], self.network.constant(least, node.fmt.frac)
        )

    # -- the index of a graph

    def conditions(self) -> dict[int, list[tuple[Line, Group, Group]]]:
        """What is known of comparisons, by their root: its line, and what is compared."""
        found: dict[int, list[tuple[Line, Group, Group]]] = {}
        for (left, right), place in self._won.items():
            line = self.network.lines[place]
            if self.network.nodes[place].lo == self.network.nodes[place].hi:
                line = Line(place)
            found.setdefault(line.root, []).append((line, left, right))
        return found

    def is_index(self, place: int) -> bool:
        """Whether a node is shown to be the number of the largest score, the lowest of equals."""
        if len(self.scores) == 1:
            return False  # it is compared with 0, which is no comparison of scores
        network, known = self.network, self.conditions()
        leaves: list[int] = []
        seen, pending = set[int](), [network.lines[place].root]
        while pending:
            k = pending.pop()
            if k in seen:
                continue
            seen.add(k)
            if network.nodes[k].lo == network.nodes[k].hi or k in known:
                leaves.append(k)
            elif not network.nodes[k].args:
                return False
            else:
                pending += network.args(k)
        values = {k: self._values(k, known.get(k)) for k in leaves}
        if sum(len(v) > 1 for v in values.values()) > _CASES:
            return False
        return self._wins(place, values, known)

    def _values(
        self, root: int, conditions: Sequence[tuple[Line, Group, Group]] | None
    ) -> npt.NDArray[np.int64]:
        """The values of a constant, or those of what comparisons are lines of."""
        node = self.network.nodes[root]
        if node.lo == node.hi or not conditions:
            return np.array([node.lo], np.int64)
        line = conditions[0][0]
        return np.array([(v * line.divisor - line.offset) // line.factor for v in (0, 1)])

    def _wins(
        self, place: int, values: Mapping[int, npt.NDArray[np.int64]],
        known: Mapping[int, Sequence[tuple[Line, Group, Group]]],
    ) -> bool:  # fmt: skip
        """Whether all scores but that with the number lose, for all values of comparisons."""
        moving = [k for k, v in values.items() if len(v) > 1]
        grid = {k: v.reshape([-1 if k == m else 1 for m in moving]) for k, v in values.items()}
        line = self.network.lines[place]
        index = line.of(self.network.evaluated((line.root,), grid)[0])
        for k in known:  # those that have one value hold, too
            if (node := self.network.nodes[k]).lo == node.hi:
                grid.setdefault(k, np.array([node.lo], np.int64))
        wins = [np.ones((), bool) for _ in self.scores]
        for k in grid.keys() & known.keys():
            for condition, left, right in known[k]:
                first = condition.of(grid[k]) == 1
                for score in left:
                    wins[score] = wins[score] & first
                for score in right:
                    wins[score] = wins[score] & ~first
        return not any((won & (index != k)).any() for k, won in enumerate(wins))
