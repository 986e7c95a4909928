"""All inputs of small designs in Verilator: one wrong word of all is found; large ones are left."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from unit_model import UnitModel

from symtick.codegen import Decision, Design, Fixed, Graph, Interface, Precision, compile_expression
from symtick.codegen.emit.verilog import verilog_files
from symtick.codegen.lowering.lower import lower
from symtick.expr import parse
from symtick.sim.proof import Finding, Proof, Verdict
from symtick.sim.proof.outcome import Simulated, Step
from symtick.sim.proof.simulated import all_inputs_simulated

_TEXTS = ["tanh(x + 0.5*y) + 0.3*z", "0.7*y - exp(z - x)"]
_WORD = "(x == 6'sd7 && y == -6'sd5 && z == 6'sd3)"


def _made(width: int, enable: bool = False) -> tuple[Design, Graph]:
    expression, formats = parse(_TEXTS, ("x", "y", "z")), [Fixed(width, width - 2)] * 3
    design = compile_expression(
        expression, formats, UnitModel(), Precision(term_frac=5), name="whole",
        decision=Decision(("scores", "index")),
    )  # fmt: skip
    scores = lower(expression, formats, UnitModel(), Precision(term_frac=5), ["y0", "y1"]).graph
    return replace(design, interface=Interface("ap_vld", enable=enable)), scores


def _text(design: Design) -> str:
    return verilog_files(design)[f"rtl/{design.name}.v"]


def _simulated(design: Design, scores: Graph, text: str, folder: Path) -> Simulated:
    source = folder / "whole.v"
    source.write_text(text)
    said: list[str] = []
    found = all_inputs_simulated(design, scores, source, folder, said.append)
    assert found is not None
    done = [f"{k:,} of 262,144 inputs simulated" for k in (1 << 17, 1 << 18)]
    assert said == (done[: len(said)] if found.fault else done)
    return found


@pytest.mark.sim
def test_all_words_of_a_right_text_with_a_clock_enable(tmp_path: Path) -> None:
    design, scores = _made(6, enable=True)
    found = _simulated(design, scores, _text(design), tmp_path)
    assert (found.inputs, found.bits, found.fault) == (1 << 18, 18, "")
    assert str(found).startswith("all 2^18 inputs simulated: outputs as specified, ")


@pytest.mark.sim
def test_a_text_that_is_wrong_for_one_word_is_found(tmp_path: Path) -> None:
    design, scores = _made(6)
    assert design.schedule.latency > 1
    lines = _text(design).splitlines(keepends=True)
    at = next(
        k for k, line in enumerate(lines) if line.lstrip().startswith("wire signed [6:0] add")
    )
    declared, _, rest = lines[at].partition(" = ")
    value = rest[: rest.index(";")]
    lines[at] = f"{declared} = {_WORD} ? ~({value}) : ({value});\n"
    found = _simulated(design, scores, "".join(lines), tmp_path)
    assert "raw x=7, y=-5, z=3 gives " in found.fault and ", specified is " in found.fault


def test_inputs_of_more_than_20_bits_are_left_out(tmp_path: Path) -> None:
    design, scores = _made(7)
    nowhere = tmp_path / "none.v"  # it is not read
    assert all_inputs_simulated(design, scores, nowhere, tmp_path, print) is None
    proof = Proof("large", ())
    assert not any("simulat" in line for line in proof.lines())
    assert "simulated" not in proof.to_json()


def test_a_simulation_stands_beside_the_proof() -> None:
    """A difference is a counterexample; that all inputs agree proves no step."""
    right, wrong = Simulated(3, 2, "", 1.0), Simulated(4, 2, "output y: raw x=1 gives 2", 1.0)
    left = Step("claim", (Finding("y", Verdict.UNDECIDED, "why"),), 0.0)
    assert Proof("one", (left,), right).verdict is Verdict.UNDECIDED
    assert Proof("one", (left,), wrong).verdict is Verdict.COUNTEREXAMPLE
    assert Proof("one", (left,), wrong).lines()[-1] == (
        "  simulating all 2^2 inputs: counterexample: output y: raw x=1 gives 2"
    )
    assert Proof("one", (), right).lines()[-1] == (
        "  all 3 inputs within their ranges simulated: outputs as specified, 1.0 s"
    )
    assert Proof("one", (), right).to_json()["simulated"]["inputs"] == 3
