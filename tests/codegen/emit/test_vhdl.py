"""The emitted VHDL: names, ports and registers beside those of the Verilog."""

from __future__ import annotations

import re
from random import Random

import pytest
from expression_samples import random_expression
from hand_designs import arithmetic, chance, design, spread
from unit_model import UnitModel

from symtick.codegen import Design, Fixed, GOp, GraphBuilder, Precision, compile_expression
from symtick.codegen.emit.verilog import verilog_files
from symtick.codegen.emit.vhdl import vhdl_files
from symtick.errors import InputError


def _texts(made: Design) -> tuple[str, str]:
    (verilog,), (vhdl,) = verilog_files(made).values(), vhdl_files(made).values()
    return verilog, vhdl


def _compiled(seed: int) -> Design:
    formats = [Fixed(6, 3), Fixed(5, 3, False), Fixed(7, 4)]
    expression = random_expression(Random(seed))
    return compile_expression(expression, formats, UnitModel(), Precision(), name=f"d{seed}")


def _designs() -> list[Design]:
    graphs = [arithmetic(), *(chance(seed, 60) for seed in range(4))]
    hand = [design(g, spread(g, k % 4, seed=k), k % 4, f"h{k}") for k, g in enumerate(graphs)]
    return hand + [_compiled(seed) for seed in range(6)]


def _width(text: str | None) -> int:
    return int(text or 0) + 1


def test_ports_and_registers_are_those_of_the_verilog() -> None:
    for made in _designs():
        verilog, vhdl = _texts(made)
        port = r"^ +(input|output) +wire +(?:signed )?(?:\[(\d+):0\])? *(\w+)"
        wanted = [(n, w[:-3], _width(b)) for w, b, n in re.findall(port, verilog, re.MULTILINE)]
        port = r"^        (\w+) +: (in|out) +std_logic(?:_vector\((\d+) downto 0\))?;?$"
        found = re.findall(port, vhdl, re.MULTILINE)
        assert [(name, way, _width(bits)) for name, way, bits in found] == wanted
        register = r"^ +reg +(?:signed +)?(?:\[(\d+):0\] +)?(\w+);"
        registers = {n: _width(b) for b, n in re.findall(register, verilog, re.MULTILINE)}
        clocked = set(re.findall(r"^            (\w+) <= ", vhdl, re.MULTILINE))
        kinds = r"signal (\w+) : (?:std_logic|(?:un)?signed\((\d+) downto 0\));"
        declared = {name: _width(bits) for name, bits in re.findall(kinds, vhdl)}
        assert clocked == set(registers)
        assert {name: declared[name] for name in clocked} == registers
        assert vhdl.count("process (clk)") == verilog.count("always @(posedge clk)")


def test_every_comment_of_a_node_and_every_attribute_stands_in_both() -> None:
    for made in _designs():
        verilog, vhdl = _texts(made)
        said = r"(?:--|//) .* : (u?fixed<.*)$"  # lines break elsewhere, formats are not broken
        notes = [re.findall(said, text, re.MULTILINE) for text in (verilog, vhdl)]
        nodes = [n for n in made.graph.nodes if n.op not in (GOp.INPUT, GOp.CONST)]
        assert notes[0] == notes[1] and len(notes[0]) >= len(nodes)
        for name in ("use_dsp", "rom_style"):
            marked = [re.findall(rf"\(\* {name}.*wire (?:.*\] )?(\w+);", verilog),
                      re.findall(rf"attribute {name} of (\w+) : signal", vhdl)]  # fmt: skip
            assert marked[0] == marked[1]
        assert ("shreg_extract" in vhdl) == ("shreg_extract" in verilog)


def test_the_text_is_plain_reproducible_and_ends_in_a_newline() -> None:
    for made, again in zip(_designs(), _designs(), strict=True):
        (text,) = vhdl_files(made).values()
        assert text == next(iter(vhdl_files(again).values()))
        assert text.isascii() and "\t" not in text and text.endswith(";\n")
        assert not re.search(r" $", text, re.MULTILINE)
        assert max(map(len, text.splitlines())) <= 104


def test_names_are_legal_and_distinct_in_vhdl() -> None:
    """Ports that only capitals tell from signals, functions and types of the text."""
    names = ("ADD2", "add2", "Signed", "RESIZE", "bit_of", "Table9_ROM", "std_logic", "add12_S1")
    b = GraphBuilder(names)
    total = b.input(0, Fixed(4, 0))
    for k in range(1, len(names)):
        total = b.op(GOp.ADD, total, b.input(k, Fixed(4, 0)))
    looked = b.table(b.input(1, Fixed(4, 0)), list(range(16)), Fixed(5, 0))
    graph = b.build([total, looked], ["Entity", "Y"])
    made = design(graph, [0] * len(graph.nodes), 1, "Top")
    verilog, vhdl = _texts(made)
    declared = re.findall(r"^ +(?:signal|constant|type|function) (\w+)", vhdl, re.MULTILINE)
    declared += re.findall(r"^        (\w+) +: (?:in|out) ", vhdl, re.MULTILINE)
    assert len({name.lower() for name in declared}) == len(declared)
    assert all(re.fullmatch(r"[A-Za-z](?:_?[A-Za-z0-9])*", name) for name in declared)
    for name in ("Signed_p", "RESIZE_p", "bit_of_p", "std_logic_p", "Entity_p"):
        assert re.search(rf"\b{name}\b", verilog) and re.search(rf"^ +{name} ", vhdl, re.MULTILINE)


@pytest.mark.parametrize("name", ["work", "IEEE", "Process"])
def test_names_that_vhdl_takes_are_refused_for_a_design(name: str) -> None:
    with pytest.raises(InputError, match="reserved word"):
        vhdl_files(design(arithmetic(), spread(arithmetic(), 1, seed=0), 1, name))
