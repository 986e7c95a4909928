"""Enclosures of values at points, in float64 and to any precision, hold the real values."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import mpmath
import numpy as np
import pytest
from unit_model import UnitModel

from benchmarks.codegen.printed_formula import value
from symtick.codegen import Fixed, Precision, compile_expression
from symtick.codegen.functions.exact_values import Enclosed, enclosed
from symtick.codegen.functions.point_enclosures import enclosures
from symtick.codegen.functions.taylor import taylor
from symtick.codegen.functions.univariate import rounding_of_constant
from symtick.expr import parse

_TEXTS = (
    "v + 0.1", "v - 1e9", "0.3*v", "v/0.7", "-v", "abs(v - 0.3)", "min(v, 0.1*v)", "max(v, 0.3)",
    "square(v + 0.1)", "cube(v - 0.1)", "sqrt(v)", "exp(v)", "log(v + 0.1)", "sin(9*v)", "cos(9*v)",
    "tanh(v)", "sinh(v - 3)", "cosh(v - 3)", "tan(v/4)", "asin(v/8)", "acos(v/8)", "atan(v - 2)",
    "atan2(v - 1, 2 - v)", "atan2(v, -v)", "atan2(0*v, -1 - v)", "log1p(v)", "expm1(v)",
    "log2(v + 1)", "pow(v + 0.5, 0.7)", "pow(v, 1.5)", "sigmoid(v - 2)", "sign(v - 0.1*10)",
    "floor(0.7*v)", "0.1*v >= 0.3", "0.1*v > 0.1", "where(0.1*v > 0.1, sin(v), exp(v))",
    "asinh(v - 2)", "acosh(v + 1)", "atanh(v/8)", "erf(v - 2)", "(exp(v) + 1e9) - 1e9",
    "sqrt(v + 1e15) - sqrt(1e15)", "where(exp(v) > 1, 2, 3)", "v - v",
)  # fmt: skip
_POINTS = np.arange(63) / 8.0  # below 8, where asin ends


def _narrow(found: Enclosed) -> bool:
    return bool(found.width <= 2.0**-200)


@pytest.mark.parametrize("text", _TEXTS)
def test_enclosures_hold_the_real_values(text: str) -> None:
    expression = parse(text, ("v",))
    boxes = enclosures(expression, _POINTS)
    for point, low, high in zip(_POINTS.tolist(), boxes.lo, boxes.hi, strict=True):
        with mpmath.workprec(400):
            true = value(text, {"v": mpmath.mpf(point)})
            assert low <= true <= high
            near = enclosed(expression, Fraction(point), _narrow)
            assert near.width <= 2.0**-200
            # the oracle is itself rounded, to 400 bits
            ends = [
                mpmath.mpf(v.numerator) / v.denominator if isinstance(v, Fraction) else v
                for v in near
            ]
            room = mpmath.ldexp(1 + abs(true), -300)
            assert ends[0] - room <= true <= ends[1] + room


@pytest.mark.parametrize(
    "text",
    ["log(v)", "log2(v)", "sqrt(v)", "log1p(v)", "asin(v)", "acos(v)", "acosh(v)", "atanh(v)",
     "pow(v, 0.7)", "sqrt(v - 3*sin(1))"],
)  # fmt: skip
def test_a_point_outside_of_the_domain_has_no_enclosure(text: str) -> None:
    with pytest.raises(ValueError, match="outside"):
        enclosed(parse(text, ("v",)), Fraction(-5, 4), _narrow)
    assert np.isnan(rounding_of_constant(parse(text.replace("v", "-1.25")), np.nan))


@pytest.mark.parametrize("power", [2, 3, 65, 100, -1, -3, -66])
def test_whole_powers_of_what_may_be_negative_are_enclosed(power: int) -> None:
    random = Random(power)
    for _ in range(50):
        base = random.choice(["sqrt(2)", "exp(v)", "sin(9*v)", "v", "log(abs(v)+2)"])
        text = f"pow({random.choice(['-', ''])}{base}, {power})"
        point = Fraction(random.randrange(-400, 400) | 1, 128)
        near = enclosed(parse(text, ("v",)), point, _narrow)
        with mpmath.workprec(3000):
            true = value(text, {"v": mpmath.mpf(point.numerator) / point.denominator})
            low, high = (
                mpmath.mpf(v.numerator) / v.denominator if isinstance(v, Fraction) else v
                for v in near
            )
            room = mpmath.ldexp(abs(true), -300)
            assert low - room <= true <= high + room
            assert float(near.width) <= 2.0**-200 * max(1.0, abs(float(true)))


def test_a_power_of_what_is_about_zero_is_enclosed_on_both_sides() -> None:
    for power, wide in ((3, True), (65, True), (2, False), (66, False)):
        text = f"pow(exp(log(v)) - v, {power})"  # 0, which no precision shows
        near = enclosed(parse(text, ("v",)), Fraction(3, 7), lambda _: False)
        assert near.lo <= 0 <= near.hi
        assert (near.lo < 0) == wide and near.hi > 0


@pytest.mark.parametrize("exponent", ["3 + 0*v", "3 + min(0, abs(v))", "floor(3 + v*v*1e-9)"])
def test_a_power_with_an_exponent_near_a_whole_number_is_unknown_of_negative_numbers(
    exponent: str,
) -> None:
    expression = parse(f"pow(v, {exponent})", ("v",))
    box = taylor(expression, np.array([-2.0, 0.5]), np.array([2.0, 3.0]), 1)
    assert box[0].lo[0] <= -8.0
    assert box[0].lo[1] <= 0.125 and box[0].hi[1] >= 27.0
    assert np.isfinite([box[0].lo[1], box[0].hi[1]]).all()


def test_exact_operations_have_no_width() -> None:
    random = Random(1)
    points = np.array([random.randrange(-(2**16), 2**16) / 1024 for _ in range(500)])
    for text in (
        "v + 3.25",
        "0.125*v - v*v",
        "square(v)",
        "cube(v)",
        "sqrt(square(v))",
        "v*6/6",
        "floor(4*v)",
    ):
        boxes = enclosures(parse(text, ("v",)), points)
        assert (boxes.lo == boxes.hi).all(), text
    boxes = enclosures(parse("0.1*v", ("v",)), np.array([3.0, 8.0, 0.0]))
    assert (boxes.hi > boxes.lo).tolist() == [True, False, False]


def test_what_no_precision_decides_stays_wide() -> None:
    expression = parse("exp(log(v)) >= v", ("v",))
    found = enclosed(expression, Fraction(3), _narrow)
    assert (found.lo, found.hi) == (0, 1)
    assert enclosed(parse("v/3*3 >= v", ("v",)), Fraction(7), _narrow) == (1, 1)


@pytest.mark.parametrize(
    ("text", "rounded", "away"),
    [
        ("0.1*10", 1.0, 2.0**-54),
        ("floor(0.7*10)", 7.0, 1.0),
        ("(1e300 + 1) - 1e300", 0.0, 1.0),
        ("sqrt(4)", 2.0, 0.0),
    ],
)
def test_the_rounding_of_a_constant_is_known(text: str, rounded: float, away: float) -> None:
    assert rounding_of_constant(parse(text, ()), rounded) == pytest.approx(away, rel=1e-9)


@pytest.mark.parametrize("exponent", [-64, -3, -2, 0, 1, 2, 3, 7, 64, 101])
def test_whole_powers_of_negative_numbers_are_enclosed(exponent: int) -> None:
    points = np.array([-8.0, -1.5, -1.0, -0.25, 0.5, 2.0])
    boxes = enclosures(parse([f"pow(x, {exponent})"], ["x"]), points)
    for point, low, high in zip(points.tolist(), boxes.lo, boxes.hi, strict=True):
        exact = Fraction(point) ** exponent
        assert (low == -np.inf or Fraction(low) <= exact) and (
            high == np.inf or exact <= Fraction(high)
        )


def test_a_choice_by_a_power_of_a_negative_number_is_not_decided_ahead() -> None:
    expression = parse(["where(-2.5 >= pow(x, 3), 0.5, y)"], ["x", "y"])
    design = compile_expression(
        expression, [Fixed(6, 2)] * 2, UnitModel(), Precision(), name="chosen"
    )
    assert design.graph.evaluate([[-32, 3], [-8, 3], [4, 3]]).tolist() == [[2], [2], [3]]
