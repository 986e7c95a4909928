"""The emitted text: names, registers, headers, and golden files.

`SYMTICK_REGENERATE=1 pytest tests/codegen/emit/test_emit.py` writes the golden files anew; read the
difference before you commit it.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
from expression_samples import random_expression
from unit_model import UnitModel

from symtick.codegen import (
    Design,
    Fixed,
    GOp,
    GraphBuilder,
    Overflow,
    Precision,
    Quant,
    Schedule,
    compile_expression,
)
from symtick.codegen.emit.hls import driver_files, hls_files, vector_files
from symtick.codegen.emit.verilog import verilog_files
from symtick.errors import InputError, WidthError
from symtick.expr import parse

GOLDEN = Path(__file__).parent / "golden"


def _small() -> Design:
    """min(table(x0) + x1, 2*x1) rounded: one node of most kinds, three ticks."""
    b = GraphBuilder(("x0", "x1"))
    x0, x1 = b.input(0, Fixed(4, 2)), b.input(1, Fixed(6, 4, False), 0, 50)
    sine = b.table(
        x0, [round(7 * (k % 8) / 8) - (4 if k > 7 else 0) for k in range(16)], Fixed(5, 3)
    )
    total = b.op(GOp.ADD, sine, x1)
    product = b.op(GOp.MUL, x1, b.const(-5, 2))
    least = b.op(GOp.MIN, total, b.scale(product, 1))
    graph = b.build([b.cast(least, Fixed(5, 2), Quant.RND_CONV, Overflow.SAT), product], ["y", "p"])
    stages = tuple({"add": 1, "min": 1, "cast": 2}.get(n.op.value, 0) for n in graph.nodes)
    schedule = Schedule(stages, (0.0,) * len(stages), 3, 2.5, 2.0)
    expression = parse(["min(x0 + x1, -2.5*x1)", "-1.25*x1"])
    return Design("tiny", expression, graph, schedule, "unit")


def _compiled(seed: int, latency: int | None = None) -> Design:
    expression = random_expression(Random(seed))
    formats = [Fixed(6, 3), Fixed(5, 3, False), Fixed(7, 4)]
    return compile_expression(
        expression, formats, UnitModel(), Precision(), name=f"d{seed}", latency=latency
    )


@pytest.mark.parametrize(
    "name",
    ["rtl/tiny.v", "firmware/tiny.cpp", "firmware/tiny.h", "firmware/defines.h",
     "tiny_test.cpp", "build_prj.tcl", "build_lib.sh", "driver.cpp"],
)  # fmt: skip
def test_small_design_equals_its_golden_file(name: str) -> None:
    files = {**verilog_files(_small()), **hls_files(_small()), **driver_files(_small())}
    golden = GOLDEN / (Path(name).name + ".txt")
    if os.environ.get("SYMTICK_REGENERATE") == "1":
        golden.write_text(files[name])
    assert files[name] == golden.read_text()


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("latency", [None, 9])
def test_the_text_has_the_registers_of_the_schedule(seed: int, latency: int | None) -> None:
    design = _compiled(seed, latency)
    (text,) = verilog_files(design).values()
    found = re.findall(r"^ +reg +(?:signed +)?(?:\[(\d+):0\] +)?\w+;", text, re.MULTILINE)
    bits = sum(int(top or 0) + 1 for top in found)
    # synthesis drops constant bits, second names of a bit and bits that nothing reads
    assert bits >= design.schedule.registers(design.graph)
    assert len(re.findall(r"^ +always @", text, re.MULTILINE)) <= design.schedule.latency


@pytest.mark.parametrize("seed", range(4))
def test_text_is_plain_deterministic_and_ends_in_a_newline(seed: int) -> None:
    once, again = (
        {**verilog_files(d), **hls_files(d), **driver_files(d)}
        for d in (_compiled(seed), _compiled(seed))
    )
    assert once == again
    for name, text in once.items():
        assert text.endswith("\n") and not text.endswith("\n\n")
        assert text.isascii() and "\t" not in text
        assert not re.search(r" $", text, re.MULTILINE), name
        assert "None" not in text and "Undefined" not in text


def test_header_tells_formula_formats_latency_and_model() -> None:
    for text in (*verilog_files(_small()).values(), hls_files(_small())["firmware/tiny.cpp"]):
        head = text.split("\n\n")[0]
        assert "y = min(x0 + x1, -2.5*x1)" in head
        assert "x1 : ufixed<6,2> [0, 3.125]" in head
        assert "latency 3 ticks, initiation interval 1, clock 2.5 ns (400 MHz)" in head
        assert "cost model unit" in head


def test_every_node_has_a_comment_with_its_format() -> None:
    design = _compiled(3)
    nodes = [n for n in design.graph.nodes if n.op not in (GOp.INPUT, GOp.CONST)]
    for text in (*verilog_files(design).values(), hls_files(design)["firmware/d3.cpp"]):
        body = text[text.index("module d3") if "module d3" in text else text.index("void d3") :]
        comments = re.findall(r"// .*: (?:u?fixed<-?\d+,-?\d+>) \[", body)
        assert len(comments) >= len(nodes)


def test_words_of_the_languages_do_not_become_port_names() -> None:
    names = ("reg", "clk", "int", "add2", "unused", "x__")
    b = GraphBuilder(names)
    total = b.input(0, Fixed(4, 0))
    for k in range(1, len(names)):
        total = b.op(GOp.ADD, total, b.input(k, Fixed(4, 0)))
    graph = b.build([total], ["module"])
    stages = (0,) * len(graph.nodes)
    schedule = Schedule(stages, (0.0,) * len(stages), 1, 5.0, 4.0)
    design = Design("top", parse("reg", inputs=names), graph, schedule, "unit")
    (text,) = verilog_files(design).values()
    ports = re.findall(r"^ +(?:input |output) wire +(?:signed )?(?:\[\d+:0\])? *(\w+)", text, re.M)
    assert ports == ["clk", "reg_", "clk_", "int_", "add2", "unused_", "x__", "module_"]
    declared = re.findall(r"^ +wire signed \[\d+:0\] (\w+)", text, re.MULTILINE)
    assert "add2" not in declared and len(set(declared)) == len(declared)
    assert "void top(reg__t reg_, clk__t clk_" in hls_files(design)["firmware/top.h"]


@pytest.mark.parametrize(("name", "match"), [("while", "reserved word"), ("a b", "use letters")])
def test_bad_design_names_are_refused(name: str, match: str) -> None:
    with pytest.raises(InputError, match=match):
        verilog_files(replace(_small(), name=name))


def test_bad_schedules_are_refused() -> None:
    design = _small()
    late = next(k for k, n in enumerate(design.graph.nodes) if n.op is GOp.TABLE)
    stages = list(design.schedule.stage)
    stages[late] = 2
    with pytest.raises(InputError, match=r"before its arguments"):
        verilog_files(replace(design, schedule=replace(design.schedule, stage=tuple(stages))))
    stages[late] = 3
    with pytest.raises(InputError, match="after the last register rank"):
        hls_files(replace(design, schedule=replace(design.schedule, stage=tuple(stages))))
    with pytest.raises(InputError, match="another graph"):
        hls_files(replace(design, schedule=replace(design.schedule, stage=(0,))))


def test_the_part_is_checked_and_used() -> None:
    files = hls_files(_small(), part="xcvu13p-flga2577-2-e")
    assert "set part xcvu13p-flga2577-2-e" in files["build_prj.tcl"]
    for part in ("x; exec rm", "x[exit]", "x\n", ""):
        with pytest.raises(InputError, match="not a part number"):
            hls_files(_small(), part=part)


def test_pragmas_state_the_schedule() -> None:
    text = hls_files(_small())["firmware/tiny.cpp"]
    assert "#pragma HLS PIPELINE II=1" in text
    assert "#pragma HLS LATENCY min=3 max=3" in text
    assert "#pragma HLS BIND_STORAGE variable=table2_rom type=rom_1p impl=lutram" in text


def test_too_wide_table_entries_are_refused_in_cpp() -> None:
    b = GraphBuilder(("x0",))
    table = b.table(b.input(0, Fixed(1, 0)), [1, 1 << 70], Fixed(80, 0))
    graph = b.build([table], ["y"])
    schedule = Schedule((0, 0), (0.0, 0.0), 1, 5.0, 4.0)
    with pytest.raises(WidthError, match="at most 64 bits in C"):
        hls_files(Design("wide", parse("x0"), graph, schedule, "unit"))


def test_vector_files_hold_one_row_each() -> None:
    files = vector_files(np.array([[1, -2], [3, 4]]), np.array([[5], [-6]]))
    assert files == {
        "tb_data/tb_input_features.dat": "1 -2\n3 4\n",
        "tb_data/tb_output_predictions.dat": "5\n-6\n",
    }
