"""Comparisons, choices and steps: exact where their arguments are, logic and no tables."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit_model import UnitModel

from benchmarks.codegen.printed_formula import value as printed
from symtick.codegen import Design, Fixed, GOp, Precision, compile_expression
from symtick.errors import DomainError
from symtick.expr import parse

WIDE = Fixed(12, 6)


def compiled(text: str, formats: list[Fixed], term_frac: int = 6) -> Design:
    names = [f"x{k}" for k in range(len(formats))]
    precision = Precision(term_frac=term_frac)
    return compile_expression(parse(text, names), formats, UnitModel(), precision, name="logic")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("max(x0, 0)", lambda x: max(x, 0)),
        ("relu(x0 - 1)", lambda x: max(x - 1, 0)),
        ("sign(x0)", lambda x: (x > 0) - (x < 0)),
        ("clip(x0, -3, 5.5)", lambda x: min(max(x, -3), Fraction(11, 2))),
        ("floor(x0)", lambda x: x.numerator // x.denominator),
        ("ceil(x0)", lambda x: -(-x.numerator // x.denominator)),
        ("round(x0)", lambda x: (x + Fraction(1, 2)).__floor__()),
        ("abs(x0)", abs),
        ("x0 > 1.3", lambda x: x > Fraction(1.3)),
        ("x0 >= 1.25", lambda x: x >= Fraction(5, 4)),
        ("x0 < -2", lambda x: x < -2),
        ("0.7 <= x0", lambda x: x >= Fraction(0.7)),
        ("-2 < x0 <= 3 or x0 == 7.5", lambda x: -2 < x <= 3 or x == Fraction(15, 2)),
        ("not x0 != 7.5", lambda x: x == Fraction(15, 2)),
        ("where(x0 > 2, x0, 2*x0)", lambda x: x if x > 2 else 2 * x),
        ("4 if abs(x0) > 20 else x0/2", lambda x: 4 if abs(x) > 20 else x / 2),
        ("abs(x0) > 7.3", lambda x: abs(x) > Fraction(7.3)),
        ("abs(x0 - 1) <= 2.5", lambda x: abs(x - 1) <= Fraction(5, 2)),
        ("0 >= abs(x0)", lambda x: x == 0),
        ("abs(x0) >= -1", lambda x: True),
        ("where(x0, 1, 5)", lambda x: 1 if x else 5),
        ("where(2*x0 + 3 > x0/4, -x0, x0)", lambda x: -x if 2 * x + 3 > x / 4 else x),
    ],
)
def test_every_code_is_exact_and_no_table_is_on_the_input(text: str, wanted) -> None:  # noqa: ANN001
    design = compiled(text, [WIDE])
    codes = np.arange(WIDE.raw_min, WIDE.raw_max + 1)
    found = design.real_outputs(codes[:, None])[:, 0]
    assert found.tolist() == [float(wanted(Fraction(c, 64))) for c in codes.tolist()]
    assert all(len(node.contents) <= 64 for node in design.graph.nodes)


@given(
    limit=st.floats(-100.0, 100.0) | st.integers(-40, 40).map(lambda k: k / 64),
    kind=st.sampled_from([">", ">=", "<", "<="]),
    turned=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_no_bit_of_a_limit_is_lost(limit: float, kind: str, turned: bool) -> None:
    text = f"{limit!r} {kind} x0" if turned else f"x0 {kind} {limit!r}"
    fmt = Fixed(9, 6)
    design = compiled(text, [fmt], term_frac=0)
    codes = np.arange(fmt.raw_min, fmt.raw_max + 1)
    found = design.real_outputs(codes[:, None])[:, 0]
    compare = {
        ">": Fraction.__gt__, ">=": Fraction.__ge__, "<": Fraction.__lt__, "<=": Fraction.__le__
    }[kind]  # fmt: skip
    for code, value in zip(codes.tolist(), found, strict=True):
        sides = Fraction(code, 64), Fraction(limit)
        assert value == compare(*(sides[::-1] if turned else sides))


def test_differences_of_signals_are_compared_with_all_their_bits() -> None:
    design = compiled("x0 - 0.75*x1 > x2; floor(x0*x1)", [Fixed(6, 4), Fixed(5, 5)] * 2, 0)
    raw = np.random.default_rng(2).integers(-16, 16, (4000, 4))
    a, b, c = raw[:, 0] / 16, raw[:, 1] / 32, raw[:, 2] / 16
    assert np.array_equal(design.real_outputs(raw)[:, 0], a - 0.75 * b > c)
    assert np.array_equal(design.real_outputs(raw)[:, 1], np.floor(a * b))


def test_a_root_is_compared_by_its_square_without_a_root() -> None:
    design = compiled("hypot(x0, x1) < 5; 2.5 >= sqrt(x0*x0 + x1*x1)", [Fixed(8, 3)] * 2, 2)
    raw = np.indices((256, 256)).reshape(2, -1).T - 128
    square = (raw**2).sum(axis=1)
    assert np.array_equal(design.real_outputs(raw)[:, 0], square < 40**2)
    assert np.array_equal(design.real_outputs(raw)[:, 1], square <= 20**2)
    assert not design.units or all("sqrt" not in unit.text for unit in design.units)


@given(
    limit=st.floats(0.0, 8.0) | st.integers(0, 64).map(lambda k: k**0.5),
    kind=st.sampled_from([">", ">=", "<", "<="]),
    turned=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_no_bit_of_a_root_s_limit_is_lost(limit: float, kind: str, turned: bool) -> None:
    root = "sqrt(x0 + x1)"
    design = compiled(f"{limit!r} {kind} {root}" if turned else f"{root} {kind} {limit!r}",
                      [Fixed(5, 0, False)] * 2)  # fmt: skip
    raw = np.indices((32, 32)).reshape(2, -1).T
    found = design.real_outputs(raw)[:, 0]
    square = Fraction(limit) ** 2
    for total, value in zip(raw.sum(axis=1).tolist(), found, strict=True):
        pair = (square, total) if turned else (total, square)
        wanted = {
            ">": pair[0] > pair[1], ">=": pair[0] >= pair[1],
            "<": pair[0] < pair[1], "<=": pair[0] <= pair[1],
        }[kind]  # fmt: skip
        assert value == wanted


@pytest.mark.parametrize("root", ["sqrt({})", "pow({}, 0.5)"])
@pytest.mark.parametrize(
    "value", ["max(0.01, x0 + 0.3)", "max(pow(x0, 16), 0.25)", "exp(x0)", "max(x0, 0)/3"]
)
def test_a_limit_that_the_root_of_a_long_value_just_meets_is_compared_exactly(
    value: str, root: str
) -> None:
    fmt = Fixed(5, 2)
    for code in range(1, 16):
        with mpmath.workprec(400):
            near = float(mpmath.sqrt(printed(value, {"x0": mpmath.mpf(code) / 4})))
        for kind, limit in product((">", ">="), (near, math.nextafter(near, 9e9))):
            text = f"{root.format(value)} {kind} {limit!r}"
            design = compiled(text, [fmt])
            with mpmath.workprec(400):
                wanted = printed(text, {"x0": mpmath.mpf(code) / 4})
            assert design.real_outputs(np.array([[code]]))[0, 0] == wanted, text


def test_a_choice_by_a_power_that_may_be_undefined_is_not_decided_ahead() -> None:
    for exponent in ("3 + 0*x1*x0", "3 + min(0, abs(x0*x1))"):
        with pytest.raises(DomainError, match="power with a variable exponent"):
            compiled(f"where(-2.5 >= pow(x0, {exponent}), 0.5, x1)", [Fixed(6, 2)] * 2)


def test_a_correction_of_many_slopes_stays_a_table_and_one_of_few_becomes_logic() -> None:
    few = compiled("max(0.3*x0, 0.1*x0)", [WIDE])
    assert not any(node.op is GOp.TABLE and len(node.contents) > 64 for node in few.graph.nodes)
    narrow = Fixed(8, 4)
    text = "where(x0 < 1, 0.37*x0 + 1.22, where(x0 < 3, 0.91*x0 + 0.68, 1.13*x0 + 0.02))"
    many = compiled(text, [narrow])
    assert any(node.op is GOp.TABLE for node in many.graph.nodes)
    for design, fmt in ((few, WIDE), (many, narrow)):
        codes = np.arange(fmt.raw_min, fmt.raw_max + 1)[:, None]
        wanted = design.expression.evaluate(fmt.to_real(codes))
        assert np.abs(design.real_outputs(codes) - wanted).max() <= 2.0**-6


def test_the_precision_of_a_scaled_choice_reaches_its_sides() -> None:
    design = compiled("100*max(0.3*x0, 0.1*x0 - 0.7)", [WIDE])
    codes = np.arange(WIDE.raw_min, WIDE.raw_max + 1)[:, None]
    wanted = design.expression.evaluate(WIDE.to_real(codes))
    assert np.abs(design.real_outputs(codes) - wanted).max() <= 2.0**-5


def test_a_table_that_is_there_takes_the_choice_in() -> None:
    design = compiled("tanh(x0) + max(x0, 0)", [Fixed(9, 6)])
    assert not any(node.op in (GOp.MAX, GOp.ADD) for node in design.graph.nodes)


@pytest.mark.parametrize("text", ["atan2(x0, x1)", "atan2(x0, abs(x1))", "atan2(abs(x0), x1) - 1"])
@pytest.mark.parametrize("frac", [4, 9])
def test_an_angle_is_within_a_unit_on_every_code(text: str, frac: int) -> None:
    formats = [Fixed(6, 3), Fixed(5, 1)]
    design = compiled(text, formats, frac)
    raw = np.array([(a, b) for a in range(-32, 32) for b in range(-16, 16)])
    found = design.real_outputs(raw)[:, 0]
    for (a, b), value in zip(raw.tolist(), found, strict=True):
        y, x = mpmath.mpf(a) / 8, mpmath.mpf(b) / 2
        sides = {"atan2(x0, abs(x1))": (y, abs(x)), "atan2(abs(x0), x1) - 1": (abs(y), x)}
        wanted = mpmath.atan2(*sides.get(text, (y, x))) - text.endswith("1")
        assert abs(value - wanted) <= 2.0**-frac
    origin = design.real_outputs(np.array([[0, 0]]))[0, 0]
    assert origin == -float(text.endswith("1"))


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("where(x0*x1 > 100, log(x0), x1)", "x1"),
        ("x0 - x1 if abs(x0) + 1 > 0 else sqrt(x1)", "x0 - x1"),
        ("where(where(x0*x1 < -99, 1/x0, 0) >= 0, 2*x1, tan(x0))", "2*x1"),
    ],
)
def test_a_side_that_the_ranges_never_choose_is_neither_computed_nor_checked(
    text: str, same: str
) -> None:
    formats = [Fixed(8, 5), Fixed(8, 5)]
    assert str(compiled(text, formats).graph) == str(compiled(same, formats).graph)


def test_a_side_that_is_undefined_somewhere_is_refused_with_the_reason() -> None:
    message = r"in log\(x0\).* guard it.* \(where, and if, compute both of their sides"
    for text in ("log(x0) if x0 > 0 else 0", "where(x1 > 0, log(x0), x1)"):
        with pytest.raises(DomainError, match=message):
            compiled(text, [Fixed(6, 3)] * 2)
    with pytest.raises(DomainError, match=r"guard it, for example with .*0\.01\)\)$"):
        compiled("log(x0)", [Fixed(6, 3)])


@pytest.mark.parametrize(
    "text",
    [
        "where(sqrt(x0) >= 2.7, 0.5, x0)",
        "sqrt(x0 + x1) > 1",
        "3 >= x1**0.5",
        "(x0 - 1)**1.5 > 2",
        "where(exp(1000*x0) - exp(1000*x0), 1, 2)",
        "exp(1000*x0) - exp(900*x0) > 2",
    ],
)
def test_a_comparison_of_what_is_undefined_somewhere_is_refused(text: str) -> None:
    with pytest.raises(DomainError):
        compiled(text, [WIDE, Fixed(16, 14)])


def test_a_comparison_of_what_is_too_large_for_float64_is_right() -> None:
    design = compiled("exp(1000*x0) > 3", [WIDE])
    assert design.real_outputs(np.array([[-64], [0], [1], [64], [WIDE.raw_max]]))[
        :, 0
    ].tolist() == [0, 0, 1, 1, 1]


@pytest.mark.parametrize("text", ["x0**x1", "(-2)**x0", "where(x1 > 0, 1 + abs(x0)**x1, x1)"])
def test_a_variable_power_is_refused_as_it_is_written(text: str) -> None:
    message = r"in (x0\*\*x1|pow\(.*\)): a power with a variable exponent .*; guard it.*pow\(max"
    with pytest.raises(DomainError, match=message):
        compiled(text, [Fixed(6, 3)] * 2)


def test_powers_become_what_they_are() -> None:
    fmt = Fixed(7, 2, False)
    texts = ["(x0 + 1)**2.5", "(x0 + 1)**-1.5", "pow(x0, 4)", "pow(x0 + 1, x1/16)", "2**(x0/8)",
             "pow(x0 + 1, 0)", "pow(x0 + 1, -1)", "(x0 + x1)**1.3"]  # fmt: skip
    design = compiled("; ".join(texts), [fmt] * 2, 8)
    raw = np.random.default_rng(0).integers(0, 128, (3000, 2))
    wanted = design.expression.evaluate(fmt.to_real(raw))
    error = np.abs(design.real_outputs(raw) - wanted).max(axis=0)
    assert (error <= 2.0**-8 * 2).all(), error
