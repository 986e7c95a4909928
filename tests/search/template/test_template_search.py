"""The search for a template's functions: what is composed, what one of them must be, its state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from symtick import SymbolicRegressor
from symtick.estimators.resolve import Plan
from symtick.estimators.settings import Parameters
from symtick.estimators.template_task import template_task
from symtick.search.kernel_api.evaluation import evaluate
from symtick.search.kernel_api.search import run
from symtick.search.template.one_function import OneFunction
from symtick.search.template.search import TemplateSearch
from symtick.search.template.task import TemplateTask

pytestmark = pytest.mark.kernel

draw = np.random.default_rng(3)
X = draw.uniform(0.5, 2.0, (60, 3))
X[:, 2] = np.arange(60) % 3


def task_of(template: str, goals: np.ndarray, guess: str, **given: object) -> TemplateTask:
    model = SymbolicRegressor(
        template=template, unary_operators=["sin", "exp"], guesses=[guess], **given
    )
    parameters = Parameters.of(model.get_params(deep=False))
    plan = Plan.of(parameters, X, ["x0", "x1", "kind"], range(3))
    return template_task(plan, X, goals, None, ["y"] * len(goals))


def test_programs_compute_what_the_filled_template_does() -> None:
    text = "u = g(x0, x1); p*f(u) + a[kind]*f(x0); u/f(x1)"
    goals = draw.normal(size=(2, 60))
    task = task_of(text, goals, "g = x0*x1 + 2.5; f = 0.5*sin(z1) + z1; p = 1.5")
    search = TemplateSearch(task)
    genome = search._guessed(0)
    composed = task.composer.composed(genome)
    assert composed is not None
    rows = task.composer.rows(X, task.y)
    values = evaluate([composed.program], rows.X)[0].reshape(2, 60).T
    whole = task.template.filled(task.composer.parts(genome))
    assert np.allclose(values, whole.evaluate(X), rtol=1e-13)
    assert np.allclose(task.expression(genome).evaluate(X), whole.evaluate(X), rtol=1e-13)
    # constants of f occur in all its calls, those of each category once
    constant = [i for i in composed.ids if composed.ids.count(i) > 1]
    assert len(set(constant)) == 2 and len(task.composer.constants(genome)) == 1 + 3 + 1 + 1


def test_constants_are_fitted_together_and_return_to_their_places() -> None:
    a = np.array([1.0, 2.5, -0.7])[X[:, 2].astype(int)]
    y = a * np.sin(1.3 * X[:, 0]) + np.sin(1.3 * X[:, 1])
    task = task_of("a[kind]*f(x0) + f(x1)", y[None, :], "f = sin(1.1*z1)")
    (found,) = TemplateSearch(task).fitted(
        [TemplateSearch(task)._guessed(0)], task.composer.rows(X, task.y), 60
    )
    parts = task.composer.parts(found.genome)
    assert found.loss < 1e-20
    assert [parts.categories["a"][k] for k in range(3)] == pytest.approx([1.0, 2.5, -0.7])
    assert parts.functions["f"].constants == pytest.approx((1.3,))


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("f(x0)*g(x1)", lambda y, g: y / g),
        ("f(x0) + g(x1)", lambda y, g: y - g),
        ("g(x1)/f(x0)", lambda y, g: g / y),
        ("exp(f(x0)) + g(x1)", lambda y, g: np.log(y - g)),
    ],
)
def test_what_one_function_has_to_be(template: str, expected: Callable[..., np.ndarray]) -> None:
    g = X[:, 1] + 2.0
    y = {"*": X[:, 0] ** 2 * g, "+": X[:, 0] ** 2 + g}.get(template[5], g / X[:, 0] ** 2)
    y = np.exp(X[:, 0]) + g if template.startswith("exp") else y
    task = task_of(template, y[None, :], "f = 1.5; g = x1 + 2")
    genome = TemplateSearch(task)._guessed(0)
    place = task.composer.functions.index("f")
    one = OneFunction(task.composer, task.config, task.rules, task.levels, task.hybrid)
    alone = one.alone(genome, place, task.composer.rows(X, task.y))
    assert alone is not None and np.array_equal(alone.X[:, 0], X[:, 0])
    assert np.allclose(alone.y, expected(y, g), rtol=1e-6)
    if template == "f(x0)*g(x1)":
        assert np.allclose(alone.weights, g**2 / np.mean(g**2))


def test_a_part_of_the_readers_becomes_part_of_the_function() -> None:
    y = np.stack([X[:, 1] * X[:, 0] ** 2, np.sin(X[:, 0] ** 2)])
    task = task_of("u = g(x0); f(u, x1); h(u)", y, "g = x0 + 1.5; f = x1*(u*u); h = sin(u*u)")
    search = TemplateSearch(task)
    genome = search._guessed(0)
    readers = task.composer.readers(0)
    assert readers == [(1, 0), (2, 0)]
    moved = {search.breeder.moved_in(genome, 0, readers, draw) for _ in range(30)}
    texts = {task.composer.parts(g).text() for g in moved}
    assert "g = (x0 + 1.5)*(x0 + 1.5); f = x1*u; h = sin(u)" in texts
    for one in moved:
        whole = task.template.filled(task.composer.parts(one)).evaluate(X)
        assert np.allclose(whole, task.template.filled(task.composer.parts(genome)).evaluate(X))


def test_a_state_goes_on_exactly() -> None:
    y = X[:, 0] ** 2 * np.sin(X[:, 1]) + 0.1 * draw.normal(size=60)
    task = replace(task_of("f(x0)*g(x1)", y[None, :], "f = x0"), guesses=())
    whole, half = TemplateSearch(task), TemplateSearch(task)
    run(whole, max_slices=8)
    run(half, max_slices=4)
    rest = TemplateSearch(task)
    rest.restore(half.state())
    run(rest, max_slices=4)
    assert rest.status == whole.status
    assert [f.genome for f in rest.front()] == [f.genome for f in whole.front()]
    assert whole.front()
