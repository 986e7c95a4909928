"""Enclosures of formulas against mpmath at forty digits."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import mpmath
import numpy as np
import pytest

from benchmarks.codegen.printed_formula import value as printed
from symtick.expr import OPS, Op, parse
from symtick.sim.proof.values.reals import RULES, Enclosure, enclosures

_EXACT: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b, "neg": lambda a: -a, "abs": abs, "min": min, "max": max,
    "square": lambda a: a * a, "cube": lambda a: a**3, "pow": lambda a, b: a**b,
    "log1p": lambda a: mpmath.log(1 + a), "log2": lambda a: mpmath.log(a) / mpmath.log(2),
    "sigmoid": lambda a: 1 / (1 + mpmath.exp(-a)), "ge": lambda a, b: int(a >= b),
    "gt": lambda a, b: int(a > b), "where": lambda c, a, b: a if c else b,
}  # fmt: skip
_SLACK = mpmath.mpf(2) ** -52  # of the ends that the test itself rounds


def _exact(value: np.longdouble) -> mpmath.mpf:
    mantissa, exponent = np.frexp(value)
    return mpmath.mpf(int(np.ldexp(mantissa, 70))) * mpmath.mpf(2) ** (int(exponent) - 70)


def _point(random: Random) -> float:
    kinds = random.uniform(-3, 3), float(random.randint(-3, 3)), random.uniform(0, 1)
    return random.choice(kinds)


@pytest.mark.parametrize("op", list(OPS), ids=lambda op: op.name.lower())
def test_every_operator_is_enclosed(op: Op) -> None:
    random, checked = Random(int(op)), 0
    rule = _EXACT.get(OPS[op].name) or getattr(mpmath, OPS[op].name)
    with mpmath.workdps(40), np.errstate(all="ignore"):
        for _ in range(150):
            points = [_point(random) for _ in range(OPS[op].arity)]
            widths = [random.choice((0.0, 0.0, random.uniform(0, 0.2))) for _ in points]
            ends = [
                Enclosure(*(np.array([np.longdouble(p) + s * np.longdouble(w)]) for s in (-1, 1)))
                for p, w in zip(points, widths, strict=True)
            ]
            found = RULES[op](*ends)
            if np.isnan(found.lo[0]) or not np.isfinite([found.lo[0], found.hi[0]]).all():
                continue
            low, high = _exact(found.lo[0]), _exact(found.hi[0])
            for share in (-1, -0.5, 0, 0.3, 1):
                at = [mpmath.mpf(p) + share * mpmath.mpf(w)
                      for p, w in zip(points, widths, strict=True)]  # fmt: skip
                try:
                    value = mpmath.mpf(rule(*at))
                except (TypeError, ValueError, ZeroDivisionError):
                    continue  # not real there
                slack = _SLACK * max(widths)
                assert low - slack * 100 <= value <= high + slack * 100, (points, widths)
                checked += 1
    assert checked > 100


def test_what_is_exact_has_no_width() -> None:
    x = Enclosure.exactly(np.arange(-64, 64) / 16.0)
    texts = ["x*x - 3*x + 0.25", "abs(x)/8", "floor(x) >= -1", "sqrt(square(x))"]
    for found in enclosures(parse(texts, ("x",)), [x]):
        assert (found.lo == found.hi).all()


def test_what_is_not_defined_is_not_enclosed() -> None:
    x = Enclosure.exactly(np.array([-1.0, 0.0, 1.0]))
    found = enclosures(parse(["1/x", "log(x)", "sqrt(x)"], ("x",)), [x])
    assert np.isnan(found[0].lo).tolist() == [False, True, False]
    assert np.isnan(found[1].lo).tolist() == [True, False, False] or np.isinf(found[1].lo[1])
    assert np.isnan(found[2].lo).tolist() == [True, False, False]


@pytest.mark.parametrize("op", [Op.GE, Op.GT])
def test_a_comparison_with_what_is_not_known_may_hold_or_not(op: Op) -> None:
    unknown, one = Enclosure.exactly(np.array([np.nan])), Enclosure.exactly(np.ones(1))
    for ends in ((unknown, one), (one, unknown), (Enclosure(one.lo, unknown.hi), one)):
        found = RULES[op](*ends)
        assert (found.lo[0], found.hi[0]) == (0, 1)


def test_small_powers_are_not_rounded() -> None:
    x = Enclosure.exactly(np.arange(-8, 8).astype(np.longdouble) / 16)
    for power in range(4):
        found = RULES[Op.POW](x, Enclosure.exactly(np.full(1, power, np.longdouble)))
        assert (found.lo == found.hi).all() and (found.lo == x.lo**power).all()
    (unknown,) = enclosures(parse("pow(log(x), 0)", ("x",)), [x])
    assert np.isnan(unknown.lo[x.lo < 0]).all()


def test_a_power_that_underflows_is_not_taken_for_0() -> None:
    x = Enclosure.exactly(np.array([-0.5, 0.0, 0.5], np.longdouble))
    for power, signs in ((20001.0, (-1, 0, 1)), (20000.0, (1, 0, 1))):
        found = RULES[Op.POW](x, Enclosure.exactly(np.full(1, power, np.longdouble)))
        for sign, low, high in zip(signs, found.lo, found.hi, strict=True):
            assert np.sign(high - low) == abs(sign) and low * high == 0
            assert sign in (np.sign(high), np.sign(low))


def test_a_power_of_what_cannot_be_told_from_0_is_bounded() -> None:
    x = Enclosure.exactly(np.array([25.0, 31.5]))
    for found in enclosures(parse(["pow(1 - tanh(x), 0.3)", "sqrt(1 - tanh(x))"], ("x",)), [x]):
        assert (found.lo == 0).all() and (found.hi > 0).all() and (found.hi < 1e-5).all()
    (below,) = enclosures(parse("pow(x - 40, 0.3)", ("x",)), [x])
    (pole,) = enclosures(parse("pow(1 - tanh(x), -0.3)", ("x",)), [x])
    assert np.isnan(below.lo).all() and np.isnan(pole.lo).all()


@pytest.mark.parametrize(
    "text",
    [
        "exp(x*1000 - 12000)",
        "sigmoid(x*1000 - 12000)",
        "exp(x*1000 - 9000)*exp(x*900 - 7000)",
        "exp(x*1000 - 9000)/exp(9000 - x)",
        "square(exp(x*1000 - 9000))",
    ],
)
def test_what_is_too_small_for_extended_precision_is_not_0(text: str) -> None:
    points = np.array([-3.0, 0.0, 0.5, 2.0])
    (found,) = enclosures(parse([text], ("x",)), [Enclosure.exactly(points)], (0,))
    with mpmath.workdps(50):
        for x, lo, hi in zip(points, found.lo, found.hi, strict=True):
            value = printed(text, {"x": mpmath.mpf(x)})
            ends = [mpmath.mpf(int(m)) * mpmath.mpf(2) ** int(e) for m, e in map(_parts, (lo, hi))]
            assert ends[0] <= value <= ends[1], (text, x)


def _parts(value: np.longdouble) -> tuple[int, int]:
    mantissa, exponent = np.frexp(value)
    return int(np.ldexp(mantissa, 64)), int(exponent) - 64
