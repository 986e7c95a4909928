"""Rules of the search's cost: ticks and LUTs of one output.

`SearchCost` is the table that a device exports for the kernel. The rules stand here;
`hwcost.search_model.graph` builds the compiler's graph that they mean, and the compiler's scheduler
then gives the same ticks and LUTs as the kernel, exactly.

The rules
---------
The tree is hash-consed first: each distinct node is paid for once, and the latency is the longest
path, never a sum.

`fuse=False`: every distinct operator node costs `op_delay[op]` and `op_lut[op]`; inputs and
constants cost nothing.

`fuse=True`: what depends on one input only is a table, and so is a function of one signal.

* A maximal single-input sub-tree of input f costs `table_delay[f]`, `table_lut[f]` once. A bare
  input and whatever depends on constants only cost nothing.
* A maximal chain of add, sub and neg over several inputs is flattened; it stops at a node that is
  used elsewhere too. All its terms in one input become one table (a lone bare input stays free).
  Constants go into a table among the terms, or make a table of the first bare input; where there is
  neither they are one more term. The n terms left are added by n - 1 adders in a tree that joins
  the two earliest first, each `op_delay[ADD]`, `op_lut[ADD]`. Signs are free, but where every term
  is negative, and none a table that takes its sign in, a NEG follows.
* SQRT, EXP, LOG, SIN, COS and TANH of a signal of several inputs are a table on it, and so is the
  reciprocal of one, in a quotient or with a constant above it (`op_delay[DIV]`, `op_lut[DIV]`). A
  quotient is the product with that table, or with one on the input that the divisor depends on.
* What sees its inputs through one such table only is part of it: operators with constants, signs,
  a reciprocal. So are, below a function, the operators that see one signal only, a sum's constants
  and its sign. A node that is used elsewhere too ends this, and is read as it is; so is a divisor.
  A function of a table is another table, though the compiler makes them one: functions that cost
  nothing would be nested without end, and such a table is seldom as cheap as its price.
* A constant factor goes into a table where there is one that nothing else uses: in the product
  whose factor the table is, or in a sum of tables but for one term that takes it in. Else it is a
  network of shifts and additions (`codegen.ir.signed_digits`): one adder less than its first
  `factor_bits` significant bits, rounded, have canonical signed digits, in a balanced tree. A power
  of two is free, and so is its sign. A quotient by a constant is the product with its reciprocal.
* Every other operator on several inputs costs its own entry.

Time: with `chain=True` operators follow each other within a tick while the sum of their delays is
at most `period` ns; one that would not fit starts in the next tick, and one longer than the period
takes ceil(delay / period) ticks from the start of a tick. The output is registered: latency is the
last tick plus one. With `chain=False` each operator takes ceil(delay) whole ticks and the latency
is the length of the longest path.

Constants that are still to be fitted have no digits yet. Whatever looks at tokens only (masks,
rules, enumerated forms with free constants) counts with `factor_bits=1`, where each factor is a
shift: the least that it can cost. What has its constants is judged by the whole cost.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass

from symtick.errors import InputError
from symtick.expr import OPCODES, Op

# the compiler's scheduler lets a stage be longer than its budget by so much
TOLERANCE = 1e-9
# areas are multiples of this, so that their sums are exact, whatever the order
_GRAIN = 2.0**-30


@dataclass(frozen=True)
class SearchCost:
    """Delays and areas as the search sees them.

    Attributes:
        period: ns of a tick that logic can use, net of register overhead; 1.0 for whole-tick
            tables.
        chain: operators may share a tick.
        fuse: single-input sub-trees become tables.
        op_delay: delay of each operator, indexed by `Op`; ns, or ticks where `chain` is False.
        op_lut: LUTs of each operator, indexed by `Op`; a DSP block is the LUTs of
            `symtick.codegen.ir.lut_equivalent`.
        table_delay: delay of a table over each input.
        table_lut: LUTs of a table over each input.
        factor_bits: significant bits of a constant factor, 1 to 48; with 1 each is a shift.
    """

    period: float
    chain: bool
    fuse: bool
    op_delay: tuple[float, ...]
    op_lut: tuple[float, ...]
    table_delay: tuple[float, ...]
    table_lut: tuple[float, ...]
    factor_bits: int = 8

    def __post_init__(self) -> None:
        for name in ("op_delay", "op_lut", "table_delay", "table_lut"):
            entries = tuple(float(v) for v in getattr(self, name))
            if not all(0.0 <= v < math.inf for v in entries):
                raise InputError(f"{name} must hold finite numbers from 0, not {entries}")
            if name.endswith("lut"):
                entries = tuple(round(v / _GRAIN) * _GRAIN for v in entries)
            object.__setattr__(self, name, entries)
        for name in ("op_delay", "op_lut"):
            if len(getattr(self, name)) != len(OPCODES):
                raise InputError(
                    f"{name} needs {len(OPCODES)} entries, one for each operator, "
                    f"not {len(getattr(self, name))}"
                )
        if len(self.table_delay) != len(self.table_lut):
            raise InputError("table_delay and table_lut need one entry for each input")
        if not 0.0 < self.period < math.inf:
            raise InputError(f"the period must be a positive number of ns, not {self.period!r}")
        if not 1 <= self.factor_bits <= 48:
            raise InputError(f"factor_bits must be from 1 to 48, not {self.factor_bits!r}")

    @classmethod
    def unit(cls, features: int, *, chain: bool = False, fuse: bool = True) -> SearchCost:
        """One tick and one LUT for everything: the model for tests."""
        ops = tuple(0.0 if op in (Op.INPUT, Op.CONST) else 1.0 for op in OPCODES)
        ones = (1.0,) * features
        return cls(1.0, chain, fuse, ops, ops, ones, ones)


def rounded_factor(value: float, bits: int) -> int:
    """The significant bits of a factor as an integer, halves up in magnitude; 0 for what is none.

    What is 0, subnormal or not finite has none.
    """
    if not (math.isfinite(value) and abs(value) >= sys.float_info.min):
        return 0
    return math.floor(math.ldexp(math.frexp(abs(value))[0], bits) + 0.5)
