"""Published operator cycles: the tables' figures, the longest path, the literature's sum."""

from __future__ import annotations

import pytest

from symtick.codegen.ir.fixed import Fixed
from symtick.errors import InputError
from symtick.expr import Op, parse
from symtick.hwcost import cycle_table, published_cycles, published_sum

WIDE, NARROW = Fixed(16, 10), Fixed(12, 6)


def test_tables_hold_the_published_figures() -> None:
    wide, narrow = cycle_table(WIDE), cycle_table(NARROW)
    for op, cycles in {Op.DIV: (29, 21), Op.EXP: (3, 2), Op.LOG: (3, 3), Op.SIN: (8, 7),
                       Op.COS: (8, 7), Op.TANH: (51, 43), Op.SQRT: (5, 4), Op.MUL: (1, 1),
                       Op.ADD: (1, 1), Op.SQUARE: (1, 1), Op.ABS: (1, 1)}.items():  # fmt: skip
        assert (wide[op], narrow[op]) == cycles, op


@pytest.mark.parametrize(
    ("text", "path", "total"),
    [
        ("x0", 0, 0),
        ("2.5", 0, 0),
        ("x0 + 1", 1, 1),
        ("exp(x0) + sin(x1)", 9, 12),
        ("tanh(exp(x0)) * x1", 55, 55),
        ("sin(x0) + sin(x0)*2", 10, 18),
        ("exp(x0); log(sqrt(x1))", 8, 11),
    ],
)
def test_longest_path_and_tree_sum(text: str, path: int, total: int) -> None:
    expression, table = parse(text), cycle_table(WIDE)
    assert published_cycles(expression, table) == path
    assert published_sum(expression, table) == total


def test_an_unknown_format_is_refused_with_those_there_are() -> None:
    with pytest.raises(InputError, match=r"no cycles for fixed<8,4>: it has fixed<12,6>"):
        cycle_table(Fixed(8, 4))
    with pytest.raises(InputError, match="no cycles"):
        cycle_table(WIDE, "open")
