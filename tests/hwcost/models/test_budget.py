"""Budgets: the used part of each limit, shares of a device, and refusals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symtick.codegen import Area
from symtick.errors import InputError
from symtick.hwcost import Estimate, load_device
from symtick.hwcost.models.budget import RESOURCES, Budget, Use, read_share


def _estimate(ticks: int = 3, lut: float = 120.0, dsp: float = 0.0) -> Estimate:
    return Estimate(ticks, 5.0 * ticks, 200.0, Area(lut=lut, ff=40.0, dsp=dsp), (), "a model")


def test_each_limit_has_its_line() -> None:
    uses = Budget(ticks=3, ns=10.0, lut=240.0, dsp=0).uses(_estimate())
    assert list(uses) == ["ticks", "ns", "lut", "dsp"]
    assert {name: use.fits for name, use in uses.items()} == {
        "ticks": True, "ns": False, "lut": True, "dsp": True,
    }  # fmt: skip
    assert [use.share for use in uses.values()] == [1.0, 1.5, 0.5, 0.0]


def test_nothing_allowed() -> None:
    use = Budget(dsp=0).uses(_estimate(dsp=2.0))["dsp"]
    assert not use.fits and use.share == float("inf")


@given(st.floats(0.001, 1.0), st.floats(1.0, 1e6))
def test_a_share_narrows_and_never_widens(share: float, lut: float) -> None:
    device = load_device("ecp5-85k-8")
    held = Budget(ticks=4, lut=lut).within(share, device).limits()
    assert held["ticks"] == 4
    for name in RESOURCES:
        assert held[name] <= share * getattr(device.totals, name)
    assert held["lut"] <= lut
    assert held["lut"] > min(lut, share * device.totals.lut) - 1.0


@pytest.mark.parametrize(("text", "value"), [("1%", 0.01), (" 12.5 % ", 0.125), ("0.3", 0.3)])
def test_shares_as_text(text: str, value: float) -> None:
    assert read_share(text) == pytest.approx(value)


def test_what_is_refused() -> None:
    for text in ("x", "1 % of it", "%", ""):
        with pytest.raises(InputError, match=r"is not a share: write 1% or 0\.01"):
            read_share(text)
    for share in (0.0, -0.1, 1.5, float("nan")):
        with pytest.raises(InputError, match="must lie in 0 to 1"):
            Budget().within(share, load_device("open"))
    with pytest.raises(InputError, match=r"must be 0 or more, not -1\.0 for lut"):
        Budget(lut=-1)
    with pytest.raises(InputError, match="not nan for ns"):
        Budget(ns=float("nan"))


def test_rounding_of_a_period_is_no_excess() -> None:
    assert Use(3 * (1000.0 / 333.0), 3000.0 / 333.0 * (1 - 1e-12)).fits
    assert not Use(10.01, 10.0).fits
