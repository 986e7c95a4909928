"""Pass `shift_add`: constant products and sums become additions that share their parts.

The sums of a block (`linear_blocks`) become an adder graph (`adder_graphs`), products of narrow
signals also tables. Of all that was tried, and the sums as they were, a block takes what makes the
product of the design's area and the block's latency smallest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from symtick.codegen.ir.arrival import Arrivals
from symtick.codegen.ir.fixed import Fixed
from symtick.codegen.ir.graph import GOp, Graph, GraphBuilder
from symtick.codegen.ir.lut_equivalent import lut_equivalent
from symtick.codegen.ir.rewrite import all_codes, entry_table, rebuilt
from symtick.codegen.ir.schedule import Area, CostModel
from symtick.codegen.passes.linear.adder_graphs import AdderGraph, adder_graphs
from symtick.codegen.passes.linear.cmvm_problem import BlockSignal, CmvmProblem, cmvm_problem
from symtick.codegen.passes.linear.linear_blocks import LinearBlocks, LinearRow, linear_parts
from symtick.expr import reachable

_TABLE_BITS = 6  # up to here a product with a constant is one LUT for each bit of the result


def shift_add(graph: Graph, model: CostModel) -> Graph:
    """Sums and products with constants become shared shifts and additions."""
    parts = linear_parts(graph)
    if not parts.blocks:
        return graph
    work = _Rebuilding(parts, model)
    work.run()
    if not work.changed:
        return graph
    return work.builder.build([work.place[k] for k in graph.outputs], graph.output_names)


class _Rebuilding:
    """Builds a graph again, its blocks anew.

    Attributes:
        builder: where it grows.
        place: new node by old one.
        changed: whether a block is not what it was.
    """

    def __init__(self, parts: LinearBlocks, model: CostModel) -> None:
        self.graph = parts.graph
        self.builder = GraphBuilder(self.graph.input_names)
        self.place: dict[int, int] = {}
        self.changed = False
        self._parts = parts
        self._model = model
        self._watch = Arrivals(self.builder.view(), model)
        areas = (model.area(self.graph, k) for k in range(len(self.graph.nodes)))
        self._area = sum(map(lut_equivalent, areas))
        # what a port shows must keep its format
        self._ports = set(reachable(self.graph.nodes, self.graph.outputs, lambda k: parts.moves[k]))

    def run(self) -> None:
        """All nodes, rank by rank: signals, then sums of them, then moves of these."""
        parts, pending = self._parts, list(reversed(self._parts.blocks))
        ranks: list[list[int]] = [[] for _ in range(max(parts.rank) + 1)]
        for k, rank in enumerate(parts.rank):
            if not parts.sums[k]:
                ranks[rank].append(k)
        for rank, nodes in enumerate(ranks):
            for k in nodes:
                if not parts.moves[k]:
                    self._copy(k)
            while pending and parts.rank[pending[-1][0].node] == rank:
                self._block(pending.pop())
            for k in nodes:
                # what only sums read is not there
                if parts.moves[k] and self.graph.nodes[k].args[0] in self.place:
                    self._copy(k)

    def _copy(self, number: int) -> None:
        self.place[number] = rebuilt(self.builder, self.graph, number, self.place)

    def _block(self, rows: Sequence[LinearRow]) -> None:
        known = {self.place[k] for row in rows for k in row.form}
        before = roots = self._as_they_were(rows)
        area, late = self._cost(before, known)
        # a tick more is a tick more for all of the design, whose area then counts too
        rest = max(0.0, self._area - area)
        least = (rest + area) * late, late
        for candidate in self._candidates(rows):
            area, late = self._cost(candidate, known)
            if ((rest + area) * late, late) < least:
                least, roots = ((rest + area) * late, late), candidate
        self.changed |= roots != before
        self.place.update(zip((row.node for row in rows), roots, strict=True))

    def _cost(self, roots: Sequence[int], known: set[int]) -> tuple[float, float]:
        """Area of all but `known` nodes; latency: whole stages beyond the first, or nanoseconds."""
        stage, time = max(self._watch.ready(k) for k in roots)
        total = Area()
        for k in reachable(self.builder.nodes, roots, lambda k: k not in known):
            if k not in known:
                total = total + self._model.area(self._watch.view, k)
        return lut_equivalent(total), (stage + 1) * self._model.budget_ns if stage else time

    # --- candidates ----------------------------------------------------------------------------

    def _candidates(self, rows: Sequence[LinearRow]) -> Iterator[list[int]]:
        signals, per_stage = self._signals({k for row in rows for k in row.form})
        fracs = [self.graph.nodes[row.node].fmt.frac for row in rows]
        tried: list[CmvmProblem] = []
        for digits in (None, 2, 3):
            made = cmvm_problem(rows, fracs, signals, digits)
            if made not in tried:
                tried.append(made)
                for network in adder_graphs(tuple(made.leaves), tuple(made.forms), per_stage):
                    yield self._built(rows, made, network)

    def _signals(self, numbers: set[int]) -> tuple[dict[int, BlockSignal], int]:
        """Signals with their levels, and how many additions in a row fit in a stage."""
        width = max((self.builder.nodes[self.place[k]].fmt.width for k in numbers), default=1)
        delay = _adder_delay(self._model, width)
        per_stage = max(1, int(self._model.budget_ns / delay + 1e-9))
        levels = {}
        for k in sorted(numbers):
            stage, time = self._watch.ready(self.place[k])
            left = int((self._model.budget_ns - time) / delay + 1e-9)
            levels[k] = (stage + 1) * per_stage - min(per_stage, left)
        first = min(levels.values(), default=0) // per_stage * per_stage
        return {k: self._signal(k, level - first) for k, level in levels.items()}, per_stage

    def _signal(self, number: int, level: int) -> BlockSignal:
        """A signal in units of its last place in the old graph."""
        node, before = self.builder.nodes[self.place[number]], self.graph.nodes[number]
        up = before.fmt.frac - node.fmt.frac
        lo, hi = (node.lo << up, node.hi << up) if up >= 0 else (before.lo, before.hi)
        return BlockSignal(lo, hi, level, node.fmt.width <= _TABLE_BITS and up >= 0)

    def _as_they_were(self, rows: Sequence[LinearRow]) -> list[int]:
        places = dict(self.place)
        sums, moves = self._parts.sums, self._parts.moves
        through = reachable(
            self.graph.nodes,
            [row.node for row in rows],
            lambda k: sums[k] or (moves[k] and k not in self.place),
        )
        for k in sorted(through):
            if k not in places:
                places[k] = rebuilt(self.builder, self.graph, k, places)
        return [self._shown(row.node, places[row.node]) for row in rows]

    def _shown(self, number: int, value: int) -> int:
        """A sum, in the old format where a port shows it (wires)."""
        if number not in self._ports:
            return value
        fmt = self.graph.nodes[number].fmt
        return self.builder.bits(value, fmt)

    # --- networks as nodes ---------------------------------------------------------------------

    def _built(
        self, rows: Sequence[LinearRow], made: CmvmProblem, network: AdderGraph
    ) -> list[int]:
        values: list[int] = []
        for k, term in enumerate(network.terms):
            if term.pair is None:
                values.append(self._leaf(made, k))
                continue
            a, b, shift, sign = term.pair
            first = self.builder.scale(values[a], max(0, -shift))
            second = self.builder.scale(values[b], max(0, shift))
            total = self.builder.op(GOp.ADD if sign > 0 else GOp.SUB, first, second)
            values.append(self._tight(total, term.lo, term.hi, made.frac))
        roots = []
        for row, root in zip(rows, made.roots, strict=True):
            if root.form < 0:
                frac = self.graph.nodes[row.node].fmt.frac
                roots.append(self._shown(row.node, self.builder.const(row.offset, frac)))
                continue
            number, shift, sign = network.outputs[root.form]
            value = self.builder.scale(values[number], shift + root.zeros)
            if sign * root.sign < 0:
                value = self.builder.op(GOp.NEG, value)
            roots.append(self._shown(row.node, value))
        return roots

    def _leaf(self, made: CmvmProblem, number: int) -> int:
        source = made.sources[number]
        if source.signal is None:
            return self.builder.const(source.offset, made.frac)
        at = self.place[source.signal]
        node, frac = self.builder.nodes[at], self.graph.nodes[source.signal].fmt.frac
        if not source.factor:
            return self.builder.scale(at, frac - made.frac)
        codes = all_codes(node) << (frac - node.fmt.frac)
        entries = codes * source.factor + source.offset
        fmt = Fixed.for_raw(min(entries), max(entries), made.frac)
        return entry_table(self.builder, at, node.lo, entries, fmt)

    def _tight(self, number: int, lo: int, hi: int, frac: int) -> int:
        """A sum without the top bits that its operands' bounds ask for and no value needs.

        Its values are whole numbers from lo to hi at `frac` bits after the point.
        """
        fmt = self.builder.nodes[number].fmt
        drop = frac - fmt.frac
        low, high = (v >> drop if drop >= 0 else v << -drop for v in (lo, hi))
        need = Fixed.for_raw(low, high, fmt.frac)
        return self.builder.bits(number, need)


def _adder_delay(model: CostModel, width: int) -> float:
    """Nanoseconds of an addition of two signals of a width."""
    probe = GraphBuilder(("a", "b"))
    total = probe.op(GOp.ADD, *(probe.input(k, Fixed(width, 0)) for k in range(2)))
    return max(model.delay(probe.build([total], ["y"]), total), 1e-3)
