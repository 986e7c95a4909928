"""Arrival times of values: stages and nanoseconds, with chaining."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

from symtick.codegen.ir.graph import Graph
from symtick.codegen.ir.schedule import CostModel

Ready = tuple[int, float]  # stage, nanoseconds after its start
Item = TypeVar("Item")


class Delay(NamedTuple):
    """What a node takes of a stage.

    Attributes:
        ns: nanoseconds; the whole budget where it is registered.
        registered: whether it has a stage to itself, between registers of its own.
    """

    ns: float
    registered: bool = False


def ready_after(args: Iterable[Ready], delay: Delay, budget: float) -> Ready:
    """When an operation's value is ready: in the stage of its latest argument if it still fits."""
    stage, start = max(args, default=(0, 0.0))
    if delay.registered:
        return stage + 1, delay.ns
    if start + delay.ns > budget + 1e-9 and start > 0.0:
        return stage + 1, delay.ns
    return stage, start + delay.ns


def node_delay(graph: Graph, model: CostModel, number: int) -> Delay:
    """What a node takes of a stage."""
    if model.registered(graph, number):
        return Delay(model.budget_ns, registered=True)
    return Delay(model.delay(graph, number))


def node_delays(graph: Graph, model: CostModel) -> tuple[Delay, ...]:
    """What each node takes of a stage."""
    return tuple(node_delay(graph, model, k) for k in range(len(graph.nodes)))


def arrivals(graph: Graph, delays: Sequence[Delay], budget_ns: float) -> list[Ready]:
    """When each node is ready at the earliest."""
    ready: list[Ready] = []
    for node, delay in zip(graph.nodes, delays, strict=True):
        ready.append(ready_after([ready[a] for a in node.args], delay, budget_ns))
    return ready


def fewest_ticks(graph: Graph, model: CostModel) -> int | None:
    """The fewest ticks of a graph; None where an operation is longer than a stage."""
    delays = node_delays(graph, model)
    if max(delay.ns for delay in delays) > model.budget_ns + 1e-9:
        return None
    return 1 + max(stage for stage, _ in arrivals(graph, delays, model.budget_ns))


class Arrivals:
    """When the nodes of a graph that grows are ready at the earliest.

    Attributes:
        view: the graph, see `GraphBuilder.view`.
        model: what its nodes take.
    """

    def __init__(self, view: Graph, model: CostModel) -> None:
        self.view = view
        self.model = model
        self._ready: list[Ready] = []

    def ready(self, number: int) -> Ready:
        """When a node's value is ready at the earliest."""
        for k in range(len(self._ready), number + 1):
            args = [self._ready[a] for a in self.view.nodes[k].args]
            delay = node_delay(self.view, self.model, k)
            self._ready.append(ready_after(args, delay, self.model.budget_ns))
        return self._ready[number]

    def fits(self, number: int) -> bool:
        """Whether an operation is not longer than a stage."""
        return node_delay(self.view, self.model, number).ns <= self.model.budget_ns + 1e-9


def joined(
    items: Iterable[Item], key: Callable[[Item], Any], join: Callable[[Item, Item], Item]
) -> Item:
    """What is left when the two items of the smallest keys are joined until one is left."""
    queue = [(key(item), item) for item in items]
    heapq.heapify(queue)
    while len(queue) > 1:
        first, second = heapq.heappop(queue)[1], heapq.heappop(queue)[1]
        both = join(first, second)
        heapq.heappush(queue, (key(both), both))
    return queue[0][1]
