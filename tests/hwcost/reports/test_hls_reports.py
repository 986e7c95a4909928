"""Vitis HLS and Vivado HLS reports in both formats, and files that are no reports."""

from __future__ import annotations

from pathlib import Path

import pytest

from symtick.errors import InputError
from symtick.hwcost.reports.hls import HlsReport, parse_rpt, parse_xml

REPORTS = Path(__file__).parents[2] / "data" / "reports"

VITIS = HlsReport(
    top="jets", part="xcvu9p-flga2577-2-e", version="2023.2", target_ns=5.0, estimated_ns=3.412,
    latency_min=3, latency_max=3, ii_min=1, ii_max=1, lut=1057, ff=412, dsp=2, bram=1.5, uram=0,
)  # fmt: skip


def test_both_formats_of_one_report_say_the_same() -> None:
    assert parse_xml((REPORTS / "vitis_csynth.xml").read_text()) == VITIS
    assert parse_rpt((REPORTS / "vitis_csynth.rpt").read_text()) == VITIS


def test_vivado_xml_with_unknown_latency() -> None:
    found = parse_xml((REPORTS / "vivado_csynth.xml").read_text())
    assert (found.latency_min, found.latency_max, found.ii_min) == (None, None, 1)
    assert (found.dsp, found.version) == (2, "2019.1")


def test_old_vivado_text_without_units_and_absolute_latency() -> None:
    found = parse_rpt((REPORTS / "vivado_csynth.rpt").read_text())
    assert (found.latency_min, found.latency_max, found.ii_min, found.ii_max) == (7, 8, 1, 2)
    assert (found.target_ns, found.estimated_ns) == (5.0, 4.31)
    assert (found.lut, found.ff, found.dsp, found.bram, found.uram) == (321, 210, 4, 0.0, 0)


@pytest.mark.parametrize(
    ("cut", "complaint"),
    [
        ("<TopModelName>jets</TopModelName>", "no UserAssignments/TopModelName"),
        ("<LUT>1057</LUT>", "does not state FF and LUT"),
        ("<Interval-max>1</Interval-max>", "no .*Interval-max"),
        ("</profile>", "not XML"),
    ],
)
def test_missing_parts_are_named(cut: str, complaint: str) -> None:
    text = (REPORTS / "vitis_csynth.xml").read_text()
    assert cut in text
    with pytest.raises(InputError, match=complaint):
        parse_xml(text.replace(cut, ""))


def test_a_figure_that_is_none_is_refused() -> None:
    text = (REPORTS / "vitis_csynth.xml").read_text()
    with pytest.raises(InputError, match="'many', not a number"):
        parse_xml(text.replace(">412<", ">many<"))


def test_entities_are_refused() -> None:
    bomb = '<!DOCTYPE p [<!ENTITY a "aaaa">]><profile>&a;</profile>'
    with pytest.raises(InputError, match="document type"):
        parse_xml(bomb)


def test_text_without_tables_is_refused() -> None:
    text = (REPORTS / "vitis_csynth.rpt").read_text()
    with pytest.raises(InputError, match="latency table"):
        parse_rpt(text.replace("+ Latency", "+ Other"))
    with pytest.raises(InputError, match="clock table"):
        parse_rpt("nothing of the kind")
