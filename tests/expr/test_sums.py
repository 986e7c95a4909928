"""Sums and factors collected: fewer nodes, the same values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symtick.expr import (
    Builder,
    Expression,
    Op,
    parse,
    read_formulas,
    shared_texts,
    tidied,
    to_text,
    with_digits,
)

X = np.random.default_rng(1).uniform(-2.0, 2.0, (40, 3))


@st.composite
def expressions(draw: st.DrawFn) -> Expression:
    """Sums, products with constants, and functions, one to three outputs."""
    builder = Builder(("x", "y", "z"))
    nodes = [builder.input(k) for k in range(3)]
    numbers = st.sampled_from([-3.0, -1.0, -0.25, 0.0, 0.5, 1.0, 2.0])
    for _ in range(draw(st.integers(1, 25))):
        op = draw(st.sampled_from((Op.ADD, Op.SUB, Op.MUL, Op.DIV, Op.NEG, Op.ABS, Op.SQUARE,
                                   Op.TANH, Op.MAX, Op.SIN)))  # fmt: skip
        first = draw(st.sampled_from(nodes))
        if op in (Op.NEG, Op.ABS, Op.SQUARE, Op.TANH, Op.SIN):
            nodes.append(builder.op(op, first))
            continue
        constant = builder.const(draw(numbers) or (1.5 if op is Op.DIV else 0.0))
        second = constant if op is Op.DIV else draw(st.sampled_from([constant, *nodes]))
        both = (first, second) if op is Op.DIV or draw(st.booleans()) else (second, first)
        nodes.append(builder.op(op, *both))
    return builder.build(nodes[-draw(st.integers(1, 3)) :])


@given(expressions())
def test_values_stay_and_no_node_is_added(expression: Expression) -> None:
    made = tidied(expression)
    assert len(made) <= len(expression)
    wanted = expression.evaluate(X)
    size = np.maximum(np.abs(wanted), 1e3)  # terms that cancel leave their rounding
    fine = np.abs(wanted) < 1e12
    assert (np.abs(made.evaluate(X) - wanted)[fine] <= 1e-9 * size[fine]).all()


@pytest.mark.parametrize(
    ("text", "shorter"),
    [
        ("x + -0.5*y", "x - 0.5*y"),
        ("(x + 1) + (y + 2)", "x + y + 3.0"),
        ("2*x + 3*x - y*0", "5.0*x"),
        ("-1*(x - y) + 1", "1.0 - x + y"),
        ("0.5*abs(-2*x + 4)", "abs(x - 2.0)"),
        ("tanh(3*(2*x + y)) + 3*(2*x + y)", "u = 6.0*x + 3.0*y; tanh(u) + u"),
    ],
)
def test_what_is_written_shorter(text: str, shorter: str) -> None:
    made = tidied(parse([text], ["x", "y"]))
    wanted = read_formulas(shorter, ["x", "y"]).expression
    assert len(made) == len(wanted), to_text(made)
    assert np.allclose(made.evaluate(X[:, :2]), wanted.evaluate(X[:, :2]))


def test_what_overflows_is_left_as_it_is() -> None:
    given_ = parse(["x*1e200*1e200"], ["x"])
    assert tidied(given_) is given_


@given(expressions())
def test_shared_parts_are_written_once_and_read_back(expression: Expression) -> None:
    names = [f"out{k}" for k in range(len(expression.outputs))]
    outputs = dict(zip(names, expression.outputs, strict=True))
    texts = shared_texts(expression.nodes, outputs, expression.inputs)
    written = "\n".join(f"{name} = {text}" for name, text in texts.items())
    read = read_formulas(written, expression.inputs, names).expression
    assert read.evaluate(X).tobytes() == expression.evaluate(X).tobytes()
    assert len(read) <= len(expression)


def test_a_part_with_a_name_of_its_own() -> None:
    made = parse(["tanh(2*x + y) + u1", "3*tanh(2*x + y)"], ["x", "y", "u1"])
    texts = shared_texts(made.nodes, dict(zip("ab", made.outputs, strict=True)), made.inputs)
    assert texts == {"u2": "tanh(2.0*x + y)", "a": "u2 + u1", "b": "3.0*u2"}


def test_constants_of_few_digits_and_factors_of_1() -> None:
    made = with_digits(parse(["1.004*x + 0.31415*y + 0.31399"], ["x", "y"]), 2)
    assert to_text(made) == "x + 0.31*y + 0.31"
