"""Forms of ports: what may be asked for, where values stand in words, how ports are named."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from golden_designs import DESIGNS
from hand_designs import design

from symtick.codegen import PLAIN, Design, Fixed, GOp, GraphBuilder, Interface
from symtick.codegen.emit.verilog import verilog_files
from symtick.codegen.forms.form import form
from symtick.codegen.forms.verilog import form_files
from symtick.errors import InputError, WidthError


def _sum(outputs: tuple[str, ...] = ("y",), width: int = 6, inputs: int = 2) -> Design:
    b = GraphBuilder(tuple(f"x{k}" for k in range(inputs)))
    total = b.input(0, Fixed(width, 3))
    for k in range(1, inputs):
        total = b.op(GOp.MAX, total, b.input(k, Fixed(width, 3)))
    nodes = [total]
    while len(nodes) < len(outputs):
        nodes.append(b.op(GOp.NEG, nodes[-1]))
    graph = b.build(nodes, list(outputs))
    return design(graph, [0] * len(graph.nodes), 1, "total")


@pytest.mark.parametrize(
    ("kind", "enable", "reset", "text"),
    [
        ("axi", False, False, r"no interface 'axi': did you mean axi-stream\? there are plain"),
        ("axi_stream", True, False, "axi-stream takes no enable: m_axis_tready holds it back"),
        ("axi_stream", False, True, "axi-stream takes no reset: it always has its reset, aresetn"),
        ("plain", False, True, "plain takes no reset: it has no valid line"),
    ],
)
def test_what_a_form_has_not_is_refused(kind: str, enable: bool, reset: bool, text: str) -> None:
    with pytest.raises(InputError, match=text):
        Interface(kind, enable, reset)


def test_an_interface_comes_back_from_its_json_and_from_a_hyphen() -> None:
    for made in (PLAIN, Interface("ap_vld", True, True), Interface("axi_stream")):
        assert Interface.from_dict(made.to_dict()) == made
    assert Interface.read("axi-stream") == Interface("axi_stream")


def test_the_digest_tells_forms_apart() -> None:
    made = DESIGNS["tagger"]()
    forms = [PLAIN, Interface("plain", True), Interface("ap_vld"), Interface("axi_stream")]
    assert len({replace(made, interface=i).digest for i in forms}) == len(forms)
    assert replace(made, interface=PLAIN).digest == made.digest


def test_a_flat_vector_has_the_first_input_in_its_lowest_bits() -> None:
    made = form(replace(DESIGNS["products"](), interface=Interface("ap_vld")))
    assert made is not None
    assert [(lane.port, lane.low, lane.high, lane.padding) for lane in made.inputs] == [
        ("x", 0, 11, 0), ("y", 12, 21, 0), ("z", 22, 29, 0),
    ]  # fmt: skip
    assert made.input_bits == 30 and [lane.low for lane in made.outputs] == [0]


def test_lanes_of_a_stream_are_whole_bytes() -> None:
    made = form(replace(DESIGNS["tagger"](), interface=Interface("axi_stream")))
    assert made is not None
    assert [(lane.port, lane.low, lane.room) for lane in made.inputs] == [
        ("pt", 0, 8), ("mass", 8, 8), ("tau21", 16, 8), ("mult", 24, 8),
    ]  # fmt: skip
    assert [(lane.low, lane.high, lane.room) for lane in made.outputs] == [(0, 1, 8), (8, 13, 8)]
    assert (made.input_bits, made.output_bits) == (32, 16)


def test_output_ports_keep_clear_of_the_forms_own_names() -> None:
    names = ("inputs", "ap_rst", "y", "y_ap_vld", "total_vld")
    made = form(replace(_sum(names), interface=Interface("ap_vld")))
    assert made is not None
    ports = [*made.names, *(f"{name}_ap_vld" for name in made.names)]
    assert len(set(ports)) == len(ports)
    assert not {*ports} & {"inputs", "inputs_ap_vld", "ap_clk", "ap_rst", "ap_ce", "total_vld"}
    assert made.names[2] == "y" and made.names[3] == "y_ap_vld_p"


def test_an_input_called_as_the_enable_gives_way() -> None:
    b = GraphBuilder(("ce", "CE"))
    total = b.op(GOp.ADD, b.input(0, Fixed(6, 3)), b.input(1, Fixed(6, 3)))
    made = design(b.build([total], ["y"]), [0, 0, 0], 1, "total")
    (text,) = verilog_files(replace(made, interface=Interface("plain", enable=True))).values()
    assert re.findall(r"input  wire .*?(\w+),\n", text) == ["clk", "ce", "ce_p", "CE_p_p"]
    assert "always @(posedge clk) if (ce) begin" in text
    (text,) = verilog_files(made).values()
    assert re.findall(r"input  wire .*?(\w+),\n", text) == ["clk", "ce", "CE_p"]
    assert "if (" not in text


@pytest.mark.parametrize(("kind", "width"), [("ap_vld", 48), ("axi_stream", 41)])
def test_a_word_has_at_most_4096_bits(kind: str, width: int) -> None:
    room = 48
    wide = replace(_sum(width=width, inputs=4096 // room + 1), interface=Interface(kind))
    with pytest.raises(WidthError, match=f"{kind} has at most 4096 bits, not {room * 86}"):
        form(wide)
    assert form(replace(_sum(width=width, inputs=85), interface=Interface(kind))) is not None


def test_without_inputs_there_is_no_form() -> None:
    b = GraphBuilder(("x0",))
    made = design(b.build([b.const(3, 1)], ["y"]), [0], 1, "three")
    with pytest.raises(InputError, match="three reads no input, so that only interface plain"):
        form(replace(made, interface=Interface("ap_vld")))
    assert form(made) is None and form_files(made) == {}


@pytest.mark.parametrize("latency", range(0, 9))
def test_the_fifo_has_a_place_for_all_that_is_under_way_and_one_more(latency: int) -> None:
    made = replace(_sum(), interface=Interface("axi_stream"))
    made = replace(made, schedule=replace(made.schedule, latency=latency))
    (text,) = form_files(made).values()
    depth = int(re.search(r"DEPTH = (\d+);", text)[1])  # type: ignore[index]
    assert latency + 1 <= depth <= 2 * latency + 2
