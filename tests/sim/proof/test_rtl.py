"""Verilog = graph, by Yosys: what is right is proved, what is wrong is not."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import islice
from pathlib import Path
from random import Random

import pytest
from golden_designs import DESIGNS
from hand_designs import chance, design, spread
from unit_model import UnitModel

from benchmarks.codegen.mutants import verilog_mutants
from symtick.codegen import PLAIN, Design, Fixed, Interface, Precision, compile_expression
from symtick.codegen.emit.verilog import verilog_files
from symtick.errors import ToolError
from symtick.expr import parse
from symtick.sim.proof.outcome import Step, Verdict
from symtick.sim.proof.rtl import verilog_equals_graph

pytestmark = pytest.mark.synth


def _text(made: Design) -> str:
    return verilog_files(made)[f"rtl/{made.name}.v"]


def _proved(made: Design, text: str, folder: Path) -> Step:
    source = folder / f"{made.name}.v"
    source.write_text(text)
    return verilog_equals_graph(made, source, folder / "proof")


@pytest.mark.parametrize("name", DESIGNS)
def test_golden_designs_are_proved(name: str, tmp_path: Path) -> None:
    made = DESIGNS[name]()
    step = _proved(made, _text(made), tmp_path)
    assert step.verdict is Verdict.PROVED, step.open
    assert len(step.findings) > len(made.graph.outputs)


@pytest.mark.parametrize("seed", range(2))
def test_random_graphs_are_proved(seed: int, tmp_path: Path) -> None:
    graph = chance(seed, 20)
    made = design(graph, spread(graph, 3, seed), 3)
    assert _proved(made, _text(made), tmp_path).verdict is Verdict.PROVED


@pytest.mark.parametrize(
    ("name", "before", "after", "subject"),
    [
        ("tagger", "5'h03: table1_rom = 5'h06", "5'h03: table1_rom = 5'h07", "table1"),
        ("tagger", "wire signed [5:0] add4 =", "wire signed [5:0] add4 = ~", "add4"),
        ("network", "assign y0 = ", "assign y0 = ~", "output y0"),
        ("layers", "wire signed [7:0] add8 =", "wire signed [7:0] add8 = 1 ^ ", "add8"),
    ],
)
def test_a_wrong_node_is_named(
    name: str, before: str, after: str, subject: str, tmp_path: Path
) -> None:
    made = DESIGNS[name]()
    text = _text(made)
    assert text.count(before) == 1
    step = _proved(made, text.replace(before, after), tmp_path)
    assert [finding.subject for finding in step.open] == [subject, "an input"]
    assert step.verdict is Verdict.COUNTEREXAMPLE


def test_a_bit_that_no_output_depends_on_does_not_count(tmp_path: Path) -> None:
    """The last bit of a choice is cut off behind it; the one before is read by the rounding."""
    made = compile_expression(
        parse(["where(x >= y, x + y, z)"], ("x", "y", "z")), [Fixed(6, 4)] * 3, UnitModel(),
        Precision(output=Fixed(5, 2)), name="chosen",
    )  # fmt: skip
    text, before = _text(made), "add3 : {z[5], z};"
    assert text.count(before) == 1 and "select5[0]}" in text
    for after, verdict in (
        ("add3 : {z[5], z[5:1], 1'd1};", Verdict.PROVED),
        ("add3 : {z[5], z[5:2], 1'd1, z[0]};", Verdict.COUNTEREXAMPLE),
    ):
        step = _proved(made, text.replace(before, after), tmp_path)
        assert step.verdict is verdict, step.open
        select = next(f for f in step.findings if f.subject == "select5")
        assert verdict is not Verdict.PROVED or select.reason.endswith("outputs depend on")


def test_a_clock_enable_is_part_of_the_proof(tmp_path: Path) -> None:
    made = replace(DESIGNS["tagger"](), interface=Interface("ap_vld", enable=True))
    text = _text(made)
    step = _proved(made, text, tmp_path)
    assert step.verdict is Verdict.PROVED, step.open
    assert step.findings[0].subject == "clock enable"
    gate, output = "@(posedge clk) if (ce) begin", "assign index = "
    assert text.count(gate) > 1 and text.count(output) == 1
    for before, after, reason in (
        (gate, "@(posedge clk) begin", "does not keep its value while ce is 0"),
        (gate, "@(posedge clk) if (!ce) begin", "does not keep its value"),
        (output, "assign index = {2{ce}} & ", "output index depends on ce"),
    ):
        (found,) = _proved(made, text.replace(before, after, 1), tmp_path).findings
        assert found.verdict is Verdict.COUNTEREXAMPLE and re.search(reason, found.reason)
    plain = _proved(made, _text(replace(made, interface=PLAIN)), tmp_path)
    assert plain.open[0].reason == "there is no clock enable ce"


@pytest.mark.parametrize("how", ["(* parallel_case *) case", "unique case"])
def test_branches_that_overlap_are_not_taken_for_exclusive(how: str, tmp_path: Path) -> None:
    """Yosys joins them all; a simulator takes the first."""
    made = compile_expression(
        parse(["min(x, y)"], ("x", "y")), [Fixed(1, 0, signed=False)] * 2, UnitModel(),
        Precision(), name="both", latency=0,
    )  # fmt: skip
    text = _text(made)
    (line,) = re.findall(r"    wire \[1:0\] concat\d+ = \{x, y\};.*\n", text)
    (name,) = re.findall(r"concat\d+", line)
    chosen = (
        f"    reg [1:0] {name};\n    always @* {how} (1'b1) x: {name} = 2'b10; y: {name} = 2'b01; "
        f"default: {name} = 2'b00; endcase\n"
    )
    assert _proved(made, text, tmp_path).verdict is Verdict.PROVED
    assert _proved(made, text.replace(line, chosen), tmp_path).verdict is not Verdict.PROVED


def _choice() -> Design:
    """The choice is never larger than x."""
    return compile_expression(
        parse(["max(where(x >= y, y, x), x)"], ("x", "y")), [Fixed(6, 4)] * 2, UnitModel(),
        Precision(), name="choice",
    )  # fmt: skip


def test_a_node_that_matters_to_no_output_is_right_at_the_outputs(tmp_path: Path) -> None:
    """A change of what is chosen, as long as it stays below x."""
    made = _choice()
    text = _text(made)
    before = "ge2 ? y : x;"
    assert text.count(before) == 1
    step = _proved(made, text.replace(before, "ge2 ? (y == 5 ? 6'd4 : y) : x;"), tmp_path)
    assert step.verdict is Verdict.PROVED, step.open
    node = next(f for f in step.findings if "the outputs equal" in f.reason)
    assert node.subject.startswith("select")
    step = _proved(made, text.replace(before, "ge2 ? (y == 5 ? 6'd6 : y) : x;"), tmp_path)
    assert step.verdict is Verdict.COUNTEREXAMPLE


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("<= table1;", "<= table1 & {5{~clk}};", "reads the clock as a value"),
        ("// ---- outputs", "\n    assign pt = ~mass;", "drives it"),
        ("// ---- outputs", "\n    assign pt = mass;", "it shares net"),
    ],
)
def test_the_clock_is_no_value_and_an_input_is_any(
    before: str, after: str, reason: str, tmp_path: Path
) -> None:
    """Each would be right if the clock were 0, or if the inputs were what the text makes them."""
    made = DESIGNS["layers"]()
    text = _text(made)
    assert text.count(before) == 1
    (found,) = _proved(made, text.replace(before, after), tmp_path).findings
    assert found.verdict is not Verdict.PROVED and reason in found.reason


@pytest.mark.parametrize("bit", ["1'bx", "(x[5] & y[x])"])
def test_an_undefined_bit_is_not_taken_for_a_value(bit: str, tmp_path: Path) -> None:
    """It would be right if it were 0; y has no bit of a negative number."""
    made = _choice()
    text = _text(made).replace("ge2 ? y : x;", f"ge2 ? {{y[5:1], {bit} | y[0]}} : x;")
    assert _proved(made, text, tmp_path).verdict is not Verdict.PROVED


def test_a_file_that_verilator_refuses_is_not_decided(tmp_path: Path) -> None:
    """Yosys reads a bit beyond a word; Verilator's warnings are errors."""
    made = _choice()
    text = _text(made).replace("ge2 ? y : x;", "ge2 ? {y[5:1], x[7]} : x;")
    step = _proved(made, text, tmp_path)
    assert step.verdict is Verdict.UNDECIDED
    assert "Verilator does not run" in step.open[-1].reason


@pytest.mark.sim
def test_a_fault_is_shown_at_an_input(tmp_path: Path) -> None:
    """The checker finds one input of 2**24 that shows it; Verilator and the graph say so."""
    made = DESIGNS["network"]()
    fault = "assign y0 = a == 77 && b == -5 ? 12'd9 : "
    step = _proved(made, _text(made).replace("assign y0 = ", fault), tmp_path)
    (shown,) = [f for f in step.findings if f.subject == "an input"]
    assert "a=77, b=-5" in shown.reason and "y0=9," in shown.reason
    assert step.verdict is Verdict.COUNTEREXAMPLE


def test_a_register_too_few_is_found(tmp_path: Path) -> None:
    made = DESIGNS["layers"]()
    text = _text(made)
    changed = next(t for kind, t in verilog_mutants(text, Random(1)) if kind == "register")
    step = _proved(made, changed, tmp_path)
    assert step.verdict is Verdict.COUNTEREXAMPLE
    assert any("latency of y0" in finding.subject for finding in step.open)


def test_a_port_too_few_is_found(tmp_path: Path) -> None:
    made = DESIGNS["network"]()
    step = _proved(made, _text(made).replace("y2", "y3"), tmp_path)
    assert step.verdict is Verdict.COUNTEREXAMPLE
    assert "y2" in step.findings[0].reason


def test_a_cell_that_is_not_known_is_not_decided(tmp_path: Path) -> None:
    """A module below the top one leaves a cell that only names it."""
    made = DESIGNS["layers"]()
    below = "\nmodule same(input [7:0] a, output [7:0] y); assign y = a; endmodule\n"
    text = _text(made).replace("assign y0 = cast11_s2;", "same s(.a(cast11_s2), .y(y0));")
    step = _proved(made, text + below, tmp_path)
    assert step.verdict is Verdict.UNDECIDED
    assert "no logic, table or register" in step.open[0].reason


def test_faults_in_the_text_are_found(tmp_path: Path) -> None:
    """One of each kind, but those that leave the text as good as it was."""
    made = DESIGNS["tagger"]()
    found = {}
    for kind, text in islice(verilog_mutants(_text(made), Random(3)), 8):
        try:
            found[kind] = _proved(made, text, tmp_path).verdict
        except ToolError:  # Yosys cannot read it
            found[kind] = Verdict.COUNTEREXAMPLE
    assert {"entry", "operator", "register", "slice", "constant", "order"} <= set(found)
    right = [kind for kind, verdict in found.items() if verdict is Verdict.PROVED]
    assert set(right) <= {"sign"}  # a signed vector that is only read bit by bit


def test_ports_and_signals_with_other_names_are_found(tmp_path: Path) -> None:
    expression = parse(["max(mul2, resize) + 1", "mul2*resize"], ("mul2", "resize"))
    made = compile_expression(
        expression, [Fixed(6, 3)] * 2, UnitModel(), Precision(), name="names",
        output_names=("near", "add3"),
    )  # fmt: skip
    text = _text(made)
    assert "near_p" in text and "resize_p" in text
    assert _proved(made, text, tmp_path).verdict is Verdict.PROVED
