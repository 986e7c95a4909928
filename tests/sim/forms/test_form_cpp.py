"""The HLS C++ of each form: compiled with g++, it gives the graph's integers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from golden_designs import DESIGNS
from hand_designs import design

from symtick.codegen import Design, Fixed, GOp, GraphBuilder, Interface
from symtick.codegen.emit import project, vectors
from symtick.codegen.emit.hls import HlsTool
from symtick.codegen.forms.hls import hls_form_files
from symtick.codegen.forms.project import write_forms
from symtick.codegen.ir.fixed import RawArray
from symtick.errors import ToolError
from symtick.sim import gpp, tools
from symtick.sim.case import Case

pytestmark = pytest.mark.sim


def _tiny() -> Design:
    """Two inputs and two outputs, of which neither fills its bytes."""
    b = GraphBuilder(("x0", "x1"))
    x0, x1 = b.input(0, Fixed(6, 3)), b.input(1, Fixed(5, 3, False))
    graph = b.build([b.op(GOp.GE, x0, x1), b.op(GOp.SUB, x1, x0)], ["more", "gap"])
    return design(graph, [0] * len(graph.nodes), 1, "tiny")


def _written(made: Design, raw: RawArray, folder: Path) -> Case:
    project.write_project(made, folder)
    write_forms(made, folder)
    source = folder / "rtl" / f"{made.name}.v"
    return Case(made, folder, raw, made.graph.evaluate(raw), source)


def test_a_vector_reaches_the_core(tmp_path: Path) -> None:
    made = replace(_tiny(), interface=Interface("ap_vld"))
    raw = vectors.make(made, 0, 0)
    case = _written(made, raw, tmp_path)
    assert (gpp.run_together([case])[0] == case.expected).all()
    text = (tmp_path / "firmware" / "tiny_vld.cpp").read_text()
    for name in ("inputs", "more", "gap"):
        assert f"#pragma HLS INTERFACE ap_vld port={name}\n" in text


@pytest.mark.parametrize(("inputs", "wider"), [(21, False), (22, True)])
def test_words_over_1024_bits_are_asked_for(inputs: int, wider: bool) -> None:
    b = GraphBuilder(tuple(f"x{k}" for k in range(inputs)))
    total = b.input(0, Fixed(48, 40))
    for k in range(1, inputs):
        total = b.op(GOp.MAX, total, b.input(k, Fixed(48, 40)))
    graph = b.build([total], ["y"])
    wide = design(graph, [0] * len(graph.nodes), 1, "wide")
    for kind, top in (("ap_vld", "wide_vld"), ("axi_stream", "wide_axis")):
        text = hls_form_files(replace(wide, interface=Interface(kind)))[f"firmware/{top}.h"]
        assert ("#define AP_INT_MAX_W 4096" in text) == wider


def test_a_stream_has_values_padding_and_marks(tmp_path: Path) -> None:
    made = replace(_tiny(), interface=Interface("axi_stream"))
    raw = vectors.make(made, 0, 0)[:2000]
    case = _written(made, raw, tmp_path)
    assert (gpp.run_together([case])[0] == case.expected).all()
    path = tmp_path / "firmware" / "tiny_axis.cpp"
    text = path.read_text()
    good = "reply_.last = word_.last"
    assert good in text
    path.write_text(text.replace(good, "reply_.last = 0"))
    with pytest.raises(ToolError, match="status 7"):
        gpp.run_together([case])


def test_a_projects_bench_calls_the_form(tmp_path: Path) -> None:
    made = replace(_tiny(), interface=Interface("axi_stream"))
    raw = vectors.make(made, 100, 0)
    project.write_project(made, tmp_path, raw)
    write_forms(made, tmp_path)
    headers = tools.find("hls4ml")
    env = tools.find("g++").environment() | {"AP_TYPES": str(headers.path)}
    said = tools.execute(["sh", "build_lib.sh", "bench"], folder=tmp_path,
                         log=tmp_path / "bench.log", env=env)  # fmt: skip
    assert f"{len(raw)} vectors, 0 mismatches" in said
    assert "the form of its ports, axi_stream |" in (tmp_path / "README.md").read_text()
    script = (tmp_path / "build_prj.tcl").read_text()
    assert "set_top tiny_axis\n" in script and "add_files firmware/tiny_axis.cpp" in script
    core = (tmp_path / "firmware" / "tiny.cpp").read_text()
    assert "#pragma HLS INLINE\n" in core and "INTERFACE" not in core


@pytest.mark.parametrize(
    ("tool", "wanted"),
    [
        (HlsTool.VITIS, ("style=flp", "hls::stream<ap_axiu<32, 0, 0, 0> > &s_axis")),
        (HlsTool.VIVADO, ("enable_flush", "ap_axiu<32, 1, 1, 1>", "reply_.user = word_.user;")),
    ],
)
def test_pragmas_and_words_are_those_of_the_tool(tool: HlsTool, wanted: tuple[str, ...]) -> None:
    made = replace(DESIGNS["tagger"](), interface=Interface("axi_stream"))
    files = hls_form_files(made, tool)
    for text in wanted:
        assert text in files["firmware/tagger_axis.cpp"]
    side = "32, 0, 0, 0" if tool is HlsTool.VITIS else "32, 1, 1, 1"
    assert f"ap_axiu<{side}> tb_word;" in files["tagger_test.cpp"]
