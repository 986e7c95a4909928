"""Which vectors are under way in a design, what came out of it, and when.

It is copied beside a design with the benches that use it. It knows neither ports nor the latency: a
vector that leaves is the oldest of those that were taken, and its latency is what is measured.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from typing import Any


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
        self.faults: list[str] = []

    def take(self) -> None:
        """The next vector enters at this tick."""
        self.under_way.append((self.waiting.popleft(), self.tick))

    def give(self, values: Sequence[int], timed: bool = True) -> None:
        """Outputs leave at this tick; not `timed` where something outside has held them."""
        if not self.under_way:
            self.fault(f"outputs {list(values)} that belong to no vector")
            return
        number, taken = self.under_way.popleft()
        (self.latencies if timed else self.late)[self.tick - taken] += 1
        self.given[number] = list(values)
        if self.given[number] != self.expected[number]:
            self.fault(f"vector {number} gives {list(values)}, not {self.expected[number]}")

    def clear(self) -> None:
        """A reset: vectors under way are lost, and will be taken again."""
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
