"""Affine substitution: the same values, with constants in one place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symtick.errors import InputError
from symtick.expr import parse, to_text, with_affine_inputs

NAMES = ("mass", "pt")
TEXTS = (
    "tanh(2*mass + 1)",
    "0.5*(mass - 3*pt) + 2*mass*pt - 4",
    "-(mass + 1) - (2 - pt)",
    "max(mass, 0.25)*square(pt) + exp(-1*square(mass))",
    "min(mass, pt)/(2 + pt*pt) - 3*(0.5*mass)",
)


@given(
    st.sampled_from(TEXTS),
    st.tuples(*[st.floats(-4, 4).filter(bool)] * 2),
    st.tuples(*[st.floats(-2, 2)] * 2),
)
@settings(max_examples=100, deadline=None)
def test_values_are_those_at_the_affine_points(
    text: str, factors: tuple[float, ...], offsets: tuple[float, ...]
) -> None:
    expression = parse(text, NAMES)
    made = with_affine_inputs(expression, factors, offsets)
    rows = np.random.default_rng(0).normal(size=(50, 2))
    wanted = expression.evaluate(rows * factors + offsets)
    np.testing.assert_allclose(made.evaluate(rows), wanted, rtol=1e-9, atol=1e-9)


def test_constants_are_merged() -> None:
    made = with_affine_inputs(parse("tanh(2*mass + 1) + 3*(4*pt)", NAMES), (0.5, 0.25), (-1.0, 0.0))
    assert to_text(made) == "tanh(mass - 1.0) + 3.0*pt"


@given(st.sampled_from(TEXTS), st.integers(-30, 30))
def test_powers_of_two_change_no_bit_of_a_sum_or_product(text: str, exponent: int) -> None:
    expression = with_affine_inputs(parse(text, NAMES), (1.0, 1.0), (0.0, 0.0))
    factor = 2.0**exponent
    made = with_affine_inputs(expression, (factor, factor), (0.0, 0.0))
    rows = np.random.default_rng(1).normal(size=(50, 2))
    assert np.array_equal(made.evaluate(rows), expression.evaluate(rows * factor))


def test_every_input_needs_its_factor() -> None:
    with pytest.raises(InputError, match="2 inputs need as many factors and offsets"):
        with_affine_inputs(parse("mass", NAMES), (1.0,), (0.0, 0.0))


def test_signs_are_subtractions() -> None:
    texts = ("2*mass - 3*pt - 1.5", "0.5 - 2*mass", "1 - mass", "-(mass - pt)", "pt - 2*mass")
    for text in texts:
        made = with_affine_inputs(parse(text, NAMES), (1.0, 1.0), (0.0, 0.0))
        assert "+ -" not in to_text(made)
        assert "-1" not in to_text(made)
        assert len(made) <= len(parse(text, NAMES))
    moved = with_affine_inputs(parse("mass + pt", NAMES), (1.0, -2.0), (-3.0, 0.5))
    assert to_text(moved) == "mass - 2.0*pt - 2.5"
