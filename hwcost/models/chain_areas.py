"""Carry chains of a scheduled graph: the LUTs before them, the columns in those, and inverters.

What `codegen.ir.chains` says of one sum by its formats is said here of all, with the wires between
nodes (`codegen.ir.bit_liveness`) and the registers known: gates that read the same bits in one
stage are one LUT, and a table column goes into a gate that alone reads it.

Synthesis counts inverters that no LUT takes in: of a column that a register or a chain reads while
its complement is there too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

import numpy as np

from symtick.codegen.ir.absorption import column_bits, fits
from symtick.codegen.ir.bit_liveness import BitLiveness
from symtick.codegen.ir.chains import SUMS, Gate, luts, sum_gates
from symtick.codegen.ir.graph import GOp, Graph
from symtick.codegen.ir.schedule import Schedule


@dataclass(frozen=True)
class ChainAreas:
    """What is there around carry chains.

    Attributes:
        sums: of each sum that something reads, LUTs of two bits and of one; those that sums share
            are the first one's.
        taken: of each table, the columns that a sum takes in.
        inverters: of each table, columns whose complement is needed too.
        inverted: stages and drivers of address bits among these.
    """

    sums: dict[int, tuple[int, int]]
    taken: Counter[int]
    inverters: Counter[int]
    inverted: frozenset[tuple[int, int]]

    @classmethod
    def of(cls, graph: Graph, schedule: Schedule, wires: BitLiveness) -> ChainAreas:
        """Analyse a graph."""
        work = _Work(graph, schedule, wires)
        work.read()
        inverters, inverted = work.inverters()
        return cls(work.sums, work.taken(), inverters, inverted)


@dataclass
class _Work:
    graph: Graph
    schedule: Schedule
    wires: BitLiveness
    sums: dict[int, tuple[int, int]] = field(default_factory=dict)
    # by driver: gates that read it, with their stages, and how often it is needed as it is
    gates: defaultdict[int, set[tuple[int, Gate]]] = field(default_factory=lambda: defaultdict(set))
    plain: Counter[int] = field(default_factory=Counter)

    def read(self) -> None:
        """Fill in sums, gates and plain readers."""
        stage, known = self.schedule.stage, set[tuple[int, Gate]]()
        for k, node in enumerate(self.graph.nodes):
            if node.op not in SUMS:
                continue
            new = set()
            for first, gate in self._chain(k):
                self.plain.update([first] if first >= 0 else [])
                if gate is None:
                    continue
                if gate.lut:
                    new.add((stage[k], gate))
                for driver in gate.bits:
                    if gate.lut:
                        self.gates[driver].add((stage[k], gate))
                    else:
                        self.plain[driver] += 1
            self.sums[k] = luts(gate for _, gate in new - known)
            known |= new
        for driver, readers in enumerate(self.wires.readers):
            self.plain[driver] += sum(not self._by_gate(driver, k) for k in readers)

    def _chain(self, number: int) -> list[tuple[int, Gate | None]]:
        """Of each bit that something needs, the first operand's driver and the gate."""
        bits = self.wires.bits[number]
        own = [j for j, d in enumerate(bits) if d >= 0 and self.wires.owner[d] == number]
        live = [j for j in own if self.wires.readers[bits[j]]]
        if not live:
            return []
        firsts, chain = sum_gates(self.graph, number, self.wires.bits)
        return list(zip(firsts, chain, strict=True))[own[0] : live[-1] + 1]

    def _by_gate(self, driver: int, reader: int) -> bool:
        """Whether a reader is a sum in the stage where the bit is made, and no port."""
        nodes = self.graph.nodes
        inside = reader < len(nodes) and nodes[reader].op in SUMS
        return inside and not self._registered(driver, reader)

    def _registered(self, driver: int, reader: int) -> bool:
        stages = (*self.schedule.stage, self.schedule.latency)
        return stages[reader] > stages[self.wires.owner[driver]]

    def _columns(self, table: int) -> list[tuple[int, int]]:
        """Place and driver of each column that is logic and that something reads."""
        return [
            (j, d)
            for j, d in enumerate(self.wires.bits[table])
            if d >= 0 and self.wires.owner[d] == table and self.wires.readers[d]
        ]

    def taken(self) -> Counter[int]:
        """Columns that gates take in, by table."""
        found: Counter[int] = Counter()
        for k, node in enumerate(self.graph.nodes):
            if node.op is not GOp.TABLE:
                continue
            depths = column_bits(node.contents, node.fmt.width)
            for j, driver in self._columns(k):
                readers = self.gates[driver]
                if len(readers) == 1 and not self.plain[driver] and depths[j] > 1:
                    ((stage, gate),) = readers
                    found[k] += stage == self.schedule.stage[k] and fits(gate, depths[j])
        return found

    def inverters(self) -> tuple[Counter[int], frozenset[tuple[int, int]]]:
        """How many complements are needed as they are, and of which address bits."""
        found: Counter[int] = Counter()
        inverted: set[tuple[int, int]] = set()
        there: dict[tuple[int, tuple[int, ...]], set[bytes]] = {}
        for k, node in enumerate(self.graph.nodes):
            if node.op is not GOp.TABLE:
                continue
            address, stage = self.wires.bits[node.args[0]], self.schedule.stage[k]
            codes = np.arange(len(node.contents))
            plain = {(codes >> j & 1).astype(bool).tobytes(): d for j, d in enumerate(address)}
            seen = there.setdefault((stage, address), set(plain))
            for j, driver in self._columns(k):
                column = np.array([v >> j & 1 for v in node.contents], bool)
                if not self.plain[driver]:
                    continue
                complement = (~column).tobytes()
                new = column.tobytes() not in seen and complement in seen
                if complement in plain:
                    bit = (stage, plain[complement])
                    new &= bit not in inverted
                    inverted.add(bit)
                found[k] += new
                seen.add(column.tobytes())
        return found, frozenset(inverted)
