"""Intervals contain every value of the operator over their arguments."""

from __future__ import annotations

import math
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from symtick.errors import DomainError
from symtick.expr import OPS, Interval, Op, arity, parse

ends = st.floats(-1e3, 1e3).map(lambda v: round(v, 6))
parts = st.floats(0.0, 1.0)


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    a, b = draw(ends), draw(ends)
    return Interval(min(a, b), max(a, b))


@given(st.sampled_from(list(OPS)), st.data())
@settings(max_examples=600)
def test_an_image_holds_the_value_of_every_point(op: Op, data: st.DataObject) -> None:
    args = [data.draw(intervals()) for _ in range(arity(op))]
    try:
        image = OPS[op].interval(*args)
    except DomainError:
        assume(False)
    points = [min(max(a.lo + data.draw(parts) * (a.hi - a.lo), a.lo), a.hi) for a in args]
    with np.errstate(over="ignore"):
        value = float(OPS[op].numpy(*(np.array([p]) for p in points))[0])
    slack = 1e-9 * max(1.0, abs(value)) if math.isfinite(value) else 0.0
    assert image.lo - slack <= value <= image.hi + slack


@given(st.sampled_from(list(OPS)), st.data())
@settings(max_examples=200)
def test_the_image_of_a_point_is_its_value(op: Op, data: st.DataObject) -> None:
    points = [
        data.draw(st.floats(-30.0, 30.0).map(lambda v: round(v, 9))) for _ in range(arity(op))
    ]
    try:
        image = OPS[op].interval(*(Interval.point(p) for p in points))
    except DomainError:
        assume(False)
    value = float(OPS[op].numpy(*(np.array([p]) for p in points))[0])
    assert math.isclose(image.lo, value, rel_tol=1e-12, abs_tol=1e-9)
    assert math.isclose(image.hi, value, rel_tol=1e-12, abs_tol=1e-9)


@given(seed=st.integers(0, 2**32))
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_expression_stays_in_its_interval(grow, seed: int) -> None:  # noqa: ANN001
    random = Random(seed)
    expression = grow(random, size=8)
    ranges = []
    for _ in expression.inputs:
        a, b = sorted(random.uniform(-3, 3) for _ in range(2))
        ranges.append(Interval(a, b))
    try:
        found = expression.intervals(ranges)
    except DomainError:
        return
    rng = np.random.default_rng(seed)
    data = np.stack([rng.uniform(r.lo, r.hi, 200) for r in ranges], axis=1)
    values = expression.evaluate(data)
    for place, number in enumerate(expression.outputs):
        span = found[number]
        slack = 1e-9 * (1.0 + max(abs(span.lo), abs(span.hi)))
        finite = values[np.isfinite(values[:, place]), place]
        assert ((finite >= span.lo - slack) & (finite <= span.hi + slack)).all()


@pytest.mark.parametrize(
    ("span", "sine", "cosine"),
    [
        (Interval(0.0, 1.0), (0.0, math.sin(1.0)), (math.cos(1.0), 1.0)),
        (Interval(1.0, 2.0), (math.sin(1.0), 1.0), (math.cos(2.0), math.cos(1.0))),
        (Interval(-4.0, 4.0), (-1.0, 1.0), (-1.0, 1.0)),
        (Interval(3.0, 3.5), (math.sin(3.5), math.sin(3.0)), (-1.0, math.cos(3.5))),
        (Interval(-math.inf, 0.0), (-1.0, 1.0), (-1.0, 1.0)),
    ],
)
def test_waves_are_tight(
    span: Interval, sine: tuple[float, float], cosine: tuple[float, float]
) -> None:
    assert (span.sin().lo, span.sin().hi) == pytest.approx(sine, abs=1e-12)
    assert (span.cos().lo, span.cos().hi) == pytest.approx(cosine, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("1/x0", r"in 1\.0/x0: division by a value that can be anywhere in \[-1, 1\]"),
        ("x1/(x0 + 0.5)", r"in x1/\(x0 \+ 0\.5\): division .* \[-0\.5, 1\.5\].* guard the divisor"),
        ("sqrt(x0)", r"sqrt of a value .* contains negative numbers; guard it"),
        ("log(x0 + 1)", r"log of a value .* contains 0 or negative numbers; guard it"),
    ],
)
def test_undefined_places_are_named(text: str, pattern: str) -> None:
    with pytest.raises(DomainError, match=pattern):
        parse(text, ("x0", "x1")).intervals([Interval(-1.0, 1.0)] * 2)


def test_ends_must_be_in_order() -> None:
    for lo, hi in ((1.0, 0.0), (math.nan, 1.0), (0.0, math.nan)):
        with pytest.raises(DomainError, match="an interval needs lo <= hi"):
            Interval(lo, hi)
