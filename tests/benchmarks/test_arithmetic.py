"""The arithmetic problems: reference and expression agree, and our designs are exact."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from benchmarks.arithmetic import LUTS_PER_DSP, DesignMeasurement, jobs
from benchmarks.codegen.arithmetic_problems import (
    ArithmeticProblem,
    expression,
    problems,
    reference,
)
from benchmarks.document.arithmetic_section import arithmetic
from symtick.codegen import Precision, compile_expression
from symtick.hwcost import model

SMALL = [p for p in problems() if p.name in ("fir8", "multiples8", "matrix4x4", "cubic")]


def rows(problem: ArithmeticProblem, count: int) -> np.ndarray:
    fmt = problem.fmt
    return np.random.default_rng(0).integers(fmt.raw_min, fmt.raw_max + 1, (count, problem.inputs))


@pytest.mark.parametrize("problem", problems(), ids=lambda p: p.name)
def test_reference_and_expression_agree(problem: ArithmeticProblem) -> None:
    raw = rows(problem, 50)
    whole, frac = reference(problem, raw)
    real = expression(problem).evaluate(raw * 2.0**-problem.fmt.frac)
    assert [[Fraction(int(v), 2**frac) for v in row] for row in whole] == [
        [Fraction(v) for v in row] for row in real.tolist()
    ]


@pytest.mark.parametrize("problem", SMALL, ids=lambda p: p.name)
def test_our_designs_are_exact(problem: ArithmeticProblem) -> None:
    raw = rows(problem, 200)
    whole, frac = reference(problem, raw)
    formats = [problem.fmt] * problem.inputs
    precision = Precision(term_frac=frac)
    design = compile_expression(
        expression(problem), formats, model("open", 100.0), precision, name="network"
    )
    out = design.graph.evaluate(raw).astype(object)
    for k, fmt in enumerate(design.graph.output_formats):
        assert ((out[:, k] << (frac - fmt.frac)) == whole[:, k]).all()


def test_every_problem_meets_every_tool_in_every_way() -> None:
    found = list(jobs(2))
    assert len({job.key for job in found}) == len(found) == 10 * 4 * (1 + 2 * 2)


def test_the_table_counts_what_is_no_worse() -> None:
    def row(job: DesignMeasurement, lut: int, ns: float) -> dict[str, object]:
        return {**vars(job), "lut": lut, "blocks": 1, "stages": 2, "ns": ns,
                "product": (lut + LUTS_PER_DSP) * ns}  # fmt: skip

    held = [
        row(DesignMeasurement("p", "symtick", True, True), 100, 9.0),
        row(DesignMeasurement("p", "da4ml", True, True), 110, 10.0),
        row(DesignMeasurement("p", "alkaid", True, True), 120, 9.0),
        row(DesignMeasurement("p", "alkaid", True, True, 1), 100, 8.9),
        {**vars(DesignMeasurement("q", "alkaid", True, True)), "failed": "no"},
    ]
    text = arithmetic({"titles": {"p": "a problem", "q": "another"}, "rows": held})
    assert "| a problem | 100 LUT + 1 DSP, 9.0 ns, 2 stages | 110 LUT + 1 DSP, 10.0 ns, 2" in text
    assert "| 1.01 |" in text and "cannot" in text
    assert "Of 1 problems measured for all three, ours is no worse in 0 and better in 0." in text
