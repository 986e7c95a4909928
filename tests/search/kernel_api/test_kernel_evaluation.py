"""The kernel's values and losses against NumPy and the kernel's own scalar loop."""

from __future__ import annotations

from collections.abc import Iterator

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_expressions import NAMES, error_bound, expressions, rows

from symtick.errors import InputError
from symtick.expr import OPCODES, SEARCH_OPS, Builder, Expression, Op, Program, is_searched, parse
from symtick.search import _kernel
from symtick.search.kernel_api.evaluation import evaluate, losses
from symtick.search.kernel_api.rows import Rows, pack

pytestmark = pytest.mark.kernel
ULP = {np.float32: 2.0**-23, np.float64: 2.0**-52}


@pytest.fixture(params=_kernel.isa_levels())
def isa(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each ISA level that this machine runs, in turn."""
    _kernel.choose_isa(request.param)
    yield request.param
    _kernel.choose_isa(_kernel.isa_levels()[-1])


def of_arguments(op: Op) -> Expression:
    """`op` of the first inputs."""
    builder = Builder(NAMES)
    return builder.build([builder.op(op, *(builder.input(k) for k in range(SEARCH_OPS[op].arity)))])


def special() -> np.ndarray:
    """Ordinary arguments and every kind of odd one, in all pairs."""
    odd = [0.0, -0.0, 1.0, -1.0, 1e-40, -1e-40, 1e-30, 1e30, -1e30, 9000.0, 88.0, -104.0, 710.0]
    one = np.concatenate([np.linspace(-30, 30, 61), np.geomspace(1e-6, 1e4, 40), odd])
    one = np.concatenate([one, [np.inf, -np.inf, np.nan]])
    pairs = np.stack(np.meshgrid(one, one, [0.5]), axis=-1).reshape(-1, 3)
    return pairs.astype(np.float32).astype(np.float64)


def kernel_values(expression: Expression, X: np.ndarray, kind: type) -> np.ndarray:
    """Like `evaluate`, but past the check that refuses NaN and infinity."""
    population = pack([expression.to_program()], X.shape[1])
    data = _kernel.Data(np.ascontiguousarray(X), np.zeros(len(X)), np.ones(len(X)))
    out = np.empty((1, len(X)), kind)
    (_kernel.evaluate32 if kind is np.float32 else _kernel.evaluate64)(population, data, out, 1)
    return out[0]


def test_the_opcodes_are_those_of_the_language() -> None:
    assert _kernel.opcodes() == {op.name: int(op) for op in OPCODES if is_searched(op)}


def _error_function(x: np.ndarray) -> np.ndarray:
    """By mpmath: SciPy has it in double only."""
    with mpmath.workprec(80):
        return np.array([np.longdouble(str(mpmath.erf(mpmath.mpf(float(v))))) for v in x])


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("op", list(SEARCH_OPS))
def test_each_operator_is_within_a_few_ulp_of_numpy(isa: str, op: Op, kind: type) -> None:
    X = special()
    expression = of_arguments(op)
    got = kernel_values(expression, X, kind).astype(np.longdouble)
    with np.errstate(all="ignore"):
        columns = [X[:, k].astype(np.longdouble) for k in range(SEARCH_OPS[op].arity)]
        exact = _error_function(X[:, 0]) if op is Op.ERF else SEARCH_OPS[op].numpy(*columns)
        rounded = exact.astype(kind)
    assert np.array_equal(np.isnan(got), np.isnan(rounded))
    infinite = np.isinf(rounded)
    assert np.array_equal(got[infinite], rounded[infinite].astype(np.longdouble))
    finite = np.isfinite(rounded)
    # a result below the normal range may be flushed to 0
    slack = 4 * ULP[kind] * np.abs(exact[finite]) + 2.0 * np.finfo(kind).tiny
    # sin and cos: 1 ulp of 1 near their zeros, where the argument's own rounding decides
    slack += ULP[kind] * (op in (Op.SIN, Op.COS))
    assert (np.abs(got[finite] - exact[finite]) <= slack).all()


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@settings(max_examples=80, deadline=None)
@given(expression=expressions())
def test_random_expressions_agree_with_the_language(kind: type, expression: Expression) -> None:
    X = rows(37)
    bound = 8 * error_bound(expression, X, ULP[kind])
    ours = kernel_values(expression, X, kind)
    theirs = expression.evaluate(X)[:, 0]
    sure = bound < 1e-2 * (1.0 + np.abs(theirs))
    with np.errstate(invalid="ignore", over="ignore"):
        assert (np.abs(ours - theirs)[sure] <= bound[sure]).all()


@settings(max_examples=60, deadline=None)
@given(expression=expressions())
def test_the_scalar_loop_agrees_with_the_language(expression: Expression) -> None:
    X = rows(9)
    population, data = pack([expression.to_program()], 3), Rows.make(X).kernel
    ours = _kernel.evaluate_scalar(population, data)[0]
    theirs = expression.evaluate(X)[:, 0]
    bound = 4 * error_bound(expression, X, 2.0**-52)
    sure = bound < 1e-2 * (1.0 + np.abs(theirs))
    with np.errstate(invalid="ignore", over="ignore"):
        assert (np.abs(ours - theirs)[sure] <= bound[sure]).all()


@pytest.mark.parametrize("count", [1, 15, 16, 17, 63, 65, 257, 513, 1023, 1024, 1025, 1500])
def test_no_row_depends_on_how_many_there_are(isa: str, count: int) -> None:
    X = rows(1500)
    programs = [
        parse(text, NAMES).to_program()
        for text in ("sin(x0)*exp(x1) - x2/(square(x0) + 1)", "x1", "2.5", "2*x0 + 1", "x1 + 3*x2")
    ]
    for single in (False, True):
        whole = evaluate(programs, X, single=single)
        part = evaluate(programs, X[:count], single=single)
        assert np.array_equal(part, whole[:, :count])


@settings(max_examples=25, deadline=None)
@given(population=st.lists(expressions(), min_size=1, max_size=20))
def test_threads_change_no_bit(population: list[Expression]) -> None:
    programs = [e.to_program() for e in population]
    data = Rows.make(rows(300), rows(300)[:, 0])
    assert np.array_equal(
        evaluate(programs, data.X), evaluate(programs, data.X, threads=2), equal_nan=True
    )
    assert np.array_equal(losses(programs, data), losses(programs, data, threads=2))


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("loss", ["mse", "mae", "huber"])
def test_losses_are_weighted_means(isa: str, loss: str, single: bool) -> None:
    rng = np.random.default_rng(3)
    X = rows(777)
    data = Rows.make(X, rng.normal(size=777), rng.uniform(0, 2, 777))
    expression = parse("tanh(x0 - x1) + 0.3*x2", NAMES)
    r = np.abs(expression.evaluate(X)[:, 0] - data.y)
    each = {
        "mse": r**2,
        "mae": r,
        "huber": np.where(r > 0.7, 0.7 * (r - 0.35), 0.5 * r**2),
    }[loss]
    got = losses([expression.to_program()], data, loss=loss, delta=0.7, single=single)[0]
    want = np.average(each, weights=data.weights)
    assert got == pytest.approx(want, rel=1e-5 if single else 1e-12)


@pytest.mark.parametrize("text", ["log(x0)", "1/(x0 - x0)", "exp(exp(exp(3*x1)))", "sqrt(x2)"])
@pytest.mark.parametrize("single", [False, True])
def test_a_value_that_is_not_finite_makes_the_loss_infinite(text: str, single: bool) -> None:
    data = Rows.make(rows(100), np.zeros(100))
    assert losses([parse(text, NAMES).to_program()], data, single=single)[0] == np.inf


def test_malformed_programs_are_refused() -> None:
    def program(ops: list[int], args: list[int], consts: list[float]) -> Program:
        return Program(
            np.array(ops, np.uint8), np.array(args, np.int32), np.array(consts, np.float64)
        )

    for bad, message in (
        (program([2], [0], []), "lacks arguments"),
        (program([0, 0], [0, 1], []), "must leave one value"),
        (program([0], [7], []), "input 7 does not exist"),
        (program([99], [0], []), "opcode 99 is unknown"),
        (program([1], [0], [np.nan]), "not finite"),
        (program([1], [3], [1.0]), "constant 3 does not exist"),
        (program([], [], []), "bad length"),
    ):
        with pytest.raises(InputError, match=message):
            pack([bad], 3)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([[1.0, np.nan]], r"X holds nan at index \(0, 1\)"),
        ([[np.inf]], "X holds inf"),
        ([[1.0], [1.0, 2.0]], "rectangular"),
        (np.zeros((0, 3)), "X is empty"),
        ([1.0, 2.0], "2 dimensions"),
        ([["a"]], "numbers"),
    ],
)
def test_bad_data_is_refused(X: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Rows.make(X)  # type: ignore[arg-type]


def test_bad_weights_and_targets_are_refused() -> None:
    with pytest.raises(InputError, match="X has 2 rows, y has 3"):
        Rows.make(np.zeros((2, 1)), np.zeros(3))
    with pytest.raises(InputError, match="not be negative"):
        Rows.make(np.zeros((2, 1)), np.zeros(2), np.array([1.0, -1.0]))
    with pytest.raises(InputError, match="unknown loss 'l7'"):
        losses([parse("x0", NAMES).to_program()], Rows.make(rows(3)), loss="l7")


def test_rows_without_weights_are_rows_of_weight_one() -> None:
    X, ones = rows(3000), np.ones(3000)
    given, none = Rows.make(X, X[:, 0], ones), Rows.make(X, X[:, 0])
    program = parse("x1 + 0.3*x2", NAMES).to_program()
    assert losses([program], none) == losses([program], given)
    assert none.weights.strides == (0,)  # they take no memory
    np.testing.assert_array_equal(none.weights, ones)


def test_chosen_rows_have_weight_and_are_spread() -> None:
    X, weights = rows(900), np.where(np.arange(900) % 3 == 1, 0.0, 2.0)
    heavy = np.flatnonzero(weights)
    for count in (1, 7, 599, 600, 2000):
        some = Rows.make(X, np.arange(900.0), weights).spread(count)
        few = min(count, 600)
        np.testing.assert_array_equal(some.y, heavy[[k * 600 // few for k in range(few)]])
        np.testing.assert_array_equal(some.X, X[some.y.astype(int)])
        assert (some.weights == 2.0).all()
    whole = Rows.make(X, X[:, 0])
    assert whole.spread(900) is whole
