"""Pass `fuse`: what depends on one narrow signal becomes one table on it, where that is cheaper.

Room: `codegen`. For each node the chain of signals is known through each of which alone its value
can be computed; the cost of its logic since each of them is compared with that of one table.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from symtick.codegen.fixed import Fixed
from symtick.codegen.graph import GOp, Graph, GraphBuilder
from symtick.codegen.schedule import Area, CostModel
from symtick.codegen.score import lut_equivalent
from symtick.codegen.tables import rebuilt, spread
from symtick.codegen.timing import Watch

_MAX_BITS = 10
_FREE = (GOp.INPUT, GOp.CONST, GOp.SCALE, GOp.CONCAT)


def fuse(graph: Graph, model: CostModel) -> Graph:
    """Tables of tables, casts, squares and sums with constants become one table if cheaper."""
    work = _Fusion(graph, model)
    for k, node in enumerate(graph.nodes):
        found = None if node.op in _FREE else work.table(k)
        if found is None:
            found = rebuilt(work.builder, graph, k, [work.place[a] for a in node.args])
        work.place.append(found)
    return work.builder.build([work.place[k] for k in graph.outputs], graph.output_names)


class _Fusion:
    def __init__(self, graph: Graph, model: CostModel) -> None:
        self.graph = graph
        self.model = model
        self.builder = GraphBuilder(graph.input_names)
        self.place: list[int] = []
        self._watch = Watch(self.builder, model)
        self._users = graph.users()
        self._chains = _chains(graph)

    def table(self, number: int) -> int | None:
        """The cheapest table for a node, if one is neither larger nor slower than its logic."""
        best: tuple[float, float, int] | None = None
        for source in self._chains[number][1:]:
            held = self.graph.nodes[source]
            if held.op is GOp.CONST or held.fmt.width > _MAX_BITS:
                continue
            path = _between(self.graph, source, number)
            if len(path) == 1 and self.graph.nodes[number].op is GOp.TABLE:
                continue
            area, delay = self._logic(path)
            made = self._made(source, path)
            cost = lut_equivalent(self.model.area(self._watch.view, made))
            late = self.model.delay(self._watch.view, made)
            gain = (area - cost, delay - late)
            if late <= delay + 1e-9 and gain > (0.0, 0.0) and (best is None or gain > best[:2]):
                best = (*gain, made)
        return None if best is None else best[2]

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
            time[k] = max(starts) + self.model.delay(self.graph, k)
            if k in alone:
                total = total + self.model.area(self.graph, k)
        return lut_equivalent(total), time[path[-1]]

    def _made(self, source: int, path: Sequence[int]) -> int:
        """The path from a signal as a table on it, in the builder."""
        at = self.place[source]
        held = self.builder.nodes[at]
        number = path[-1]
        small = GraphBuilder(("signal",))
        moved = {source: small.input(0, held.fmt, held.lo, held.hi)}
        for k in path:
            node = self.graph.nodes[k]
            for a in node.args:
                if a not in moved:
                    moved[a] = small.again(self.graph.nodes[a])
            moved[k] = rebuilt(small, self.graph, k, [moved[a] for a in node.args])
        codes = np.arange(held.lo, held.hi + 1)[:, None]
        raw = small.build([moved[number]], ["value"]).evaluate(codes)[:, 0]
        frac = small.nodes[moved[number]].fmt.frac
        fmt = Fixed.for_raw(int(raw.min()), int(raw.max()), frac)
        if number in self.graph.outputs:
            fmt = self.graph.nodes[number].fmt
        return self.builder.table(at, spread(raw, held.lo, held.fmt.width).tolist(), fmt)


def _chains(graph: Graph) -> list[tuple[int, ...]]:
    """For each node: itself, then each earlier signal that alone determines it, nearest first."""
    chains: list[tuple[int, ...]] = []
    for k, node in enumerate(graph.nodes):
        above = [chains[a] for a in dict.fromkeys(node.args) if graph.nodes[a].op is not GOp.CONST]
        common = above[0] if above else ()
        for other in above[1:]:
            common = tuple(a for a in common if a in other)
        chains.append((k, *common))
    return chains


def _between(graph: Graph, source: int, number: int) -> list[int]:
    """The nodes, constants left out, from a signal (left out) to a node that it determines."""
    found: set[int] = set()
    pending = [number]
    while pending:
        k = pending.pop()
        if k != source and k not in found and graph.nodes[k].op is not GOp.CONST:
            found.add(k)
            pending.extend(graph.nodes[k].args)
    return sorted(found)
