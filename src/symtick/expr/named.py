"""Named expressions: functions that text can call and that are written out where it does.

They are no operators: an expression that calls one holds what stands here. The search has them as
custom operators (`search.grammar.operators`).
"""

from __future__ import annotations

from collections.abc import Mapping

ARGUMENTS = ("a", "b", "c")

# name: number of arguments, and the text over the first of `ARGUMENTS`
NAMED: Mapping[str, tuple[int, str]] = {
    "relu": (1, "max(a, 0)"),
    "step": (1, "a >= 0"),
    "fma": (3, "a*b + c"),
    "clip": (3, "min(max(a, b), c)"),
    "ceil": (1, "-floor(-a)"),
    "round": (1, "floor(a + 0.5)"),
    "inv": (1, "1/a"),
    "gauss": (1, "exp(-square(a))"),
    "hypot": (2, "sqrt(a*a + b*b)"),
    "sec": (1, "1/cos(a)"),
    "csc": (1, "1/sin(a)"),
    "cot": (1, "cos(a)/sin(a)"),
    "softplus": (1, "log(1 + exp(a))"),
    "exp2": (1, "exp(0.6931471805599453*a)"),
    "log10": (1, "log(a)/2.302585092994046"),
}
