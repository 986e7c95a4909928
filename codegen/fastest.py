"""The fastest clock at which a design fits in a number of ticks.

How an expression is lowered and split depends on the clock, so that the clock is found by compiling
again, in halves of the range of whole MHz.
"""

from __future__ import annotations

from collections.abc import Callable

from symtick.codegen.design import Design
from symtick.codegen.scheduling.scheduler import check_latency
from symtick.errors import InputError, ResourceError, counted

FASTEST_MHZ = 1000


def fastest_clock(
    compiled: Callable[[int], Design],
    ticks: int,
    slowest: int = 1,
    highest: int = FASTEST_MHZ,
) -> int:
    """The clock in whole MHz at which a design fits in `ticks`, while 1 MHz more is too fast.

    Args:
        compiled: compiles for a clock in MHz with the latency `ticks`.
        ticks: 0 is combinational: then the longest path has to fit into one tick.
        slowest: where the search starts.
        highest: where it ends.

    Raises:
        InputError: `ticks` is no number of ticks, or `compiled` refuses what it compiles.
        ResourceError: even the slowest clock is too fast.
    """
    check_latency(ticks)
    if not _fits(compiled, slowest):
        raise ResourceError(f"the design does not fit in {counted(ticks, 'tick')} at {slowest} MHz")
    low, high = slowest, highest + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _still_fits(compiled, middle) else (low, middle)
    return low


def _still_fits(compiled: Callable[[int], Design], clock_mhz: int) -> bool:
    """Whether a design that compiles for a slower clock fits at this one."""
    try:
        return _fits(compiled, clock_mhz)
    except InputError:  # no model leaves room for logic
        return False


def _fits(compiled: Callable[[int], Design], clock_mhz: int) -> bool:
    try:
        plan = compiled(clock_mhz).schedule
    except ResourceError:  # too few ticks
        return False
    return max(plan.arrival, default=0.0) <= plan.budget_ns + 1e-9
