"""The best clock of a design: compiled again and again until it is found.

Room: front door. With a limit on the latency, in ticks or in nanoseconds, the best clock is the
highest one at which the design keeps to it: the pipeline then takes the most events. Without such
a limit it is the clock of the smallest latency in nanoseconds, of equals the highest. Clocks are
whole megahertz. The number of ticks is taken not to fall when the clock rises, so that the highest
clock of every number of ticks is found by bisection.
"""

from __future__ import annotations

from collections.abc import Callable

from symtick.errors import ResourceError
from symtick.hwcost.budget import Budget

Ticks = Callable[[int], int | None]


def best_clock(ticks: Ticks, top: int, budget: Budget) -> int:
    """The best clock, MHz.

    Args:
        ticks: latency of the design compiled for a clock in MHz, at least 1; None where it cannot
            run at that clock.
        top: the highest clock to try, MHz.
        budget: whose `ticks` and `ns` count. Where no clock keeps to them it is as if there were
            none: the answer is the clock of the smallest latency.

    Raises:
        ResourceError: the design cannot run at 1 MHz either.
    """
    known: dict[int, int | None] = {}

    def needed(clock: int) -> int | None:
        if clock not in known:
            known[clock] = ticks(clock)
        return known[clock]

    highest = _last(1, top, lambda clock: needed(clock) is not None)
    most = needed(highest) if highest else None
    if most is None:
        raise ResourceError("the design runs at no clock of 1 MHz or more on this device")
    limited = budget.ticks is not None or budget.ns is not None
    best = [(highest, most)]  # clock and ticks, the clocks falling
    allowed = most if budget.ticks is None else max(1, min(most, budget.ticks))
    for count in range(allowed, 0, -1):

        def quick(clock: int, count: int = count) -> bool:
            return (needed(clock) or count + 1) <= count

        clock = _last(1, best[-1][0], quick)
        if not clock:
            break
        best.append((clock, needed(clock) or count))
        if limited and _keeps(budget, *best[-1]):
            return clock
    return min(best, key=lambda held: (held[1] / held[0], -held[0]))[0]


def _keeps(budget: Budget, clock: int, count: int) -> bool:
    in_ticks = budget.ticks is None or count <= budget.ticks
    return in_ticks and (budget.ns is None or 1000.0 * count / clock <= budget.ns * (1.0 + 1e-9))


def _last(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """The largest number from low to high for which it holds, if it holds up to one; 0 if none."""
    if not holds(low):
        return 0
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if holds(middle) else (low, middle - 1)
    return low
