"""Latency measured in simulation: a pipeline that differs from the schedule is detected."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hand_designs import arithmetic, casts, chance, design, spread, wide

from symtick.codegen import Design, Fixed, GOp, GraphBuilder
from symtick.codegen.emit import project, vectors
from symtick.codegen.emit.verilog import verilog_files
from symtick.errors import ToolError, VerificationError
from symtick.sim import verilator
from symtick.sim.verify import verify

pytestmark = pytest.mark.sim


def _sum() -> Design:
    b = GraphBuilder(("x0", "x1"))
    total = b.op(GOp.ADD, b.input(0, Fixed(6, 3)), b.input(1, Fixed(6, 3)))
    graph = b.build([total], ["y"])
    return design(graph, [0, 0, 0], 1, "total")


def _changed(monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> None:
    def files(made: Design) -> dict[str, str]:
        texts = verilog_files(made)
        assert all(old in text for text in texts.values())
        return {name: text.replace(old, new) for name, text in texts.items()}

    monkeypatch.setattr(project, "verilog_files", files)


def test_an_added_register_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    late = "reg signed [6:0] late;\n    always @(posedge clk) late <= add2_s1;\n    assign y = late"
    _changed(monkeypatch, "assign y = add2_s1", late)
    outcome = verify(_sum(), tmp_path, 500)
    assert (outcome.verilog_mismatches, outcome.cpp_mismatches) == (0, 0)
    assert (outcome.measured_latency, outcome.scheduled_latency) == (2, 1)
    with pytest.raises(VerificationError, match=r"measured 2 \(scheduled 1\)"):
        outcome.check()


def test_a_lost_sign_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _changed(monkeypatch, "{x0[5], x0}", "{1'b0, x0}")
    outcome = verify(_sum(), tmp_path, 500)
    raw = vectors.make(_sum(), 500, 0)
    assert outcome.vectors == len(raw) == 4096 and outcome.exhaustive
    assert ": 4096 vectors (all that it can read), C++ 0 mismatches" in str(outcome)
    assert outcome.verilog_mismatches == (raw[:, 0] < 0).sum()
    assert outcome.cpp_mismatches == 0 and outcome.measured_ii is None
    with pytest.raises(VerificationError, match="Verilog gives"):
        outcome.check()


def test_text_that_does_not_compile_is_a_tool_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _changed(monkeypatch, "endmodule", "endmodul")
    with pytest.raises(ToolError, match="syntax error"):
        verilator.run(_sum(), np.zeros((4, 2), np.int64), tmp_path)


def test_lag_is_found_without_the_schedule() -> None:
    reference = np.random.default_rng(0).integers(0, 9, (200, 2))
    stream = np.concatenate([np.zeros((3, 2), np.int64), reference, np.zeros((6, 2), np.int64)])
    assert verilator._lag(stream, reference, 1) == (3, 0, False)
    stream[3 + 50, 1] += 1
    assert verilator._lag(stream, reference, 1) == (3, 1, False)


def test_constant_outputs_leave_the_lag_open() -> None:
    stream = np.full((20, 1), 7)
    assert verilator._lag(stream, stream[:12], 4) == (4, 0, True)
    assert verilator._lag(stream, stream[:12], 99) == (0, 0, True)


@pytest.mark.parametrize("latency", [0, 1, 5])
def test_emitted_verilog_passes_every_lint_rule(latency: int, tmp_path: Path) -> None:
    graphs = [arithmetic(), casts(), wide(), *(chance(seed, 60) for seed in range(6))]
    for k, graph in enumerate(graphs):
        made = design(graph, spread(graph, latency, seed=k), latency, f"lint{k}")
        files = project.write_verilog(made, tmp_path)
        verilator.lint(files, made.name, tmp_path)


def test_lint_speaks_up(tmp_path: Path) -> None:
    file = tmp_path / "bad.v"
    file.write_text(
        "module bad(input wire [3:0] a, output wire [4:0] y); assign y = a; endmodule\n"
    )
    with pytest.raises(ToolError, match="WIDTHEXPAND"):
        verilator.lint([file], "bad", tmp_path)
