"""Running areas: a change counts as if everything were counted again."""

from __future__ import annotations

from random import Random

import pytest
from graph_samples import random_graph
from hypothesis import given, settings
from hypothesis import strategies as st
from unit_model import SizedModel

from symtick.codegen import Fixed, GOp, GraphBuilder
from symtick.codegen.ir.schedule import CostModel
from symtick.codegen.tuning.running_area import RunningArea, Size
from symtick.hwcost import model


def same(one: Size, other: Size) -> bool:
    return one.bits == other.bits and one.area.lut == pytest.approx(other.area.lut)


@given(seed=st.integers(0, 2**32), priced=st.sampled_from((SizedModel(), model("open", 200.0))))
@settings(max_examples=60)
def test_a_change_counts_as_all_does(seed: int, priced: CostModel) -> None:
    random = Random(seed)
    builder = GraphBuilder.of(random_graph(random, 30))
    running, fresh = RunningArea(builder, priced), RunningArea(builder, priced)
    places = range(len(builder.nodes))
    running.settle(random.choices(places, k=3))
    for _ in range(6):
        outputs = random.choices(places, k=3)
        assert same(running.needed(outputs), fresh.settle(outputs))
        if random.random() < 0.3:
            running.settle(outputs)


def test_an_adder_takes_a_table_in_only_while_nothing_else_reads_it() -> None:
    builder = GraphBuilder(("x", "y"))
    x, y = (builder.input(k, Fixed(5, 0, False)) for k in range(2))
    table = builder.table(x, [k * k % 32 for k in range(32)], Fixed(5, 0, False))
    total = builder.op(GOp.ADD, y, table)
    priced = model("open", 200.0)
    running = RunningArea(builder, priced)
    alone = running.settle([total]).area.lut
    columns = priced.absorbed(builder.view(), total)
    assert columns > 0
    assert running.needed([total, table]).area.lut == pytest.approx(
        alone + min(columns, priced.area(builder.view(), table).lut)
    )
