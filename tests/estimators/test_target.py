"""Formats that fit columns, cost tables by kind, and designs over the features in use."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symtick.codegen import Fixed
from symtick.errors import InputError
from symtick.estimators.settings import KINDS, HardwareSettings
from symtick.estimators.target import Hardware, fitting_format, restricted
from symtick.expr import Interval, Op, parse
from symtick.hwcost import SearchCost

ends = st.floats(-1e12, 1e12, allow_subnormal=False)


@given(ends, ends, st.integers(2, 16))
def test_a_format_holds_its_interval_and_is_the_finest_that_does(
    a: float, b: float, bits: int
) -> None:
    held = Interval(min(a, b), max(a, b))
    fmt = fitting_format(held, bits)
    assert fmt.width == bits
    assert fmt.lo <= held.lo and held.hi <= fmt.hi + fmt.step
    if max(abs(held.lo), abs(held.hi)) > 1e-200:
        finer = Fixed(bits, fmt.frac + 1, fmt.signed)
        assert finer.lo > held.lo or finer.hi + finer.step < held.hi


def columns() -> np.ndarray:
    return np.column_stack([np.linspace(-1, 1, 9), np.linspace(0, 200, 9), np.zeros(9)])


def test_formats_by_width_by_text_and_by_name() -> None:
    names = ("a", "b", "c")
    held = Hardware.of(columns(), HardwareSettings(), names)
    assert [str(f) for f in held.formats] == ["fixed<8,1>", "ufixed<8,8>", "ufixed<8,0>"]
    assert held.ranges[1] == Interval(0.0, 200.0)
    same = Hardware.of(columns(), HardwareSettings(input_formats="fixed<6,2>"), names)
    assert set(map(str, same.formats)) == {"fixed<6,2>"}
    given = HardwareSettings(input_formats={"b": "fixed<10,9>"})
    mixed = Hardware.of(columns(), given, names)
    assert [str(f) for f in mixed.formats] == ["fixed<8,1>", "fixed<10,9>", "ufixed<8,0>"]
    with pytest.raises(InputError, match="for 'z': the features are a, b, c"):
        Hardware.of(columns(), HardwareSettings(input_formats={"z": "fixed<10,9>"}), names)
    with pytest.raises(InputError, match="input_bits must be an integer from 2 to 24, not 1"):
        HardwareSettings(input_bits=1)


def test_each_kind_prices_as_it_says() -> None:
    names = ("a", "b", "c")
    made = {
        kind: Hardware.of(columns(), HardwareSettings(cost=kind), names).search_cost(
            (0, 2), {Op.SIN: 3.0}
        )
        for kind in KINDS
    }
    assert all(len(cost.table_lut) == 2 for cost in made.values())
    assert made["open"].chain and made["open"].fuse
    assert made["published"].op_delay[Op.DIV] == 29.0 and not made["published"].fuse
    assert made["unit"] == SearchCost.unit(2)
    assert made["complexity"].op_lut[Op.SIN] == 3.0 and made["complexity"].op_lut[Op.ADD] == 1.0
    with pytest.raises(InputError, match="cost must be one of open, published"):
        HardwareSettings(cost="free")


def test_a_design_reads_only_the_features_that_occur() -> None:
    held = Hardware.of(columns(), HardwareSettings(), ("a", "b", "c"))
    expression = parse("a*2 + c", ["a", "b", "c"])
    spec = held.spec(expression, spread=0.5, name="top", outputs=["y"])
    assert spec.expression.inputs == ("a", "c")
    assert [str(f) for f in spec.formats] == ["fixed<8,1>", "ufixed<8,0>"]
    assert spec.precision.term_frac == 8
    assert spec.build().schedule.latency >= 1
    X = np.random.default_rng(0).uniform(-1, 1, size=(20, 3))
    np.testing.assert_array_equal(
        restricted(expression, [0, 2]).evaluate(X[:, [0, 2]]), expression.evaluate(X)
    )
    assert math.isfinite(held.spec(parse("3", ["a", "b", "c"]), 0.0, "t", ["y"]).clock_mhz)
