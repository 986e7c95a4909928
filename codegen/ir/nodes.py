"""The nodes of the fixed-point graph: operations, and what their values and formats are.

Every node has one exact format: `INPUT`, `CONST`, `CAST` and `TABLE` state theirs; an arithmetic
node's is the narrowest that holds its integer bounds, so it never loses a bit.

| op | value | format |
|---|---|---|
| INPUT index | input port `index`, raw bounds stated | stated |
| CONST raw | raw * 2**-frac | narrowest |
| ADD a b, SUB a b | a + b, a - b | frac = max of both |
| NEG a, ABS a | -a, magnitude of a | frac of a |
| MUL a b | a * b (a square where both are one node) | frac = sum |
| MIN a b, MAX a b | smaller, larger | frac = max of both |
| GE a b | 1 where a >= b, else 0 | one unsigned bit, frac 0 |
| SELECT c a b | a where the one unsigned bit c is 1, else b | frac = max of a's and b's |
| DIGIT_ROW a d x t | a + d * x, d of at most two bits, t = 3 * x | frac = max of a's, x's and t's |
| CONCAT a b | bit pattern of a above that of b, no hardware | unsigned, frac 0 |
| SCALE a k | a * 2**k, no hardware | raw of a, frac - k |
| CAST a | a in a stated format with a Quant and an Overflow mode | stated |
| TABLE a | contents[bit pattern of a] | stated |
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from symtick.codegen.ir.fixed import Fixed, Overflow, Quant

MAX_TABLE_BITS = 16
MAX_ENTRY_BITS = 64  # of a table, as the largest integer of C++
BIT = Fixed(1, 0, False)


class GOp(Enum):
    """Operations of the graph."""

    __hash__ = object.__hash__  # nodes are looked up far more often than an Enum's own bears

    INPUT = "input"
    CONST = "const"
    ADD = "add"
    SUB = "sub"
    NEG = "neg"
    ABS = "abs"
    MUL = "mul"
    MIN = "min"
    MAX = "max"
    GE = "ge"
    SELECT = "select"
    DIGIT_ROW = "digit_row"
    CONCAT = "concat"
    SCALE = "scale"
    CAST = "cast"
    TABLE = "table"


# operations that only rename bits, or bring them in: no hardware
WIRES = frozenset({GOp.INPUT, GOp.CONST, GOp.SCALE, GOp.CONCAT})

# operations that are not built from their arguments alone
STATED = {GOp.INPUT, GOp.CONST, GOp.SCALE, GOp.CAST, GOp.TABLE}

ARITY: dict[GOp, int] = {
    GOp.INPUT: 0, GOp.CONST: 0, GOp.ADD: 2, GOp.SUB: 2, GOp.NEG: 1, GOp.ABS: 1, GOp.MUL: 2,
    GOp.MIN: 2, GOp.MAX: 2, GOp.GE: 2, GOp.SELECT: 3, GOp.DIGIT_ROW: 4, GOp.CONCAT: 2,
    GOp.SCALE: 1, GOp.CAST: 1, GOp.TABLE: 1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class GNode:
    """One operation with its exact format and integer bounds.

    Attributes:
        op: the operation.
        args: numbers of earlier nodes.
        fmt: the format of the value.
        lo: smallest raw integer that can occur.
        hi: largest raw integer that can occur.
        number: input index of INPUT, raw value of CONST, exponent k of SCALE, else 0.
        quant: rounding of a CAST.
        overflow: overflow mode of a CAST.
        contents: raw values of a TABLE in order of the argument's bit pattern (two's complement
            read as unsigned), 2**width entries; entries that the bounds exclude are don't-cares.
    """

    op: GOp
    args: tuple[int, ...]
    fmt: Fixed
    lo: int
    hi: int
    number: int = 0
    quant: Quant = Quant.TRN
    overflow: Overflow = Overflow.WRAP
    contents: tuple[int, ...] = ()
