"""The problem that a block of sums poses."""

from __future__ import annotations

import pytest

from symtick.codegen.ir.nodes import MAX_ENTRY_BITS
from symtick.codegen.passes.linear.cmvm_problem import BlockSignal, cmvm_problem
from symtick.codegen.passes.linear.linear_blocks import LinearRow


@pytest.mark.parametrize(
    ("factor", "offset", "tables"),
    [
        (7, 1, [(7, 1)]),  # the table of the product takes the offset in
        (7, 1 << 70, [(7, 0)]),
        ((1 << 61) + 5, 0, [((1 << 61) + 5, 0)]),  # -2**63 - 20 to 2**63 - ..., 64 bits
        ((1 << 62) + 5, 1, []),
    ],
)
def test_no_table_of_a_product_has_entries_beyond_those_of_cpp(
    factor: int, offset: int, tables: list[tuple[int, int]]
) -> None:
    row = LinearRow(3, {0: factor}, offset)
    made = cmvm_problem([row], [0], {0: BlockSignal(-3, 3, 0, True)}, 2)
    assert [(s.factor, s.offset) for s in made.sources if s.factor] == tables
    for source, leaf in zip(made.sources, made.leaves, strict=True):
        if source.factor:
            assert -(1 << MAX_ENTRY_BITS - 1) <= leaf.lo <= leaf.hi < 1 << MAX_ENTRY_BITS - 1
    (form,) = made.forms
    (root,) = made.roots
    for x in (-3, 0, 2):  # the sum is what it was
        values = [s.offset + (s.factor or int(s.signal is not None)) * x for s in made.sources]
        total = sum(values[k] * c for k, c in form)
        assert root.sign * (total << root.zeros) == factor * x + offset
