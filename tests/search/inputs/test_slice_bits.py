"""Bits of slices by what a teacher loses without the others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import log_softmax

from symtick.codegen import Fixed
from symtick.search.data.dataset import FloatArray
from symtick.search.inputs.maps import Word, WordInputs, slices_by_bits
from symtick.search.inputs.slice_bits import AskedTeacher, by_teacher

RNG = np.random.default_rng(7)
X = RNG.uniform(0.0, 1.0, (3000, 3))
NAMES = ("fine", "coarse", "idle")
WORDS = WordInputs.fit(NAMES, [Word(Fixed(16, 16, False))] * 3, X, bits=6, widths={}, tail=0.0)


def scores(rows: FloatArray) -> FloatArray:
    """Of two classes: many periods of the first input, one slope of the second, no third."""
    first = 4.0 * np.sin(40.0 * rows[:, 0]) + rows[:, 1]
    return np.stack([first, -first], axis=1)


def lost(inputs: WordInputs, k: int, bits: int) -> float:
    """Divergence of the teacher's classes where one input has so many bits."""
    part = slices_by_bits(inputs.slices[k].word, inputs.words(X)[:, k])[bits]
    slices = tuple(part if j == k else s for j, s in enumerate(inputs.slices))
    told = X.copy()
    told[:, k] = replace(inputs, slices=slices).told(X)[:, k]
    own, other = log_softmax(scores(X), axis=1), log_softmax(scores(told), axis=1)
    return float((np.exp(own) * (own - other)).sum(axis=1).mean())


def test_each_input_has_as_few_bits_as_the_teacher_bears() -> None:
    made = by_teacher(WORDS, AskedTeacher(scores, X, True), {})
    widths = [fmt.width for fmt in made.formats]
    assert widths[2] == 4  # the fewest there are
    assert widths[1] < widths[0]
    for k in (0, 1):
        assert lost(WORDS, k, widths[k]) <= 1e-3
        assert widths[k] == 4 or lost(WORDS, k, widths[k] - 1) > 1e-3


def test_stated_bits_stay() -> None:
    asked = AskedTeacher(scores, X, True)
    assert by_teacher(WORDS, asked, {"idle": 6}).formats[2].width == 6


def test_where_no_bits_are_enough_there_are_the_most() -> None:
    def steep(rows: FloatArray) -> FloatArray:
        return 30.0 * np.sin(5000.0 * rows[:, :1])

    assert by_teacher(WORDS, AskedTeacher(steep, X, True), {}).formats[0].width == 10


@pytest.mark.parametrize("noise", [0.3, 0.01])
def test_values_need_bits_by_the_teachers_error(noise: float) -> None:
    truth = X[:, :1] + RNG.normal(0.0, noise, (len(X), 1))
    asked = AskedTeacher(lambda rows: rows[:, :1], X, False, truth)
    width = by_teacher(WORDS, asked, {}).formats[0].width
    step = 2.0**-width  # a step's square error is a twelfth of its square
    assert step**2 / 12.0 <= 1.1e-2 * noise**2
    assert width == 4 or (2.0 * step) ** 2 / 12.0 >= 0.9e-2 * noise**2


def test_without_the_truth_the_variance_counts() -> None:
    asked = AskedTeacher(lambda rows: 3.0 * rows[:, :2], X, False)
    made = by_teacher(WORDS, asked, {})
    assert [f.width for f in made.formats][:2] == [made.formats[0].width] * 2
    assert (2.0 ** -made.formats[0].width) ** 2 / 12.0 <= 1.1e-4 * X[:, 0].var() * 2  # two outputs
    assert made.formats[2].width == 4
