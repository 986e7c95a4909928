"""Derivatives and constant fits against the language's derivative table, SymPy and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from random_expressions import NAMES, error_bound, expressions, rows
from scipy.optimize import least_squares

from symtick.errors import InputError
from symtick.expr import (
    SEARCH_OPS,
    STEPS,
    Builder,
    Expression,
    Op,
    Program,
    arity,
    from_programs,
    parse,
    to_sympy,
)
from symtick.search.kernel_api.evaluation import Derivatives, evaluate, losses
from symtick.search.kernel_api.fitting import fit
from symtick.search.kernel_api.rows import Rows

pytestmark = pytest.mark.kernel
ROUGH = (Op.ABS, Op.MIN, Op.MAX, *STEPS)
SMOOTH = [op for op in SEARCH_OPS if op not in ROUGH]


def reference_jacobian(program: Program, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Forward mode over the postfix program, with the partial derivatives of `SEARCH_OPS`."""
    columns = int((program.ops == Op.CONST).sum())
    stack: list[tuple[np.ndarray, np.ndarray]] = []
    seen = 0
    with np.errstate(all="ignore"):
        for code, arg in zip(program.ops.tolist(), program.args.tolist(), strict=True):
            slope = np.zeros((len(X), columns))
            if code == Op.INPUT:
                stack.append((X[:, arg], slope))
            elif code == Op.CONST:
                slope[:, seen] = 1.0
                seen += 1
                stack.append((np.full(len(X), program.consts[arg]), slope))
            else:
                spec = SEARCH_OPS[Op(code)]
                args = [stack.pop() for _ in range(spec.arity)][::-1]
                value = spec.numpy(*(a for a, _ in args))
                parts = spec.partials(*(a for a, _ in args), value)
                stack.append(
                    (value, sum(p[:, None] * s for p, (_, s) in zip(parts, args, strict=True)))
                )
    return stack[0]


@settings(max_examples=150, deadline=None)
@given(expression=expressions())
def test_the_jacobian_follows_the_derivative_table(expression: Expression) -> None:
    X = rows(33)
    program = expression.to_program()
    values, jac = Derivatives(X).jacobian(program)
    expected, slopes = reference_jacobian(program, X)
    assert jac.shape == slopes.shape
    # rows where the value is well conditioned; there the slopes are, up to a generous factor
    sure = (error_bound(expression, X, 2.0**-52) < 1e-9 * (1 + np.abs(expected))) & np.isfinite(
        slopes
    ).all(axis=1)
    assert np.allclose(values[sure], expected[sure], rtol=1e-8, atol=1e-8)
    scale = 1.0 + np.abs(slopes[sure]).max(axis=1, initial=0.0, keepdims=True)
    assert (np.abs(jac[sure] - slopes[sure]) <= 1e-5 * scale).all()


def parameter_of(kinds: list[int]) -> list[int]:
    """Number of each constant's parameter in order of appearance, -1 for a literal."""
    keys: list[object] = []
    numbers = []
    for place, kind in enumerate(kinds):
        key: object = kind if kind > 0 else (place,)
        if kind >= 0 and key not in keys:
            keys.append(key)
        numbers.append(keys.index(key) if kind >= 0 else -1)
    return numbers


def symbolic_slopes(program: Program, kinds: list[int], X: np.ndarray) -> np.ndarray:
    """SymPy's derivatives with respect to the parameters, shape (rows, parameters)."""
    owner = parameter_of(kinds)
    # the same formula with an input in place of each constant; literals have theirs, too
    places = np.flatnonzero(program.ops == Op.CONST)
    values = program.consts[program.args[places]]
    number = [f"c{k}" if k >= 0 else f"l{place}" for place, k in enumerate(owner)]
    names = list(dict.fromkeys(number))
    ops, args = program.ops.copy(), program.args.copy()
    ops[places] = int(Op.INPUT)
    args[places] = [len(NAMES) + names.index(n) for n in number]
    form = to_sympy(from_programs([Program(ops, args, np.zeros(0))], (*NAMES, *names)))
    at = {sympy.Symbol(n, real=True): values[number.index(n)].item() for n in names}
    columns = []
    for k in range(max(owner, default=-1) + 1):
        slope = sympy.diff(form, sympy.Symbol(f"c{k}", real=True)).subs(at).doit()
        use = sympy.lambdify(sympy.symbols(NAMES, real=True), slope, ["scipy", "numpy"])
        columns.append(np.broadcast_to(use(*X.T), len(X)))
    return np.stack(columns, axis=1)


TEXTS = [
    "1.5*tanh(2*x0 - 0.5) + sin(0.7*x1)/(square(x2) + 0.3)",
    "exp(-square(1.2*x0 - 0.3*x1)) * cube(x2 - 0.1) - log(square(x0) + 2.5)",
    "cos(3*x0)*sqrt(x1*x1 + 0.2) - 0.4",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("tied", [False, True])
def test_the_jacobian_agrees_with_sympy(text: str, tied: bool) -> None:
    program = parse(text, NAMES).to_program()
    count = int((program.ops == Op.CONST).sum())
    kinds = [0] * count
    if tied:  # the first and the last are one, the second is a literal
        kinds[0] = kinds[-1] = 7
        kinds[1] = -1
        program.consts[program.args[program.ops == Op.CONST][-1]] = program.consts[
            program.args[program.ops == Op.CONST][0]
        ]
    X = rows(50)
    _, jac = Derivatives(X).jacobian(program, kinds)
    assert np.allclose(jac, symbolic_slopes(program, kinds, X), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("op", list(SEARCH_OPS))
def test_each_operator_has_the_slopes_of_sympy_and_of_differences(op: Op, tied: bool) -> None:
    # op(a*x0 + b, a*x1 + c) * d, moved into the domains
    builder = Builder(NAMES)
    shift = 5.0 if op in (Op.LOG, Op.SQRT, Op.DIV, Op.ATAN2) else 0.3

    def argument(k: int) -> int:
        product = builder.op(Op.MUL, builder.input(k), builder.const(1.25 + 0.5 * k))
        return builder.op(Op.ADD, product, builder.const(shift + k))

    inner = builder.op(op, *(argument(k) for k in range(arity(op))))
    program = builder.build([builder.op(Op.MUL, inner, builder.const(0.75))]).to_program()
    count = len(program.consts)
    kinds = [0] * count
    if tied:  # the slopes of the arguments and the factor
        for place in (*range(0, count - 1, 2), -1):
            kinds[place] = 1
            program.consts[place] = program.consts[0]
    X = rows(200)
    if op in (Op.ASIN, Op.ACOS):
        X = X / (10.0 * np.abs(X).max())
    held = Derivatives(X)
    _, jac = held.jacobian(program, kinds)
    if op not in STEPS:
        assert np.allclose(jac, symbolic_slopes(program, kinds, X), rtol=1e-10, atol=1e-10)
    step, owner = 1e-5, np.array(parameter_of(kinds))
    for column in range(jac.shape[1]):
        ends = [
            held.jacobian(Program(program.ops, program.args, program.consts + sign * move))[0]
            for move in [step * (owner == column)]
            for sign in (1.0, -1.0)
        ]
        slope = (ends[0] - ends[1]) / (2 * step)
        # a kink between the two ends says nothing
        near = np.abs(slope - jac[:, column]) <= 1e-6 * (1.0 + np.abs(slope))
        assert near.mean() > (0.97 if op in ROUGH else 0.9999)


@settings(max_examples=60, deadline=None)
@given(expression=expressions(SMOOTH), seed=st.integers(0, 100))
def test_vjp_is_the_seed_times_the_jacobian(expression: Expression, seed: int) -> None:
    X = rows(70, seed)
    program = expression.to_program()
    held = Derivatives(X)
    values, jac = held.jacobian(program)
    weights = np.random.default_rng(seed).normal(size=70)
    again, grad = held.vjp(program, weights)
    assert np.array_equal(values, again, equal_nan=True)
    if np.isfinite(jac).all():
        size = np.abs(weights) @ np.abs(jac)
        assert (np.abs(grad - weights @ jac) <= 1e-10 * size + 1e-300).all()


def test_fit_finds_the_constants_of_noiseless_data() -> None:
    X = rows(400)
    truth = parse("1.3*tanh(2*x0 - 0.5) + 0.7*sin(1.1*x1) - 0.2*square(x2)", NAMES)
    start = parse("1*tanh(1*x0 - 0.1) + 1*sin(1*x1) - 1*square(x2)", NAMES)
    data = Rows.make(X, truth.evaluate(X)[:, 0])
    found = fit([start.to_program()], data, iterations=200)[0]
    assert found.loss < 1e-25
    # a sign may move through the odd functions, so compare the functions
    assert np.allclose(evaluate([found.program], X)[0], data.y, atol=1e-10)


@settings(max_examples=40, deadline=None)
@given(expression=expressions(), loss=st.sampled_from(["mse", "mae", "huber"]))
def test_fit_never_raises_the_loss(expression: Expression, loss: str) -> None:
    X = rows(80)
    data = Rows.make(X, np.sin(3 * X[:, 0]) + X[:, 1])
    program = expression.to_program()
    before = losses([program], data, loss=loss)[0]
    found = fit([program], data, loss=loss, iterations=10)[0]
    if np.isfinite(before):
        after = losses([found.program], data, loss=loss)[0]
        assert after <= before * (1 + 1e-12)
        assert found.loss == pytest.approx(after, rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("seed", range(4))
def test_fit_reaches_what_scipy_reaches(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = rows(500, seed)
    y = np.exp(-np.square(X[:, 0] - 0.4)) + 0.5 * np.tanh(2 * X[:, 1]) + 0.05 * rng.normal(size=500)
    start = parse("1*exp(-square(1*x0 - 0.1)) + 0.3*tanh(1*x1 + 0.2) + 0.1", NAMES).to_program()
    held = Derivatives(X)

    def moved(c: np.ndarray) -> Program:
        return Program(start.ops, start.args, c)

    peer = least_squares(
        lambda c: held.jacobian(moved(c))[0] - y, start.consts, lambda c: held.jacobian(moved(c))[1]
    )
    found = fit([start], Rows.make(X, y), iterations=100)[0]
    assert found.loss <= 2.0 * peer.cost / 500 * (1 + 1e-6)


def test_robust_losses_withstand_outliers() -> None:
    X = rows(300)
    y = 2.0 * X[:, 0] + 1.0
    y[::10] += 50.0
    start = [parse("1*x0 + 0.5", NAMES).to_program()]
    for loss in ("mae", "huber"):
        found = fit(start, Rows.make(X, y), loss=loss, delta=0.1, iterations=300)[0]
        assert np.allclose(found.program.consts, [2.0, 1.0], atol=0.05)


@st.composite
def with_kinds(draw: st.DrawFn) -> tuple[Program, list[int]]:
    """A program and kinds of its constants; tied ones have equal values."""
    program = draw(expressions()).to_program()
    places = np.flatnonzero(program.ops == Op.CONST)
    kinds = draw(st.lists(st.integers(-1, 2), min_size=len(places), max_size=len(places)))
    values = program.consts[program.args[places]]
    for kind in (1, 2):
        if kind in kinds:
            values[np.array(kinds) == kind] = values[kinds.index(kind)]
    args = program.args.copy()
    args[places] = np.arange(len(places))
    return Program(program.ops, args, values), kinds


@settings(max_examples=150, deadline=None)
@given(given_kinds=with_kinds())
def test_tied_constants_have_the_sum_of_their_columns(
    given_kinds: tuple[Program, list[int]],
) -> None:
    program, kinds = given_kinds
    X = rows(33)
    held = Derivatives(X)
    values, free = held.jacobian(program)
    again, tied = held.jacobian(program, kinds)
    assert np.array_equal(values, again, equal_nan=True)
    owner = np.array(parameter_of(kinds), int)
    assert tied.shape == (33, owner.max(initial=-1) + 1)
    with np.errstate(invalid="ignore"):
        for column in range(tied.shape[1]):
            expected = free[:, owner == column].sum(axis=1)
            size = np.abs(free[:, owner == column]).sum(axis=1)
            fine = np.isfinite(size)
            assert (np.abs(tied[:, column] - expected)[fine] <= 1e-14 * size[fine]).all()
    seed = np.linspace(-1.0, 1.0, 33)
    if np.isfinite(free).all():
        assert np.allclose(held.vjp(program, seed, kinds)[1], seed @ tied, rtol=1e-9, atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(given_kinds=with_kinds())
def test_fit_keeps_literals_and_ties(given_kinds: tuple[Program, list[int]]) -> None:
    program, kinds = given_kinds
    X = rows(60)
    data = Rows.make(X, np.sin(3 * X[:, 0]) + X[:, 1])
    before = losses([program], data)[0]
    found = fit([program], data, iterations=10, kinds=[kinds])[0]
    owner = np.array(parameter_of(kinds), int)
    assert np.array_equal(found.program.consts[owner < 0], program.consts[owner < 0])
    for parameter in range(owner.max(initial=-1) + 1):
        assert len(set(found.program.consts[owner == parameter].tolist())) == 1
    if np.isfinite(before):
        assert losses([found.program], data)[0] <= before * (1 + 1e-12)


def test_tied_constants_are_fitted_as_one() -> None:
    X = rows(200)
    truth = parse("1.7*x0 + sin(1.7*x1) + 0.5", NAMES)
    start = parse("1*x0 + sin(1*x1) + 0.5", NAMES).to_program()
    data = Rows.make(X, truth.evaluate(X)[:, 0])
    found = fit([start], data, kinds=[[1, 1, -1]])[0]
    assert found.loss < 1e-25
    assert np.allclose(found.program.consts, [1.7, 1.7, 0.5], atol=1e-12)


def test_kinds_that_do_not_fit_are_refused() -> None:
    program, data = parse("2*x0 + 1", NAMES).to_program(), Rows.make(rows(5))
    with pytest.raises(InputError, match="kinds must number"):
        fit([program], data, kinds=[[0]])
    with pytest.raises(InputError, match=r"from -1, below 2.*not -2"):
        fit([program], data, kinds=[[0, -2]])


def test_a_constant_used_twice_in_a_program_gets_two_places() -> None:
    shared = Program(
        np.array([0, 1, 4, 1, 2], np.uint8), np.array([0, 0, 0, 0, 0], np.int32), np.array([0.5])
    )
    X = rows(50)
    found = fit([shared], Rows.make(X, 3.0 * X[:, 0] - 2.0))[0]
    assert np.allclose(found.program.consts, [3.0, -2.0])
