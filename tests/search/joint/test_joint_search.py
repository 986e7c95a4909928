"""The joint search of one start, on small problems."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from distill_samples import FORMATS, classes, distiller, first, inputs, short, values

from symtick.codegen import Decision
from symtick.search.data.objective import row_choices
from symtick.search.data.problem import Problem
from symtick.search.designs.settings import FixedPointSettings
from symtick.search.distill.settings import DistillConfig
from symtick.search.hybrid.settings import HYBRID_METHODS
from symtick.search.joint.model import JointModel
from symtick.search.joint.search import CHEAPER, TELLING, JointSearch, telling
from symtick.search.joint.trees import number

pytestmark = pytest.mark.kernel


def settings(**changes: object) -> DistillConfig:
    config = short()
    return replace(config, joint=replace(config.joint, **changes))  # type: ignore[arg-type]


def finished(problem: Problem, config: DistillConfig) -> JointSearch:
    search = first(distiller(problem, config), "joint")[0]
    while not search.status.done:
        search.step()
    return search


@pytest.mark.parametrize("method", HYBRID_METHODS)
def test_every_source_of_terms_learns(method: str) -> None:
    search = finished(classes(), settings(method=method, rounds=6, terms=8))
    assert len(search.curve) == 6
    assert search.curve[-1] < 0.6 * search.curve[0]
    assert max(e.score for e in search.front()) > 0.8
    assert {e.origin for e in search.front()} == {"joint-0"}


def _of_one_term() -> Problem:
    X = inputs()
    hidden = np.tanh(4.0 * X[:, 0] - 3.0 * X[:, 1])
    scores = np.stack([3.0 * hidden, -2.0 * hidden, 0.5 * hidden + 1.0], axis=1)
    return Problem.from_scores(X, scores, FORMATS)


def test_a_shared_term_is_written_once() -> None:
    search = finished(_of_one_term(), settings(method="gp", rounds=5, terms=8, generations=6))
    best = max(search.front(), key=lambda e: e.score)
    assert best.score > 0.97
    good = [e for e in search.front() if e.score > 0.95]
    assert min(e.nodes for e in good) < 35


def test_a_term_joins_no_more_readers_than_the_settings_say() -> None:
    readers = [
        np.count_nonzero(search._model.weights, axis=1).max()
        for search in (_grown(None), _grown(1))
    ]
    assert readers[0] > readers[1] == 1


def _grown(readers: int | None) -> JointSearch:
    config = settings(method="gp", thrift=0.0, readers=readers, rounds=2)
    search = first(distiller(_of_one_term(), config), "joint")[0]
    for _ in range(2):
        search.step()
    return search


def test_models_are_measured_as_fitted_for_the_class_where_it_is_delivered_alone() -> None:
    problem = classes()
    fine = FixedPointSettings(term_fracs=(9,), address_bits=12)  # rounding is not to be seen
    config = replace(settings(rounds=3, terms=5), fixed_point=fine)
    found = []
    for outputs in (("scores",), ("index",)):
        search = finished(problem, replace(config, decision=Decision(outputs)))
        entry = max(search.front(), key=lambda e: (e.nodes, e.score))
        said = entry.expression.evaluate(problem.real(problem.train))
        found.append((search, row_choices(said, problem.goal[problem.train]).mean(),
                      problem.loss(said, problem.train)))  # fmt: skip
    (plain, plain_wrong, plain_loss), (by_class, wrong, loss) = found
    assert plain.curve == by_class.curve  # they grow alike
    assert wrong < plain_wrong and loss > plain_loss


def test_limits_of_terms_hold() -> None:
    search = finished(values(), settings(terms=2, letters=5))
    for entry in search.front():
        assert entry.nodes > 0
    assert len(search._model.terms) <= 2
    sizes = [t.size for model, _, _ in search._path for t in model.terms]
    assert max(sizes) <= 14


def test_a_search_that_is_cut_off_measures_what_it_has() -> None:
    search = first(distiller(classes(), settings()), "joint")[0]
    search.step()
    search.conclude()
    while not search.status.done:
        search.step()
    assert search.front()
    fresh = first(distiller(classes(), settings()), "joint")[1]
    fresh.conclude()
    assert fresh.status.done and not fresh.front()


def test_starts_differ_and_repeat() -> None:
    made = distiller(classes(), settings())
    one, other = first(made, "joint")
    again = first(distiller(classes(), settings()), "joint")[0]
    for search in (one, other, again):
        search.step()
        search.step()
    assert one.curve == again.curve != other.curve


def test_models_that_are_measured_differ_in_loss_and_price() -> None:
    rng = np.random.default_rng(3)
    models = [JointModel((number(1.0),), np.ones((1, 1)), np.zeros(1)) for _ in range(200)]
    prices = np.exp(rng.uniform(0.0, 4.0, 200))
    losses = np.exp(rng.normal(0.0, 0.2, 200)) / prices
    path = list(zip(models, losses.tolist(), prices.tolist(), strict=True))
    places = [models.index(m) for m in telling(path)]
    assert 4 < len(places) <= 1 - 4.0 / np.log(CHEAPER)
    assert (prices[places[1:]] <= CHEAPER * prices[places[:-1]]).all()
    for place in places:
        cheaper = losses[prices < prices[place]]
        assert (losses[place] < (1.0 - TELLING) * cheaper).all()
    best = losses < losses.min() / (1.0 - TELLING)
    assert places[0] in np.flatnonzero(best)
    empty = JointModel((), np.zeros((0, 1)), np.zeros(1))
    assert telling([(empty, 0.0, 0.0), *path[:1]]) == models[:1]
