"""Division and square root, digit by digit: exact in every mode, against integers."""

from __future__ import annotations

from fractions import Fraction
from math import isqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symtick.codegen import Fixed, GraphBuilder, Quant
from symtick.codegen.functions.digit_recurrence import divide, square_root
from symtick.codegen.ir.fixed import Overflow, cast_raw

quants = st.sampled_from(list(Quant))


def nearest(value: Fraction, quant: Quant) -> int:
    """An exact value as an integer in a mode: all that matters of its fraction is in two bits."""
    whole = value.numerator // value.denominator
    rest = value - whole
    code = (rest > 0) + (rest >= Fraction(1, 2)) + (rest > Fraction(1, 2))
    return int(cast_raw(np.array([4 * whole + code], object), 2, Fixed(100, 0), quant,
                        Overflow.WRAP)[0])  # fmt: skip


@st.composite
def formats(draw: st.DrawFn) -> Fixed:
    width = draw(st.integers(1, 6))
    return Fixed(width, draw(st.integers(-3, 8)), draw(st.booleans()) and width > 1)


@given(formats(), formats(), st.integers(-3, 9), quants, st.booleans())
@settings(max_examples=80, deadline=None)
def test_every_quotient_is_exact(
    above: Fixed, below: Fixed, frac: int, quant: Quant, negative: bool
) -> None:
    builder = GraphBuilder(("a", "b"))
    low, high = (below.raw_min, -1) if below.signed and negative else (1, below.raw_max)
    if low > high:
        return
    a, b = builder.input(0, above), builder.input(1, below, low, high)
    made = divide(builder, a, b, frac, quant)
    assert builder.nodes[made].fmt.frac == frac
    graph = builder.build([made], ["q"])
    graph.check()
    pairs = np.array([(p, q) for p in range(above.raw_min, above.raw_max + 1)
                      for q in range(low, high + 1)])  # fmt: skip
    found = graph.evaluate(pairs)[:, 0]
    for (p, q), got in zip(pairs.tolist(), found.tolist(), strict=True):
        exact = Fraction(p, q) * Fraction(2) ** (below.frac - above.frac + frac)
        assert got == nearest(exact, quant)


@pytest.mark.parametrize("quant", list(Quant))
@pytest.mark.parametrize(
    ("width", "frac_in", "frac"),
    [(9, 5, 3), (8, 3, 6), (7, -2, 1), (9, 8, 0), (6, 6, 0), (6, 8, 0)],
)
def test_every_root_is_exact(width: int, frac_in: int, frac: int, quant: Quant) -> None:
    builder = GraphBuilder(("a",))
    made = square_root(builder, builder.input(0, Fixed(width, frac_in, False)), frac, quant)
    assert builder.nodes[made].fmt.frac == frac
    graph = builder.build([made], ["r"])
    graph.check()
    codes = np.arange(1 << width)
    for code, got in zip(
        codes.tolist(), graph.evaluate(codes[:, None])[:, 0].tolist(), strict=True
    ):
        # four times the root, cut, and whether anything is left: all that a rounding asks
        square = Fraction(code) * Fraction(2) ** (2 * frac - frac_in)
        quarters = isqrt(16 * square.numerator // square.denominator)
        left = Fraction(quarters, 4) ** 2 != square
        assert got == nearest(Fraction(2 * quarters + left, 8), quant)


@pytest.mark.parametrize("width", [24, 32, 48])
def test_wide_quotients_and_roots_are_exact(width: int) -> None:
    rng = np.random.default_rng(width)
    builder = GraphBuilder(("a", "b"))
    fmt = Fixed(width, width // 2, False)
    a, b = builder.input(0, fmt), builder.input(1, fmt, 1, fmt.raw_max)
    nodes = [divide(builder, a, b, width // 2, Quant.TRN), square_root(builder, a, width // 2)]
    raw = rng.integers(1, 1 << width, (200, 2))
    raw[:4] = [(1, 1), (fmt.raw_max, 1), (1, fmt.raw_max), (fmt.raw_max, fmt.raw_max)]
    found = builder.build(nodes, ["q", "r"]).evaluate(raw).tolist()
    for (p, q), (quotient, root) in zip(raw.tolist(), found, strict=True):
        assert quotient == (p << width // 2) // q
        assert root == (isqrt(4 * (p << width // 2)) + 1) // 2
