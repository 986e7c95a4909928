"""Guesses and templates that a distillation begins with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from distill_samples import FORMATS, classes, distiller, inputs, short, values

from symtick.errors import InputError
from symtick.expr import Interval, Op, parse
from symtick.search.data.problem import Problem
from symtick.search.distill.distill import Distiller
from symtick.search.distill.given import read_guess, read_structure
from symtick.search.distill.given_settings import GivenSettings
from symtick.search.distill.settings import DistillConfig

pytestmark = pytest.mark.kernel

INPUTS, OUTPUTS = ("x0", "x1", "x2", "x3"), ("a", "b", "c")
RANGES = [Interval(-1.0, 1.0)] * 4
SAME = [1.0] * 4, [0.0] * 4
TRUE = """
u = 2*x0 + x1*x3
a = 3*tanh(u)
b = 4*exp(-4*square(x1)) - 2
c = x0 - 2*x2 + x3
"""


def alone(given: GivenSettings) -> DistillConfig:
    """A search of nothing but what is given."""
    config = short()
    return replace(
        config,
        given=given,
        joint=replace(config.joint, starts=0),
        layered=replace(config.layered, hidden=()),
        shortening=replace(config.shortening, designs=0),
        tuning=replace(config.tuning, accuracy=None, rmse=None),
    )


def origins(made: Distiller) -> set[str]:
    return {entry.origin for entry in made._entries()}


def test_a_guess_becomes_a_design_with_its_constants_fitted() -> None:
    """Of the true formulas with other constants the design is nearly the teacher."""
    wrong = TRUE.replace("2*x0 + ", "1.4*x0 + ").replace("4*exp", "3*exp").replace("2*x2", "1.2*x2")
    made = distiller(classes(), alone(GivenSettings(guesses=(wrong,))))
    front = made.run()
    assert origins(made) == {"guess-0"}
    assert front.best.score > 0.97
    assert Op.EXP in {n.op for n in front.best.expression.nodes}


def test_guesses_may_go_without_names_and_in_any_order_with_them() -> None:
    rows = inputs(50)
    told = read_guess(TRUE, INPUTS, OUTPUTS, RANGES, SAME)
    lines = TRUE.strip().splitlines()
    turned = read_guess("\n".join([lines[0], *lines[:0:-1]]), INPUTS, OUTPUTS, RANGES, SAME)
    assert np.array_equal(turned.evaluate(rows), told.evaluate(rows))
    bare = "3*tanh(2*x0 + x1*x3); 4*exp(-4*square(x1)) - 2; x0 - 2*x2 + x3"
    assert np.array_equal(
        read_guess(bare, INPUTS, OUTPUTS, RANGES, SAME).evaluate(rows), told.evaluate(rows)
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x0; x1", "it gives y0, y1, the outputs are a, b, c"),
        ("a = x0; b = mass; c = x1", "'mass' is no feature"),
        ("a = x0; b = log(x1); c = x1", "log"),
        ("a = x0 +; b = x1; c = x1", "a = x0 +"),
    ],
)
def test_a_guess_that_is_none_is_refused_before_the_search(text: str, reason: str) -> None:
    with pytest.raises(InputError, match=f"^the guess '.*{reason.replace('+', '[+]')}"):
        distiller(classes(200), short_of(text))


def short_of(text: str) -> DistillConfig:
    return replace(short(), given=GivenSettings(guesses=(text,)))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("f(x0)", "its results are 1, the outputs 3"),
        ("b = f(x0); a = f(x1); c = x2", "in the order b, a, c"),
        ("a = x0; b = x1; c = x2", "no function to be found"),
        ("a = f(x9); b = x1; c = x2", "'x9'"),
    ],
)
def test_a_template_of_other_outputs_is_refused_before_the_search(text: str, reason: str) -> None:
    with pytest.raises(InputError, match=f"^the template '.*{reason}"):
        distiller(classes(200), replace(short(), given=GivenSettings(template=text)))
    assert read_structure("f(x0); f(x1); g(x2)", INPUTS, OUTPUTS).results == 3


def test_the_functions_of_a_template_are_found_and_shared() -> None:
    """Two values of one hidden sum: y0 = f(g(x0, x1)), y1 = h(g(x0, x1))."""
    X = inputs(600)
    u = X[:, 0] - 0.5 * X[:, 1]
    goal = np.stack([np.tanh(2.0 * u), u * u], axis=1)
    problem = Problem.from_scores(X, goal, FORMATS, kind="values")
    text = "u = g(x0, x1); y0 = f(u); y1 = h(u)"
    config = alone(GivenSettings(template=text, evaluations=12_000, rows=400, designs=4))
    made = distiller(problem, config)
    front = made.run()
    assert origins(made) == {"template-0"}
    assert front.best.score > 0.95
    assert {n.index for n in front.best.expression.nodes if n.op is Op.INPUT} == {0, 1}


def test_a_template_of_scores_by_class_reaches_designs_with_the_rest_of_the_search() -> None:
    config = replace(
        short(), given=GivenSettings((TRUE,), "f(x0, x1, x3); g(x1); h(x0, x2, x3)", 3_000, 300, 3)
    )
    made = distiller(classes(600), config)
    front = made.run()
    assert {"guess-0", "template-0"} <= origins(made)
    assert front.best.score > 0.95


def test_values_take_guesses_too() -> None:
    made = distiller(values(), alone(GivenSettings(guesses=("sin(3*x0) + 9; 90*x1*x2",))))
    config = replace(made.config, ops=(*made.config.ops, "sin"))
    front = distiller(values(), config).run()
    assert front.best.score > 0.99
    assert parse("sin(x0)", ["x0"]).nodes[1].op in {n.op for n in front.best.expression.nodes}
