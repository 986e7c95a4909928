"""Device files: the schema, what it refuses, and that the fits hold their measurements."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from statistics import median
from typing import Any

import pytest
import yaml

from symtick.calibration.points import points
from symtick.errors import InputError
from symtick.hwcost import model
from symtick.hwcost.devices.device import CELLS, devices, load_device
from symtick.hwcost.devices.fitting import device_text, refit
from symtick.hwcost.devices.measured import load_measured, timed
from symtick.hwcost.devices.rows import FEATURES, ROWS, DeviceRow, RowPoints
from symtick.hwcost.models.features import parts
from symtick.hwcost.models.table_columns import LUT_INPUTS

MEASURED = ("open", "ecp5-85k-8")
DATA = Path(str(files("symtick.hwcost") / "data"))
POINTS = load_measured("yosys-nextpnr")


def test_all_device_files_are_valid_and_say_where_they_come_from() -> None:
    assert {"open", "ecp5-85k-8", "xcvu9p-2", "xcvu9p-hls4sr"} <= set(devices())
    for name in devices():
        device = load_device(name)
        assert device.name == name
        assert len(device.source) > 60
        assert device.totals.lut > 50_000
        assert device.kind == "published" or device.fit is not None
    assert load_device("xcvu9p-2").modelled and not load_device("open").modelled


def test_amd_parts_state_a_source_for_every_delay_and_say_that_they_are_modelled() -> None:
    parts = [load_device(n) for n in devices() if n.startswith("xc") and n != "xcvu9p-hls4sr"]
    assert {d.family for d in parts} == {"xcup", "xcu", "xc7"} and len(parts) == 5
    for device in parts:
        assert set(device.cells) == set(CELLS)
        assert device.modelled and "modelled" in device.title and device.delay_note
        assert device.clock is not None and device.clock.max_mhz is not None
    delay = {d.name: d.row("delay", "add").value({"bits": 12}) for d in parts}
    assert delay["xcvu9p-2"] < delay["xcku040-2"] < delay["xc7z020-1"]
    assert delay["xc7vx690t-2"] < delay["xc7z020-1"]


def test_a_stated_ceiling_refuses_and_an_assumed_one_warns() -> None:
    assumed = set()
    for name in devices():
        device = load_device(name)
        if device.clock is None or device.clock.max_mhz is None:
            continue
        beyond = device.clock.max_mhz + 1.0
        assert device.note(device.clock.max_mhz) == device.delay_note
        if device.clock.assumed:
            assumed.add(name)
            assert "is beyond the" in device.note(beyond) and "to be checked" in device.note(beyond)
            assert model(name, beyond).clock_ns == pytest.approx(1000.0 / beyond)
        else:
            with pytest.raises(InputError, match="is the most"):
                model(name, beyond)
    assert assumed == {"ecp5-85k-8", "xc7vx690t-2", "xcku040-2"}


def test_the_features_of_the_rows_are_those_of_the_nodes() -> None:
    """Every row is asked with all that the schema lets it depend on."""
    for p in points():
        for part in parts(p.graph, p.graph.outputs[0]):
            assert set(part.features) >= set(FEATURES[part.row])


def test_an_unknown_device_is_answered_with_those_there_are() -> None:
    words = r"unknown device 'vu13p': did you mean xcvu13p-2\? there are ecp5-85k-8, open"
    with pytest.raises(InputError, match=words):
        load_device("vu13p")


@pytest.mark.parametrize("name", MEASURED)
def test_delay_rows_hold_the_measurements_beside_them(name: str) -> None:
    device = load_device(name)
    assert device.clock is not None
    errors = []
    for m in timed(POINTS.points):
        assert m.period_ns is not None
        real = m.period_ns - device.clock.overhead_ns
        errors.append(abs(device.row("delay", m.row).value(m.features) - real) / real)
    assert len(errors) > 80
    assert median(errors) < 0.05
    assert sorted(errors)[int(0.9 * len(errors))] < 0.25


def test_area_rows_hold_the_measurements_beside_them() -> None:
    device = load_device("open")
    errors = []
    for m in POINTS.points:
        if m.row == "table":
            if m.features["address"] > LUT_INPUTS and "tables" not in m.features:
                continue  # alone, as no design has it
            factor = device.table_factor[int(m.features["address"])]
            estimate = factor * m.features["counted"]
        else:
            estimate = device.row("area", m.row).value(m.features)
        errors.append(abs(estimate - m.lut["xcup"]) / max(m.lut["xcup"], 8.0))
    assert median(errors) < 0.03
    assert sorted(errors)[int(0.9 * len(errors))] < 0.25


def _fitted() -> list[str]:
    return [name for name in devices() if load_device(name).fit is not None]


@pytest.mark.parametrize("name", _fitted())
def test_the_committed_rows_are_those_that_the_measurements_give(name: str) -> None:
    text = (DATA / f"{name}.yaml").read_text()
    assert device_text(refit(yaml.safe_load(text), POINTS)) == text


def test_the_measurements_are_of_the_points_as_they_are() -> None:
    """Else `symtick calibrate -o hwcost/data` is due."""
    wanted = [(p.label, p.row, p.digest, p.features) for p in points()]
    assert [(m.label, m.row, m.graph, m.features) for m in POINTS.points] == wanted
    assert set(POINTS.tools) == {"yosys", "nextpnr-ecp5"}


def test_every_row_is_measured() -> None:
    assert set(ROWS) - {m.row for m in POINTS.points} <= {"max"}


def test_a_fit_without_measurements_names_what_is_missing() -> None:
    content = yaml.safe_load((DATA / "open.yaml").read_text())
    without = tuple(m for m in POINTS.points if m.row != "abs")
    with pytest.raises(InputError, match="nothing was measured for the row 'abs'"):
        refit(content, POINTS.model_copy(update={"points": without}))
    fewer = POINTS.points[3].model_copy(update={"lut": {"ecp5": 4.0}})
    changed = POINTS.model_copy(update={"points": (*POINTS.points[:3], fewer)})
    with pytest.raises(InputError, match=f"no areas of xcup for {fewer.label}, which open"):
        refit(content, changed)
    cells = content | {"fit": {"measured": "yosys-nextpnr", "delay": "cells"}, "cells": {}}
    with pytest.raises(InputError, match=r"\['carry', 'carry_bit', .*\] are not stated"):
        refit(cells, POINTS)


def test_points_are_linear_in_between_and_beyond() -> None:
    held = RowPoints(feature="address", at={4: 1.0, 6: 2.0, 7: 4.0})
    assert [held.value(x) for x in (2, 4, 5, 6.5, 8)] == [1.0, 1.0, 1.5, 3.0, 6.0]


def test_forms_of_rows() -> None:
    assert DeviceRow(fixed=2.5).value({}) == 2.5
    line = DeviceRow(regression={"constant": -3.0, "bits": 0.5})
    assert (line.value({"bits": 10}), line.value({"bits": 4})) == (2.0, 0.0)
    both = DeviceRow(
        regression={"longer": 0.1}, points=RowPoints(feature="shorter", at={2: 1.0, 4: 3.0})
    )
    assert both.value({"longer": 5, "shorter": 3}) == pytest.approx(2.5)


def _without(row: str) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        del content["delay"][row]

    return change


def _with_row(row: dict[str, Any]) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        content["area"]["saturate"] = row

    return change


def _renamed(new: str, old: str) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        content["area"][old] = content["area"].pop(new)

    return change


def _with(**section: object) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        for name, values in section.items():
            content[name] |= values

    return change


FEATURED = f"there are {FEATURES['saturate']}"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (_without("mul"), "rows missing: ['mul']; bad aliases: []"),
        (_with_row({"alias": "nothing"}), "rows missing: []; bad aliases: ['nothing']"),
        (_renamed("digit_row", "madd"), "the row madd is called digit_row now"),
        (
            _with_row({"fixed": 1.0, "alias": "sub"}),
            "area.saturate: a row needs one of fixed, regression and/or points, alias",
        ),
        (
            _with_row({"regression": {"colour": 1.0}}),
            f"unknown features ['colour'] of saturate: {FEATURED}",
        ),
        # a feature that another row has; KeyError when a node asked for it
        (
            _with_row({"regression": {"address": 1.0}}),
            f"unknown features ['address'] of saturate: {FEATURED}",
        ),
        (
            _with_row({"alias": "mul"}),
            f"unknown features ['partial'] of saturate: {FEATURED}",
        ),
        (
            _with_row({"fixed": float("nan")}),
            "area.saturate.fixed must be a finite number from 0 or None, not nan",
        ),
        (
            _with_row({"fixed": -1.0}),
            "area.saturate.fixed must be a number from 0 or None, not -1.0",
        ),
        (_with(totals={"lut": -1}), "totals.lut must be an integer from 0, not -1"),
        (_with(clock={"margin": 1.0}), "clock.margin must be a number from 0 below 1, not 1.0"),
        (_with(table_factor={4: float("inf")}), "table_factor.4 must be a finite number, not inf"),
        (
            _with_row({"cubic": {}}),
            "unknown key area.saturate.cubic; there are fixed, regression, points, alias",
        ),
    ],
)
def test_broken_files_are_refused(
    change: Callable[[dict[str, Any]], None], complaint: str, tmp_path: Path
) -> None:
    content = load_device("open").model_dump(exclude_none=True)
    change(content)
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(InputError) as caught:
        load_device(str(path))
    assert str(caught.value) == f"the device file mine.yaml is not valid: {complaint}"


def test_broken_measurements_are_refused(tmp_path: Path) -> None:
    (tmp_path / "measured").mkdir()
    path = tmp_path / "measured" / "mine.yaml"
    point = POINTS.of("digit_row")[0].model_dump(exclude_none=True)
    held = POINTS.model_dump(exclude={"points"})
    for points_, complaint in (
        ([point | {"row": "madd"}], "points.0.row: the row madd is called digit_row now"),
        ([point | {"label": 5}], "points.0.label must be a valid string, not 5"),
    ):
        path.write_text(yaml.safe_dump(held | {"points": points_}))
        with pytest.raises(InputError) as caught:
            load_measured("mine", tmp_path)
        assert str(caught.value) == f"the measurements in {path} are not valid: {complaint}"
    path.write_text("")
    with pytest.raises(InputError, match=r"not valid: must hold keys, some of name, .*, not None$"):
        load_measured("mine", tmp_path)
