"""Every graph operation: reference = compiled C++ = simulated Verilog, bit for bit."""

from __future__ import annotations

from pathlib import Path

import pytest
from hand_designs import arithmetic, casts, chance, design, spread, wide

from symtick.codegen import Design, Fixed, GOp, GraphBuilder, Overflow, Quant
from symtick.codegen.passes.one_bit_factors import without_one_bit_factors
from symtick.sim.verify import Subject, verify_together

pytestmark = pytest.mark.sim


def _exact() -> Design:
    graph = arithmetic()
    assert {node.op for node in graph.nodes} == set(GOp)
    return design(graph, spread(graph, 3, seed=1), 3, "exact")


def _casts() -> Design:
    """In every mode."""
    graph = casts()
    modes = {(node.quant, node.overflow) for node in graph.nodes if node.op is GOp.CAST}
    assert modes == {(quant, overflow) for quant in Quant for overflow in Overflow}
    return design(graph, spread(graph, 1, seed=2), 1, "casts")


def _wide() -> Design:
    """Without a clock."""
    graph = wide()
    assert max(node.fmt.width for node in graph.nodes) > 100
    return design(graph, [0] * len(graph.nodes), 0, "wide")


def _one_bit_factors() -> Design:
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
    return design(graph, [0] * len(graph.nodes), 1, "bits")


def _chance() -> Design:
    """A random graph with random stages."""
    graph = chance(seed=11, size=90)
    return design(graph, spread(graph, 6, seed=3), 6, "chance")


def test_all_agree(tmp_path: Path) -> None:
    made = [_exact(), _casts(), _wide(), _one_bit_factors(), _chance()]
    for one in made:
        one.graph.check()
    outcomes = verify_together([Subject.of(one, tmp_path / one.name) for one in made], 3000)
    for one, outcome in zip(made, outcomes, strict=True):
        outcome.check()
        assert outcome.vectors >= 3000
        assert outcome.measured_latency == one.schedule.latency
        assert not outcome.latency_ambiguous
