"""Rewriting a graph, walking it, and timing it as it grows."""

from __future__ import annotations

from random import Random

import pytest
from graph_samples import random_graph
from unit_model import UnitModel

from symtick.codegen import GraphBuilder
from symtick.codegen.ir.arrival import Arrivals, arrivals, joined, node_delays
from symtick.codegen.ir.rewrite import rebuilt, rewrite
from symtick.expr import parse, reachable

SEEDS = pytest.mark.parametrize("seed", range(20))


@SEEDS
def test_a_graph_rebuilt_node_by_node_is_itself(seed: int) -> None:
    graph = random_graph(Random(seed))
    builder = GraphBuilder(graph.input_names)
    again = rewrite(graph, builder, lambda k, places: rebuilt(builder, graph, k, places))
    assert again == graph


@SEEDS
def test_a_builder_of_a_graph_keeps_its_numbers(seed: int) -> None:
    graph = random_graph(Random(seed))
    builder = GraphBuilder.of(graph)
    assert [builder.again(node) for node in graph.nodes] == list(range(len(graph.nodes)))
    assert builder.build(graph.outputs, graph.output_names) == graph


@SEEDS
def test_nodes_of_a_growing_graph_are_ready_when_those_of_the_whole_are(seed: int) -> None:
    graph, model = random_graph(Random(seed)), UnitModel()
    builder = GraphBuilder(graph.input_names)
    growing = Arrivals(builder.view(), model)
    ready = [growing.ready(builder.again(node)) for node in graph.nodes]
    assert ready == arrivals(graph, node_delays(graph, model), model.budget_ns)


def test_a_walk_goes_below_the_nodes_that_it_may_and_visits_each_once() -> None:
    nodes = parse("sin(x0 + x1)*(x0 + x1)").nodes
    root = len(nodes) - 1
    assert sorted(reachable(nodes, [root])) == list(range(len(nodes)))
    assert set(reachable(nodes, [root], lambda k: k == root)) == {root, *nodes[root].args}


def test_the_smallest_two_are_joined_first() -> None:
    joins = []

    def join(a: int, b: int) -> int:
        joins.append((a, b))
        return a + b

    assert joined([7, 1, 4, 2], lambda v: v, join) == 14
    assert joins == [(1, 2), (3, 4), (7, 7)]
