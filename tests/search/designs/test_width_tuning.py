"""Tuned designs on the front: narrower and cheaper than what they were made of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from distill_samples import classes, distiller, short, values

from symtick.hwcost import model, search_cost
from symtick.search.designs.front import Front
from symtick.search.designs.settings import TuningSettings
from symtick.search.designs.width_tuning import WidthTuning
from symtick.search.distill.distill import Distiller

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def tuned() -> tuple[Distiller, Front]:
    config = short()
    fine = replace(config.fixed_point, term_fracs=(8,))  # leaves something to tune
    joint = replace(config.joint, rounds=5, terms=6)
    problem, costs = classes(), model("open", 200.0)
    table = search_cost(costs, problem.formats)
    made = Distiller(problem, replace(config, joint=joint, fixed_point=fine), costs, table)
    return made, made.run()


def test_every_tuned_design_costs_less_than_its_own(tuned: tuple[Distiller, Front]) -> None:
    made, front = tuned
    assert made._thinned is not None
    before = {(str(e.expression), e.precision): e for e in made._thinned.entries}
    tuned_ones = [e for e in front.entries if e.widths]
    assert tuned_ones
    for entry in tuned_ones:
        own = before[str(entry.expression), entry.precision]
        assert entry.cost < own.cost and entry.ticks <= own.ticks
        design = made.evaluator.design(entry.expression, entry.precision, widths=entry.widths)
        problem = made.problem
        outputs = design.real_outputs(problem.raw[problem.valid])
        wanted = problem.targets[problem.valid].argmax(axis=1)
        assert entry.score == np.mean(outputs.argmax(axis=1) == wanted)
    costs = [e.cost for e in front.entries]
    assert costs == sorted(costs)


def test_the_choice_is_made_among_all(tuned: tuple[Distiller, Front]) -> None:
    made, front = tuned
    enough = [e for e in front.entries if front.missing(e, made.config.choice) <= 0]
    assert front.chosen == (enough[0] if enough else front.best).name


def test_a_front_with_tuned_designs_survives_its_file(
    tuned: tuple[Distiller, Front], tmp_path: Path
) -> None:
    tuned[1].save(tmp_path)
    assert Front.load(tmp_path) == tuned[1]


def test_without_a_budget_nothing_is_tuned() -> None:
    config = replace(short(), tuning=TuningSettings(accuracy=None))
    front = distiller(classes(), config).run()
    assert not any(e.widths for e in front.entries)


@pytest.mark.parametrize("kind", ["classes", "values"])
def test_what_is_lost_on_its_rows_is_within_the_budget(kind: str) -> None:
    problem = classes() if kind == "classes" else values(1)
    tuning = TuningSettings(accuracy=0.01, rmse=0.025, multiples=(1, 2))
    made = distiller(problem, replace(short(), tuning=tuning))
    front = made.run()
    rows = problem.train
    for entry in front.entries:
        if not entry.widths:
            continue
        plain, narrow = (
            made.evaluator.design(entry.expression, entry.precision, widths=widths)
            for widths in ((), entry.widths)
        )
        before, after = (d.real_outputs(problem.raw[rows]) for d in (plain, narrow))
        if kind == "classes":
            assert problem.score(after, rows) >= problem.score(before, rows) - 0.02 - 1e-12
        else:
            assert problem.rmse(after, rows)[0] <= problem.rmse(before, rows)[0] * 1.05 + 1e-12


def test_a_stored_tuning_goes_on_where_it_was(tuned: tuple[Distiller, Front]) -> None:
    made, _ = tuned
    assert made._thinned is not None
    entry = made._thinned.best
    shares = (0.001, 0.01, 0.1)
    first = WidthTuning(made.evaluator, entry, shares, 500)
    again = WidthTuning(made.evaluator, entry, shares, 500)
    again.restore(first.state())
    assert not again.status.done
    first.step()
    again.restore(first.state())
    assert again.status == first.status and again.front() == first.front()
    costs = [entry.cost, *(e.cost for e in first.front())]
    assert len(costs) > 2 and costs == sorted(costs, reverse=True)
