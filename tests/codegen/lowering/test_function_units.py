"""Function units: their error bounds hold on every code."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import mpmath
import numpy as np
import pytest
from expression_samples import random_expression
from hypothesis import given, settings
from hypothesis import strategies as st
from unit_model import UnitModel

from symtick.codegen import Design, Fixed, GOp, Precision, compile_expression
from symtick.codegen.functions.range_reduction import rate
from symtick.codegen.functions.taylor import taylor
from symtick.codegen.functions.univariate import Univariate, section
from symtick.codegen.ir.graph import GraphBuilder
from symtick.codegen.lowering.function_units import FunctionUnits
from symtick.errors import AccuracyError
from symtick.expr import Builder, Interval, Op, parse

MODEL = UnitModel()
seeds = st.integers(0, 2**32)


def univariate(text: str, lo: float = -100.0, hi: float = 100.0) -> Univariate:
    expression = parse(text, ("v",))
    return section(expression, expression.outputs[0], None, Interval(lo, hi))


def compiled(text: str, fmt: str, frac: int, **options: object) -> Design:
    precision = Precision(term_frac=frac, **options)  # type: ignore[arg-type]
    return compile_expression(parse(text), [Fixed.parse(fmt)], MODEL, precision, name="top")


# --- enclosures ----------------------------------------------------------------------------------


@given(seeds)
@settings(max_examples=60, deadline=None)
def test_taylor_coefficients_are_enclosed(seed: int) -> None:
    random = Random(seed)
    expression = random_expression(random, inputs=1, depth=3)
    function = section(expression, expression.outputs[0], None, Interval(-4.0, 4.0))
    edges = np.linspace(-2.0, 2.0, 9)
    with mpmath.workprec(200):
        jet = function.taylor(edges[:-1], edges[1:], 3)
        for piece in range(8):
            at = random.uniform(edges[piece], edges[piece + 1])
            whole = [(b.lo[piece % b.lo.size], b.hi[piece % b.lo.size]) for b in jet]
            if not np.isfinite(whole).all():
                continue
            found = mpmath.taylor(lambda v: function.exact([v], 2000)[0], at, 3)
            for (low, high), value in zip(whole, found, strict=True):
                slack = 1e-12 * (1.0 + abs(value))
                assert low - slack <= value <= high + slack


def test_a_kink_and_a_pole_have_no_bound() -> None:
    ends = np.array([-1.0, 0.5]), np.array([1.0, 1.0])
    for text in ("abs(v)", "1/v", "log(v)", "sqrt(v)", "max(v, 0.1) + min(v, -0.1)"):
        expression = parse(text, ("v",))
        curvature = taylor(expression, *ends, 2)[2].size
        assert curvature[0] == np.inf, text
        assert curvature[1] < 10.0, text


# --- rounding ------------------------------------------------------------------------------------


def test_entries_next_to_a_half_are_decided_exactly() -> None:
    halves = np.array([0.5, 1.5, -0.5, 2.5])
    assert univariate("v").entries(halves, 0).raw.tolist() == [1, 2, 0, 3]
    # what float64 rounds to these, from either side
    for text, raw in (("v - 1e-17", [0, 1, -1, 2]), ("v + 1e-17", [1, 2, 0, 3])):
        assert univariate(text).entries(halves, 0).raw.tolist() == raw
    assert univariate("v + exp(-60)").entries(halves - 0.5, 1).raw.tolist() == [0, 2, -2, 4]


def test_entries_have_any_size() -> None:
    points = np.array([0.0, 1.0, 30.0, 90.0, 100.0])
    found = univariate("exp(v)").entries(points, 40).raw
    with mpmath.workprec(400):
        assert found.tolist() == [int(mpmath.floor(mpmath.exp(p) * 2**40 + 0.5)) for p in points]


@pytest.mark.parametrize("text", ["exp(x0)", "sin(x0)", "x0*x0/3", "1/(x0 + 9)"])
def test_table_entries_are_correctly_rounded(text: str) -> None:
    design = compiled(text, "fixed<9,4>", 12)
    codes = np.arange(-256, 256)
    got = design.graph.evaluate(codes[:, None])[:, 0]
    frac = design.graph.output_formats[0].frac
    function = univariate(text.replace("x0", "v"))
    for value, raw in zip(function.exact(np.ldexp(codes.astype(float), -5)), got, strict=True):
        assert abs(mpmath.ldexp(value, frac) - int(raw)) <= 0.5


# --- reductions ----------------------------------------------------------------------------------


def test_the_rate_of_an_exponential_of_shared_lines_is_exact() -> None:
    builder = Builder(("v",))
    line = builder.input(0)
    for _ in range(60):  # 2**60 ways from the output to the input
        line = builder.op(Op.ADD, line, builder.op(Op.MUL, builder.const(0.25), line))
    expression = builder.build([builder.op(Op.EXP, line)])
    assert rate(Univariate(expression, Interval(-1.0, 1.0))) == Fraction(5, 4) ** 60
    assert rate(univariate("exp(2*v - v/4)/exp(v)*3")) == Fraction(3, 4)
    assert rate(univariate("exp(v*v)")) is None


# --- bounds --------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [14, 20, 32])
@pytest.mark.parametrize("bits", [8, 11])
@pytest.mark.parametrize("text", ["exp(v)", "sin(3.0*v)", "tanh(v)", "1.0/(v*v + 0.5)"])
def test_units_keep_their_bound(width: int, bits: int, text: str) -> None:
    builder = GraphBuilder(("a",))
    functions = FunctionUnits(builder, MODEL)
    node = builder.input(0, Fixed(width, width - 2))
    function = univariate(text, -2.0, 2.0)
    made = functions.made(node, bits, function, 10)
    assert all(n.op is not GOp.TABLE or len(n.contents) <= 1 << bits for n in builder.nodes)
    raw = np.random.default_rng(0).integers(-(2 ** (width - 1)), 2 ** (width - 1), 20000)
    raw[:2] = -(2 ** (width - 1)), 2 ** (width - 1) - 1
    if width <= 14:
        raw = np.arange(-(2 ** (width - 1)), 2 ** (width - 1))
    graph = builder.build([made], ["y"])
    got = graph.output_formats[0].to_real(graph.evaluate(raw[:, None])[:, 0])
    worst = np.abs(got - function.values(np.ldexp(raw.astype(float), 2 - width))).max()
    (unit,) = functions.of([made])
    assert worst <= unit.ulp * 2.0**-10 <= 2.0**-10
    assert unit.frac == 10 and unit.text == text


@pytest.mark.parametrize(("bits", "frac"), [(5, 8), (6, 10), (8, 10), (6, 14)])
@pytest.mark.parametrize(
    ("text", "lo", "hi"),
    [("exp(v)", -2.0, 0.3), ("exp(v)", 0.1, 1.37), ("sin(v)", -0.3, 1.7), ("log(v)", 0.4, 3.9),
     ("tanh(2.0*v)", -0.1, 0.13), ("1.0/(v + 2.5)", -1.1, 0.1)],
)  # fmt: skip
def test_units_keep_their_bound_where_a_signal_can_leave_the_domain(
    text: str, lo: float, hi: float, bits: int, frac: int
) -> None:
    builder = GraphBuilder(("a",))
    functions = FunctionUnits(builder, MODEL)
    node = builder.input(0, Fixed(14, 11))
    function = univariate(text, lo, hi)
    made = functions.made(node, bits, function, frac)
    graph = builder.build([made], ["y"])
    raw = np.arange(-(2**13), 2**13)
    points = np.ldexp(raw.astype(float), -11)
    got = graph.output_formats[0].to_real(graph.evaluate(raw[:, None])[:, 0])
    worst = np.abs(got - function.values(points))
    (unit,) = functions.of([made])
    inside = (points >= lo) & (points <= hi)
    assert worst[inside].max() <= unit.ulp * 2.0**-frac <= 2.0**-frac
    # a little beyond, where rounding can take the signal, it goes on: no value wraps
    near = (points > lo - 2.0**-9) & (points < hi + 2.0**-9) & ~inside
    steepest = np.abs(np.diff(function.values(points))).max() * 2.0**11
    assert worst[near].max() <= 2.0**-frac + 2.0 * steepest * 2.0**-9


def test_what_no_method_computes_is_refused() -> None:
    builder = GraphBuilder(("a",))
    functions = FunctionUnits(builder, MODEL)
    node = builder.input(0, Fixed(20, 18))
    kink = univariate("abs(v - 0.01)")
    assert not functions.fits(node, 6, kink, 10, 3)
    with pytest.raises(AccuracyError, match=r"abs\(v - 0.01\) of a signal v in fixed<20,2> cannot"):
        functions.made(node, 6, kink, 10)


def test_accuracies_beyond_float64_are_kept() -> None:
    design = compiled("exp(x0)", "fixed<40,2>", 40)
    raw = np.random.default_rng(1).integers(-(2**39), 2**39, 300)
    out = design.graph.evaluate(raw[:, None])[:, 0]
    frac = design.graph.output_formats[0].frac
    with mpmath.workprec(120):
        for code, value in zip(raw.tolist(), out.tolist(), strict=True):
            exact = mpmath.exp(mpmath.ldexp(code, -38))
            assert abs(mpmath.ldexp(int(value), -frac) - exact) <= mpmath.ldexp(1, -40)
