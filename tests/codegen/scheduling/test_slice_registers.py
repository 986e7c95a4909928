"""Registers behind slices: where there is time, or where they pay; the areas that follow."""

from __future__ import annotations

import dataclasses

import pytest
from unit_model import UnitModel

from symtick.codegen import Fixed, GOp, Graph, GraphBuilder, Overflow, Quant
from symtick.codegen.ir.schedule import Schedule
from symtick.codegen.scheduling.slice_registers import planned, saturating_slices, with_slices

WORD, SLICE = Fixed(10, 6, False), Fixed(6, 6, False)  # four bits above


def block(tables: int, deep: int = 0) -> Graph:
    """Tables on one saturated slice; behind each come so many of one bit and a nanosecond each."""
    builder = GraphBuilder(("x",))
    x = builder.cast(builder.input(0, WORD), SLICE, Quant.TRN, Overflow.SAT)
    made = []
    for k in range(tables):
        found = builder.table(x, [(n * n + k) % 64 for n in range(64)], Fixed(6, 6, False))
        for _ in range(deep):
            codes = 1 << builder.nodes[found].fmt.width
            found = builder.table(found, [(n + k) % 2 for n in range(codes)], Fixed(1, 0, False))
        made.append(found)
    return builder.build(made, [f"y{k}" for k in range(tables)])


def staged(graph: Graph, *late: int) -> Schedule:
    """All nodes in one stage but the late ones, which are in the next; then the ports."""
    stage = tuple(int(k in late) for k in range(len(graph.nodes)))
    return Schedule(stage, (0.0,) * len(stage), max(stage) + 1, 5.0, 4.0)


def plan(graph: Graph, latency: int | None = None, max_ticks: int | None = None) -> Schedule:
    return planned(graph, UnitModel(), latency, "registers", max_ticks)


def test_a_slice_that_limits_nothing_is_none() -> None:
    builder = GraphBuilder(("x", "s"))
    signed = builder.input(1, Fixed(10, 6))
    casts = [
        builder.cast(builder.input(0, WORD), Fixed(6, 2, False), Quant.TRN, Overflow.SAT),
        builder.cast(signed, Fixed(6, 2), Quant.TRN, Overflow.SAT),
        builder.cast(signed, Fixed(6, 6), Quant.TRN, Overflow.SAT),
        builder.cast(signed, Fixed(6, 4, False), Quant.TRN, Overflow.SAT),
    ]
    graph = builder.build(casts, ("top", "signed_top", "signed", "positive"))
    assert saturating_slices(graph) == casts[2:]
    lut = with_slices([0.0] * len(graph.nodes), graph, staged(graph))
    # nothing but ports reads them, behind registers
    assert [lut[k] for k in casts] == [0, 0, 6, 6]


def test_a_register_that_pays_takes_a_tick_more_where_there_is_one() -> None:
    graph = block(8, deep=6)  # slice and seven tables: two ticks of 4 ns, and three with a register
    assert plan(graph).latency == 3
    stage = plan(graph).stage
    assert all(stage[k] > stage[1] for k in graph.users()[1])
    assert plan(graph, max_ticks=2).latency == 2
    assert plan(graph, latency=2).latency == 2
    assert plan(graph, latency=0).latency == 0
    assert plan(graph, latency=3).stage == stage


def test_a_register_that_takes_no_tick_is_always_there() -> None:
    graph = block(1, deep=3)  # slice and four tables: two ticks with or without
    found = plan(graph)
    assert found.latency == 2
    assert found.stage[graph.users()[1][0]] > found.stage[1]


def test_areas_follow_the_registers() -> None:
    graph = block(2, deep=1)
    alone = [1.0] * len(graph.nodes)
    wide = [k for k, n in enumerate(graph.nodes) if n.op is GOp.TABLE and n.fmt.width > 1]
    held = plan(graph, latency=2)
    here = dataclasses.replace(held, stage=(0,) * len(graph.nodes))
    mixed = dataclasses.replace(
        held, stage=tuple(s and int(k > wide[0]) for k, s in enumerate(held.stage))
    )
    behind, merged, both = (with_slices(alone, graph, p) for p in (held, here, mixed))
    assert behind[1] == merged[1] == 1.0  # four bits above the slice: one LUT finds them
    assert both[1] == 1.0 + SLICE.width  # a table reads the slice as it is, and so do registers
    assert all(merged[k] > 2.0 and behind[k] == 1.0 for k in wide)
    assert both[wide[0]] > 2.0 and both[wide[1]] == 1.0
    assert sum(merged) > sum(behind)


def test_columns_that_end_before_the_slice_need_no_more() -> None:
    """A register is reset beyond the slice where its column is the same from the middle on."""
    builder = GraphBuilder(("x",))
    x = builder.cast(builder.input(0, WORD), SLICE, Quant.TRN, Overflow.SAT)
    ended, erratic = [n * n % 64 if n < 32 else 9 for n in range(64)], [n * n for n in range(64)]
    tables = [builder.table(x, entries, Fixed(12, 6, False)) for entries in (ended, erratic)]
    total = builder.op(GOp.ADD, *tables)
    graph = builder.build([total], ["sum"])
    alone, here = [1.0] * len(graph.nodes), dataclasses.replace(staged(graph), latency=0)
    lut = with_slices(alone, graph, here)
    assert lut[tables[0]] == lut[tables[1]] == 2.1
    lut = with_slices(alone, graph, staged(graph, total))
    assert lut[tables[0]] == 1.0 and 1.5 < lut[tables[1]] <= 2.1


@pytest.mark.parametrize("graph", [block(3), block(1, deep=3), block(8, deep=6)])
def test_the_plan_is_a_schedule(graph: Graph) -> None:
    plan(graph).check(graph, UnitModel())
