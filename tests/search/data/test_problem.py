"""The problem of a distillation: rows, targets, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from distill_samples import FORMATS, inputs, scores, values

from symtick.codegen import Fixed
from symtick.errors import InputError
from symtick.search.data.problem import Problem


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
