"""Bits of table entries of any width."""

from __future__ import annotations

from random import Random

import pytest

from symtick.codegen.ir.bit_views import entry_bits


@pytest.mark.parametrize("width", [1, 61, 62, 63, 64, 70, 130])
def test_bits_are_those_of_twos_complement(width: int) -> None:
    random = Random(width)
    contents = [random.randrange(-(1 << width - 1), 1 << width - 1) for _ in range(16)]
    found = entry_bits(contents, range(width))
    assert found.shape == (width, 16)
    for place in range(width):
        assert found[place].tolist() == [value >> place & 1 for value in contents]
