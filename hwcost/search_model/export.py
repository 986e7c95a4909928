"""Export of a cost model as the kernel's table of prices.

The search does not know the widths that the compiler will find, so every operator stands at a
nominal width that follows from the inputs'. These were chosen on random expressions of six- and
eight-bit inputs, so that the sum of the prices ranks them as the compiler's estimate does
(docs/cost-models.md has the figures).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from symtick.codegen.ir.fixed import Fixed
from symtick.codegen.ir.graph import ARITY, BIT, GOp, GraphBuilder
from symtick.codegen.ir.lut_equivalent import lut_equivalent
from symtick.codegen.passes.pipeline import run_passes
from symtick.errors import InputError
from symtick.expr import FUNCTIONS, OPCODES, SEARCH_OPS, Op
from symtick.hwcost.models.model import CycleModel, Model, OpenModel
from symtick.hwcost.models.published import cycle_table
from symtick.hwcost.models.table_columns import smooth_luts
from symtick.hwcost.search_model.graph import output_arrival
from symtick.hwcost.search_model.table import SearchCost

# where there is no input
_WIDTH = 8
# a factor has some bits and half of an input's; a signal that is not cut has more than a sum's term
_FACTOR_BITS = 5.0
_UNCUT_BITS = 4
# table entries: the sign, a few bits before the point and six behind it
_ENTRY_BITS = 8
# how the columns of a table grow with its address bits; the highest ones hardly do
_TABLE_GROWTH = 0.6
# a table on a signal made from several inputs reads its top bits only
_WIDE_ADDRESS = 8

_SUMS: Mapping[Op, GOp] = {
    Op.ADD: GOp.ADD, Op.SUB: GOp.SUB, Op.NEG: GOp.NEG, Op.MIN: GOp.MIN, Op.MAX: GOp.MAX,
}  # fmt: skip
# on signals of several inputs; of a quotient the table of the reciprocal
_TABLES = (Op.DIV, *(op for op in FUNCTIONS if op in SEARCH_OPS))


def search_cost(
    model: Model, formats: Sequence[Fixed], operator_format: Fixed | None = None
) -> SearchCost:
    """What the search kernel charges for operators and tables.

    Args:
        model: the device's model. An `OpenModel` gives nanoseconds, operators share ticks and
            single-input sub-trees are tables; a `CycleModel` gives whole ticks for every operator
            of the tree, as published.
        formats: format of each input.
        operator_format: for a `CycleModel`, which of its tables; `fixed<16,6>` by default.

    Raises:
        InputError: a published table for that format does not exist, or the clock is too fast for
            an adder.
    """
    if isinstance(model, OpenModel):
        return _open(model, formats)
    if isinstance(model, CycleModel):
        return _published(model, len(formats), operator_format or Fixed(16, 10))
    return SearchCost.unit(len(formats))


def _open(model: OpenModel, formats: Sequence[Fixed]) -> SearchCost:
    mean = sum(fmt.width for fmt in formats) / len(formats) if formats else _WIDTH
    width, factor = round(mean), round(_FACTOR_BITS + mean / 2.0)
    prices = {op: _built(model, kind, *[width] * ARITY[kind]) for op, kind in _SUMS.items()}
    prices[Op.ABS] = _built(model, GOp.ABS, width + _UNCUT_BITS)
    prices |= dict.fromkeys(_TABLES, _table(model, _WIDE_ADDRESS))
    prices[Op.MUL] = _built(model, GOp.MUL, factor, factor)
    prices[Op.SQUARE] = square = _built(model, GOp.MUL, factor)
    again = _built(model, GOp.MUL, round(1.5 * factor), factor)  # the square is wider than a factor
    # a comparison is the carry of a difference; an angle a quotient and a table
    prices |= dict.fromkeys((Op.GE, Op.GT), prices[Op.SUB])
    prices[Op.SIGN] = prices[Op.NEG]
    prices[Op.WHERE] = _built(model, GOp.SELECT, BIT.width, width, width)
    parts = (prices[Op.DIV], prices[Op.MUL], prices[Op.ATAN])
    prices[Op.ATAN2] = (sum(delay for delay, _ in parts), sum(area for _, area in parts))
    prices[Op.CUBE] = (square[0] + again[0], square[1] + again[1])
    tables = [_table(model, fmt.width) for fmt in formats]
    adder, _ = prices[Op.ADD]
    if adder > model.budget_ns:
        raise InputError(
            f"{model.name}: an adder of {width} bits takes {adder:.2f} ns, more than "
            f"the {model.budget_ns:.2f} ns that the clock leaves; lower the clock"
        )
    return SearchCost(
        period=model.budget_ns,
        chain=True,
        fuse=True,
        op_delay=tuple(prices.get(op, (0.0, 0.0))[0] for op in OPCODES),
        op_lut=tuple(prices.get(op, (0.0, 0.0))[1] for op in OPCODES),
        table_delay=tuple(d for d, _ in tables),
        table_lut=tuple(area for _, area in tables),
    )


def _table(model: OpenModel, address: int) -> tuple[float, float]:
    """Delay and LUTs of a smooth table with entries of the nominal width."""
    factors = model.device.table_factor
    factor = factors.get(address, max(factors.values(), default=1.0))
    area = _ENTRY_BITS * smooth_luts(address, _TABLE_GROWTH) * factor
    return model.row_delay("table", {"address": address}), area


def _built(model: OpenModel, kind: GOp, *widths: int) -> tuple[float, float]:
    """Delay and LUTs of an operation on signals of these widths; a product of one is a square.

    The compiler's passes give it the parts that fit a tick. Where they take several ticks the delay
    is that of one operator which ends as late. DSP blocks are LUTs, as many as the passes take them
    for.
    """
    builder = GraphBuilder(tuple(f"x{k}" for k in range(len(widths))))
    formats = [Fixed(w, 0, w != BIT.width) for w in widths]
    ports = [builder.input(k, fmt) for k, fmt in enumerate(formats)]
    made = builder.op(kind, *(ports * 2)[: ARITY[kind]])
    graph = run_passes(builder.build([made], ["y"]), model)
    stage, start = output_arrival(graph, model)
    area = sum(lut_equivalent(model.area(graph, k)) for k in range(len(graph.nodes)))
    return stage * model.budget_ns + start, area


def _published(model: CycleModel, inputs: int, fmt: Fixed) -> SearchCost:
    cycles = cycle_table(fmt, model.device.name)
    ticks = tuple(float(cycles.get(op, 0)) for op in OPCODES)
    nothing = (0.0,) * len(ticks)
    return SearchCost(
        period=1.0,
        chain=False,
        fuse=False,
        op_delay=ticks,
        op_lut=nothing,
        table_delay=(1.0,) * inputs,
        table_lut=(0.0,) * inputs,
    )
