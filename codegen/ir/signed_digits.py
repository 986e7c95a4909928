"""Signed digits: constants with few non-zero digits.

A constant is written in canonical signed digits (no two neighbours non-zero; Reitwiesner 1960),
which needs the fewest additions among all sums of signed powers of two.
"""

from __future__ import annotations

import math

from symtick.errors import InputError


def signed_digits(raw: int) -> list[tuple[int, int]]:
    """Canonical signed digits of an integer as (exponent, +1 or -1), lowest first."""
    digits = []
    exponent = 0
    while raw:
        if raw & 1:
            digit = 2 - (raw & 3)
            digits.append((exponent, digit))
            raw -= digit
        raw >>= 1
        exponent += 1
    return digits


def quantised(value: float, tolerance: float) -> tuple[int, int]:
    """(raw, frac) with |raw * 2**-frac - value| <= tolerance and few signed digits.

    The most significant canonical digits are taken until the rest is within the tolerance; a
    constant that is exact within 16 digits below its leading one is so found exactly when the
    tolerance asks for it.
    """
    if not (math.isfinite(value) and tolerance > 0.0):
        raise InputError(f"a constant must be finite, and its tolerance positive: {value!r}")
    raw, frac = 0, 0
    rest = value
    while abs(rest) > tolerance:
        exponent = _nearest_power(rest)
        if -exponent > frac:
            raw, frac = raw << (-exponent - frac), -exponent
        step = 1 << (exponent + frac)
        raw += step if rest > 0 else -step
        rest -= math.copysign(math.ldexp(1.0, exponent), rest)
    return raw, frac


def _nearest_power(value: float) -> int:
    """Exponent of the power of two nearest to |value|."""
    mantissa, exponent = math.frexp(abs(value))
    return exponent if mantissa > 0.75 else exponent - 1
