"""Functions of a shared sum become tables on that sum, with chords between coarse addresses."""

from __future__ import annotations

import numpy as np

from symtick.codegen import Fixed, GOp, Precision, compile_expression
from symtick.expr import parse
from symtick.hwcost import model


def test_a_line_below_a_function_needs_no_product() -> None:
    h = "(tanh(2*x0) + exp(x1) + 2*tanh(x2 - 0.3) + 1.5*tanh(3*x3))"
    text = f"1.3*tanh(0.7*{h} + 0.2); -0.6*tanh(1.9*{h} - 0.4)"
    expression, formats = parse(text), (Fixed(6, 5),) * 4
    precision = Precision(term_frac=5, wide_bits=6, chords=False)
    design = compile_expression(expression, formats, model(kind="unit"), precision, name="d")
    ops = [node.op for node in design.graph.nodes]
    assert GOp.MUL not in ops
    assert ops.count(GOp.TABLE) == 6
    assert ops.count(GOp.ADD) == 3
    raw = np.random.default_rng(0).integers(-32, 32, (2000, 4))
    found = design.graph.evaluate(raw) / 2.0 ** np.array(
        [f.frac for f in design.graph.output_formats]
    )
    # six address bits over a hull of about ten
    assert np.abs(found - expression.evaluate(raw / 32.0)).max() < 0.15
