"""How much a proof may take: processor seconds of a whole design, and values for one question."""

from __future__ import annotations

import math
import resource
import time

_MOMENT = 0.2  # seconds between looks at the processor time, which takes a system call


class OutOfTimeError(Exception):
    """The seconds of a proof are spent."""


def processor_seconds() -> float:
    """Processor time of this process and of the tools it has run."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


class Clock:
    """The seconds of a proof.

    Args:
        seconds: processor seconds from now on.
    """

    def __init__(self, seconds: float = math.inf) -> None:
        self.latest = processor_seconds() + seconds
        self._looked = -math.inf

    @property
    def left(self) -> float:
        """Seconds that are left, at least 0."""
        return max(self.latest - processor_seconds(), 0.0)

    def check(self) -> None:
        """Raise OutOfTimeError once none is left, a moment late at most."""
        now = time.monotonic()
        if now - self._looked < _MOMENT:
            return
        if not self.left:
            raise OutOfTimeError
        self._looked = now


class Budget:
    """Values that may still be computed, and the clock.

    Attributes:
        left: how many values.
        clock: of the whole proof.
    """

    def __init__(self, left: int, clock: Clock | None = None) -> None:
        self.left, self.clock = left, clock or Clock()

    def spend(self, count: int) -> None:
        """Take values; raises OutOfTimeError where no time is left."""
        self.clock.check()
        self.left -= count
