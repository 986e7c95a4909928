"""The prover's own integers and ranges against the graph's, and against a third definition."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import numpy as np
import pytest
from graph_samples import evaluated, random_graph, random_inputs
from hand_designs import arithmetic, casts, wide

from symtick.codegen import Graph
from symtick.sim.proof.exhaustive import outputs
from symtick.sim.proof.values.ranges import wrong_ranges


def _columns(rows: np.ndarray) -> list[np.ndarray]:
    return [rows[:, j] for j in range(rows.shape[1])]


@pytest.mark.parametrize("seed", range(40))
def test_random_graphs_have_the_values_of_their_definition(seed: int) -> None:
    random = Random(seed)
    graph = random_graph(random)
    rows = random_inputs(random, graph, 12)
    found = outputs(graph, _columns(rows))
    for r, row in enumerate(rows.tolist()):
        values = evaluated(graph, row)
        for column, k in zip(found, graph.outputs, strict=True):
            assert int(column[r]) * Fraction(2) ** -graph.nodes[k].fmt.frac == values[k]
    assert not wrong_ranges(graph)


@pytest.mark.parametrize("made", [arithmetic, casts, wide])
def test_every_operation_and_mode_equals_the_reference(made: object) -> None:
    graph: Graph = made()  # type: ignore[operator]
    rows = random_inputs(Random(1), graph, 60)
    found = np.stack(outputs(graph, _columns(rows)), axis=1)
    assert (found == graph.evaluate(rows)).all()
    assert not wrong_ranges(graph)
