"""Port names: none breaks the C++ around a design (driver, test bench, types)."""

from __future__ import annotations

import keyword
import re
import subprocess
from pathlib import Path

import pytest

from symtick.codegen import Design, Fixed, GraphBuilder, Schedule
from symtick.codegen.emit.hls import hls_files
from symtick.codegen.forms.hls import driver_files
from symtick.errors import InputError
from symtick.expr import OPS, parse
from symtick.files import write_text
from symtick.hls_templates import FOLDER
from symtick.sim import tools

pytestmark = pytest.mark.sim

_ORDINARY = """
row rows x x_t x_wanted y y_wanted target count out in features same log stream text vectors source
load store results predictions mismatches word port bits arguments width T main printf range
size clock id dev key mode off div ldiv pid uid gid error value ptrdiff int8 uint64 loff quad
errno stdin stdout stderr NAN INFINITY HUGE_VAL M_PI M_E tb_rows tb_wanted tb_wanted_y
"""


def _template_names() -> list[str]:
    """Every identifier of the two templates, with and without the prefix of their own names."""
    found: set[str] = set()
    for name in ("driver.cpp.j2", "test.cpp.j2"):
        text = re.sub(r"\{[{%].*?[%}]\}", " ", (FOLDER / name).read_text())
        found |= set(re.findall(r"[A-Za-z_]\w*", text))
    return sorted(found | {name.removeprefix("tb_") for name in found})


def _design(inputs: list[str], outputs: list[str], name: str = "top") -> Design:
    b = GraphBuilder(inputs)
    nodes = [b.input(k, Fixed(5, 2)) for k in range(len(inputs))]
    graph = b.build([nodes[k % len(nodes)] for k in range(len(outputs))], outputs)
    stages = (0,) * len(graph.nodes)
    schedule = Schedule(stages, (0.0,) * len(stages), 1, 5.0, 4.0)
    expression = parse([inputs[k % len(inputs)] for k in range(len(outputs))], inputs=inputs)
    return Design(name, expression, graph, schedule, "unit")


def _complaints(design: Design, folder: Path) -> str:
    for name, text in hls_files(design).items():
        write_text(folder / name, text)
        write_text(folder / design.name / name, text)
    write_text(folder / "driver.cpp", driver_files([design])["driver.cpp"])
    sources = ["driver.cpp", f"{design.name}_test.cpp"]
    headers = str(tools.find("hls4ml").path)
    done = subprocess.run(
        [*tools.find("g++").command, "-std=c++14", "-fsyntax-only", "-Wall",
         "-Wno-unknown-pragmas", "-Wno-uninitialized", "-isystem", headers, "-I.", *sources],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stderr


@pytest.mark.parametrize("swapped", [False, True])
def test_any_name_of_the_templates_can_be_a_port(tmp_path: Path, swapped: bool) -> None:
    names = sorted({*_template_names(), *_ORDINARY.split()})
    names = [n for n in names if not keyword.iskeyword(n)]  # no formula can be written with these
    assert {"rows", "mismatches", "uint64_t"} <= set(names)
    operators = {spec.name for spec in OPS.values()}  # these can name outputs only
    inputs = [n for n in names[swapped::2] if n not in operators]
    outputs = [n for n in names if n not in inputs]
    assert _complaints(_design(inputs, outputs), tmp_path) == ""


@pytest.mark.parametrize("name", ["load", "results", "row"])
def test_a_design_can_be_named_like_a_part_of_the_bench(tmp_path: Path, name: str) -> None:
    assert _complaints(_design(["x", "out"], ["y", "log"], name), tmp_path) == ""


@pytest.mark.parametrize("name", ["tb_rows", "defines", "size_t"])
def test_a_design_name_that_is_taken_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="reserved word"):
        hls_files(_design(["x"], ["y"], name))
