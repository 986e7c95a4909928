"""Cost models: delay and area of graph nodes on a device, for the scheduler and for estimates.

`model` makes one of three kinds:

    open       delays (routing included) and LUT counts of the device file, fitted to Yosys and
               nextpnr runs
    published  whole cycles: every operation takes a tick of its own, as in the tables of Vivado HLS
    unit       every operation takes 1 ns and one LUT; for tests
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from symtick.codegen.ir.absorption import columns_taken
from symtick.codegen.ir.graph import WIRES, GNode, GOp, Graph
from symtick.codegen.ir.schedule import Area
from symtick.defaults import CLOCK_MHZ, DEVICE
from symtick.errors import InputError
from symtick.hwcost.devices.device import Device, load_device
from symtick.hwcost.models.features import PricedPart, parts, shape
from symtick.hwcost.models.table_columns import F7_INPUTS, F8_INPUTS, LUT_INPUTS, TableShape

_MAX_CLOCK_MHZ = 1000.0
# what tables take in a design, in shares of what they take by themselves: on long paths synthesis
# has a column twice, and it is of differences that later tables and sums make, which are less
# smooth than the tables that factors are measured on (fronts of made tasks, Yosys)
_BESIDE, _BESIDE_WIDE = 1.04, 1.1


@dataclass(frozen=True)
class OpenModel:
    """A `CostModel` from the delay and area rows of a device."""

    device: Device
    clock_mhz: float

    @property
    def name(self) -> str:
        """Device and clock."""
        return f"{self.device.name} at {self.clock_mhz:g} MHz"

    @property
    def clock_ns(self) -> float:
        """Clock period."""
        return 1000.0 / self.clock_mhz

    @property
    def budget_ns(self) -> float:
        """What logic may take of the period."""
        clock = self.device.clock
        assert clock is not None  # the schema asks an open device for it
        return self.clock_ns * (1.0 - clock.margin) - clock.overhead_ns

    def delay(self, graph: Graph, node: int) -> float:
        """Nanoseconds through a node, the wires to it included."""
        return sum(self._part_delay(part) for part in parts(graph, node, counted=False))

    def registered(self, graph: Graph, node: int) -> bool:
        """Whether a product that is longer than a stage is one DSP block with its own registers."""
        rule = self.device.dsp
        if rule is None or graph.nodes[node].op is not GOp.MUL:
            return False
        priced = parts(graph, node)
        if len(priced) != 1 or self.blocks(priced[0]) != 1:
            return False
        return rule.delay_ns > self.budget_ns and rule.registered_ns <= self.clock_ns

    def area(self, graph: Graph, node: int, bits: float | None = None) -> Area:
        """LUTs and DSPs of a node.

        Args:
            graph: with the node.
            node: its number.
            bits: what stands for the bits of a sum or a DIGIT_ROW, where more than its formats is
                known.
        """
        total = Area()
        for part in parts(graph, node):
            known = part if bits is None else replace(part, area_bits=bits)
            total = total + self._part_area(known, graph.nodes[node])
        return total

    def absorbed(self, graph: Graph, adder: int) -> float:
        """Columns of the last operand that fit into the adder's LUTs."""
        return float(columns_taken(graph.nodes, adder))

    def row_delay(self, row: str, features: Mapping[str, float]) -> float:
        """Delay of one operation that is in no graph, from its features."""
        return self._part_delay(PricedPart(row, features))

    def blocks(self, part: PricedPart) -> int:
        """DSP blocks of a product; 0 where it is built from LUTs."""
        rule = self.device.dsp
        if rule is None or part.row not in ("mul", "square", "constant"):
            return 0
        if part.features["shorter"] < rule.min_factor or part.features["width"] < rule.min_product:
            return 0
        longer = int(part.features["longer_signed"])
        shorter = int(part.features["shorter_signed"])
        # a block is signed, so that pieces of a split factor carry one bit less
        piece = rule.max_b - 1
        across = 1 + max(0, -(-(longer - rule.max_a) // piece))
        along = 1 + max(0, -(-(shorter - rule.max_b) // piece))
        return across * along

    def _part_delay(self, part: PricedPart) -> float:
        if self.device.dsp is not None and self.blocks(part):
            return self.device.dsp.delay_ns
        return self.device.row("delay", part.row).value(part.features)

    def _part_area(self, part: PricedPart, node: GNode) -> Area:
        blocks = self.blocks(part)
        if blocks:
            return Area(dsp=float(blocks))
        if part.row == "table" and node.op is GOp.TABLE:
            return Area(lut=self.table_luts(shape(node)))
        features = part.features
        if part.area_bits is not None:
            features = {**features, "bits": part.area_bits}
        return Area(lut=max(0.0, self.device.row("area", part.row).value(features)))

    def table_luts(self, table: TableShape, *, flat: bool = False) -> float:
        """LUTs of tables: counted from their contents, times what synthesis adds.

        Args:
            table: what was counted.
            flat: no logic of its design is more than one LUT deep.
        """
        factors = self.device.table_factor
        if flat and LUT_INPUTS < table.address <= F8_INPUTS:
            return table.joined * factors.get(LUT_INPUTS, 1.0)
        factor = factors.get(table.address, max(factors.values(), default=1.0))
        return table.luts * factor * (_BESIDE_WIDE if table.address > F7_INPUTS else _BESIDE)


@dataclass(frozen=True)
class CycleModel:
    """A `CostModel` in which every operation takes one whole tick."""

    device: Device

    @property
    def name(self) -> str:
        """Device and period."""
        return f"{self.device.name} at {self.clock_mhz:g} MHz"

    @property
    def clock_mhz(self) -> float:
        """The only clock that the tables are for."""
        return 1000.0 / self.clock_ns

    @property
    def clock_ns(self) -> float:
        """Clock period."""
        assert self.device.period_ns is not None  # the schema asks a published device for it
        return self.device.period_ns

    @property
    def budget_ns(self) -> float:
        """The whole period: the tables count in whole periods."""
        return self.clock_ns

    def delay(self, graph: Graph, node: int) -> float:
        """A whole period, none for wires."""
        return 0.0 if graph.nodes[node].op in WIRES else self.clock_ns

    def registered(self, graph: Graph, node: int) -> bool:
        """Never: no operation is longer than a stage."""
        return False

    def area(self, graph: Graph, node: int) -> Area:
        """Unknown: the tables state cycles only."""
        return Area()

    def absorbed(self, graph: Graph, adder: int) -> float:
        """Unknown."""
        return 0.0


@dataclass(frozen=True)
class UnitModel:
    """A `CostModel` for tests: 1 ns and one LUT for every operation, wires free."""

    clock_mhz: float

    @property
    def name(self) -> str:
        """Kind and clock."""
        return f"unit at {self.clock_mhz:g} MHz"

    @property
    def clock_ns(self) -> float:
        """Clock period."""
        return 1000.0 / self.clock_mhz

    @property
    def budget_ns(self) -> float:
        """The whole period."""
        return self.clock_ns

    def delay(self, graph: Graph, node: int) -> float:
        """1 ns, none for wires."""
        return 0.0 if graph.nodes[node].op in WIRES else 1.0

    def registered(self, graph: Graph, node: int) -> bool:
        """Never: no operation is longer than a stage."""
        return False

    def area(self, graph: Graph, node: int) -> Area:
        """One LUT, none for wires."""
        return Area() if graph.nodes[node].op in WIRES else Area(lut=1.0)

    def absorbed(self, graph: Graph, adder: int) -> float:
        """None: every operation takes its LUT."""
        return 0.0


Model = OpenModel | CycleModel | UnitModel


def model(device: str = DEVICE, clock_mhz: float = CLOCK_MHZ, kind: str | None = None) -> Model:
    """The cost model of a device at a clock.

    Args:
        device: a name of `devices()`; not read for kind `unit`.
        clock_mhz: clock; a published table is for one clock only.
        kind: `open`, `published` or `unit`; by default what the device file is.

    Raises:
        InputError: the device is unknown, is of another kind, or cannot run at that clock.
    """
    if not 0.0 < clock_mhz <= _MAX_CLOCK_MHZ:
        raise InputError(f"a clock must lie in 0 to {_MAX_CLOCK_MHZ:g} MHz, not {clock_mhz!r}")
    if kind == "unit":
        return UnitModel(clock_mhz)
    part = load_device(device)
    if kind is not None and kind != part.kind:
        raise InputError(f"device {device} is of kind {part.kind!r}, not {kind!r}")
    if part.kind == "published":
        only = 1000.0 / (part.period_ns or 1.0)
        if abs(clock_mhz - only) > 1e-6:
            raise InputError(f"the cycles of {device} are for {only:g} MHz, not {clock_mhz:g} MHz")
        return CycleModel(part)
    clock = part.clock
    assert clock is not None  # the schema asks an open device for it
    if clock.max_mhz is not None and clock_mhz > clock.max_mhz and not clock.assumed:
        raise InputError(
            f"{device} cannot be clocked with {clock_mhz:g} MHz: {clock.max_mhz:g} MHz is the most "
            f"({clock.max_source})"
        )
    made = OpenModel(part, clock_mhz)
    least = made.row_delay("table", {"address": 4})
    if made.budget_ns < least:
        raise InputError(
            f"a clock of {clock_mhz:g} MHz leaves {made.budget_ns:.2f} ns for logic on {device}, "
            f"less than the {least:.2f} ns that a table of four address bits takes; lower the clock"
        )
    return made
