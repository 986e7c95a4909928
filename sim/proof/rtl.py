"""Verilog = graph: every node of the emitted Verilog computes what the graph says of it.

The emitted text is read by Yosys, its registers are taken out once every path is known to pass the
scheduled number of them, and it is cut at every node: a node's logic reads the nodes before it as
free bits within their ranges (`ranges` shows that these hold). Tables are compared entry by entry;
everything else is compared with the graph's own text (`model`) by Yosys's equivalence checker. As
the graph has no loop, nodes that are each right for all values of their arguments make a design
that is right for all inputs. Where one is not, the whole is compared at its outputs (`whole`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from symtick.codegen.design import Design
from symtick.codegen.emit.names import ENABLE, ports, signal_names
from symtick.codegen.ir.graph import GNode, GOp, Graph
from symtick.errors import ToolError
from symtick.files import write_text
from symtick.sim.proof.cuts.budget import Clock, OutOfTimeError, processor_seconds
from symtick.sim.proof.model import assigned, holder, signal, within
from symtick.sim.proof.netlist import (
    REGISTER,
    Cell,
    FreeNets,
    Memory,
    Net,
    Netlist,
    NetlistError,
    UnknownPartError,
    always_enabled,
    run_yosys,
)
from symtick.sim.proof.outcome import Finding, Step, Verdict
from symtick.sim.proof.values.ranges import code_range, wrong_ranges
from symtick.sim.proof.whole import replayed, same_for_all

CLAIM = "Verilog = graph"
TIMEOUT = 600.0
_WHOLE = 20.0  # of them at most for the comparison of the whole
_NO_SIGNAL = (GOp.CONST, GOp.SCALE)


def verilog_equals_graph(
    design: Design, source: Path, folder: Path, timeout: float = TIMEOUT
) -> Step:
    """Prove that a Verilog file computes the design's graph, as late as its schedule says.

    Args:
        design: the design; of its Verilog only the names of signals are taken over.
        source: the Verilog.
        folder: where scripts, logs and netlists go; it is created.
        timeout: processor seconds for the equivalence checkers.

    Raises:
        ToolError: Yosys is missing, or cannot read the file.
    """
    start = processor_seconds()
    try:
        check = _Check(design, _read(source, design, folder))
        findings = _enabled(design) + check.findings(source, folder, timeout)
    except UnknownPartError as error:
        findings = [Finding("pipeline", Verdict.UNDECIDED, str(error))]
    except NetlistError as error:
        findings = [Finding("pipeline", Verdict.COUNTEREXAMPLE, str(error))]
    except OutOfTimeError:
        findings = [Finding("the Verilog", Verdict.UNDECIDED, "out of time before it was read")]
    return Step(CLAIM, tuple(findings), processor_seconds() - start)


def _enabled(design: Design) -> list[Finding]:
    """What the reading of a design with a clock enable has shown of that."""
    reason = f"every register keeps its value while {ENABLE} is 0, and no output depends on it"
    found = Finding("clock enable", Verdict.PROVED, reason)
    return [found] if design.interface.enable else []


def _read(source: Path, design: Design, folder: Path) -> Netlist:
    path, top = folder.resolve() / "emitted.json", design.name
    lines = [
        f'read_verilog -sv -nolatches "{source.resolve()}"',
        f"hierarchy -check -top {top}",
        "proc",
        "flatten",
        "memory_collect",
        f'write_json "{path}"',
    ]
    run_yosys(lines, folder, "read", TIMEOUT)
    module = json.loads(path.read_text())["modules"][top]
    return Netlist(always_enabled(module, ENABLE) if design.interface.enable else module)


@dataclass
class _Cut:
    """The emitted logic, cut at the nodes.

    Attributes:
        nets: the nets of each node that has a signal, by node.
        owner: the first node that each of these nets belongs to, and its bit there.
        free: the net that stands for a cut one where it is read.
    """

    nets: dict[int, list[Net]]
    owner: dict[Net, tuple[int, int]] = field(default_factory=dict)
    free: dict[Net, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        number = max(
            (n for nets in self.nets.values() for n in nets if isinstance(n, int)), default=1
        )
        number += 1 << 30
        for k, nets in self.nets.items():
            for bit, net in enumerate(nets):
                if isinstance(net, int) and net not in self.owner:
                    self.owner[net] = k, bit
                    self.free[net] = (number := number + 1)

    def read(self, net: Net) -> Net:
        """A net as logic behind the cut reads it."""
        return self.free.get(net, net)

    def driven(self, number: int) -> list[Net]:
        """What a node's own logic drives; of bits that an earlier node owns, what stands there."""
        return [
            net if self.owner.get(net, (number, 0))[0] == number else self.read(net)
            for net in self.nets[number]
        ]


class _Check:
    def __init__(self, design: Design, netlist: Netlist) -> None:
        self.design, self.graph, self.netlist = design, design.graph, netlist
        self.wrong: list[Finding] = []
        self.labels = [_label(self.graph, k) for k in range(len(self.graph.nodes))]
        self.names = ports(design)
        self.signals = signal_names(self.graph, self.names)
        self.ports = self._ports()
        self.cut = _Cut(self._nets())
        outputs = (net for (way, _), nets in self.ports.items() if way == "output" for net in nets)
        self.live = netlist.read_for(outputs)

    # -- where nodes stand in the netlist

    def _ports(self) -> dict[tuple[str, int], list[Net]]:
        """The nets of each port, by direction and index."""
        graph, found = self.graph, {}
        read = {n.number: n for n in graph.nodes if n.op is GOp.INPUT}
        wanted = [("input", j, name, read[j]) for j, _, name in self.names.inputs]
        wanted += [
            ("output", j, name, graph.nodes[k]) for j, (k, name) in enumerate(self.names.outputs)
        ]
        left = {
            n: p for n, p in self.netlist.ports.items() if n != "clk" or p["direction"] != "input"
        }
        for direction, j, name, node in wanted:
            port = left.pop(name, None)
            if (
                port is None
                or port["direction"] != direction
                or len(port["bits"]) != node.fmt.width
            ):
                raise NetlistError(f"there is no {direction} {name} of {node.fmt.width} bits")
            found[direction, j] = port["bits"]
        if left:
            raise NetlistError(f"port {', '.join(left)} is none of the graph's")
        return found

    def _nets(self) -> dict[int, list[Net]]:
        """The nets of every node that has a signal of its own, behind registers."""
        nets: dict[int, list[Net]] = {}
        for k, node in enumerate(self.graph.nodes):
            if node.op in _NO_SIGNAL:
                continue
            bits = self.ports["input", node.number] if node.op is GOp.INPUT else self._named(k)
            if len(bits) != node.fmt.width:
                raise UnknownPartError(f"signal {self.labels[k]} has not {node.fmt.width} bits")
            nets[k] = [self.netlist.undelayed(net) for net in bits]
        return nets

    def _named(self, number: int) -> list[Net]:
        name = self.signals[number]
        if name not in self.netlist.names:
            raise UnknownPartError(f"there is no signal {name}, as the graph's nodes are named")
        return self.netlist.names[name]

    # -- what is to be shown

    def findings(self, source: Path, folder: Path, timeout: float) -> list[Finding]:
        """The answers: latency, ranges, outputs, tables, and the other nodes."""
        clock, whole = Clock(timeout), min(timeout / 3, _WHOLE)
        tables, cells = self._tables()
        certain = [*self._latency(), *self._ranges(), *self._undefined(cells)]
        parts = [*self._outputs(), *tables.values()]
        parts += self._nodes(tables, cells, folder, timeout - whole)
        if all(part.verdict is Verdict.PROVED for part in parts):
            return certain + parts
        seconds = min(clock.left, _WHOLE)
        found = same_for_all(self.graph, self.netlist, self.ports, folder, seconds)
        if found.verdict is Verdict.PROVED:
            return certain + [_at_the_outputs(part) for part in parts]
        if found.verdict is Verdict.COUNTEREXAMPLE:
            parts += self._shown(found.inputs, source, folder / "replayed")
        return certain + parts

    def _shown(self, inputs: Mapping[str, int], source: Path, folder: Path) -> list[Finding]:
        """An input for which the Verilog gives something else, as Verilator shows it."""
        try:
            text = replayed(self.design, inputs, source, folder)
        except ToolError as error:
            why = f"there is one that shows a difference, which Verilator does not run: {error}"
            return [Finding("an input", Verdict.UNDECIDED, why)]
        return [Finding("an input", Verdict.COUNTEREXAMPLE, text)] if text else []

    def _nodes(
        self, tables: Mapping[int, Finding], cells: Mapping[str, Cell], folder: Path,
        timeout: float,
    ) -> list[Finding]:  # fmt: skip
        """Of each other node whether its own logic is right."""
        rest = [
            k for k in self.cut.nets
            if self.graph.nodes[k].op is not GOp.INPUT and k not in tables
        ]  # fmt: skip
        clock = Clock(timeout)
        proved = self._proved(rest, cells, folder, clock)
        why = "its logic is not shown to equal the graph's node for all values before it"
        why = why if clock.left else f"out of time, {why}"
        answers = []
        for k in rest:
            if k in proved:
                why_proved = "equivalence checker"
                if not all(self._live_bits(k)):
                    why_proved += ", for the bits that outputs depend on"
                answers.append(Finding(self.labels[k], Verdict.PROVED, why_proved))
            else:
                answers.append(Finding(self.labels[k], Verdict.UNDECIDED, why))
        return answers

    def _latency(self) -> list[Finding]:
        latency, answers = self.design.schedule.latency, []
        for j, name in enumerate(self.graph.output_names):
            ticks = frozenset().union(
                *(self.netlist.ticks.get(n, ()) for n in self.ports["output", j])
            )
            right = ticks <= {latency}
            verdict = Verdict.PROVED if right else Verdict.COUNTEREXAMPLE
            passed = " or ".join(map(str, sorted(ticks))) or "no"
            text = f"paths from the inputs pass {passed} registers, scheduled are {latency}"
            answers.append(Finding(f"latency of {name}", verdict, text))
        return answers

    def _ranges(self) -> list[Finding]:
        wrong = wrong_ranges(self.graph)
        if not wrong:
            return [Finding("ranges of all nodes", Verdict.PROVED, "interval arithmetic")]
        return [
            Finding(f"range of {self.labels[k]}", Verdict.UNDECIDED, t) for k, t in wrong.items()
        ]

    def _undefined(self, cells: Mapping[str, Cell]) -> list[Finding]:
        """Cells of the logic that may give undefined bits, which no checker here follows."""
        return [
            Finding(f"cell {name}", Verdict.UNDECIDED, f"a {kind} may give an undefined bit")
            for name, kind in self.netlist.partial().items() if name in cells
        ]  # fmt: skip

    def _outputs(self) -> list[Finding]:
        """Whether each output port carries its node."""
        answers = []
        for j, k in enumerate(self.graph.outputs):
            node, name = self.graph.nodes[holder(self.graph, k)], self.graph.output_names[j]
            have = [self.netlist.undelayed(net) for net in self.ports["output", j]]
            if node.op is GOp.CONST:
                wanted = _constant_nets(node)
            else:
                wanted = self.cut.nets[holder(self.graph, k)]
            same = have == wanted
            verdict = Verdict.PROVED if same else Verdict.UNDECIDED
            text = "it is" if same else "it is not seen to be"
            answers.append(Finding(f"output {name}", verdict, f"{text} {self.labels[k]}"))
        return answers

    def _tables(self) -> tuple[dict[int, Finding], dict[str, Cell]]:
        """Tables that are memories, compared entry by entry; and the logic that is left."""
        cells = {n: c for n, c in self.netlist.cells.items() if c["type"] != REGISTER}
        by_data: dict[tuple[Net, ...], Memory] = {m.data: m for m in self.netlist.memories()}
        found: dict[int, Finding] = {}
        for k, node in enumerate(self.graph.nodes):
            memory = by_data.get(tuple(self.cut.nets.get(k, ())))
            if node.op is GOp.TABLE and memory is not None:
                found[k] = self._table(k, node, memory)
                cells.pop(memory.cell, None)
        return found, cells

    def _table(self, number: int, node: GNode, memory: Memory) -> Finding:
        name, source = self.labels[number], holder(self.graph, node.args[0])
        address = self.graph.nodes[node.args[0]]
        wanted = _constant_nets(address) if address.op is GOp.CONST else self.cut.nets[source]
        read = [self.netlist.undelayed(net) for net in memory.address]
        if read[: len(wanted)] != wanted or any(net != "0" for net in read[len(wanted) :]):
            why = f"its address is not seen to be {self.labels[source]}"
            return Finding(name, Verdict.UNDECIDED, why)
        span, size = len(node.contents), 1 << node.fmt.width
        for raw in range(address.lo, address.hi + 1):
            entry = memory.entries[raw % span]
            if entry != node.contents[raw % span] % size:
                text = f"entry {raw % span} is {entry}, not {node.contents[raw % span] % size}"
                return Finding(name, Verdict.COUNTEREXAMPLE, text)
        return Finding(name, Verdict.PROVED, f"all {address.hi - address.lo + 1} entries compared")

    # -- the rest, by the equivalence checker

    def _proved(
        self, numbers: Sequence[int], cells: Mapping[str, Cell], folder: Path, clock: Clock
    ) -> set[int]:
        """The nodes that are shown to be right, most of them for any values before them."""
        proved: set[int] = set()
        waiting = [(tuple(numbers), False)]
        while waiting and clock.left:
            part, ranged = waiting.pop(0)
            limit = max(clock.left / (1 + 2 * bool(len(part) > 1)), 1.0)
            if not part:
                continue
            found = self._attempt(part, ranged, cells, folder, limit)
            if found is not None:
                proved |= found
                if not ranged:
                    waiting.append((tuple(k for k in part if k not in found), True))
            elif len(part) > 1:  # one hard node shall not keep the others from an answer
                waiting += [(half, ranged) for half in (part[::2], part[1::2])]
            elif not ranged:
                waiting.append((part, True))
        return proved

    def _attempt(
        self, numbers: Sequence[int], ranged: bool, cells: Mapping[str, Cell], folder: Path,
        timeout: float,
    ) -> set[int] | None:  # fmt: skip
        """The nodes that Yosys shows to be right; None where it takes too long.

        Args:
            numbers: the nodes.
            ranged: whether the values before a node keep to their ranges; else they are any.
            cells: the emitted logic.
            folder: for scripts and netlists.
            timeout: processor seconds.
        """
        write_text(folder / "cut.json", json.dumps(self._cut_module(numbers, cells)))
        write_text(folder / "model.v", "\n".join(self._top(numbers, ranged)) + "\n")
        result = folder.resolve() / "proved.json"
        lines = [
            f'read_json "{folder.resolve() / "cut.json"}"',
            f'read_verilog -sv "{folder.resolve() / "model.v"}"',
            "hierarchy -check -top top",
            "proc -norom",
            "flatten",
            "memory_map",
            "opt_expr",
            "cd top",
            *(f"equiv_add e_{k} m_{k}" for k in numbers),
            "equiv_struct",
            "equiv_simple",
            f'write_json "{result}"',
        ]
        try:
            run_yosys(lines, folder, "prove", timeout)
        except OutOfTimeError:
            return None
        return self._read_proved(numbers, json.loads(result.read_text())["modules"]["top"])

    def _read_proved(self, numbers: Iterable[int], module: Mapping[str, Any]) -> set[int]:
        """The nodes of which every bit that an output depends on is shown.

        Yosys connects both sides of what it has shown.
        """
        shown: dict[Net, bool] = {}
        for cell in module["cells"].values():
            if cell["type"] == "$equiv":
                (left,), (right,) = (cell["connections"][pin] for pin in "AB")
                shown[left] = shown.get(left, True) and left == right
        proved = set()
        for k in numbers:
            sides = (module["ports"][f"{side}_{k}"]["bits"] for side in "pq")
            bits = zip(*sides, self._live_bits(k), strict=True)
            if all(shown.get(left, left == right) for left, right, live in bits if live):
                proved.add(k)
        return proved

    def _live_bits(self, number: int) -> list[bool]:
        """Of each bit of a node whether an output port depends on it in the emitted logic.

        The logic of these bits reads no others: where they are right for all values before them,
        all outputs are.
        """
        return [net in self.live for net in self.cut.nets[number]]

    def _cut_module(self, numbers: Iterable[int], cells: Mapping[str, Cell]) -> dict[str, Any]:
        """The emitted logic with every node as an input where it is read."""
        inputs: dict[int, list[Net]] = {}
        for net, (k, _) in self.cut.owner.items():
            inputs.setdefault(k, []).append(self.cut.free[net])
        ports = {f"i_{k}": {"direction": "input", "bits": bits} for k, bits in inputs.items()}
        free = FreeNets(max(self.cut.free.values(), default=1), self.netlist.known)
        cuts = set(self.cut.free.values())
        for k in numbers:
            driven = [net if net in cuts else free.of(net) for net in self.cut.driven(k)]
            ports[f"o_{k}"] = {"direction": "output", "bits": driven}
        moved = {}
        for name, cell in cells.items():
            pins = {
                pin: nets if cell["port_directions"][pin] == "output"
                else [self.cut.read(free.of(self.netlist.undelayed(net))) for net in nets]
                for pin, nets in cell["connections"].items()
            }  # fmt: skip
            moved[name] = {**cell, "connections": pins}
        ports |= free.port()
        module = {"ports": ports, "cells": moved, "netnames": {}}
        return {"creator": "symtick", "modules": {"cut": module}}

    def _top(self, numbers: Sequence[int], ranged: bool) -> list[str]:
        """A module with the cut logic, the graph's own text, and values between them.

        Every node's value is free, or within its range; bits that are an earlier node's are those.
        """
        ports, lines, pins = [], [], []
        for k in self.cut.nets:
            ports_, lines_ = self._value(k, ranged)
            ports += ports_
            lines += lines_
            pins += [f".i_{k}(i_{k})"] if ports_ else []
        for k in numbers:
            width = self.graph.nodes[k].fmt.width
            ports += [f"output [{width - 1}:0] {side}_{k}" for side in "pq"]
            pins.append(f".o_{k}(e_{k})")
            lines += [f"wire [{width - 1}:0] e_{k};", f"assign p_{k} = e_{k};"]
            lines += [*assigned(self.graph, k), f"assign q_{k} = m_{k};"]
        return [f"module top({', '.join(ports)});", *lines, f"cut cut({', '.join(pins)});",
                "endmodule"]  # fmt: skip

    def _value(self, number: int, ranged: bool) -> tuple[list[str], list[str]]:
        """Ports and lines that give `c_<number>` every value, or every one in the node's range."""
        node, nets = self.graph.nodes[number], self.cut.nets[number]
        own = [net for net, (k, _) in self.cut.owner.items() if k == number]
        place = {net: bit for bit, net in enumerate(own)}
        texts = []
        for net in nets:
            if net not in self.cut.owner:
                texts.append(f"1'b{net}")
            elif net in place:
                texts.append(f"i_{number}[{place[net]}]")
            else:
                k, bit = self.cut.owner[net]
                texts.append(f"{signal(k)}[{bit}]")
        width = node.fmt.width
        whole = "{" + ", ".join(reversed(texts)) + "}"
        ports = [f"input [{len(own) - 1}:0] f_{number}"] if own else []
        lines = [f"wire [{width - 1}:0] {signal(number)} = {whole};"]
        if own:
            limited = ranged and len(own) == width and (node.lo, node.hi) != code_range(node)
            value = within(node, f"f_{number}") if limited else f"f_{number}"
            lines.insert(0, f"wire [{len(own) - 1}:0] i_{number} = {value};")
        return ports, lines


def _at_the_outputs(part: Finding) -> Finding:
    """A part that is right as far as outputs depend on it, which are."""
    if part.verdict is Verdict.PROVED:
        return part
    why = "the outputs equal the graph's for all inputs, by the equivalence checker"
    return Finding(part.subject, Verdict.PROVED, why)


def _constant_nets(node: GNode) -> list[Net]:
    return [str(node.number >> bit & 1) for bit in range(node.fmt.width)]


def _label(graph: Graph, number: int) -> str:
    node = graph.nodes[number]
    return graph.input_names[node.number] if node.op is GOp.INPUT else f"{node.op.value}{number}"
