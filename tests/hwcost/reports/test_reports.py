"""The reader of vendor reports: every format is recognised and read, other files are refused."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from symtick.errors import InputError
from symtick.hwcost.reports.hls import HlsReport
from symtick.hwcost.reports.hls4ml import Hls4mlReport, read_hls4ml
from symtick.hwcost.reports.reader import find_report, is_report, parse_report, read_report
from symtick.hwcost.reports.vivado import ClockSlack, TimingReport, UtilisationReport, step

REPORTS = Path(__file__).parents[2] / "data" / "reports"
KINDS = {
    "vitis_csynth.xml": HlsReport,
    "vitis_csynth.rpt": HlsReport,
    "vitis_submodule_csynth.xml": HlsReport,
    "vitis_submodule_csynth.rpt": HlsReport,
    "vivado_csynth.xml": HlsReport,
    "vivado_csynth.rpt": HlsReport,
    "vivado_utilization_7series.rpt": UtilisationReport,
    "vivado_utilization_ultrascale.rpt": UtilisationReport,
    "vivado_timing_summary.rpt": TimingReport,
    "vivado_timing_synthesized.rpt": TimingReport,
    "hls4ml_report.json": Hls4mlReport,
    "hls4ml_accelerator_report.json": Hls4mlReport,
}


def test_every_format_is_known_by_its_content(tmp_path: Path) -> None:
    assert {p.name for p in REPORTS.iterdir()} == set(KINDS)
    for name, kind in KINDS.items():
        shutil.copy(REPORTS / name, tmp_path / "report.txt")
        assert type(read_report(tmp_path / "report.txt")) is kind
        assert is_report((REPORTS / name).read_text())


def test_utilisation_of_both_families() -> None:
    assert read_report(REPORTS / "vivado_utilization_7series.rpt") == UtilisationReport(
        "jets", "7vx690tffg1761-2", "Routed", lut=1057, ff=412, dsp=2, bram=1.5
    )
    assert read_report(REPORTS / "vivado_utilization_ultrascale.rpt") == UtilisationReport(
        "jets", "xcvu9p-flga2577-2-e", "Synthesized", lut=933, ff=417, dsp=3, bram=0.0
    )


def test_every_clock_with_its_slack_and_the_step() -> None:
    fast, slow = ClockSlack("ap_clk", 2.778, -0.25), ClockSlack("slow", 25.0, 20.118)
    found = read_report(REPORTS / "vivado_timing_summary.rpt")
    assert found == TimingReport("jets", "xcvu9p-flga2577", "Routed", (fast, slow))
    assert found.routed and fast.fmax_mhz == pytest.approx(1000.0 / 3.028)
    early = read_report(REPORTS / "vivado_timing_synthesized.rpt")
    assert isinstance(early, TimingReport)
    assert early.state == "Synthesized" and not early.routed
    assert early.clocks[0] == replace(fast, wns_ns=0.612)


def test_the_design_s_clock_is_that_of_its_period() -> None:
    """The clock with the least slack may be another's."""
    found = read_report(REPORTS / "vivado_timing_summary.rpt")
    assert isinstance(found, TimingReport)
    assert found.clock(25.0).name == "slow" and found.clock(1000.0 / 360.0).name == "ap_clk"
    with pytest.raises(InputError, match=r"ap_clk \(2\.778 ns\), slow \(25 ns\).* of 5\.000 ns"):
        found.clock(5.0)
    assert replace(found, clocks=found.clocks[:1]).clock(5.0).name == "ap_clk"


def test_the_steps_of_the_flow() -> None:
    flow = ("", "Synthesized", "Optimized", "Fully Placed", "Routed", "Physopt postRoute")
    assert sorted(flow, key=step) == list(flow)
    assert TimingReport("", "", "Physopt postRoute", ()).routed


def test_one_clock_needs_no_table_of_clocks() -> None:
    text = (REPORTS / "vivado_timing_summary.rpt").read_text()
    slow = next(line for line in text.splitlines() if line.startswith("slow    {"))
    alone = text.replace(slow + "\n", "").split("| Intra Clock Table")[0]
    found = parse_report(alone)
    assert isinstance(found, TimingReport)
    assert found.clocks == (ClockSlack("ap_clk", 2.778, -0.25),)


def test_hls4ml_s_dict_of_strings() -> None:
    held = json.loads((REPORTS / "hls4ml_report.json").read_text())
    found = read_hls4ml(held)
    assert found.csynth == HlsReport(
        "", "", "", 5.0, 3.412, 3, 3, 1, 1, lut=1057, ff=412, dsp=2, bram=1.5, uram=0
    )
    assert found.synthesis == UtilisationReport("", "", "Synthesized", 933, 417, 2, 1.5)
    assert found.implementation is None and found.wns_ns is None
    del held["CSynthesisReport"]
    assert read_hls4ml(held).csynth is None


def test_hls4ml_s_block_design_is_read_under_its_own_name() -> None:
    found = read_report(REPORTS / "hls4ml_accelerator_report.json")
    assert isinstance(found, Hls4mlReport)
    assert found.implementation == UtilisationReport(
        "design_1_wrapper", "", "Routed", lut=7310, ff=9104, dsp=2, bram=3.5
    )
    assert found.wns_ns == -0.187


def test_the_dict_that_hls4ml_itself_makes(tmp_path: Path) -> None:
    """hls4ml's own parser over a project folder of its layout, then our reader over its dict."""
    from hls4ml.report.vivado_report import parse_vivado_report

    solution = tmp_path / "jets_prj/solution1"
    (solution / "syn/report").mkdir(parents=True)
    shutil.copy(REPORTS / "vitis_csynth.xml", solution / "syn/report/jets_csynth.xml")
    shutil.copy(REPORTS / "vivado_utilization_ultrascale.rpt", tmp_path / "vivado_synth.rpt")
    (tmp_path / "project.tcl").write_text('set project_name "jets"\nset backend "vitis"\n')
    (tmp_path / "jets_prj/hls.app").write_text(
        '<project><solutions><solution name="solution1"/></solutions></project>'
    )
    made = json.loads(json.dumps(parse_vivado_report(str(tmp_path))))
    found = read_hls4ml(made)
    whole = parse_report((REPORTS / "vitis_csynth.xml").read_text())
    assert isinstance(whole, HlsReport)
    assert found.csynth == replace(whole, top="", part="", version="")
    area = parse_report((REPORTS / "vivado_utilization_ultrascale.rpt").read_text())
    assert isinstance(area, UtilisationReport)
    assert found.synthesis == replace(area, design="", part="")


@pytest.mark.parametrize("name", ["vitis_csynth.xml", "hls4ml_report.json"])
def test_a_byte_order_mark_changes_nothing(name: str, tmp_path: Path) -> None:
    text = (REPORTS / name).read_text()
    assert is_report("\ufeff" + text)
    (tmp_path / name).write_text(text, encoding="utf-8-sig")
    assert read_report(tmp_path / name) == find_report(tmp_path / name) == parse_report(text)


def test_what_is_too_large_is_no_report(tmp_path: Path) -> None:
    large = tmp_path / "vivado.txt"
    with large.open("wb") as file:
        file.truncate((64 << 20) + 1)
    assert find_report(large) is None
    with pytest.raises(InputError, match="larger than 64 MiB"):
        read_report(large)


@pytest.mark.parametrize(
    ("name", "old", "new", "complaint"),
    [
        ("vivado_utilization_7series.rpt", "Slice LUTs", "Slice Lots", "no line for LUTs"),
        ("vivado_utilization_ultrascale.rpt", "|  933 |     0 |", "| many |     0 |", "'many'"),
        ("vivado_timing_summary.rpt", "| Clock Summary", "| Other", "has no clock"),
        ("vivado_timing_summary.rpt", "ap_clk             -0.250", "ap_clk  least", "'least'"),
        ("hls4ml_report.json", '"EstimatedClockPeriod"', '"Other"', "does not state Estimated"),
        ("hls4ml_report.json", '"LUT": "1057"', '"LOT": "1057"', "does not state LUT"),
        ("hls4ml_report.json", '"FF": "412"', '"FX": "412"', "does not state FF"),
        ("hls4ml_accelerator_report.json", '"TotLUTs"', '"Lots"', "does not state TotLUTs"),
        ("hls4ml_report.json", '"FF": "417"', '"FX": "417"', "does not state FF"),
        ("hls4ml_report.json", '"LUT": "933"', '"LUT": "n/a"', "LUT is 'n/a', not a number"),
    ],
)
def test_broken_reports_are_refused_by_name(
    tmp_path: Path, name: str, old: str, new: str, complaint: str
) -> None:
    text = (REPORTS / name).read_text()
    assert old in text
    (tmp_path / name).write_text(text.replace(old, new))
    with pytest.raises(InputError, match=f"{name}: .*{complaint}"):
        read_report(tmp_path / name)


def test_what_is_no_report(tmp_path: Path) -> None:
    deep = '{"a":' * 100_000
    for text in ("", "{}", "[1]", '{"a": 1}', "<html></html>", "a line", "{", deep):
        assert not is_report(text)
        with pytest.raises(InputError, match="not a report that is known: csynth"):
            parse_report(text)
    with pytest.raises(InputError, match=r"cannot read the report .*none\.xml"):
        read_report(tmp_path / "none.xml")
    with pytest.raises(InputError, match="build it first"):
        parse_report('{"CSynthesisReport": {}}')
