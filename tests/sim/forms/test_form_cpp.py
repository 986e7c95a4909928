"""The HLS C++ of each form: compiled with g++, it gives the graph's integers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from golden_designs import DESIGNS
from hand_designs import built, design, mixed_inputs

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


def _wide() -> Design:
    """An input vector of 1,056 bits, over what an ap_uint has unless it is told."""
    b = GraphBuilder(tuple(f"x{k}" for k in range(22)))
    total = b.input(0, Fixed(48, 40))
    for k in range(1, 22):
        total = b.op(GOp.MAX if k % 2 else GOp.MIN, total, b.input(k, Fixed(48, 40)))
    graph = b.build([total], ["inputs"])
    return design(graph, [0] * len(graph.nodes), 1, "wide")


def _mixed() -> Design:
    b = GraphBuilder(tuple(f"x{k}" for k in range(4)))
    x0, x1, x2, x3 = mixed_inputs(b)
    graph = built(b, [b.op(GOp.GE, x0, x1), b.op(GOp.SUB, x1, x3), x2])
    return design(graph, [0] * len(graph.nodes), 1, "mixed")


def _written(made: Design, raw: RawArray, folder: Path) -> Case:
    project.write_project(made, folder)
    write_forms(made, folder)
    source = folder / "rtl" / f"{made.name}.v"
    return Case(made, folder, raw, made.graph.evaluate(raw), source)


def test_a_wide_vector_reaches_the_core_whole(tmp_path: Path) -> None:
    made = replace(_wide(), interface=Interface("ap_vld"))
    raw = vectors.make(made, 0, 0)[:2000]
    case = _written(made, raw, tmp_path)
    assert (gpp.run_together([case])[0] == case.expected).all()
    text = (tmp_path / "firmware" / "wide_vld.cpp").read_text()
    assert "#pragma HLS INTERFACE ap_vld port=inputs_p\n" in text


def test_a_stream_has_values_padding_and_marks(tmp_path: Path) -> None:
    made = replace(_mixed(), interface=Interface("axi_stream"))
    raw = vectors.make(made, 0, 0)[:2000]
    case = _written(made, raw, tmp_path)
    assert (gpp.run_together([case])[0] == case.expected).all()
    path = tmp_path / "firmware" / "mixed_axis.cpp"
    text = path.read_text()
    good = "reply_.last = word_.last"
    assert good in text
    path.write_text(text.replace(good, "reply_.last = 0"))
    with pytest.raises(ToolError, match="status 7"):
        gpp.run_together([case])


def test_a_projects_bench_calls_the_form(tmp_path: Path) -> None:
    made = replace(DESIGNS["tagger"](), interface=Interface("axi_stream"))
    raw = vectors.make(made, 100, 0)
    project.write_project(made, tmp_path, raw)
    write_forms(made, tmp_path)
    headers = tools.find("hls4ml")
    env = tools.find("g++").environment() | {"AP_TYPES": str(headers.path)}
    said = tools.execute(["sh", "build_lib.sh", "bench"], folder=tmp_path,
                         log=tmp_path / "bench.log", env=env)  # fmt: skip
    assert f"{len(raw)} vectors, 0 mismatches" in said
    script = (tmp_path / "build_prj.tcl").read_text()
    assert "set_top tagger_axis\n" in script and "add_files firmware/tagger_axis.cpp" in script
    core = (tmp_path / "firmware" / "tagger.cpp").read_text()
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
