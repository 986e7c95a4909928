"""Constant fits: linear ones exactly, exact problems to the last digits, every loss, restarts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from loss_samples import quartic, target
from random_expressions import NAMES, expressions, rows
from scipy.optimize import linprog, minimize

from symtick.errors import InputError
from symtick.expr import Expression, Op, Program, parse
from symtick.search.kernel_api.evaluation import evaluate, losses, scaled
from symtick.search.kernel_api.fitting import fit
from symtick.search.kernel_api.losses import LOSSES, Floats, Loss
from symtick.search.kernel_api.rows import Rows

pytestmark = pytest.mark.kernel
LINEAR = "1*x0 - 1*sin(x1) + (1 - x2*1)/(square(x0) + 2)"  # 1 - ... and 1*... are linear


def columns(X: Floats) -> Floats:
    """What `LINEAR` is a combination of, in the order of its constants."""
    bell = 1.0 / (np.square(X[:, 0]) + 2.0)
    return np.stack([X[:, 0], -np.sin(X[:, 1]), bell, -X[:, 2] * bell], axis=1)


def linear() -> tuple[Program, list[int]]:
    """`LINEAR` with its 2 as a literal."""
    program = parse(LINEAR, NAMES).to_program()
    places = program.consts[program.args[program.ops == Op.CONST]]
    return program, [-1 if value == 2.0 else 0 for value in places]


@pytest.mark.parametrize("seed", range(5))
def test_linear_constants_are_those_of_least_squares(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = rows(200, seed)
    data = Rows.make(X, rng.normal(size=200) + X[:, 2], rng.uniform(0, 2, 200))
    program, kinds = linear()
    found = fit([program], data, kinds=[kinds], iterations=1)[0]
    root = np.sqrt(data.weights)
    want = np.linalg.lstsq(columns(X) * root[:, None], data.y * root, rcond=None)[0]
    free = [k for k, kind in enumerate(kinds) if kind == 0]
    assert found.iterations == 1
    assert np.allclose(found.program.consts[free], want, rtol=1e-9, atol=1e-9)


def test_a_product_of_constants_is_no_trap() -> None:
    X = rows(100)
    data = Rows.make(X, 3.0 * X[:, 0] - 2.0 * np.tanh(X[:, 1]))
    for text in (
        "2*(3*x0) + 0.5*tanh(x1)*(0.1 + 0.2)",
        "(1*x0 + 1)*(1*tanh(x1) + 1) + 1*x0 + 1*x0 + 1*tanh(x1) + 1",
        "0*x0 + 0*x0 + 0*tanh(x1)",
    ):
        found = fit([parse(text, NAMES).to_program()], data)[0]
        assert found.loss < 1e-25, text


@settings(max_examples=100, deadline=None)
@given(expression=expressions(), seed=st.integers(0, 99))
def test_the_best_line_through_a_program_is_the_fit_of_two_constants(
    expression: Expression, seed: int
) -> None:
    X = rows(60, seed)
    rng = np.random.default_rng(seed)
    data = Rows.make(X, np.sin(X[:, 0]) + X[:, 1], rng.uniform(0.1, 2, 60))
    program = expression.to_program()
    values = evaluate([program], X)[0]
    loss, scale, offset = (held[0] for held in scaled([program], data))
    if not np.isfinite(values).all() or np.abs(values).max() > 1e100:
        assert loss == np.inf or np.isfinite(loss)
        return
    mean = np.average((scale * values + offset - data.y) ** 2, weights=data.weights)
    assert loss == pytest.approx(mean, rel=1e-6)
    root = np.sqrt(data.weights)
    table = np.stack([values, np.ones(60)], axis=1) * root[:, None]
    best = np.linalg.lstsq(table / np.abs(table).max(axis=0).clip(1e-300), data.y * root)[0]
    fitted = table / np.abs(table).max(axis=0).clip(1e-300) @ best
    least = np.sum((fitted - data.y * root) ** 2) / data.weights.sum()
    spread = np.std(values) / max(float(np.abs(values).max()), 1e-300)
    assume(spread > 1e-6 or spread < 1e-15)  # in between both are rounding
    assert loss <= least * (1 + 1e-6)


# right forms of known functions; the constants start at 1 as a search's do
EXACT = [
    ("1.5*cube(x0) + 2.5*square(x0) + 0.7*x0", "1*cube(x0) + 1*square(x0) + 1*x0"),
    ("sin(1.5*x0)*cos(0.5*x1)", "sin(1*x0)*cos(1*x1)"),
    ("sin(square(x0))*cos(x0) - 0.75", "1*sin(square(x0))*cos(x0) + 1"),
    ("log(x0 + 2.4) + log(square(x0) + 1.3)", "log(x0 + 2) + log(square(x0) + 1)"),
    ("sqrt(1.23*(x0 + 2))", "sqrt(1*(x0 + 2))"),
    ("exp(-0.5*square(x0))*2.3", "1*exp(-1*square(x0))"),
    ("1/(1 + 0.37*square(x0)) + 0.1*x1", "1/(1 + 1*square(x0)) + 1*x1"),
    ("3.14*tanh(0.9*x0 - 0.3) - 2*x1*x2", "1*tanh(1*x0 - 0.1) - 1*x1*x2"),
]


@pytest.mark.parametrize(("truth", "form"), EXACT)
@pytest.mark.parametrize("loss", ["mse", "nrmse", "mae", "huber"])
def test_noiseless_data_is_met_to_the_last_digits(truth: str, form: str, loss: str) -> None:
    X = rows(20) / 2.0
    y = parse(truth, NAMES).evaluate(X)[:, 0]
    found = fit([parse(form, NAMES).to_program()], Rows.make(X, y), loss=loss, restarts=5)[0]
    residual = evaluate([found.program], X)[0] - y
    assert np.mean(residual**2) / np.var(y) < 1e-24


@settings(max_examples=60, deadline=None)
@given(
    expression=expressions(),
    loss=st.sampled_from([*LOSSES, quartic]),
    restarts=st.integers(0, 2),
    seed=st.integers(0, 99),
)
def test_no_fit_raises_its_loss(
    expression: Expression, loss: Loss, restarts: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    name = loss if isinstance(loss, str) else "mse"
    data = Rows.make(rows(70), target(name, 70, seed), rng.uniform(0, 2, 70))
    program = expression.to_program()
    before = losses([program], data, loss=loss, delta=0.4)[0]
    found = fit(
        [program], data, loss=loss, delta=0.4, iterations=8, restarts=restarts, evaluations=30
    )[0]
    after = losses([found.program], data, loss=loss, delta=0.4)[0]
    if np.isfinite(before):
        assert after <= before * (1 + 1e-12)
    assert found.loss == pytest.approx(after, rel=1e-9, abs=1e-300)


def test_the_least_absolute_deviations_are_those_of_a_linear_program() -> None:
    rng = np.random.default_rng(0)
    X = rows(150)
    A, (program, kinds) = columns(X), linear()
    y = A @ [2.0, -1.0, 0.5, 0.3] + 0.3 * rng.standard_t(2, size=150)
    bounds = [(None, None)] * 4 + [(0, None)] * 300
    cost = np.r_[np.zeros(4), np.ones(300) / 150]
    exact = linprog(cost, A_eq=np.c_[A, np.eye(150), -np.eye(150)], b_eq=y, bounds=bounds).fun
    found = fit([program], Rows.make(X, y), loss="mae", kinds=[kinds], iterations=200)[0]
    assert exact * (1 - 1e-9) <= found.loss <= exact * (1 + 1e-5)


def test_the_largest_margin_is_that_of_a_linear_program() -> None:
    rng = np.random.default_rng(0)
    X = rows(150)
    A, (program, kinds) = columns(X), linear()
    y = np.sign(A @ [2.0, -1.0, 0.5, 0.3] + 0.7 * rng.normal(size=150))
    bounds = [(None, None)] * 4 + [(0, None)] * 150
    cost = np.r_[np.zeros(4), np.ones(150) / 150]
    exact = linprog(
        cost, A_ub=-np.c_[y[:, None] * A, np.eye(150)], b_ub=-np.ones(150), bounds=bounds
    ).fun
    found = fit([program], Rows.make(X, y), loss="margin", kinds=[kinds], iterations=200)[0]
    assert exact * (1 - 1e-9) <= found.loss <= exact * (1 + 1e-4)


@pytest.mark.parametrize("soft", [False, True])
def test_the_cross_entropy_is_that_of_a_logistic_regression(soft: bool) -> None:
    rng = np.random.default_rng(0)
    X = rows(150)
    A, (program, kinds) = columns(X), linear()
    chance = 1.0 / (1.0 + np.exp(-A @ [2.0, -1.0, 0.5, 0.3]))
    y = chance if soft else (rng.random(150) < chance).astype(float)

    def loss(c: Floats) -> float:
        return float(np.mean(np.logaddexp(0.0, A @ c) - y * (A @ c)))

    exact = minimize(loss, np.zeros(4), method="BFGS", options={"gtol": 1e-9}).fun
    found = fit([program], Rows.make(X, y), loss="cross_entropy", kinds=[kinds])[0]
    assert found.loss == pytest.approx(exact, rel=1e-9)


def test_restarts_find_what_one_start_does_not() -> None:
    X = rows(100)
    data = Rows.make(X, 1.2 * np.sin(5.3 * X[:, 0] + 0.4))
    start = [parse("1*sin(1*x0 + 1)", NAMES).to_program()]
    once = fit(start, data)[0]
    often = fit(start, data, restarts=40, seed=3)[0]
    assert once.loss > 0.1
    assert often.loss < 1e-25


def test_the_same_seed_gives_the_same_constants() -> None:
    X = rows(60)
    data = Rows.make(X, np.sin(4 * X[:, 0]) * X[:, 1])
    programs = [parse(f"sin(1*x0 + {k})*tanh(1*x1) + 1*x2", NAMES).to_program() for k in range(6)]

    def constants(seed: int, threads: int) -> Floats:
        found = fit(programs, data, iterations=5, restarts=4, seed=seed, threads=threads)
        return np.concatenate([f.program.consts for f in found])

    assert np.array_equal(constants(1, 1), constants(1, 3))
    assert not np.array_equal(constants(1, 1), constants(2, 1))


def test_a_start_that_is_undefined_is_left_for_one_that_is_not() -> None:
    X = rows(50)
    data = Rows.make(X, np.log(square := np.square(X[:, 0]) + 2.0))
    assert square.min() > 0
    start = [parse("log(square(x0) - 9)", NAMES).to_program()]
    assert fit(start, data)[0].loss == np.inf
    assert fit(start, data, restarts=30)[0].loss < 1e-25


def test_a_callable_is_minimised_from_the_fit_of_the_squares() -> None:
    rng = np.random.default_rng(1)
    X = rows(200)
    data = Rows.make(X, 2.0 * np.tanh(1.3 * X[:, 0]) + rng.exponential(size=200))
    start = [parse("1*tanh(1*x0) + 1", NAMES).to_program()]
    calls = 0

    def counted(prediction: Floats, goal: Floats, weights: Floats) -> float:
        nonlocal calls
        calls += 1
        return quartic(prediction, goal, weights)

    found = fit(start, data, loss=counted, evaluations=400)[0]
    assert calls <= 402  # the start and the fit of the squares, too
    squares = fit(start, data)[0]
    assert found.loss < losses([squares.program], data, loss=quartic)[0]

    def value(c: Floats) -> float:
        moved = Program(start[0].ops, start[0].args, np.ascontiguousarray(c))
        return float(losses([moved], data, loss=quartic)[0])

    peer = minimize(value, found.program.consts, method="BFGS")
    assert found.loss <= peer.fun * (1 + 1e-6)


def test_without_evaluations_a_callable_picks_the_better_of_two() -> None:
    X = rows(30)
    data = Rows.make(X, X[:, 0])
    start = [parse("1*x0 + 0.5", NAMES).to_program()]

    def towards_one(prediction: Floats, goal: Floats, weights: Floats) -> float:
        return float(np.mean((prediction - goal - 0.5) ** 2))

    kept = fit(start, data, loss=towards_one, evaluations=0)[0]
    assert np.array_equal(kept.program.consts, start[0].consts)
    moved = fit(start, data, loss=quartic, evaluations=0)[0]
    assert np.allclose(moved.program.consts, [1.0, 0.0], atol=1e-12)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"iterations": -1}, "iterations must be an integer from 0"),
        ({"restarts": 1.5}, "restarts must be an integer"),
        ({"seed": -1}, "seed must be an integer"),
        ({"evaluations": True}, "evaluations must be an integer"),
        ({"tolerance": 1.0}, "tolerance must be a number from 0 below 1, not 1.0"),
    ],
)
def test_bad_settings_are_refused(setting: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        fit([parse("1*x0", NAMES).to_program()], Rows.make(rows(3)), **setting)  # type: ignore[arg-type]


def test_no_iterations_change_nothing() -> None:
    program = parse("2*x0 + sin(3*x1)", NAMES).to_program()
    found = fit([program], Rows.make(rows(20)), iterations=0)[0]
    assert np.array_equal(found.program.consts, program.consts)
    assert found.iterations == 0
