"""Place and route with nextpnr: clocked, combinational and wide designs, determinism, failures."""

from __future__ import annotations

from pathlib import Path

import pytest

from symtick.errors import InputError
from symtick.sim import nextpnr

pytestmark = pytest.mark.synth

CLOCKED = """module chain(input ap_clk, input [15:0] a, b, c, output reg [17:0] y);
    reg [16:0] held;
    reg [15:0] last;
    always @(posedge ap_clk) begin held <= a + b; last <= c; y <= held + last; end
endmodule
"""


def _source(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.v"
    path.write_text(text)
    return path


def test_a_pipeline_of_adders(tmp_path: Path) -> None:
    source = _source(tmp_path, "chain", CLOCKED)
    first = nextpnr.place_and_route([source], "chain", tmp_path / "a")
    assert 250.0 < first.fmax_mhz < 600.0
    assert first.period_ns == pytest.approx(first.logic_ns + first.routing_ns, abs=0.01)
    assert first.overhead_ns < first.period_ns
    assert (first.seed, first.part, first.target_mhz) == (1, "LFE5U-85k-8", 200.0)
    assert nextpnr.place_and_route([source], "chain", tmp_path / "b") == first


def test_a_combinational_design_is_timed_between_registers(tmp_path: Path) -> None:
    text = "module sum(input [31:0] a, b, output [31:0] y); assign y = a + b + 1; endmodule\n"
    found = nextpnr.place_and_route([_source(tmp_path, "sum", text)], "sum", tmp_path / "out")
    assert 150.0 < found.fmax_mhz < 400.0


def test_more_pins_than_the_package_has(tmp_path: Path) -> None:
    text = (
        "module wide(input clk, input [599:0] a, output reg [599:0] y);\n"
        "    always @(posedge clk) y <= ~a;\nendmodule\n"
    )
    found = nextpnr.place_and_route([_source(tmp_path, "wide", text)], "wide", tmp_path / "out")
    assert found.fmax_mhz > 250.0


def test_the_wrapper_registers_every_port() -> None:
    ports = {"clk": ("input", 1), "a": ("input", 4), "y": ("output", 2)}
    text = nextpnr.wrapped("core", "shell", ports, "clk")
    assert "core inner (.clk(shell_clk), .a(held_a), .y(made_y));" in text
    assert "held_a <= in_a;" in text and "out_y <= made_y;" in text


def test_bad_arguments_are_named(tmp_path: Path) -> None:
    source = _source(tmp_path, "chain", CLOCKED)
    with pytest.raises(InputError, match="no ECP5 '90k' grade 8"):
        nextpnr.place_and_route([source], "chain", tmp_path, size="90k")
    with pytest.raises(InputError, match=r"chain has no port 'ck' .*: ap_clk, a, b, c, y"):
        nextpnr.place_and_route([source], "chain", tmp_path / "out", clock="ck")
