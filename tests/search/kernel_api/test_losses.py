"""Every loss against a scalar formula, and callables as losses."""

from __future__ import annotations

import gc
import math
import weakref
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from loss_samples import quartic, target
from random_expressions import NAMES, rows

from symtick.errors import InputError
from symtick.expr import parse
from symtick.search import _kernel
from symtick.search.kernel_api.evaluation import evaluate, losses
from symtick.search.kernel_api.fitting import fit
from symtick.search.kernel_api.losses import LOSSES, Floats, loss_spec
from symtick.search.kernel_api.rows import Rows

pytestmark = pytest.mark.kernel


@pytest.fixture(params=_kernel.isa_levels())
def isa(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each ISA level that this machine runs, in turn."""
    _kernel.choose_isa(request.param)
    yield request.param
    _kernel.choose_isa(_kernel.isa_levels()[-1])


def scalar(loss: str, f: float, y: float, delta: float) -> float:
    """Loss of one row, from its definition (of `nrmse` the square)."""
    r = abs(f - y)
    if loss == "mae":
        return r
    if loss == "huber":
        return 0.5 * r * r if r <= delta else delta * (r - 0.5 * delta)
    if loss == "margin":
        return max(0.0, 1.0 - y * f)
    if loss == "cross_entropy":  # the smaller of the two exponentials, so that none overflows
        return max(f, 0.0) - y * f + math.log1p(math.exp(-abs(f)))
    return r * r


def reference(loss: str, f: Floats, data: Rows, delta: float) -> float:
    total = math.fsum(
        w * scalar(loss, p, y, delta) for p, y, w in zip(f, data.y, data.weights, strict=True)
    )
    mean = total / math.fsum(data.weights)
    if loss != "nrmse":
        return mean
    centre = math.fsum(data.weights * data.y) / math.fsum(data.weights)
    spread = math.fsum(data.weights * (data.y - centre) ** 2) / math.fsum(data.weights)
    return math.sqrt(mean / spread)


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("scale", [0.01, 1.0, 40.0])
def test_each_loss_is_its_definition(isa: str, loss: str, single: bool, scale: float) -> None:
    X = rows(531)
    data = Rows.make(X, target(loss, 531), np.random.default_rng(1).uniform(0, 2, 531))
    program = parse(f"{scale}*(tanh(x0 - x1) + 0.3*x2)", NAMES).to_program()
    got = losses([program], data, loss=loss, delta=0.7, single=single)[0]
    want = reference(loss, evaluate([program], X)[0], data, 0.7)
    assert got == pytest.approx(want, rel=2e-5 if single else 1e-12)


def test_the_cross_entropy_keeps_its_digits_where_it_is_tiny(isa: str) -> None:
    logits = np.array([[2.0], [20.0], [40.0], [300.0], [700.0]])
    program = parse("x0", ("x0",)).to_program()
    for row in logits:
        data = Rows.make([row], [1.0])
        got = losses([program], data, loss="cross_entropy")[0]
        assert got == pytest.approx(math.log1p(math.exp(-row[0])), rel=1e-14)


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("text", ["1/(x0 - x0)", "-1/(x0 - x0)", "log(-1 - square(x0))"])
def test_an_infinite_or_undefined_value_is_never_a_good_one(
    isa: str, loss: str, text: str, single: bool
) -> None:
    for y in (1.0, -1.0 if loss == "margin" else 0.0):
        data = Rows.make(rows(30), np.full(30, y))
        program = parse(text, NAMES).to_program()
        assert losses([program], data, loss=loss, single=single)[0] == np.inf


def test_the_nrmse_of_a_constant_target_is_the_root_of_the_mse() -> None:
    data = Rows.make(rows(9), np.full(9, 2.0))
    assert losses([parse("5", NAMES).to_program()], data, loss="nrmse")[0] == 3.0


@pytest.mark.parametrize(
    ("loss", "y", "message"),
    [
        ("margin", [1.0, 0.0], r"'margin' takes targets -1 or 1: y holds 0.0 at index 1"),
        ("cross_entropy", [0.5, 1.5], "'cross_entropy' takes .* from 0 to 1: y holds 1.5"),
        ("cross_entropy", [-1.0, 1.0], "y holds -1.0 at index 0"),
    ],
)
def test_impossible_targets_are_refused(loss: str, y: list[float], message: str) -> None:
    data, program = Rows.make(np.zeros((2, 1)), y), parse("x0", ("x0",)).to_program()
    for use in (losses, fit):
        with pytest.raises(InputError, match=message):
            use([program], data, loss=loss)


def test_bad_losses_are_refused() -> None:
    with pytest.raises(InputError, match=r"unknown loss 'l7': there are mse, .* or a callable"):
        loss_spec("l7")
    with pytest.raises(InputError, match="a name or a callable, not 3"):
        loss_spec(3)  # type: ignore[arg-type]
    for delta in (0.0, -1.0, math.inf, math.nan):
        with pytest.raises(InputError, match="delta must be positive"):
            loss_spec("huber", delta)
    for number in (-1, len(LOSSES), len(LOSSES) + 1):
        with pytest.raises(ValueError, match="does not exist"):
            _kernel.Loss(number, 1.0)


def test_a_callable_gets_float64_arrays_of_the_rows() -> None:
    X = rows(40)
    data = Rows.make(X, X[:, 0], np.linspace(0.5, 1.0, 40))
    program = parse("x0 + x1", NAMES).to_program()
    seen: list[tuple[Floats, Floats, Floats]] = []

    def loss(prediction: Floats, goal: Floats, weights: Floats) -> float:
        seen.append((prediction, goal, weights))
        return quartic(prediction, goal, weights)

    for single in (False, True):  # there is no float32 path
        assert losses([program], data, loss=loss, single=single)[0] == quartic(
            X[:, 0] + X[:, 1], data.y, data.weights
        )
    gc.collect()  # what the callable keeps is its own
    for arrays in seen:
        assert all(a.dtype == np.float64 and a.shape == (40,) for a in arrays)
        assert np.array_equal(arrays[0], X[:, 0] + X[:, 1])
        assert np.array_equal(arrays[1], data.y)
        assert np.array_equal(arrays[2], data.weights)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_callable_without_a_finite_value_makes_the_loss_infinite(value: float) -> None:
    data, program = Rows.make(rows(5)), parse("x0", NAMES).to_program()
    assert losses([program], data, loss=lambda p, y, w: value)[0] == np.inf


def test_a_callable_is_not_asked_about_values_that_are_not_finite() -> None:
    def never(prediction: Floats, goal: Floats, weights: Floats) -> float:
        raise AssertionError("called")

    program = parse("log(x0 - 100)", NAMES).to_program()
    assert losses([program], Rows.make(rows(5)), loss=never)[0] == np.inf


class OddError(Exception):
    """Nothing else raises it."""


@pytest.mark.parametrize("threads", [1, 3])
def test_what_a_callable_raises_passes_through(threads: int) -> None:
    def raises(prediction: Floats, goal: Floats, weights: Floats) -> float:
        raise OddError("no loss today")

    programs = [parse(f"x0 + {k}", NAMES).to_program() for k in range(8)]
    data = Rows.make(rows(20))
    for use in (losses, fit):
        with pytest.raises(OddError, match="no loss today"):
            use(programs, data, loss=raises, threads=threads)


@pytest.mark.parametrize("result", ["0.5", None, [1.0]])
def test_a_callable_must_return_a_number(result: object) -> None:
    def loss(prediction: Floats, goal: Floats, weights: Floats) -> float:
        return result  # type: ignore[return-value]

    with pytest.raises(TypeError):
        losses([parse("x0", NAMES).to_program()], Rows.make(rows(3)), loss=loss)


def test_numpy_numbers_are_numbers() -> None:
    makers: list[Callable[[float], object]] = [np.float64, np.float32, np.array, int]
    for make in makers:
        found = losses(
            [parse("x0", NAMES).to_program()],
            Rows.make(rows(3)),
            loss=lambda p, y, w, make=make: make(2.0),  # type: ignore[misc]
        )
        assert found[0] == 2.0


def test_threads_share_a_callable() -> None:
    programs = [parse(f"x0*{k} + sin(x1)", NAMES).to_program() for k in range(30)]
    data = Rows.make(rows(50), np.sin(rows(50)[:, 1]))
    one = losses(programs, data, loss=quartic)
    assert np.array_equal(one, losses(programs, data, loss=quartic, threads=3))


def test_a_callable_is_let_go() -> None:
    class Holder:
        def __call__(self, prediction: Floats, goal: Floats, weights: Floats) -> float:
            return 0.0

    loss = Holder()
    gone = weakref.ref(loss)
    losses([parse("x0", NAMES).to_program()] * 8, Rows.make(rows(3)), loss=loss, threads=3)
    del loss
    gc.collect()
    assert gone() is None
