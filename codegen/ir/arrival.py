"""When a value can be ready: stages and nanoseconds, with chaining.

Room: `codegen`; shared by the lowering (which adds the earliest terms first) and the scheduler.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from symtick.codegen.ir.graph import GNode, Graph, GraphBuilder
from symtick.codegen.ir.schedule import CostModel

Ready = tuple[int, float]  # stage, nanoseconds after its start


def ready_after(args: Iterable[Ready], delay: float, budget: float) -> Ready:
    """When an operation's value is ready: in the stage of its latest argument if it still fits."""
    stage, start = max(args, default=(0, 0.0))
    if start + delay > budget + 1e-9 and start > 0.0:
        return stage + 1, delay
    return stage, start + delay


def fewest_ticks(graph: Graph, model: CostModel) -> int | None:
    """The fewest ticks of a graph; None where an operation is longer than a stage."""
    ready: list[Ready] = []
    for k, node in enumerate(graph.nodes):
        delay = model.delay(graph, k)
        if delay > model.budget_ns + 1e-9:
            return None
        ready.append(ready_after([ready[a] for a in node.args], delay, model.budget_ns))
    return 1 + max(stage for stage, _ in ready)


class Watch:
    """Ready times of the nodes of a builder, as it grows."""

    def __init__(self, builder: GraphBuilder, model: CostModel) -> None:
        self._builder = builder
        self._model = model
        self._held: list[Ready] = []
        # the list grows with the builder; a tuple would have to be made anew for every question
        nodes = cast("tuple[GNode, ...]", builder.nodes)
        self.view = Graph(nodes, (), builder.input_names, ())

    def ready(self, number: int) -> Ready:
        """When a node's value is ready at the earliest."""
        for k in range(len(self._held), number + 1):
            args = [self._held[a] for a in self._builder.nodes[k].args]
            delay = self._model.delay(self.view, k)
            self._held.append(ready_after(args, delay, self._model.budget_ns))
        return self._held[number]
