"""`symtick calibrate --from-reports`: factors, the device file they give, and what is refused."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symtick import compile_text
from symtick.budgets import Target, fit_all
from symtick.cli import main
from symtick.errors import InputError
from symtick.hwcost import load_device, model
from symtick.hwcost.budget import Budget
from symtick.hwcost.report_fit import PRIOR, Pair, factors
from symtick.report_calibrating import refit_device

REPORTS = Path(__file__).parent / "data/reports"
BASE = "xcvu13p-2"
TEXTS = ("tanh(x0)*0.7 + abs(x1)", "sin(x0) + exp(-square(x1)) - 0.3*x2", "max(x0, x1) + x2")


def _pair(lut: float | None, ns: float | None = None) -> Pair:
    return Pair("d", 100.0, lut, 50.0, None, 2.0, ns, True, 0.0, None)


@given(st.lists(st.floats(1.0, 1000.0), min_size=1, max_size=40))
def test_the_factor_is_the_least_squares_one(luts: list[float]) -> None:
    """The derivative of the stated sum of squares is zero there."""
    found = factors([_pair(lut) for lut in luts])["lut"]
    slope = sum(found - lut / 100.0 for lut in luts) + PRIOR * (found - 1.0)
    assert abs(slope) <= 1e-4 * (len(luts) + PRIOR)


def test_few_designs_move_the_model_little() -> None:
    assert factors([_pair(200.0)])["lut"] == 1.5
    assert factors([_pair(200.0)] * 9)["lut"] == 1.9
    assert factors([_pair(None, 3.0)]) == {"ns": 1.25}
    with pytest.raises(InputError, match="nothing to fit to"):
        factors([_pair(None), _pair(0.0)])


@pytest.fixture(scope="module")
def designs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three designs for the base device, without reports."""
    folder = tmp_path_factory.mktemp("designs")
    for k, text in enumerate(TEXTS):
        compile_text(
            text,
            ["fixed<6,3>"],
            folder=folder / f"d{k}",
            name=f"d{k}",
            device=BASE,
            clock_mhz=360.0,
        )
    return folder


def _utilisation(folder: Path, lut: float, ff: float) -> None:
    text = (REPORTS / "vivado_utilization_ultrascale.rpt").read_text()
    text = re.sub(r"(CLB LUTs\*\s+\|)\s+\d+", rf"\g<1> {round(lut)}", text)
    text = re.sub(r"(CLB Registers\s+\|)\s+\d+", rf"\g<1> {round(ff)}", text)
    (folder / "utilization.rpt").write_text(text)


def _timing(folder: Path, period: float, slack: float) -> None:
    text = (REPORTS / "vivado_timing_summary.rpt").read_text()
    text = text.replace("        2.778  ", f"        {period}  ").replace("-0.250 ", f"{slack} ")
    (folder / "timing.rpt").write_text(text)


def test_a_device_file_that_every_verb_takes(
    designs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    before = {fit.design: fit.estimate for k in range(3)
              for fit in fit_all(designs / f"d{k}", Budget(), Target())}  # fmt: skip
    clock = load_device(BASE).clock
    assert clock is not None
    for k in range(3):
        guess = before[f"d{k}"]
        assert guess is not None
        _utilisation(designs / f"d{k}", 0.8 * guess.area.lut, 1.5 * guess.area.ff)
        _timing(designs / f"d{k}", 4.0, 1.0)
    mine = tmp_path / "mine.yaml"
    words = ["symtick", "calibrate", "--from-reports", str(designs), "--device", BASE]
    monkeypatch.setattr(sys, "argv", [*words, "-o", str(mine)])
    with pytest.raises(SystemExit) as stop:
        main()
    assert not stop.value.code
    out = capsys.readouterr().out
    assert "Model and reports" in out and f"--device {mine}" in out
    device = load_device(str(mine))
    assert device.name == "mine" and not device.modelled and device.refit is not None
    held = device.refit.factors
    assert held["lut"] == pytest.approx((3 * 0.8 + 1) / 4, rel=0.01)
    assert held["ff"] == pytest.approx((3 * 1.5 + 1) / 4, rel=0.01)
    for k in range(3):
        (fit,) = fit_all(designs / f"d{k}", Budget(), Target(str(mine), 50.0))
        (same,) = fit_all(designs / f"d{k}", Budget(), Target(BASE, 50.0))
        assert fit.estimate is not None and same.estimate is not None
        assert fit.estimate.ticks == same.estimate.ticks == 1
        assert fit.estimate.area.ff == pytest.approx(held["ff"] * same.estimate.area.ff)
        assert fit.estimate.area.lut == pytest.approx(
            held["lut"] * same.estimate.area.lut, rel=0.01
        )
    old = model(BASE, 300.0).row_delay("add", {"bits": 8})  # type: ignore[union-attr]
    new = model(str(mine), 300.0).row_delay("add", {"bits": 8})  # type: ignore[union-attr]
    assert new == pytest.approx(held["ns"] * old, rel=1e-3)


def test_a_model_that_is_right_stays(designs: Path, tmp_path: Path) -> None:
    for k in range(3):
        (fit,) = fit_all(designs / f"d{k}", Budget(), Target())
        assert fit.estimate is not None
        _utilisation(designs / f"d{k}", fit.estimate.area.lut, fit.estimate.area.ff)
        (designs / f"d{k}/timing.rpt").unlink(missing_ok=True)
    made = refit_device(designs, BASE, tmp_path / "same.yaml")
    assert made.factors["lut"] == pytest.approx(1.0, abs=0.01)
    assert made.factors["ff"] == pytest.approx(1.0, abs=0.01)
    assert "ns" not in made.factors
    # without a clock in the reports, delays are as modelled as before
    assert load_device(str(tmp_path / "same.yaml")).modelled


def test_what_is_refused(designs: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no design"):
        refit_device(tmp_path, BASE, tmp_path / "a.yaml")
    with pytest.raises(InputError, match=r"ends in \.yaml"):
        refit_device(designs, BASE, tmp_path / "a.txt")
    with pytest.raises(InputError, match="published cycles"):
        refit_device(designs, "xcvu9p-hls4sr", tmp_path / "a.yaml")
    with pytest.raises(InputError, match="unknown device 'none'"):
        refit_device(designs, "none", tmp_path / "a.yaml")
    (designs / "d1/utilization.rpt").write_text("Utilization Design Information\n")
    with pytest.raises(InputError, match=r"d1/utilization\.rpt: .*no line for LUTs"):
        refit_device(designs, BASE, tmp_path / "a.yaml")
    (designs / "d1/utilization.rpt").unlink()
    with pytest.raises(InputError, match="d1 has no report that is known"):
        refit_device(designs, BASE, tmp_path / "a.yaml")
    assert not list(tmp_path.glob("*"))
