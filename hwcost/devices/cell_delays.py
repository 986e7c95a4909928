"""Delay rows composed of the delays of a part's cells, for parts that no open tool times.

Every level of logic is one net and one cell; a sum is a LUT and a carry chain; a product in LUTs
one level of partial products and a tree of sums.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from symtick.errors import InputError
from symtick.hwcost.devices.device import CELLS, Cell
from symtick.settings import validated

_Rows = dict[str, dict[str, Any]]


def checked_cells(given: Mapping[str, Any]) -> dict[str, Cell]:
    """The `cells` section of a device file, complete.

    Raises:
        InputError: a cell is missing or not valid.
    """
    missing = sorted(set(CELLS) - set(given))
    if missing:
        raise InputError(f"delays are to be composed of cells, but {missing} are not stated")
    try:
        return {name: validated(Cell, cell) for name, cell in given.items()}
    except InputError as error:
        raise InputError(f"a cell is not valid: {error}") from None


def composed_rows(cells: Mapping[str, Cell]) -> _Rows:
    """The delay row of every operation, ns, from the delays of `CELLS`."""
    ns = {name: cells[name].ns for name in CELLS}
    level = ns["net"] + ns["lut"]
    step = ns["carry_bit"]
    # products in LUTs: one level of partial products, then log2 levels of adders
    slope = level + ns["carry"]
    return {
        "add": _line(level + ns["carry"], bits=step),
        **{name: {"alias": "add"} for name in ("sub", "offset", "neg", "round")},
        # a LUT that selects behind a carry chain
        "abs": _line(2 * level + ns["carry"], bits=step),
        **{name: {"alias": "abs"} for name in ("min", "max", "round_tie")},
        "compare": {"alias": "add"},
        "digit_row": {"alias": "add"},
        "select": {"fixed": round(level, 3)},
        "saturate": {"fixed": round(2 * level, 3)},
        "constant": _line(level, adders=slope / 2, width=step),
        "mul": _line(level, shorter=slope / 2, longer=step),
        "square": _line(level, longer=slope / 3),
        "table": {"points": {"feature": "address", "at": _table(level, ns["wide"])}},
    }


def overhead(cells: Mapping[str, Cell]) -> float:
    """What a register takes of a period, ns."""
    return round(cells["clock_to_out"].ns + cells["setup"].ns, 3)


def dsp_delay(cells: Mapping[str, Cell]) -> float:
    """Through a DSP block from operands to product, the net to it included, ns."""
    return round(cells["net"].ns + cells["dsp"].ns, 3)


def _line(constant: float, **terms: float) -> dict[str, Any]:
    coefficients = {name: round(value, 4) for name, value in terms.items()}
    return {"regression": {"constant": round(constant, 3), **coefficients}}


def _table(level: float, wide: float) -> dict[int, float]:
    """By address bits: multiplexers F7 and F8 join up to four LUTs, further levels those."""
    delays = {1: 0.0, 2: level, 6: level, 7: level + wide, 8: level + 2 * wide}
    delays |= dict.fromkeys((9, 10), 2 * level + 2 * wide)
    delays |= dict.fromkeys((11, 12), 3 * level + 2 * wide)
    return {k: round(v, 3) for k, v in delays.items()}
