"""Simplification keeps the function; equal trees hash alike."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from random_expressions import NAMES, error_bound, expressions, rows

from symtick.expr import Expression, Program, from_programs, parse, to_text
from symtick.search import _kernel
from symtick.search.kernel_api.evaluation import evaluate
from symtick.search.kernel_api.rows import pack

pytestmark = pytest.mark.kernel


def simplified(expression: Expression) -> Program:
    return Program(*_kernel.simplify(pack([expression.to_program()], len(NAMES))))


@settings(max_examples=200, deadline=None)
@given(expression=expressions())
def test_simplification_keeps_the_function(expression: Expression) -> None:
    X = rows(40)
    before = expression.evaluate(X)[:, 0]
    # moving constants changes the rounding, so only well-conditioned rows tell
    bound = 1e4 * error_bound(expression, X, 2.0**-52)
    sure = bound < 1e-6 * (1 + np.abs(before))
    assume(sure.any())
    program = simplified(expression)
    assert len(program.ops) <= len(expression.to_program().ops)
    after = evaluate([program], X)[0]
    assert (np.abs(after[sure] - before[sure]) <= bound[sure]).all()


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("2*(3*x0)", "x0*6.0"),
        ("(x0 + 1) + (x1 + 2)", "x0 + x1 + 3.0"),
        ("(x0*2)/4", "x0*0.5"),
        ("x0 + 0", "x0"),
        ("1*x0", "x0"),
        ("-(-x0)", "x0"),
        ("abs(-x0)", "abs(x0)"),
        ("square(-x0)", "square(x0)"),
        ("x0 - x0", "0.0"),
        ("sin(0)*x0 + x1", "x1"),
        ("x0 - (x1 + 2)", "x0 - x1 + -2.0"),
    ],
)
def test_constants_merge(text: str, result: str) -> None:
    assert to_text(from_programs([simplified(parse(text, NAMES))], NAMES)) == result


def test_hashes_know_commutation_and_nothing_else() -> None:
    texts = ["x0 + sin(x1)", "sin(x1) + x0", "x0 - sin(x1)", "sin(x1) - x0", "x0 + sin(x2)"]
    found = _kernel.hashes(pack([parse(t, NAMES).to_program() for t in texts], len(NAMES)))
    assert found[0] == found[1]
    assert len(set(found.tolist())) == 4
