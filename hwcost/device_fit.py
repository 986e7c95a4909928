"""From measurements to device files.

Room: `hwcost`; imports the room's device schema. Rows are least-squares fits over a few features;
tables are points by address bits. The UltraScale+ delays are composed from cell delays in a public
Vivado timing report, because no open tool times those parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

import numpy as np
import yaml

from symtick.hwcost.device import Device, Measurement

_Rows = dict[str, dict[str, Any]]

# form of each row for (delay, LUTs): features of a regression, and one to take points over
_Form = tuple[tuple[str, ...], str | None]
_FORMS: dict[str, tuple[_Form, _Form]] = {
    "add": ((("bits",), None), (("bits",), None)),
    "offset": ((("bits",), None), (("bits",), None)),
    "neg": ((("bits",), None), (("bits",), None)),
    "abs": ((("bits",), None), (("bits",), None)),
    "min": (((), "bits"), (("bits",), None)),
    "mul": ((("longer",), "shorter"), (("partial",), None)),
    "square": (((), "longer"), ((), "longer")),
    "constant": ((("width",), "adders"), (("partial",), None)),
    "round": ((("bits",), None), (("bits",), None)),
    "round_tie": ((("bits",), None), (("bits",), None)),
    "saturate": ((("bits",), None), (("bits",), None)),
}
_ALIASES = {"sub": "add", "max": "min"}

# part of a period kept for the spread of placement in designs larger than one operation
_MARGIN = 0.1

_ECP5 = {"lut": 83_640, "ff": 83_640, "dsp": 156, "bram": 208}
_VU9P = {"lut": 1_182_240, "ff": 2_364_480, "dsp": 6_840, "bram": 2_160}

# UltraScale+ cells, ns, slow corner, speed grade -1 (an upper bound for -2), from a timing report
# of Vivado 2021.2 on an xczu3eg: LUT 0.04 to 0.18, CARRY8 S to O 0.25 and CI to CO 0.023 with a
# net of 0.028, FDRE clock-to-out 0.10, DSP48E2 from A/B to P without registers 1.92; nets of
# placed designs 0.15 to 0.6, for which 0.45 stands.
_NET, _LUT, _CARRY, _CARRY_BIT, _WIDE, _DSP = 0.45, 0.16, 0.25, 0.0064, 0.10, 1.92
_VU9P_OVERHEAD = 0.30
_VU9P_MARGIN = 0.15
_VU9P_SOURCE = (
    "Areas: Yosys synth_xilinx -family xcup. Delays: modelled from cell delays in a public timing "
    "report of Vivado 2021.2 for an UltraScale+ of speed grade -1 (Calyx evaluation, xczu3eg), "
    "0.45 ns for each net; not measured on this part. Totals: AMD DS890."
)
_OPEN_SOURCE = (
    "Areas: Yosys synth_xilinx -family xcup. Delays, routing included: nextpnr-ecp5, ECP5-85k of "
    "speed grade 8; conservative for an UltraScale+. Products are built from LUTs."
)
_ECP5_SOURCE = (
    "Areas: Yosys synth_ecp5, four-input LUTs, two for each carry block. Delays: nextpnr-ecp5. "
    "Totals: Lattice FPGA-DS-02012."
)


def device_texts(
    measured: Sequence[Measurement], tools: Mapping[str, str], date: str
) -> dict[str, str]:
    """YAML text of each device file that the measurements give, checked against the schema."""
    delays = _delay_rows(measured)
    open_clock = {"overhead_ns": _overhead(measured), "margin": _MARGIN}
    common = {"tools": dict(tools), "date": date, "measured": [_plain(m) for m in measured]}
    made: list[dict[str, Any]] = [
        {
            "name": "open", "title": "the project's own model: xcup areas, ECP5 delays",
            "source": _OPEN_SOURCE, "part": "open", "totals": _VU9P, "clock": open_clock,
            "delay": delays, "area": _area_rows(measured, "lut"),
            "table_factor": _table_factors(measured, "lut"), **common,
        },
        {
            "name": "ecp5-85k-8", "title": "Lattice ECP5-85k, speed grade 8",
            "source": _ECP5_SOURCE, "part": "LFE5U-85F-8", "totals": _ECP5, "clock": open_clock,
            "delay": delays, "area": _area_rows(measured, "lut4"),
            "table_factor": _table_factors(measured, "lut4"), **common,
        },
        {
            "name": "xcvu9p-2", "title": "AMD Virtex UltraScale+ VU9P, speed grade 2 (modelled)",
            "source": _VU9P_SOURCE, "modelled": True, "part": "xcvu9p-flga2577-2-e",
            "totals": _VU9P,
            "clock": {"overhead_ns": _VU9P_OVERHEAD, "margin": _VU9P_MARGIN},
            "dsp": {"min_factor": 2, "min_product": 9, "max_a": 27, "max_b": 18,
                    "delay_ns": round(_NET + _DSP, 3)},
            "delay": _ultrascale_rows(), "area": _area_rows(measured, "lut"),
            "table_factor": _table_factors(measured, "lut"), **common,
        },
    ]  # fmt: skip
    return {str(content["name"]): _text(content) for content in made}


def _text(content: Mapping[str, Any]) -> str:
    Device.model_validate(content)
    head = {k: v for k, v in content.items() if k != "measured"}
    text = yaml.safe_dump(head, sort_keys=False, width=100)
    lines = [
        "  - " + yaml.safe_dump(m, sort_keys=False, default_flow_style=True, width=10_000).strip()
        for m in content["measured"]
    ]
    return "\n".join([text + "measured:", *lines, ""])


def _plain(found: Measurement) -> dict[str, Any]:
    return found.model_dump(exclude_none=True)


def _overhead(measured: Sequence[Measurement]) -> float:
    """The smallest overhead seen: longer last hops are counted in the operations' delays."""
    return min(m.overhead_ns for m in measured if m.overhead_ns is not None)


def _delay(found: Measurement, overhead: float) -> float:
    assert found.period_ns is not None  # only timed measurements come here
    return found.period_ns - overhead


def _fit(found: Sequence[Measurement], form: _Form, values: Sequence[float]) -> dict[str, Any]:
    """Least squares: a coefficient for each feature, and a constant or one for each point."""
    names, over = form
    places = sorted({m.features[over] for m in found}) if over else []
    columns = [[m.features[n] for m in found] for n in names]
    columns += [[float(m.features[over or ""] == p) for m in found] for p in places]
    columns += [] if over else [[1.0] * len(found)]
    solved = np.linalg.lstsq(np.array(columns).T, np.array(values), rcond=None)[0]
    solution = [round(float(c), 4) for c in solved]
    terms = dict(zip(names, solution, strict=False))
    if not over:
        return {"regression": {"constant": solution[-1], **terms}}
    # a wider operation is never cheaper: single placements scatter
    at = np.maximum.accumulate(solution[len(names) :]).tolist()
    row: dict[str, Any] = {"regression": terms} if terms else {}
    points = {int(p): v for p, v in zip(places, at, strict=True)}
    return {**row, "points": {"feature": over, "at": points}}


def _of(measured: Sequence[Measurement], row: str) -> list[Measurement]:
    return [m for m in measured if m.row == row]


def _delay_rows(measured: Sequence[Measurement]) -> _Rows:
    overhead = _overhead(measured)
    timed = [m for m in measured if m.period_ns is not None]
    rows: _Rows = {name: {"alias": other} for name, other in _ALIASES.items()}
    for row, (form, _) in _FORMS.items():
        found = _of(timed, row)
        rows[row] = _fit(found, form, [_delay(m, overhead) for m in found])
    worst: dict[int, float] = {}
    for m in _of(timed, "table"):
        address = int(m.features["address"])
        worst[address] = max(worst.get(address, 0.0), _delay(m, overhead))
    places = sorted(worst)
    at = {k: round(max(worst[j] for j in places if j <= k), 3) for k in places}
    rows["table"] = {"points": {"feature": "address", "at": at}}
    return rows


def _area_rows(measured: Sequence[Measurement], unit: str) -> _Rows:
    rows: _Rows = {name: {"alias": other} for name, other in _ALIASES.items()}
    for row, (_, form) in _FORMS.items():
        found = _of(measured, row)
        rows[row] = _fit(found, form, [getattr(m, unit) for m in found])
    rows["table"] = {"fixed": 0.0}
    return rows


def _table_factors(measured: Sequence[Measurement], unit: str) -> dict[int, float]:
    """Median of LUTs over LUTs counted, by address bits, for tables that need any."""
    ratios: dict[int, list[float]] = {}
    for m in _of(measured, "table"):
        if m.features["counted"] > 0:
            held = ratios.setdefault(int(m.features["address"]), [])
            held.append(getattr(m, unit) / m.features["counted"])
    return {k: round(median(v), 3) for k, v in sorted(ratios.items())}


def _ultrascale_rows() -> _Rows:
    level = _NET + _LUT
    add = {"regression": {"constant": round(level + _CARRY, 3), "bits": _CARRY_BIT}}
    then_lut = {"regression": {"constant": round(2 * level + _CARRY, 3), "bits": _CARRY_BIT}}
    table = {1: 0.0, 2: level, 6: level, 7: level + _WIDE, 8: level + 2 * _WIDE}
    table |= dict.fromkeys((9, 10), 2 * level + 2 * _WIDE)
    table |= dict.fromkeys((11, 12), 3 * level + 2 * _WIDE)
    # products in LUTs: one level of partial products, then log2 levels of adders
    slope = level + _CARRY
    return {
        "add": add, "sub": {"alias": "add"}, "offset": {"alias": "add"}, "neg": {"alias": "add"},
        "round": {"alias": "add"}, "round_tie": then_lut, "abs": then_lut, "min": then_lut,
        "max": {"alias": "min"},
        "saturate": {"fixed": round(2 * level, 3)},
        "constant": {"regression": {"constant": round(level, 3), "adders": round(slope / 2, 3),
                                    "width": _CARRY_BIT}},
        "mul": {"regression": {"constant": round(level, 3), "shorter": round(slope / 2, 3),
                               "longer": _CARRY_BIT}},
        "square": {"regression": {"constant": round(level, 3), "longer": round(slope / 3, 3)}},
        "table": {"points": {"feature": "address",
                             "at": {k: round(v, 3) for k, v in table.items()}}},
    }  # fmt: skip
