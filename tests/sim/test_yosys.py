"""Synthesis with Yosys: counts of designs whose cells are known, recipe options, failures."""

from __future__ import annotations

from pathlib import Path

import pytest

from symtick.errors import InputError, ToolError
from symtick.sim import yosys

pytestmark = pytest.mark.synth

ADDER = """module adder(input clk, input signed [7:0] a, b, output reg signed [8:0] y);
    always @(posedge clk) y <= a + b;
endmodule
"""
PRODUCT = """module product(input signed [7:0] a, b, output signed [15:0] y);
    assign y = a * b;
endmodule
"""


STATES = """module states(input clk, input go, output reg [3:0] y);
    reg [1:0] state;
    always @(posedge clk) case (state)
        0: if (go) state <= 1;
        1: state <= go ? 2 : 3;
        2: state <= 3;
        default: state <= go ? 3 : 0;
    endcase
    always @(posedge clk) y <= 4'd9 >> state;
endmodule
"""


def _source(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.v"
    path.write_text(text)
    return path


def test_an_adder_is_one_lut_a_bit_a_carry_chain_and_its_registers(tmp_path: Path) -> None:
    folder = tmp_path / "für pt"  # a space and a letter that is no ASCII
    folder.mkdir()
    found = yosys.synthesize([_source(folder, "adder", ADDER)], "adder", folder / "out")
    assert (found.lut, found.ff, found.dsp, found.bram) == (8, 9, 0, 0.0)
    assert found.cells["CARRY4"] == found.carry == 3
    assert (folder / "out" / "adder.xcup.json").is_file()


def test_registers_are_not_recoded_as_states(tmp_path: Path) -> None:
    found = yosys.synthesize([_source(tmp_path, "states", STATES)], "states", tmp_path / "out")
    assert found.ff == 2 + 4


def test_registers_stay_before_their_tables_in_either_way(tmp_path: Path) -> None:
    entries = "\n".join(f"        {k}: y = 8'd{(37 * k * k + 11) % 251};" for k in range(64))
    text = f"""module rom(input clk, input [5:0] x, output reg [7:0] y);
    reg [5:0] a;
    always @(posedge clk) a <= x;
    always @(*) case (a)
{entries}
    endcase
endmodule
"""
    source = _source(tmp_path, "rom", text)
    for found in (
        yosys.synthesize([source], "rom", tmp_path / "a"),
        yosys.synthesize_each([source], tmp_path / "b")["rom"],
    ):
        assert (found.lut, found.ff) == (8, 6)


def test_products_become_blocks_only_where_allowed(tmp_path: Path) -> None:
    found = yosys.synthesize_each([_source(tmp_path, "product", PRODUCT)], tmp_path / "a")
    assert (found["product"].dsp, found["product"].lut) == (1, 0)
    found = yosys.synthesize_each(
        [_source(tmp_path, "product", PRODUCT), _source(tmp_path, "adder", ADDER)],
        tmp_path / "b",
        dsp=False,
    )
    assert found["product"].dsp == 0 and found["product"].lut > 64
    assert found["adder"].lut == 8


def test_products_whose_signal_says_so_are_luts(tmp_path: Path) -> None:
    text = """module mixed(input signed [7:0] a, b, c, d, output signed [15:0] y, z);
    (* use_dsp = "no" *) wire signed [15:0] p;
    assign p = a * b;
    (* use_dsp = "yes" *) wire signed [15:0] q;
    assign q = c * d;
    assign y = p;
    assign z = q;
endmodule
"""
    product, mixed = _source(tmp_path, "product", PRODUCT), _source(tmp_path, "mixed", text)
    alone = yosys.synthesize_each([product], tmp_path / "a", dsp=False)["product"]
    found = yosys.synthesize_each([mixed], tmp_path / "b")["mixed"]
    assert found.dsp == 1
    assert found.lut == pytest.approx(alone.lut, rel=0.02)


def test_sums_of_many_terms_stay_carry_chains(tmp_path: Path) -> None:
    names = ", ".join(f"a{k}" for k in range(8))
    total = " + ".join(names.split(", "))
    text = f"module many(input [7:0] {names}, output [10:0] y);\n  assign y = {total};\nendmodule\n"
    source = _source(tmp_path, "many", text)
    chained = yosys.synthesize([source], "many", tmp_path / "out", "ecp5", dsp=False)
    # seven adders of 9 to 11 bits, each a chain of its own and no logic beside them
    assert chained.lut == 0
    assert 7 * 5 <= chained.carry <= 7 * 7


def test_registers_in_front_of_tables_stay_there(tmp_path: Path) -> None:

    def rows(factor: int, k: int) -> str:
        return " ".join(f"6'd{c}: t{k} = 9'd{c * factor % 512};" for c in range(64))

    tables = "".join(
        f"""
    always @* case (held) {rows(2 * k + 37, k)} default: t{k} = 9'd0; endcase"""
        for k in range(3)
    )
    text = f"""module top(input clk, input [5:0] x, output reg [10:0] y);
    reg [5:0] held; reg [8:0] t0, t1, t2;{tables}
    always @(posedge clk) begin held <= x; y <= t0 + t1 + t2; end
    endmodule
    """
    found = yosys.synthesize([_source(tmp_path, "top", text)], "top", tmp_path, dsp=False)
    assert found.ff == 6 + 11


def test_ports_are_read_with_direction_and_width(tmp_path: Path) -> None:
    source = _source(tmp_path, "adder", ADDER)
    assert yosys.ports([source], "adder", tmp_path / "out") == {
        "clk": ("input", 1), "a": ("input", 8), "b": ("input", 8), "y": ("output", 9),
    }  # fmt: skip


def test_failures_carry_the_last_lines(tmp_path: Path) -> None:
    source = _source(tmp_path, "broken", "module broken(input a; endmodule")
    with pytest.raises(ToolError, match="syntax error"):
        yosys.ports([source], "broken", tmp_path / "out")
    with pytest.raises(ToolError, match="nosuch"):
        yosys.ports([_source(tmp_path, "adder", ADDER)], "nosuch", tmp_path / "out")


def test_bad_arguments_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.v does not exist"):
        yosys.synthesize([tmp_path / "none.v"], "none", tmp_path)
    with pytest.raises(InputError, match="unknown family 'ice40'"):
        yosys.synthesize([_source(tmp_path, "adder", ADDER)], "adder", tmp_path, "ice40")


def test_counting_knows_its_cells() -> None:
    found = yosys.count({"LUT6": 3, "LUT2": 1, "INV": 2, "SRLC32E": 1, "RAM64M8": 1, "FDRE": 5,
                         "DSP48E2": 1, "RAMB18E2": 3, "MUXF7": 2})  # fmt: skip
    assert (found.lut, found.ff, found.dsp, found.bram, found.muxf) == (15, 5, 1, 1.5, 2)
    with pytest.raises(ToolError, match=r"not of the device: \$mul"):
        yosys.count({"$mul": 1})
