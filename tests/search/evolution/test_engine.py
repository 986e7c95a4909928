"""The evolutionary engine: laws it finds, limits it respects, repeats and resumes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_expressions import NAMES, rows
from search_samples import restored

from symtick.errors import InputError
from symtick.expr import SEARCH_OPS, Interval, Op, from_programs, parse
from symtick.hwcost.search_model.graph import search_cost
from symtick.hwcost.search_model.table import SearchCost
from symtick.search.evolution.engine import Engine
from symtick.search.evolution.settings import EngineConfig, Limits, Moves
from symtick.search.kernel_api.candidate import Candidate
from symtick.search.kernel_api.evaluation import losses
from symtick.search.kernel_api.rows import Rows

pytestmark = pytest.mark.kernel
RANGES = [Interval(-2.0, 2.0)] * 3
COST = SearchCost.unit(3)
SMALL = EngineConfig(seed=3, islands=2, population=12, screen_rows=150, trial_terms=8)


def data(text: str = "1.3*tanh(2*x0 - 0.5) + 0.7*sin(1.1*x1) - 0.2*square(x2)") -> Rows:
    X = rows(300)
    return Rows.make(X, parse(text, NAMES).evaluate(X)[:, 0])


def engine(config: EngineConfig = SMALL, held: Rows | None = None) -> Engine:
    held = held or data()
    return Engine(Rows.make(held.X, held.y), RANGES, COST, config)


def written(front: list[Candidate]) -> list[tuple[object, ...]]:
    """The front to the last bit."""
    return [
        (
            c.program.ops.tobytes(),
            c.program.args.tobytes(),
            c.program.consts.tobytes(),
            c.loss.hex(),
            c.ticks,
            c.lut.hex(),
        )
        for c in front
    ]


def test_it_finds_a_sum_of_three_terms() -> None:
    found = engine(replace(SMALL, population=24, trial_terms=64))
    for _ in range(40):
        if found.step(1).best_loss < 1e-15:
            break
    best = min(found.front(), key=lambda c: c.loss)
    assert best.loss < 1e-15
    X = rows(200, seed=9)
    expected = parse("1.3*tanh(2*x0 - 0.5) + 0.7*sin(1.1*x1) - 0.2*square(x2)", NAMES).evaluate(X)
    assert np.allclose(from_programs([best.program], NAMES).evaluate(X), expected, atol=1e-5)


def test_the_front_is_a_front_and_its_figures_are_true() -> None:
    held = data("exp(x0*x1) + abs(x2)")
    found = engine(SMALL, held)
    found.step(15)
    front = found.front()
    assert len(front) > 3
    again = losses([c.program for c in front], held)
    for one, loss in zip(front, again, strict=True):
        expression = from_programs([one.program], NAMES)
        assert (one.ticks, one.lut) == search_cost(expression, COST)
        assert one.loss == pytest.approx(loss, rel=1e-9, abs=1e-25)
        expression.intervals(RANGES)  # raises where it is undefined
    for one in front:
        for other in front:
            better = other.loss <= one.loss and other.ticks <= one.ticks and other.lut <= one.lut
            assert other is one or not better


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**63 - 1), cut=st.integers(1, 11))
def test_threads_and_steps_change_nothing(seed: int, cut: int) -> None:
    config = replace(SMALL, seed=seed)
    whole, parts = engine(config), engine(config)
    whole.step(12, threads=1)
    parts.step(cut, threads=3)
    stats = parts.step(12 - cut, threads=2)
    assert written(whole.front()) == written(parts.front())
    assert stats.generation == 12


def test_more_threads_than_islands_are_not_made() -> None:
    one, many = engine(), engine()
    assert one.step(2) == many.step(2, threads=10**9)
    assert written(one.front()) == written(many.front())


# The stack of a new thread is larger than the memory that the process may still have. The limit on
# stacks is read when a program starts, hence the second start.
_NO_THREADS = """
import os, resource, sys
if len(sys.argv) == 1:
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    resource.setrlimit(resource.RLIMIT_STACK, (1 << 33, hard))
    os.execv(sys.executable, [sys.executable, "-c", sys.orig_argv[2], "again"])
import threading
import numpy as np
from symtick.expr import Interval
from symtick.hwcost.search_model.table import SearchCost
from symtick.search.evolution.engine import Engine
from symtick.search.evolution.settings import EngineConfig
from symtick.search.kernel_api.rows import Rows
X = np.linspace(-1, 1, 50)[:, None]
config = EngineConfig(islands=4, population=8)
held = Rows.make(X, X[:, 0] ** 2)
one, other = (Engine(held, [Interval(-1, 1)], SearchCost.unit(1), config) for _ in "12")
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 30), used + (1 << 30)))
try:
    threading.Thread(target=print).start()
except RuntimeError:
    print("no threads", one.step(2) == other.step(2, threads=4))
"""


def test_an_engine_that_gets_no_threads_does_the_work_alone() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _NO_THREADS], capture_output=True, text=True, check=False,
        env={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1",
             "PYTHONPATH": os.environ.get("PYTHONPATH", "")},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "no threads True\n"), done.stderr


def test_an_engine_is_for_one_thread_at_a_time() -> None:
    found = engine()
    found.step(1)

    def long_step() -> None:
        while True:
            try:
                found.step(400)
                return
            except RuntimeError:  # the other thread was first
                pass

    at_work = threading.Thread(target=long_step)
    at_work.start()
    messages = set()
    while at_work.is_alive():
        for use in (found.step, found.front, found.state):
            try:
                use()
            except RuntimeError as error:
                messages.add((use.__name__, str(error)))
    text = "this engine is at work in another thread: wait for its step"
    assert messages == {(name, text) for name in ("step", "front", "state")}
    assert found.step(1).generation >= 402


@settings(max_examples=4, deadline=None)
@given(before=st.integers(0, 11), after=st.integers(1, 9))
def test_a_restored_engine_goes_on_as_if_nothing_had_happened(before: int, after: int) -> None:
    held = data()
    first = engine()
    if before:
        first.step(before)
    saved = {name: array.copy() for name, array in first.state().items()}
    expected = first.step(after)
    second = restored(Engine(Rows.make(held.X, held.y), RANGES, COST, SMALL), saved)
    assert second.step(after, threads=2) == expected
    assert written(second.front()) == written(first.front())
    for name, array in first.state().items():
        assert np.array_equal(second.state()[name], array), name


def test_another_seed_is_another_run() -> None:
    one, other = engine(), engine(replace(SMALL, seed=4))
    one.step(3)
    other.step(3)
    assert written(one.front()) != written(other.front())


def test_budgets_ops_and_ranges_are_respected() -> None:
    limits = Limits(max_nodes=25, max_depth=9, max_constants=6, max_ticks=2, max_lut=4.0)
    names = ("add", "sub", "mul", "log", "square", "div")
    found = engine(replace(SMALL, ops=names, limits=limits), data("log(x0 + 2.5)/(x1 + 3)"))
    found.step(20)
    allowed = {Op.INPUT, Op.CONST} | {op for op, spec in SEARCH_OPS.items() if spec.name in names}
    assert found.front()
    for one in found.front():
        assert set(one.program.ops.tolist()) <= allowed
        assert one.ticks <= 2
        assert one.lut <= 4.0
        assert len(one.program.ops) <= 25
        assert len(one.program.consts) <= 6
        for interval in from_programs([one.program], NAMES).intervals(RANGES):
            assert max(abs(interval.lo), abs(interval.hi)) <= limits.max_magnitude


def test_guesses_enter_the_front_tuned() -> None:
    held = data()
    guess = parse("1*tanh(1*x0 - 0.1) + 1*sin(1*x1) - 1*square(x2)", NAMES).to_program()
    config = replace(SMALL, population=4, tune_iterations=60)
    found = Engine(Rows.make(held.X, held.y), RANGES, COST, config, guesses=[guess])
    assert found.step(1).best_loss < 1e-15


def test_weights_decide_what_is_fitted() -> None:
    X = rows(300)
    y = np.where(X[:, 2] > 0, X[:, 0], -X[:, 1])
    weights = (X[:, 2] > 0).astype(float)
    limits = Limits(max_lut=1.0)
    found = Engine(
        Rows.make(X, y, weights),
        RANGES,
        COST,
        replace(SMALL, limits=limits),
    )
    found.step(5)
    best = min(found.front(), key=lambda c: c.loss)
    assert best.loss < 1e-12
    values = from_programs([best.program], NAMES).evaluate(X)[:, 0]
    assert np.allclose(values[weights > 0], X[weights > 0, 0], atol=1e-4)
    assert not np.allclose(values, y, atol=0.1)


def test_a_constant_target_is_no_obstacle() -> None:
    X = rows(50)
    found = Engine(Rows.make(X, np.full(50, 3.5)), RANGES, COST, SMALL)
    assert found.step(2).best_loss < 1e-20


def test_one_row_and_one_feature_work() -> None:
    found = Engine(Rows.make([[0.5]], [2.0]), [Interval(0.0, 1.0)], SearchCost.unit(1), SMALL)
    assert found.step(2).best_loss < 1e-20


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ops": ()}, "at least one operator"),
        ({"loss": "l2"}, "unknown loss 'l2'"),
        ({"population": 0}, "population must be an integer from 1 to 10000000, not 0"),
        ({"islands": 1.5}, "islands must be an integer"),
        ({"seed": -1}, "seed must be"),
        ({"interaction": 1.5}, "interaction must be a number from 0 to 1, not 1.5"),
        ({"huber_delta": 0.0}, "huber_delta must be a number above 0, not 0"),
        ({"parsimony": -1.0}, "parsimony must be a number from 0, not -1.0"),
        ({"target_loss": float("nan")}, "target_loss must be a finite number or None, not nan"),
        ({"literals": (1.0,)}, "simplify=True merges constants"),
        ({"constants": False}, "simplify=True merges constants"),
    ],
)
def test_bad_settings_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(SMALL, **change)  # type: ignore[arg-type]


def test_bad_limits_and_moves_are_refused() -> None:
    with pytest.raises(
        InputError, match="max_lut must be a finite number above 0 or None, not nan"
    ):
        Limits(max_lut=float("nan"))
    with pytest.raises(InputError, match=r"Moves\.crossover must be a number from 0, not -1"):
        Moves(crossover=-1.0)


def test_bad_data_is_refused() -> None:
    X, y = rows(20), np.zeros(20)
    with pytest.raises(InputError, match="y holds nan at index"):
        Engine(Rows.make(X, np.full(20, np.nan)), RANGES, COST, SMALL)
    with pytest.raises(InputError, match="3 features, but 2 ranges"):
        Engine(Rows.make(X, y), RANGES[:2], COST, SMALL)
    with pytest.raises(InputError, match="outside its range"):
        Engine(Rows.make(X, y), [Interval(-0.1, 0.1)] * 3, COST, SMALL)
    with pytest.raises(InputError, match="cost has tables for 2"):
        Engine(Rows.make(X, y), RANGES, SearchCost.unit(2), SMALL)
    with pytest.raises(InputError, match="no first expression keeps the rules"):
        Engine(Rows.make(X, y), RANGES, COST, replace(SMALL, limits=Limits(max_constants=0))).step(
            1
        )


def test_damaged_states_are_refused() -> None:
    held = data()
    running = engine()
    running.step(2)
    state = running.state()

    def resume(config: EngineConfig = SMALL, **change: np.ndarray | None) -> None:
        mixed = {k: v for k, v in {**state, **change}.items() if v is not None}
        restored(Engine(Rows.make(held.X, held.y), RANGES, COST, config), mixed)

    resume()
    words, ops = state["words"], state["ops"]
    version = words.copy()
    version[0] = 99
    sizes = words.copy()
    sizes[18] = 2**40
    for change, message in (
        ({"words": version}, "version 99"),
        ({"words": words[:50]}, "end before"),
        ({"words": np.append(words, words[:1])}, "more than one state"),
        ({"words": sizes}, "end before"),
        ({"words": None}, "lacks the array 'words'"),
        ({"words": words.astype(np.int64)}, "one-dimensional uint64"),
        ({"ops": ops[:-1]}, "differ in length"),
        ({"ops": np.full_like(ops, 99)}, "opcode 99"),
    ):
        with pytest.raises(InputError, match=message):
            resume(**change)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="belongs to other data"):
        resume(replace(SMALL, seed=77))


def test_passes_count_what_is_computed_over_the_rows() -> None:
    held = data()
    plain = replace(SMALL, constants=False, simplify=False, moves=Moves(add_term=0, swap_term=0))
    bare = Engine(Rows.make(held.X, held.y), RANGES, COST, plain)
    done = bare.step(5)
    assert done.fits == 0  # what comes besides is the archive's double precision
    assert done.evaluations < done.passes < 1.5 * done.evaluations
    fitting = replace(SMALL, moves=Moves(add_term=0, swap_term=0), trial_terms=0)
    fitted = Engine(Rows.make(held.X, held.y), RANGES, COST, fitting)
    found = fitted.step(5)
    # each fit takes its start and at least no step, and at most 4 times the iterations, twice each
    assert found.evaluations + found.fits <= found.passes
    assert found.passes <= found.evaluations * 2 + found.fits * (8 * SMALL.tune_iterations + 2)
    tried = Engine(Rows.make(held.X, held.y), RANGES, COST, SMALL).step(5)
    assert tried.passes > 10 * tried.evaluations
    threads = Engine(Rows.make(held.X, held.y), RANGES, COST, SMALL).step(5, threads=2)
    assert threads.passes == tried.passes
