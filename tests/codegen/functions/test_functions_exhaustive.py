"""Every unary function of the language on every code: correctly rounded, or within its bound."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from unit_model import UnitModel

from symtick.codegen import Design, Fixed, Overflow, Precision, Quant, compile_expression
from symtick.expr import OPS, Interval, parse, to_sympy

MODEL = UnitModel()
SIGNED = (
    "sin(x0)", "cos(x0)", "exp(x0)", "tanh(x0)", "square(x0)", "cube(x0)", "abs(x0)", "-x0",
    "sinh(x0)", "cosh(x0)", "tan(x0/3)", "asin(x0/8)", "acos(x0/8)", "atan(x0)",
    "asinh(x0)", "erf(x0)", "atanh(x0/8)", "expm1(x0)", "sigmoid(x0)", "sign(x0)", "floor(x0)",
)  # fmt: skip
POSITIVE = (
    "sqrt(x0)",
    "log(x0)",
    "1/x0",
    "log1p(x0)",
    "log2(x0)",
    "acosh(x0 + 1)",
    "x0**1.5",
    "x0**-0.7",
)
EVERY = (*SIGNED, *POSITIVE)


def alone(text: str, width: int, frac: int, **options: Any) -> Design:
    """A function by itself, over three integer bits; positive arguments from 1/8 on."""
    fmt = Fixed(width, width - 3, text in SIGNED)
    ranges = None if text in SIGNED else [Interval(0.125, fmt.hi)]
    precision = Precision(term_frac=frac, **options)
    return compile_expression(
        parse(text, ("x0",)), [fmt], MODEL, precision, name="top", ranges=ranges
    )


def compared(design: Design, width: int, codes: np.ndarray | None = None) -> tuple[Any, Any]:
    """Results and real values on every code, as reals in float64."""
    (node,) = (n for n in design.graph.nodes if n.op.value == "input")
    raw = np.arange(node.lo, node.hi + 1) if codes is None else codes.clip(node.lo, node.hi)
    found = design.graph.output_formats[0].to_real(design.graph.evaluate(raw[:, None])[:, 0])
    real = np.ldexp(raw.astype(float), 3 - width)
    return found, design.expression.evaluate(real[:, None])[:, 0]


def test_every_unary_operator_is_here() -> None:
    used = {n.op for text in EVERY for n in parse(text, ("x0",)).nodes}
    assert {op for op, spec in OPS.items() if spec.arity == 1} <= used


@pytest.mark.parametrize("width", [8, 10, 12])
@pytest.mark.parametrize("text", EVERY)
def test_narrow_functions_are_correctly_rounded(text: str, width: int) -> None:
    design = alone(text, width, width - 3)
    found, wanted = compared(design, width)
    gap = np.abs(found - wanted) * 2.0 ** (width - 3)
    assert gap.max() <= 0.5 + 1e-9
    exact = sympy.lambdify([sympy.Symbol("x0")], to_sympy(design.expression), "mpmath")
    (node,) = (n for n in design.graph.nodes if n.op.value == "input")
    with mpmath.workprec(120):
        for place in np.flatnonzero(gap > 0.5 - 1e-6):
            value = exact(mpmath.ldexp(node.lo + int(place), 3 - width))
            assert abs(mpmath.mpf(found[place]) - value) <= mpmath.ldexp(1, 2 - width)


@pytest.mark.parametrize("width", [8, 10, 12])
@pytest.mark.parametrize("text", EVERY)
def test_functions_without_whole_tables_keep_their_bound(text: str, width: int) -> None:
    _keeps_its_bound(text, width, table_bits=width - 2)


@pytest.mark.slow
@pytest.mark.parametrize("text", EVERY)
def test_sixteen_bits_keep_their_bound(text: str) -> None:
    _keeps_its_bound(text, 16)


def _keeps_its_bound(text: str, width: int, **options: Any) -> None:
    frac = width - 3
    design = alone(text, width, frac, **options)
    found, wanted = compared(design, width)
    worst = float(np.abs(found - wanted).max()) * 2.0**frac
    promised = sum(unit.ulp * 2.0 ** (frac - unit.frac) for unit in design.units)
    assert worst <= (promised or 0.5) + 1e-6
    assert promised <= 1.0


@pytest.mark.parametrize(
    ("text", "width"), [("exp(x0)", 24), ("sqrt(x0)", 32), ("log(x0)", 24), ("tanh(x0)", 48)]
)
def test_wide_functions_keep_their_bound(text: str, width: int) -> None:
    design = alone(text, width, 20)
    codes = np.random.default_rng(3).integers(-(2 ** (width - 1)), 2 ** (width - 1), 3000)
    found, wanted = compared(design, width, codes)
    (unit,) = design.units
    assert np.abs(found - wanted).max() * 2.0**20 <= unit.ulp + 1e-3 <= 1.001


@pytest.mark.parametrize("quant", [Quant.TRN, Quant.TRN_ZERO, Quant.RND, Quant.RND_CONV])
def test_a_quotient_is_exact_to_the_last_bit_where_asked(quant: Quant) -> None:
    fmt, out = Fixed(7, 3), Fixed(12, 5)
    precision = Precision(output=out, quant=quant, overflow=Overflow.WRAP, division="exact")
    spans = [Interval(fmt.lo, fmt.hi), Interval(0.5, fmt.hi)]
    design = compile_expression(parse("x0/x1"), [fmt] * 2, MODEL, precision, name="q", ranges=spans)
    pairs = np.array([(a, b) for a in range(-64, 64) for b in range(4, 64)])
    found = design.graph.evaluate(pairs)[:, 0]
    # 2**40 times the quotient, cut, and a bit for what is left
    scaled = [((a << 40) // b) * 2 + bool((a << 40) % b) for a, b in pairs.tolist()]
    wanted = [int(v) for v in _cast(scaled, out, quant)]
    assert found.tolist() == wanted


def _cast(raw: list[int], fmt: Fixed, quant: Quant) -> np.ndarray:
    from symtick.codegen.ir.fixed import cast_raw

    return np.asarray(cast_raw(np.array(raw, object), 41, fmt, quant, Overflow.WRAP))


def test_what_a_table_cannot_divide_is_divided_digit_by_digit() -> None:
    text = "x0/(square(x0 + x1) + 0.001)"
    fmt = Fixed(10, 6)
    expression = parse(text)
    precision = Precision(term_frac=4, wide_bits=4)
    design = compile_expression(expression, [fmt] * 2, MODEL, precision, name="q")
    raw = np.random.default_rng(5).integers(-512, 512, (3000, 2))
    found = design.graph.output_formats[0].to_real(design.graph.evaluate(raw)[:, 0])
    wanted = expression.evaluate(raw / 64.0)[:, 0]
    assert np.abs(found - wanted).max() <= 2.0**-3


@pytest.mark.parametrize("text", ["asin(x0/4)", "acos(x0/4)"])
def test_an_infinite_slope_at_the_end_of_the_range_keeps_its_bound(text: str) -> None:
    precision = Precision(term_frac=6, table_bits=8)
    design = compile_expression(parse(text), [Fixed(10, 7)], MODEL, precision, name="top")
    found, wanted = compared(design, 10)
    (unit,) = design.units
    assert np.abs(found - wanted).max() * 2.0**6 <= unit.ulp + 1e-6 <= 1.0
