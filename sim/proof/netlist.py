"""Yosys's word-level netlist of a module: its nets, registers, memories, and where paths lead.

Nets are Yosys's numbers for single bits; constants are "0", "1" and "x". Registers of a pipeline
without feedback only delay: where every path from an input to an output passes the same number of
them, the module is its logic without registers, so many ticks later.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from symtick.errors import ToolError
from symtick.files import write_text
from symtick.sim.proof.cuts.budget import OutOfTimeError, processor_seconds
from symtick.sim.tools import execute, find

Net = int | str
Cell = dict[str, Any]
_PATIENCE = 20  # seconds that pass, at most, for a processor second
REGISTER, MEMORY = "$dff", "$mem_v2"
# Yosys's word-level cells that keep nothing
_LOGIC = frozenset({
    "$not", "$pos", "$neg", "$and", "$or", "$xor", "$xnor", "$reduce_and", "$reduce_or",
    "$reduce_xor", "$reduce_xnor", "$reduce_bool", "$logic_not", "$logic_and", "$logic_or",
    "$shl", "$shr", "$sshl", "$sshr", "$shift", "$shiftx", "$lt", "$le", "$eq", "$ne", "$eqx",
    "$nex", "$ge", "$gt", "$add", "$sub", "$mul", "$div", "$mod", "$divfloor", "$modfloor",
    "$pow", "$mux", "$pmux", "$bmux", "$demux", "$bwmux", "$concat", "$slice",
})  # fmt: skip
# of these, which give "x" for some values of what they read; Yosys's and ABC's checkers say 0
_PARTIAL = ("$shiftx", "$div", "$mod", "$divfloor", "$modfloor", "$pow")


class NetlistError(ToolError):
    """A module is no feed-forward pipeline."""


class UnknownPartError(NetlistError):
    """A module has a part of which nothing is known here."""


@dataclass(frozen=True)
class Memory:
    """A memory that nothing writes.

    Attributes:
        cell: its name.
        address: nets of the address.
        data: nets of the entry read.
        entries: the entries by address, as bit patterns; None where a bit is undefined.
    """

    cell: str
    address: tuple[Net, ...]
    data: tuple[Net, ...]
    entries: tuple[int | None, ...]


class Netlist:
    """One flat module, as Yosys's `write_json` gives it.

    Args:
        module: the module's JSON value.

    Raises:
        UnknownPartError: it has a cell that is no logic, table or register.
        NetlistError: it has a loop, a cell with memory of another kind than plain registers on the
            rising edge of one clock, a net that two cells drive, an input that the module itself
            gives a value, or something but registers that reads the clock.
    """

    def __init__(self, module: Mapping[str, Any]) -> None:
        self.ports: dict[str, dict[str, Any]] = dict(module["ports"])
        self.cells: dict[str, Cell] = dict(module["cells"])
        self.names: dict[str, list[Net]] = {n: w["bits"] for n, w in module["netnames"].items()}
        self._delayed: dict[Net, Net] = {}
        self._driver: dict[Net, str] = {}
        for name, cell in self.cells.items():
            self._add(name, cell)
        self._check_inputs()
        self._check_clock()

    def _add(self, name: str, cell: Cell) -> None:
        if cell["type"] not in (REGISTER, MEMORY, *_LOGIC):
            raise UnknownPartError(f"cell {name} is a {cell['type']}: no logic, table or register")
        if cell["type"] == REGISTER:
            if int(cell["parameters"]["CLK_POLARITY"], 2) != 1 or cell["connections"]["CLK"] != (
                self.port("clk")
            ):
                raise NetlistError(f"register {name} is not clocked by the rising edge of clk")
            pairs = zip(cell["connections"]["Q"], cell["connections"]["D"], strict=True)
            self._delayed |= dict(pairs)
        for net in self.outputs_of(cell):
            if net in self._driver:
                raise NetlistError(f"two cells drive one net: {self._driver[net]} and {name}")
            self._driver[net] = name

    def _check_inputs(self) -> None:
        """Nothing in the module gives its inputs a value, so that they can have any."""
        seen: dict[Net, str] = {}
        for name, port in self.ports.items():
            for net in port["bits"] if port["direction"] == "input" else ():
                why = ""
                if isinstance(net, str):
                    why = f"it is the constant {net}"
                elif net in self._driver:
                    why = f"cell {self._driver[net]} drives it"
                elif net in seen:
                    why = f"it shares net {net} with input {seen[net]}"
                if why:
                    raise NetlistError(f"input {name} is not free: {why}")
                seen[net] = name

    def _check_clock(self) -> None:
        """The clock is no value: nothing here says when in a tick it is read."""
        clock = set(self.port("clk"))
        for name, cell in self.cells.items():
            if not clock.isdisjoint(self.inputs_of(cell)):
                raise NetlistError(f"cell {name} reads the clock as a value")
        for name, port in self.ports.items():
            if port["direction"] == "output" and not clock.isdisjoint(port["bits"]):
                raise NetlistError(f"output {name} shows the clock")

    def port(self, name: str) -> list[Net]:
        """The nets of a port; none where there is no such port."""
        return self.ports[name]["bits"] if name in self.ports else []

    def outputs_of(self, cell: Cell) -> Iterator[Net]:
        """The nets that a cell drives."""
        for pin, nets in cell["connections"].items():
            if cell["port_directions"][pin] == "output":
                yield from nets

    def inputs_of(self, cell: Cell) -> Iterator[Net]:
        """The nets that a cell reads, its clock and unused pins of a memory apart."""
        for pin, nets in cell["connections"].items():
            asked = cell["type"] != MEMORY or pin == "RD_ADDR"
            if cell["port_directions"][pin] == "input" and pin != "CLK" and asked:
                yield from nets

    def undelayed(self, net: Net) -> Net:
        """The net behind all registers that only delay it."""
        seen: set[Net] = set()
        while net in self._delayed and net not in seen:
            seen.add(net)
            net = self._delayed[net]
        return net

    def read_for(self, nets: Iterable[Net]) -> set[Net]:
        """The nets behind registers that some nets depend on, themselves among them.

        Registers and choices are followed bit by bit; another cell counts with all that it reads.
        """
        found: set[Net] = set()
        left = [self.undelayed(net) for net in nets]
        while left:
            net = left.pop()
            if net in found:
                continue
            found.add(net)
            if net in self._driver:
                read = self._read_by_bit(self.cells[self._driver[net]], net)
                left += [self.undelayed(n) for n in read]
        return found

    def _read_by_bit(self, cell: Cell, net: Net) -> Iterable[Net]:
        """What a bit that a cell drives is computed from."""
        pins = cell["connections"]
        if cell["type"] != "$mux":
            return self.inputs_of(cell)
        bit = pins["Y"].index(net)
        return [pins["A"][bit], pins["B"][bit], *pins["S"]]

    @cached_property
    def ticks(self) -> dict[Net, frozenset[int]]:
        """For each net the numbers of registers on its paths from the inputs; constants have none.

        Raises:
            NetlistError: there is a loop.
        """
        order = TopologicalSorter(
            {
                name: {self._driver[n] for n in self.inputs_of(cell) if n in self._driver}
                for name, cell in self.cells.items()
            }
        )
        found: dict[Net, frozenset[int]] = {}
        for port in self.ports.values():
            if port["direction"] == "input":
                found |= dict.fromkeys(port["bits"], frozenset({0}))
        try:
            for name in order.static_order():
                cell = self.cells[name]
                if cell["type"] == REGISTER:
                    for q, d in zip(*(cell["connections"][p] for p in "QD"), strict=True):
                        found[q] = frozenset(t + 1 for t in found.get(d, frozenset()))
                    continue
                ticks = frozenset().union(*(found.get(n, ()) for n in self.inputs_of(cell)))
                found |= dict.fromkeys(self.outputs_of(cell), ticks)
        except CycleError as error:
            raise NetlistError(f"there is a loop through {', '.join(error.args[1])}") from None
        return found

    @cached_property
    def known(self) -> frozenset[Net]:
        """Every net that a cell, an input or a constant gives a value."""
        inputs = (p["bits"] for p in self.ports.values() if p["direction"] == "input")
        return frozenset({"0", "1", *self._driver, *(net for bits in inputs for net in bits)})

    @property
    def last(self) -> int:
        """The largest number of a net."""
        cells = (n for cell in self.cells.values() for n in cell["connections"].values())
        ports = (port["bits"] for port in self.ports.values())
        return max(net for nets in (*cells, *ports) for net in nets if isinstance(net, int))

    def partial(self) -> dict[str, str]:
        """Cells that give an undefined bit for some values of what they read, with their kind."""
        found = {n: c["type"] for n, c in self.cells.items() if c["type"] in _PARTIAL}
        choices = [n for n, c in self.cells.items() if c["type"] == "$pmux"]
        found |= {n: "$pmux" for n in choices if not self._is_exclusive(self.cells[n])}
        return found | {m.cell: MEMORY for m in self.memories() if None in m.entries}

    def _is_exclusive(self, choice: Cell) -> bool:
        """Whether the conditions of a choice compare one signal with different constants.

        Where several may hold a simulator takes the first, and Yosys what it likes.
        """
        selects = choice["connections"]["S"]
        compared: set[tuple[Net, ...]] = set()
        values: set[tuple[Net, ...]] = set()
        for net in selects:
            cell = self.cells.get(self._driver.get(net, ""))
            read, value = [net], ["1"]
            if cell is not None and cell["type"] in ("$eq", "$logic_not"):
                read = cell["connections"]["A"]
                value = cell["connections"].get("B", ["0"] * len(read))
            elif cell is not None and cell["type"] == "$not":
                pins = cell["connections"]
                read, value = [pins["A"][pins["Y"].index(net)]], ["0"]
            if not {"0", "1"}.issuperset(value) or len(value) != len(read):
                return False
            compared.add(tuple(read))
            values.add(tuple(value))
        return len(compared) == 1 and len(values) == len(selects)

    def memories(self) -> Iterator[Memory]:
        """Every memory; raises UnknownPartError for one of another kind than a table."""
        for name, cell in self.cells.items():
            if cell["type"] != MEMORY:
                continue
            figures = {k: v for k, v in cell["parameters"].items() if k != "INIT"}
            pins = cell["connections"]
            number = {k: int(v, 2) for k, v in figures.items() if set(v) <= {"0", "1"}}
            if number["WR_PORTS"] or number["RD_PORTS"] != 1 or number["RD_CLK_ENABLE"]:
                raise UnknownPartError(
                    f"memory {name} is no table that is read once, without a clock"
                )
            entries = _entries(cell["parameters"]["INIT"], number["WIDTH"], number["SIZE"])
            before: list[int | None] = [None] * number["OFFSET"]
            entries = [*before, *entries]
            entries += [None] * ((1 << number["ABITS"]) - len(entries))
            yield Memory(name, tuple(pins["RD_ADDR"]), tuple(pins["RD_DATA"]), tuple(entries))


@dataclass
class FreeNets:
    """Free nets in place of what nothing defines: a bit that is read must then not matter.

    Attributes:
        last: the largest number of a net so far.
        known: nets that have a value.
        made: the free ones.
    """

    last: int
    known: frozenset[Net]
    made: list[Net] = field(default_factory=list)

    def of(self, net: Net) -> Net:
        """The net itself, or a free one."""
        if net in self.known:
            return net
        self.last += 1
        self.made.append(self.last)
        return self.last

    def port(self) -> dict[str, Any]:
        """A port for the free nets."""
        return {"i_x": {"direction": "input", "bits": self.made}} if self.made else {}


def _entries(bits: str, width: int, size: int) -> list[int | None]:
    words = [bits[max(len(bits) - (k + 1) * width, 0) : len(bits) - k * width] for k in range(size)]
    return [int(word, 2) if set(word) <= {"0", "1"} and word else None for word in words]


def always_enabled(module: Mapping[str, Any], enable: str) -> dict[str, Any]:
    """A module as it is while its clock enable is 1, without that port.

    What is returned is the module itself if a tick is an enabled edge of its clock: it is only
    returned where every register keeps its value while the enable is 0, and where no output
    changes with the enable between two edges. Both are followed through multiplexers, bit by bit.

    Args:
        module: the module's JSON value.
        enable: name of the port.

    Raises:
        NetlistError: there is no such port, a register obeys it not, an output depends on it, or
            there is a loop of multiplexers.
    """
    ports, cells = dict(module["ports"]), module["cells"]
    line = ports.pop(enable, {"bits": []})["bits"]
    if len(line) != 1:
        raise NetlistError(f"there is no clock enable {enable}")
    chosen = _in_order({n: c for n, c in cells.items() if c["type"] == "$mux"})
    held, running = (_followed(chosen, line[0], value) for value in "01")
    for name, cell in cells.items():
        pins = cell["connections"]
        if cell["type"] == REGISTER and [held.get(d, d) for d in pins["D"]] != pins["Q"]:
            raise NetlistError(f"register {name} does not keep its value while {enable} is 0")
    _check_shown(module, line[0], enable)

    def read(nets: Iterable[Net]) -> list[Net]:
        return [running.get(net, net) for net in nets]

    left = {}
    for name, cell in cells.items():
        pins, ways = cell["connections"], cell["port_directions"]
        if cell["type"] != "$mux" or not all(net in running for net in pins["Y"]):
            made = {p: nets if ways[p] == "output" else read(nets) for p, nets in pins.items()}
            left[name] = {**cell, "connections": made}
    shown = {n: {**p, "bits": read(p["bits"])} for n, p in ports.items()}
    names = {n: {**w, "bits": read(w["bits"])} for n, w in module["netnames"].items()}
    return {**module, "ports": shown, "cells": left, "netnames": names}


def _in_order(cells: Mapping[str, Cell]) -> list[Cell]:
    """Multiplexers, each after those that it reads."""
    driver = {net: name for name, cell in cells.items() for net in cell["connections"]["Y"]}
    order = TopologicalSorter(
        {
            name: {driver[n] for p in "ABS" for n in cell["connections"][p] if n in driver}
            for name, cell in cells.items()
        }
    )
    try:
        return [cells[name] for name in order.static_order()]
    except CycleError as error:
        raise NetlistError(f"there is a loop through {', '.join(error.args[1])}") from None


def _followed(chosen: Iterable[Cell], line: Net, value: str) -> dict[Net, Net]:
    """The bits of multiplexers that are another net while a net has a value, by net.

    A LUT is a tree of multiplexers: equal branches are merged, as in a decision diagram.
    """
    same: dict[Net, Net] = {line: value}
    known: dict[tuple[Net, Net, Net], Net] = {}
    for cell in chosen:
        pins = {pin: [same.get(n, n) for n in nets] for pin, nets in cell["connections"].items()}
        (select,) = pins["S"]
        for y, a, b in zip(cell["connections"]["Y"], pins["A"], pins["B"], strict=True):
            if a == b or select == "0":
                same[y] = a
            elif select == "1":
                same[y] = b
            elif (a, b) == ("0", "1"):
                same[y] = select
            elif (first := known.setdefault((select, a, b), y)) != y:
                same[y] = first
    return same


def _check_shown(module: Mapping[str, Any], line: Net, enable: str) -> None:
    """No output depends on the enable but through registers."""
    driver: dict[Net, Cell] = {}
    for cell in module["cells"].values():
        for pin, nets in cell["connections"].items():
            if cell["type"] != REGISTER and cell["port_directions"][pin] == "output":
                driver |= dict.fromkeys(nets, cell)
    for name, port in module["ports"].items():
        left, seen = (list(port["bits"]) if port["direction"] == "output" else []), set()
        while left:
            net = left.pop()
            if net == line:
                raise NetlistError(f"output {name} depends on {enable}, which is for registers")
            if net in seen or net not in driver:
                continue
            seen.add(net)
            cell = driver[net]
            left += [n for pin, nets in cell["connections"].items()
                     if cell["port_directions"][pin] == "input" for n in nets]  # fmt: skip


def run_yosys(lines: Sequence[str], folder: Path, name: str, seconds: float) -> None:
    """Run commands in `folder`; script and log are `<name>.ys` and `<name>.log`.

    Args:
        lines: the commands.
        folder: for script and log; it is created.
        name: of both.
        seconds: processor seconds, at least 1.

    Raises:
        OutOfTimeError: they are spent.
        ToolError: Yosys is missing or fails.
    """
    tool = find("yosys")
    script = folder.resolve() / f"{name}.ys"
    write_text(script, "\n".join(lines) + "\n")
    limited([*tool.command, script], script.with_suffix(".log"), seconds, tool.environment())


def limited(
    command: Sequence[str | Path], log: Path, seconds: float, env: Mapping[str, str] | None = None
) -> str:
    """Run a command beside its log for some processor seconds; returns what it prints.

    Raises:
        OutOfTimeError: they are spent, or many times as many have passed.
        ToolError: it cannot start, or fails.
    """
    start, most = processor_seconds(), max(math.ceil(seconds), 1)
    words = ["sh", "-c", 'ulimit -t "$0" && exec "$@"', str(most), *command]
    try:
        return execute(words, folder=log.parent, log=log, env=env, timeout=_PATIENCE * most)
    except ToolError as error:
        if processor_seconds() - start < 0.9 * most and "took more than" not in str(error):
            raise
        raise OutOfTimeError from None
