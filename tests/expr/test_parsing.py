"""Expression text: printing and parsing are inverse, and only expressions are parsed."""

from __future__ import annotations

from contextlib import suppress
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symtick.errors import InputError, ParseError
from symtick.expr import BY_NAME, Builder, Expression, Op, from_programs, parse, to_text

seeds = st.integers(0, 2**32)


def in_postfix_order(expression: Expression) -> Expression:
    """The same expression with its nodes in the order in which text names them."""
    programs = [expression.to_program(k) for k in range(len(expression.outputs))]
    return from_programs(programs, expression.inputs)


@given(seed=seeds)
@settings(max_examples=200)
def test_text_reads_back_as_the_same_expression(grow, seed: int) -> None:  # noqa: ANN001
    expression = in_postfix_order(grow(Random(seed)))
    texts = [to_text(expression, k) for k in range(len(expression.outputs))]
    assert parse(texts, expression.inputs) == expression
    assert parse(str(expression), expression.inputs) == expression


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_constants_are_written_exactly(value: float) -> None:
    builder = Builder(("x0",))
    for op in (Op.ADD, Op.SUB, Op.MUL, Op.DIV):
        expression = builder.build([builder.op(op, builder.const(value), builder.const(-value))])
        assert parse(to_text(expression), ("x0",)) == expression


def test_precision_rounds_for_reading() -> None:
    assert to_text(parse("0.123456789*x0"), precision=3) == "0.123*x0"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("x0 - (x1 - x2)", "x0 - (x1 - x2)"),
        ("(x0 - x1) - x2", "x0 - x1 - x2"),
        ("x0/(x1*x2)", "x0/(x1*x2)"),
        ("-(x0 + x1)", "-(x0 + x1)"),
        ("-(2)", "-2.0"),
        ("x0**2", "square(x0)"),
        ("x0**3", "cube(x0)"),
        ("x0**-1", "1.0/x0"),
        ("x0**0.5", "sqrt(x0)"),
        ("x0**(1/2)", "sqrt(x0)"),
        ("x0**5", "square(square(x0))*x0"),
        ("tan(x0)", "tan(x0)"),
        ("x0**1.5", "pow(x0, 1.5)"),
        ("2**x1", "pow(2.0, x1)"),
        ("arctan2(x0, x1)", "atan2(x0, x1)"),
        ("relu(x0)", "max(x0, 0.0)"),
        ("clip(x0, -1, 1)", "min(max(x0, -1.0), 1.0)"),
        ("x0 < 1", "1.0 > x0"),
        ("x0 <= 1", "1.0 >= x0"),
        ("(x0 > x1) >= 1", "(x0 > x1) >= 1.0"),
        ("1 < x0 <= 2", "min(x0 > 1.0, 2.0 >= x0)"),
        ("x0 == x1", "min(x0 >= x1, x1 >= x0)"),
        ("not x0 > 1", "1.0 - (x0 > 1.0)"),
        ("x0 if x0 > x1 and x1 > 2 else 3", "where(min(x0 > x1, x1 > 2.0), x0, 3.0)"),
        ("min(x0, x1, 3, x2)", "min(min(min(x0, x1), 3.0), x2)"),
        ("(x0 > 1) | (x1 > 1)", "max(x0 > 1.0, x1 > 1.0)"),
        ("gauss(x0)", "exp(-square(x0))"),
        ("Abs(x0) + Max(x0, pi)", f"abs(x0) + max(x0, {np.pi!r})"),
        ("+x0", "x0"),
    ],
)
def test_the_grammar(text: str, wanted: str) -> None:
    assert to_text(parse(text)) == wanted


def test_shorthand_has_the_right_values() -> None:
    x = np.linspace(-3, 3, 50)[:, None]
    got = parse("sigmoid(x0); gauss(x0); tan(x0); inv(x0); x0**4; x0**7; x0**-3").evaluate(x)
    wanted = [1 / (1 + np.exp(-x)), np.exp(-x * x), np.tan(x), 1 / x, x**4, x**7, x**-3.0]
    assert np.allclose(got, np.hstack(wanted), rtol=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('x')",
        "().__class__",
        "x0.real",
        "x0[0]",
        "[x0 for x0 in (1,)]",
        "lambda: x0",
        "(x0 := 3)",
        "x0 if x0 else x0",
        "x0 and x0",
        "not x0",
        "~x0",
        "'text'",
        "b'bytes'",
        "True",
        "None",
        "1j",
        "f'{x0}'",
        "(x0, x0)",
        "{x0: x0}",
        "*x0",
        "max(*x0)",
        "max(x0, x0, key=x0)",
        "sin(x=x0)",
        "sin(x0)(x0)",
        "eval(x0)",
        "sin",
        "x0 % x0",
        "x0 // x0",
        "x0 @ x0",
        "x0 << 2",
        "x0; import os",
        "x0 = 1",
        "await x0",
        "yield x0",
        "",
        "x0 +",
        "(x0",
        "1e999",
        "x0 ** 0",
        "x0 in x0",
        "x0 ^ 2",
        "x0 > 1 & x0 < 2",
        "x0 ** 1000",
        "x0 ** (1/0)",
        "x0 ** (1e308/1e-308)",
        "sin()",
        "sin(x0, x0)",
        "max(x0)",
        "9" * 5000,
        "x0" + "\x00",
        "(" * 300 + "x0" + ")" * 300,
        "sin(" * 250 + "x0" + ")" * 250,
        "-" * 5000 + "x0",
        "x0+" * 200_000 + "x0",
    ],
)
def test_nothing_else_is_read(text: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse(text, ("x0",))
    assert 0 < len(str(caught.value)) < 700


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x > 1 & y < 2", "& and | bind more tightly than comparisons, so that '1 & y' is joined"),
        ("x % 2", r"write a - b\*floor\(a/b\)"),
        ("x // 2", r"write floor\(a/b\)"),
        ("~(x > 1)", "unknown: write not"),
        ("|x|", r"invalid syntax; write abs\(x\)"),
        ("2x + 1", r"write a product as 2\*x"),
        ("3(x + 1)y", r"write a product as 2\*x"),
        ("lambda + x", "'lambda' is a word of Python's, which can name no input"),
        ("clip(x, 2, -1)", r"the wrong way round: clip\(a, low, high\)"),
    ],
)
def test_other_ways_of_writing_are_told_ours(text: str, said: str) -> None:
    with pytest.raises(ParseError, match=said):
        parse(text, ("x", "y"))


@given(st.text(max_size=30))
@settings(max_examples=150)
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(ParseError):
        assert isinstance(parse(text, ("x0",)), Expression)


@given(st.lists(st.sampled_from([*"x0()+-*/.,_ 19e", "**", *BY_NAME]), max_size=14))
@settings(max_examples=150)
def test_almost_expressions_are_read_or_refused(parts: list[str]) -> None:
    with suppress(ParseError):
        assert isinstance(parse("".join(parts), ("x0",)), Expression)


def test_names_are_found_and_checked() -> None:
    assert parse("x3 + x1").inputs == ("x0", "x1", "x2", "x3")
    assert parse("mass*pt", ("pt", "mass")).inputs == ("pt", "mass")
    with pytest.raises(ParseError, match="unknown name 'y': the inputs are x0"):
        parse("y", ("x0",))
    told_apart = parse("sign(sign)*round + floor(round)", ("sign", "round"))
    assert told_apart.evaluate([[-3.0, 2.5]]).tolist() == [[-0.5]]
    assert parse(str(told_apart), told_apart.inputs) == told_apart
    for names in (("sin",), ("a", "a"), ("a b",), ("",), ("pi",), ("1a",)):
        with pytest.raises(InputError, match=r"cannot name an input|must differ"):
            parse("1", names)
