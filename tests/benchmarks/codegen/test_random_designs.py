"""Random designs: the same in every run, and none without logic."""

from __future__ import annotations

from benchmarks.codegen.random_designs import draw
from symtick.codegen import GOp
from symtick.hwcost import model

MODEL = model("open", 200.0)


def test_constant_designs_are_drawn_again() -> None:
    drawn, design = draw(1, 11, MODEL)  # the first is square(max(min(.., tanh(.)), 1.305))
    assert drawn.refused == 1
    assert any(node.op is GOp.INPUT for node in design.graph.nodes)


def test_the_same_numbers_give_the_same_design() -> None:
    assert draw(1, 3, MODEL) == draw(1, 3, MODEL) != draw(1, 4, MODEL)
