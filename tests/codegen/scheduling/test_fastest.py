"""The fastest clock for a number of ticks: it fits, and one step more does not."""

from __future__ import annotations

from contextlib import suppress
from random import Random

import pytest
from expression_samples import random_expression

from symtick.codegen import Design, Fixed, Precision, compile_expression, fastest_clock
from symtick.errors import InputError, ResourceError
from symtick.expr import parse
from symtick.hwcost import model


@pytest.mark.parametrize("seed", range(3))
def test_the_clock_fits_and_one_mhz_more_does_not(seed: int) -> None:
    expression = random_expression(Random(seed), depth=2)

    def compiled(clock_mhz: int, ticks: int | None) -> Design:
        held = model("open", float(clock_mhz))
        formats = [Fixed(5, 4)] * 3
        return compile_expression(expression, formats, held, Precision(), name="top", latency=ticks)

    clocks = []
    for ticks in (1, 2, 4):
        found = fastest_clock(lambda mhz, ticks=ticks: compiled(mhz, ticks), ticks)
        assert compiled(found, ticks).schedule.latency == ticks
        with suppress(InputError, ResourceError):  # an operation is longer than the stage
            assert compiled(found + 1, None).schedule.latency > ticks
        clocks.append(found)
    assert clocks == sorted(clocks)


def test_combinational_designs_fit_in_a_tick() -> None:
    def compiled(clock_mhz: int) -> Design:
        return compile_expression(
            parse("x0*x1 + sin(x0)"), [Fixed(6, 4)] * 2, model("open", float(clock_mhz)),
            Precision(), name="top", latency=0,
        )  # fmt: skip

    found = fastest_clock(compiled, 0)
    plan, faster = compiled(found).schedule, compiled(found + 1).schedule
    assert plan.latency == 0
    assert max(plan.arrival) <= plan.budget_ns + 1e-9
    assert max(faster.arrival) > faster.budget_ns


def test_what_no_clock_can_do_is_refused() -> None:
    def compiled(clock_mhz: int) -> Design:
        raise ResourceError("too long")

    with pytest.raises(ResourceError, match="does not fit in 2 ticks at 1 MHz"):
        fastest_clock(compiled, 2)
    for ticks in (-1, 2.5):
        with pytest.raises(InputError, match=f"0 or more ticks, not {ticks}"):
            fastest_clock(compiled, ticks)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [("x0", "1bad", "'1bad' cannot name"), ("1/x0", "top", "division by a value")],
)
def test_what_compiles_at_no_clock_says_why(text: str, name: str, message: str) -> None:
    def compiled(clock_mhz: int) -> Design:
        held = model("open", float(clock_mhz))
        return compile_expression(
            parse(text), [Fixed(6, 4)], held, Precision(), name=name, latency=2
        )

    with pytest.raises(InputError, match=message):
        fastest_clock(compiled, 2)
