"""The kernel's interval check equals the language's, to the last bit."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_expressions import NAMES, expressions

from symtick.errors import DomainError
from symtick.expr import Expression, Interval, parse
from symtick.search.kernel_api.evaluation import intervals

pytestmark = pytest.mark.kernel
bounds = st.floats(-1e6, 1e6, allow_nan=False) | st.sampled_from([0.0, -0.0, 1.0, -2.0, 1e-300])
ranges = st.lists(
    st.tuples(bounds, bounds).map(lambda p: Interval(min(p), max(p))), min_size=3, max_size=3
)


def expected(expression: Expression, inputs: list[Interval]) -> Interval | None:
    try:
        return expression.intervals(inputs)[expression.outputs[0]]
    except DomainError:
        return None


@settings(max_examples=400, deadline=None)
@given(expression=expressions(), inputs=ranges)
def test_intervals_equal_the_language(expression: Expression, inputs: list[Interval]) -> None:
    held = intervals([expression.to_program()], inputs)[0]
    want = expected(expression, inputs)
    assert (held is None) == (want is None)
    if held is not None and want is not None:
        assert (held[-1].lo, held[-1].hi) == (want.lo, want.hi)


@pytest.mark.parametrize(
    "text", ["1/x0", "log(x0)", "sqrt(x0 - 0.5)", "x1/(x0*x0)", "log(abs(x0))", "1/sin(4*x0)"]
)
def test_what_is_undefined_somewhere_is_refused(text: str) -> None:
    inputs = [Interval(-1.0, 1.0), Interval(0.0, 1.0), Interval(0.0, 1.0)]
    assert intervals([parse(text, NAMES).to_program()], inputs) == [None]


def test_overflow_is_seen() -> None:
    inputs = [Interval(0.0, 1000.0)] * 3
    held = intervals([parse("exp(x0)", NAMES).to_program()], inputs)[0]
    assert held is not None
    assert held[-1].hi == math.inf
