"""Constants on a grid: representable, re-scored, and no worse than rounding them all at once."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loss_samples import target
from random_expressions import NAMES, expressions, rows

from symtick.errors import InputError
from symtick.expr import Expression, Op, Program, parse
from symtick.search.kernel_api.evaluation import losses
from symtick.search.kernel_api.fitting import fit, rounded
from symtick.search.kernel_api.losses import LOSSES
from symtick.search.kernel_api.rows import Rows

pytestmark = pytest.mark.kernel


def on_grid(value: float, bits: int, fraction: bool) -> bool:
    """Whether the exact value is a multiple of 2**-bits, or has that many significant bits."""
    exact = Fraction(value)
    if fraction:
        return (exact * Fraction(2) ** bits).denominator == 1
    odd = abs(exact.numerator)  # the denominator is a power of two
    while odd and odd % 2 == 0:
        odd //= 2
    return odd < 2**bits


def all_at_once(program: Program, bits: int, fraction: bool) -> Program:
    """Every constant at its nearest number, ties to even."""

    def nearest(value: float) -> float:
        if value == 0.0:
            return 0.0
        step = 2.0**-bits if fraction else 2.0 ** (math.frexp(value)[1] - bits)
        return step * round(value / step)

    return Program(
        program.ops, program.args, np.array([nearest(v) for v in program.consts], np.float64)
    )


grids = st.one_of(
    st.tuples(st.integers(1, 53), st.just(False)), st.tuples(st.integers(-3, 60), st.just(True))
)


@settings(max_examples=200, deadline=None)
@given(expression=expressions(), grid=grids, loss=st.sampled_from(LOSSES), seed=st.integers(0, 99))
def test_constants_are_on_the_grid_and_the_loss_is_true(
    expression: Expression, grid: tuple[int, bool], loss: str, seed: int
) -> None:
    bits, fraction = grid
    data = Rows.make(rows(40, seed), target(loss, 40, seed))
    program = expression.to_program()
    found = rounded([program], data, bits=bits, fraction=fraction, loss=loss, refit=3)[0]
    assert all(on_grid(v, bits, fraction) for v in found.program.consts)
    assert np.array_equal(found.program.ops, program.ops)
    assert found.loss == losses([found.program], data, loss=loss)[0]


@settings(max_examples=80, deadline=None)
@given(expression=expressions(), grid=grids, data_seed=st.integers(0, 99))
def test_what_is_on_the_grid_already_only_gets_better(
    expression: Expression, grid: tuple[int, bool], data_seed: int
) -> None:
    bits, fraction = grid
    data = Rows.make(rows(40, data_seed), target("mse", 40, data_seed))
    program = all_at_once(expression.to_program(), bits, fraction)
    before = losses([program], data)[0]
    assert rounded([program], data, bits=bits, fraction=fraction, refit=0)[0].loss <= before


@pytest.mark.parametrize("bits", [2, 3, 4, 6, 8])
def test_one_by_one_with_refits_is_better_than_all_at_once(bits: int) -> None:
    X = rows(300)
    rng = np.random.default_rng(bits)
    forms = [
        "1*tanh(1*x0 - 0.1) + 1*x1*x2 + 1",
        "1*exp(-1*square(x0)) + 1*sin(1*x1 + 0.1)",
        "1*x0 + 1*x1 + 1*x2 + 1*x0*x1 + 1",
    ]
    won = 0.0
    for text in forms:
        y = np.tanh(1.37 * X[:, 0] - 0.41) + 0.83 * X[:, 1] * X[:, 2] + 0.1 * rng.normal(size=300)
        data = Rows.make(X, y)
        tuned = fit([parse(text, NAMES).to_program()], data)[0]
        ours = rounded([tuned.program], data, bits=bits)[0].loss
        plain = losses([all_at_once(tuned.program, bits, False)], data)[0]
        assert tuned.loss <= ours * (1 + 1e-9)
        assert ours <= plain
        won += math.log(plain / ours)
    assert won > 0.0


def test_literals_stay_and_ties_stay_tied() -> None:
    X = rows(100)
    data = Rows.make(X, 1.7 * X[:, 0] + np.sin(1.7 * X[:, 1]) + 0.3)
    start = parse("1*x0 + sin(1*x1) + 0.3", NAMES).to_program()
    found = rounded([start], data, bits=4, kinds=[[1, 1, -1]])[0].program.consts
    assert found[2] == 0.3
    assert found[0] == found[1]
    assert on_grid(found[0], 4, False)


def test_a_constant_that_must_be_exact_is_found_by_its_neighbours() -> None:
    # nearest is 0.5, but then the logarithm is undefined on the rows
    X = np.linspace(0.4, 2.0, 50)[:, None]
    data = Rows.make(X, np.log(X[:, 0] - 0.3))
    start = parse("log(x0 - 0.39)", ("x0",)).to_program()
    assert losses([all_at_once(start, 1, False)], data)[0] == np.inf
    found = rounded([start], data, bits=1, refit=0)[0]
    assert np.isfinite(found.loss)
    assert on_grid(found.program.consts[0], 1, False)


@pytest.mark.parametrize(
    ("bits", "fraction", "message"),
    [
        (0, False, "from 1 to 53, not 0"),
        (54, False, "from 1 to 53"),
        (65, True, "from -64 to 64"),
        (2.0, False, "bits must be an integer"),
        (True, False, "bits must be an integer"),
    ],
)
def test_bad_bits_are_refused(bits: int, fraction: bool, message: str) -> None:
    with pytest.raises(InputError, match=message):
        rounded(
            [parse("2*x0", NAMES).to_program()], Rows.make(rows(3)), bits=bits, fraction=fraction
        )


def test_a_program_without_constants_is_only_scored() -> None:
    data = Rows.make(rows(9), rows(9)[:, 1])
    found = rounded([parse("x0 + x1", NAMES).to_program()], data, bits=3)[0]
    assert found.loss == losses([found.program], data)[0]
    assert int((found.program.ops == Op.CONST).sum()) == 0
