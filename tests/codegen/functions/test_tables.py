"""Small parts of the compiler: constants, addresses, tables and chords."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit_model import UnitModel

from symtick.codegen import Fixed, GOp, GraphBuilder
from symtick.codegen.functions.tables import address, tabled
from symtick.codegen.functions.univariate import Univariate
from symtick.codegen.ir.arrival import Arrivals, Delay, ready_after
from symtick.codegen.ir.rewrite import spread
from symtick.codegen.ir.signed_digits import quantised, signed_digits
from symtick.errors import DomainError, InputError
from symtick.expr import Interval, parse

whole = st.integers(-(2**40), 2**40)


@given(whole)
def test_signed_digits_are_canonical(raw: int) -> None:
    digits = signed_digits(raw)
    assert sum(digit << exponent for exponent, digit in digits) == raw
    places = [exponent for exponent, _ in digits]
    assert all(b - a >= 2 for a, b in pairwise(places))
    assert len(digits) <= bin(abs(raw)).count("1")


@given(st.floats(-1e6, 1e6), st.integers(-10, 40))
def test_a_constant_is_within_its_tolerance(value: float, bits: int) -> None:
    tolerance = math.ldexp(1.0, -bits)
    raw, frac = quantised(value, tolerance)
    assert abs(Fraction(raw) / Fraction(2) ** frac - Fraction(value)) <= tolerance
    exact = round(value * 2 ** max(bits, 0))
    assert len(signed_digits(raw)) <= len(signed_digits(exact)) + 1


@pytest.mark.parametrize(("value", "tolerance"), [(math.nan, 1.0), (math.inf, 1.0), (1.0, 0.0)])
def test_a_constant_needs_a_value_and_a_tolerance(value: float, tolerance: float) -> None:
    with pytest.raises(InputError, match="a constant must be finite"):
        quantised(value, tolerance)


@given(st.data(), st.integers(1, 9), st.integers(-3, 12))
@settings(max_examples=150)
def test_an_address_tells_codes_apart_and_stands_for_them(
    data: st.DataObject, bits: int, frac: int
) -> None:
    fmt = Fixed(data.draw(st.integers(1, 12)), frac, data.draw(st.booleans()))
    lo = data.draw(st.integers(fmt.raw_min, fmt.raw_max))
    hi = data.draw(st.integers(lo, fmt.raw_max))
    builder = GraphBuilder(("a",))
    node = builder.input(0, fmt, lo, hi)
    at = address(builder, node, bits)
    held = builder.nodes[at.node]
    assert held.fmt.width <= max(bits, 1)
    codes = np.arange(lo, hi + 1)
    graph = builder.build([at.node], ["y"])
    pattern = graph.evaluate(codes[:, None])[:, 0] & ((1 << held.fmt.width) - 1)
    place = (pattern - at.lo) % (1 << held.fmt.width)
    assert place.max() < len(at.points)
    real = np.ldexp(codes.astype(float), -frac)
    assert (np.abs(at.points[place] - real) <= at.step / 2).all()
    if (hi - lo).bit_length() <= bits:
        assert at.step == 0.0


@given(st.integers(1, 6), st.data())
def test_every_pattern_takes_the_nearest_code(width: int, data: st.DataObject) -> None:
    size = 1 << width
    lo = data.draw(st.integers(-size // 2, size // 2 - 1))
    count = data.draw(st.integers(1, size))
    entries = spread(np.arange(100, 100 + count), lo, width).tolist()
    for pattern, entry in enumerate(entries):
        apart = {k: min((pattern - lo - k) % size, (lo + k - pattern) % size) for k in range(count)}
        assert apart[entry - 100] == min(apart.values())


def _function(text: str) -> Univariate:
    return Univariate(parse(text, ("v",)), Interval(0.0, 7.0))


def test_a_table_stores_no_common_zeros_and_no_constants() -> None:
    builder = GraphBuilder(("a",))
    at = address(builder, builder.input(0, Fixed(3, 0, False)), 3)
    steps = tabled(builder, at, _function("4*floor(v/4)"), 6)
    assert str(builder.nodes[steps.node].fmt) == "ufixed<1,3>"
    assert steps.error == 0.0
    flat = tabled(builder, at, _function("0*v + 0.3"), 2)
    assert builder.nodes[flat.node].op is GOp.CONST
    with pytest.raises(DomainError, match=r"reaches 1e\+30, with 2 bits after the point over"):
        tabled(builder, at, _function("0*v + 1e30"), 2)
    with pytest.raises(DomainError, match="reaches 1, with 56 bits after the point over the limit"):
        tabled(builder, at, _function("0*v + 1"), 56)
    with pytest.raises(DomainError, match="is not finite for an argument in"):
        tabled(builder, at, _function("log(v - 3)"), 2)


def test_readiness_chains_until_the_budget_is_spent() -> None:
    assert ready_after([], Delay(1.0), 4.0) == (0, 1.0)
    assert ready_after([(0, 1.0), (0, 3.0)], Delay(1.0), 4.0) == (0, 4.0)
    assert ready_after([(0, 3.5)], Delay(1.0), 4.0) == (1, 1.0)
    assert ready_after([(2, 0.5), (0, 3.9)], Delay(1.0), 4.0) == (2, 1.5)
    builder = GraphBuilder(("a",))
    watch = Arrivals(builder.view(), UnitModel())
    x = builder.input(0, Fixed(4, 0))
    square = builder.op(GOp.MUL, x, x)
    assert watch.ready(square) == (0, 2.0)
    assert watch.ready(builder.op(GOp.MUL, square, builder.op(GOp.NEG, square))) == (1, 2.0)
