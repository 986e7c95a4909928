"""Scaled inputs: the same values, with steps moved out of what stays exact."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from symtick.errors import InputError
from symtick.expr import parse, read_formulas, to_text, with_scaled_inputs

TEXTS = (
    "hypot(a - b, 2*a + b)", "max(a, b)*min(a, 2) - abs(-a)/3", "(a > b) + (a >= 1.5) - (2 > b)",
    "where(-a > 0.3, a*b, a/(b*b + 1))", "atan2(a, b) + sin(a)*exp(-b*b)", "a*0 + 3/(a*a + 2)",
    "(a - b)**3 + (2*a)**2 - floor(a)*sign(b)", "0 - a + 3*(1/(2 + b*b))", "sqrt(-a*b*(-1)*a*b)",
)  # fmt: skip
factors = st.floats(-4, 4).filter(lambda v: abs(v) > 1e-3) | st.sampled_from([0.25, 1.0, -0.01])


@given(st.sampled_from(TEXTS), st.tuples(factors, factors), st.booleans())
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.filter_too_much])
def test_values_are_those_at_the_scaled_points(
    text: str, steps: tuple[float, float], equal: bool
) -> None:
    steps = (steps[0], steps[0]) if equal else steps
    expression = parse(text, ("a", "b"))
    rows = np.random.default_rng(0).normal(size=(60, 2))
    wanted = expression.evaluate(rows * steps)
    found = with_scaled_inputs(expression, steps).evaluate(rows)
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("hypot(a - b, a + b)", "0.1*sqrt((a - b)*(a - b) + (a + b)*(a + b))"),
        ("cosh(a - b)", "cosh(0.1*(a - b))"),
        ("abs(a - b) > 0.3", "abs(a - b) > 3"),
        ("a > b", "a > b"),
        ("-3 >= -a", "a >= 30"),
        ("atan2(a, b)", "atan2(a, b)"),
        ("2*a/(4*b)", "0.5*(a/b)"),
    ],
)
def test_steps_move_out(text: str, wanted: str) -> None:
    found = with_scaled_inputs(read_formulas(text, ("a", "b")).expression, (0.1, 0.1))
    assert to_text(found, precision=10) == wanted


@pytest.mark.parametrize(("value", "steps"), [(0.3, 3.0), (0.7, 7.0), (1e4, 1e5), (0.25, 2.5)])
def test_a_limit_is_the_whole_number_of_steps_that_it_is_written_as(
    value: float, steps: float
) -> None:
    found = with_scaled_inputs(parse(f"a > {value}", ("a",)), (0.1,))  # 0.3/0.1 is below 3
    assert found == parse(f"a > {steps}", ("a",))


def test_every_input_needs_its_step() -> None:
    with pytest.raises(InputError, match="1 inputs need as many factors"):
        with_scaled_inputs(parse("x0"), ())
