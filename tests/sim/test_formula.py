"""A block's outputs are held to its formulas, whatever its graph says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
from expression_samples import random_expression
from unit_model import UnitModel

from benchmarks.codegen.printed_formula import distances
from symtick.codegen import Decision, Design, Fixed, Precision, compile_expression
from symtick.codegen.emit import vectors
from symtick.codegen.lowering.slices import Slice
from symtick.expr import parse, to_text
from symtick.sim.case import Case
from symtick.sim.formula import BesideFormula, beside_formula

_NAMES = ("a", "b")
_FORMATS = (Fixed.parse("fixed<9,3>"), Fixed.parse("fixed<8,2>"))
_TEXTS = ["tanh(a) + 0.3*b", "a*b - 0.2", "sin(b)"]


def _compiled(texts: list[str], decision: Decision | None = None, **options: object) -> Design:
    return compile_expression(
        parse(texts, _NAMES), _FORMATS, UnitModel(), Precision(), name="top",
        decision=decision or Decision(), **options,  # type: ignore[arg-type]
    )  # fmt: skip


def _seen(design: Design, beside: Design | None = None) -> BesideFormula:
    """A design's outputs beside the formulas of another."""
    raw = vectors.make(design, 600, 1)
    case = Case(beside or design, Path(), raw, design.graph.evaluate(raw), Path())
    return beside_formula(case)


@pytest.mark.parametrize("seed", range(12))
def test_the_largest_distance_is_that_of_mpmath(seed: int) -> None:
    expression = random_expression(Random(seed))
    formats = [Fixed.parse("fixed<8,3>")] * len(expression.inputs)
    design = compile_expression(expression, formats, UnitModel(), Precision(strict=True), name="t")
    raw = vectors.make(design, 40, seed)
    outputs = design.graph.evaluate(raw)
    texts = [to_text(expression, k) for k in range(len(expression.outputs))]
    exact = max(
        float(gap)
        for row, out in zip(raw.tolist(), outputs.tolist(), strict=True)
        for gap in distances(
            texts, expression.inputs, list(zip(row, [f.frac for f in formats], strict=True)),
            list(zip(out, [f.frac for f in design.graph.output_formats], strict=True)),
        )
    )  # fmt: skip
    found = beside_formula(Case(design, Path(), raw, outputs, Path()))
    assert (found.vectors, found.agreement, found.fault) == (min(len(raw), 1000), None, "")
    assert found.distance == pytest.approx(exact, rel=1e-9, abs=1e-15)
    assert exact <= max(design.errors)


@pytest.mark.parametrize("outputs", [("scores",), ("index",), ("margin",), ("top",), ("above",)])
def test_what_is_beyond_the_stated_error_is_a_fault(outputs: tuple[str, ...]) -> None:
    decision = Decision(outputs, (0.5, 0.1, 0.2) if outputs == ("above",) else ())
    design = _compiled(_TEXTS, decision)
    good = _seen(design)
    assert good.fault == "" and good.vectors == 600
    if outputs == ("index",):
        assert good.agreement is not None and 0.97 < good.agreement <= 1.0
    for k, wrong in enumerate(("tanh(a) + 0.35*b", "a*b - 0.3", "-sin(b)")):
        other = _compiled([wrong if j == k else text for j, text in enumerate(_TEXTS)], decision)
        found = _seen(design, beside=replace(design, expression=other.expression))
        assert "is farther from the formula than is stated, for raw inputs {'a': " in found.fault


def test_an_input_that_the_graph_drops_is_a_fault() -> None:
    design = _compiled(["0.7*a + b"])
    dropped = replace(design, graph=_compiled(["b"]).graph)
    assert "score 0 is farther" in _seen(dropped).fault
    tiny = _compiled(["a*0.0001"])
    assert not any(tiny.graph.input_formats)
    found = _seen(tiny)
    assert found.fault == "" and found.distance == pytest.approx(4e-4, rel=0.02)
    data = np.tile([[64, 0]], (2000, 1))  # a is 1
    raw = vectors.make(tiny, 2600, 1, data)
    assert 0.5 < np.mean(raw[:, 0] == 64) < 0.9


def test_an_index_that_no_score_has_is_a_fault() -> None:
    design = _compiled(_TEXTS, Decision(("index",)))
    assert len(_TEXTS) == 3
    raw = vectors.make(design, 600, 1)
    outputs = design.graph.evaluate(raw)
    outputs[7] = 3
    found = beside_formula(Case(design, Path("made"), raw, outputs, Path("made.v")))
    assert found.fault.startswith("index is farther from the formula")


def test_one_score_has_its_index_above_0() -> None:
    design = _compiled(["a*b - 0.2"], Decision(("index",)))
    assert _seen(design).agreement == 1.0
    other = _compiled(["0.2 - a*b"], Decision(("index",)))
    assert "index is farther" in _seen(design, replace(design, expression=other.expression)).fault


def test_words_are_read_as_their_slices() -> None:
    slices = [Slice(Fixed.parse("fixed<14,4>"), _FORMATS[0]), Slice(_FORMATS[1], _FORMATS[1])]
    design = _compiled(_TEXTS, slices=slices)
    found = _seen(design)
    assert found.fault == "" and found.distance is not None
    assert found.distance <= max(design.errors)


def test_without_a_stated_error_nothing_is_beyond_it() -> None:
    design = _compiled(_TEXTS)
    other = parse([text + " + 9" for text in _TEXTS], _NAMES)
    found = _seen(design, replace(design, expression=other, errors=()))
    assert found.fault == "" and found.distance == pytest.approx(9.0, abs=0.1)


def test_vectors_at_which_a_formula_is_not_defined_are_left_out() -> None:
    design = _compiled(["a + b"])
    other = parse(["a + b + 0*log(a)"], _NAMES)
    raw = vectors.make(design, 600, 1)
    found = _seen(design, replace(design, expression=other))
    assert found.vectors == np.count_nonzero(raw[:, 0] > 0) and found.fault == ""
