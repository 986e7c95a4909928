"""Designs assembled from evolved fronts."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from distill_samples import FORMATS, classes, distiller, inputs, program, scores, short, values

from symtick.codegen import Fixed, Precision
from symtick.errors import InputError
from symtick.expr import from_programs
from symtick.search.data.problem import Problem
from symtick.search.designs.joint_fit import JointFit
from symtick.search.designs.settings import FixedPointSettings
from symtick.search.distill.assemble import PRICES, Assembly, combinations, least_price
from symtick.search.distill.output_search import pick
from symtick.search.kernel_api.candidate import Candidate

pytestmark = pytest.mark.kernel


def front() -> list[Candidate]:
    texts = ("0.0", "x0", "x0 + x1", "x0 + x1 + x2")
    losses, areas = (1.0, 0.3, 0.1, 0.09), (0.0, 5.0, 20.0, 80.0)
    return [
        Candidate(program(t), loss, 1, lut)
        for t, loss, lut in zip(texts, losses, areas, strict=True)
    ]


@pytest.mark.parametrize("price", [1e-6, 1e-3, 5e-3, 1e-1, 10.0])
def test_pick_minimises_loss_plus_price(price: float) -> None:
    best = min(front(), key=lambda c: c.loss + price * c.lut)
    np.testing.assert_array_equal(pick(front(), price).ops, best.program.ops)


def test_combinations_go_from_cheap_to_dear_without_repetition() -> None:
    found = combinations([front(), front()], [1.0, 4.0], 12)
    sizes = [sum(len(p.ops) for p in programs) for programs in found]
    assert len(found) > 2
    assert sizes == sorted(set(sizes))


def test_combinations_keep_every_limit_of_ticks() -> None:
    quick = [replace(c, loss=2.0 * c.loss, lut=0.5 * c.lut) for c in front()]
    slow = [replace(c, program=program(f"{n} - x2"), ticks=3) for n, c in enumerate(front())]
    late = [replace(c, ticks=2) for c in front()]
    names = {id(c.program): c.ticks for c in (*quick, *slow, *late)}
    found = combinations([[*quick, *slow], late], [1.0, 1.0], 8)
    ticks = [max(names[id(p)] for p in programs) for programs in found]
    assert ticks == sorted(ticks) and set(ticks) == {2, 3}
    assert len({tuple(map(id, programs)) for programs in found}) == len(found)


def test_assembly_measures_a_polished_design() -> None:
    made = distiller(classes(), short())
    problem = made.problem
    rows = problem.train
    polisher = JointFit(problem.real(rows), problem.goal[rows], problem.objective, problem.ranges)
    programs = [program(t) for t in ("x0 + 0.1", "1.0 - 0.5*x1**2", "0.9*x0 - x2")]
    part = Assembly(
        "a", made.evaluator, polisher, programs, made.config.assemble, made.config.fixed_point
    )
    expression = from_programs(programs, problem.input_names)
    plain = made.evaluator.measure(expression, Precision(term_frac=6), "plain")
    part.step()
    assert part.status.done
    assert plain is not None
    assert max(e.score for e in part.front()) > plain.score
    fracs = [e.precision.term_frac for e in part.front()]
    assert fracs == sorted(fracs)


def test_problem_is_quantised_shuffled_and_split() -> None:
    X = inputs(100)
    problem = Problem.from_scores(X, scores(X), FORMATS, validation=0.25, seed=3)
    assert (problem.train, problem.valid) == (slice(0, 75), slice(75, 100))
    order = np.random.default_rng(3).permutation(100)
    whole = slice(0, 100)
    steps = np.array([f.step for f in FORMATS])
    near = np.clip(X[order], -1.0, 1.0 - steps)
    assert (np.abs(problem.real(whole) - near) <= steps / 2 + 1e-12).all()
    np.testing.assert_allclose(problem.targets.sum(axis=1), 0.0, atol=1e-12)
    np.testing.assert_array_equal(problem.classes(whole), scores(X)[order].argmax(axis=1))
    assert problem.teacher_score(problem.valid) == 1.0


def test_values_keep_their_level() -> None:
    assert values(1).targets.mean() > 5.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"formats": FORMATS[:2]}, "features"),
        ({"labels": [0, 1]}, "labels"),
        ({"validation": 0.0}, "leaves none"),
        ({"output_names": ["a", "a", "b"]}, "different names"),
        ({"temperature": 0.0}, "temperature must be positive"),
        ({"scores": np.zeros((3, 3))}, "rows of targets"),
        ({"X": np.full((40, 4), np.nan)}, "nan"),
    ],
)
def test_problem_refusals(change: dict, message: str) -> None:
    X = inputs(40)
    arguments = {"X": X, "scores": scores(X), "formats": FORMATS, **change}
    with pytest.raises(InputError, match=message):
        Problem.from_scores(**arguments)


def test_one_class_is_refused() -> None:
    with pytest.raises(InputError, match="two classes"):
        Problem.from_labels(inputs(10), np.zeros(10), (Fixed(5, 4),) * 4, classes=1)


def test_the_lowest_price_of_values_follows_what_is_left() -> None:
    assert least_price([front()], [1.0]) == PRICES[1]
    exact = [replace(c, loss=1e-4 * c.loss) for c in front()]
    assert least_price([front(), exact], [1.0, 1.0]) == pytest.approx(0.02 * 0.09e-4)
    cheapest = combinations([exact], [1.0], 8, least_price([exact], [1.0]))[-1]
    np.testing.assert_array_equal(cheapest[0].ops, exact[2].program.ops)
    assert len(combinations([exact], [1.0], 8)[-1][0].ops) < len(exact[2].program.ops)


def test_bits_follow_the_error_that_is_left() -> None:
    evaluator = distiller(values(1), short()).evaluator
    problem, rows = evaluator.problem, slice(0, 1000)
    goal, spread = problem.targets[rows], float(problem.spread[0])
    coarse = evaluator.bits(goal + spread, rows)
    assert coarse.shift == -math.floor(math.log2(spread)) and coarse.address == 4
    fine = evaluator.bits(goal + spread / 63.0, rows)
    assert fine.shift - coarse.shift in (3, 4) and fine.address == coarse.address + 4
    assert evaluator.bits(goal, rows).shift <= coarse.shift + 10  # nothing left: no end of bits
    assert evaluator.bits(goal * np.nan, rows) == coarse


def test_precision_of_values_is_as_coarse_as_their_error_bears() -> None:
    evaluator = distiller(values(1), short()).evaluator
    expression = from_programs([program("10.0 + sin(3.0*x0)")], evaluator.problem.input_names)
    fixed = FixedPointSettings(term_fracs=(0, 2, 4, 8))
    entries = evaluator.coarsest(expression, fixed, "test")
    errors = [evaluator.problem.error(e.rmse) for e in entries]
    strict = evaluator.coarsest(expression, replace(fixed, rmse_tolerance=0.0), "test")
    least = min(evaluator.problem.error(e.rmse) for e in strict)
    assert errors[-1] <= 1.02 * least and all(e > 1.02 * least for e in errors[:-1])
