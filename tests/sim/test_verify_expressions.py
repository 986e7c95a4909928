"""Compiled expressions over all operators: reference = C++ = Verilog, bit for bit.

Many expressions over the same inputs are one design with many outputs, so that few builds check
them all; the ones that stand alone check the whole way for one formula.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from unit_model import UnitModel

from symtick.codegen import Fixed, Precision, compile_expression
from symtick.expr import OPS, parse
from symtick.sim.verify import verify

pytestmark = pytest.mark.sim

SIGNED = [
    "sin(x0)*exp(-x0) + 0.5*x1**2 - x0*x1",
    "x0 + x1",
    "x0 - 3*x1 + 0.125",
    "x0*x1*x2",
    "-x0",
    "abs(x0 - x1)",
    "min(x0, x1) + max(x1, x2)",
    "square(x0) - cube(x1)",
    "sqrt(abs(x0) + 1)",
    "exp(x0/2) - 1",
    "log(x0**2 + 1)",
    "sin(x0 + x1)",
    "cos(2*x0)*x1",
    "tanh(x0 + 2*x1 - x2)",
    "x0/(x1**2 + 1)",
    "1/(exp(-x0) + 1)",
    "(x0 + x1)*(x0 - x1)",
    "0.3*x0 - 1.7*x1 + 2.25*x2",
    "max(min(x0, 1), -1)",
    "exp(-square(x0 - x1))",
    "x0**4 - 2*x0**2 + 1",
    "abs(min(x0, -x1)) - 7.3",
    "sqrt(square(x0) + square(x1))",
    "3.75",
    "sinh(x0/2) - cosh(x1/2) + tan(x2/8)",
    "asin(x0/8) + acos(x1/8) - atan(x2)",
    "asinh(x0) + acosh(abs(x1) + 1) - atanh(x2/16) + erf(x0 - x1)",
    "atan2(x0, x1)",
    "atan2(x0 - x1, abs(x2))",
    "log1p(abs(x0 + x1)) + expm1(x2/4) + log2(abs(x1) + 1)",
    "(abs(x0) + 0.5)**1.5 - (abs(x1) + 1)**(x2/8)",
    "sigmoid(x0 - x1) + sign(x2) - floor(x0/2 + x1)",
    "where(x0 > x1, x0*x2, 3.0) - (x1 >= 0.3)",
    "x0 if x0 < x1 <= x2 or x2 == 1 else sign(x1 - x0)",
    "where(x0*x1, x2, 1) + relu(x0) + clip(x1, -2, 3)",
]
UNSIGNED = [
    "log(x0 + 0.5)",
    "sqrt(x0)*x1",
    "x0 - x1",
    "1/(x0 + 0.25)",
    "x0*x1 - x2",
    "max(x0, 3) - min(x1, x2)",
    "tanh(x0)*tanh(x1)",
    "exp(-x0)*cos(x1)",
    "cube(x0)/8",
    "-x1 - x0",
    "abs(x0 - 4)",
    "sin(x0*x1/4)",
]
MIXED = [
    "x0*x1",
    "x0 - x1 + x2",
    "sin(x2)*x0",
    "0.0078125*x0 + 100*x1",
    "max(x0, x1)",
    "min(x0, x2)*x1",
    "square(x0)",
    "abs(x0)*sqrt(x1)",
]


def test_samples_hold_every_operator() -> None:
    parsed = [parse(text) for text in (*SIGNED, *UNSIGNED, *MIXED)]
    assert len(parsed) >= 40
    used = {node.op for expression in parsed for node in expression.nodes}
    assert set(OPS) <= used


@pytest.mark.parametrize(
    ("texts", "formats", "precision"),
    [
        (SIGNED, [Fixed(7, 4)] * 3, Precision()),
        (UNSIGNED, [Fixed(6, 3, False)] * 3, Precision(output=Fixed(14, 6))),
        (MIXED, [Fixed(16, 10), Fixed(9, 5, False), Fixed(8, 5)], Precision(term_frac=8)),
    ],
    ids=["signed", "unsigned", "sixteen-bit"],
)
def test_many_expressions_agree(
    texts: list[str], formats: list[Fixed], precision: Precision, tmp_path: Path
) -> None:
    expression = parse(texts, inputs=("x0", "x1", "x2"))
    model = UnitModel(budget_ns=2.0)  # tight, for several stages
    design = compile_expression(expression, formats, model, precision, name="many")
    outcome = verify(design, tmp_path, count=10_000)
    outcome.check()
    assert outcome.vectors >= 10_000
    assert outcome.measured_latency == design.schedule.latency > 1
    assert outcome.measured_ii == 1 and not outcome.latency_ambiguous


@pytest.mark.parametrize(
    ("text", "formats", "latency"),
    [
        (SIGNED[0], [Fixed(8, 5), Fixed(8, 5)], None),
        ("x0*x1 + log(x0 + 1)", [Fixed(12, 8, False), Fixed(16, 8)], 7),
        ("tanh(x0) - x0", [Fixed(6, 4)], 0),
        ("x0*x1*(x0 - x1) + max(x2, x3*x2)", [Fixed(4, 3)] * 3 + [Fixed(3, 1, False)], None),
    ],
)
def test_one_expression_agrees(
    text: str, formats: list[Fixed], latency: int | None, tmp_path: Path
) -> None:
    design = compile_expression(
        parse(text), formats, UnitModel(), Precision(), name="single", latency=latency
    )
    rng = np.random.default_rng(4)
    real = np.stack([fmt.to_raw(rng.normal(0.8, 0.5, 3000)) for fmt in formats], axis=1)
    outcome = verify(design, tmp_path, count=10_000, data=real)
    outcome.check()
    assert latency is None or outcome.measured_latency == latency
    assert (tmp_path / "tb_data" / "tb_input_features.dat").read_text().count("\n") >= 10_000


def test_words_that_verilator_takes_for_its_own_can_name_ports(tmp_path: Path) -> None:
    names = ("near", "far", "map", "vector", "list", "set", "complex", "huge")
    text = " + ".join(names[:4]) + "; " + " - ".join(names[4:])
    design = compile_expression(
        parse(text, names), [Fixed(4, 2)] * 8, UnitModel(), Precision(), name="words",
        output_names=("queue", "stack"),
    )  # fmt: skip
    verify(design, tmp_path, count=500).check()
