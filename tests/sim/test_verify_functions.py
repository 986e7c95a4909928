"""Function units of every kind: reference = C++ = Verilog, bit for bit."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit_model import SizedModel

from symtick.codegen import Fixed, Overflow, Precision, Quant, compile_expression
from symtick.expr import Interval, parse
from symtick.sim.verify import verify

pytestmark = pytest.mark.sim


@pytest.mark.parametrize(
    ("texts", "formats", "precision", "kinds"),
    [
        (
            ["sin(x0)", "exp(x0)", "log(x1)", "sqrt(x1)", "1/x1", "cos(100*x0)", "tanh(x0*x1)"],
            [Fixed(16, 12), Fixed(18, 12, False)],
            Precision(term_frac=11),
            ["degree", "octaves", "on a turn"],
        ),
        (
            ["x0/x1", "sqrt(x1)", "-x0/(x1 + 1)"],
            [Fixed(11, 5), Fixed(9, 4, False)],
            Precision(output=Fixed(14, 6), quant=Quant.RND_CONV, overflow=Overflow.WRAP,
                      division="exact", table_bits=6),
            [],
        ),
        (["exp(x0)", "exp(-x0)*x1"], [Fixed(16, 11), Fixed(8, 4, False)], Precision(),
         ["a product of two"]),
    ],
    ids=["polynomials", "digits", "exponentials"],
)  # fmt: skip
def test_functions_agree(
    texts: list[str], formats: list[Fixed], precision: Precision, kinds: list[str], tmp_path: Path
) -> None:
    expression = parse("; ".join(texts), inputs=("x0", "x1"))
    spans = [Interval(formats[0].lo, formats[0].hi), Interval(0.125, formats[1].hi)]
    design = compile_expression(
        expression, formats, SizedModel(budget_ns=2.0), precision, name="functions", ranges=spans
    )
    methods = " ".join(unit.method for unit in design.units)
    assert all(kind in methods for kind in kinds)
    outcome = verify(design, tmp_path, count=4000)
    outcome.check()
    assert outcome.measured_latency == design.schedule.latency > 3
