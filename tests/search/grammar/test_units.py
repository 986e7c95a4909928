"""Units: text, algebra, and the kernel's dimension analysis against two others."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from grammar_samples import RICH, Judge, rows_of
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy.physics import units as si
from sympy.physics.units.systems.si import SI

from symtick.errors import InputError
from symtick.search import _kernel
from symtick.search.grammar.grammar import Rules, Unit, Units, Vocabulary, random_sequences

BASE = ("m", "kg", "s", "A", "K")
FREE = Vocabulary.of(
    ("add", "sub", "mul", "div", "min", "sqrt", "square", "cube", "exp", "sin", "abs", "inv",
     "relu", "hypot", "gauss"),
    3,
)  # fmt: skip

powers = st.dictionaries(
    st.sampled_from([*BASE, "GeV", "px", "furlong", "metr"]),
    st.fractions(-4, 4, max_denominator=6).filter(bool),
    max_size=4,
)
any_unit = powers.map(lambda held: Unit(tuple(sorted(held.items()))))


@given(unit=any_unit)
def test_text_is_read_back(unit: Unit) -> None:
    assert Unit.parse(str(unit)) == unit


@given(a=any_unit, b=any_unit, power=st.fractions(-3, 3, max_denominator=4))
def test_units_are_an_abelian_group_with_powers(a: Unit, b: Unit, power: Fraction) -> None:
    assert a * b == b * a
    assert a / a == Unit()
    assert (a * b) / b == a
    assert (a * b) ** power == a**power * b**power


@pytest.mark.parametrize(
    ("text", "powers"),
    [
        ("kg*m/s^2", {"kg": 1, "m": 1, "s": -2}),
        ("m/s*kg", {"m": 1, "s": -1, "kg": 1}),
        ("m/(s*kg)", {"m": 1, "s": -1, "kg": -1}),
        ("V/Hz^(1/2)", {"kg": 1, "m": 2, "s": Fraction(-5, 2), "A": -1}),
        ("s**-1", {"s": -1}),
        ("1/GeV", {"GeV": -1}),
        ("m^(-3/2)", {"m": Fraction(-3, 2)}),
        ("", {}),
        ("1", {}),
        ("m^0", {}),
        ("(m*s)^2 / m", {"m": 1, "s": 2}),
        ("[furlong]/week", {"furlong": 1, "week": -1}),
        ("MeV*um/µs^2", {"MeV": 1, "um": 1, "µs": -2}),
        ("[m]/lx", {"m": 3, "cd": -1}),
    ],
)
def test_units_are_read(text: str, powers: dict[str, Fraction]) -> None:
    assert dict(Unit.parse(text).powers) == powers


@pytest.mark.parametrize(
    ("symbol", "quantity"),
    [
        ("N", si.newton), ("Pa", si.pascal), ("J", si.joule), ("W", si.watt), ("Hz", si.hertz),
        ("C", si.coulomb), ("V", si.volt), ("F", si.farad), ("ohm", si.ohm), ("S", si.siemens),
        ("Wb", si.weber), ("T", si.tesla), ("H", si.henry),
    ],
)  # fmt: skip
def test_derived_units_equal_sympys(symbol: str, quantity: si.Quantity) -> None:
    names = {"mass": "kg", "length": "m", "time": "s", "current": "A"}
    dimension = SI.get_quantity_dimension(quantity)
    wanted = SI.get_dimension_system().get_dimensional_dependencies(dimension)
    found = {k: Fraction(int(v)) for k, v in wanted.items()}
    assert dict(Unit.parse(symbol).powers) == {
        names[getattr(k.name, "name", str(k.name))]: v for k, v in found.items()
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("m*", "not the end"),
        ("m^", "an integer exponent"),
        ("2*m", "symbol or 1 is wanted, not '2'"),
        ("m^(1/0)", "divides by 0"),
        ("(m", "closing bracket"),
        ("m s", "an operator is wanted, not 's'"),
        ("m+s", r"at '\+s'"),
        ("furlong", r"unknown unit 'furlong': One of your own stands in brackets, \[furlong\]"),
        ("m/metr", r"unknown unit 'metr': did you mean m \(metre\) or m \(meter\)\?"),
        ("kgg", r"unknown unit 'kgg': did you mean kg\?"),
        ("sec", r"did you mean s \(sec\)"),
        ("[m", r"at '\[m'"),
    ],
)
def test_bad_units_are_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Unit.parse(text)


def judged(vocabulary: Vocabulary, units: Units, text: str) -> bool:
    sequence, _ = vocabulary.sequence(text)
    kernel = Rules(units=units).to_kernel(vocabulary)
    return bool(_kernel.accepts(kernel, sequence[None, :], 1)[0])


MECHANICS = Units.parse(["kg", "m", "s"], "kg*m/s^2")


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("x0*x1/square(x2)", True),
        ("x0*x1/x2", False),
        ("2.5*x0", True),  # a constant has any unit
        ("x0 + x1", False),
        ("x0 + 2.5*x1", False),  # the sum is in kg, whatever the constant is
        ("3.5*(x0 + 2.5*x1)", True),
        ("x0*x1/square(x2)*sin(x2)", False),
        ("x0*x1/square(x2)*sin(x1/x1)", True),
        ("x0*x1/square(x2)*exp(0.5*x2)", True),
        ("relu(x0)*x1/square(x2)", True),
        ("hypot(x0, x0)*x1*inv(square(x2))", True),
        ("hypot(x0, x1)*x1*inv(square(x2))", False),
        ("gauss(x0)*x0*x1/square(x2)", False),
        ("sqrt(square(x0*x1))/square(x2)", True),
        ("cube(x1)*x0/(square(x1)*square(x2))", True),
        ("min(x0, 0.5)*x1/square(x2)", True),
    ],
)
def test_newtons(text: str, fits: bool) -> None:
    assert judged(FREE, MECHANICS, text) is fits


@st.composite
def problems(draw: st.DrawFn, count: int) -> Units:
    exponent = st.sampled_from([Fraction(k, 2) for k in range(-2, 5)])
    units = [
        Unit(tuple((s, p) for s, p in (("m", draw(exponent)), ("s", draw(exponent))) if p))
        for _ in range(count)
    ]
    target = draw(st.sampled_from([None, Unit(), units[0], units[0] / units[-1]]))
    return Units(tuple(units), target)


@pytest.mark.kernel
@settings(max_examples=100, deadline=None)
@given(vocabulary=st.sampled_from([FREE, RICH]), units=problems(3), seed=st.integers(0, 2**32 - 1))
def test_the_analysis_equals_the_one_on_fractions(
    vocabulary: Vocabulary, units: Units, seed: int
) -> None:
    rules = Rules(max_nodes=9, max_depth=4, units=units)
    sequences = random_sequences(Rules(max_nodes=9, max_depth=4), vocabulary, 120, seed)
    judge = Judge(vocabulary, rules)
    expected = [judge.accepts(row) for row in rows_of(sequences)]
    kernel = rules.to_kernel(vocabulary)
    assert _kernel.accepts(kernel, sequences, 1).tolist() == expected


@pytest.mark.kernel
@pytest.mark.parametrize("target", ["m/s^2", "s^(1/2)", "1"])
def test_what_is_accepted_scales_as_its_unit_says(target: str) -> None:
    units = Units.parse(["m", "s", "m^2/s"], target)
    bare = Vocabulary.of(
        ("add", "sub", "mul", "div", "sqrt", "square", "exp", "sin", "max", "hypot"), 3,
        constants=False, literals=(2.0,),
    )  # fmt: skip
    rng = np.random.default_rng(0)
    X = rng.uniform(0.5, 2.0, (12, 3))
    factor = {"m": 3.0, "s": 0.25}

    def scale(unit: Unit) -> float:
        return float(np.prod([factor[s] ** float(p) for s, p in unit.powers]))

    scaled = X * [scale(u) for u in units.inputs]
    assert units.target is not None
    sequences = random_sequences(Rules(max_nodes=9, units=units), bare, 100, 1)
    compared = 0
    for row in rows_of(sequences):
        expression = bare.expression(np.array(row))
        wanted = expression.evaluate(X)[:, 0] * scale(units.target)
        found = expression.evaluate(scaled)[:, 0]
        tame = np.isfinite(wanted) & (np.abs(wanted) > 1e-3) & (np.abs(wanted) < 1e6)
        np.testing.assert_allclose(found[tame], wanted[tame], rtol=1e-6)
        compared += bool(tame.any())
    assert compared > 50


@pytest.mark.kernel
def test_units_must_be_given_for_each_input() -> None:
    with pytest.raises(InputError, match="3 inputs, units are given for 2"):
        Rules(units=Units.parse(["m", "s"])).to_kernel(FREE)
