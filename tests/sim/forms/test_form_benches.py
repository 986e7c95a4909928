"""Every form of ports in simulation: values, latency, gaps, enable, reset, back-pressure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from golden_designs import DESIGNS
from hand_designs import built, design, mixed_inputs, spread

from symtick.codegen import Design, GOp, GraphBuilder, Interface
from symtick.codegen.emit import vectors
from symtick.codegen.forms.verilog import write_form
from symtick.codegen.forms.vhdl import write_vhdl_form
from symtick.errors import InputError
from symtick.sim import tools, verilator
from symtick.sim.forms import FormRun, run_forms
from symtick.sim.verify import verify

pytestmark = pytest.mark.sim

FORMS = {
    "vld": Interface("ap_vld"),
    "vld_all": Interface("ap_vld", enable=True, reset=True),
    "axis": Interface("axi_stream"),
}


def _hand(latency: int) -> Design:
    """Words of several widths and signs, with registers anywhere."""
    b = GraphBuilder(tuple(f"x{k}" for k in range(4)))
    x0, x1, x2, x3 = mixed_inputs(b)
    products = [b.op(GOp.MUL, x0, x2), b.op(GOp.SUB, x1, x3), b.op(GOp.GE, x0, x1)]
    graph = built(b, [*products, b.op(GOp.ADD, *products[:2]), x3])
    return design(graph, spread(graph, latency, seed=2), latency, "hand")


MADE = {
    "combinational": lambda: _hand(0),
    "one_tick": DESIGNS["network"],
    "tagger": DESIGNS["tagger"],
    "padded": lambda: _hand(9),
}


WRITERS = {"icarus": write_form, "ghdl": write_vhdl_form}


def _run(made: Design, folder: Path, count: int, simulator: str) -> FormRun:
    program = {"icarus": "iverilog", "ghdl": "ghdl"}[simulator]
    if not tools.available(program):
        pytest.skip(f"{program} is not installed")
    raw = vectors.make(made, 0, 0)
    raw = raw[:: max(1, len(raw) // count)]
    return FormRun(
        made, raw, made.graph.evaluate(raw), WRITERS[simulator](made, folder), folder / made.name
    )


@pytest.mark.parametrize("simulator", WRITERS)
def test_each_form_gives_the_graphs_integers_after_the_stated_ticks(
    simulator: str, tmp_path: Path
) -> None:
    runs = [
        _run(replace(make(), interface=interface, name=f"{name}_{kind}"), tmp_path, 250, simulator)
        for name, make in MADE.items()
        for kind, interface in FORMS.items()
    ]
    for run, found in zip(runs, run_forms(runs, simulator), strict=True):
        name, schedule = run.design.name, run.design.schedule
        assert (found.fault, found.mismatches, found.ii) == ("", 0, 1), name
        assert found.latency == schedule.latency, name
        resets = name.endswith("axis") or (name.endswith("all") and schedule.latency > 0)
        assert (found.lost > 0) == resets, name


@pytest.mark.parametrize("vectors", [60, 61, 90, 128])
def test_a_stall_that_begins_after_the_last_vector_ends_before_the_run(
    vectors: int, tmp_path: Path
) -> None:
    made = replace(_hand(40), interface=Interface("axi_stream"), name="late")
    (found,) = run_forms([_run(made, tmp_path, vectors, "icarus")], "icarus")
    assert (found.fault, found.mismatches) == ("", 0)


@pytest.mark.parametrize("latency", [0, 1, 9])
def test_every_form_passes_every_lint_rule(latency: int, tmp_path: Path) -> None:
    for interface in (*FORMS.values(), Interface("ap_vld", reset=True)):
        made = replace(_hand(latency), interface=interface)
        verilator.lint(write_form(made, tmp_path), made.top, tmp_path)


MUTANTS = {
    "valid early": ("vld", "_vld", "done = valid[2]", "done = valid[1]"),
    "valid late": ("vld", "_vld", "{valid[1:0], inputs_ap_vld}", "{valid[1:0], old}"),
    "valid ignores the enable": ("vld_all", "_vld", "else if (ap_ce) valid", "else valid"),
    "enable not at the valid line": ("vld_all", "_vld", " & ap_ce", ""),
    "no reset": ("vld_all", "_vld", "if (ap_rst) valid <= 3'd0;\n        else if", "if"),
    "registers ignore the enable": ("vld_all", "", "(posedge clk) if (ce)", "(posedge clk)"),
    "two inputs exchanged": ("vld", "_vld", "inputs[4:0]", "inputs[9:5]"),
    "valid before any vector": ("vld", "_vld", "valid = 3'd0", "valid = 3'd7"),
    "valid not in the reset's tick": ("vld_all", "_vld", " & ap_ce", " & ap_ce & ~ap_rst"),
    "reset without a clock": ("vld_all", "_vld", "(posedge ap_clk)",
                              "(posedge ap_clk or posedge ap_rst)"),
    "loses a vector after a long gap": ("vld", "_vld", "{valid[1:0], inputs_ap_vld}",
                                        "{valid[1:0], inputs_ap_vld & ~long}"),
    "loses a vector after a long gap between streams": (
        "axis", "_axis", "valid <= {valid[1:0], taken}", "valid <= {valid[1:0], taken & ~long}"),
    "loses a vector after a long time without the enable": (
        "vld_all", "_vld", "{valid[1:0], inputs_ap_vld}",
        "{valid[1:0], inputs_ap_vld & ~paused}"),
    "reset in its first tick alone": ("vld_all", "_vld", "if (ap_rst) valid",
                                      "if (ap_rst & ~reset_before) valid"),
    "reset of valid bits when nothing waits": ("axis", "_axis", "if (!aresetn) valid",
                                               "if (!aresetn & ~filled) valid"),
    "tlast dropped": ("axis", "_axis", "last <= {last[1:0], s_axis_tlast}", "last <= 3'd0"),
    "tlast early": ("axis", "_axis", "done_last = last[2]", "done_last = last[1]"),
    "one credit too many": ("axis", "_axis", "next_held != 3'd4", "next_held != 3'd5"),
    "one credit too few": ("axis", "_axis", "next_held != 3'd4", "next_held < 3'd3"),
    "a reset keeps credit": ("axis", "_axis", "held <= 3'd0;\n", "held <= next_held;\n"),
    "withdraws a word in a long stall": ("axis", "_axis", "m_axis_tvalid = done | filled",
                                         "m_axis_tvalid = done | (filled & ~stalled)"),
    "padding of the output": ("axis", "_axis", "{2{1'b0}}", "{2{1'b1}}"),
    "valid falls": ("axis", "_axis", "m_axis_tvalid = done | filled", "m_axis_tvalid = done"),
    "reset keeps the FIFO": ("axis", "_axis", "waiting <= 3'd0;\n        end", "end"),
    "ready within the clock": ("axis", "_axis", "s_axis_tready = ready",
                               "s_axis_tready = ready & m_axis_tready"),
}  # fmt: skip


def _counted(clock: str, name: str, ends: str) -> str:
    """A signal that is 1 when something has not happened for more than 12 clocks."""
    return (
        f"    integer {name}_for = 0;\n"
        f"    always @(posedge {clock}) {name}_for <= {ends} ? 0 : {name}_for + 1;\n"
        f"    wire {name} = {name}_for > 12;\n    reg [2:0] valid;"
    )


ADDED = {
    ("vld", "long"): _counted("ap_clk", "long", "inputs_ap_vld"),
    ("axis", "long"): _counted("aclk", "long", "taken"),
    ("axis", "stalled"): _counted("aclk", "stalled", "m_axis_tready"),
    ("vld_all", "paused"): _counted("ap_clk", "paused", "ap_ce"),
    ("vld_all", "reset_before"): "    reg reset_before = 0;\n    always @(posedge ap_clk)"
                                 " reset_before <= ap_rst;\n    reg [2:0] valid;",
    ("vld", "old"): "    reg old;\n    always @(posedge ap_clk) old <= inputs_ap_vld;\n"
                    "    reg [2:0] valid;",
}  # fmt: skip


VHDL_MUTANTS = {
    "valid at the falling edge": ("vld", "_vld", "if rising_edge(ap_clk)",
                                  "if falling_edge(ap_clk)"),
    "valid early": ("vld", "_vld", "done <= valid(2)", "done <= valid(1)"),
    "valid ignores the enable": ("vld_all", "_vld", "elsif ap_ce = '1' then", "else"),
    "registers ignore the enable": ("vld_all", "", "if ce = '1' then", "if true then"),
    "no reset": ("vld_all", "_vld", "if ap_rst = '1'", "if false"),
    "two inputs exchanged": ("vld", "_vld", "inputs(4 downto 0)", "inputs(9 downto 5)"),
    "tlast dropped": ("axis", "_axis", "last(0) <= s_axis_tlast", "last(0) <= '0'"),
    "one credit too many": ("axis", "_axis", "next_held = DEPTH", "next_held = DEPTH + 1"),
    "padding of the output": ("axis", "_axis", "(others => '0');\n    made(13",
                              "(others => '1');\n    made(13"),
    "reset keeps the FIFO": ("axis", "_axis", "waiting <= (others => '0');\n            end",
                             "end"),
    "ready within the clock": ("axis", "_axis", "s_axis_tready <= ready",
                               "s_axis_tready <= ready and m_axis_tready"),
}  # fmt: skip


def _mutant(
    number: int, mutant: tuple[str, str, str, str], folder: Path, simulator: str
) -> FormRun:
    kind, suffix, good, bad = mutant
    made = replace(DESIGNS["tagger"](), interface=FORMS[kind], name=f"m{number}")
    run = _run(made, folder, 250, simulator)
    path = folder / "rtl" / f"m{number}{suffix}{run.sources[0].suffix}"
    text = path.read_text()
    assert good in text, mutant
    declared = "    reg [2:0] valid;"
    added = next((text for (of, name), text in ADDED.items() if of == kind and name in bad), "")
    path.write_text(text.replace(good, bad).replace(declared, added or declared))
    return run


@pytest.mark.parametrize(("simulator", "mutants"), [("icarus", MUTANTS), ("ghdl", VHDL_MUTANTS)])
def test_faults_in_a_form_are_found(
    simulator: str, mutants: dict[str, tuple[str, str, str, str]], tmp_path: Path
) -> None:
    runs = [_mutant(k, m, tmp_path, simulator) for k, m in enumerate(mutants.values())]
    found = run_forms(runs, simulator)
    assert [name for name, seen in zip(mutants, found, strict=True) if not seen.fault] == []
    assert all(seen.ii is None for seen in found)


_LIKE_VITIS = {
    "vld_all": """module {top}(input ap_clk, input ap_rst, input ap_start, output ap_done,
    output ap_idle, output ap_ready, input [19:0] inputs, input inputs_ap_vld,
    output [1:0] index, output index_ap_vld, output [5:0] margin, output margin_ap_vld);
    wire taken = ap_start & inputs_ap_vld;
    assign ap_ready = taken, ap_done = index_ap_vld, ap_idle = ~ap_start;
    {top}_own own(.ap_clk(ap_clk), .ap_rst(ap_rst), .ap_ce(1'b1), .inputs(inputs),
        .inputs_ap_vld(taken), .index(index), .index_ap_vld(index_ap_vld), .margin(margin),
        .margin_ap_vld(margin_ap_vld));
endmodule
""",
    "axis": """module {top}(input ap_clk, input ap_rst_n,
    input [31:0] s_axis_TDATA, input s_axis_TVALID, output s_axis_TREADY, input [3:0] s_axis_TKEEP,
    input [3:0] s_axis_TSTRB, input s_axis_TLAST, output [15:0] m_axis_TDATA, output m_axis_TVALID,
    input m_axis_TREADY, output [1:0] m_axis_TKEEP, output [1:0] m_axis_TSTRB, output m_axis_TLAST);
    assign m_axis_TKEEP = 2'd3, m_axis_TSTRB = 2'd3;
    {top}_own own(.aclk(ap_clk), .aresetn(ap_rst_n), .s_axis_tdata(s_axis_TDATA),
        .s_axis_tvalid(s_axis_TVALID & &{{s_axis_TKEEP, s_axis_TSTRB}}),
        .s_axis_tready(s_axis_TREADY), .s_axis_tlast(s_axis_TLAST), .m_axis_tdata(m_axis_TDATA),
        .m_axis_tvalid(m_axis_TVALID), .m_axis_tready(m_axis_TREADY), .m_axis_tlast(m_axis_TLAST));
endmodule
""",
}


@pytest.mark.parametrize("kind", _LIKE_VITIS)
def test_the_benches_find_the_ports_that_vitis_writes(kind: str, tmp_path: Path) -> None:
    """The design's own logic behind the names of the documented interface, block control too."""
    made = replace(DESIGNS["tagger"](), interface=FORMS[kind])
    run = _run(made, tmp_path, 250, "icarus")
    path = run.sources[-1]
    own = path.read_text().replace(f"module {made.top} ", f"module {made.top}_own ")
    path.write_text(own + _LIKE_VITIS[kind].format(top=made.top))
    (found,) = run_forms([run], "icarus")
    assert (found.fault, found.mismatches, found.latency) == ("", 0, 3) and found.lost > 0


def test_verify_drives_the_form(tmp_path: Path) -> None:
    made = replace(DESIGNS["network"](), interface=FORMS["axis"])
    outcome = verify(made, tmp_path, 500)
    outcome.check()
    assert "through axi-stream, C++ 0 mismatches, Verilog 0 mismatches" in str(outcome)
    latency = 1 if tools.available("ghdl") else None
    assert (outcome.vhdl_mismatches, outcome.vhdl_latency) == (0, latency)
    assert not replace(outcome, fault="tick 3: it is late").ok


def test_a_clock_enable_alone_is_driven_too(tmp_path: Path) -> None:
    made = replace(DESIGNS["tagger"](), interface=Interface("plain", enable=True))
    raw = vectors.make(made, 0, 0)[:500]
    good = verilator.run(made, raw, tmp_path / "good")
    assert (good.mismatches, good.latency, good.ambiguous) == (0, 3, False)
    with pytest.raises(InputError, match="tagger is plain: it has no form around it"):
        run_forms([FormRun(made, raw, made.graph.evaluate(raw), (), tmp_path)])
