"""The bits that designs of values get."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from distill_samples import distiller, program, short, values

from symtick.codegen import Design, ScoreGraph
from symtick.expr import from_programs
from symtick.search.designs.settings import FixedPointSettings

pytestmark = pytest.mark.kernel


def test_bits_follow_the_error_that_is_left() -> None:
    evaluator = distiller(values(1), short()).evaluator
    problem, rows = evaluator.problem, slice(0, 1000)
    goal, spread = problem.targets[rows], float(problem.spread[0])
    coarse = evaluator.bits(goal + spread, rows)
    assert coarse.shift == -math.floor(math.log2(spread)) and coarse.address == 4
    fine = evaluator.bits(goal + spread / 63.0, rows)
    assert fine.shift - coarse.shift in (3, 4) and fine.address == coarse.address + 4
    assert evaluator.bits(goal, rows).shift <= coarse.shift + 10  # nothing left: no end of bits
    assert evaluator.bits(goal * np.nan, rows) == coarse


def test_precision_of_values_is_as_coarse_as_their_error_bears() -> None:
    evaluator = distiller(values(1), short()).evaluator
    expression = from_programs([program("10.0 + sin(3.0*x0)")], evaluator.problem.input_names)
    fixed = FixedPointSettings(term_fracs=(0, 2, 4, 8))
    entries = evaluator.coarsest(expression, fixed, "test")
    errors = [evaluator.problem.error(e.rmse) for e in entries]
    strict = evaluator.coarsest(expression, replace(fixed, rmse_tolerance=0.0), "test")
    least = min(evaluator.problem.error(e.rmse) for e in strict)
    assert errors[-1] <= 1.02 * least and all(e > 1.02 * least for e in errors[:-1])


def test_precisions_that_do_not_matter_are_not_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their scores are those of the lowered graph; the entries are those of designs measured."""
    evaluator = distiller(values(1), short()).evaluator
    expression = from_programs([program("10.0 + sin(3.0*x0)")], evaluator.problem.input_names)
    compiled: list[Design] = []
    design = ScoreGraph.design

    def noted(self: ScoreGraph, *args: Any, **options: Any) -> Design:
        compiled.append(design(self, *args, **options))
        return compiled[-1]

    monkeypatch.setattr(ScoreGraph, "design", noted)
    fixed = FixedPointSettings(term_fracs=(0, 2, 4, 8, 9, 10))
    entries = evaluator.coarsest(expression, fixed, "test")
    assert len(entries) == len(compiled) < 6
    for entry in entries:
        assert entry == evaluator.measure(expression, entry.precision, "test")
