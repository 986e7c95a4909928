"""The products benchmark: blocks that the estimate and Yosys agree on."""

from __future__ import annotations

import pytest

from benchmarks.products import CLOCKS_MHZ, measured


@pytest.mark.synth
@pytest.mark.parametrize("clock", CLOCKS_MHZ)
def test_a_product_of_18_bits_is_one_block_in_the_estimate_and_in_yosys(clock: float) -> None:
    row = measured((18, 18), clock)
    assert row["dsp"] == row["dsp_yosys"] == 1
    assert row["lut"] == row["lut_yosys"] == 0
    assert row["ff"] == row["ff_yosys"]
    assert (
        row["ticks"]
        == row["ticks_fewest"]
        == row["ticks_most"]
        == (1 if clock == min(CLOCKS_MHZ) else 2)
    )
