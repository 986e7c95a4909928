"""Texts of formulas: names of results and inputs, what is an output, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from symtick.errors import ParseError
from symtick.expr import parse, read_formulas, to_text

MASS = """
    # the invariant mass of two light particles
    m2 = 2*pt1*pt2*(cosh(eta1 - eta2)
                    - cos(phi1 - phi2))
    mass = sqrt(m2); dr = hypot(eta1 - eta2, phi1 - phi2)
"""


def test_intermediate_results_are_no_outputs_and_inputs_come_as_they_are_met() -> None:
    found = read_formulas(MASS)
    assert found.names == ("mass", "dr")
    assert found.expression.inputs == ("pt1", "pt2", "eta1", "eta2", "phi1", "phi2")
    rng = np.random.default_rng(0)
    x = rng.uniform(0.5, 1.5, (50, 6))
    pt1, pt2, eta1, eta2, phi1, phi2 = x.T
    mass = np.sqrt(2 * pt1 * pt2 * (np.cosh(eta1 - eta2) - np.cos(phi1 - phi2)))
    wanted = np.stack([mass, np.hypot(eta1 - eta2, phi1 - phi2)], axis=1)
    np.testing.assert_allclose(found.expression.evaluate(x), wanted, rtol=1e-10)


def test_results_can_be_asked_for() -> None:
    found = read_formulas(MASS, outputs=("dr", "m2"))
    assert found.names == ("dr", "m2")
    assert found.expression == read_formulas(MASS.replace("mass = sqrt(m2); ", ""),
                                             outputs=("dr", "m2")).expression  # fmt: skip


def test_named_inputs_come_first_whether_they_are_read_or_not() -> None:
    found = read_formulas("b*a + c", inputs=("c", "unread"))
    assert found.expression.inputs == ("c", "unread", "b", "a")
    assert found.names == ("y0",)


@pytest.mark.parametrize("text", ["x0 + sin(x2)", "x1; 3*x0", "3.5", "x1*x1\nx0"])
def test_plain_expressions_are_read_as_before(text: str) -> None:
    found = read_formulas(text)
    assert found.expression == parse(text.replace("\n", ";"))
    assert found.names == tuple(f"y{k}" for k in range(len(found.expression.outputs)))


def test_named_and_unnamed_formulas_stand_together() -> None:
    found = read_formulas("k = 2; s = k*a; s + 1; t = s - e*pi")
    assert found.names == ("y0", "t")
    assert found.expression.inputs == ("a",)
    assert to_text(found.expression, 0) == "2.0*a + 1.0"


@pytest.mark.parametrize(
    ("text", "outputs", "message"),
    [
        ("m = a; m = b", (), "'m' is given twice"),
        ("b = m; m = a", (), "'m' is read, or has a format, as an input before it is given"),
        ("m = m + 1", (), "'m' is read, or has a format"),
        ("sqrt = a", (), "'sqrt' cannot name a result"),
        ("m = n = a", (), "'m = n = a' is no formula: write an expression, or name = expression"),
        ("m += a", (), "is no formula"),
        ("import os", (), "'import os' is no formula"),
        ("def f(): pass", (), "is no formula"),
        ("a.b = 3", (), "is no formula"),
        ("m: float = a", (), "is no formula"),
        ("m = a +\nn = b", (), r"cannot read the expression 'm = a \+'"),
        ("m = a\nn = (b", (), r"cannot read the expression 'n = \(b'"),
        ("", (), "there is no formula"),
        ("# nothing", (), "there is no formula"),
        ("mass = a", ("mas",), r"no formula gives 'mas': did you mean mass\? the results are mass"),
        ("a + b", ("s",), "the results are unnamed"),
        ("y1 = a; b + y1; y0 = a", (), "'y0' has two meanings"),
        ("y0 + 1", (), "'y0' has two meanings: name the output, out = "),
        ("m = gama(a)", (), r"unknown operator 'gama'"),
        ("m = sqr(a)", (), r"unknown operator 'sqr': did you mean sqrt"),
        ("if a: b", (), "is no formula"),
        ("a > 1 && b < 2", (), "'a > 1 && b < 2': invalid syntax; write and, or, not"),
        ("c = a ? b : 2", (), "invalid syntax; write and, or, not, and `a if c else b`"),
        ("TMath::Sqrt(a)", (), "call a function by its plain name, as sqrt"),
        ("m = a.real", (), "is not allowed"),
    ],
)
def test_what_is_no_formula_is_refused(text: str, outputs: tuple[str, ...], message: str) -> None:
    with pytest.raises(ParseError, match=message):
        read_formulas(text, outputs=outputs)


def test_a_result_cannot_have_the_format_of_an_input() -> None:
    with pytest.raises(ParseError, match="'m' is read, or has a format, as an input"):
        read_formulas("m = a + 1", inputs=("m",))
