"""Taylor enclosures of every operator hold mpmath's coefficients."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import sympy

from symtick.codegen.functions.taylor import taylor
from symtick.expr import OPS, Op, parse, to_sympy

TEXTS = [
    "sinh(v) - v", "cosh(v - 0.3)", "tan(v/2)", "asin(v/3)", "acos(0.2 - v/3)", "atan(2*v)",
    "atan2(sin(v), 2 + v)", "atan2(1 + v*v, v)", "log1p(v/4)",
    "asinh(2*v)", "erf(v/2)", "acosh(v + 4)", "atanh(v/3)", "expm1(-v)", "log2(v + 3)",
    "(v + 3)**1.7", "(v + 3)**v", "2**v", "sigmoid(3*v)", "where(v > 5, 1, exp(v))",
    "where(v < 5, sin(v), 1)", "v*sign(v + 9)", "v*floor(v/9 + 0.5)", "v*(v >= -9) + (v > 7)",
    "sin(v)*cos(v) - tanh(v)*sqrt(v + 4)/log(v + 4) + abs(v + 3)**3 - v**2",
    "min(v, 7 + v) - max(-v, v - 9)",
]  # fmt: skip


def test_every_operator_is_here() -> None:
    used = {node.op for text in TEXTS for node in parse(text, ("v",)).nodes}
    assert set(OPS) <= used


@pytest.mark.parametrize("text", TEXTS)
def test_coefficients_are_enclosed(text: str) -> None:
    expression = parse(text, ("v",))
    edges = np.linspace(-2.0, 2.0, 17)
    jet = taylor(expression, edges[:-1], edges[1:], 4)
    symbol = sympy.Symbol("v", real=True)
    exact = sympy.lambdify([symbol], to_sympy(expression), "mpmath")
    rng = np.random.default_rng(len(text))
    with mpmath.workprec(200):
        for piece, at in enumerate(rng.uniform(edges[:-1], edges[1:])):
            found = mpmath.taylor(exact, mpmath.mpf(at), 4)
            for box, value in zip(jet, found, strict=True):
                low, high = box.lo[piece % box.lo.size], box.hi[piece % box.hi.size]
                slack = 1e-20 * (1 + abs(value))  # of the numerical derivatives
                assert low - slack <= value <= high + slack
                assert np.isfinite(low) and np.isfinite(high)


@pytest.mark.parametrize("text", ["sign(v)", "floor(v)", "v > 0.1", "where(v >= 0, v, 1 - v)"])
def test_a_step_has_no_slope(text: str) -> None:
    slope = taylor(parse(text, ("v",)), np.array([-0.5, 0.5]), np.array([0.5, 0.75]), 1)[1].size
    assert slope[0] == np.inf
    assert slope[1] <= 1.0


@pytest.mark.parametrize("exponent", [0.25, 0.5, 1.7])
def test_a_power_of_zero_is_zero(exponent: float) -> None:
    low, high = np.array([0.0, 0.0]), np.array([0.0, 0.5])
    box = taylor(parse(f"pow(v, {exponent})", ("v",)), low, high, 0)[0]
    assert abs(box.lo).max() < 1e-299 and box.hi[0] < 1e-299
    assert box.hi[1] == pytest.approx(0.5**exponent)


def test_poles_cuts_and_edges_are_unknown() -> None:
    low, high = np.array([1.5, 0.0]), np.array([1.6, 0.1])
    for text, first in (("tan(v)", np.inf), ("atan2(v - 1.55, -1)", 4.0)):
        jet = taylor(parse(text, ("v",)), low, high, 1)
        assert jet[0].size[0] == first and jet[1].size[0] == np.inf
        assert np.isfinite(jet[1].size[1])
    for op in (Op.ASIN, Op.ACOS):
        text = f"{OPS[op].name}(v)"
        jet = taylor(parse(text, ("v",)), np.array([0.9, 0.0]), np.array([1.0, 0.5]), 1)
        assert jet[1].size[0] == np.inf and np.isfinite(jet[1].size[1])
