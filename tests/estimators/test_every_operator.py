"""Every operator of the language in every room that has to know it, against mpmath.

C++ and Verilog are in `tests/sim/test_verify_expressions.py`, whose samples hold every operator.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import mpmath
import numpy as np
import pandas as pd
import pytest
import sympy
import torch
from scipy import special

from symtick import SymbolicRegressor
from symtick.codegen import Fixed, Precision, compile_expression
from symtick.estimators.exports.exporting import latex, mathml
from symtick.estimators.exports.torch_export import TorchExpression
from symtick.expr import (
    NAMED,
    OPS,
    Expression,
    Interval,
    Op,
    from_sympy,
    parse,
    to_sympy,
    to_text,
)
from symtick.hwcost import model
from symtick.search.grammar.grammar import Vocabulary
from symtick.search.kernel_api.evaluation import evaluate

NAMES = ("a", "b", "c")
PLACES = 6  # bits after the point of the inputs, and of the results that are compared


class Sample(NamedTuple):
    """How a name is called, what it is, and where its arguments lie."""

    text: str
    meant: Callable[..., Any]
    low: float
    high: float
    latex: str


def _step(holds: bool) -> Any:
    return mpmath.mpf(1 if holds else 0)


m = mpmath
SAMPLES: Mapping[str, Sample] = {
    "add": Sample("a + b", lambda a, b: a + b, -2, 2, "+"),
    "sub": Sample("a - b", lambda a, b: a - b, -2, 2, "-"),
    "mul": Sample("a*b", lambda a, b: a * b, -2, 2, "a b"),
    "div": Sample("a/b", lambda a, b: a / b, 0.5, 2, "frac"),
    "neg": Sample("-a", lambda a: -a, -2, 2, "- a"),
    "abs": Sample("abs(a)", abs, -2, 2, "left|"),
    "min": Sample("min(a, b)", min, -2, 2, "min"),
    "max": Sample("max(a, b)", max, -2, 2, "max"),
    "square": Sample("square(a)", lambda a: a**2, -2, 2, "^{2}"),
    "cube": Sample("cube(a)", lambda a: a**3, -2, 2, "^{3}"),
    "sqrt": Sample("sqrt(a)", m.sqrt, 0.5, 2, "sqrt"),
    "exp": Sample("exp(a)", m.exp, -2, 2, "e^{"),
    "log": Sample("log(a)", m.log, 0.5, 2, "log"),
    "sin": Sample("sin(a)", m.sin, -2, 2, "sin"),
    "cos": Sample("cos(a)", m.cos, -2, 2, "cos"),
    "tanh": Sample("tanh(a)", m.tanh, -2, 2, "tanh"),
    "sinh": Sample("sinh(a)", m.sinh, -2, 2, "sinh"),
    "cosh": Sample("cosh(a)", m.cosh, -2, 2, "cosh"),
    "tan": Sample("tan(a)", m.tan, -1, 1, "tan"),
    "asin": Sample("asin(a)", m.asin, -0.9, 0.9, "asin"),
    "acos": Sample("acos(a)", m.acos, -0.9, 0.9, "acos"),
    "atan": Sample("atan(a)", m.atan, -2, 2, "atan"),
    "atan2": Sample("atan2(a, b)", m.atan2, 0.5, 2, "atan"),
    "log1p": Sample("log1p(a)", m.log1p, -0.5, 2, "log"),
    "expm1": Sample("expm1(a)", m.expm1, -2, 2, "e^{"),
    "log2": Sample("log2(a)", lambda a: m.log(a, 2), 0.5, 2, "log"),
    "pow": Sample("pow(a, b)", m.power, 0.5, 2, "a^{b}"),
    "sigmoid": Sample("sigmoid(a)", m.sigmoid, -2, 2, "frac"),
    "sign": Sample("sign(a)", m.sign, -2, 2, "sign"),
    "floor": Sample("floor(a)", m.floor, -2, 2, "floor"),
    "ge": Sample("a >= b", lambda a, b: _step(a >= b), -2, 2, r"\geq"),
    "gt": Sample("a > b", lambda a, b: _step(a > b), -2, 2, ">"),
    "where": Sample("where(a > 0, b, c)", lambda a, b, c: b if a > 0 else c, -2, 2, "cases"),
    "asinh": Sample("asinh(a)", m.asinh, -2, 2, "asinh"),
    "acosh": Sample("acosh(a)", m.acosh, 1.1, 2, "acosh"),
    "atanh": Sample("atanh(a)", m.atanh, -0.9, 0.9, "atanh"),
    "erf": Sample("erf(a)", m.erf, -2, 2, "erf"),
    # named expressions and constants
    "relu": Sample("relu(a)", lambda a: max(a, m.mpf(0)), -2, 2, "max"),
    "step": Sample("step(a)", lambda a: _step(a >= 0), -2, 2, "geq"),
    "clip": Sample("clip(a, -1, 0.5)", lambda a: min(max(a, -1), m.mpf(0.5)), -2, 2, "min"),
    "fma": Sample("fma(a, b, c)", lambda a, b, c: a * b + c, -2, 2, "a b"),
    "ceil": Sample("ceil(a)", m.ceil, -2, 2, "lfloor"),
    "round": Sample("round(a)", lambda a: m.floor(a + m.mpf(0.5)), -2, 2, "lfloor"),
    "inv": Sample("inv(a)", lambda a: 1 / a, 0.5, 2, "frac"),
    "gauss": Sample("gauss(a)", lambda a: m.exp(-a * a), -2, 2, "e^{"),
    "hypot": Sample("hypot(a, b)", m.hypot, 0.5, 2, "sqrt"),
    "sec": Sample("sec(a)", m.sec, -1, 1, "cos"),
    "csc": Sample("csc(a)", m.csc, 0.5, 2, "sin"),
    "cot": Sample("cot(a)", m.cot, 0.5, 1.5, "sin"),
    "softplus": Sample("softplus(a)", lambda a: m.log(1 + m.exp(a)), -2, 2, "log"),
    "exp2": Sample("exp2(a)", lambda a: m.power(2, a), -2, 2, "e^{"),
    "log10": Sample("log10(a)", m.log10, 0.5, 2, "log"),
    "a**3": Sample("a**-3", lambda a: a**-3, 0.5, 2, "frac"),
    "a**1.7": Sample("a**1.7", lambda a: a ** m.mpf(1.7), 0.5, 2, "a^{1.7}"),
    "pi": Sample("pi*a", lambda a: m.mpf(math.pi) * a, -1, 1, "3.14"),
    "e": Sample("e*a", lambda a: m.mpf(math.e) * a, -1, 1, "2.72"),
    "and or not": Sample(
        "a > 0 and not b > 0 or a >= b", lambda a, b: _step((a > 0 and not b > 0) or a >= b),
        -2, 2, "geq",
    ),
}  # fmt: skip
every = pytest.mark.parametrize("name", SAMPLES)


def drawn(sample: Sample, count: int = 30) -> np.ndarray:
    """Arguments that are whole steps of the inputs, away from the ends."""
    scale = 2**PLACES
    low, high = math.ceil(sample.low * scale), math.floor(sample.high * scale)
    rows = np.random.default_rng(7).integers(low, high + 1, (count, len(NAMES)))
    return rows / scale


def meant(sample: Sample, rows: np.ndarray) -> list[Any]:
    """Values to 200 bits."""
    count = 1 + max(n.index for n in parse(sample.text, NAMES).nodes if n.op is Op.INPUT)
    with mpmath.workprec(200):
        return [sample.meant(*(mpmath.mpf(v) for v in row[:count])) for row in rows]


def expression_of(name: str) -> Expression:
    return parse(SAMPLES[name].text, NAMES)


def test_the_table_has_every_name() -> None:
    assert {spec.name for spec in OPS.values()} | set(NAMED) <= set(SAMPLES)
    for spec in OPS.values():
        used = {OPS[n.op].name for n in expression_of(spec.name).nodes if n.op in OPS}
        assert spec.name in used


@every
def test_values_are_those_of_mpmath(name: str) -> None:
    sample, expression = SAMPLES[name], expression_of(name)
    rows = drawn(sample)
    wanted = [float(v) for v in meant(sample, rows)]
    np.testing.assert_allclose(expression.evaluate(rows)[:, 0], wanted, rtol=1e-13, atol=1e-14)
    single = expression.evaluate(rows.astype(np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single[:, 0], wanted, rtol=2e-5, atol=2e-5)


@every
def test_text_is_read_back(name: str) -> None:
    text = to_text(expression_of(name))
    assert to_text(parse(text, NAMES)) == text


@every
def test_intervals_hold_the_values_and_are_close_to_them(name: str) -> None:
    sample, expression = SAMPLES[name], expression_of(name)
    rows = drawn(sample, 400)
    spans = [Interval(float(c.min()), float(c.max())) for c in rows.T]
    found = expression.intervals(spans)[expression.outputs[0]]
    values = [float(v) for v in meant(sample, rows)]
    slack = 1e-12 * max(1.0, abs(found.lo), abs(found.hi))
    assert found.lo - slack <= min(values) and max(values) <= found.hi + slack
    # what reads its arguments twice is wider than its values
    twice = max(to_text(expression).count(n) for n in NAMES) > 1
    assert twice or found.hi - found.lo <= 1.3 * (max(values) - min(values)) + 0.1


@every
def test_sympy_has_it_and_is_read_back(name: str) -> None:
    sample, expression = SAMPLES[name], expression_of(name)
    exact = to_sympy(expression)
    rows = drawn(sample, 8)
    symbols = [sympy.Symbol(n, real=True) for n in NAMES]
    back = from_sympy(exact, NAMES).evaluate(rows)[:, 0]
    for row, value, again in zip(rows, meant(sample, rows), back, strict=True):
        point = exact.subs(dict(zip(symbols, map(sympy.Float, row), strict=True)))
        assert float(sympy.N(point, 30)) == pytest.approx(float(value), rel=1e-12, abs=1e-12)
        assert again == pytest.approx(float(value), rel=1e-12, abs=1e-12)


@every
def test_latex_and_mathml_have_it(name: str) -> None:
    text = latex(expression_of(name))
    assert SAMPLES[name].latex in text, text
    assert text.count("{") == text.count("}")
    page = mathml(expression_of(name))
    assert "<mi>a</mi>" in page and "&" not in page.replace("&lt;", "").replace("&gt;", "").replace(
        "&#", ""
    )


@every
def test_torch_has_it_and_its_slopes(name: str) -> None:
    sample, expression = SAMPLES[name], expression_of(name)
    rows = drawn(sample) + 1.0 / 1024.0  # beside steps and kinks
    inputs = torch.tensor(rows, requires_grad=True)
    out = TorchExpression(expression)(inputs)
    wanted = [float(v) for v in meant(sample, rows)]
    np.testing.assert_allclose(out.detach().numpy(), wanted, rtol=1e-12, atol=1e-12)
    slopes = torch.zeros_like(inputs)
    if out.requires_grad:
        (slopes,) = torch.autograd.grad(out.sum(), inputs, materialize_grads=True)
    step = 2.0**-20
    for k in range(len(NAMES)):
        apart = rows + step * np.eye(len(NAMES))[k]
        near = rows - step * np.eye(len(NAMES))[k]
        rise = [
            float(p - q) / (2 * step)
            for p, q in zip(meant(sample, apart), meant(sample, near), strict=True)
        ]
        np.testing.assert_allclose(slopes[:, k].numpy(), rise, rtol=1e-5, atol=1e-5)


@every
def test_hardware_computes_it(name: str) -> None:
    sample, expression = SAMPLES[name], expression_of(name)
    rows = drawn(sample)
    formats = [Fixed(PLACES + 3, PLACES)] * len(NAMES)
    spans = [Interval(sample.low, sample.high)] * len(NAMES)
    design = compile_expression(
        expression, formats, model(), Precision(term_frac=PLACES + 4), name="one", ranges=spans
    )
    raw = np.round(rows * 2**PLACES).astype(np.int64)
    found = design.real_outputs(raw)[:, 0]
    wanted = np.array([float(v) for v in meant(sample, rows)])
    (bound,) = design.errors
    assert bound is not None
    assert np.abs(found - wanted).max() <= min(bound * (1 + 1e-9), 0.02)


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("law", "operators"),
    [
        (lambda a, b: 2 * np.arcsin(a) + b, ["asin"]),
        (lambda a, b: np.arctan2(a, b) - 0.5, ["atan2"]),
        (lambda a, b: np.where(a >= b, 3.0, 1.0), ["ge"]),
        (lambda a, b: special.erf(3 * a) + b, ["erf"]),
        (lambda a, b: 2 * np.sqrt(a) + b, ["sqrt"]),
    ],
)
def test_laws_with_them_are_found(law: Callable[..., Any], operators: list[str]) -> None:
    """In columns that are called as the operators are."""
    rows = np.random.default_rng(1).uniform(0.0, 1.0, (200, 2))
    data = pd.DataFrame(rows, columns=[operators[0], "b"])
    model = SymbolicRegressor(
        operators=["+", "-", "*", *operators], max_nodes=9, evaluations=4_000, verbose=0, seed=1
    )
    y = law(*rows.T)
    model.fit(data, y)
    assert model.names_[0] == f"{operators[0]}_"
    best = min(model.fronts_[0].entries, key=lambda e: e.loss)
    np.testing.assert_allclose(best.function(rows), y, atol=1e-6)
    assert operators[0] in to_text(best.expression).replace(" >= ", "ge")


@pytest.mark.kernel
@pytest.mark.parametrize("name", [*(spec.name for spec in OPS.values()), *NAMED])
def test_the_search_has_it(name: str) -> None:
    vocabulary, sample = Vocabulary.of((name,), len(NAMES), names=NAMES), SAMPLES[name]
    assert vocabulary.names[0] == name
    sequence = [0, *(vocabulary.places[n] for n in NAMES)][: 1 + vocabulary.tokens[0].arity]
    rows = drawn(sample)
    found = evaluate([vocabulary.program(sequence)], rows)[0]
    call = f"{name}({', '.join(NAMES[: vocabulary.tokens[0].arity])})"
    if name in ("where", "clip"):  # their samples hold more than the bare call
        wanted = parse(call, NAMES).evaluate(rows)[:, 0].tolist()
    else:
        wanted = [float(v) for v in meant(sample._replace(text=call), rows)]
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-13)
