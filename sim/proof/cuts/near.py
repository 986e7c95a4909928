"""How far nodes of a graph can be from nodes of a formula, for all inputs.

Simulation says which node of the graph is most like a node of the formula, as a line of it. A
bound on what the line leaves is then found for all values of nodes that cut both from the inputs:
nodes for which such bounds are known already. A sum is taken apart into what has leaves in common,
and the bounds of its parts add up. A leaf that is in both sides at most to degree 1, casts aside,
is given its two ends alone; what a cast cuts off is then any value from none to all of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from symtick.codegen.ir.fixed import Overflow
from symtick.codegen.ir.graph import GOp
from symtick.expr import Op, reachable
from symtick.sim.proof.cuts.budget import Budget
from symtick.sim.proof.cuts.formula import Formula
from symtick.sim.proof.cuts.mixed import enclosed, lost, plus, rounding, times
from symtick.sim.proof.cuts.network import Network
from symtick.sim.proof.cuts.parts import Match, Part, RealLine, Term, grouped
from symtick.sim.proof.cuts.sweep import lower
from symtick.sim.proof.values.reals import RULES, Enclosure, Reals

_LIMITED = Overflow.SAT, Overflow.SAT_SYM
_LIKE, _LOOKED = 4, 16  # nodes of the graph that are tried for one of the formula, and looked at
_KEPT = 3
_CLOSELY = 0.05
_SHARES = (0.0, 0.01, _CLOSELY, math.inf)  # of the range of a leaf that may be unknown
_PLAIN, _LEAST = 1.1, 1e-12  # a slope of 1 is as good as one that leaves so much less
_SHARED = 0.7  # of the range of a node that a line of another may leave
_CUTS = 60  # that are looked at for one pair of nodes
_CLOSER = 0.95  # of what is known already, if it is to be computed
_BOUNDS = 6  # that are computed of them


Span = tuple[np.longdouble, np.longdouble]


@dataclass
class Nearness:
    """What is known of how the nodes of a formula lie to those of a graph.

    Attributes:
        network: the graph.
        formula: the formula.
        inputs: for each input of the formula its place in the network; None where that reads none.
        scales: bits after the point of each input.
        budget: of values that are computed.
        most: combinations of the values of leaves for one part of a difference.
        slack: what a bound may be more than the samples leave, to be close enough.
        known: matches of each node of the formula, the closest first.
    """

    network: Network
    formula: Formula
    inputs: Sequence[int | None]
    scales: Sequence[int]
    budget: Budget
    most: int = 0
    slack: float = 1.0
    known: dict[int, list[Match]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._columns = self._normalised()
        self._found: dict[tuple[int, RealLine], Match | None] = {}
        self._settled: set[tuple[int, RealLine]] = set()
        self._searched_nodes: set[int] = set()
        self._within_sums = self._partial()
        for k, node in enumerate(self.formula.nodes):
            if node.op is Op.INPUT:
                place = self.inputs[node.index]
                self.known[k] = [] if place is None else [self._of_input(node.index, place)]

    def _partial(self) -> set[int]:
        """Sums of which all users are sums: these are taken apart without them."""
        sums = {Op.ADD, Op.SUB, Op.NEG}
        nodes = self.formula.nodes
        used = {a for n in nodes if n.op not in sums for a in n.args} | {*self.formula.outputs}
        return {k for k, n in enumerate(nodes) if n.op in sums and k not in used}

    def _of_input(self, index: int, place: int) -> Match:
        slope = math.ldexp(1.0, self.network.nodes[place].fmt.frac - self.scales[index])
        return Match(place, slope, 0.0, np.longdouble(0), np.longdouble(0))

    def search(self, tops: Sequence[int], most: int, slack: float, inner: bool = True) -> None:
        """Match the nodes of the formula below some of them.

        Args:
            tops: nodes of the formula.
            most: combinations of the values of leaves for one part of a difference.
            slack: a bound that is so many times what the samples leave is close enough.
            inner: whether sums are matched that are only parts of longer sums.

        Raises:
            OutOfTimeError: there is no time left; what was found until then stays.
        """
        if (most, slack) != (self.most, self.slack):
            self.most, self.slack = most, slack
            self._settled.clear()
            self._searched_nodes.clear()
        below = set(reachable(self.formula.nodes, tops)) - self._searched_nodes
        if not inner:
            below -= self._within_sums
        for k in sorted(below):
            self._searched_nodes.add(k)
            if self.formula.moving[k] and self.formula.nodes[k].op is not Op.INPUT:
                found = [m for line in self._like(k) if (m := self.bounded(k, line)) is not None]
                self.known[k] = sorted(found, key=lambda m: m.width)[:_KEPT]

    def loosest(self, top: int) -> str:
        """The node below one of the formula whose best bound is the farthest from what was seen."""
        worst, name = 0.0, ""
        for k in sorted(reachable(self.formula.nodes, [top])):
            node = self.formula.nodes[k]
            if not self.formula.moving[k] or not node.args:
                continue
            ratio = math.inf
            for match in self.known.get(k, ()):
                line = match.line
                seen = self.formula.samples[k] - line.slope * self.real(line.node)
                ratio = min(ratio, match.width / max(float(np.ptp(seen)), _LEAST))
            if ratio > worst:
                worst, name = (
                    ratio,
                    f"{node.op.name.lower()} (formula node {self.formula.numbers[k]})",
                )
        return name

    # -- which nodes are alike

    def real(self, place: int) -> Reals:
        """Real values of a node at the samples."""
        values = np.asarray(self.network.samples[place]).astype(np.longdouble)
        values = np.ldexp(values, -self.network.nodes[place].fmt.frac)
        return np.broadcast_to(values, self.network.inputs[0].shape)

    def _normalised(self) -> tuple[list[int], Reals]:
        places, rows = [], []
        for k, line in enumerate(self.network.lines):
            if line.root == k and self.network.nodes[k].lo < self.network.nodes[k].hi:
                values = self.real(k).astype(np.float64)
                values = values - values.mean()
                if (length := float(np.linalg.norm(values))) > 0:
                    places.append(k)
                    rows.append(values / length)
        return places, np.array(rows)

    def _like(self, number: int) -> Iterator[RealLine]:
        """Nodes of the graph that are most like one of the formula, with slope and offset."""
        values = self.formula.samples[number].astype(np.float64)
        if not np.isfinite(values).all() or not len(self._columns[0]):
            return
        centred = values - values.mean()
        likeness = np.abs(self._columns[1] @ centred)
        lines = []
        for at in np.argsort(-likeness, kind="stable")[:_LOOKED]:
            place = self._columns[0][int(at)]
            found = self.real(place).astype(np.float64)
            around = found - found.mean()
            slope = float(around @ centred / (around @ around))
            lines.append((float(np.ptp(values - slope * found)), place, slope))
        for rest, place, slope in sorted(lines)[:_LIKE]:
            found = self.real(place).astype(np.float64)
            unit = math.copysign(1.0, slope)
            if np.abs(values - unit * found).max() <= _PLAIN * rest + _LEAST:
                yield RealLine(place, unit, 0.0)
            elif rest < _SHARED * np.ptp(values):
                yield RealLine(place, slope, float(values.mean() - slope * found.mean()))

    # -- bounds

    def bounded(self, number: int, line: RealLine) -> Match | None:
        """A bound on what a line of a node of the graph leaves of one of the formula."""
        key = number, line
        if key in self._settled:
            return self._found[key]
        self._settled.add(key)
        before = self._found.get(key)
        rest = self.formula.samples[number] - line.slope * self.real(line.node) - line.offset
        aim = self.slack * float(np.ptp(rest))
        if before is not None and before.width <= aim:
            return before
        span = self._passed(number, line)
        if before is not None:
            span = max(before.low, span[0]), min(before.high, span[1])
        low, high = self._searched(number, line, span, aim)
        found = None
        if high - low < np.inf:
            found = Match(*line, low, high)
        self._found[key] = found
        return found

    def _searched(self, number: int, line: RealLine, span: Span, aim: float) -> Span:
        """A bound, closer by what is found for some cuts."""
        low, high = span
        node = self.network.nodes[line.node]
        leaves: set[int] | None = set(self.network.args(line.node))
        if node.op is GOp.INPUT:
            leaves = {line.node}
        known = self._known_below(number)
        tried = 0
        for _ in range(_CUTS):
            if leaves is None or tried == _BOUNDS or high - low <= aim:
                break
            found = self._over_leaves(number, line, leaves, float(high - low))
            tried += len(found)
            low, high = max([low, *(f[0] for f in found)]), min([high, *(f[1] for f in found)])
            leaves = self._lower(leaves, known)
        return low, high

    def _lower(self, leaves: set[int], known: set[int]) -> set[int] | None:
        """The next cut: without a leaf that nothing is known of, where there is one."""
        strange = [k for k in leaves - known if self.network.nodes[k].args]
        if not strange:
            return lower(self.network, leaves)
        return (leaves - {max(strange)}) | set(self.network.args(max(strange)))

    def _known_below(self, number: int) -> set[int]:
        """The nodes of the graph that stand for nodes of the formula below one, closely."""
        found = set()
        for k in reachable(self.formula.nodes, self.formula.nodes[number].args):
            span = self.formula.ranges[k]
            most = _CLOSELY * float(span.hi[0] - span.lo[0])
            found |= {m.node for m in self.known.get(k, ()) if m.width <= most}
        return found

    def _over_leaves(
        self, number: int, line: RealLine, leaves: set[int], width: float
    ) -> list[Span]:
        """Bounds for all values of leaves, for all that can stand for the formula there."""
        found, seen = [], set[object]()
        for share in _SHARES:
            ends: dict[int, Match] = {}
            free = set(leaves)
            if self._cut(number, free, ends, share, top=True):
                what = frozenset(ends.items())
                span = None if what in seen else self._over(number, line, free, ends, width)
                seen.add(what)
                found += [] if span is None else [span]
        return found

    def _passed(self, number: int, line: RealLine) -> Span:
        """A bound for a node that is no farther off than its arguments: of min, max and abs."""
        node, made = self.formula.nodes[number], self.network.nodes[line.node]
        endless = -np.longdouble(np.inf), np.longdouble(np.inf)
        if made.op is GOp.CAST and made.overflow in _LIMITED:
            return self._limited(number, line) or endless
        if node.op is Op.ABS and made.op is GOp.ABS and line.slope > 0 and not line.offset:
            gap = self._gap(node.args[0], made.args[0], line)
            size = None if gap is None else max(-gap[0], gap[1], np.longdouble(0))
            return endless if size is None else (-size, size)
        if node.op not in (Op.MIN, Op.MAX) or made.op is not GOp[node.op.name] or line.slope <= 0:
            return endless
        best = endless
        for args in (made.args, made.args[::-1]):
            gaps = [self._gap(k, a, line) for k, a in zip(node.args, args, strict=True)]
            if all(gap is not None for gap in gaps):
                low = min(gap[0] for gap in gaps if gap is not None)
                high = max(gap[1] for gap in gaps if gap is not None)
                best = max(best[0], low), min(best[1], high)
        return best

    def _limited(self, number: int, line: RealLine) -> Span | None:
        """A bound for a line of a cast that saturates: that of the value before, or of the rest.

        Where the value before the limits is above the largest, the line is nearer to a formula that
        is as large, and else no farther off than that is below. None where what the formula may be
        is not known.
        """
        cast = self.network.nodes[line.node]
        gap = self._gap(number, cast.args[0], line)
        if gap is None:
            return None
        slope = enclosed(-Fraction(line.slope))
        off = [times(slope, enclosed(v)) for v in rounding(self.network, line.node)]
        rest = plus(Enclosure(*(np.full(1, v) for v in gap)), Enclosure(
            np.minimum(off[0].lo, off[1].lo), np.maximum(off[0].hi, off[1].hi)))  # fmt: skip
        step = Fraction(2) ** -cast.fmt.frac
        ends = [Fraction(line.slope) * v * step + Fraction(line.offset) for v in (cast.lo, cast.hi)]
        formula = self.formula.ranges[number]
        beyond = [RULES[Op.SUB](formula, enclosed(end)) for end in (min(ends), max(ends))]
        low, high = np.minimum(rest.lo, beyond[0].lo)[0], np.maximum(rest.hi, beyond[1].hi)[0]
        return (low, high) if np.isfinite([low, high]).all() else None

    def _gap(self, number: int, arg: int, over: RealLine) -> Span | None:
        """A bound on what a line of an argument leaves of a node of the formula."""
        place, slope, offset = self.network.real_line(arg)
        factor, moved = (
            Fraction(over.slope) * slope,
            Fraction(over.slope) * offset + Fraction(over.offset),
        )
        if Fraction(float(factor)) != factor or Fraction(float(moved)) != moved:
            return None
        root = self.network.nodes[place]
        if not self.formula.moving[number]:
            if root.lo != root.hi:
                return None
            value = enclosed(factor * root.lo * Fraction(2) ** -root.fmt.frac + moved)
            rest = RULES[Op.SUB](self.formula.ranges[number], value)
            return rest.lo[0], rest.hi[0]
        found = self.bounded(number, RealLine(place, float(factor), float(moved)))
        return None if found is None else (found.low, found.high)

    def _over(
        self, number: int, line: RealLine, leaves: set[int], ends: Mapping[int, Match], width: float
    ) -> Span | None:
        """A bound for all values of leaves.

        None where they are too many, or some values show that it would not be closer than one that
        is known.
        """
        parts, total = self._parts(number, line, leaves, ends)
        if any(part.size > min(self.most, self.budget.left) for part in parts):
            return None
        if not sum(part.tried() for part in parts) < _CLOSER * width:
            return None
        for part in parts:
            span = part.span(self.budget)
            if span is None:
                return None
            total = plus(total, span)
        return total.lo[0], total.hi[0]

    def _parts(
        self, number: int, line: RealLine, leaves: set[int], ends: Mapping[int, Match]
    ) -> tuple[list[Part], Enclosure]:
        """A difference as parts of which none shares a leaf with others, and a number."""
        minus = enclosed(-Fraction(line.slope))
        shift = enclosed(-Fraction(line.offset))
        whole = [
            Term(enclosed(1), number, True, self._read(number, ends)),
            Term(minus, line.node, False, self._read_by(line.node, leaves)),
        ]
        part = Part(self.network, self.formula, whole, ends, self.most)
        if not part.cornered and part.size <= self.most:
            return [part], shift
        wanted, more = self._formula_terms(number, ends)
        parts: list[Part] = []
        for limits in (True, False):
            made, noise = self._graph_terms(line.node, leaves, limits)
            terms = wanted + [t._replace(factor=times(t.factor, minus)) for t in made]
            parts = [Part(self.network, self.formula, g, ends, self.most) for g in grouped(terms)]
            if max((part.size for part in parts), default=0) <= self.most:
                break
        return parts, plus(shift, plus(more, times(noise, minus)))

    def _cut(
        self, number: int, leaves: set[int], ends: dict[int, Match], share: float,
        top: bool = False,
    ) -> bool:  # fmt: skip
        """Whether leaves cut a node of the formula from the inputs; notes where, and the matches.

        Args:
            number: the node.
            leaves: of the graph.
            ends: takes the matches.
            share: of the range of a node that may be unknown where a leaf stands for it.
            top: whether the node itself has to be computed.
        """
        if number in ends or not self.formula.moving[number]:
            return True
        span = self.formula.ranges[number]
        most = share * float(span.hi[0] - span.lo[0])
        match = next(
            (m for m in self.known.get(number, ()) if m.node in leaves and m.width <= most), None
        )
        node = self.formula.nodes[number]
        if node.op is Op.INPUT and match is None:
            match = self._apart(number, leaves)
        if match is not None and not (top and node.args):
            ends[number] = match
            return True
        return bool(node.args) and all(self._cut(a, leaves, ends, share) for a in node.args)

    def _apart(self, number: int, leaves: set[int]) -> Match | None:
        """The match of an input that no leaf depends on, as a leaf of its own."""
        match = next(iter(self.known[number]), None)
        if match is None or any(self.network.below[leaf] >> match.node & 1 for leaf in leaves):
            return None
        leaves.add(match.node)
        return match

    def _formula_terms(
        self, number: int, ends: Mapping[int, Match]
    ) -> tuple[list[Term], Enclosure]:
        """Summands of a node of the formula, and what of them is a number."""
        terms: list[Term] = []
        total = enclosed(0)
        pending = [(number, enclosed(1))]
        nodes, moving = self.formula.nodes, self.formula.moving
        while pending:
            k, factor = pending.pop()
            node = nodes[k]
            if not moving[k]:
                total = plus(total, times(factor, self.formula.ranges[k]))
            elif k in ends:
                terms.append(Term(factor, k, True, frozenset((ends[k].node,))))
            elif node.op in (Op.ADD, Op.SUB):
                pending.append((node.args[0], factor))
                sign = enclosed(1 if node.op is Op.ADD else -1)
                pending.append((node.args[1], times(factor, sign)))
            elif node.op is Op.NEG:
                pending.append((node.args[0], times(factor, enclosed(-1))))
            elif node.op is Op.MUL and not all(moving[a] for a in node.args):
                one, other = node.args if moving[node.args[0]] else node.args[::-1]
                pending.append((one, times(factor, self.formula.ranges[other])))
            else:
                terms.append(Term(factor, k, True, self._read(k, ends)))
        return terms, total

    def _read(self, number: int, ends: Mapping[int, Match]) -> frozenset[int]:
        """The leaves that a node of the formula is computed from."""
        below = reachable(self.formula.nodes, [number], lambda k: k not in ends)
        return frozenset(ends[k].node for k in below if k in ends)

    def _read_by(self, place: int, leaves: set[int]) -> frozenset[int]:
        """The leaves that a node of the graph is computed from."""
        if place in leaves:
            return frozenset((place,))
        cone = self.network.cone([place], dict.fromkeys(leaves))
        return frozenset({a for k in cone for a in self.network.args(k)} & leaves)

    def _graph_terms(
        self, place: int, leaves: set[int], limits: bool
    ) -> tuple[list[Term], Enclosure]:
        """Summands of a node of the graph, and what numbers and casts add to them.

        Args:
            place: the node.
            leaves: where summands end.
            limits: whether a cast that saturates is a summand; else it adds what it can cut off.
        """
        terms: list[Term] = []
        low = high = Fraction(0)
        pending = [(place, Fraction(1))]
        while pending:
            k, factor = pending.pop()
            line, node = self.network.lines[k], self.network.nodes[k]
            if line.root != k:
                root, slope, offset = self.network.real_line(k)
                low, high = low + factor * offset, high + factor * offset
                pending.append((root, factor * slope))
                continue
            if node.lo == node.hi:
                value = factor * node.lo * Fraction(2) ** -node.fmt.frac
                low, high = low + value, high + value
            elif k in leaves:
                terms.append(Term(enclosed(factor), k, False, frozenset((k,))))
            elif node.op in (GOp.ADD, GOp.SUB):
                sign = 1 if node.op is GOp.ADD else -1
                pending += [(node.args[0], factor), (node.args[1], sign * factor)]
            elif node.op is GOp.NEG:
                pending.append((node.args[0], -factor))
            elif node.op is GOp.SCALE:
                pending.append((node.args[0], factor * Fraction(2) ** node.number))
            elif node.op is GOp.CAST and (
                k in self.network.free or (not limits and node.overflow in _LIMITED)
            ):
                ends = sorted(factor * v for v in lost(self.network, k))
                low, high = low + ends[0], high + ends[1]
                pending.append((node.args[0], factor))
            else:
                terms.append(Term(enclosed(factor), k, False, self._read_by(k, leaves)))
        return terms, Enclosure(enclosed(low).lo, enclosed(high).hi)
