"""`symtick calibrate`: known points are not measured again, and an interrupt loses nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from symtick.calibration import measuring
from symtick.calibration.measuring import CalibrationStep, calibrate
from symtick.calibration.points import CalibrationPoint, points
from symtick.codegen.ir.fixed import Fixed
from symtick.codegen.ir.graph import GOp, GraphBuilder
from symtick.errors import InputError
from symtick.hwcost.devices.device import devices, load_device
from symtick.hwcost.devices.measured import load_measured
from symtick.sim import nextpnr, yosys
from symtick.sim.tools import Tool

KEPT = load_measured(measuring.SET)


class Tools:
    """Yosys and nextpnr that answer at once, and what they were asked."""

    def __init__(self) -> None:
        self.counted: list[str] = []
        self.families: set[str] = set()
        self.placed: list[str] = []

    def synthesize_each(
        self, sources: Sequence[Path], folder: Path, family: str, *, dsp: bool
    ) -> dict[str, yosys.Resources]:
        self.families.add(family)
        self.counted += [s.stem for s in sources if family == "xcup"]
        return {s.stem: self._area(s.stem) for s in sources}

    def synthesize(
        self, sources: Sequence[Path], top: str, folder: Path, family: str, *, dsp: bool
    ) -> yosys.Resources:
        return self._area(top)

    def place_and_route(
        self, sources: Sequence[Path], top: str, folder: Path, *, target_mhz: float, dsp: bool,
        timing_weight: int,
    ) -> nextpnr.Timing:  # fmt: skip
        assert timing_weight == nextpnr.OWN_TIMING_WEIGHT
        self.placed.append(top)
        return nextpnr.Timing(250.0, "clk", 2.0, 2.0, 0.5, (), target_mhz, 1, "LFE5U-85k-8")

    def _area(self, top: str) -> yosys.Resources:
        return yosys.Resources(3 * len(top), 0, 0, 0.0, 2, 0, {})


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> Tools:
    """Stand-ins with the versions of the kept measurements."""
    made = Tools()
    monkeypatch.setattr(yosys, "synthesize_each", made.synthesize_each)
    monkeypatch.setattr(yosys, "synthesize", made.synthesize)
    monkeypatch.setattr(nextpnr, "place_and_route", made.place_and_route)
    monkeypatch.setattr(measuring, "find", lambda name: Tool(name, KEPT.tools[name], Path(name)))
    return made


def _wider() -> CalibrationPoint:
    builder = GraphBuilder(("a", "b"))
    a, b = (builder.input(k, Fixed(28, 0)) for k in (0, 1))
    return CalibrationPoint("add_28", builder.build([builder.op(GOp.ADD, a, b)], ["y"]))


def test_nothing_is_measured_again(tools: Tools, tmp_path: Path) -> None:
    written = calibrate(tmp_path / "out", tmp_path / "work")
    assert tools.counted == tools.placed == []
    assert load_measured(measuring.SET, tmp_path / "out") == KEPT
    fitted = {name for name in devices() if load_device(name).fit is not None}
    assert {p.stem for p in written} == fitted | {measuring.SET}


def test_one_more_point_is_one_measurement(tools: Tools, tmp_path: Path) -> None:
    steps: list[CalibrationStep] = []
    chosen = [*points(), _wider()]
    calibrate(tmp_path / "out", tmp_path / "work", chosen=chosen, observer=steps.append)
    assert steps == [CalibrationStep("add_28", 1, 1)]
    assert tools.counted == tools.placed == ["add_28"]
    found = load_measured(measuring.SET, tmp_path / "out")
    assert found.points[:-1] == KEPT.points
    assert found.points[-1].lut == {"xcup": 18.0, "xc7": 18.0, "ecp5": 22.0}
    assert (found.points[-1].period_ns, found.points[-1].overhead_ns) == (4.0, 0.5)
    # and the next run takes it from the output folder
    calibrate(tmp_path / "out", tmp_path / "work", chosen=chosen, observer=steps.append)
    assert len(steps) == 1


def test_the_logic_beside_several_tables_is_not_theirs(tools: Tools, tmp_path: Path) -> None:
    calibrate(tmp_path / "out", tmp_path / "work", fresh="tables_*")
    found = load_measured(measuring.SET, tmp_path / "out")
    assert found is not None
    lut = {m.label: m.lut for m in found.points}
    measured = [p for p in points() if p.label in tools.counted]
    assert len(measured) == 6 and all("tables" in p.features for p in measured)
    for p in measured:
        assert p.row == "table"
        made = 3.0 * len(p.label)
        expected = {"xcup": made, "xc7": made, "ecp5": made + 4.0}
        assert lut[p.label] == {unit: n - p.other[unit] for unit, n in expected.items()}


def test_an_interrupted_run_goes_on(tools: Tools, tmp_path: Path) -> None:
    def stop(step: CalibrationStep) -> None:
        if step.done == 20:
            raise KeyboardInterrupt

    work, out = tmp_path / "work", tmp_path / "out"
    total = len([p for p in points() if p.label.startswith("table_")])
    with pytest.raises(KeyboardInterrupt):
        calibrate(out, work, fresh="table_*", observer=stop)
    assert not out.exists()
    calibrate(out, work, fresh="table_*")
    assert len(tools.placed) == len(set(tools.placed))
    assert len(set(tools.counted)) == total
    assert not list(work.glob("points/*"))
    found = load_measured(measuring.SET, out)
    assert {m.label for m in found.points if m.lut["xcup"] == 3.0 * len(m.label)} >= {
        p.label for p in points() if p.label.startswith("table_")
    }
    assert all(m in KEPT.points for m in found.points if not m.label.startswith("table_"))


def test_other_versions_measure_all_again(
    tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "find", lambda name: Tool(name, "9", Path(name)))
    calibrate(tmp_path / "out", tmp_path / "work")
    assert tools.counted == [p.label for p in points()] and tools.families == {"xcup", "xc7"}
    assert tools.placed == [p.label for p in points() if p.timed]
    assert load_measured(measuring.SET, tmp_path / "out").tools["yosys"] == "9"


def test_a_damaged_result_is_named(tools: Tools, tmp_path: Path) -> None:
    (tmp_path / "work/points").mkdir(parents=True)
    (tmp_path / "work/points/add_4.json").write_text("{")
    with pytest.raises(InputError, match=r"add_4\.json is damaged.*remove it"):
        calibrate(tmp_path / "out", tmp_path / "work")


def test_a_file_of_one_s_own_stays_and_the_others_are_written(tools: Tools, tmp_path: Path) -> None:
    """One without a fit, under a name of its own, and one that has the name of a fitted device."""
    out = tmp_path / "out"
    out.mkdir()
    text = (measuring._DATA / "open.yaml").read_text()
    own = {k: v for k, v in yaml.safe_load(text).items() if k != "fit"}
    for name in ("mine", "open"):
        (out / f"{name}.yaml").write_text(yaml.safe_dump(own | {"name": name}))
    before = {path: path.read_text() for path in out.glob("*.yaml")}
    written = {p.stem for p in calibrate(out, tmp_path / "work")}
    fitted = {name for name in devices() if load_device(name).fit is not None}
    assert written == fitted - {"open"} | {measuring.SET}
    assert {path: path.read_text() for path in before} == before


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"fit": {"measured": measuring.SET}}, r"fit\.delay"),
        ({"fit": {"measured": measuring.SET, "delay": "cells"}, "cells": {}}, "are not stated"),
        ({"family": "xcvx"}, "family"),
        ({"totals": None}, "totals"),
        ({"clock": {"margin": 2.0}}, r"clock\.margin"),
    ],
)
def test_a_head_is_checked_before_anything_is_measured(
    tools: Tools, tmp_path: Path, change: dict[str, object], complaint: str
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    content = yaml.safe_load((measuring._DATA / "open.yaml").read_text()) | change
    (out / "new.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(InputError, match=rf"(?s)new\.yaml is no valid device file: .*{complaint}"):
        calibrate(out, tmp_path / "work", fresh="*")
    assert tools.counted == tools.placed == []


def test_a_head_is_enough_for_a_new_part(tools: Tools, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    content = yaml.safe_load((measuring._DATA / "xcvu9p-2.yaml").read_text())
    for rows in ("delay", "area", "table_factor"):
        del content[rows]
    del content["clock"]["overhead_ns"], content["dsp"]["delay_ns"]
    (out / "new.yaml").write_text(yaml.safe_dump(content | {"name": "new"}))
    assert out / "new.yaml" in calibrate(out, tmp_path / "work")
    made, old = load_device(str(out / "new.yaml")), load_device("xcvu9p-2")
    assert (made.delay, made.area, made.dsp) == (old.delay, old.area, old.dsp)


def test_a_pattern_of_no_point_is_refused(tools: Tools, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no point is named 'mull_"):
        calibrate(tmp_path / "out", tmp_path / "work", fresh="mull_*")
    assert not (tmp_path / "out").exists()


@pytest.mark.synth
def test_a_point_through_the_tools(tmp_path: Path) -> None:
    """The kept figures are what the tools give, where they are the same tools."""
    if any(measuring.find(name).version != v for name, v in KEPT.tools.items()):
        pytest.skip("other versions of the tools than those that measured")
    calibrate(tmp_path / "out", tmp_path / "work", fresh="add_8")
    (new,) = (m for m in load_measured(measuring.SET, tmp_path / "out").points
              if m.label == "add_8")  # fmt: skip
    assert new in KEPT.points
