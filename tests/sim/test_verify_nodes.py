"""Every graph operation: reference = compiled C++ = simulated Verilog, bit for bit."""

from __future__ import annotations

from pathlib import Path

import pytest
from hand_designs import arithmetic, casts, chance, design, spread, wide

from symtick.codegen import Design, Fixed, GOp, GraphBuilder, Overflow, Quant
from symtick.codegen.passes.one_bit_factors import without_one_bit_factors
from symtick.sim.verify import verify

pytestmark = pytest.mark.sim


def _agree(made: Design, folder: Path, count: int) -> None:
    made.graph.check()
    outcome = verify(made, folder, count)
    outcome.check()
    assert outcome.vectors >= count
    assert outcome.measured_latency == made.schedule.latency
    assert not outcome.latency_ambiguous


def test_exact_operations_agree(tmp_path: Path) -> None:
    graph = arithmetic()
    assert {node.op for node in graph.nodes} == set(GOp)
    _agree(design(graph, spread(graph, 3, seed=1), 3, "exact"), tmp_path, 3000)


def test_casts_agree_in_every_mode(tmp_path: Path) -> None:
    graph = casts()
    modes = {(node.quant, node.overflow) for node in graph.nodes if node.op is GOp.CAST}
    assert modes == {(quant, overflow) for quant in Quant for overflow in Overflow}
    _agree(design(graph, spread(graph, 1, seed=2), 1, "casts"), tmp_path, 3000)


def test_wide_values_agree_without_a_clock(tmp_path: Path) -> None:
    graph = wide()
    assert max(node.fmt.width for node in graph.nodes) > 100
    _agree(design(graph, [0] * len(graph.nodes), 0, "wide"), tmp_path, 2000)


def test_products_with_one_bit_agree(tmp_path: Path) -> None:
    """Unsigned and signed bits at every end of the other factor, and the square of a bit."""
    builder = GraphBuilder(("a", "b", "c", "d"))
    ports = [
        builder.input(k, fmt)
        for k, fmt in enumerate(
            (Fixed(1, 2, False), Fixed(1, -1, True), Fixed(5, 1, True), Fixed(4, -2, False))
        )
    ]
    pairs = [(x, y) for x in ports[:2] for y in ports]
    outputs = [builder.op(GOp.MUL, *pair) for pair in pairs]
    graph = without_one_bit_factors(builder.build(outputs, [f"p{k}" for k in range(len(outputs))]))
    assert GOp.MUL not in {node.op for node in graph.nodes}
    _agree(design(graph, [0] * len(graph.nodes), 1, "bits"), tmp_path, 2000)


def test_random_graph_agrees_with_random_stages(tmp_path: Path) -> None:
    graph = chance(seed=11, size=90)
    _agree(design(graph, spread(graph, 6, seed=3), 6, "chance"), tmp_path, 3000)
