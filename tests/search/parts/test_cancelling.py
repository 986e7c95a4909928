"""Factors above and below a fraction's line, and what the clean-up makes of them."""

from __future__ import annotations

import numpy as np
import pytest

from symtick.expr import from_programs, parse, to_text
from symtick.search.kernel_api.evaluation import evaluate
from symtick.search.kernel_api.rows import Rows
from symtick.search.parts.cancelling import cancelled
from symtick.search.parts.criterion import Criterion
from symtick.search.parts.language import Postfix, postfix_of, program_of
from symtick.search.parts.polish import Polisher

pytestmark = pytest.mark.kernel
NAMES = ("x0", "x1", "x2")


def postfix(text: str) -> Postfix:
    return postfix_of(parse(text, NAMES).to_program())


def text_of(function: Postfix) -> str:
    return to_text(from_programs([program_of(function)], NAMES))


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("x0/x0", "1"),
        ("max(x0 - x0/x0, 0)", "max(x0 - 1, 0)"),
        ("x0*x1/(x1*x1)", "x0/x1"),
        ("square(x0)/x0*x1", "x0*x1"),
        ("(x0 + x1)*x2/(x0 + x1)", "x2"),
        ("x1*(x0/(x1*x2))", "x0/x2"),
        ("1/x0*square(x0*x1)", "x0*square(x1)"),
        ("x0/(0.33333333333333337*x1)", "3*(x0/x1)"),
        ("x0/(0.3*x1)", "x0/(0.3*x1)"),
        ("x0/(x1 + 1)", "x0/(x1 + 1)"),
    ],
)
def test_what_is_above_and_below_is_cancelled(given: str, wanted: str) -> None:
    assert text_of(cancelled(postfix(given))) == text_of(postfix(wanted))


@pytest.mark.parametrize("text", ["sin(x1 - 120.94)", "cos(x0*x1 + 77.5)*x2", "sin(7.5 - x0)"])
def test_phases_are_less_than_a_turn(text: str) -> None:
    X = np.random.default_rng(1).uniform(-2.0, 2.0, (50, 3))
    made = cancelled(postfix(text))
    constants = [value for op, value in made if op.name == "CONST"]
    assert all(abs(value) <= np.pi for value in constants) and len(made) == len(postfix(text))
    np.testing.assert_allclose(
        evaluate([program_of(made)], X)[0], evaluate([program_of(postfix(text))], X)[0], atol=1e-13
    )


@pytest.mark.parametrize(
    ("given", "most"),
    [
        ("2*max(x0 - x0/x0, 0) + x1", 9),
        ("(2.5*(x0/(x1*x1)) + 1.5)*(x1*x1)", 9),
        ("(x2 - x0*x2)*((x1 + x2)/(x1*(x2*x2)))", 11),
    ],
)
def test_a_law_that_is_undefined_at_0_is_cleaned_up(given: str, most: int) -> None:
    X = np.random.default_rng(2).uniform(-3.0, 3.0, (200, 3))
    y = np.asarray(evaluate([program_of(postfix(given))], X)[0])
    criterion = Criterion.of(Rows.make(X, y), "mse", 12)
    assert criterion is not None
    tool = Polisher(Rows.make(X, y), criterion, "mse", 1.0, NAMES)
    done = tool.polished(tool.scored_anew([postfix(given)])[0])
    assert len(done.function) <= most and criterion.exact(done.loss)


@pytest.mark.parametrize(
    ("given", "most"),
    [
        ("287669.84/(1150679.4*x0 + 5753397) + x1", 7),
        ("287669.84/(-1150679.4*x0 - 5753397) + x1", 7),
        ("287669.84/(5753397 - 1150679.4*x0) + x1", 7),
        ("287669.84/(5753397 + 1150679.4*x0) + x1", 7),
        # a resonance, whose factor is within a product
        ("-10840.6/(-44456.5 - (-43373.4 - -10843.4*x0)*x0) + x1", 11),
        ("3*x1/(2*x0*x2 + 4*x1)", 11),
    ],
)
def test_a_constant_over_a_scaled_sum_loses_the_scale(given: str, most: int) -> None:
    X = np.random.default_rng(2).uniform(-3.0, 3.0, (200, 3))
    y = np.asarray(evaluate([program_of(postfix(given))], X)[0])
    given_rows = Rows.make(X, y + 1e-3 * np.random.default_rng(3).standard_normal(200))
    criterion = Criterion.of(given_rows, "mse", 12)
    assert criterion is not None
    tool = Polisher(given_rows, criterion, "mse", 1.0, NAMES)
    done = tool.polished(tool.scored_anew([postfix(given)])[0])
    assert len(done.function) <= most
    np.testing.assert_allclose(evaluate([program_of(done.function)], X)[0], y, atol=1e-3)
