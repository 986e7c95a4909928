"""Values, derivatives and forms of expressions against SymPy and each other."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from symtick.errors import InputError, ParseError
from symtick.expr import (
    OPS,
    STEPS,
    Builder,
    Expression,
    Op,
    Program,
    arity,
    from_programs,
    from_sympy,
    parse,
    to_sympy,
)

seeds = st.integers(0, 2**32)
grown = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


# where the arguments of an operator may lie, if not anywhere
PLACES = {
    Op.SQRT: (0.1, 3.0), Op.LOG: (0.1, 3.0), Op.LOG2: (0.1, 3.0), Op.POW: (0.1, 3.0),
    Op.LOG1P: (-0.9, 3.0), Op.ASIN: (-0.99, 0.99), Op.ACOS: (-0.99, 0.99), Op.ACOSH: (1.1, 3.0),
    Op.ATANH: (-0.9, 0.9),
}  # fmt: skip


def arguments(op: Op, count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(*PLACES.get(op, (-3.0, 3.0)), (arity(op), count))


@pytest.mark.parametrize("op", list(OPS), ids=lambda op: op.name)
def test_every_operator_has_sympys_values(op: Op) -> None:
    args = arguments(op, 50, int(op))
    got = OPS[op].numpy(*args)
    symbols = [sympy.Symbol(n, real=True) for n in "abc"[: arity(op)]]
    exact = OPS[op].sympy(*symbols)
    for row, value in zip(args.T, got, strict=True):
        point = dict(zip(symbols, [sympy.Float(v, 40) for v in row], strict=True))
        assert float(sympy.N(exact.subs(point), 30)) == pytest.approx(value, rel=1e-14, abs=1e-300)


@pytest.mark.parametrize("op", STEPS, ids=lambda op: op.name)
def test_steps_are_flat_between(op: Op) -> None:
    args = arguments(op, 40, 200 + int(op))
    for slope in OPS[op].partials(*args, OPS[op].numpy(*args)):
        assert slope.shape == (40,) and not slope.any()
    moved = OPS[op].numpy(*(args + 1e-9))
    assert np.array_equal(moved, OPS[op].numpy(*args))


@pytest.mark.parametrize("op", [op for op in OPS if op not in STEPS], ids=lambda op: op.name)
def test_every_operator_has_sympys_derivatives(op: Op) -> None:
    args = arguments(op, 40, 100 + int(op))
    found = OPS[op].partials(*args, OPS[op].numpy(*args))
    symbols = [sympy.Symbol(n, real=True) for n in "abc"[: arity(op)]]
    assert len(found) == arity(op)
    for symbol, values in zip(symbols, found, strict=True):
        slope = sympy.diff(OPS[op].sympy(*symbols), symbol)
        if op is Op.WHERE:  # 0 or 1 everywhere but at the condition's 0
            slope = slope.doit()
        wanted = sympy.lambdify(symbols, slope, "mpmath")
        exact = [float(wanted(*map(mpmath.mpf, row))) for row in args.T]
        assert np.allclose(np.broadcast_to(values, args.shape[1:]), exact, rtol=1e-11)


@grown
@given(seed=seeds)
def test_values_are_those_of_the_sympy_expression(grow, seed: int) -> None:  # noqa: ANN001
    expression = grow(Random(seed), size=6, outputs=1)
    data = np.random.default_rng(seed).uniform(-1.5, 1.5, (4, 3))
    got = expression.evaluate(data)[:, 0]
    if not any(np.isfinite(_inner(expression, row)).all() for row in data):
        return  # SymPy cannot compare constants that are no real numbers
    exact = to_sympy(expression)
    names = [sympy.Symbol(n, real=True) for n in expression.inputs]
    for row, value in zip(data, got, strict=True):
        inner = _inner(expression, row)
        # SymPy cannot compare an infinity inside, which float64 may come back from
        if not np.isfinite(inner).all() or abs(value) > 1e12:
            continue
        point = sympy.N(
            exact.subs({n: sympy.Float(v, 60) for n, v in zip(names, row, strict=True)}), 40
        )
        if point.is_real and abs(float(point)) < 1e12:
            largest = max(1.0, *(abs(v) for v in inner))
            assert float(point) == pytest.approx(value, rel=1e-6, abs=1e-9 * largest)


def _inner(expression: Expression, row: np.ndarray) -> list[float]:
    """All inner values: cancellation is measured against the largest."""
    every = replace(expression, outputs=tuple(range(len(expression))))
    values = every.evaluate(row[None, :])[0]
    return [float(v) for v in values]


@grown
@given(seed=seeds)
def test_programs_come_back(grow, seed: int) -> None:  # noqa: ANN001
    expression = grow(Random(seed))
    programs = [expression.to_program(k) for k in range(2)]
    again = from_programs(programs, expression.inputs)
    assert from_programs([again.to_program(k) for k in range(2)], again.inputs) == again
    data = np.random.default_rng(seed).normal(size=(20, 3))
    assert np.array_equal(again.evaluate(data), expression.evaluate(data), equal_nan=True)
    for k, program in enumerate(programs):
        assert again.to_program(k).ops.tolist() == program.ops.tolist()
        assert again.to_program(k).consts.tolist() == program.consts.tolist()


@grown
@given(seed=seeds)
def test_parts_and_joins_have_the_same_values(grow, seed: int) -> None:  # noqa: ANN001
    expression = grow(Random(seed))
    data = np.random.default_rng(seed).normal(size=(20, 3))
    whole = expression.evaluate(data)
    parts = [expression.select([k]) for k in range(2)]
    for k, part in enumerate(parts):
        assert np.array_equal(part.evaluate(data)[:, 0], whole[:, k], equal_nan=True)
        assert len(part) <= len(expression)
    joined = Expression.join(parts)
    assert np.array_equal(joined.evaluate(data), whole, equal_nan=True)
    assert len(joined) == len(expression)


@grown
@given(seed=seeds)
def test_nodes_stand_once_and_support_is_what_matters(grow, seed: int) -> None:  # noqa: ANN001
    expression = grow(Random(seed))
    keys = [(n.op, n.args, n.index, repr(n.value)) for n in expression.nodes]
    assert len(set(keys)) == len(keys)
    assert all(a < k for k, n in enumerate(expression.nodes) for a in n.args)
    data = np.random.default_rng(seed).normal(size=(10, 3))
    for place, number in enumerate(expression.outputs):
        other = data.copy()
        for k in {0, 1, 2} - expression.support()[number]:
            other[:, k] += 1.0
        a, b = expression.evaluate(data)[:, place], expression.evaluate(other)[:, place]
        assert np.array_equal(a, b, equal_nan=True)


@pytest.mark.parametrize(
    "text",
    [
        "x0 + 2*x1 - x2/3",
        "sin(x0)*exp(-x0) + 0.5*square(x1) - x0*x1",
        "tanh(x0)/(1 + abs(x1)) + max(x0, x1) - min(x1, x2)",
        "sqrt(x0*x0 + 1)*log(x1*x1 + 2) + cube(x2) + cos(x0)",
        "1/sqrt(x0*x0 + 1) + (x1 + 3)**-2 + (x0*x0 + 1)**1.5",
        "sinh(x0) - cosh(x1)*tan(x2/4) + asin(sin(x0)) - acos(cos(x1)/2) + atan(x2)",
        "atan2(x0, x1) + log1p(abs(x0)) - expm1(x1) + log2(x2*x2 + 1) + (x0*x0 + 1)**x1",
        "asinh(x0) + acosh(abs(x1) + 1) - atanh(sin(x2)/2) + erf(x0)",
        "sigmoid(x0) + sign(x1)*floor(3*x2) + ceil(2*x0)",
        "where(x0 > x1, x2, -x2) + (x0 >= 0.5) - (x1 if 0 < x2 <= 1 or x0 != x1 else 2*x2)",
    ],
)
def test_sympy_expressions_come_back(text: str) -> None:
    expression = parse(text, ("x0", "x1", "x2"))
    again = from_sympy(to_sympy(expression), expression.inputs)
    data = np.random.default_rng(1).normal(size=(100, 3))
    assert np.allclose(again.evaluate(data), expression.evaluate(data), rtol=1e-12)


def test_what_sympy_has_and_the_language_has_not() -> None:
    x, y = sympy.symbols("x y", real=True)
    for bad in (sympy.gamma(x), sympy.Piecewise((x, x > y)), x * sympy.I, sympy.Integral(x, x)):
        with pytest.raises(ParseError):
            from_sympy(bad)
    with pytest.raises(ParseError, match="unknown symbol 'y'"):
        from_sympy(x + y, ("x",))
    with pytest.raises(ParseError, match="expected SymPy expressions, not str"):
        from_sympy(["x"])
    assert from_sympy([x + y, y * 2]).inputs == ("x", "y")
    many = sympy.symbols("x10 x2", real=True)
    assert from_sympy(many[0] + many[1]).inputs == ("x2", "x10")


def test_float32_stays_float32() -> None:
    expression = parse("exp(x0) + 0.1")
    assert expression.evaluate(np.ones((2, 1), np.float32)).dtype == np.float32
    assert expression.evaluate([[1]]).dtype == np.float64
    with pytest.raises(InputError, match=r"data must have shape \(rows, 1\), not \(3,\)"):
        expression.evaluate(np.ones(3))


def test_the_builder_and_programs_refuse_nonsense() -> None:
    builder = Builder(("x0",))
    x = builder.input(0)
    with pytest.raises(InputError, match="there is no input 1"):
        builder.input(1)
    with pytest.raises(InputError, match="must be finite, not nan"):
        builder.const(float("nan"))
    with pytest.raises(InputError, match="ADD takes 2 arguments, not 1"):
        builder.op(Op.ADD, x)
    with pytest.raises(InputError, match="not a node of this builder"):
        builder.op(Op.NEG, 5)
    with pytest.raises(InputError, match="at least one output"):
        builder.build([])
    with pytest.raises(InputError, match="at least one expression"):
        Expression.join([])
    with pytest.raises(InputError, match="over different inputs"):
        Expression.join([parse("x0"), parse("x1")])
    codes = np.array([Op.INPUT, Op.ADD], np.uint8)
    short = Program(codes, np.zeros(2, np.int32), np.zeros(0))
    with pytest.raises(InputError, match="ends too early or lacks arguments"):
        from_programs([short], ["x0"])
    two = Program(codes[[0, 0]], np.zeros(2, np.int32), np.zeros(0))
    with pytest.raises(InputError, match="must leave one value, not 2"):
        from_programs([two], ["x0"])


def test_deep_expressions_do_not_recurse() -> None:
    builder = Builder(("x0",))
    top = builder.input(0)
    for _ in range(5000):
        top = builder.op(Op.SIN, top)
    expression = builder.build([top])
    assert len(expression.to_program().ops) == 5001
    assert len(str(expression)) == 5000 * 5 + 2
    assert np.isfinite(expression.evaluate(np.ones((1, 1)))).all()
