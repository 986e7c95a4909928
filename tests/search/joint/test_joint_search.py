"""The joint search of one start, on small problems."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from distill_samples import FORMATS, classes, distiller, inputs, short, values

from symtick.search.data.problem import Problem
from symtick.search.distill.settings import DistillConfig
from symtick.search.hybrid.settings import HYBRID_METHODS
from symtick.search.joint.search import JointSearch

pytestmark = pytest.mark.kernel


def settings(**changes: object) -> DistillConfig:
    config = short()
    return replace(config, joint=replace(config.joint, **changes))  # type: ignore[arg-type]


def finished(problem: Problem, config: DistillConfig) -> JointSearch:
    search = distiller(problem, config)._joint_searches()[0]
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


def test_a_shared_term_is_written_once() -> None:
    X = inputs()
    hidden = np.tanh(4.0 * X[:, 0] - 3.0 * X[:, 1])
    scores = np.stack([3.0 * hidden, -2.0 * hidden, 0.5 * hidden + 1.0], axis=1)
    problem = Problem.from_scores(X, scores, FORMATS)
    search = finished(problem, settings(method="gp", rounds=5, terms=8, generations=6))
    best = max(search.front(), key=lambda e: e.score)
    assert best.score > 0.97
    good = [e for e in search.front() if e.score > 0.95]
    assert min(e.nodes for e in good) < 35


def test_limits_of_terms_hold() -> None:
    search = finished(values(), settings(terms=2, letters=5))
    for entry in search.front():
        assert entry.nodes > 0
    assert len(search._model.terms) <= 2
    sizes = [t.size for model, _, _ in search._path for t in model.terms]
    assert max(sizes) <= 14


def test_a_search_that_is_cut_off_measures_what_it_has() -> None:
    search = distiller(classes(), settings())._joint_searches()[0]
    search.step()
    search.conclude()
    while not search.status.done:
        search.step()
    assert search.front()
    fresh = distiller(classes(), settings())._joint_searches()[1]
    fresh.conclude()
    assert fresh.status.done and not fresh.front()


def test_starts_differ_and_repeat() -> None:
    made = distiller(classes(), settings())
    one, other = made._joint_searches()
    again = distiller(classes(), settings())._joint_searches()[0]
    for search in (one, other, again):
        search.step()
        search.step()
    assert one.curve == again.curve != other.curve
