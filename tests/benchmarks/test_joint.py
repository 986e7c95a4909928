"""The share of a box by which `benchmarks.distilling.joint` compares fronts."""

from __future__ import annotations

import pytest

from benchmarks.distilling.joint import METHODS, configured, share, summary
from benchmarks.distilling.tasks import mixed
from symtick.codegen import Precision
from symtick.expr import parse
from symtick.search.designs.front import FrontEntry
from symtick.search.hybrid.settings import HYBRID_METHODS


def entry(score: float, ticks: int, lut: float, text: str = "2.0*x0 + 1.0") -> FrontEntry:
    expression = parse(text, ["x0"])
    return FrontEntry("", expression, Precision(), "", 0.1, score, score, ticks, lut, 0, 0, ticks)


def test_better_designs_dominate_more() -> None:
    problem = mixed()
    base = entry(0.8, 2, 64.0)
    alone = share(problem, [base])
    assert 0.0 < alone < 1.0 and share(problem, []) == 0.0
    for better in (entry(0.9, 2, 64.0), entry(0.8, 1, 64.0), entry(0.8, 2, 32.0),
                   entry(0.8, 2, 64.0, "x0")):  # fmt: skip
        assert share(problem, [base, better]) == share(problem, [better]) > alone
    assert share(problem, [base, entry(0.7, 3, 99.0)]) == alone
    # 0.3 of 0.5, 7 of 9 ticks, 5 of 9 doublings of LUTs, 5 nodes
    assert alone == pytest.approx(0.6 * 7 / 9 * 5 / 9 * (10 - 2.321928) / 8)


def test_every_method_is_compared() -> None:
    assert set(METHODS) > set(HYBRID_METHODS)
    assert len({str(configured(method, 1)) for method in METHODS}) == len(METHODS)


def test_methods_are_compared_seed_by_seed() -> None:
    rows = [
        {"task": "jets", "method": method, "seed": seed, "share": value, "evaluations": 10,
         "cpu_seconds": 1.0}
        for method, values in (("hybrid", (0.5, 0.7)), ("gp", (0.6, 0.4)))
        for seed, value in enumerate(values, start=1)
    ]  # fmt: skip
    hybrid, gp = summary(rows)
    assert (hybrid["share"], hybrid["above_hybrid"]) == (pytest.approx(0.6), 0)
    assert (gp["least"], gp["most"], gp["above_hybrid"], gp["seeds"]) == (0.4, 0.6, 1, 2)
