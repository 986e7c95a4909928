"""Unseen problems: the draw, the judge and the summary; fits are not run here."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.unseen.judge import judge
from benchmarks.unseen.problems import (
    BOXES,
    DRAWN,
    ODES,
    SEEN,
    Law,
    box_data,
    drawn,
    feynman,
    law_data,
)
from benchmarks.unseen.runs import jobs_of, pairs, report, summary

GAUSS = Law("gauss", "exp(-(x1/x0)**2/2)/(sqrt(2*3.141592653589793)*x0)", ((1.0, 3.0), (1.0, 3.0)))


def test_the_draw_is_of_laws_that_no_other_benchmark_holds() -> None:
    names = [law.name for law in drawn()]
    assert len(set(names)) == DRAWN and not {*names} & {*SEEN}
    assert names == [law.name for law in drawn()]
    for law in [*feynman().values(), *ODES]:
        data = law_data(law, 0.0, 0)
        assert np.isfinite(data.y).all() and np.std(data.y) > 0, law.name


def test_noise_is_relative_to_the_target_s_spread() -> None:
    law = ODES[0]
    exact, noisy = law_data(law, 0.0, 3), law_data(law, 0.1, 3)
    assert np.array_equal(exact.X, noisy.X)
    assert np.std(noisy.y - exact.y) == pytest.approx(0.1 * np.std(exact.y), rel=0.1)
    assert np.array_equal(exact.y_test, noisy.y_test)


@pytest.mark.parametrize(
    ("text", "noise", "law", "clean", "srbench"),
    [
        ("exp(square(x1/x0)*-0.5)*0.39894/x0", 0.0, True, True, True),
        ("exp(square(x1/x0)*-0.51)*0.39894/x0", 0.0, False, False, False),
        ("exp(square(x1/x0)*-0.51)*0.39894/x0", 0.1, True, True, False),
        ("exp(square(x1/x0)*-0.5)*0.39894/x0 + 0.001", 0.1, False, False, False),
        ("exp(square(x1/x0)*-0.5)*0.7/x0", 0.1, False, False, True),
        ("exp(square(x1/x0)*-0.49999999)*0.39894/x0", 0.01, True, False, True),
        ("sqrt(x1 - 5)", 0.1, False, False, False),
    ],
)
def test_the_judge(text: str, noise: float, law: bool, clean: bool, srbench: bool) -> None:
    verdict = judge(text, GAUSS, noise)
    assert (verdict.law, verdict.clean, verdict.srbench) == (law, clean, srbench)


def test_another_way_of_writing_it_is_the_law() -> None:
    lens = Law("lens", "1/(1/x0 + x2/x1)", ((1.0, 5.0),) * 3)
    assert judge("x0*x1/(x1 + x0*x2)", lens, 0.0).clean
    assert not judge("x0*x1/(x1 + x0*x2*1.01)", lens, 0.0).law


def test_the_law_itself_is_the_law() -> None:
    for law in ODES:
        assert judge(law.text, law, 0.0).clean, law.name


def test_black_boxes_have_rows_to_learn_and_to_test() -> None:
    for name in BOXES:
        data = box_data(name, 1)
        assert len(data.y) == len(data.X) >= 100 and np.isfinite(data.X).all()
        assert len(data.X) // 3 - 1 <= len(data.X_test) <= len(data.X) // 3 + 1


def test_the_report_counts_wins_and_laws() -> None:
    def row(kind: str, own: float, other: float) -> dict[str, object]:
        figures = [
            {"text": "x0", "law": k == 0, "clean": False, "srbench": True, "r2": r, "collapsed": k,
             "front": 4, "cpu_seconds": 1.0 + k}
            for k, r in enumerate((own, other))
        ]  # fmt: skip
        return {"kind": kind, "problem": "p", "noise": 0.0, "seed": 0,
                "symtick": figures[0], "pyoperon": figures[1]}  # fmt: skip

    rows = [row("box", 0.9, 0.8), row("box", 0.8, 0.802), row("box", 0.1, 0.5),
            row("law", 0.9995, 0.5)]  # fmt: skip
    assert pairs(rows) == {"win": 1, "tie": 1, "loss": 1}
    law = next(r for r in summary(rows) if r["kind"] == "law" and r["tool"] == "symtick")
    assert (law["law"], law["fits"], law["collapsed"], law["front"]) == (1, 1, 0, 4)
    assert "1 win, 1 tie, 1 loss" in report(rows)


def test_jobs_of_a_part() -> None:
    assert len(jobs_of(["law"], [0.0, 0.1], 5)) == 10
    assert len({run.key for run in jobs_of(["law", "box", "noise"], [0.0], 40)}) == 40 + 35 + 10
