"""The error that a design states holds for the printed formula at the exact inputs."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from fractions import Fraction
from random import Random

import mpmath
import numpy as np
import pytest
from expression_samples import raw_samples
from hypothesis import given, settings
from hypothesis import strategies as st
from unit_model import UnitModel

from benchmarks.codegen.printed_formula import distances
from symtick.codegen import Design, Fixed, GOp, Overflow, Precision, Quant, compile_expression
from symtick.codegen.lowering.error_bounds import moved, total
from symtick.codegen.tuning.widths import Width
from symtick.errors import AccuracyError, DomainError, WidthError
from symtick.expr import Interval, Op, parse, to_text

MODEL = UnitModel()
_UNARY = (
    "sin({})", "cos({})", "tanh({})", "atan({})", "exp(min({}, 2))", "sqrt(abs({}))", "-({})",
    "square(clip({}, -3, 3))", "log(abs({}) + 0.3)", "asin(clip({}, -1, 1))", "abs({})",
    "acos(0.9*tanh({}))", "sigmoid({})", "floor({})", "cosh(clip({}, -1.5, 2))", "sign({})",
    "pow(abs({}) + 0.01, 0.7)", "asinh({})", "erf({})", "acosh(abs({}) + 1)", "log1p(abs({}))",
)  # fmt: skip
_BINARY = (
    "{} + {}", "{} - ({})", "clip({}, -4, 4)*clip({}, -4, 4)", "min({}, {})", "max({}, {})",
    "({})/(abs({}) + 0.07)", "atan2({}, {})", "where({} > {}, x0, 1.7)", "0.3*({}) + 1.1*({})",
    "hypot({}, {})", "clip({}, -2, 2)/(square(tanh({})) + 0.5)",
)  # fmt: skip


def drawn(random: Random, depth: int) -> str:
    """The text of a formula of x0 and x1 that is defined everywhere."""
    if depth == 0 or random.random() < 0.1:
        constant = repr(round(random.uniform(-3.0, 3.0), random.choice((1, 3, 9))))
        return constant if random.random() < 0.2 else f"x{random.randrange(2)}"
    if random.random() < 0.5:
        return random.choice(_UNARY).format(drawn(random, depth - 1))
    return random.choice(_BINARY).format(*(drawn(random, depth - 1) for _ in range(2)))


def compiled(text: str, formats: Sequence[Fixed], precision: Precision) -> Design:
    return compile_expression(
        parse(text, ("x0", "x1")), list(formats), MODEL, precision, name="top"
    )


def worst_share(design: Design, formats: Sequence[Fixed], rows: int, seed: int) -> float:
    """The largest share of its stated error that an output has on some rows."""
    expression = design.expression
    texts = [to_text(expression, k) for k in range(len(expression.outputs))]
    raw = raw_samples(formats, rows, seed)
    shares = [0.0]
    for row, out in zip(raw.tolist(), design.graph.evaluate(raw).tolist(), strict=True):
        found = distances(
            texts, expression.inputs, list(zip(row, [f.frac for f in formats], strict=True)),
            list(zip(out, [f.frac for f in design.graph.output_formats], strict=True)),
        )  # fmt: skip
        for distance, error in zip(found, design.errors, strict=True):
            shares.append(float(distance / error) if error else float("inf") * bool(distance))
    return max(shares)


@st.composite
def formats(draw: st.DrawFn) -> Fixed:
    width = draw(st.integers(2, 18))
    return Fixed(width, width - draw(st.integers(-3, 5)), draw(st.booleans()))


@st.composite
def precisions(draw: st.DrawFn) -> Precision:
    output = draw(st.none() | st.builds(Fixed, st.integers(6, 20), st.integers(0, 8)))
    return Precision(
        term_frac=draw(st.integers(-1, 12)), division=draw(st.sampled_from(("auto", "exact"))),
        strict=draw(st.sampled_from((True, True, False))), output=output,
        quant=draw(st.sampled_from(list(Quant))), overflow=draw(st.sampled_from(list(Overflow))),
        table_bits=draw(st.sampled_from((12, 8, 0))),
        chords=draw(st.sampled_from((True, True, False))),
    )  # fmt: skip


@given(st.integers(0, 2**32), formats(), formats(), precisions())
@settings(max_examples=60, deadline=None)
def test_no_output_is_farther_from_its_formula_than_its_design_states(
    seed: int, first: Fixed, second: Fixed, precision: Precision
) -> None:
    text = drawn(Random(seed), 3)
    try:
        design = compiled(text, (first, second), precision)
    except (AccuracyError, DomainError, WidthError):
        return  # said, not computed
    assert worst_share(design, (first, second), 60, seed % 1000) <= 1.0, text


@pytest.mark.parametrize(
    ("text", "first", "second", "frac", "division", "units"),
    [
        ("sqrt(abs(x0))", "fixed<32,24>", "fixed<2,2>", 6, "auto", 1.0),
        ("sqrt(x0*x1)", "ufixed<16,12>", "ufixed<16,12>", 6, "auto", 1.0),
        ("1/sqrt(x0 + 0.001)", "ufixed<24,8>", "fixed<2,2>", 6, "auto", 1.0),
        ("x0*x1", "fixed<8,40>", "fixed<8,-40>", 6, "auto", 1.0),
        ("sqrt(x0 + x1)", "ufixed<32,24>", "ufixed<32,24>", 6, "exact", 0.50001),
        ("0.1/(x0 + 0.125)", "ufixed<14,3>", "fixed<2,2>", 6, "exact", 0.50001),
        ("1/(x0 + 0.1)", "ufixed<14,3>", "fixed<2,2>", 6, "exact", 0.50001),
        ("sqrt(x0 + 0.1)", "ufixed<14,3>", "fixed<2,2>", 6, "exact", 0.50001),
        ("(x0 + 0.1)/(x1 + 0.3)", "ufixed<8,3>", "ufixed<7,0>", 6, "exact", 0.50001),
        ("sin(x0 + x1)", "fixed<9,-1>", "fixed<13,3>", 4, "auto", 1.0),
        ("cos(x0)", "ufixed<8,-3>", "fixed<2,2>", 2, "auto", 0.50001),
    ],
)
def test_what_was_beyond_a_unit_is_within_what_is_stated(
    text: str, first: str, second: str, frac: int, division: str, units: float
) -> None:
    formats = Fixed.parse(first), Fixed.parse(second)
    design = compiled(text, formats, Precision(term_frac=frac, division=division, strict=True))
    assert design.errors[0] * 2.0**frac <= units
    assert worst_share(design, formats, 300, 1) <= 1.0
    assert design.errors[0] > 0.0


@pytest.mark.parametrize("division", ["auto", "exact"])
@pytest.mark.parametrize("text", ["1/(x0 + 1e-300)", "1/(x0 + x1 + 1e-300)", "x1/(x0 + 1e-30)"])
def test_a_divisor_that_cannot_be_told_from_0_is_refused(text: str, division: str) -> None:
    formats = Fixed.parse("ufixed<16,4>"), Fixed.parse("ufixed<16,4>")
    with pytest.raises((AccuracyError, DomainError), match=r"by max or min|guard it"):
        compiled(text, formats, Precision(division=division, strict=True))


def test_a_step_of_what_is_rounded_may_come_out_the_other_way_and_of_what_is_exact_not() -> None:
    formats = Fixed.parse("ufixed<8,3>"), Fixed.parse("ufixed<8,3>")
    (error,) = compiled("sqrt(x0) > x1", formats, Precision(strict=True)).errors
    assert error == pytest.approx(1.0, rel=1e-9)
    assert compiled("sqrt(x0) > x1 + 4", formats, Precision(strict=True)).errors == (0.0,)
    assert compiled("x0*x1 - 0.5*x0 > x1", formats, Precision(strict=True)).errors == (0.0,)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("x0*-0.089194026 + x0", "fixed<1,12>"),  # a coarse grid does not make the weight exact
        ("x0*1000000000000.5 + x0*9.313225746154785e-10", "fixed<4,4>"),  # 71 bits
        ("0.25*(x0*1000000000000.5 + x0*9.313225746154785e-10) + x1", "fixed<4,4>"),
        ("x0/(0.99 + 0.01)", "fixed<4,4>"),  # which float64 takes for 1
        ("1.0/(abs(-0.99) + 0.01)", "fixed<4,4>"),
        ("x0/(0.99 + 0.01) >= x0", "fixed<4,4>"),
        ("log(abs(-0.7) + 0.3)", "fixed<4,4>"),  # which float64 takes for 0, as the next ones
        ("0.7 + 0.3 - 1.0", "fixed<4,4>"),
        ("x0*log(0.7 + 0.3) + x1", "fixed<4,4>"),
        ("x0*0.7 + x0*0.3 - x0 + x1", "fixed<4,4>"),
        ("x1 + log(0.7 + 0.3) + 0.7 - 1.0 + 0.3", "fixed<4,4>"),
    ],
)
def test_weights_that_float64_rounds_are_within_what_is_stated(text: str, first: str) -> None:
    formats = Fixed.parse(first), Fixed.parse("fixed<2,2>")
    design = compiled(text, formats, Precision(term_frac=0, table_bits=0, strict=False))
    assert worst_share(design, formats, 20, 1) <= 1.0


@pytest.mark.parametrize(
    ("text", "frac", "units"),
    [
        ("where(x0*0.1 > 1, x0, 0)", 6, 0.5),
        ("floor(x0*0.7)", 6, 0.5),
        ("sign(x0 - 0.1*10)", 6, 0.5),
        ("x0/3*3 >= x0", 6, 0.5),  # which are equal
        ("floor(log2(x0 + 1))", 6, 0.5),
        ("floor(sqrt(x0*x0 + 2*x0 + 1))", 6, 0.5),
        ("square(x0 + 1e8) - square(1e8)", 6, 0.5),
        ("(exp(x0/64) + 1e9) - 1e9", 30, 0.5),
        ("sqrt(x0 + 1e15) - sqrt(1e15)", 40, 0.5),
        ("(exp(x0/64) + 1e60) - 1e60", 6, 0.5),
        ("exp(floor(-0.1*x0))", 12, 0.5),  # whose range begins at -26 for float64's sake only
        ("exp(log(x0 + 1)) >= x0 + 1", 6, 64.5),  # equal, which no precision tells
    ],
)
def test_entries_of_tables_are_right_at_steps_and_where_terms_cancel(
    text: str, frac: int, units: float
) -> None:
    formats = Fixed.parse("ufixed<8,8>"), Fixed.parse("fixed<2,2>")
    design = compiled(text, formats, Precision(term_frac=frac))
    assert design.errors[0] * 2.0**frac <= units + 1e-9
    assert worst_share(design, formats, 200, 1) <= 1.0


@pytest.mark.parametrize(
    "text",
    [
        "where(sin(x0) > 0.5, x1*x0, 0) + x1",
        "where(x0*x0 > 0.5, x1, -3)",
        "where(floor(exp(x0)) > 2, x1, 0)",
        "(2*(tanh(x0) > 0.3) + sign(cos(2*x0)))*x1",
    ],
)
def test_a_step_in_a_table_is_exact(text: str) -> None:
    formats = Fixed.parse("fixed<9,2>"), Fixed.parse("fixed<7,3>")
    design = compiled(text, formats, Precision(strict=True))
    assert design.errors[0] <= 2.0**-7 * (1 + 1e-9)
    assert worst_share(design, formats, 300, 1) <= 1.0


@pytest.mark.parametrize("comparison", [">=", ">", "<"])
@pytest.mark.parametrize("limit", [700.3, 724.1])
def test_a_root_of_more_bits_than_float64_has_is_compared_as_is_stated(
    comparison: str, limit: float
) -> None:
    """On the codes next to the limit's square."""
    texts = ["ufixed<34,10>", "ufixed<34,10>", "ufixed<35,-13>"]
    formats = [Fixed.parse(text) for text in texts]
    expression = parse(f"where(sqrt(x0*x1 + x2) {comparison} {limit}, 1, 0)", ("x0", "x1", "x2"))
    design = compile_expression(expression, formats, MODEL, Precision(), name="top")
    exact, factor = Fraction(limit) ** 2, formats[1].raw_max
    for place in range(-3, 4):
        raw = math.floor(exact * 2**48) + place
        found = design.graph.evaluate(np.array([[raw // factor, factor, raw % factor]], object))
        rule = {">=": operator.ge, ">": operator.gt, "<": operator.lt}[comparison]
        assert abs(int(found[0, 0]) - rule(Fraction(raw, 2**48), exact)) <= design.errors[0]


@pytest.mark.parametrize(
    ("text", "second"),
    [
        ("where(x0*0.1 > 1, x0, 0)", "ufixed<1,1>"),  # true for 10 alone, where float64 has 1 > 1
        ("where(x0*x1*0.1 > 1, x0, 0)", "ufixed<1,1>"),
        ("where(x0*0.1 + x1*0.1 > 1.1, x0, 0)", "ufixed<1,1>"),
        ("x0 + where(0.1*10 > 1, 3, 0)", "ufixed<1,1>"),
    ],
)
@pytest.mark.parametrize("table_bits", [12, 0])
def test_choices_are_decided_by_ranges_rounded_outward(
    text: str, second: str, table_bits: int
) -> None:
    formats = [Fixed.parse("ufixed<4,4>"), Fixed.parse(second)]
    design = compile_expression(
        parse(text, ("x0", "x1")), formats, MODEL, Precision(table_bits=table_bits), name="top",
        ranges=[Interval(0.0, 10.0), Interval(0.0, 1.0)],
    )  # fmt: skip
    (out,) = design.graph.evaluate([[10, 1]])
    found = distances(
        [to_text(parse(text, ("x0", "x1")))], ("x0", "x1"), [(10, 0), (1, 0)],
        [(int(out[0]), design.graph.output_formats[0].frac)],
    )  # fmt: skip
    assert found[0] <= design.errors[0]


_CANCELLED = "(sqrt(2) - 1.41421356237309)*1e14"  # 0.5049, of which float64 computes 0.5107


@pytest.mark.parametrize("division", ["auto", "exact"])
@pytest.mark.parametrize("table_bits", [12, 0])
@pytest.mark.parametrize(
    "text",
    [
        "({c}*x0)*x1", "x0/({c}*(x1 + 9))", "sin({c}*x0)", "exp({c}*x0)", "sin({c}*x0*x1)",
        "x0*x1/{c} + 0.3*(x0*({c}*x1))", "0.1*(x0*0.3*x1*0.7) + x1", "square({c}*x0)*x1",
        "x0*log(0.7 + 0.3)*1e15*x1", "tanh(x0)*({c}*x1)", "cube({c}*(x0 + x1))",
        "clip({c}, -2, 2)/(abs(x0) + 0.5)", "log(0.7 + 0.3)*(floor(log(0.7 + 0.3) + x0))*(x0 - x1)",
        "where(sqrt(x0 + 8) > 0.1*10, x1, 0)", "(abs(x0) >= 0.7 + 0.3 - 1e-17)*x1",
    ],
)  # fmt: skip
def test_computed_constants_in_products_are_within_what_is_stated(
    text: str, table_bits: int, division: str
) -> None:
    formats = Fixed.parse("fixed<8,4>"), Fixed.parse("fixed<8,4>")
    precision = Precision(table_bits=table_bits, division=division)
    design = compiled(text.format(c=_CANCELLED), formats, precision)
    assert worst_share(design, formats, 40, 1) <= 1.0


def test_a_design_with_stated_widths_states_no_error() -> None:
    formats = Fixed.parse("fixed<8,3>"), Fixed.parse("fixed<8,3>")
    plain = compiled("x0*x1 + x0", formats, Precision(strict=True))
    node = next(k for k, n in enumerate(plain.graph.nodes) if n.op is GOp.MUL)
    width = Width(node, Fixed(8, 2), overflow=Overflow.WRAP)
    narrowed = compile_expression(
        plain.expression, list(formats), MODEL, Precision(strict=True), name="top", widths=[width]
    )
    assert plain.errors and narrowed.errors == ()


def test_a_constant_beyond_float64_is_said_without_an_input() -> None:
    with pytest.raises(DomainError, match=r"^exp\(1000\) is no finite number$"):
        compiled("exp(1000)", (Fixed(8, 4), Fixed(8, 4)), Precision(strict=True))


@pytest.mark.parametrize("text", ["x0*1e-300*1e-300", "x0*x1*1e-300*1e-300"])
def test_constant_factors_beyond_float64_are_said(text: str) -> None:
    with pytest.raises(DomainError, match=r"constant factors of .* have a product beyond"):
        compiled(f"({text})*1e300*1e300", (Fixed(8, 4), Fixed(8, 4)), Precision(table_bits=0))


@pytest.mark.parametrize(
    "text", ["tan(x0*0.05*x1 + 2.4)", "tan(0.05*x0*x1 + 2.4 + 0.013*x0)", "tan(x0*0.01*x1 - 4.4)"]
)
def test_tangents_of_other_branches_keep_their_bounds(text: str) -> None:
    formats = [Fixed(6, 3), Fixed(6, 3)]
    assert worst_share(compiled(text, formats, Precision()), formats, 4000, 1) <= 1.0


@pytest.mark.parametrize(
    ("op", "function", "place", "error"),
    [
        (Op.ACOS, mpmath.acos, 1.0, 1e-17),
        (Op.ACOS, mpmath.acos, -1.0, 1e-30),
        (Op.ASIN, mpmath.asin, 1.0, 1e-17),
        (Op.ACOSH, mpmath.acosh, 1.0, 1e-17),
        (Op.TANH, mpmath.tanh, 25.0, 1.0),
        (Op.TANH, mpmath.tanh, -40.0, 2.0),
        (Op.SIGMOID, lambda x: 1 / (1 + mpmath.exp(-x)), 45.0, 1.0),
        (Op.ATANH, mpmath.atanh, 1 - 2.0**-50, 2.0**-52),
    ],
)
def test_small_errors_and_flat_slopes_are_no_zero(
    op: Op, function: Callable[[mpmath.mpf], mpmath.mpf], place: float, error: float
) -> None:
    inward = -error if place > 0 else error
    with mpmath.workdps(80):
        ends = [mpmath.mpf(place), mpmath.mpf(place) + inward]
        true = abs(function(ends[0]) - function(ends[1]))
        span = Interval(*sorted(float(end) for end in ends))
        bound = total(moved(op, [span], [error], Interval(-10.0, 10.0)))
        assert true <= bound <= 5 * true


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("tanh(0.512*x0 + 0.713*x1)", 2.5),
        ("sin(0.512*x0 + 0.713*x1)", 2.5),
        ("exp(-abs(0.512*x0 + 0.713*x1))", 2.5),
        ("sqrt(x0*x0 + x1*x1 + 0.3)", 2.5),
    ],
)
def test_a_signal_that_rounding_moves_beyond_its_range_costs_little(
    text: str, units: float
) -> None:
    """At the ends of the range what the unit makes of such a signal is looked at, code by code."""
    formats = Fixed(12, 9), Fixed(12, 9)
    design = compiled(text, formats, Precision(term_frac=6))
    assert not design.units[-1].method.startswith("table")  # but pieces, which go on
    assert design.errors[0] * 2.0**6 <= units
    assert worst_share(design, formats, 300, 1) <= 1.0


@pytest.mark.parametrize("text", ["1/(x0*x1 + 0.001)*1e-5", "x0*1e-6/(x0*x1 + 0.001)"])
def test_a_divisor_is_not_widened_beyond_its_pole(text: str) -> None:
    formats = Fixed(14, 11, signed=False), Fixed(14, 11, signed=False)
    for frac in (1, 3, 6):
        design = compiled(text, formats, Precision(term_frac=frac, strict=True))
        assert worst_share(design, formats, 100, 1) <= 1.0
