"""Pass `fuse`: logic on one or two narrow signals becomes one table where that is cheaper.

The signals are found as the cuts of technology mapping (Cong and Ding, 1994): sets of earlier nodes
that alone determine a node, here of one or two. The cost of the logic between a cut and the node is
compared with that of a table on the cut's bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

import numpy as np

from symtick.codegen.ir.fixed import Fixed, RawArray
from symtick.codegen.ir.graph import WIRES, GNode, GOp, Graph, GraphBuilder
from symtick.codegen.ir.lut_equivalent import lut_equivalent
from symtick.codegen.ir.nodes import MAX_ENTRY_BITS
from symtick.codegen.ir.rewrite import nearest_codes, rebuilt, rewrite
from symtick.codegen.ir.schedule import Area, CostModel
from symtick.expr import reachable

_MAX_BITS = 10
_LUT_INPUTS = 6
# cuts of two signals that are kept for each node, those with the fewest bits
_MAX_PAIRS = 8
# smooth tables take down to a quarter of the LUTs that noise would
_SHARED = 0.25

GraphCut = tuple[int, ...]


def fuse(graph: Graph, model: CostModel) -> Graph:
    """Logic between narrow signals and a node becomes a table if cheaper and not slower."""
    work = _Fusion(graph, model)

    def rule(number: int, places: Sequence[int]) -> int:
        table = None if graph.nodes[number].op in WIRES else work.table(number, places)
        return rebuilt(work.builder, graph, number, places) if table is None else table

    return rewrite(graph, work.builder, rule)


class _Fusion:
    def __init__(self, graph: Graph, model: CostModel) -> None:
        self.graph = graph
        self.model = model
        self.builder = GraphBuilder(graph.input_names)
        self._view = self.builder.view()
        self._users = graph.users()
        self._cuts = cuts(graph)
        self._delays = [model.delay(graph, k) for k in range(len(graph.nodes))]

    def table(self, number: int, places: Sequence[int]) -> int | None:
        """The cheapest table for a node, if one is neither larger nor slower than its logic."""
        if self.graph.nodes[number].fmt.width > MAX_ENTRY_BITS:
            return None
        best: tuple[float, float, int] | None = None
        for cut in self._cuts[number]:
            if not cut or number in cut or self._bits(cut) > _MAX_BITS:
                continue
            path = _between(self.graph, cut, number)
            if self._is_table(path):
                continue
            area, delay = self._logic(path)
            if len(cut) > 1 and area <= self._least(cut, number):
                continue  # to look at every entry of its table takes long
            made = self._made([places[k] for k in cut], cut, path)
            cost = lut_equivalent(self.model.area(self._view, made))
            late = self.model.delay(self._view, made)
            # a table longer than a stage is split again, into more than the logic was
            if late > self.model.budget_ns >= max(self._delays[k] for k in path):
                continue
            gain = (area - cost, delay - late)
            if late <= delay + 1e-9 and gain > (0.0, 0.0) and (best is None or gain > best[:2]):
                best = (*gain, made)
        return None if best is None else best[2]

    def _bits(self, cut: GraphCut) -> int:
        return sum(self.graph.nodes[k].fmt.width for k in cut)

    def _is_table(self, path: Sequence[int]) -> bool:
        """Whether a path is one table, on one signal or on the bits of two."""
        nodes = [self.graph.nodes[k] for k in path]
        return nodes[-1].op is GOp.TABLE and all(n.op is GOp.CONCAT for n in nodes[:-1])

    def _least(self, cut: GraphCut, number: int) -> float:
        """LUTs that a table on a cut hardly ever falls below."""
        beyond = max(0, self._bits(cut) - _LUT_INPUTS)
        return _SHARED * self.graph.nodes[number].fmt.width * 2.0**beyond

    def _logic(self, path: Sequence[int]) -> tuple[float, float]:
        """Area of the part of the path that nothing else uses, and the delay along it."""
        alone = {path[-1]}
        for k in reversed(path[:-1]):
            if k not in self.graph.outputs and alone.issuperset(self._users[k]):
                alone.add(k)
        total = Area()
        time: dict[int, float] = {}
        for k in path:
            starts = [time.get(a, 0.0) for a in self.graph.nodes[k].args]
            time[k] = max(starts) + self._delays[k]
            if k in alone:
                total = total + self.model.area(self.graph, k)
        return lut_equivalent(total), time[path[-1]]

    def _made(self, places: Sequence[int], cut: GraphCut, path: Sequence[int]) -> int:
        """The path from a cut as a table on it, in the builder, where it stands at `places`."""
        signals = [self.builder.nodes[k] for k in places]
        raw, frac = self._values(cut, signals, path)
        fmt = Fixed.for_raw(int(raw.min()), int(raw.max()), frac)
        if path[-1] in self.graph.outputs:
            fmt = self.graph.nodes[path[-1]].fmt
        for axis, node in enumerate(signals):
            codes = nearest_codes(raw.shape[axis], node.lo, node.fmt.width)
            raw = np.take(raw, codes, axis)
        at = places[0] if len(cut) == 1 else self.builder.op(GOp.CONCAT, *places)
        return self.builder.table(at, raw.ravel().tolist(), fmt)

    def _values(
        self, cut: GraphCut, signals: Sequence[GNode], path: Sequence[int]
    ) -> tuple[RawArray, int]:
        """The last node of a path for all codes of a cut, one axis a signal, and its fraction."""
        small = GraphBuilder(tuple(f"signal{k}" for k in range(len(cut))))
        moved = {
            source: small.input(k, node.fmt, node.lo, node.hi)
            for k, (source, node) in enumerate(zip(cut, signals, strict=True))
        }
        for k in path:
            node = self.graph.nodes[k]
            for a in node.args:
                if a not in moved:
                    moved[a] = small.again(self.graph.nodes[a])
            moved[k] = rebuilt(small, self.graph, k, moved)
        axes = [np.arange(node.lo, node.hi + 1) for node in signals]
        codes = np.stack([grid.ravel() for grid in np.meshgrid(*axes, indexing="ij")], axis=1)
        raw = small.build([moved[path[-1]]], ["value"]).evaluate(codes)[:, 0]
        return raw.reshape([len(axis) for axis in axes]), small.nodes[moved[path[-1]]].fmt.frac


def cuts(graph: Graph) -> list[list[GraphCut]]:
    """For each node, sets of up to two nodes, constants left out, that alone determine it.

    All sets of one are there, those nearest the node first; of sets of two those with the fewest
    bits, as far as a table could take them.
    """
    sets: list[list[GraphCut]] = []
    for k, node in enumerate(graph.nodes):
        if node.op is GOp.CONST:
            sets.append([()])
            continue
        joined = dict.fromkeys(
            tuple(sorted({b for cut in parts for b in cut}))
            for parts in product(*(sets[a] for a in dict.fromkeys(node.args)))
        )
        sets.append([(k,), *_kept(graph, joined)] if node.args else [(k,)])
    return sets


def _kept(graph: Graph, joined: Iterable[GraphCut]) -> list[GraphCut]:
    width = {cut: sum(graph.nodes[k].fmt.width for k in cut) for cut in joined if len(cut) <= 2}
    pairs = sorted((w, cut) for cut, w in width.items() if len(cut) == 2 and w <= _MAX_BITS)
    singles = sorted((cut for cut in width if len(cut) == 1), reverse=True)
    return [*singles, *(cut for _, cut in pairs[:_MAX_PAIRS])]


def _between(graph: Graph, cut: GraphCut, number: int) -> list[int]:
    """The nodes, constants left out, from a cut (left out) to a node that it determines."""
    path = reachable(graph.nodes, [number], lambda k: k not in cut)
    return sorted(k for k in path if k not in cut and graph.nodes[k].op is not GOp.CONST)
