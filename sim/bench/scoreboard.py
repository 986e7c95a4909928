"""Which vectors are under way in a design, what came out of it, and when.

It is copied beside a design with the benches that use it. It knows neither ports nor the latency: a
vector that leaves is the oldest of those that were taken, and its latency is what is measured.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from typing import Any

# of the vectors have come out
GAPS, STALLS, STOPS = (0.45, 0.6, 0.8), (0.5, 0.7, 0.9), (0.5, 0.7, 0.9)
LONGEST_RESET = 4


class Pauses:
    """Long times in which no vector is offered, none is received, or the enable is 0.

    Args:
        vectors: how many there are.
        ticks: of one pause.
        shares: of the vectors, which have come out when one begins.
    """

    def __init__(self, vectors: int, ticks: int, shares: Sequence[float]) -> None:
        self.ticks, self.left = ticks, 0
        self.starts = deque(int(share * vectors) for share in shares)

    def now(self, given: int) -> bool:
        """Whether this tick is in one, when so many vectors have come out."""
        if self.starts and given >= self.starts[0]:
            self.starts.popleft()
            self.left = self.ticks
        self.left -= self.left > 0
        return self.left > 0


class Scoreboard:
    """Vectors by number, in the order in which they are taken.

    Args:
        expected: the outputs of each vector.
    """

    def __init__(self, expected: Sequence[Sequence[int]]) -> None:
        self.expected = [list(row) for row in expected]
        self.waiting = deque(range(len(self.expected)))
        self.tick = 0
        self.under_way: deque[tuple[int, int]] = deque()
        self.given: dict[int, list[int]] = {}
        self.latencies: Counter[int] = Counter()
        self.late: Counter[int] = Counter()
        self.lost = 0
        self.quiet = 0
        self.faults: list[str] = []

    def stuck(self, most: int) -> bool:
        """Whether nothing has entered or left for so many calls, one a clock; that is a fault."""
        self.quiet += 1
        if self.quiet <= most:
            return False
        self.fault(f"no vector is taken and none comes out for {most} clocks")
        return True

    def take(self) -> None:
        """The next vector enters at this tick."""
        self.quiet = 0
        self.under_way.append((self.waiting.popleft(), self.tick))

    def give(self, values: Sequence[int], timed: bool = True) -> None:
        """Outputs leave at this tick; not `timed` where something outside has held them."""
        if not self.under_way:
            self.fault(f"outputs {list(values)} that belong to no vector")
            return
        self.quiet = 0
        number, taken = self.under_way.popleft()
        (self.latencies if timed else self.late)[self.tick - taken] += 1
        self.given[number] = list(values)
        if self.given[number] != self.expected[number]:
            self.fault(f"vector {number} gives {list(values)}, not {self.expected[number]}")

    def clear(self, stated: int | None = None) -> None:
        """A reset: vectors under way are lost, and will be taken again.

        Args:
            stated: the latency that is claimed, where what leaves in this very tick is not lost.
        """
        if stated is not None and self.under_way and self.tick - self.under_way[0][1] >= stated:
            self.fault(f"vector {self.under_way[0][0]} does not come out in the tick of a reset")
        self.lost += len(self.under_way)
        self.waiting.extend(number for number, _ in self.under_way)
        self.under_way.clear()

    def fault(self, text: str) -> None:
        """Something is wrong at this tick."""
        self.faults.append(f"tick {self.tick}: {text}")

    def outcome(self, stated: int) -> dict[str, Any]:
        """What was seen, as JSON values.

        Args:
            stated: the latency that is claimed.
        """
        if self.under_way:
            self.fault(f"{len(self.under_way)} vectors have not come out")
        wrong = sorted({*self.latencies} - {stated})
        if wrong or not self.latencies:
            self.fault(f"latencies in ticks are {dict(sorted(self.latencies.items()))}: {stated}"
                       " is stated")  # fmt: skip
        if self.late and min(self.late) < stated:
            self.fault(f"a vector left after {min(self.late)} ticks: {stated} are stated")
        return {
            "vectors": len(self.given),
            "lost_in_reset": self.lost,
            "latencies": {str(k): n for k, n in sorted(self.latencies.items())},
            "faults": len(self.faults),
            "first_fault": self.faults[0] if self.faults else "",
        }
