"""Decisions of scores by cuts: their definition, what compilers make of them, and faults."""

from __future__ import annotations

from itertools import islice, product
from random import Random

import numpy as np
import pytest
from unit_model import SizedModel, UnitModel

from benchmarks.codegen.mutants import graph_mutants
from symtick.codegen import Decision, Fixed, GOp, Graph, GraphBuilder, Precision, compile_expression
from symtick.codegen.lowering.lower import lower
from symtick.expr import parse
from symtick.sim.proof import exhaustive
from symtick.sim.proof.cuts.budget import Clock
from symtick.sim.proof.cuts.decisions import Decided
from symtick.sim.proof.cuts.network import Network
from symtick.sim.proof.cuts.outputs import undecided
from symtick.sim.proof.values.integers import Integers

_ALL = Decision(("scores", "index", "margin", "top", "above"), (0.3,))
_CLASSES = [
    "tanh(2*x) + 0.5*y", "0.3*y*y - 0.7*z", "0.2*abs(z) + sin(x) - 0.1", "0.1*x + 0.2",
    "x - z", "0.6*max(y, z)", "0.15",
]  # fmt: skip


def _plain(widths: list[tuple[int, int]]) -> Graph:
    """A graph whose scores are its inputs, of some widths and last places."""
    names = [f"a{k}" for k in range(len(widths))]
    builder = GraphBuilder(tuple(names))
    ports = [builder.input(k, Fixed(w, f)) for k, (w, f) in enumerate(widths)]
    return builder.build(ports, names)


def _every(graph: Graph) -> list[Integers]:
    codes = [range(n.lo, n.hi + 1) for n in graph.nodes if n.op is GOp.INPUT]
    return [np.array(c, np.int64) for c in zip(*product(*codes), strict=True)]


@pytest.mark.parametrize("widths", [
    [(4, 0)], [(3, 0), (4, 1)], [(3, 0)] * 4, [(2, 0), (3, 1), (2, 1), (2, 0), (3, 0)],
    [(2, 0)] * 6,
])  # fmt: skip
def test_definitions_are_those_of_numpy(widths: list[tuple[int, int]]) -> None:
    scores = _plain(widths)
    every = _every(scores)
    names = tuple(n for n in _ALL.outputs if n != "margin" or len(widths) > 1)
    decision = Decision(names, (0.3,))
    network = Network(every)
    made = Decided(network, network.add(scores), decision)
    fine = max(f for _, f in widths)
    expected = exhaustive.decided(scores, every, decision)
    ports = decision.ports(["s"] * len(widths))
    for place, wanted, name in zip(made.places, expected, ports, strict=True):
        up = network.nodes[place].fmt.frac
        frac = fine if name in ("margin", "top") else up
        found = network.samples[place] * (1 << max(frac - up, 0))
        assert (found == wanted * (1 << max(up - frac, 0))).all()


def _made(
    count: int, model: UnitModel | SizedModel, decision: Decision, width: int = 6
) -> tuple[Graph, Graph]:
    expression = parse(_CLASSES[:count], ("x", "y", "z"))
    formats, precision = [Fixed(width, width - 1)] * 3, Precision(term_frac=5)
    design = compile_expression(expression, formats, model, precision, name="d", decision=decision)
    names = [f"y{k}" for k in range(count)]
    return design.graph, lower(expression, formats, model, precision, names).graph


def _drawn(count: int, width: int, seed: int = 1) -> list[Integers]:
    rng, end = np.random.default_rng(seed), 1 << width - 1
    return [rng.integers(-end, end, count) for _ in range(3)]


@pytest.mark.parametrize("count", [1, 2, 3, 5, 7])
@pytest.mark.parametrize("model", [UnitModel(), SizedModel(budget_ns=2.0)], ids=["unit", "sized"])
@pytest.mark.parametrize("outputs", [("index",), ("index", "margin", "top"), ("margin",)])
def test_decisions_are_proved(
    count: int, model: UnitModel | SizedModel, outputs: tuple[str, ...]
) -> None:
    names = tuple(n for n in outputs if n != "margin" or count > 1)
    if not names:
        return
    decision = Decision(names)
    graph, scores = _made(count, model, decision)
    reasons = undecided(graph, (), scores, decision, _drawn(1000, 6))
    assert reasons == [""] * len(names)


def test_all_outputs_of_wide_scores_are_proved() -> None:
    graph, scores = _made(4, UnitModel(), _ALL, 12)
    assert undecided(graph, (), scores, _ALL, _drawn(1000, 12)) == [""] * 11


@pytest.mark.parametrize("outputs", [("index",), ("index", "margin")])
def test_faults_in_decisions_are_found(outputs: tuple[str, ...]) -> None:
    """What is called decided agrees for all inputs, by 40 vectors that suggest what is alike."""
    scores, decision = _plain([(4, 0), (3, 1), (3, 0)]), Decision(outputs)
    every = _every(scores)
    rows = np.random.default_rng(1).choice(len(every[0]), 40)
    for model in (UnitModel(), SizedModel(budget_ns=2.0)):
        design = compile_expression(
            parse(["x", "y", "z"], ("x", "y", "z")), [n.fmt for n in scores.nodes], model,
            Precision(), name="d", decision=decision,
        )  # fmt: skip
        expected = design.graph.evaluate(np.stack(every, axis=1))
        found = 0
        for _, changed in islice(graph_mutants(design.graph, Random(7)), 60):
            reasons = undecided(changed, (), scores, decision, [c[rows] for c in every])
            made = changed.evaluate(np.stack(every, axis=1))
            for j, why in enumerate(reasons):
                found += bool(why)
                assert why or (made[:, j] == expected[:, j]).all()
        assert found > 20


def test_without_time_the_node_is_named() -> None:
    decision = Decision(("index",))
    graph, scores = _made(5, SizedModel(budget_ns=2.0), decision)
    (why,) = undecided(graph, (), scores, decision, _drawn(1000, 6), Clock(0.0))
    assert why == "input0: out of time"


def test_the_index_of_one_score_is_no_constant() -> None:
    """Where no vector shows that it can be 1."""
    builder = GraphBuilder(("a0",))
    builder.input(0, Fixed(4, 0))
    never = builder.build([builder.const(0, 0)], ["index"])
    (why,) = undecided(never, (), _plain([(4, 0)]), Decision(("index",)), [np.arange(-8, 1)])
    assert why


def test_another_order_of_ties_is_not_proved() -> None:
    def index(first: int, second: int) -> Graph:
        """0 where the first input is at least the second: ties are the first's."""
        builder = GraphBuilder(("a", "b"))
        ports = [builder.input(k, Fixed(6, 0)) for k in range(2)]
        won = builder.op(GOp.GE, ports[first], ports[second])
        numbers = [builder.const(first, 0), builder.const(second, 0)]
        return builder.build([builder.op(GOp.SELECT, won, *numbers)], ["index"])

    scores = _plain([(6, 0)] * 2)
    apart = [np.arange(-32, 31), np.arange(-31, 32)]
    assert undecided(index(0, 1), (), scores, Decision(("index",)), apart) == [""]
    (why,) = undecided(index(1, 0), (), scores, Decision(("index",)), apart)
    assert why
