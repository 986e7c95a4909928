"""`symtick estimate`: the best clock against all clocks, other devices, exit status, picture."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symtick import compile_text
from symtick.cli import main
from symtick.cli.designs import print_compiled
from symtick.codegen import Fixed, Width
from symtick.design_folder.best_clock import best_clock
from symtick.design_folder.budgets import EstimateTarget, fit_design, fit_folder
from symtick.design_folder.folder import read_spec
from symtick.errors import InputError
from symtick.hwcost import estimate, load_device, model
from symtick.hwcost.models.budget import Budget

TOP = 400
BEST = EstimateTarget(best=True)
TEXT = "tanh(x0)*0.7 + sin(1.3*x1) + exp(-square(x2)) + abs(x3)*0.4"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A design for `open` at 200 MHz."""
    target = tmp_path_factory.mktemp("designs") / "wave"
    compile_text(TEXT, ["fixed<6,3>"], folder=target, name="wave")
    return target


@given(
    work=st.floats(0.5, 20.0),
    step=st.floats(0.1, 3.0),
    lost=st.floats(0.0, 2.0),
    ticks=st.none() | st.integers(1, 8),
    ns=st.none() | st.floats(1.0, 60.0),
)
def test_the_best_clock_is_the_best_of_all(
    work: float, step: float, lost: float, ticks: int | None, ns: float | None
) -> None:
    """A design of `work` ns that stages cut in pieces of at least `step`, against every clock."""

    def needed(clock: int) -> int | None:
        room = 1000.0 / clock - lost
        return None if room < step else math.ceil(work / room)

    def fastest(count: int, slowest: int) -> int:
        assert (needed(slowest) or 99) <= count
        return max(c for c in range(1, TOP + 1) if (needed(c) or 99) <= count)

    latency = {
        c: (n, 1000.0 * n / c) for c in range(1, TOP + 1)
        if (n := needed(c)) is not None and (ticks is None or n <= ticks)
    }  # fmt: skip
    kept = [c for c, (_, time) in latency.items() if ns is None or time <= ns]
    most, found = best_clock(fastest, Budget(ticks=ticks, ns=ns))
    assert fastest(most, 1) == found
    if kept and (ticks is not None or ns is not None):
        assert found == max(kept)
    else:
        assert latency[found][1] == pytest.approx(min(time for _, time in latency.values()))


def test_a_design_is_compiled_for_the_device_and_clock_asked(folder: Path) -> None:
    spec, design = read_spec(folder)
    (own,) = fit_folder(folder, Budget(), EstimateTarget())
    assert own.estimate == estimate(design, model("open", 200.0)) and own.fits
    (other,) = fit_folder(folder, Budget(lut=1e6), EstimateTarget("xcvu13p-2", 360.0, share=0.01))
    made = replace(spec, device="xcvu13p-2", clock_mhz=360.0).build()
    assert other.estimate == estimate(made, model("xcvu13p-2", 360.0))
    assert other.uses["lut"].allowed == 17_280 and other.device.modelled
    (best,) = fit_folder(folder, Budget(ticks=2), BEST)
    assert best.estimate is not None and best.estimate.ticks == 2
    faster = replace(spec, clock_mhz=best.estimate.clock_mhz + 1.0)
    assert faster.build().schedule.latency > 2


def test_a_design_that_does_not_run_is_a_line_of_its_own(folder: Path) -> None:
    spec, design = read_spec(folder)
    wanted = replace(spec, latency=1)
    fit = fit_design(wanted, design, Budget(ticks=9), EstimateTarget(clock_mhz=350.0))
    assert not fit.fits and fit.estimate is None and "too short" in fit.reason
    assert fit.to_json() | {"reason": ""} == {
        "design": "wave", "fits": False, "device": "open", "modelled_delays": False,
        "budget": {}, "reason": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("target", "complaint"),
    [
        (EstimateTarget(clock_mhz=100.0, best=True), "not both"),
        (EstimateTarget("xcvu9p-hls4sr"), "states cycles only"),
        (EstimateTarget("xcvu13p-2", 800.0), "cannot be clocked with 800 MHz: 775 MHz is the most"),
        (EstimateTarget("nowhere.yaml"), "no device file nowhere.yaml"),
        (EstimateTarget(""), "unknown device ''"),
        (EstimateTarget(clock_mhz=0.0), r"must lie in 0 to 1000 MHz, not 0\.0"),
    ],
)
def test_what_is_refused(folder: Path, target: EstimateTarget, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        list(fit_folder(folder, Budget(lut=1.0), target))


def test_formats_of_single_signals_are_for_their_own_target(folder: Path) -> None:
    spec, _ = read_spec(folder)
    narrow = replace(spec, widths=(Width(0, Fixed(4, 1)),))
    design = narrow.build()
    assert fit_design(narrow, design, Budget(), EstimateTarget()).estimate is not None
    for other in (
        EstimateTarget(clock_mhz=100.0),
        EstimateTarget("xcvu13p-2"),
        BEST,
    ):
        with pytest.raises(InputError, match="decided for open at 200 MHz: estimate it there"):
            fit_design(narrow, design, Budget(), other)


def test_the_best_clock_of_a_fixed_latency(folder: Path) -> None:
    spec, design = read_spec(folder)
    for latency in (0, 3):
        wanted = replace(spec, latency=latency)
        fit = fit_design(wanted, design, Budget(), BEST)
        assert fit.estimate is not None and fit.estimate.ticks == latency
    slow = fit_design(replace(spec, latency=0), design, Budget(), BEST).estimate
    one = fit_design(replace(spec, latency=1), design, Budget(), BEST).estimate
    assert slow is not None and one is not None and slow.clock_mhz == one.clock_mhz


def _run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["symtick", "estimate", *words])
    code = 0
    try:
        main()
    except SystemExit as stop:
        code = int(stop.code or 0)
    held = capsys.readouterr()
    return code, held.out, " ".join(held.err.split())


def test_table_json_picture_and_status(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    where = str(folder)
    picture = tmp_path / "parts.svg"
    words = ("--device", "xcvu13p-2", "--share", "1%", "--budget-ns", "20")
    code, out, _ = _run(monkeypatch, capsys, where, *words, "--picture", str(picture))
    assert code == 0
    assert "at most 20 ns, 17280 LUT" in out and "modelled from published figures" in out
    assert ElementTree.fromstring(picture.read_text()).tag.endswith("svg")
    assert "delays modelled" in picture.read_text()
    code, out, _ = _run(monkeypatch, capsys, where, *words, "--json")
    (held,) = json.loads(out)
    assert code == 0 and held["fits"] and held["modelled_delays"]
    assert held["budget"]["lut"]["share"] == pytest.approx(held["lut"] / 17_280)
    code, out, err = _run(monkeypatch, capsys, where, "--budget-lut", "3", "--budget-ticks", "9")
    assert code == 1 and "no: LUT" in out and "no design fits the budget" in err
    code, _, err = _run(monkeypatch, capsys, where, "--picture", "a.gif", "--share", "1%")
    assert code == 1 and "written as .svg or .png, not as a.gif" in err
    code, out, err = _run(monkeypatch, capsys, where, "--picture", str(picture))
    assert code == 1 and "a picture shows parts of a budget" in err and "wave" in out


def test_nothing_is_drawn_where_nothing_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    where, picture = tmp_path / "one", tmp_path / "parts.svg"
    compile_text(TEXT, ["fixed<6,3>"], folder=where, name="one", latency=1, clock_mhz=50.0)
    words = (str(where), "--clock", "350", "--share", "1%", "--picture", str(picture))
    code, out, err = _run(monkeypatch, capsys, *words)
    assert code == 1 and "one does not run" in out and not picture.exists()
    assert "no design fits" in err and "too short" in err and "parts of a budget" not in err


def test_an_area_that_is_not_known_is_not_zero(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    where = tmp_path / "cycles"
    made = compile_text(TEXT, ["fixed<6,3>"], folder=where, device="xcvu9p-hls4sr")
    assert json.loads((where / "design.json").read_text())["estimate"] is None
    capsys.readouterr()
    print_compiled(made)
    assert "area unknown" in capsys.readouterr().out
    _, out, _ = _run(monkeypatch, capsys, str(where), "--json")
    (held,) = json.loads(out)
    assert held["ticks"] > 0 and [held[k] for k in ("lut", "ff", "dsp", "bram")] == [None] * 4
    _, out, _ = _run(monkeypatch, capsys, str(where))
    (line,) = (line for line in out.splitlines() if line.startswith("expression"))
    assert line.split()[-4:] == ["-"] * 4


def test_a_clock_beyond_an_assumed_ceiling_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    where = tmp_path / "one"
    compile_text("0.3*x0*x0", ["fixed<4,2>"], folder=where, name="one", device="xcku040-2")
    code, out, _ = _run(monkeypatch, capsys, str(where), "--clock", "662")
    assert code == 0
    assert "662 MHz is beyond the 661 MHz that xcku040-2 may be clocked with (assumed" in out
    _, out, _ = _run(monkeypatch, capsys, str(where), "--clock", "661", "--json")
    assert "beyond" not in json.loads(out)[0]["note"]
    # of itself symtick goes to no clock that may not be there
    (best,) = fit_folder(where, Budget(ticks=60), BEST)
    assert best.estimate is not None and best.estimate.clock_mhz == 661.0


def test_a_design_for_a_device_file_is_read_from_anywhere_until_that_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (Path(str(files("symtick.hwcost"))) / "data/open.yaml").read_text()
    mine = tmp_path / "mine.yaml"
    mine.write_text(text.replace("name: open", "name: mine"))
    monkeypatch.chdir(tmp_path)
    compile_text(TEXT, ["fixed<6,3>"], folder=Path("wave"), device="mine.yaml")
    (tmp_path / "else").mkdir()
    monkeypatch.chdir(tmp_path / "else")
    spec, _ = read_spec(tmp_path / "wave")
    assert spec.device == str(mine)
    # a title changes no design
    mine.write_text(mine.read_text().replace("title: ", "title: 'my' # "))
    assert read_spec(tmp_path / "wave")[0] == spec
    for margin in (0.6, 0.97):  # another schedule; none at all
        mine.write_text(text.replace("margin: 0.1", f"margin: {margin}"))
        with pytest.raises(
            InputError, match=r"the device file .*mine\.yaml changed since; compile"
        ):
            read_spec(tmp_path / "wave")
    mine.unlink()
    with pytest.raises(InputError, match=r"no device file .*mine\.yaml"):
        read_spec(tmp_path / "wave")


def test_a_device_file_of_ones_own(folder: Path, tmp_path: Path) -> None:
    text = (Path(str(files("symtick.hwcost"))) / "data/ecp5-85k-8.yaml").read_text()
    mine = tmp_path / "mine.yaml"
    mine.write_text(text.replace("name: ecp5-85k-8", "name: mine").replace("83640", "90"))
    (fit,) = fit_folder(folder, Budget(), EstimateTarget(str(mine), share=1.0))
    assert fit.device.name == "mine" and fit.over == ("lut",)
    mine.write_text(text.replace("name: ecp5-85k-8", "name: changed"))
    assert load_device(str(mine)).name == "changed"
    mine.write_text("name: [")
    with pytest.raises(InputError, match=r"device file mine\.yaml is not valid"):
        load_device(str(mine))
