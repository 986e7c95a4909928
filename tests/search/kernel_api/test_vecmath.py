"""The kernel's elementary functions keep the accuracy that vecmath.inc states, on every ISA."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from symtick.expr import SEARCH_OPS, Builder, Op
from symtick.search import _kernel
from symtick.search.kernel_api.rows import pack

pytestmark = pytest.mark.kernel
ULPS = {Op.EXP: 2.0, Op.LOG: 2.0, Op.TANH: 3.0, Op.SIN: 2.0, Op.COS: 2.0}
ANGLES = (Op.SIN, Op.COS)
Kind = type[np.float32] | type[np.float64]
Values = npt.NDArray[Any]


@pytest.fixture(params=_kernel.isa_levels())
def isa(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each ISA level that this machine runs, in turn."""
    _kernel.choose_isa(request.param)
    yield request.param
    _kernel.choose_isa(_kernel.isa_levels()[-1])


def kernel(op: Op, x: Values, kind: Kind) -> Values:
    """`op` of `x`, in blocks as any program."""
    builder = Builder(("x",))
    population = pack([builder.build([builder.op(op, builder.input(0))]).to_program()], 1)
    rows = np.ascontiguousarray(x.astype(np.float64)[:, None])
    data = _kernel.Data(rows, np.zeros(len(x)), np.ones(len(x)))
    out = np.empty((1, len(x)), kind)
    (_kernel.evaluate32 if kind is np.float32 else _kernel.evaluate64)(population, data, out, 1)
    return out[0]


def arguments(op: Op, kind: Kind) -> Values:
    """Every kind of number: bit patterns over the whole range, and the range where work is done."""
    rng = np.random.default_rng(0)
    if kind is np.float32:
        bits = np.arange(int(rng.integers(40_013)), 2**32, 40_013)
        patterns = bits.astype(np.uint32).view(np.float32)
    else:
        patterns = rng.integers(0, 2**64, 60_000, np.uint64).view(np.float64)
    reach = {Op.EXP: 700.0, Op.LOG: 4.0, Op.TANH: 12.0, Op.SIN: 1e3, Op.COS: 1e3}[op]
    near = rng.uniform(-reach, reach, 60_000).astype(kind)
    close = (rng.normal(size=20_000) * 10.0 ** rng.uniform(-8, 1, 20_000)).astype(kind)
    patterns[np.isnan(patterns)] = np.nan  # a signalling one warns when it is cast
    return np.concatenate([patterns, near, close])


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("op", list(ULPS))
def test_the_stated_accuracy_is_kept(isa: str, op: Op, kind: Kind) -> None:
    x = arguments(op, kind)
    got = kernel(op, x, kind).astype(np.longdouble)
    with np.errstate(all="ignore"):
        exact = SEARCH_OPS[op].numpy(x.astype(np.longdouble))
        rounded = exact.astype(kind)
    assert np.array_equal(np.isnan(got), np.isnan(rounded))
    infinite = np.isinf(rounded)
    assert np.array_equal(got[infinite], rounded[infinite].astype(np.longdouble))
    finite = np.isfinite(rounded)
    ulps = 2.5 if op in ANGLES and isa == "baseline" else ULPS[op]
    bound = ulps * np.spacing(np.abs(rounded[finite])).astype(np.longdouble)
    # exp below twice the smallest normal number becomes 0
    bound = np.maximum(bound, 2 * np.finfo(kind).tiny)
    if op in ANGLES:  # near a zero
        bound = np.maximum(bound, np.spacing(kind(1.0)))
    worst = np.abs(got[finite] - exact[finite]) / bound
    assert worst.max() <= 1.0, f"at {x[finite][worst.argmax()]!r}"


@pytest.mark.parametrize("op", ANGLES)
def test_angles_near_the_ends_of_their_reductions(isa: str, op: Op) -> None:
    """Near multiples of pi / 2, and where one reduction ends and the next begins."""
    turns = np.concatenate([np.arange(-40, 40), 2.0 ** np.arange(3, 120)]) * np.pi / 2
    ends = np.array([8e3, 1e5, 1e6, 1e9])
    x = np.concatenate([turns, ends, -ends]).astype(np.float32)
    x = np.concatenate([np.nextafter(x, np.float32(0)), x, np.nextafter(x, np.float32(np.inf))])
    x = np.append(x, np.finfo(np.float32).max)
    exact = SEARCH_OPS[op].numpy(x.astype(np.longdouble))
    assert np.abs(kernel(op, x, np.float32) - exact).max() <= 1.25 * np.spacing(np.float32(1.0))
    assert np.abs(kernel(op, x, np.float64) - exact).max() <= 1.25 * np.spacing(1.0)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_limits_of_exp(isa: str, kind: Kind) -> None:
    top, low = np.log(np.finfo(kind).max), np.log(np.finfo(kind).tiny)
    x = np.array([top * (1 - 1e-6), top + 1e-3, 1e30, np.inf, low - 1.0, -1e30, -np.inf, np.nan])
    got = kernel(Op.EXP, x, kind)
    assert np.isfinite(got[0])
    assert np.array_equal(got[1:4], [np.inf] * 3)
    assert np.array_equal(got[4:7], [0.0] * 3)
    assert np.isnan(got[7])


def test_limits_of_the_machine_are_measured(isa: str) -> None:
    found = _kernel.machine_limits(tries=1, seconds=1e-5)
    assert set(found) == {"float32", "float64"}
    for rates in found.values():
        operators = rates["operators"]
        assert isinstance(operators, dict)
        assert set(operators) == {op.name for op in SEARCH_OPS if SEARCH_OPS[op].arity > 0}
        assert all(rate > 0.0 for rate in operators.values())
        assert rates["multiply_adds"] > 0.0 < rates["sums"]  # type: ignore[operator]


@pytest.mark.parametrize(("tries", "seconds"), [(0, 0.01), (1, 0.0), (1, 2.0)])
def test_measurements_that_make_no_sense_are_refused(tries: int, seconds: float) -> None:
    with pytest.raises(ValueError, match="at least one try"):
        _kernel.machine_limits(tries, seconds)
