"""Measure operators through Yosys and nextpnr, and write the device files that follow from them.

Room: front door (it needs `codegen` to print, `sim` to measure and `hwcost` to store). Every point
is one graph node between registers, printed by the code generator itself: LUTs for the UltraScale+
from Yosys, LUTs and delay for the ECP5 from Yosys and nextpnr. Results are kept one file a point,
so that an interrupted run goes on where it stopped.

    python -m symtick.characterise FOLDER [DATA]

writes points to FOLDER and `open.yaml`, `ecp5-85k-8.yaml`, `xcvu9p-2.yaml` to DATA (by default the
package's own `hwcost/data`).
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from symtick.codegen.design import Design
from symtick.codegen.emit_verilog import verilog_files
from symtick.codegen.fixed import Fixed, Overflow, Quant
from symtick.codegen.graph import GOp, Graph, GraphBuilder
from symtick.codegen.scheduler import schedule
from symtick.expr import parse
from symtick.files import write_json, write_text
from symtick.hwcost import model
from symtick.hwcost.device import Measurement
from symtick.hwcost.device_fit import device_texts
from symtick.hwcost.features import parts, shape
from symtick.sim import nextpnr, yosys
from symtick.sim.tools import find

_SEED = 20_250_101
_TARGET_MHZ = 400.0


@dataclass(frozen=True)
class Point:
    """A one-operation graph to measure.

    Attributes:
        label: unique name, a Verilog identifier.
        graph: inputs and one operation.
        timed: whether to place and route it too, or only to count LUTs.
    """

    label: str
    graph: Graph
    timed: bool = True

    @property
    def features(self) -> dict[str, float]:
        """The features that the device rows may use, and for a table the LUTs counted."""
        found = parts(self.graph, self.graph.outputs[0])[0]
        held = {name: float(value) for name, value in found.features.items()}
        node = self.graph.nodes[self.graph.outputs[0]]
        if node.op is GOp.TABLE:
            held["counted"] = float(shape(node).luts)
        return held

    @property
    def row(self) -> str:
        """The device row that it measures."""
        return parts(self.graph, self.graph.outputs[0])[0].row


def _built(label: str, make: Callable[[GraphBuilder], int], timed: bool = True) -> Point:
    builder = GraphBuilder(("a", "b"))
    return Point(label, builder.build([make(builder)], ["y"]), timed)


def _binary(op: GOp, a: Fixed, b: Fixed) -> Callable[[GraphBuilder], int]:
    return lambda g: g.op(op, g.input(0, a), g.input(1, b))


def _unary(op: GOp, a: Fixed) -> Callable[[GraphBuilder], int]:
    return lambda g: g.op(op, g.input(0, a))


def _plus(width: int, raw: int) -> Callable[[GraphBuilder], int]:
    return lambda g: g.op(GOp.ADD, g.input(0, Fixed(width, 0)), g.const(raw, 0))


def _times(width: int, raw: int) -> Callable[[GraphBuilder], int]:
    return lambda g: g.op(GOp.MUL, g.input(0, Fixed(width, 0)), g.const(raw, 0))


def _square(width: int) -> Callable[[GraphBuilder], int]:
    def make(builder: GraphBuilder) -> int:
        a = builder.input(0, Fixed(width, 0))
        return builder.op(GOp.MUL, a, a)

    return make


def _cast(
    width: int, drop: int, up: int, quant: Quant, overflow: Overflow
) -> Callable[[GraphBuilder], int]:
    """A cast to `width` bits from a format with `drop` more below and `up` more above."""
    return lambda g: g.cast(
        g.input(0, Fixed(width + drop + up, drop)), Fixed(width, 0), quant, overflow
    )


def _table(address: int, width: int, contents: Sequence[int]) -> Callable[[GraphBuilder], int]:
    fmt = Fixed(width, 0)
    return lambda g: g.table(g.input(0, Fixed(address, 0, False)), contents, fmt)


def _noise(address: int, width: int) -> list[int]:
    random = np.random.default_rng([_SEED, address])
    held = random.integers(-(1 << (width - 1)), 1 << (width - 1), 1 << address)
    return [int(v) for v in held]


def _curve(address: int, width: int, f: Callable[[float], float]) -> list[int]:
    """f over -3..3 in two's complement, f within -1..1."""
    size, top = 1 << address, (1 << (width - 1)) - 1
    return [round(top * f(6.0 * (k + 0.5) / size - 3.0)) for k in range(size)]


# what tables hold in practice: smooth functions; two of them are timed too
_CURVES: Mapping[str, tuple[Callable[[float], float], bool]] = {
    "tanh": (math.tanh, True),
    "wave": (lambda x: math.sin(2 * x) * math.exp(-x * x / 4), True),
    "exp": (lambda x: math.exp(x - 3), False),
    "bump": (lambda x: 1.8 * math.exp(-x * x) - 0.9, False),
    "cubic": (lambda x: (x**3 - 4 * x) / 16, False),
}


def points() -> Iterator[Point]:
    """All points, in a fixed order."""
    for w in (4, 8, 12, 16, 24, 32):
        yield _built(f"add_{w}", _binary(GOp.ADD, Fixed(w, 0), Fixed(w, 0)))
    yield _built("add_12_shifted", _binary(GOp.ADD, Fixed(12, 0), Fixed(12, 4)))
    for w in (8, 16):
        yield _built(f"sub_{w}", _binary(GOp.SUB, Fixed(w, 0), Fixed(w, 0)))
    for w, raw in ((6, 21), (10, 371), (16, 23_117)):
        yield _built(f"offset_{w}", _plus(w, raw))
    for w in (4, 8, 16, 24):
        yield _built(f"neg_{w}", _unary(GOp.NEG, Fixed(w, 0)))
        yield _built(f"abs_{w}", _unary(GOp.ABS, Fixed(w, 0)))
    for w in (4, 6, 8, 12, 16, 24):
        yield _built(f"min_{w}", _binary(GOp.MIN, Fixed(w, 0), Fixed(w, 0)))
    for a, b in ((2, 2), (3, 3), (4, 2), (4, 4), (6, 2), (6, 3), (6, 4), (6, 6), (8, 2), (8, 3),
                 (8, 4), (8, 8), (12, 2), (12, 4), (12, 6), (12, 12), (16, 4),
                 (16, 8)):  # fmt: skip
        yield _built(f"mul_{a}_{b}", _binary(GOp.MUL, Fixed(a, 0), Fixed(b, 0)))
    for w in (4, 6, 8, 10, 12):
        yield _built(f"square_{w}", _square(w))
    for w, raw in ((8, 5), (12, 9), (8, 11), (6, 77), (12, 77), (10, 151), (10, 379), (14, 379)):
        yield _built(f"constant_{w}_{raw}", _times(w, raw))
    for w in (4, 8, 12, 16, 24):
        yield _built(f"round_{w}", _cast(w, 3, 0, Quant.RND, Overflow.WRAP))
        yield _built(f"saturate_{w}", _cast(w, 0, 3, Quant.TRN, Overflow.SAT))
    for w in (6, 8, 12, 20):
        yield _built(f"round_even_{w}", _cast(w, 4, 0, Quant.RND_CONV, Overflow.WRAP))
    yield from _table_points()


def _table_points() -> Iterator[Point]:
    for k in range(2, 13):
        yield _built(f"table_{k}_noise", _table(k, 8, _noise(k, 8)), k < 12)
    for k in range(5, 13):
        for name, (f, timed) in _CURVES.items():
            yield _built(f"table_{k}_{name}", _table(k, 8, _curve(k, 8, f)), timed and k < 12)


def _verilog(point: Point) -> str:
    """The printed module, combinational: registers are put around it when it is measured."""
    plan = schedule(point.graph, model(kind="unit"), 0)
    design = Design(point.label, parse("a + b", ["a", "b"]), point.graph, plan, "unit")
    return verilog_files(design)[f"rtl/{point.label}.v"]


def measure(folder: Path, chosen: Sequence[Point]) -> list[Measurement]:
    """Measure the points that have no result in `folder` yet; returns all results.

    Raises:
        ToolError: Yosys or nextpnr is missing or fails.
    """
    sources = {p.label: folder / "rtl" / f"{p.label}.v" for p in chosen}
    for p in chosen:
        write_text(sources[p.label], _verilog(p))
    missing = [p for p in chosen if not (folder / f"{p.label}.json").exists()]
    if missing:
        found = yosys.synthesize_each([sources[p.label] for p in missing], folder, dsp=False)
        for p in missing:
            write_json(folder / f"{p.label}.json", _measured(p, sources, found[p.label], folder))
            print(p.label, flush=True)
    texts = [(folder / f"{p.label}.json").read_text() for p in chosen]
    return [Measurement.model_validate(json.loads(text)) for text in texts]


def _measured(
    point: Point, sources: Mapping[str, Path], area: yosys.Resources, folder: Path
) -> dict[str, object]:
    work = folder / "work"
    ecp5 = yosys.synthesize([sources[point.label]], point.label, work, "ecp5", dsp=False)
    held: dict[str, object] = {
        "row": point.row,
        "label": point.label,
        "features": point.features,
        "lut": area.lut,
        "lut4": ecp5.lut + 2 * ecp5.carry,
    }
    if point.timed:
        timing = nextpnr.place_and_route(
            [sources[point.label]], point.label, work, target_mhz=_TARGET_MHZ, dsp=False
        )
        held["period_ns"] = round(timing.period_ns, 3)
        held["overhead_ns"] = round(timing.overhead_ns, 3)
    return held


def characterise(folder: Path, data: Path) -> list[Path]:
    """Measure all points and write the device files; returns their paths.

    Args:
        folder: where results are kept between runs.
        data: where the YAML files go.

    Raises:
        ToolError: Yosys or nextpnr is missing or fails.
    """
    measured = measure(folder, list(points()))
    tools = {name: find(name).version for name in ("yosys", "nextpnr-ecp5")}
    day = datetime.now(UTC).date().isoformat()
    written = []
    for name, text in device_texts(measured, tools, day).items():
        write_text(data / f"{name}.yaml", text)
        written.append(data / f"{name}.yaml")
    return written


def main(arguments: Sequence[str]) -> int:
    """Command line: see the module's docstring."""
    if len(arguments) not in (1, 2):
        print("usage: python -m symtick.characterise FOLDER [DATA]", file=sys.stderr)
        return 2
    data = Path(arguments[1]) if len(arguments) == 2 else Path(__file__).parent / "hwcost" / "data"
    for path in characterise(Path(arguments[0]), data):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
