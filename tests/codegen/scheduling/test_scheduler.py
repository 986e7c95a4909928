"""Schedules: always legal, as short as can be, with as few registers as that allows."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from random import Random

import pytest
from graph_samples import random_graph
from hypothesis import given, settings
from hypothesis import strategies as st
from unit_model import UnitModel

from symtick.codegen import Fixed, GOp, Graph, GraphBuilder, Schedule, schedule
from symtick.codegen.scheduling.scheduler import SCHEDULERS
from symtick.errors import InputError, ResourceError

seeds = st.integers(0, 2**32)


@dataclass(frozen=True)
class OddModel(UnitModel):
    """Delays that differ from node to node and do not add up to round numbers."""

    def delay(self, graph: Graph, node: int) -> float:
        return super().delay(graph, node) * (0.3 + 0.1 * (node % 7))


@dataclass(frozen=True)
class BlockModel(OddModel):
    """Products are blocks with registers of their own, however long they are."""

    def delay(self, graph: Graph, node: int) -> float:
        return 100.0 if self.registered(graph, node) else super().delay(graph, node)

    def registered(self, graph: Graph, node: int) -> bool:
        return graph.nodes[node].op is GOp.MUL


MODELS = (OddModel, BlockModel)


@pytest.mark.parametrize("kind", MODELS)
@given(seeds, st.integers(0, 3))
@settings(max_examples=80)
def test_a_schedule_is_legal_and_never_needs_more_registers(
    kind: type[OddModel], seed: int, extra: int
) -> None:
    random = Random(seed)
    graph = random_graph(random, 24)
    model = kind(budget_ns=random.choice((2.0, 2.3, 4.0)))
    best = schedule(graph, model)
    best.check(graph, model)
    padded = schedule(graph, model, best.latency + extra)
    padded.check(graph, model)
    assert padded.latency == best.latency + extra
    assert all(
        padded.stage[k] == 0 for k, n in enumerate(graph.nodes) if n.op in (GOp.INPUT, GOp.CONST)
    )
    assert schedule(graph, model) == best
    if best.latency > 1:
        with pytest.raises(ResourceError, match=f"this design needs {best.latency}"):
            schedule(graph, model, best.latency - 1)


@pytest.mark.parametrize("kind", MODELS)
@given(seeds)
@settings(max_examples=40)
def test_no_legal_schedule_has_fewer_registers(kind: type[OddModel], seed: int) -> None:
    random = Random(seed)
    graph = random_graph(random, 7, inputs=2)
    model = kind(budget_ns=2.0)
    found = schedule(graph, model)
    fixed = (GOp.INPUT, GOp.CONST)
    choices = [range(1 if n.op in fixed else found.latency) for n in graph.nodes]
    if found.latency ** sum(len(c) > 1 for c in choices) > 5000:
        return
    least = min(
        (
            other.registers(graph)
            for stages in itertools.product(*choices)
            if legal(other := replace(found, stage=stages), graph, model)
        ),
    )
    assert found.registers(graph) == least


def legal(other: Schedule, graph: Graph, model: UnitModel) -> bool:
    try:
        other.check(graph, model)
    except (InputError, ResourceError):
        return False
    return True


@pytest.mark.parametrize("kind", MODELS)
@given(seeds, st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_siblings_are_legal_and_bound_each_other(
    kind: type[OddModel], seed: int, extra: int
) -> None:
    random = Random(seed)
    graph = random_graph(random, 24)
    model = kind(budget_ns=random.choice((2.0, 2.3, 4.0)))
    latency = schedule(graph, model).latency + extra
    found = {name: schedule(graph, model, latency, name) for name in SCHEDULERS}
    best = found["registers"]
    for other in found.values():
        other.check(graph, model)
        assert other.latency == latency
        assert best.registers(graph) <= other.registers(graph)
    for first, here, last in zip(found["asap"].stage, best.stage, found["alap"].stage, strict=True):
        assert first <= here <= last


@pytest.mark.parametrize("kind", MODELS)
@given(seeds)
@settings(max_examples=30, deadline=None)
def test_no_legal_stage_is_earlier_than_asap_or_later_than_alap(
    kind: type[OddModel], seed: int
) -> None:
    graph = random_graph(Random(seed), 7, inputs=2)
    model = kind(budget_ns=2.0)
    first, last = schedule(graph, model, None, "asap"), schedule(graph, model, None, "alap")
    fixed = (GOp.INPUT, GOp.CONST)
    choices = [range(1 if n.op in fixed else first.latency) for n in graph.nodes]
    if first.latency ** sum(len(c) > 1 for c in choices) > 5000:
        return
    for stages in itertools.product(*choices):
        if legal(replace(first, stage=stages), graph, model):
            assert all(a <= s <= b for a, s, b in zip(first.stage, stages, last.stage, strict=True))


def test_an_unknown_scheduler_is_refused() -> None:
    with pytest.raises(InputError, match="one of asap, alap, registers, not 'fast'"):
        schedule(chain(1), UnitModel(), None, "fast")


def chain(length: int) -> Graph:
    builder = GraphBuilder(("a", "b"))
    node, other = builder.input(0, Fixed(8, 0)), builder.input(1, Fixed(8, 0))
    for _ in range(length):
        node = builder.op(GOp.ADD, node, other)
    return builder.build([node], ["y"])


@pytest.mark.parametrize(("length", "ticks"), [(1, 1), (4, 1), (5, 2), (8, 2), (9, 3)])
def test_additions_chain_within_the_budget(length: int, ticks: int) -> None:
    assert schedule(chain(length), UnitModel()).latency == ticks


def test_no_latency_means_no_registers() -> None:
    found = schedule(chain(9), UnitModel(), 0)
    assert found.latency == 0 and found.registers(chain(9)) == 0
    assert found.arrival[-1] == 9.0


def test_padding_goes_where_it_is_cheapest() -> None:
    graph = chain(1)
    found = schedule(graph, UnitModel(), 3)
    # 9 bits after the addition are fewer than 16 before it
    assert found.registers(graph) == 27
    assert found.stage[2] == 0


def test_a_wide_value_is_made_late() -> None:
    builder = GraphBuilder(("a", "b"))
    a, b = builder.input(0, Fixed(4, 0)), builder.input(1, Fixed(4, 0))
    wide = builder.table(a, [p * 999 for p in range(16)], Fixed(20, 0))
    slow = b
    for _ in range(5):
        slow = builder.op(GOp.ADD, slow, a)
    graph = builder.build([builder.op(GOp.ADD, wide, slow)], ["y"])
    found = schedule(graph, UnitModel())
    assert found.latency == 2
    assert found.stage[graph.nodes.index(next(n for n in graph.nodes if n.op is GOp.TABLE))] == 1


@pytest.mark.parametrize(("address", "data", "stage"), [(4, 9, 2), (7, 3, 0), (9, 4, 0)])
def test_a_rank_stands_where_a_table_is_narrow(address: int, data: int, stage: int) -> None:
    random = Random(1)  # no column is an address bit, a constant or another column
    builder = GraphBuilder(("a",))
    a = builder.input(0, Fixed(address, 0, False))
    rows = [random.getrandbits(data) for _ in range(1 << address)]
    graph = builder.build([builder.table(a, rows, Fixed(data, 0, False))], ["y"])
    found = schedule(graph, UnitModel(), 3)
    assert found.stage[1] == stage
    # the rank at the end is the output's
    assert found.registers(graph) == 2 * min(address, data) + data


def test_a_rank_is_split_for_a_late_user_of_a_shared_address() -> None:
    random = Random(2)
    builder = GraphBuilder(("a",))
    a = builder.input(0, Fixed(5, 0, False))
    wide, narrow = (
        builder.table(a, [random.getrandbits(width) for _ in range(32)], Fixed(width, 0, False))
        for width in (9, 2)
    )
    slow = narrow
    for _ in range(5):
        slow = builder.op(GOp.ADD, slow, slow)
    graph = builder.build([builder.op(GOp.ADD, wide, slow)], ["y"])
    found = schedule(graph, UnitModel())
    by_width = {n.fmt.width: found.stage[k] for k, n in enumerate(graph.nodes) if n.op is GOp.TABLE}
    # five address bits wait for the wide lookup; the narrow table is read at once
    assert by_width == {9: 1, 2: 0}


def test_an_operation_longer_than_a_stage_is_named() -> None:
    builder = GraphBuilder(("a", "b"))
    a, b = builder.input(0, Fixed(12, 6)), builder.input(1, Fixed(10, 6))
    graph = builder.build([builder.op(GOp.MUL, a, b)], ["y"])
    wanted = (
        r"node 2, mul of fixed<12,6>, fixed<10,4>, takes 2.00 ns, more than the 1.50 ns that a "
        r"clock of 5 ns leaves for logic; lower the clock, narrow the formats"
    )
    with pytest.raises(ResourceError, match=wanted):
        schedule(graph, UnitModel(budget_ns=1.5))
    assert schedule(graph, UnitModel(budget_ns=1.5), 0).latency == 0


def test_a_negative_latency_is_refused() -> None:
    with pytest.raises(InputError, match="0 or more ticks, not -1"):
        schedule(chain(1), UnitModel(), -1)


def test_the_check_finds_what_is_wrong() -> None:
    graph, model = chain(5), UnitModel()
    good = schedule(graph, model)
    with pytest.raises(InputError, match="belongs to another graph"):
        good.check(chain(6), model)
    with pytest.raises(InputError, match="before its arguments"):
        replace(good, stage=(0, 0, 1, 0, 1, 1, 1)).check(graph, model)
    with pytest.raises(ResourceError, match=r"stage 0 takes 5.00 ns up to node 6 \(add\)"):
        replace(good, stage=(0,) * 7).check(graph, model)
    with pytest.raises(InputError, match="after the last register rank"):
        replace(good, latency=1).check(graph, model)
