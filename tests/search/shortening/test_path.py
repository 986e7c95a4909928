"""Paths of shorter formulas, and the search that measures them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from distill_samples import classes, distiller, short, shortening, values
from shortening_samples import NAMES, inputs, rows_of

from symtick.expr import BY_NAME, Expression, Op, parse
from symtick.search.data.quadratic import FitRows
from symtick.search.kernel_api.search import run
from symtick.search.shortening.form import Form
from symtick.search.shortening.path import Path
from symtick.search.shortening.shortening import Shortening, ShorteningRows
from symtick.search.shortening.swaps import SwapMove, Swaps

OPS = (Op.ABS, Op.MAX, Op.MIN, Op.SQUARE, Op.TANH)
LAW = "3.0*abs(x0 - 0.25) + x1"
LONG = "2.9*abs(1.01*x0 - 0.24) + 0.97*x1 + 0.02*tanh(x2 - x0) + 0.01*x2 + 0.03*square(x1 + 0.2*x2)"


def of(text: str, noise: float = 0.0) -> FitRows:
    X = inputs(600)
    goal = parse([text], NAMES).evaluate(X)
    return rows_of(goal + noise * np.random.default_rng(4).standard_normal(goal.shape), "values")


def path(text: str, rows: FitRows) -> Path:
    return Path(Form.of(parse([text], NAMES)), rows, rows, OPS, 2.0**-12)


def test_what_is_too_much_in_a_law_goes() -> None:
    rows = of(LAW, 0.01)
    law = parse([LAW], NAMES)
    found = path(LONG, rows).shortened(len(law))
    assert found.nodes <= len(law)
    X = rows.X
    assert np.abs(found.expression.evaluate(X) - law.evaluate(X)).max() < 0.02
    assert "tanh" not in str(found.expression)


def test_a_function_becomes_the_kink_that_it_imitates() -> None:
    rows = of("2.0*abs(x0 - 0.1)", 0.01)
    found = path("1.9 - 1.9*exp(-square(1.2*x0 - 0.12))", rows).shortened(8)
    assert found.nodes <= 8
    assert "exp" not in str(found.expression)
    assert found.loss < 0.01


def test_formulas_become_shorter_and_hardly_worse() -> None:
    rows = of("tanh(2.0*x0 + x1)*x2 + 0.3*x1", 0.05)
    text = "1.1*tanh(1.9*x0 + 0.9*x1 - 0.3*x2 + 0.1) + 0.2*tanh(x2 + x0) + 0.4*x1*x2 + 0.1*x0 - 0.3"
    start = path(text, rows).shortened(1000)
    last = start
    for share in (0.9, 0.8, 0.7, 0.6):
        made = path(text, rows).shortened(int(share * start.nodes))
        assert made.nodes <= last.nodes
        assert made.nodes <= share * start.nodes
        last = made
    assert path(text, rows).shortened(int(0.9 * start.nodes)).loss < 1.1 * start.loss


def test_swaps_are_weighed_once_for_each_form(monkeypatch: pytest.MonkeyPatch) -> None:
    weighed: list[np.ndarray] = []
    found = Swaps.found

    def counted(self: Swaps) -> list[SwapMove]:
        weighed.append(self.form.values)
        return found(self)

    monkeypatch.setattr(Swaps, "found", counted)
    path(LONG, of(LAW, 0.3)).shortened(5)
    assert len(weighed) > 2
    assert len({id(v) for v in weighed}) == len(weighed)


def test_forms_that_a_lower_price_refused_are_not_written_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = of(LAW, 0.3)
    shorter = path(LONG, rows)
    written: list[tuple[object, ...]] = []
    expression = Form.expression

    def counted(self: Form) -> Expression:
        if self is not shorter.form:
            written.append((id(shorter.form.values), self.values.tobytes(), self.plain.tobytes()))
        return expression(self)

    monkeypatch.setattr(Form, "expression", counted)
    shorter.shortened(5)
    assert len(written) > 5
    assert len(set(written)) == len(written)


def test_only_operators_that_are_allowed_come_in() -> None:
    rows = of("2.0*abs(x0 - 0.1)", 0.01)
    text = "1.2*exp(-square(1.5*x0 - 0.15)) + 0.3*tanh(2.0*x0 - 0.2) - 1.2"
    form = Form.of(parse([text], NAMES))
    found = Path(form, rows, rows, (), 2.0**-12).shortened(8)
    assert not {"abs", "max", "min"} & set(_words(str(found.expression)))


def _words(text: str) -> list[str]:
    return [w for w in BY_NAME if f"{w}(" in text]


@pytest.mark.kernel
@pytest.mark.parametrize("kind", ["classes", "values"])
def test_the_designs_of_a_path_become_smaller_and_are_measured_as_they_are(kind: str) -> None:
    problem = classes(600) if kind == "classes" else values()
    search = shortening(problem, short())
    run(search, max_slices=6)
    nodes = [e.nodes for e in search.front()]
    assert len(nodes) >= 3
    assert nodes[-1] < nodes[0]
    for entry in search.front():
        design = search._evaluator.design(entry.expression, entry.precision)
        outputs = design.real_outputs(problem.raw[problem.valid])
        assert problem.score(outputs, problem.valid) == entry.score


@pytest.mark.kernel
def test_long_formulas_are_measured_once_they_are_short() -> None:
    problem = classes(600)
    config = short()
    wide = replace(config.shortening, largest=40)
    search = shortening(problem, replace(config, shortening=wide), bent=4)
    assert len(search._start()) > 60
    search.step()
    assert search.front()
    assert len(search._now) <= 40
    assert all(e.nodes <= 45 for e in search.front())  # with constants of few digits


@pytest.mark.kernel
def test_only_long_formulas_are_fitted_on_fewer_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, config, fitted = classes(600), short(), []

    def noted(*args: Any) -> Path:
        fitted.append(args[1])
        return Path(*args)

    monkeypatch.setattr("symtick.search.shortening.shortening.Path", noted)
    for largest, few in ((40, True), (400, False)):
        fitted.clear()
        settings = replace(config.shortening, largest=largest, swap_rows=200)
        search = shortening(problem, replace(config, shortening=settings), bent=4)
        run(search, max_slices=2)
        assert [len(rows.goal) < 300 for rows in fitted] == [few, False]


@pytest.mark.kernel
def test_a_formula_with_a_pole_in_its_range_is_no_design() -> None:
    problem = values(1)
    made = distiller(problem, short())
    settings = replace(made.config.shortening, smallest=3)
    rows = ShorteningRows.of(made.evaluator, settings)
    start = parse(["10.0 + 0.1/(x0 + 0.003)"], problem.input_names)
    search = Shortening("pole", made.evaluator, rows, settings, OPS, lambda: start)
    run(search, max_slices=3)
    ranges = made.evaluator.read_ranges
    for entry in search.front():
        entry.expression.intervals(ranges)
