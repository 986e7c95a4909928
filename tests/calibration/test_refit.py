"""`symtick calibrate --from-reports`: factors, the device file with them, and refusals."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symtick import compile_text
from symtick.calibration.refit import refit_device
from symtick.calibration.reports import reports_of, same_part
from symtick.cli import main
from symtick.design_folder.budgets import EstimateTarget, fit_folder
from symtick.design_folder.folder import read_spec
from symtick.errors import InputError
from symtick.hwcost import load_device, model
from symtick.hwcost.models.budget import Budget
from symtick.hwcost.reports.refit import PRIOR, ReportedDesign, factors

REPORTS = Path(__file__).parents[1] / "data/reports"
DATA = Path(str(files("symtick.hwcost"))) / "data"
BASE, PART, VU9P = "xcvu13p-2", "xcvu13p-flga2577-2-e", "xcvu9p-flga2577-2-e"
TEXTS = ("tanh(x0)*0.7 + abs(x1)", "sin(x0) + exp(-square(x1)) - 0.3*x2", "max(x0, x1) + x2")


def _pair(lut: float | None, ns: float | None = None) -> ReportedDesign:
    return ReportedDesign("d", 100.0, lut, 50.0, None, 2.0, ns, True, 0.0, None, None)


@given(st.lists(st.floats(20.0, 900.0), min_size=1, max_size=40))
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


@pytest.fixture
def reported(designs: Path) -> Iterator[Path]:
    """The designs; what a test reports of them goes again."""
    yield designs
    for pattern in ("*.rpt", "*csynth.xml", "hls4ml*.json"):
        for path in designs.rglob(pattern):
            path.unlink()


def _utilisation(
    folder: Path, lut: float, ff: float, *, state: str = "Synthesized", part: str = PART,
    top: str = "", name: str = "utilization.rpt",
) -> None:  # fmt: skip
    """A report_utilization of the design in the folder, or of another."""
    text = (REPORTS / "vivado_utilization_ultrascale.rpt").read_text()
    text = re.sub(r"(CLB LUTs\*\s+\|)\s+\d+", rf"\g<1> {round(lut)}", text)
    text = re.sub(r"(CLB Registers\s+\|)\s+\d+", rf"\g<1> {round(ff)}", text)
    text = text.replace("State : Synthesized", f"State : {state}").replace(VU9P, part)
    (folder / name).write_text(text.replace(": jets", f": {top or folder.name}"))


def _timing(
    folder: Path, period: float, slack: float, *, state: str = "Routed", top: str = "",
    slow: float = 25.0, name: str = "timing.rpt",
) -> None:  # fmt: skip
    """A report_timing_summary with two clocks, the other one's slack of 20.118 ns."""
    text = (REPORTS / "vivado_timing_summary.rpt").read_text()
    text = text.replace("        2.778  ", f"        {period}  ").replace("-0.250 ", f"{slack} ")
    text = text.replace("       25.000   ", f"       {slow}   ")
    text = text.replace("xcvu9p-flga2577", "xcvu13p-flga2577").replace(": Routed", f": {state}")
    (folder / name).write_text(text.replace(": jets", f": {top or folder.name}"))


def _csynth(folder: Path, name: str, sample: str, **figures: str) -> None:
    """A csynth.xml of the design in the folder as Vitis names it, or a sub-module's beside it."""
    text = (REPORTS / sample).read_text().replace("jets", folder.name).replace(VU9P, PART)
    for tag, figure in figures.items():
        text = re.sub(rf"<{tag}>[^<]+<", f"<{tag}>{figure}<", text, count=1)
    (folder / name).write_text(text)


def _pair_of(folder: Path, tmp_path: Path, design: str) -> ReportedDesign:
    made = refit_device(folder, BASE, tmp_path / "made.yaml")
    (found,) = (p for p in made.pairs if p.design == design)
    return found


def test_a_device_file_that_every_verb_takes(
    reported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    designs = reported
    before = {fit.design: fit.estimate for k in range(3)
              for fit in fit_folder(designs / f"d{k}", Budget(), EstimateTarget())}  # fmt: skip
    clock = load_device(BASE).clock
    assert clock is not None
    for k in range(3):
        guess = before[f"d{k}"]
        assert guess is not None
        _utilisation(designs / f"d{k}", 0.8 * guess.area.lut, 1.5 * guess.area.ff)
        _timing(designs / f"d{k}", 2.778, -0.222)
    mine = tmp_path / "mine.yaml"
    words = ["symtick", "calibrate", "--from-reports", str(designs), "--device", BASE]
    monkeypatch.setattr(sys, "argv", [*words, "-o", str(mine)])
    with pytest.raises(SystemExit) as stop:
        main()
    assert not stop.value.code
    out = capsys.readouterr().out
    assert "Model and reports" in out and f"--device {mine}" in out
    device = load_device(str(mine))
    assert device.name == "mine" and device.refit is not None
    held = device.refit.factors
    # reports are of whole LUTs, and the designs have few
    assert held["lut"] == pytest.approx((3 * 0.8 + 1) / 4, rel=0.02)
    assert held["ff"] == pytest.approx((3 * 1.5 + 1) / 4, rel=0.01)
    for k in range(3):
        (fit,) = fit_folder(designs / f"d{k}", Budget(), EstimateTarget(str(mine), 50.0))
        (same,) = fit_folder(designs / f"d{k}", Budget(), EstimateTarget(BASE, 50.0))
        assert fit.estimate is not None and same.estimate is not None
        assert fit.estimate.ticks == same.estimate.ticks == 1
        assert fit.estimate.area.ff == pytest.approx(held["ff"] * same.estimate.area.ff)
        assert fit.estimate.area.lut == pytest.approx(
            held["lut"] * same.estimate.area.lut, rel=0.01
        )
    # rows are still those of the cells, on another level; the file says so and holds the cells
    assert device.modelled and device.cells == load_device(BASE).cells
    assert "scaled to the reports of 3 designs, 3 of them routed" in device.delay_note
    old = model(BASE, 300.0).row_delay("add", {"bits": 8})  # type: ignore[union-attr]
    new = model(str(mine), 300.0).row_delay("add", {"bits": 8})  # type: ignore[union-attr]
    assert new == pytest.approx(held["ns"] * old, rel=1e-3)


def test_a_model_that_is_right_stays(reported: Path, tmp_path: Path) -> None:
    designs = reported
    for k in range(3):
        (fit,) = fit_folder(designs / f"d{k}", Budget(), EstimateTarget())
        assert fit.estimate is not None
        _utilisation(designs / f"d{k}", fit.estimate.area.lut, fit.estimate.area.ff)
    made = refit_device(designs, BASE, tmp_path / "same.yaml")
    assert made.factors["lut"] == pytest.approx(1.0, abs=0.01)
    assert made.factors["ff"] == pytest.approx(1.0, abs=0.01)
    assert "ns" not in made.factors
    # without a clock in the reports, delays are as modelled as before
    assert load_device(str(tmp_path / "same.yaml")).modelled


def test_a_sub_module_s_report_is_not_the_design_s(reported: Path, tmp_path: Path) -> None:
    """Vitis writes one for each; by file name this one is the first."""
    folder = reported / "d0"
    _csynth(folder, "a_Pipeline_sum_csynth.xml", "vitis_submodule_csynth.xml")
    _csynth(folder, "d0_csynth.xml", "vitis_csynth.xml", LUT="40", FF="30")
    pair = _pair_of(reported, tmp_path, "d0")
    assert (pair.lut, pair.ff, pair.routed) == (40, 30, False)
    (folder / "d0_csynth.xml").unlink()
    with pytest.raises(InputError, match="d0 are of d0_Pipeline_sum, not of d0"):
        refit_device(reported, BASE, tmp_path / "made.yaml")


def test_reports_of_another_design_are_refused(reported: Path, tmp_path: Path) -> None:
    folder = reported / "d0"
    _utilisation(folder, 40, 30, top="jets")
    with pytest.raises(InputError, match="d0 are of jets, not of d0"):
        refit_device(reported, BASE, tmp_path / "made.yaml")
    _utilisation(folder, 40, 30)
    _timing(folder, 2.0, 0.5, top="jets")
    made = refit_device(reported, BASE, tmp_path / "made.yaml")
    assert made.pairs[0].lut == 40 and made.pairs[0].ns is None
    assert any("reports of jets are left out" in note for note in made.notes)


def test_figures_that_cannot_be_the_design_s_are_refused(reported: Path, tmp_path: Path) -> None:
    _utilisation(reported / "d0", 1057, 30)
    with pytest.raises(InputError, match=r"d0 says 1057 lut, the model .*is it of this design"):
        refit_device(reported, BASE, tmp_path / "made.yaml")


def test_another_part_is_said(reported: Path, tmp_path: Path) -> None:
    for part, told in ((PART, 0), ("7vx690tffg1761-2", 1), (VU9P, 1)):
        _utilisation(reported / "d0", 40, 30, part=part)
        notes = refit_device(reported, BASE, tmp_path / "made.yaml").notes
        held = [n for n in notes if f"its reports are of {part}, the device is for {PART}" in n]
        assert len(held) == told


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("7vx690tffg1761-2", "xc7vx690tffg1761-2", True),
        ("7vx690t-ffg1761", "xc7vx690tffg1761-2", True),
        ("xcvu9p-flga2577", VU9P, True),
        (VU9P, PART, False),
    ],
)
def test_spellings_of_a_part(one: str, other: str, same: bool) -> None:
    assert same_part(one, other) is same_part(other, one) is same


def test_the_latest_step_is_believed(reported: Path, tmp_path: Path) -> None:
    """Whatever the files' names; and only a routed design's timing is one."""
    folder = reported / "d0"
    clock = load_device(BASE).clock
    assert clock is not None
    _utilisation(folder, 50, 30, name="a.rpt")
    _timing(folder, 2.778, 1.5, state="Synthesized", name="b.rpt")
    early = _pair_of(reported, tmp_path, "d0")
    assert early.ns == pytest.approx(1.278 - clock.overhead_ns) and not early.routed
    _utilisation(folder, 40, 30, state="Routed", name="c.rpt")
    _timing(folder, 2.778, 0.5, state="Physopt postRoute", name="d.rpt")
    _timing(folder, 2.778, 1.0, state="Fully Placed", name="e.rpt")
    late = _pair_of(reported, tmp_path, "d0")
    assert late.ns == pytest.approx(2.278 - clock.overhead_ns) and late.routed and late.lut == 40
    _utilisation(folder, 41, 30, state="Routed", name="f.rpt")
    with pytest.raises(InputError, match=r"d0: two reports after the same step \(Routed\) differ"):
        refit_device(reported, BASE, tmp_path / "made.yaml")


def test_of_several_clocks_the_design_s_counts(reported: Path, tmp_path: Path) -> None:
    """The design is for 360 MHz; the other clock has less slack."""
    folder = reported / "d0"
    clock = load_device(BASE).clock
    assert clock is not None
    _timing(folder, 25.0, -0.1, slow=2.778)
    text = (folder / "timing.rpt").read_text().replace("20.118", " 0.778")
    (folder / "timing.rpt").write_text(text)
    assert _pair_of(reported, tmp_path, "d0").ns == pytest.approx(2.0 - clock.overhead_ns)
    _timing(folder, 4.0, 1.0)
    with pytest.raises(InputError, match=r"d0: .*not clear which is the design's, of 2\.778 ns"):
        refit_device(reported, BASE, tmp_path / "made.yaml")


def test_two_syntheses_of_one_design_have_to_agree(tmp_path: Path) -> None:
    text = (REPORTS / "vitis_submodule_csynth.xml").read_text()
    for name, held in (("solution1", text), ("solution2", text)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "csynth.xml").write_text(held)
    found = reports_of(tmp_path, "jets_Pipeline_sum", 5.0)
    assert found is not None and found.area is not None and found.area.lut == 96
    (tmp_path / "solution2/csynth.xml").write_text(text.replace("<LUT>96<", "<LUT>289<"))
    with pytest.raises(InputError, match="two reports of the synthesis of jets_Pipeline_sum"):
        reports_of(tmp_path, "jets_Pipeline_sum", 5.0)


def test_designs_without_reports_are_listed(reported: Path, tmp_path: Path) -> None:
    _utilisation(reported / "d1", 60, 30)
    made = refit_device(reported, BASE, tmp_path / "made.yaml")
    assert [p.design for p in made.pairs] == ["d1"]
    left = [f"{reported / name} is left out: it has no report" for name in ("d0", "d2")]
    assert list(made.notes) == left


def test_hls4ml_s_block_design_is_left_out(reported: Path, tmp_path: Path) -> None:
    text = (REPORTS / "hls4ml_accelerator_report.json").read_text()
    for old, new in (("1057", "50"), ("412", "30"), ("933", "45"), ("417", "31")):
        text = text.replace(f'"{old}"', f'"{new}"')
    (reported / "d0/hls4ml.json").write_text(text)
    made = refit_device(reported, BASE, tmp_path / "made.yaml")
    assert (made.pairs[0].lut, made.pairs[0].bram) == (45, 1.5)
    assert any("reports of design_1_wrapper are left out" in note for note in made.notes)


def test_a_second_refit_goes_on_from_the_first(reported: Path, tmp_path: Path) -> None:
    _utilisation(reported / "d0", 50, 30)
    _timing(reported / "d0", 2.778, 0.5)
    first = refit_device(reported, BASE, tmp_path / "first.yaml")
    _utilisation(reported / "d1", 70, 40)
    second = refit_device(reported, str(first.path), tmp_path / "second.yaml")
    base, one, two = (load_device(str(p)) for p in (BASE, first.path, second.path))
    assert one.refit is not None and two.refit is not None
    assert (two.refit.base, two.refit.designs, two.refit.routed) == (BASE, 3, 2)
    for name, factor in two.refit.factors.items():
        assert factor == pytest.approx(one.refit.factors[name] * second.factors[name], rel=1e-3)
    assert one.title == two.title == f"{base.title}, refitted to reports"
    assert two.source.count("Rows multiplied") == 1 and two.source.endswith("of d0, d1.")
    row = two.row("area", "add").value({"bits": 40, "width": 40})
    old = base.row("area", "add").value({"bits": 40, "width": 40})
    assert row == pytest.approx(old * two.refit.factors["lut"], rel=0.01)


def test_a_refit_of_a_device_file_in_place(tmp_path: Path) -> None:
    """The loop of whoever has a part of their own; the message is the true one."""
    mine, design = tmp_path / "mine.yaml", tmp_path / "designs/d0"
    mine.write_text((DATA / f"{BASE}.yaml").read_text())
    compile_text(TEXTS[1], ["fixed<6,3>"], folder=design, name="d0", device=str(mine),
                 clock_mhz=360.0)  # fmt: skip
    _timing(design, 2.778, -3.0)
    assert refit_device(tmp_path / "designs", str(mine), mine).factors["ns"] > 1.5
    with pytest.raises(InputError, match=r"the device file .*mine\.yaml changed since; compile"):
        read_spec(design)


def test_what_is_refused(reported: Path, tmp_path: Path) -> None:
    designs = reported
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
    with pytest.raises(InputError, match=r"no design in .* has a report that is known"):
        refit_device(designs, BASE, tmp_path / "a.yaml")
    assert not list(tmp_path.glob("*"))
