"""Fits: from measurements to the rows of a device file.

A device that says which set of measurements it is fitted to gets its areas, and where they are
measured its delays, by least squares in the forms of `fit_forms`; tables are points by address
bits. Delays of parts that no open tool times are composed from the cells that the device file
states.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import yaml

from symtick.errors import InputError
from symtick.hwcost.devices.cell_delays import checked_cells, composed_rows, dsp_delay, overhead
from symtick.hwcost.devices.device import Device
from symtick.hwcost.devices.fit_forms import ALIASES, FORMS, FitForm
from symtick.hwcost.devices.measured import Column, MeasuredSet, Measurement, column, timed
from symtick.hwcost.devices.rows import ROWS
from symtick.settings import validated

_Rows = dict[str, dict[str, Any]]
_Value = Callable[[Measurement], float]


def check_head(content: Mapping[str, Any]) -> None:
    """Refuse a device file that could not be refitted, whatever is measured.

    Raises:
        InputError: cells are missing or not valid, or what the fit leaves as it is breaks the
            schema.
    """
    rows = {row: {"fixed": 0.0} for row in ROWS}
    made = {**content, "delay": rows, "area": rows, "table_factor": {}}
    made["clock"] = {**(content.get("clock") or {}), "overhead_ns": 0.0}
    if content.get("dsp") is not None:
        made["dsp"] = {**content["dsp"], "delay_ns": 0.0, "registered_ns": 0.0}
    checked = validated(Device, made)
    if checked.fit is not None and checked.fit.delay == "cells":
        checked_cells(content.get("cells") or {})


def refit(content: Mapping[str, Any], measured: MeasuredSet) -> dict[str, Any]:
    """A device file's content with its fitted rows replaced; `content` itself stays.

    Raises:
        InputError: the file does not say how it is fitted or for which family, states no cells, or
            the set lacks measurements of a row or of the family.
    """
    name, fit = content.get("name"), content.get("fit")
    if fit is None or content.get("family") is None:
        raise InputError(f"device {name} has no `fit` and `family`: there is nothing to fit")
    unit = column(content["family"])
    lacking = [m.label for m in measured.points if unit not in m.lut]
    if lacking:
        raise InputError(
            f"the set {measured.name} has no areas of {unit} for {', '.join(lacking[:5])}"
            f", which {name} is fitted to: run symtick calibrate"
        )
    made = {**content, **_delays(content, measured)}
    made["area"] = _area_rows(measured, unit)
    made["table_factor"] = _table_factors(measured, unit)
    return made


def device_text(content: Mapping[str, Any]) -> str:
    """The YAML text of a device file, checked against the schema."""
    checked = validated(Device, content)
    plain = checked.model_dump(exclude_none=True, exclude_unset=True)
    # equal rows are written out, not as references to each other
    dumper = type("Plain", (yaml.SafeDumper,), {"ignore_aliases": lambda _, data: True})
    return str(yaml.dump(plain, Dumper=dumper, sort_keys=False, width=100))


def _delays(content: Mapping[str, Any], measured: MeasuredSet) -> dict[str, Any]:
    """The sections that delays are in."""
    clock = dict(content.get("clock") or {})
    if content["fit"]["delay"] == "measured":
        lost = _overhead(measured)
        return {"clock": clock | {"overhead_ns": lost}, "delay": _delay_rows(measured, lost)}
    cells = checked_cells(content.get("cells") or {})
    made: dict[str, Any] = {
        "clock": clock | {"overhead_ns": overhead(cells)},
        "delay": composed_rows(cells),
    }
    if content.get("dsp") is not None:
        made["dsp"] = {
            **content["dsp"],
            "delay_ns": dsp_delay(cells),
            "registered_ns": cells["dsp"].ns,
        }
    return made


def _overhead(measured: MeasuredSet) -> float:
    """The smallest overhead seen: longer last hops are counted in the operations' delays."""
    return min(m.overhead_ns for m in measured.points if m.overhead_ns is not None)


def _delay_rows(measured: MeasuredSet, lost: float) -> _Rows:
    def delay(m: Measurement) -> float:
        assert m.period_ns is not None  # only timed measurements come here
        return m.period_ns - lost

    rows: _Rows = {name: {"alias": other} for name, other in ALIASES.items()}
    for row, forms in FORMS.items():
        rows[row] = _fit(row, timed(measured.of(row)), forms.delay, delay)
    worst: dict[int, float] = {}
    for m in timed(measured.of("table")):
        address = int(m.features["address"])
        worst[address] = max(worst.get(address, 0.0), delay(m))
    places = sorted(worst)
    at = {k: round(max(worst[j] for j in places if j <= k), 3) for k in places}
    rows["table"] = {"points": {"feature": "address", "at": at}}
    return rows


def _area_rows(measured: MeasuredSet, unit: Column) -> _Rows:
    rows: _Rows = {name: {"alias": other} for name, other in ALIASES.items()}
    for row, forms in FORMS.items():
        rows[row] = _fit(row, measured.of(row), forms.area, lambda m: m.lut[unit])
    rows["table"] = {"fixed": 0.0}
    return rows


def _fit(row: str, measured: Sequence[Measurement], form: FitForm, value: _Value) -> dict[str, Any]:
    """Least squares: a coefficient for each feature, and a constant or one for each point."""
    if not measured:
        raise InputError(f"nothing was measured for the row {row!r}: add points for it")
    names, over = form
    places = sorted({m.features[over] for m in measured}) if over else []
    columns = [[m.features[n] for m in measured] for n in names]
    columns += [[float(m.features[over or ""] == p) for m in measured] for p in places]
    columns += [] if over else [[1.0] * len(measured)]
    wanted = np.array([value(m) for m in measured])
    solved = np.linalg.lstsq(np.array(columns).T, wanted, rcond=None)[0]
    solution = [round(float(c), 4) for c in solved]
    terms = dict(zip(names, solution, strict=False))
    if not over:
        return {"regression": {"constant": solution[-1], **terms}}
    # a wider operation is never cheaper: single placements scatter
    at = np.maximum.accumulate(solution[len(names) :]).tolist()
    fitted: dict[str, Any] = {"regression": terms} if terms else {}
    points = {int(p): v for p, v in zip(places, at, strict=True)}
    return {**fitted, "points": {"feature": over, "at": points}}


def _table_factors(measured: MeasuredSet, unit: Column) -> dict[int, float]:
    """LUTs over LUTs counted of all tables together, by address bits, where any are needed.

    Where there are tables that were measured beside deeper logic, as designs have it, these alone.
    """
    by_address: dict[int, list[Measurement]] = {}
    for m in measured.of("table"):
        by_address.setdefault(int(m.features["address"]), []).append(m)
    for k, v in by_address.items():
        by_address[k] = [m for m in v if "tables" in m.features] or v
    counted = {k: sum(m.features["counted"] for m in v) for k, v in sorted(by_address.items())}
    return {
        k: round(sum(m.lut[unit] for m in by_address[k]) / n, 3)
        for k, n in counted.items()
        if n > 0
    }
