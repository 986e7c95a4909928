"""Templates: what is read, what fills them, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from symtick.errors import InputError, ParseError
from symtick.expr import parse, to_text
from symtick.expr.templates import Parts, categories_of, one_slip, read_template

COLUMNS = ("x0", "x1", "kind")
X = np.random.default_rng(0).uniform(0.5, 2.0, (40, 3))
X[:, 2] = np.arange(40) % 3


def filled(text: str, parts: Parts, *, steps: bool = False) -> np.ndarray:
    return read_template(text, COLUMNS).filled(parts, steps=steps).evaluate(X)


def function(text: str, *names: str) -> Parts:
    return Parts({"f": parse(text, names)})


def test_a_function_of_functions_is_written_out() -> None:
    parts = Parts(
        {"g": parse("x0*x1 + 2.5", ("x0", "x1")), "f": parse("z1**2", ("z1",))}, {"p": 3.0}
    )
    expected = 3.0 * (X[:, 0] * X[:, 1] + 2.5) ** 2 - X[:, 1] ** 2
    assert np.array_equal(filled("u = g(x0, x1); y = p*f(u) - f(x1)", parts)[:, 0], expected)


def test_a_function_may_be_called_with_its_own_value() -> None:
    values = filled("f(f(x0))", function("z1 + sin(z1)", "z1"))[:, 0]
    once = X[:, 0] + np.sin(X[:, 0])
    assert np.array_equal(values, once + np.sin(once))


def test_several_results_share_what_is_equal() -> None:
    template = read_template("u = f(x0); u + x1; u * x1", COLUMNS)
    whole = template.filled(function("exp(x0)", "x0"))
    assert template.results == 2
    assert sum(n.op.name == "EXP" for n in whole.nodes) == 1
    assert np.allclose(whole.evaluate(X)[:, 1], np.exp(X[:, 0]) * X[:, 1])


@pytest.mark.parametrize("steps", [False, True])
def test_each_category_has_its_value(steps: bool) -> None:
    values = {2: 7.0, 0: -1.5, 1: 0.25}
    parts = Parts({"f": parse("x0", ("x0",))}, {}, {"a": values}, {"a": 2})
    expected = np.array([-1.5, 0.25, 7.0])[X[:, 2].astype(int)] * X[:, 0]
    assert np.array_equal(filled("a[kind]*f(x0)", parts, steps=steps)[:, 0], expected)


def test_arguments_are_named_after_columns_where_each_call_has_the_same() -> None:
    template = read_template("u = g(x0, x1); f(u) + h(x0) - h(x1) + k(x0, x0)", COLUMNS)
    assert dict(template.arguments) == {
        "g": ("x0", "x1"), "f": ("u",), "h": ("z1",), "k": ("z1", "z2"),
    }  # fmt: skip
    assert template.of_kind("function") == ("g", "f", "h", "k")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("f()", "called without an argument"),
        ("sine(x0) + f(x1)", "differs from the operator 'sin'"),
        ("f(x0, x9)", "argument 2 of f is 'x9'"),
        ("f(x0) + f(x0, x1)", "f takes 1 arguments in one place and 2 in another"),
        ("x0 + 1", "no function to be found"),
        ("f(x0) + x7", "there is no column 'x7'"),
        ("f(x0) + knd", "differs from the column 'kind'"),
        ("f(x0) + a[kind]*a[x0]", "a has values by kind and by x0"),
        ("f(x0) + f", "is a function and a parameter"),
        ("f(x0) + a[3]", "written name\\[column\\]"),
        ("f(x0) + a[sort]", "'sort' is no column"),
        ("x0 = f(x1)", "cannot name a result"),
        ("x0(x1) + f(x0)", "is called, but it is a value"),
        ("f(*x0)", "\\* arguments are not allowed"),
        ("__import__('os').system('x') + f(x0)", "is not allowed"),
    ],
)
def test_refused(text: str, said: str) -> None:
    with pytest.raises(ParseError, match=said):
        read_template(text, COLUMNS)


def test_parts_survive_json_and_are_checked() -> None:
    parts = Parts(
        {"f": parse("0.1*x0 + 1/3", ("x0",))}, {"p": 0.1}, {"a": {0: 1.0, 4: 2.0}}, {"a": 2}
    )
    again = Parts.from_json(parts.to_json())
    assert again == parts and to_text(again.functions["f"]) == to_text(parts.functions["f"])
    with pytest.raises(InputError, match="row 1 has kind = 1, for which a\\[kind\\] has no value"):
        parts.check_categories(X, COLUMNS)
    template = read_template("p*f(x0)*a[kind]", COLUMNS)
    with pytest.raises(InputError, match="'p', of which nothing is given"):
        template.filled(Parts(parts.functions))
    with pytest.raises(InputError, match=r"f has 2 inputs .* calls it with 1"):
        template.filled(Parts({"f": parse("x0*x1", ("x0", "x1"))}, {"p": 1.0}))


def test_categories_are_few_integers() -> None:
    assert categories_of(np.array([3.0, -1.0, 3.0, 0.0]), "kind") == (-1, 0, 3)
    with pytest.raises(InputError, match=r"'kind' numbers categories, but row 1 has 0\.5"):
        categories_of(np.array([3.0, 0.5]), "kind")
    with pytest.raises(InputError, match="65 different values"):
        categories_of(np.arange(65.0), "kind")


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [("sine", "sin", True), ("srqt", "sqrt", True), ("mas", "mass", True), ("f1", "f2", False),
     ("exp1", "exp2", False), ("mass1", "mass", False), ("force", "floor", False)],
)  # fmt: skip
def test_slips(one: str, other: str, near: bool) -> None:
    assert one_slip(one, other) is near and one_slip(other, one) is near
