"""A cost model for tests: round figures, no device."""

from __future__ import annotations

from dataclasses import dataclass

from symtick.codegen import WIRES, Area, GOp, Graph


@dataclass(frozen=True)
class UnitModel:
    """1 ns for an addition or a table, 2 ns for a product, wires free; one LUT for each bit."""

    clock_ns: float = 5.0
    budget_ns: float = 4.0
    name: str = "unit"

    def delay(self, graph: Graph, node: int) -> float:
        here = graph.nodes[node]
        if here.op in WIRES:
            return 0.0
        if here.op is GOp.CAST:
            return 0.0 if here.quant.name == "TRN" and here.overflow.name == "WRAP" else 1.0
        return 2.0 if here.op is GOp.MUL else 1.0

    def registered(self, graph: Graph, node: int) -> bool:
        return False

    def absorbed(self, graph: Graph, adder: int) -> float:
        return 0.0

    def area(self, graph: Graph, node: int) -> Area:
        here = graph.nodes[node]
        if self.delay(graph, node) == 0.0:
            return Area()
        if here.op is GOp.TABLE:
            entries = len(here.contents)
            return Area(lut=here.fmt.width * max(1, entries // 64))
        if here.op is GOp.MUL:
            widths = [graph.nodes[a].fmt.width for a in here.args]
            return Area(lut=float(widths[0] * widths[1]))
        return Area(lut=float(here.fmt.width))


@dataclass(frozen=True)
class SizedModel(UnitModel):
    """Delays that grow with the bits: products and tables can be longer than a stage."""

    name: str = "sized"

    def delay(self, graph: Graph, node: int) -> float:
        here = graph.nodes[node]
        widths = [graph.nodes[a].fmt.width for a in here.args]
        if here.op is GOp.MUL:
            return 0.3 * min(widths) + 0.02 * max(widths)
        if here.op is GOp.TABLE:
            return 0.2 * widths[0]
        if here.op in (GOp.MIN, GOp.MAX):
            return 0.7
        if here.op is GOp.CAST and super().delay(graph, node):
            rounds = here.quant.name != "TRN" and here.fmt.frac < graph.nodes[here.args[0]].fmt.frac
            return 0.8 * (rounds + (here.overflow.name != "WRAP") + 0.3)
        return 0.4 * super().delay(graph, node)
