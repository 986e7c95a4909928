"""The best clock of a design, from the fastest clock of every number of ticks.

With a limit on the latency, in ticks or in nanoseconds, the best clock is the
highest one at which the design keeps to it: the pipeline then takes the most events. Without such
a limit it is the clock of the smallest latency in nanoseconds, of equals the highest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from symtick.hwcost.models.budget import Budget

_MANY_TICKS = 64  # more would not make a stage shorter

Fastest = Callable[[int, int], int]


def best_clock(fastest: Fastest, budget: Budget) -> tuple[int, int]:
    """The ticks and the clock, in MHz, of the best one.

    Args:
        fastest: the fastest clock, in whole MHz, at which the design fits in a number of ticks,
            given that number and a clock at which it is known to fit.
        budget: whose `ticks` and `ns` count. Where no clock keeps to the latter, the answer is as
            if it were not there.

    Raises:
        ResourceError: from `fastest`, where the design runs at no clock.
    """
    if budget.ticks is not None and budget.ns is None:
        most = max(1, budget.ticks)
        return most, fastest(most, 1)
    steps = list(_steps(fastest, budget))
    kept = [(ticks, clock) for ticks, clock in steps if budget.ns is not None
            and 1000.0 * ticks / clock <= budget.ns * (1.0 + 1e-9)]  # fmt: skip
    if kept:
        return max(kept, key=lambda step: step[1])
    return min(steps, key=lambda step: (step[0] / step[1], -step[1]))


def _steps(fastest: Fastest, budget: Budget) -> Iterator[tuple[int, int]]:
    """Ticks and their fastest clock, as long as more ticks can be of use."""
    most = max(1, _MANY_TICKS if budget.ticks is None else budget.ticks)
    top = fastest(most, 1)
    least = float("inf")
    clock = 1
    for ticks in range(1, most + 1):
        clock = fastest(ticks, clock)
        yield ticks, clock
        least = min(least, 1000.0 * ticks / clock)
        useful = least if budget.ns is None else max(least, budget.ns)
        if clock == top or 1000.0 * (ticks + 1) / top > useful * (1.0 + 1e-9):
            return
