"""Formats and casts against exact rational arithmetic."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symtick.codegen import Fixed, Overflow, Quant, StatedFormat, cast_raw, read_format
from symtick.errors import InputError, WidthError

formats = st.builds(Fixed, st.integers(1, 48), st.integers(-20, 60), st.booleans())
quants = st.sampled_from(list(Quant))
overflows = st.sampled_from(list(Overflow))


def rounded(value: Fraction, quant: Quant) -> int:
    """The modes as UG1399 words them, on rationals."""
    low = math.floor(value)
    rest = value - low
    if rest == 0:
        return low
    if quant is Quant.TRN:
        return low
    if quant is Quant.TRN_ZERO:
        return low if value > 0 else low + 1
    if rest != Fraction(1, 2):
        return low if rest < Fraction(1, 2) else low + 1
    return {
        Quant.RND: low + 1,
        Quant.RND_MIN_INF: low,
        Quant.RND_ZERO: low if value > 0 else low + 1,
        Quant.RND_INF: low + 1 if value > 0 else low,
        Quant.RND_CONV: low if low % 2 == 0 else low + 1,
    }[quant]


def limited(raw: int, fmt: Fixed, overflow: Overflow) -> int:
    if overflow is Overflow.WRAP:
        return (raw - fmt.raw_min) % 2**fmt.width + fmt.raw_min
    if fmt.raw_min <= raw <= fmt.raw_max:
        symmetric = overflow is Overflow.SAT_SYM and fmt.signed and raw == fmt.raw_min
        return -fmt.raw_max if symmetric else raw
    if overflow is Overflow.SAT_ZERO:
        return 0
    low = -fmt.raw_max if overflow is Overflow.SAT_SYM and fmt.signed else fmt.raw_min
    return fmt.raw_max if raw > fmt.raw_max else low


@given(
    st.lists(st.integers(-(2**60), 2**60), min_size=1, max_size=8),
    st.integers(-30, 90),
    formats,
    quants,
    overflows,
)
def test_a_cast_is_what_the_standard_says(
    raw: list[int], frac: int, fmt: Fixed, quant: Quant, overflow: Overflow
) -> None:
    wanted = [
        limited(rounded(Fraction(v) / Fraction(2) ** (frac - fmt.frac), quant), fmt, overflow)
        for v in raw
    ]
    assert cast_raw(raw, frac, fmt, quant, overflow).tolist() == wanted
    assert cast_raw(np.array(raw, object), frac, fmt, quant, overflow).tolist() == wanted


@given(st.integers(-(2**200), 2**200), st.integers(0, 150), quants, overflows)
def test_a_cast_of_wide_integers_is_exact(
    raw: int, frac: int, quant: Quant, overflow: Overflow
) -> None:
    fmt = Fixed(100, 40)
    found = cast_raw(np.array([raw], object), frac, fmt, quant, overflow)
    exact = rounded(Fraction(raw) / Fraction(2) ** (frac - 40), quant)
    assert found.tolist() == [limited(exact, fmt, overflow)]


@pytest.mark.parametrize("kind", ["u1", "i1", "i2", "u4", "i8"])
def test_small_integer_types_do_not_overflow(kind: str) -> None:
    raw = np.array([100], kind)
    assert cast_raw(raw, 0, Fixed(40, 20), Quant.TRN, Overflow.WRAP).tolist() == [100 << 20]


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=6),
    formats,
    quants,
    overflows,
)
def test_floats_convert_exactly(
    values: list[float], fmt: Fixed, quant: Quant, overflow: Overflow
) -> None:
    wanted = [
        limited(rounded(Fraction(v) * Fraction(2) ** fmt.frac, quant), fmt, overflow)
        for v in values
    ]
    assert fmt.to_raw(values, quant, overflow).tolist() == wanted


@given(st.data(), formats, quants, overflows)
def test_floats_near_the_steps_convert_exactly(
    data: st.DataObject, fmt: Fixed, quant: Quant, overflow: Overflow
) -> None:
    eighths = data.draw(st.integers(8 * fmt.raw_min - 20, 8 * fmt.raw_max + 20))
    value = math.ldexp(eighths, -fmt.frac - 3)
    wanted = limited(rounded(Fraction(value) * Fraction(2) ** fmt.frac, quant), fmt, overflow)
    assert fmt.to_raw([value], quant, overflow).tolist() == [wanted]


@given(st.data(), formats)
def test_raw_values_survive_the_way_through_floats(data: st.DataObject, fmt: Fixed) -> None:
    raw = data.draw(st.lists(st.integers(fmt.raw_min, fmt.raw_max), max_size=5))
    assert fmt.to_raw(fmt.to_real(raw)).tolist() == raw


@given(st.integers(-(2**90), 2**90), st.integers(-(2**90), 2**90))
def test_the_narrowest_format_is_the_narrowest(a: int, b: int) -> None:
    lo, hi = min(a, b), max(a, b)
    fmt = Fixed.for_raw(lo, hi, 3)
    assert fmt.raw_min <= lo <= hi <= fmt.raw_max
    if fmt.width > 1:
        less = Fixed(fmt.width - 1, 3, fmt.signed)
        assert lo < less.raw_min or hi > less.raw_max
    assert fmt.signed == (lo < 0)


@given(formats)
def test_a_format_reads_what_it_writes(fmt: Fixed) -> None:
    assert Fixed.parse(str(fmt)) == fmt
    assert Fixed.parse(f" ap_{fmt} ") == fmt
    assert fmt.lo == fmt.raw_min * fmt.step and fmt.hi == fmt.raw_max * fmt.step


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fixed",
        "fixed<>",
        "fixed<8>",
        "fixed<8,x>",
        "int<8,3>",
        "fixed<8,3",
        "fixed<-8,3>",
        "int",
        "int<-3>",
        "ap_int<12",
        "int12>",
        "int<12>_t",
        "q8",
        "q-2.10",
        "q8.4.2",
        "ap_fixed<16,6,AP_RND,AP_SAT,0>",
        "float<16>",
    ],
)
def test_unknown_format_text_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"is not a format: write fixed<width,integer bits>"):
        Fixed.parse(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("ap_uint<16>", StatedFormat(Fixed(16, 0, False))),
        ("ap_int<12>", StatedFormat(Fixed(12, 0))),
        ("int<5>", StatedFormat(Fixed(5, 0))),
        ("uint16_t", StatedFormat(Fixed(16, 0, False))),
        ("uint16", StatedFormat(Fixed(16, 0, False))),
        ("q8.4", StatedFormat(Fixed(12, 4))),
        ("UQ0.8", StatedFormat(Fixed(8, 8, False))),
        ("ap_fixed< 16, 6 >", StatedFormat(Fixed(16, 10))),
        ("ap_ufixed<8,10>", StatedFormat(Fixed(8, -2, False))),
        ("ap_fixed<16,6,AP_RND>", StatedFormat(Fixed(16, 10), Quant.RND)),
        ("ap_fixed<16,6, AP_RND_CONV, AP_SAT_SYM>",
         StatedFormat(Fixed(16, 10), Quant.RND_CONV, Overflow.SAT_SYM)),
        ("fixed<16,6>, TRN, SAT", StatedFormat(Fixed(16, 10), Quant.TRN, Overflow.SAT)),
    ],
)  # fmt: skip
def test_formats_as_people_write_them(text: str, wanted: StatedFormat) -> None:
    assert read_format(text) == wanted
    assert Fixed.parse(text) == wanted.fmt


def test_modes_that_are_none_are_refused() -> None:
    with pytest.raises(InputError, match="'AP_ROUND' is not a quantisation mode: one of AP_TRN"):
        read_format("ap_fixed<8,3,AP_ROUND>")
    with pytest.raises(InputError, match="'AP_RND' is not an overflow mode: one of AP_WRAP"):
        Fixed.parse("ap_fixed<8,3,AP_TRN,AP_RND>")


@pytest.mark.parametrize("text", ["fixed<49,8>", "fixed<1000,3>"])
def test_port_widths_over_the_limit_are_refused(text: str) -> None:
    with pytest.raises(WidthError, match=r"over the limit: a port has 1 to 48 bits"):
        Fixed.parse(text)


@pytest.mark.parametrize("text", ["fixed<0,0>", "ufixed<0,3>", "ap_int<0>", "q0.0"])
def test_a_width_of_no_bits_is_said_so(text: str) -> None:
    with pytest.raises(WidthError, match=rf"the width in '{text}' is 0: a port has 1 to 48 bits"):
        Fixed.parse(text)


def test_formats_outside_the_limits_are_refused() -> None:
    with pytest.raises(WidthError, match="1 to 128 bits, not 129"):
        Fixed(129, 0)
    with pytest.raises(WidthError, match="1001 bits after the point"):
        Fixed(8, 1001)
    with pytest.raises(WidthError, match="wider than 58 bits"):
        Fixed(60, 0).to_raw([1.0])
    with pytest.raises(InputError, match="NaN and infinity"):
        Fixed(8, 0).to_raw([float("nan")])
