"""Signals that tables of a form are over: inputs, and canonical names for sums of many inputs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[Any]
JOINT = 1 << 18  # codes of several signals together that are listed
CONDITIONS = ("bit", "flag")
COLUMN = 1 << 17  # codes of one signal that are listed


class OutOfReachError(Exception):
    """A step that the normal form has no rule for."""


@dataclass(frozen=True, slots=True)
class Signal:
    """A value that takes the integers from `lo` to `lo + size - 1`.

    Attributes:
        number: its place in the space.
        kind: `word` or `input`, what is read of it; `sum` of a form; `bit`, whether a sum is at
            least a threshold; `flag`, a condition on another signal; `product` with a wide signal.
        lo: the least integer.
        size: how many there are.
        of: the form that it names, if it does; of a flag the other signal and where it is 1.
        threshold: of a bit.
    """

    number: int
    kind: str
    lo: int
    size: int
    of: Any = None
    threshold: int = 0

    @property
    def listed(self) -> bool:
        """Whether tables over it are kept."""
        return self.size <= COLUMN

    def codes(self) -> Codes:
        """All its integers."""
        return np.arange(self.lo, self.lo + self.size, dtype=np.int64)


@dataclass
class Space:
    """All signals of a proof: equal forms get one signal, whatever graph they come from."""

    signals: list[Signal] = field(default_factory=list)
    known: dict[Any, Signal] = field(default_factory=dict)

    def signal(
        self, key: Any, kind: str, lo: int, size: int, of: Any = None, threshold: int = 0
    ) -> Signal:
        """The signal with this key, made once."""
        if key not in self.known:
            made = Signal(len(self.signals), kind, lo, size, of, threshold)
            self.signals.append(made)
            self.known[key] = made
        return self.known[key]

    def size(self, numbers: tuple[int, ...]) -> int:
        """How many codes some signals have together."""
        total = 1
        for n in numbers:
            total *= self.signals[n].size
        return total
