"""Normal forms have the values of their graphs, and equal functions have equal forms."""

from __future__ import annotations

from random import Random

import pytest
from form_values import value
from graph_samples import random_graph, random_inputs
from unit_model import SizedModel, UnitModel

from symtick.codegen import Decision, Fixed, GOp, Graph, GraphBuilder, Precision, compile_expression
from symtick.codegen.lowering.lower import lower
from symtick.codegen.passes.pipeline import run_passes
from symtick.expr import parse
from symtick.sim.proof.forms import added, constant, multiplied, of_signal, times
from symtick.sim.proof.outcome import Verdict
from symtick.sim.proof.same import difference, largest_score
from symtick.sim.proof.signals import OutOfReachError, Space
from symtick.sim.proof.walk import Walk


@pytest.mark.parametrize("seed", range(60))
def test_forms_have_the_values_of_random_graphs(seed: int) -> None:
    random = Random(seed)
    graph = random_graph(random)
    walk = Walk(graph, Space())
    rows = random_inputs(random, graph, 10)
    expected = graph.evaluate(rows)
    checked = 0
    for place, k in enumerate(graph.outputs):
        form = walk.forms.get(k)
        if form is None or any(walk.space.signals[n].kind == "product" for n in form.wide):
            continue
        for row, wanted in zip(rows.tolist(), expected[:, place].tolist(), strict=True):
            found = value(form, dict(enumerate(row)))
            up = form.frac - graph.nodes[k].fmt.frac
            assert found == wanted << up if up >= 0 else found << -up == wanted
            checked += 1
    assert checked or walk.failed


def test_most_random_graphs_have_forms() -> None:
    graphs = [random_graph(Random(seed)) for seed in range(60)]
    whole = [g for g in graphs if not Walk(g, Space()).failed]
    assert len(whole) >= 30


TEXTS = {
    "sums": ["0.3*x + 1.7*y - 0.9*z + tanh(x) - y", "1.1*x - 0.4*y + 2*z"],
    "functions of sums": ["tanh(sin(2*x) + 0.75*y - z) + 0.25*exp(x - z)"],
    "products": ["tanh(x)*(0.5*y + z) - x*y", "abs(x - y)*z"],
    "choices": ["min(x + y, max(z, x - 0.3))", "abs(2*x - z + y)"],
}


def _graphs(texts: list[str], model: UnitModel | SizedModel) -> tuple[Graph, Graph]:
    names = [f"y{k}" for k in range(len(texts))]
    expression, formats = parse(texts, ("x", "y", "z")), [Fixed(6, 5)] * 3
    lowered = lower(expression, formats, model, Precision(term_frac=5), names).graph
    return lowered, run_passes(lowered, model)


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("model", [UnitModel(), SizedModel(budget_ns=2.0)], ids=["unit", "sized"])
def test_passes_keep_the_normal_form(kind: str, model: UnitModel | SizedModel) -> None:
    lowered, passed = _graphs(TEXTS[kind], model)
    space = Space()
    before, after = Walk(lowered, space), Walk(passed, space)
    for one, other in zip(lowered.outputs, passed.outputs, strict=True):
        assert difference(before.forms[one], after.forms[other]) == ""


def test_a_changed_table_entry_changes_the_form() -> None:
    def made(entry: int) -> Graph:
        builder = GraphBuilder(("x", "y"))
        x, y = builder.input(0, Fixed(4, 0)), builder.input(1, Fixed(12, 0))
        contents = [k * k % 7 for k in range(16)]
        contents[5] = entry
        table = builder.table(x, contents, Fixed(6, 2))
        return builder.build([builder.op(GOp.ADD, table, y)], ["out"])

    space = Space()
    walks = [Walk(made(entry), space) for entry in (4, 4, 5)]
    forms = [w.forms[w.graph.outputs[0]] for w in walks]
    assert difference(forms[0], forms[1]) == ""
    assert difference(forms[0], forms[2]) != ""


CLASSES = ["tanh(2*x) + 0.5*y", "0.3*y*y - 0.7*z", "0.2*abs(z) + sin(x) - 0.1", "0.1*x + 0.2"]


@pytest.mark.parametrize("count", [1, 2, 3, 4])
@pytest.mark.parametrize("model", [UnitModel(), SizedModel(budget_ns=2.0)], ids=["unit", "sized"])
def test_the_index_is_that_of_the_largest_score(count: int, model: UnitModel | SizedModel) -> None:
    expression = parse(CLASSES[:count], ("x", "y", "z"))
    formats, decision = [Fixed(6, 5)] * 3, Decision(("index",))
    design = compile_expression(
        expression, formats, model, Precision(term_frac=5), name="d", decision=decision
    )
    names = [f"y{k}" for k in range(count)]
    scores = lower(expression, formats, model, Precision(term_frac=5), names).graph
    space = Space()
    answer = largest_score(Walk(design.graph, space), Walk(scores, space), 0)
    assert answer.verdict is Verdict.PROVED


def test_another_order_of_ties_is_not_proved() -> None:
    def index(first: int, second: int) -> Graph:
        """0 where the first input is at least the second: ties are the first's."""
        builder = GraphBuilder(("a", "b"))
        ports = [builder.input(k, Fixed(6, 0)) for k in range(2)]
        won = builder.op(GOp.GE, ports[first], ports[second])
        numbers = [builder.const(first, 0), builder.const(second, 0)]
        return builder.build([builder.op(GOp.SELECT, won, *numbers)], ["index"])

    builder = GraphBuilder(("a", "b"))
    scores = builder.build([builder.input(k, Fixed(6, 0)) for k in range(2)], ["a", "b"])
    for order, verdict in (((0, 1), Verdict.PROVED), ((1, 0), Verdict.UNDECIDED)):
        space = Space()
        walks = Walk(index(*order), space), Walk(scores, space)
        answer = largest_score(*walks, 0)
        assert answer.verdict is verdict


def test_integers_beyond_64_bits_are_out_of_reach() -> None:
    space = Space()
    x, y = (of_signal(space.signal(n, "input", 0, 4), space, 0) for n in "xy")
    for make in (
        lambda: times(x, 1 << 62),
        lambda: times(x, 1 << 70),
        lambda: multiplied(times(x, 1 << 40), times(y, 1 << 40)),
        lambda: added(x, constant(space, 1 << 63, 0)).values(x.support),
    ):
        with pytest.raises(OutOfReachError, match="too large"):
            make()
    assert times(x, 1 << 50).values(x.support).tolist() == [k << 50 for k in range(4)]
