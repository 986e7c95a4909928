"""Errors of the estimate by input width, from rows as the benchmark writes them."""

from __future__ import annotations

import pytest

from benchmarks.front_estimates import by_width


def test_errors_are_relative_to_the_measurement_and_nothing_for_nothing_is_none() -> None:
    designs = [{"lut": lut, "lut_yosys": real} for lut, real in ((0.0, 0), (90.0, 100), (66.0, 60))]
    (row,) = by_width([{"width": 8, "designs": designs}])
    assert (row["width"], row["designs"], row["lut_largest"]) == (8, 3, 100)
    assert (row["bias"], row["worst"]) == pytest.approx((0.0, -0.1))
    assert row["error_median"] == pytest.approx(0.1)
