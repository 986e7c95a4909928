"""A design and the vectors that it is run on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from symtick.codegen.design import Design
from symtick.codegen.emit.names import ports
from symtick.codegen.ir.fixed import RawArray

MOST_OF_SOME = 1000


def some(count: int) -> npt.NDArray[np.int64]:
    """Numbers of vectors at equal distances, at most 1,000 of them, for what is slow."""
    return np.unique(np.linspace(0, count - 1, min(count, MOST_OF_SOME)).astype(np.int64))


@dataclass(frozen=True, eq=False)
class Case:
    """What the C++ or the Verilog of a design is run on.

    Attributes:
        design: the design.
        folder: of its files; tools keep what they made in its `sim/`.
        raw: raw input integers, shape (vectors, inputs).
        expected: reference outputs, shape (vectors, outputs).
        source: its Verilog.
    """

    design: Design
    folder: Path
    raw: RawArray
    expected: RawArray
    source: Path

    @property
    def port_values(self) -> RawArray:
        """Of the inputs that have a port, shape (vectors, ports)."""
        return self.raw[:, [index for index, *_ in ports(self.design).inputs]]
