"""Graphs on common inputs as one network, in which nodes of proven equal value are one.

Some operations are written in parts, so that different ways to compute the same have parts in
common: with g = a - b, `a >= b` is g >= 0, the larger of both is b + max(g, 0), the smaller is
a - max(g, 0), and a choice is b + (g where the condition is 1, else 0).

A cast that no value makes overflow is kept as a rounding alone.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from symtick.codegen.ir.fixed import Fixed, Overflow, Quant
from symtick.codegen.ir.graph import GNode, GOp, Graph
from symtick.sim.proof.values.integers import Integers, result, shifted
from symtick.sim.proof.values.ranges import code_range, computed_range, rounded

LISTED = 1 << 13  # combinations of inputs for which all values of a node are kept
_WIDEST = 60
_IN_PARTS = (GOp.GE, GOp.MIN, GOp.MAX, GOp.SELECT, GOp.ABS)
_INT64 = 1 << 62


def exactly(values: Integers, factor: int, offset: int = 0) -> Integers:
    """factor * values + offset, as Python integers where int64 may not hold it."""
    largest = max(-int(values.min()), int(values.max())) if values.size else 0
    if values.dtype == np.int64 and largest * abs(factor) + abs(offset) >= _INT64:
        values = values.astype(object)
    return np.asarray(values * factor + offset)


class OtherRangeError(Exception):
    """An input is read in two ranges or formats."""


class Line(NamedTuple):
    """A value as `(factor * v + offset) / divisor` of the value v of another node, exactly."""

    root: int
    factor: int = 1
    offset: int = 0
    divisor: int = 1

    def of(self, values: Integers) -> Integers:
        """Values, where those of the root are given."""
        if self[1:] == (1, 0, 1):
            return values
        scaled = exactly(values, self.factor, self.offset) // self.divisor
        small = values.dtype == np.int64 and scaled.dtype != np.int64
        fits = small and max(-int(scaled.min()), int(scaled.max())) < _INT64
        return scaled.astype(np.int64) if fits else np.asarray(scaled)

    def after(self, line: Line) -> Line:
        """A line of a value that is this line of another, as a line of that."""
        factor, divisor = line.factor * self.factor, line.divisor * self.divisor
        offset = line.factor * self.offset + line.offset * self.divisor
        common = math.gcd(factor, offset, divisor)
        return Line(self.root, factor // common, offset // common, divisor // common)


@dataclass
class Network:
    """All nodes of some graphs, equal ones once.

    Attributes:
        inputs: values of each input, of equal number.
        split: whether comparisons and choices are written in parts.
        nodes: operations with arguments before users; their bounds are computed here.
        lines: each node by its root, the first node that it is known to be a line of.
        free: casts that never overflow.
        samples: values of every node for the same inputs.
        listed: all values of nodes of few inputs, an axis for each input.
        ports: the places of the inputs, by number.
        doubts: nodes that are a line of another one for all samples, but not shown to be for all.
        below: the roots that a node depends on, as bits, its own among them.
        swept: the node at which sweeping is or has ended.
    """

    inputs: Sequence[Integers]
    split: bool = True
    nodes: list[GNode] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    free: set[int] = field(default_factory=set)
    samples: list[Integers] = field(default_factory=list)
    listed: dict[int, Integers] = field(default_factory=dict)
    ports: dict[int, int] = field(default_factory=dict)
    doubts: dict[int, int] = field(default_factory=dict)
    below: list[int] = field(default_factory=list)
    swept: int = 0
    _known: dict[object, int] = field(default_factory=dict)
    _short: dict[object, list[int]] = field(default_factory=dict)
    _codes: dict[int, Integers] = field(default_factory=dict)

    # -- building

    def add(self, graph: Graph, inputs: Mapping[int, int] | None = None) -> list[int]:
        """The places of a graph's nodes.

        Args:
            graph: the graph.
            inputs: places of what it reads, by number; by default the network's inputs.

        Raises:
            OtherRangeError: another graph reads an input in another range.
            WidthError: a node that others are written with is wider than any format.
        """
        places: list[int] = []
        for node in graph.nodes:
            if node.op is GOp.INPUT and inputs is not None:
                places.append(inputs[node.number])
                continue
            before = [graph.nodes[a] for a in node.args]
            places.append(self._parts(node, before, [places[a] for a in node.args]))
        return places

    def _parts(self, node: GNode, before: Sequence[GNode], args: Sequence[int]) -> int:
        """A node, or what it is written as."""
        if node.op is GOp.CAST:
            return self.cast(node, args[0])
        if node.op is GOp.CONCAT:
            high, low = (self._pattern(a, n.fmt) for a, n in zip(args, before, strict=True))
            return self.op(GOp.ADD, self._scaled(high, before[1].fmt.width), low)
        if not self.split or node.op not in _IN_PARTS:
            return self._made(replace(node, args=tuple(args)))
        if node.op is GOp.GE:
            return self.at_least(*args)
        if node.op is GOp.SELECT:
            return self.choice(*args)
        if node.op is GOp.ABS:
            positive = self.larger(args[0], self.constant(0, self.nodes[args[0]].fmt.frac))
            made = self.op(GOp.SUB, self._scaled(positive, 1), args[0])
            self.bound(made, *computed_range(self.nodes, replace(node, args=tuple(args))))
            return made
        return self.larger(*args) if node.op is GOp.MAX else self.smaller(*args)

    def at_least(self, a: int, b: int) -> int:
        """The place of a >= b."""
        gap = self.op(GOp.SUB, a, b)
        return self.op(GOp.GE, gap, self.constant(0, self.nodes[gap].fmt.frac))

    def choice(self, condition: int, a: int, b: int) -> int:
        """The place of a where a condition is 1, else b."""
        gap = self.op(GOp.SUB, a, b)
        zero = self.constant(0, self.nodes[gap].fmt.frac)
        made = self.op(GOp.ADD, b, self.op(GOp.SELECT, condition, gap, zero))
        return self._within(made, GOp.SELECT, condition, a, b)

    def larger(self, a: int, b: int) -> int:
        """The place of the larger of two nodes."""
        made = self.op(GOp.ADD, b, self._excess(a, b))
        return self._within(made, GOp.MAX, a, b)

    def smaller(self, a: int, b: int) -> int:
        """The place of the smaller of two nodes."""
        made = self.op(GOp.SUB, a, self._excess(a, b))
        return self._within(made, GOp.MIN, a, b)

    def _excess(self, a: int, b: int) -> int:
        """max(a - b, 0)."""
        gap = self.op(GOp.SUB, a, b)
        return self.op(GOp.MAX, gap, self.constant(0, self.nodes[gap].fmt.frac))

    def _within(self, made: int, op: GOp, *args: int) -> int:
        """A node with the bounds of what it stands for, an operation."""
        frac = self.nodes[made].fmt.frac
        self.bound(made, *computed_range(self.nodes, GNode(op, args, Fixed(1, frac), 0, 0)))
        return made

    def _pattern(self, place: int, fmt: Fixed) -> int:
        """The bits of a node in a format, as an unsigned integer."""
        bits = GNode(GOp.CAST, (place,), Fixed(fmt.width, fmt.frac, False), 0, 0)
        return self._scaled(self.cast(bits, place), fmt.frac)

    def _scaled(self, place: int, exponent: int) -> int:
        node = self.nodes[place]
        fmt = replace(node.fmt, frac=node.fmt.frac - exponent)
        return self._made(GNode(GOp.SCALE, (place,), fmt, node.lo, node.hi, exponent))

    def input(self, node: GNode) -> int:
        """The place of an input."""
        return self._made(node)

    def constant(self, raw: int, frac: int) -> int:
        """The place of a constant."""
        return self._made(GNode(GOp.CONST, (), Fixed.for_raw(raw, raw, frac), raw, raw, raw))

    def cast(self, node: GNode, arg: int) -> int:
        """The place of a cast of a node."""
        made = self._made(replace(node, args=(arg,)))
        self._release(made)
        return made

    def _release(self, place: int) -> None:
        """Note whether a cast never overflows."""
        node, arg = self.nodes[place], self.nodes[self.nodes[place].args[0]]
        drop = arg.fmt.frac - node.fmt.frac
        ends = [rounded(v, drop, node.quant) for v in (arg.lo, arg.hi)]
        least, most = code_range(node)
        least = -most if node.overflow is Overflow.SAT_SYM and node.fmt.signed else least
        if least <= ends[0] and ends[1] <= most:
            self.free.add(place)

    def overflows(self, place: int) -> bool:
        """Whether a cast overflows for one of the samples."""
        node = self.nodes[place]
        (arg,) = node.args
        drop = self.nodes[arg].fmt.frac - node.fmt.frac
        moved = shifted(self.samples[arg].astype(object), drop, node.quant)
        return bool((moved != self.samples[place]).any())

    def refresh(self, place: int) -> None:
        """Bounds of a node, once more is known of its arguments."""
        node = self.nodes[place]
        self.bound(place, *computed_range(self.nodes, node))
        for a in self.args(place):
            self.below[place] |= self.below[a]
        if node.op is GOp.CAST:
            self._release(place)

    def relate(self, place: int, line: Line) -> None:
        """Note that a node is a line of an earlier one."""
        self.lines[place] = line
        root = self.nodes[line.root]
        low, high = sorted(line.factor * v + line.offset for v in (root.lo, root.hi))
        self.bound(place, -(-low // line.divisor), high // line.divisor)

    def op(self, op: GOp, *args: int) -> int:
        """The place of an operation whose format follows from its arguments."""
        values = [self.nodes[a] for a in (args[1:] if op is GOp.SELECT else args)]
        frac = 0 if op is GOp.GE else max(n.fmt.frac for n in values)
        bare = GNode(op, args, Fixed(1, frac), 0, 0)
        lo, hi = computed_range(self.nodes, bare)
        return self._made(replace(bare, fmt=Fixed.for_raw(lo, hi, frac), lo=lo, hi=hi))

    def _made(self, node: GNode) -> int:
        stated = (node.fmt, node.lo, node.hi) if node.op is GOp.INPUT else None
        stated = (node.fmt, 0, 0) if node.op is GOp.CAST else stated
        key = (node.op, node.args, node.fmt.frac, node.number, node.quant, node.overflow,
               node.contents, stated)  # fmt: skip
        if key not in self._known:
            if node.op is GOp.INPUT and node.number in self.ports:
                raise OtherRangeError
            lo, hi = computed_range(self.nodes, node)
            place = self._known[key] = len(self.nodes)
            if node.op is GOp.INPUT:
                self.ports[node.number] = place
            self.nodes.append(replace(node, lo=lo, hi=hi))
            self.lines.append(Line(place))
            self.below.append(1 << place)
            self.samples.append(self._sampled(place))
            self._list(place)
        return self._known[key]

    def bound(self, place: int, lo: int, hi: int) -> None:
        """Note bounds that are known of a node."""
        node = self.nodes[place]
        self.nodes[place] = replace(node, lo=max(lo, node.lo), hi=min(hi, node.hi))

    # -- values

    def value(self, place: int, args: Sequence[Integers]) -> Integers:
        """Values of a node, no INPUT, for values of its arguments."""
        node = self.nodes[place]
        if node.op is GOp.CONST:
            return np.full(1, node.number, np.int64 if node.fmt.width < _WIDEST else object)
        before = [self.nodes[a] for a in node.args]
        if place in self.free:
            drop = before[0].fmt.frac - node.fmt.frac
            wide = before[0].fmt.width + abs(drop) > _WIDEST
            return shifted(args[0].astype(object) if wide else args[0], drop, node.quant)
        return result(node, before, args)

    def _sampled(self, place: int) -> Integers:
        node = self.nodes[place]
        if node.op is GOp.INPUT:
            return self.inputs[node.number]
        values = self.value(place, [self.samples[a] for a in node.args])
        small = values.dtype != np.int64 and max(-node.lo, node.hi) < 1 << _WIDEST
        return values.astype(np.int64) if small else values

    def _list(self, place: int) -> None:
        """Keep all values of a node of few inputs: an axis for each input."""
        node = self.nodes[place]
        if node.op is GOp.INPUT:
            if node.hi - node.lo < LISTED:
                codes = np.arange(node.lo, node.hi + 1, dtype=np.int64)
                axes = [-1 if j == node.number else 1 for j in range(len(self.inputs))]
                self.listed[place] = codes.reshape(axes)
        elif all(a in self.listed for a in node.args):
            known = [self.listed[a] for a in node.args]
            shape = np.broadcast_shapes(*(v.shape for v in known), (1,) * len(self.inputs))
            if math.prod(shape) <= LISTED:
                values = self.value(place, known)
                missing = len(self.inputs) - values.ndim
                self.listed[place] = values.reshape((1,) * missing + values.shape)

    def codes(self, place: int) -> Integers:
        """The values that a node can have, ascending, or some more; int64."""
        if place not in self._codes:
            found, node = self.listed.get(place), self.nodes[place]
            self._codes[place] = (
                np.arange(node.lo, node.hi + 1, dtype=np.int64) if found is None
                else np.unique(found)
            )  # fmt: skip
        return self._codes[place]

    def count(self, place: int) -> int:
        """How many values `codes` has."""
        if place in self.listed:
            return len(self.codes(place))
        return self.nodes[place].hi - self.nodes[place].lo + 1

    # -- cones

    def args(self, place: int) -> list[int]:
        """The roots that a node's value is computed from."""
        return list(dict.fromkeys(self.lines[a].root for a in self.nodes[place].args))

    def written(self, place: int) -> object:
        """The same for nodes that are the same operation of values that are known to be equal."""
        node = self.nodes[place]
        if node.lo == node.hi:
            return node.lo, node.fmt.frac
        if (step := self._step(place)) is not None:
            return GOp.GE, *step
        how: object = node.contents
        args: tuple[int, ...] = node.args
        if node.op is GOp.CAST:
            limits = None if place in self.free else (node.fmt, node.overflow)
            how, args = (node.quant, limits), (self._cut_from(place),)
        lines = [(self.lines[a], self.nodes[a].fmt.frac) for a in args]
        return node.op, node.fmt.frac, node.number, how, *lines

    def opposite(self, place: int) -> object:
        """What `written` is of nodes that are 1 where a comparison is 0; None of other nodes."""
        step = self._step(place)
        return None if step is None else (GOp.GE, *step[:-1], not step[-1])

    def _step(self, place: int) -> tuple[int, int, bool] | None:
        """A comparison with 0 as one of a root with a threshold, and whether it is met above it."""
        node = self.nodes[place]
        if node.op is not GOp.GE or self.nodes[node.args[1]].hi or self.nodes[node.args[1]].lo:
            return None
        root, factor, offset, _ = self.lines[node.args[0]]
        if factor > 0:
            return root, -(offset // factor), True
        return root, offset // -factor + 1, False

    def _cut_from(self, place: int) -> int:
        """What a cast is of, or what the first of roundings down in a row is of."""
        node, (arg,) = self.nodes[place], self.nodes[place].args
        while node.quant is Quant.TRN:
            line = self.lines[arg]
            root = self.nodes[line.root]
            same = line[1:] == (1, 0, 1) and root.fmt.frac == self.nodes[arg].fmt.frac
            down = root.op is GOp.CAST and root.quant is Quant.TRN and line.root in self.free
            if not (same and down and root.fmt.frac >= node.fmt.frac):
                break
            (arg,) = root.args
        return arg

    def shorten(self, place: int) -> None:
        """Let a rounding down read the shortest one of the same node that has its bits."""
        node = self.nodes[place]
        if node.op is not GOp.CAST or node.quant is not Quant.TRN:
            return
        source = self._cut_from(place)
        key = self.real_line(source)
        short = [k for k in self._short.get(key, ()) if self.nodes[k].fmt.frac >= node.fmt.frac]
        if short:
            nearest = min(short, key=lambda k: self.nodes[k].fmt.frac)
            self.nodes[place] = replace(node, args=(nearest,))
        elif self.nodes[source].fmt.frac < node.fmt.frac:
            return
        if place in self.free:
            self._short.setdefault(key, []).append(place)

    def real_line(self, place: int) -> tuple[int, Fraction, Fraction]:
        """The root, slope and offset of a node's real value as a line of its root's."""
        line, node = self.lines[place], self.nodes[place]
        step = Fraction(2) ** -node.fmt.frac / line.divisor
        slope = step * line.factor * Fraction(2) ** self.nodes[line.root].fmt.frac
        return line.root, slope, step * line.offset

    def equal(self, one: int, other: int) -> bool:
        """Whether two nodes are shown to have one real value."""
        nodes = self.nodes[one], self.nodes[other]
        if all(node.lo == node.hi for node in nodes):
            values = [Fraction(n.lo) * Fraction(2) ** -n.fmt.frac for n in nodes]
            return values[0] == values[1]
        return self.real_line(one) == self.real_line(other)

    def cone(self, tops: Sequence[int], leaves: Mapping[int, object]) -> list[int]:
        """What lies between leaves and nodes, the latter included, in order of evaluation."""
        seen: set[int] = set()
        pending = [k for k in tops if k not in leaves]
        while pending:
            k = pending.pop()
            if k not in seen:
                seen.add(k)
                pending += [a for a in self.args(k) if a not in leaves]
        return sorted(seen)

    def evaluated(self, tops: Sequence[int], leaves: Mapping[int, Integers]) -> list[Integers]:
        """Values of nodes for values of leaves that cut them from the inputs."""
        values: dict[int, Integers] = dict(leaves)
        cone = self.cone(tops, leaves)
        uses = Counter([*tops, *(a for k in cone for a in self.args(k))])
        for k in cone:
            lines = [self.lines[a] for a in self.nodes[k].args]
            values[k] = self.value(k, [line.of(values[line.root]) for line in lines])
            for a in self.args(k):  # what nothing reads any more takes no memory
                uses[a] -= 1
                if not uses[a]:
                    del values[a]
        return [values[k] for k in tops]
