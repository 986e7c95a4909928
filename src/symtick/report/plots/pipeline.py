"""The pipeline of a design as a drawing: a column of boxes for each step, stage by stage.

A `Design` in, SVG text out. Constants and SCALE nodes (wires) are folded
into their users, so that what is drawn is what costs something.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from symtick.codegen import Design, Fixed, GNode, GOp, Graph

BOX_WIDTH = 104
BOX_HEIGHT = 27
ROW = 32
COLUMN_GAP = 46
STAGE_GAP = 34
TOP = 44

_KIND = {
    GOp.INPUT: "input",
    GOp.TABLE: "table",
    GOp.ADD: "add",
    GOp.SUB: "add",
    GOp.NEG: "add",
    GOp.MUL: "mul",
    GOp.CAST: "cast",
    GOp.ABS: "compare",
    GOp.MIN: "compare",
    GOp.MAX: "compare",
    GOp.GE: "compare",
    GOp.SELECT: "compare",
    GOp.DIGIT_ROW: "mul",
    GOp.CONCAT: "cast",
}
_SIGN = {
    GOp.ADD: "+",
    GOp.SUB: "\N{MINUS SIGN}",
    GOp.NEG: "negate",
    GOp.MUL: "\N{MULTIPLICATION SIGN}",
    GOp.CAST: "round",
    GOp.ABS: "abs",
    GOp.MIN: "min",
    GOp.MAX: "max",
    GOp.GE: "\N{GREATER-THAN OR EQUAL TO}",
    GOp.SELECT: "choose",
    GOp.DIGIT_ROW: "\N{PLUS SIGN}\N{MULTIPLICATION SIGN}",
    GOp.CONCAT: "join",
}


@dataclass(frozen=True)
class _Box:
    x: float
    y: float


def _wire(graph: Graph, number: int) -> int:
    while graph.nodes[number].op is GOp.SCALE:
        number = graph.nodes[number].args[0]
    return number


def _drawn(node: GNode) -> bool:
    return node.op not in (GOp.CONST, GOp.SCALE)


def _columns(design: Design) -> dict[tuple[int, int], list[int]]:
    """Node numbers by (stage, step within the stage); inputs stand before stage 0."""
    graph, stage = design.graph, design.schedule.stage
    step = [0] * len(graph.nodes)
    cells: dict[tuple[int, int], list[int]] = {}
    for k, node in enumerate(graph.nodes):
        if node.op is GOp.INPUT:
            cells.setdefault((-1, 0), []).append(k)
            continue
        logic = [a for a in node.args if graph.nodes[a].op is not GOp.INPUT]
        wire = node.op is GOp.SCALE
        step[k] = max((step[a] + (not wire) for a in logic if stage[a] == stage[k]), default=0)
        if _drawn(node):
            cells.setdefault((stage[k], step[k]), []).append(k)
    return dict(sorted(cells.items()))


def _place(design: Design) -> tuple[dict[int, _Box], list[tuple[str, float, float]], float]:
    """Boxes by node, stage bands (label, left, right) and the width of the drawing."""
    graph = design.graph
    boxes: dict[int, _Box] = {}
    bands: list[tuple[str, float, float]] = []
    x = 16.0
    previous: int | None = None
    for (stage, _), numbers in _columns(design).items():
        if previous is not None:
            x += COLUMN_GAP if stage == previous else STAGE_GAP + COLUMN_GAP
        order = {k: _height_of_args(graph, k, boxes) for k in numbers}
        for row, k in enumerate(sorted(numbers, key=lambda k: (order[k], k))):
            boxes[k] = _Box(x, TOP + row * ROW)
        label = "inputs" if stage < 0 else f"tick {stage + 1}"
        if stage == previous:
            bands[-1] = (label, bands[-1][1], x + BOX_WIDTH)
        else:
            bands.append((label, x, x + BOX_WIDTH))
        previous = stage
        x += BOX_WIDTH
    return boxes, bands, x + STAGE_GAP + BOX_WIDTH + 32


def _height_of_args(graph: Graph, number: int, boxes: dict[int, _Box]) -> float:
    heights = [
        boxes[_wire(graph, a)].y for a in graph.nodes[number].args if _wire(graph, a) in boxes
    ]
    return sum(heights) / len(heights) if heights else float(number)


def _label(graph: Graph, number: int) -> str:
    node = graph.nodes[number]
    if node.op is GOp.INPUT:
        return graph.input_names[node.number]
    if node.op is GOp.TABLE:
        source = graph.nodes[_wire(graph, node.args[0])]
        of = graph.input_names[source.number] if source.op is GOp.INPUT else "\N{MIDDLE DOT}"
        return f"T({of})"
    constant = next((a for a in node.args if graph.nodes[a].op is GOp.CONST), None)
    if constant is not None:
        factor = graph.nodes[constant]
        return f"{_SIGN[node.op]} {factor.fmt.to_real(factor.number):.5g}"
    return _SIGN[node.op]


def _edges(graph: Graph, boxes: dict[int, _Box]) -> list[str]:
    lines = []
    for k, box in boxes.items():
        for a in dict.fromkeys(_wire(graph, a) for a in graph.nodes[k].args):
            if a in boxes:
                lines.append(_curve(boxes[a], box.x, box.y))
    return lines


def _curve(start: _Box, x: float, y: float) -> str:
    x0, y0, y1 = start.x + BOX_WIDTH, start.y + BOX_HEIGHT / 2, y + BOX_HEIGHT / 2
    bend = max(18.0, (x - x0) / 2)
    return (
        f'<path class="wire" d="M{x0:.0f} {y0:.1f} C{x0 + bend:.0f} {y0:.1f} '
        f'{x - bend:.0f} {y1:.1f} {x:.0f} {y1:.1f}"/>'
    )


def _boxed(kind: str, x: float, y: float, label: str, fmt: Fixed, title: str) -> str:
    shown = label if len(label) <= 16 else label[:15] + "\N{HORIZONTAL ELLIPSIS}"
    return (
        f'<g class="box {kind}"><title>{escape(title)}</title>'
        f'<rect x="{x:.0f}" y="{y:.1f}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="4"/>'
        f'<text x="{x + BOX_WIDTH / 2:.0f}" y="{y + 11.5:.1f}">{escape(shown)}</text>'
        f'<text class="format" x="{x + BOX_WIDTH / 2:.0f}" y="{y + 22.5:.1f}">{escape(str(fmt))}'
        "</text></g>"
    )


def _title(design: Design, k: int) -> str:
    node = design.graph.nodes[k]
    extra = f", {len(node.contents)} entries" if node.op is GOp.TABLE else ""
    arrival = design.schedule.arrival[k]
    return f"%{k} {node.op.value} : {node.fmt}{extra}, ready at {arrival:.2f} ns of its tick"


def pipeline_svg(design: Design) -> str:
    """The pipeline as one SVG element; dashed lines are register ranks."""
    graph = design.graph
    boxes, bands, width = _place(design)
    left = width - BOX_WIDTH - 16
    ports = {name: _Box(left, TOP + row * ROW * 1.4) for row, name in enumerate(graph.output_names)}
    height = max([b.y for b in [*boxes.values(), *ports.values()]]) + 2 * ROW
    parts = [
        f'<svg class="pipeline" xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" '
        f'height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
        f'aria-label="Pipeline of {escape(design.name)}">'
    ]
    for label, x0, x1 in bands:
        parts.append(f'<text class="stage" x="{(x0 + x1) / 2:.0f}" y="22">{label}</text>')
        if label != "inputs" and design.schedule.latency:
            x = x1 + STAGE_GAP / 2
            parts.append(f'<line class="rank" x1="{x}" x2="{x}" y1="8" y2="{height - 6:.0f}"/>')
    parts += _edges(graph, boxes)
    for (name, port), k in zip(ports.items(), graph.outputs, strict=True):
        if _wire(graph, k) in boxes:
            parts.append(_curve(boxes[_wire(graph, k)], port.x, port.y))
        fmt = graph.nodes[k].fmt
        parts.append(_boxed("output", port.x, port.y, name, fmt, f"{name} : {fmt}"))
    for k, box in boxes.items():
        kind = _KIND[graph.nodes[k].op]
        fmt = graph.nodes[k].fmt
        parts.append(_boxed(kind, box.x, box.y, _label(graph, k), fmt, _title(design, k)))
    return "\n".join([*parts, "</svg>"])
