"""Layered forms: values, gradients, pruning, and agreement with the compiled hardware."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from distill_samples import FORMATS, classes, distiller, first, inputs, scores, short, values

from symtick.codegen import Decision, Fixed
from symtick.errors import InputError
from symtick.search import _kernel
from symtick.search.data.dataset import FloatArray
from symtick.search.data.objective import Objective, choice, row_choices
from symtick.search.data.problem import Problem
from symtick.search.designs.evaluate import DesignEvaluator
from symtick.search.layered.codes import Codes
from symtick.search.layered.descent import DECAY, PARAMS, fit, form_arrays, minimised
from symtick.search.layered.elimination import Elimination, LayeredRows, pack, unpack
from symtick.search.layered.layers import Grid, Layers, Params
from symtick.search.layered.pruning import DAMPING, INNER, OUTER, Cut, _Span, cuts, remove

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def evaluator() -> DesignEvaluator:
    return distiller(classes(), short()).evaluator


@pytest.fixture(scope="module")
def training(evaluator: DesignEvaluator) -> LayeredRows:
    return LayeredRows.of(evaluator, short().layered)


def layers(training: LayeredRows, seed: int = 0, hidden: int = 3) -> Layers:
    rng = np.random.default_rng(seed)
    made = Layers.random(
        training.codes, hidden, ("tanh", "gauss", "sin"), np.zeros(3), np.ones(3), rng
    )
    made.inner[rng.random(made.inner.shape) < 0.3] = 0.0
    made.outer[rng.random(made.outer.shape) < 0.2] = 0.0
    made.inner[0], made.outer[0] = 1.0, 1.0
    return made


def test_code_sums_are_row_sums(evaluator: DesignEvaluator, training: LayeredRows) -> None:
    raw = evaluator.problem.raw[:50]
    columns = np.random.default_rng(0).normal(size=(len(training.codes.values), 2))
    columns = columns.astype(np.float32)
    wanted = columns[training.codes.places(raw)].sum(axis=1)
    np.testing.assert_allclose(training.codes.matrix(raw) @ columns, wanted, rtol=1e-5)
    np.testing.assert_array_equal(
        training.codes.values[training.codes.places(raw)],
        evaluator.problem.real(slice(0, 50)).astype(np.float32),
    )


def test_wide_inputs_list_what_occurs() -> None:
    raw = np.array([[3], [-7], [3]])
    codes = Codes.of([Fixed(20, 4)], raw)
    assert codes.raw[0].tolist() == [-(2**19), -7, 3, 2**19 - 1]


def test_a_stored_form_that_lacks_an_array_is_refused() -> None:
    search, fresh = (first(distiller(classes(400), short()), "layers")[0] for _ in range(2))
    while not search.pruned:
        search.step()
    state = search.state()
    assert "now.a" in state and "0.a" in state
    for lost in state:
        with pytest.raises(InputError, match="cannot go on from the saved search: KeyError"):
            fresh.restore({key: array for key, array in state.items() if key != lost})


@pytest.mark.parametrize("seed", range(3))
def test_values_are_those_of_the_expression(
    evaluator: DesignEvaluator, training: LayeredRows, seed: int
) -> None:
    made = layers(training, seed)
    rows = slice(0, 300)
    expression = made.expression(evaluator.problem.input_names)
    wanted = expression.evaluate(evaluator.problem.real(rows))
    found = made.outputs(training.codes.matrix(evaluator.problem.raw[rows]))
    np.testing.assert_allclose(found, wanted, atol=2e-5)


def kernel_gradient(
    layers: Layers, rows: _kernel.LayeredRows, problem: Problem, by_class: bool = False
) -> tuple[float, Params]:
    goal = minimised(layers, problem, by_class)
    loss, slopes = _kernel.layers_gradient(*form_arrays(layers), rows, goal, 0)
    return loss, dict(zip(PARAMS, slopes, strict=True))


def numpy_gradient(
    layers: Layers, matrix: Any, goal: FloatArray, objective: Objective, relative: bool
) -> tuple[float, Params]:
    """Loss and gradient of rows, row sums as products with the code matrix (rows, codes)."""
    p, codes = layers.params, layers.codes
    u, t, _ = layers.curves()
    sums, seen = layers.hidden(matrix)
    bent, terms = layers.heads(seen)
    loss, slope = objective(layers.added(terms).T, goal)
    slopes: Params = {name: np.zeros_like(array) for name, array in p.items()}
    slopes["bias"] = slope.sum(axis=0)
    down = sums * 2 * DECAY * (min(loss, 1.0) if relative else 1.0) / len(goal)
    for place, (j, k) in enumerate(zip(*layers.pairs(), strict=True)):
        slopes["alpha"][j, k] = (slope[:, k] * bent[place]).sum()
        inside = slope[:, k] * (1.0 - bent[place] ** 2) * p["alpha"][j, k]
        slopes["gamma"][j, k] = inside.sum()
        slopes["beta"][j, k] = (inside * seen[j]).sum()
        down[j] += inside * p["beta"][j, k]
    columns = (matrix.T @ down.T) * layers.inner[codes.feature]
    slopes["a"] = codes.sums(columns * t)
    columns = columns * p["a"][codes.feature] * layers.slopes(u, t)
    slopes["c"] = codes.sums(columns)
    slopes["b"] = codes.sums(columns * codes.values[:, None])
    return loss, slopes


def two_classes() -> Problem:
    X = inputs(1200)
    return Problem.from_scores(X, scores(X)[:, :1], FORMATS)


LOSSES: dict[str, tuple[Callable[[], Problem], bool]] = {
    "scores": (classes, False),
    "class": (classes, True),
    "score of two": (two_classes, False),
    "class of two": (two_classes, True),
    "values": (values, False),
}


@pytest.fixture(params=_kernel.isa_levels())
def isa_level(request: pytest.FixtureRequest) -> Iterator[None]:
    _kernel.choose_isa(request.param)
    yield
    _kernel.choose_isa(_kernel.isa_levels()[-1])


@pytest.mark.usefixtures("isa_level")
@pytest.mark.parametrize(
    "grid", [None, Grid(3, 5), Grid(-1, 5)], ids=["real", "rounded", "rounded to twos"]
)
@pytest.mark.parametrize("name", LOSSES)
def test_the_kernels_gradient_is_that_of_numpy(name: str, grid: Grid | None) -> None:
    """A last block of the batch is incomplete, and a last vector of that block too."""
    make, by_class = LOSSES[name]
    problem = make()
    made = distiller(problem, short())
    rows = LayeredRows.of(made.evaluator, replace(short().layered, rows=500, batch=297))
    rng = np.random.default_rng(3)
    form = Layers.random(
        rows.codes, 18, ("tanh", "gauss", "sin"), np.zeros(problem.outputs), problem.spread, rng
    )
    form.inner[rng.random(form.inner.shape) < 0.4] = 0.0
    form.outer[rng.random(form.outer.shape) < 0.3] = 0.0
    form.inner[1], form.inner[:, 4] = (
        0.0,
        0.0,
    )  # an input that nothing reads, a sum without summands
    form.inner[0, 4] = 1.0  # of one summand, which is not rounded
    form.grid = grid
    objective = choice if by_class else problem.objective
    matrix, goal = rows.codes.matrix(problem.raw[:297]), problem.goal[:297]
    wanted = numpy_gradient(form, matrix, goal, objective, problem.kind == "values")
    found = kernel_gradient(form, rows.batches, problem, by_class)
    assert found[0] == pytest.approx(wanted[0], rel=1e-5)
    for key, slopes in wanted[1].items():
        scale = float(np.abs(slopes).max())
        np.testing.assert_allclose(found[1][key], slopes, atol=2e-4 * scale, err_msg=key)


def test_rows_and_arithmetic_of_the_kernel_are_checked(training: LayeredRows) -> None:
    first, places = np.array([0, 2, 4], np.int32), np.array([[0, 2], [1, 3]], np.int32)
    code, goal = np.zeros(4, np.float32), np.zeros((2, 1), np.float32)
    for batch in (3, 2**63):
        with pytest.raises(ValueError, match="more rows than there are"):
            _kernel.LayeredRows(first, code, places, goal, batch)
    spread = np.ones(1, np.float32)
    for frac, bits, said in (
        (3, -1, "address_bits"),
        (3, 31, "address_bits"),
        (63, 5, "term_frac"),
    ):
        with pytest.raises(ValueError, match=said):
            _kernel.LayeredGoal(2, 1.0, 0.0, spread, 0.0, False, frac, bits)


def test_constants_that_have_diverged_are_worth_nothing_but_do_no_harm(
    evaluator: DesignEvaluator, training: LayeredRows
) -> None:
    form = layers(training)
    form.grid = Grid(3, 5)
    for huge in (1e30, np.nan):
        form.params["a"][:] = form.params["c"][:] = huge
        loss, slopes = kernel_gradient(form, training.batches, evaluator.problem)
        assert not loss < 1.0 and slopes.keys() == form.params.keys()


def test_gradient_is_the_derivative(evaluator: DesignEvaluator, training: LayeredRows) -> None:
    made, problem = layers(training), evaluator.problem
    _, found = kernel_gradient(made, training.batches, problem)
    for name, held in made.params.items():
        for place in [(0,) * held.ndim, tuple(n - 1 for n in held.shape)]:
            ends = []
            for step in (1e-2, -1e-2):
                made.params[name] = held.copy()
                made.params[name][place] += np.float32(step)
                ends.append(kernel_gradient(made, training.batches, problem)[0])
            made.params[name] = held
            slope = (ends[0] - ends[1]) / 2e-2
            # the gradient holds the small decay of the hidden sums too
            assert found[name][place] == pytest.approx(slope, abs=2e-3), name


@pytest.mark.parametrize("lost", ["kind", "outer", "beta", "bias"])
def test_arrays_that_do_not_fit_are_refused(
    evaluator: DesignEvaluator, training: LayeredRows, lost: str
) -> None:
    kind, inner, outer, params = form_arrays(layers(training))
    named = {"kind": kind, "outer": outer} | dict(zip(PARAMS, params, strict=True))
    named[lost] = named[lost][:-1]
    goal = minimised(layers(training), evaluator.problem, False)
    with pytest.raises(ValueError, match="the arrays of a form must have its shape"):
        _kernel.layers_gradient(
            named["kind"], inner, named["outer"], [named[name] for name in PARAMS],
            training.batches, goal, 0,
        )  # fmt: skip


def test_rows_that_do_not_fit_are_refused(training: LayeredRows) -> None:
    first = np.array([0, 2, 4], np.int32)
    code, goal = np.zeros(4, np.float32), np.zeros((3, 1), np.float32)
    places = np.array([[0, 2], [1, 3], [0, 3]], np.int32)
    assert _kernel.LayeredRows(first, code, places, goal, 2).batches == 1
    with pytest.raises(ValueError, match="a place must be one of its input's codes"):
        _kernel.LayeredRows(first, code, places[:, ::-1].copy(), goal, 2)
    with pytest.raises(ValueError, match="the same rows"):
        _kernel.LayeredRows(first, code, places, goal[1:], 2)
    with pytest.raises(ValueError, match="a batch rows"):
        _kernel.LayeredRows(first, code, places, goal, 0)


def test_fit_lowers_the_loss(evaluator: DesignEvaluator, training: LayeredRows) -> None:
    made = layers(training)
    problem = evaluator.problem
    losses = []
    for steps in (0, 150):
        fit(made, training.batches, problem, steps, 0.03)
        losses.append(problem.loss(made.outputs(training.probe.matrix), slice(0, 500)))
    assert losses[1] < 0.5 * losses[0]


def test_refits_are_for_the_class_where_it_is_delivered_alone() -> None:
    """After the same first fit more of the classes are right, though the scores are further off."""
    problem, config = classes(), replace(short(), layered=replace(short().layered, refit_steps=300))
    found = []
    for outputs in (("scores",), ("index",)):
        made = distiller(problem, replace(config, decision=Decision(outputs)))
        search = first(made, "layers")[0]
        search.step()
        plain = pack(search.layers)
        search.step()
        values = search.layers.outputs(search.rows.probe.matrix)
        rows = slice(0, len(values))
        found.append((plain, row_choices(values, problem.goal[rows]).mean(),
                      problem.loss(values, rows)))  # fmt: skip
    for name, array in found[0][0].items():
        np.testing.assert_array_equal(array, found[1][0][name])
    assert found[1][1] < found[0][1]
    assert found[1][2] > found[0][2]


def test_hardware_grid_is_coarser_but_near(
    evaluator: DesignEvaluator, training: LayeredRows
) -> None:
    made = layers(training)
    plain = made.outputs(training.probe.matrix)
    errors = []
    for grid in (Grid(3, 4), Grid(5, 7), Grid(9, 12)):
        made.grid = grid
        errors.append(float(np.abs(made.outputs(training.probe.matrix) - plain).max()))
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 0.02


def test_cuts_are_ranked_by_loss_per_lut(evaluator: DesignEvaluator, training: LayeredRows) -> None:
    made = layers(training)
    made.grid = Grid(12, 14)
    found = cuts(made, training.probe, evaluator)
    scores = [c.score for c in found]
    assert scores == sorted(scores)
    for cut in found:
        # the unit model: one LUT for the adder and for a table of up to eight address bits
        luts = 2.0 if cut.layer == INNER else 1.0 + 2.0 ** (made.grid.address_bits - 8)
        assert cut.loss == pytest.approx(cut.score * luts)


def test_a_cut_costs_no_more_than_what_the_others_cannot_take_over(
    evaluator: DesignEvaluator, training: LayeredRows
) -> None:
    made = layers(training)
    made.grid = Grid(12, 14)  # so fine that rounding does not blur the comparison
    made.outer[:2] = 1.0
    made.inner[:, 1], made.kind[:, 1] = made.inner[:, 0], made.kind[:, 0]
    made.__post_init__()
    for name in ("a", "b", "c"):
        made.params[name][:, 1] = made.params[name][:, 0]
    for name in ("alpha", "beta", "gamma"):  # the second sum says what the first one says
        made.params[name][1] = made.params[name][0]
    probe, problem = training.probe, evaluator.problem
    rows = slice(0, probe.places.shape[0])
    base = problem.loss(made.outputs(probe.matrix), rows)
    found = {(c.row, c.column): c for c in cuts(made, probe, evaluator) if c.layer == OUTER}
    for k in range(3):
        less = unpack(pack(made), training.codes, made.shapes)
        less.grid = made.grid
        assert remove(less, [found[0, k]], 1) == 1
        assert less.summands < made.summands
        alone = abs(problem.loss(less.outputs(probe.matrix), rows) - base)
        assert abs(found[0, k].loss) < 0.2 * alone


def test_a_span_without_a_summand_is_a_damped_least_squares_fit() -> None:
    rng = np.random.default_rng(0)
    slopes = rng.normal(size=(9, 50)).astype(np.float32)
    part = (slopes[:3].sum(axis=0) + 0.3 * slopes[5]).astype(np.float32)
    columns = np.concatenate([slopes[:3], slopes[6:], np.ones((1, 50))]).T
    sizes = np.sqrt(np.square(columns).sum(axis=0))
    wide = np.concatenate([columns, np.sqrt(DAMPING) * np.diag(sizes)])
    factors = np.linalg.lstsq(wide, np.concatenate([part, np.zeros(7)]), rcond=None)[0]
    found = _Span(list(slopes)).without(1, part)
    np.testing.assert_allclose(found, columns @ factors, atol=1e-5)


def test_removal_never_empties_an_output(evaluator: DesignEvaluator, training: LayeredRows) -> None:
    made = layers(training)
    made.grid = Grid(3, 6)
    while remove(made, cuts(made, training.probe, evaluator), 3):
        pass
    assert (made.outer.sum(axis=0) >= 1).all()
    assert all(made.inner[:, j].sum() >= 1 for j in np.flatnonzero(made.outer.any(axis=1)))


def test_buried_sums_lose_their_summands(training: LayeredRows) -> None:
    made = layers(training)
    made.outer[1] = 0.0
    place = int(np.flatnonzero(made.inner[:, 2])[0])
    remove(made, [Cut(0.0, INNER, place, 2, 0.5, 0.0)], 1)
    assert not made.inner[:, 1].any()


def test_a_step_removes_less_where_cuts_add_too_much(training: LayeredRows) -> None:
    made = layers(training)
    places = [tuple(p) for p in np.argwhere(made.inner)[:4].tolist()]
    costs = (5.0, 3.0, 0.5, 0.4)
    found = [Cut(0.0, INNER, i, j, 0.0, loss) for (i, j), loss in zip(places, costs, strict=True)]
    assert remove(made, found, 4, most=1.0) == 1  # the first one always goes
    made = layers(training)
    assert remove(made, found[2:], 4, most=1.0) == 2


def test_the_best_of_several_starts_goes_on(
    evaluator: DesignEvaluator, training: LayeredRows
) -> None:
    starts = [layers(training, seed) for seed in range(4)]
    settings = replace(short().layered, start_steps=5, fit_steps=0)
    losses = []
    for start in starts:
        same = [copy.deepcopy(start) for _ in range(2)]
        alone = Elimination("one", evaluator, training, settings, same)
        alone.step()
        losses.append(alone.status.best_loss)
    search = Elimination("all", evaluator, training, settings, starts)
    search.step()
    assert search.status.best_loss == min(losses) < max(losses)


def test_forms_are_measured_where_they_are_smaller_by_the_spacing(
    evaluator: DesignEvaluator, training: LayeredRows
) -> None:
    def sizes(spacing: float) -> list[int]:
        settings = replace(
            short().layered, start_steps=5, fit_steps=5, refit_steps=2, drop=0.05, spacing=spacing
        )
        search = Elimination("one", evaluator, training, settings, [layers(training, 1)])
        while not search.status.done:
            search.step()
        forms = [unpack(form.layers, training.codes, ("tanh",)) for form in search.pruned]
        return [form.summands for form in forms]

    every, some = sizes(0.0), sizes(0.3)
    assert all(after < before for before, after in pairwise(every))
    assert len(some) > 1 and some[0] == every[0] and set(some) < set(every)
    assert all(after <= 0.7 * before for before, after in pairwise(some))
