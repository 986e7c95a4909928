"""From a cost model to the table that the search reads in its loop.

Room: `hwcost`; imports `codegen` and `expr`. The search does not know the widths that the compiler
will find, so every operator stands at a nominal width.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from symtick.codegen.fixed import Fixed
from symtick.errors import InputError
from symtick.expr import Op
from symtick.hwcost.model import CycleModel, Model, OpenModel
from symtick.hwcost.published import cycle_table
from symtick.hwcost.search_cost import SearchCost

# sums of table outputs with six bits after the point have about ten bits; factors are cut to eight
_SUM_BITS = 10
_FACTOR_BITS = 8
# table entries: the sign, a few bits before the point and six behind it
_ENTRY_BITS = 8
# a table on a signal made from several inputs reads its top bits only
_WIDE_ADDRESS = 8
# a constant factor has about three non-zero signed digits
_CONSTANT_ADDERS = 2

_BY_ROW: Mapping[Op, str] = {
    Op.ADD: "add", Op.SUB: "sub", Op.NEG: "neg", Op.ABS: "abs", Op.MIN: "min", Op.MAX: "max",
}  # fmt: skip
_TABLES = (Op.SQUARE, Op.CUBE, Op.SQRT, Op.EXP, Op.LOG, Op.SIN, Op.COS, Op.TANH)


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
    delay: dict[Op, float] = {}
    lut: dict[Op, float] = {}
    sums = {"width": _SUM_BITS, "bits": _SUM_BITS}
    for op, row in _BY_ROW.items():
        delay[op], lut[op] = model.row_delay(row, sums), model.row_luts(row, sums)
    wide_delay, wide_lut = _table(model, _WIDE_ADDRESS)
    for op in _TABLES:
        delay[op], lut[op] = wide_delay, wide_lut
    delay[Op.MUL], lut[Op.MUL] = _product(model)
    # a quotient is a table of the reciprocal and a product
    delay[Op.DIV] = delay[Op.MUL] + wide_delay
    lut[Op.DIV] = lut[Op.MUL] + wide_lut
    tables = [_table(model, fmt.width) for fmt in formats]
    if delay[Op.ADD] > model.budget_ns:
        raise InputError(
            f"{model.name}: an adder of {_SUM_BITS} bits takes {delay[Op.ADD]:.2f} ns, more than "
            f"the {model.budget_ns:.2f} ns that the clock leaves; lower the clock"
        )
    return SearchCost(
        period=model.budget_ns,
        chain=True,
        fuse=True,
        op_delay=tuple(delay.get(op, 0.0) for op in Op),
        op_lut=tuple(lut.get(op, 0.0) for op in Op),
        const_mul_delay=_CONSTANT_ADDERS * delay[Op.ADD],
        const_mul_lut=_CONSTANT_ADDERS * lut[Op.ADD],
        table_delay=tuple(d for d, _ in tables),
        table_lut=tuple(area for _, area in tables),
    )


def _table(model: OpenModel, address: int) -> tuple[float, float]:
    """Delay and LUTs of a table with entries of the nominal width.

    Smooth contents beyond six address bits share about half of their six-input functions.
    """
    beyond = max(0, address - 6)
    factors = model.device.table_factor
    factor = factors.get(address, max(factors.values(), default=1.0))
    luts = _ENTRY_BITS * (2.0**beyond) * (0.5 if beyond else 1.0) * factor
    return model.row_delay("table", {"address": address}), luts


def _product(model: OpenModel) -> tuple[float, float]:
    pair = ("longer", "shorter", "longer_signed", "shorter_signed")
    features = dict.fromkeys(pair, float(_FACTOR_BITS))
    features |= {"width": 2.0 * _FACTOR_BITS, "partial": _FACTOR_BITS * (_FACTOR_BITS - 1.0)}
    luts = 0.0 if model.row_blocks("mul", features) else model.row_luts("mul", features)
    return model.row_delay("mul", features), luts


def _published(model: CycleModel, inputs: int, fmt: Fixed) -> SearchCost:
    cycles = cycle_table(fmt, model.device.name)
    ticks = tuple(float(cycles.get(op, 0)) for op in Op)
    nothing = (0.0,) * len(ticks)
    return SearchCost(
        period=1.0,
        chain=False,
        fuse=False,
        op_delay=ticks,
        op_lut=nothing,
        const_mul_delay=ticks[Op.MUL],
        const_mul_lut=0.0,
        table_delay=(1.0,) * inputs,
        table_lut=(0.0,) * inputs,
    )
