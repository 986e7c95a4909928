"""Register depths of netlists written by hand, in Yosys's JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.codegen.netlist import register_depths
from symtick.errors import ToolError

Bit = int | str
CLOCK, A, B, Y, Z = 2, 3, 4, 5, 6
P, Q = 10, 11  # nets inside


def register(source: Bit, target: int) -> dict[str, Any]:
    return cell("FDRE", {"C": CLOCK, "CE": "1", "D": source, "R": "0"}, {"Q": target})


def lut(target: int, *sources: Bit) -> dict[str, Any]:
    read = {f"I{k}": bit for k, bit in enumerate(sources)}
    return cell(f"LUT{len(sources)}", read, {"O": target})


def cell(kind: str, read: dict[str, Bit], driven: dict[str, Bit]) -> dict[str, Any]:
    return {
        "type": kind,
        "port_directions": dict.fromkeys(read, "input") | dict.fromkeys(driven, "output"),
        "connections": {pin: [bit] for pin, bit in (read | driven).items()},
    }


def depths(folder: Path, cells: list[dict[str, Any]], *outputs: Bit) -> tuple[int, int]:
    """Of a module with the inputs clk, a and b, and these bits as its output y."""
    ports = {
        name: {"direction": "input", "bits": [bit]}
        for name, bit in (("clk", CLOCK), ("a", A), ("b", B))
    }
    ports["y"] = {"direction": "output", "bits": list(outputs)}
    named = {f"cell{k}": held for k, held in enumerate(cells)}
    path = folder / "top.json"
    path.write_text(json.dumps({"modules": {"top": {"ports": ports, "cells": named}}}))
    return register_depths(path, "top")


def test_registers_on_every_path_are_counted(tmp_path: Path) -> None:
    assert depths(tmp_path, [], A) == (0, 0)
    assert depths(tmp_path, [lut(Y, A, B)], Y) == (0, 0)
    assert depths(tmp_path, [lut(P, A, B), register(P, Q), register(Q, Y)], Y) == (2, 2)
    # cells come in any order
    assert depths(tmp_path, [register(Q, Y), register(P, Q), lut(P, A, B)], Y) == (2, 2)


def test_unequal_paths_are_told_apart(tmp_path: Path) -> None:
    # within one output, and between two
    assert depths(tmp_path, [register(A, P), register(P, Q), lut(Y, Q, B)], Y) == (0, 2)
    assert depths(tmp_path, [register(A, Y), register(B, P), register(P, Z)], Y, Z) == (1, 2)


def test_the_other_family_names_its_clock_otherwise(tmp_path: Path) -> None:
    made = cell("TRELLIS_FF", {"CLK": CLOCK, "CE": "1", "LSR": "0", "DI": P}, {"Q": Y})
    assert depths(tmp_path, [register(A, P), made], Y) == (2, 2)


def test_constants_have_no_path(tmp_path: Path) -> None:
    # a constant output, a constant argument and a constant that passes a register
    assert depths(tmp_path, [register(A, Y)], "0", Y, "x") == (1, 1)
    assert depths(tmp_path, [lut(P, A, "1"), register(P, Y)], Y) == (1, 1)
    still = [cell("VCC", {}, {"P": P}), register(P, Q), lut(Z, Q, A), register(Z, Y)]
    assert depths(tmp_path, still, Y) == (1, 1)


@pytest.mark.parametrize(
    ("cells", "output"),
    [([], "1"), ([register("1", Y)], Y), ([cell("GND", {}, {"G": P}), lut(Y, P)], Y), ([], Y)],
    ids=["constant", "clock only", "ground", "undriven"],
)
def test_outputs_without_an_input_are_refused(
    tmp_path: Path, cells: list[dict[str, Any]], output: Bit
) -> None:
    with pytest.raises(ToolError, match="no output of top depends on an input"):
        depths(tmp_path, cells, output)


@pytest.mark.parametrize(
    "cells",
    [[lut(P, A, Y), register(P, Y)], [lut(P, Q, A), lut(Q, P, B), lut(Y, A, P)], [register(Y, Y)]],
    ids=["accumulator", "logic", "itself"],
)
def test_feedback_is_refused(tmp_path: Path, cells: list[dict[str, Any]]) -> None:
    with pytest.raises(ToolError, match="has a loop through net"):
        depths(tmp_path, cells, Y)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"modules": {"top": []}}',
        '{"modules": {"top": {"ports": [], "cells": {}}}}',
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "top.json"
    path.write_text(text)
    with pytest.raises(ToolError, match="is not a netlist of top"):
        register_depths(path, "top")
    with pytest.raises(ToolError, match="is not a netlist of top"):
        register_depths(tmp_path / "none.json", "top")
