"""The problem of a distillation: rows, targets, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from distill_samples import FORMATS, inputs, scores, values

from symtick.codegen import Decision, Fixed
from symtick.errors import InputError
from symtick.search.data.goals import Goal
from symtick.search.data.objective import choice, row_choices
from symtick.search.data.problem import Kind, Problem


def test_problem_is_quantised_shuffled_and_split() -> None:
    X = inputs(100)
    problem = Problem.from_scores(X, scores(X), FORMATS, validation=0.25, seed=3)
    assert (problem.train, problem.valid) == (slice(0, 75), slice(75, 100))
    order = np.random.default_rng(3).permutation(100)
    whole = slice(0, 100)
    steps = np.array([f.step for f in FORMATS])
    near = np.clip(X[order], -1.0, 1.0 - steps)
    assert (np.abs(problem.real(whole) - near) <= steps / 2 + 1e-12).all()
    np.testing.assert_allclose(problem.targets.sum(axis=1), 0.0, atol=1e-12)
    np.testing.assert_array_equal(problem.classes(whole), scores(X)[order].argmax(axis=1))
    assert problem.teacher_score(problem.valid) == 1.0


def test_values_keep_their_level() -> None:
    assert values(1).targets.mean() > 5.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"formats": FORMATS[:2]}, "features"),
        ({"labels": [0, 1]}, "labels"),
        ({"validation": 0.0}, "leaves none"),
        ({"output_names": ["a", "a", "b"]}, "different names"),
        ({"temperature": 0.0}, "temperature must be positive"),
        ({"scores": np.zeros((3, 3))}, "rows of targets"),
        ({"X": np.full((40, 4), np.nan)}, "nan"),
    ],
)
def test_problem_refusals(change: dict, message: str) -> None:
    X = inputs(40)
    arguments = {"X": X, "scores": scores(X), "formats": FORMATS, **change}
    with pytest.raises(InputError, match=message):
        Problem.from_scores(**arguments)


def test_one_class_is_refused() -> None:
    with pytest.raises(InputError, match="two classes"):
        Problem.from_labels(inputs(10), np.zeros(10), (Fixed(5, 4),) * 4, classes=1)


@pytest.mark.parametrize(
    ("kind", "goal", "outputs", "counts"),
    [
        ("classes", Goal(), ("index",), True),
        ("classes", Goal(), ("scores",), False),
        ("classes", Goal(), ("index", "margin"), False),
        ("classes", Goal("auc"), ("index",), False),
        ("values", Goal(), ("index",), False),
    ],
)
def test_the_class_alone_counts_where_nothing_else_is_delivered(
    kind: Kind, goal: Goal, outputs: tuple[str, ...], counts: bool
) -> None:
    rng = np.random.default_rng(3)
    X, scores = rng.uniform(size=(60, 2)), rng.normal(size=(60, 3))
    problem = Problem.from_scores(X, scores, (Fixed(6, 6, False),) * 2, kind=kind, chosen_by=goal)
    decision, rows = Decision(outputs), slice(5, 40)
    assert problem.class_counts(decision) is counts
    said = rng.normal(size=(35, 3))
    wanted = row_choices(said, problem.goal[rows]).mean() if counts else problem.loss(said, rows)
    assert problem.judge_for(decision, rows)(said) == pytest.approx(wanted)
    own = choice if counts else problem.objective
    assert problem.objective_for(decision)(said, problem.goal[rows])[0] == pytest.approx(
        own(said, problem.goal[rows])[0]
    )


def test_weights_count_in_the_error_of_a_choice() -> None:
    rng = np.random.default_rng(4)
    X, scores, weights = rng.uniform(size=(80, 2)), rng.normal(size=(80, 3)), rng.uniform(size=80)
    problem = Problem.from_scores(X, scores, (Fixed(6, 6, False),) * 2, weights=weights)
    said, rows = rng.normal(size=scores.shape), problem.valid
    assert problem.weights is not None
    losses = row_choices(said[rows], problem.goal[rows])
    wanted = (problem.weights[rows] * losses).sum() / problem.weights[rows].sum()
    assert problem.judge_for(Decision(("index",)), rows)(said[rows]) == pytest.approx(wanted)
