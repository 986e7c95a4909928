"""Whole proofs: words in, decision out; and what is said where one is wrong or out of reach."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from pathlib import Path
from random import Random

import mpmath
import pytest
from unit_model import UnitModel

from benchmarks.codegen.mutants import graph_mutants
from symtick.codegen import (
    Decision,
    Design,
    Fixed,
    GOp,
    Graph,
    Precision,
    Slice,
    compile_expression,
)
from symtick.codegen.emit.verilog import verilog_files
from symtick.codegen.lowering.lower import lower
from symtick.expr import parse
from symtick.sim.proof import Finding, Proof, Specification, Verdict, prove
from symtick.sim.proof.cuts.budget import Clock
from symtick.sim.proof.prove import ScoreProof

_NAMES = ("x", "y", "z")
_TEXTS = ["tanh(x + 0.5*y) + 0.3*z", "0.7*y - exp(z - x)", "0.2*x*y"]
_FORMATS = [Fixed(6, 4)] * 3


def _made(texts: list[str], **options: object) -> tuple[Design, Graph]:
    expression, precision = parse(texts, _NAMES), Precision(term_frac=5)
    design = compile_expression(
        expression,
        _FORMATS,
        UnitModel(),
        precision,
        name="whole",
        **options,  # type: ignore[arg-type]
    )
    names = [f"y{k}" for k in range(len(texts))]
    return design, lower(expression, _FORMATS, UnitModel(), precision, names).graph


def _wanted(design: Design, scores: Graph) -> Specification:
    return Specification(scores, _FORMATS, design.errors)


def _proof(design: Design, scores: Graph, folder: Path) -> Proof:
    source = folder / "whole.v"
    source.write_text(verilog_files(design)[f"rtl/{design.name}.v"])
    return prove(design, _wanted(design, scores), source, folder / "proof")


@pytest.mark.synth
def test_words_to_index_is_proved(tmp_path: Path) -> None:
    words = [Slice(Fixed(16, 8), fmt) for fmt in _FORMATS]
    design, scores = _made(_TEXTS, slices=words, decision=Decision(("index",)))
    proof = _proof(design, scores, tmp_path)
    assert proof.verdict is Verdict.PROVED, proof.lines()
    assert [step.verdict for step in proof.steps] == [Verdict.PROVED] * 3
    assert proof.to_json()["verdict"] == "proved"


def test_small_designs_are_decided_by_all_their_inputs() -> None:
    outputs = Decision(("scores", "index", "margin", "top", "above"), (0.3,))
    design, scores = _made(_TEXTS, decision=outputs)
    answers = ScoreProof(design, _wanted(design, scores)).same()
    assert [a.subject for a in answers] == [f"output {n}" for n in design.graph.output_names]
    assert {a.verdict for a in answers} == {Verdict.PROVED}


def test_the_bound_holds_and_is_close() -> None:
    design, scores = _made(_TEXTS)
    work = ScoreProof(design, _wanted(design, scores))
    loose = work.near()
    exact = [work.near_for_all(answer, j) for j, answer in enumerate(loose)]
    for one, other in zip(loose, exact, strict=True):
        bounds = [float(f.reason.split()[1]) for f in (one, other)]
        assert bounds[1] <= bounds[0] * 1.001 and bounds[0] < 2 * bounds[1]


def test_what_time_does_not_suffice_for_is_not_decided() -> None:
    """Outputs say at which node the time ended; vectors are compared before."""
    design, scores = _made(_TEXTS, decision=Decision(("scores", "index")))
    work = ScoreProof(design, _wanted(design, scores), Clock(0.0))
    for answer in work.near():
        assert answer.verdict is Verdict.UNDECIDED
        assert re.match(r"\w+( \(formula node \d+\))?: out of time", answer.reason), answer
    wrong = replace(design.graph, outputs=design.graph.outputs[1::-1] + design.graph.outputs[2:])
    (found,) = ScoreProof(replace(design, graph=wrong), _wanted(design, scores), Clock(0.0)).same()
    assert found.verdict is Verdict.COUNTEREXAMPLE


def test_running_all_inputs_says_how_far_it_is() -> None:
    design, scores = _made(_TEXTS[:1])
    said: list[str] = []
    work = ScoreProof(design, _wanted(design, scores), tell=said.append)
    found = work.near_for_all(Finding("y0", Verdict.UNDECIDED, ""), 0)
    assert found.verdict is Verdict.PROVED
    assert said == [f"y0, {k:,} of 262,144 inputs run" for k in (131_072, 262_144)]


def test_a_formula_that_is_met_exactly_is_within_0() -> None:
    design, scores = _made(["x + y", "min(x, z)", "abs(x - y)"])
    work = ScoreProof(design, replace(_wanted(design, scores), bounds=(0.0, 0.0, 0.0)))
    for j, answer in enumerate(work.near()):
        found = work.near_for_all(answer, j)
        assert found.verdict is Verdict.PROVED
        assert found.reason.startswith("within 0 of its formula, for all inputs run")


def test_another_formula_is_refuted_at_an_input() -> None:
    design, scores = _made(_TEXTS)
    other = replace(
        design, expression=parse([_TEXTS[0], "0.7*y - exp(z - x) + 1", _TEXTS[2]], _NAMES)
    )
    answers = ScoreProof(other, _wanted(design, scores)).near()
    assert [a.verdict for a in answers] == [
        Verdict.PROVED, Verdict.COUNTEREXAMPLE, Verdict.PROVED,
    ]  # fmt: skip
    assert "off its formula at raw x=" in answers[1].reason


def test_a_bound_that_vectors_exceed_is_refuted_where_inputs_are_too_many_to_run() -> None:
    formats = [Fixed(14, 4)] * 2
    expression, precision = parse(["tanh(x + 0.5*y)"], _NAMES[:2]), Precision(term_frac=5)
    design = compile_expression(expression, formats, UnitModel(), precision, name="wide")
    scores = lower(expression, formats, UnitModel(), precision, ["y0"]).graph
    wanted = Specification(scores, formats, design.errors)
    (answer,) = ScoreProof(design, wanted).near()
    assert answer.verdict is Verdict.PROVED
    stated = design.errors[0] / 3
    (answer,) = ScoreProof(design, replace(wanted, bounds=[stated])).near()
    assert answer.verdict is Verdict.COUNTEREXAMPLE
    gap, x, y = re.fullmatch(
        r"(\S+) off its formula at raw x=(\S+), y=(\S+), stated is \S+", answer.reason
    ).groups()
    with mpmath.workdps(30):
        raw = scores.evaluate([[int(x), int(y)]]).tolist()[0][0]
        real = mpmath.tanh(mpmath.ldexp(int(x), -4) + mpmath.ldexp(int(y), -5))
        off = abs(mpmath.ldexp(raw, -scores.output_formats[0].frac) - real)
    assert off > stated and float(off) == pytest.approx(float(gap), rel=1e-3)


@pytest.mark.parametrize(
    ("text", "dropped"),
    [("0.7*x + y", "y"), ("where(x > 3, y, -y)", "-y"), ("x*y", "0"), ("max(x, y)", "max(y, 0)")],
)
def test_an_input_that_the_graph_drops_is_found(text: str, dropped: str) -> None:
    """In step 2 where the scores read it, in step 3 where they do not."""
    formats = [Fixed(6, 2)] * 2
    right, wrong = (parse([t], _NAMES[:2]) for t in (text, dropped))
    designs = [
        compile_expression(e, formats, UnitModel(), Precision(), name="top") for e in (right, wrong)
    ]
    scores = [lower(e, formats, UnitModel(), Precision(), ["y0"]).graph for e in (right, wrong)]
    made = replace(designs[0], graph=designs[1].graph, schedule=designs[1].schedule)
    errors = designs[0].errors
    (late,) = ScoreProof(made, Specification(scores[0], formats, errors)).same()
    (early,) = ScoreProof(made, Specification(scores[1], formats, errors)).near()
    assert late.verdict is early.verdict is Verdict.COUNTEREXAMPLE


def test_what_an_enclosure_cannot_tell_is_no_counterexample() -> None:
    """log2(2) is 1, which no enclosure of a logarithm shows."""
    expression, precision = parse(["floor(log2(x + 1))"], ("x",)), Precision()
    formats = [Fixed(5, 0, signed=False)]
    design = compile_expression(expression, formats, UnitModel(), precision, name="steps")
    assert design.graph.evaluate([[1], [3], [2]]).tolist() == [[1], [2], [1]]
    scores = lower(expression, formats, UnitModel(), precision, ["y0"]).graph
    (answer,) = ScoreProof(design, Specification(scores, formats, design.errors)).near()
    assert answer.verdict is Verdict.UNDECIDED and "at raw x=1: only shown" in answer.reason


def test_wide_products_with_a_third_signal_are_no_error() -> None:
    expression = parse(["0.3*(x*y*z) + t"], ("x", "y", "z", "t"))
    formats, precision = [Fixed(24, 0)] * 4, Precision()
    design = compile_expression(expression, formats, UnitModel(), precision, name="wide")
    scores = lower(expression, formats, UnitModel(), precision, ["y0"]).graph
    (answer,) = ScoreProof(design, Specification(scores, formats, design.errors)).near()
    assert answer.verdict is Verdict.UNDECIDED


@pytest.mark.parametrize("threshold", [1e16, -1e16, 5e-324, 3.5, 1e300])
def test_thresholds_of_any_size_are_compared_exactly(threshold: float) -> None:
    expression, precision = parse(["x*y"], ("x", "y")), Precision()
    formats, decision = [Fixed(30, 0)] * 2, Decision(("above",), (threshold,))
    design = compile_expression(
        expression, formats, UnitModel(), precision, name="above", decision=decision
    )
    scores = lower(expression, formats, UnitModel(), precision, ["y0"]).graph
    rows = [[2**29 - 1, 2**29 - 1], [-(2**29), 2**29 - 1], [0, 0], [2, 2], [1, 3]]
    wanted = [[int(Fraction(a * b) >= Fraction(threshold))] for a, b in rows]
    assert design.graph.evaluate(rows).tolist() == wanted
    answers = ScoreProof(design, Specification(scores, formats, design.errors)).same()
    assert [a.verdict for a in answers] == [Verdict.PROVED]


def test_faults_in_the_graph_are_found() -> None:
    """What is not found computes the same on all inputs."""
    design, scores = _made(_TEXTS, decision=Decision(("scores", "index")))
    every = [design.graph.evaluate([[a, b, c]]).tolist() for a, b, c in _corners()]
    verdicts = []
    for _, graph in islice(graph_mutants(design.graph, Random(2)), 30):
        answers = ScoreProof(replace(design, graph=graph), _wanted(design, scores)).same()
        wrong = any(a.verdict is not Verdict.PROVED for a in answers)
        verdicts.append(wrong)
        if not wrong:
            found = [graph.evaluate([[a, b, c]]).tolist() for a, b, c in _corners()]
            assert found == every
    assert sum(verdicts) > 20


def _corners() -> list[tuple[int, int, int]]:
    steps = range(-32, 32, 7)
    return [(a, b, c) for a in steps for b in steps for c in steps]


def test_a_fault_before_the_passes_is_found() -> None:
    """A table entry of the lowered graph that is off by more than the stated bound."""
    design, scores = _made(_TEXTS[:1])
    number = next(k for k, n in enumerate(scores.nodes) if n.op is GOp.TABLE)
    node = scores.nodes[number]
    contents = tuple(v + 9 * (k == 3) for k, v in enumerate(node.contents))
    nodes = tuple(replace(node, contents=contents) if k == number else n
                  for k, n in enumerate(scores.nodes))  # fmt: skip
    (answer,) = ScoreProof(design, _wanted(design, replace(scores, nodes=nodes))).near()
    assert answer.verdict is Verdict.COUNTEREXAMPLE


def test_what_is_not_decided_names_its_node() -> None:
    wide = [Fixed(20, 18)] * 3
    expression = parse(["where(x*y >= z, x, y)"], _NAMES)
    precision = Precision(term_frac=12)
    design = compile_expression(expression, wide, UnitModel(), precision, name="whole")
    scores = lower(expression, wide, UnitModel(), precision, ["y0"]).graph
    work = ScoreProof(design, Specification(scores, wide, [1e-9]))
    assert work.same()[0].verdict is Verdict.PROVED
    (found,) = work.near()
    assert found.verdict is Verdict.UNDECIDED
    assert re.match(r"\w+ \(formula node \d+\): ", found.reason)


@pytest.mark.parametrize("slices", [(), (Slice(Fixed(8, 4), Fixed(6, 4)),)])
def test_an_input_of_which_the_graph_leaves_values_out_is_not_decided(
    slices: tuple[Slice, ...],
) -> None:
    """All is right from 0 on; below, the graph would give 0."""
    expression, formats = parse(["tanh(x)"], ("x",)), [Fixed(6, 4)]
    made = compile_expression(
        expression, formats, UnitModel(), Precision(), name="top", slices=slices
    )
    scores = lower(expression, formats, UnitModel(), Precision(), ["y0"]).graph
    nodes = [
        replace(n, contents=tuple(v * (k < len(n.contents) // 2) for k, v in enumerate(n.contents)))
        if n.op is GOp.TABLE else replace(n, lo=0)
        for n in made.graph.nodes
    ]  # fmt: skip
    wrong = replace(made, graph=replace(made.graph, nodes=tuple(nodes)))
    (answer,) = ScoreProof(wrong, Specification(scores, formats, made.errors)).same()
    assert answer.verdict is Verdict.UNDECIDED and answer.reason.startswith("x is read as")
    (right,) = ScoreProof(made, Specification(scores, formats, made.errors)).same()
    assert right.verdict is Verdict.PROVED


def test_an_input_that_the_graph_does_not_read_is_not_taken_as_run() -> None:
    formats = [Fixed(16, 4), Fixed(4, 0)]
    names = ("a", "x")
    made = compile_expression(
        parse(["a - a"], names), formats, UnitModel(), Precision(), name="top"
    )
    wanted = parse(["where(a >= 1000, where(a <= 1000, x, 0), 0)"], names)
    scores = lower(wanted, formats, UnitModel(), Precision(), ["y0"]).graph
    answers = ScoreProof(made, Specification(scores, formats, None)).same()
    assert all(a.verdict is not Verdict.PROVED for a in answers)
