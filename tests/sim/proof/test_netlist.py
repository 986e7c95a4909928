"""What a netlist may hold, and what it must not."""

from __future__ import annotations

import re
from typing import Any

import pytest

from symtick.sim.proof.netlist import Netlist, NetlistError


def module(kind: str, pins: dict[str, int]) -> dict[str, Any]:
    """A module with one register that the input x (net 3) reaches, and that y (net 4) reads."""
    cell = {
        "type": kind,
        "parameters": {"CLK_POLARITY": "1"},
        "connections": {"CLK": [2], "D": [3], "Q": [4], **{p: [n] for p, n in pins.items()}},
        "port_directions": {p: "output" if p == "Q" else "input" for p in ("CLK", "D", "Q", *pins)},
    }
    ports = {
        name: {"direction": "output" if name == "y" else "input", "bits": [net]}
        for net, name in enumerate(("clk", "x", "y", "a"), 2)
    }
    return {"ports": ports, "cells": {"r": cell}, "netnames": {}}


def test_a_plain_register_is_a_tick() -> None:
    assert Netlist(module("$dff", {})).ticks[4] == {1}


@pytest.mark.parametrize("kind", ["$adff", "$dffe", "$sdff", "$aldff", "$dlatch", "$_DFF_P_"])
def test_other_cells_that_keep_a_value_are_refused(kind: str) -> None:
    with pytest.raises(NetlistError, match=r"cell r is a \$.*no logic, table or register"):
        Netlist(module(kind, {"ARST": 5}))


@pytest.mark.parametrize(
    ("name", "bits", "reason"),
    [
        ("a", [3], "input a is not free: it shares net 3 with input x"),
        ("a", ["0"], "input a is not free: it is the constant 0"),
        ("x", [4], "input x is not free: cell r drives it"),
        ("y", [2], "output y shows the clock"),
    ],
)
def test_inputs_are_free_and_no_output_is_the_clock(
    name: str, bits: list[int | str], reason: str
) -> None:
    made = module("$dff", {})
    made["ports"][name]["bits"] = bits
    with pytest.raises(NetlistError, match=re.escape(reason)):
        Netlist(made)


def test_the_clock_is_for_registers_alone() -> None:
    made = module("$dff", {})
    made["cells"]["late"] = _cell("$and", {"A": [4], "B": [2], "Y": [6]})
    with pytest.raises(NetlistError, match="cell late reads the clock as a value"):
        Netlist(made)


def test_what_outputs_do_not_depend_on_is_told_by_bits() -> None:
    """Of a choice a bit reads its own two bits and the condition, of a sum it may read all."""
    pins = {"S": [3], "A": [4, 5], "B": [6, 7], "Y": [8, 9]}
    made = {"A": [8, 8], "B": [9, 10], "Y": [11, 12]}
    cells = {"choice": _cell("$mux", pins), "sum": _cell("$add", made)}
    netlist = Netlist({"ports": {}, "cells": cells, "netnames": {}})
    assert netlist.read_for([8]) == {8, 3, 4, 6}
    assert netlist.read_for([11]) == {11, 8, 9, 10, 3, 4, 5, 6, 7}


def _cell(kind: str, pins: dict[str, list[int]]) -> dict[str, Any]:
    directions = {pin: "output" if pin == "Y" else "input" for pin in pins}
    return {"type": kind, "parameters": {}, "connections": pins, "port_directions": directions}
