"""The distillation as a whole, on small problems."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from distill_samples import FORMATS, classes, distiller, inputs, scores, short, values
from scipy.special import log_softmax, rel_entr, softmax
from search_samples import dominates
from threadpoolctl import threadpool_info, threadpool_limits

from symtick.errors import InputError
from symtick.search.data.problem import Problem
from symtick.search.designs.front import Front
from symtick.search.designs.settings import ChoiceSettings
from symtick.search.distill.distill import Distiller, Progress
from symtick.search.distill.settings import DistillConfig

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def whole() -> tuple[Distiller, Front]:
    made = distiller(classes(), short())
    return made, made.run()


def test_front_is_ordered_and_non_dominated(whole: tuple[Distiller, Front]) -> None:
    entries = whole[1].entries
    assert len(entries) >= 2
    assert all(not dominates(a, b) for a in entries for b in entries)
    assert all(a.lut <= b.lut for a, b in pairwise(entries))
    assert [e.name for e in entries] == [f"d{k + 1}" for k in range(len(entries))]


def test_all_ways_of_searching_reach_designs(whole: tuple[Distiller, Front]) -> None:
    origins = {entry.origin.split("-")[0] for entry in whole[0]._entries()}
    assert origins == {"layers", "refine", "joint", "shorten"}


def test_figures_are_those_of_the_hardware(whole: tuple[Distiller, Front]) -> None:
    made, front = whole
    problem = made.problem
    raw, goal = problem.raw[problem.valid], problem.targets[problem.valid]
    for entry in front.entries:
        design = made.evaluator.design(entry.expression, entry.precision, widths=entry.widths)
        outputs = design.real_outputs(raw)
        assert entry.ticks == design.schedule.latency
        assert entry.score == np.mean(outputs.argmax(axis=1) == goal.argmax(axis=1))
        chance = softmax(goal, axis=1)
        loss = rel_entr(chance, np.exp(log_softmax(outputs, axis=1))).sum(axis=1).mean()
        assert entry.loss == pytest.approx(loss, rel=1e-9)


def test_the_search_learns(whole: tuple[Distiller, Front]) -> None:
    assert whole[1].best.score > 0.8
    assert whole[1].teacher_score == 1.0


def test_evidence_is_of_the_whole_search(whole: tuple[Distiller, Front]) -> None:
    made, front = whole
    evidence = made.evidence()
    assert {e.expression for e in front.entries} <= {e.expression for e in evidence.entries}
    assert evidence.hidden == (2, 2) and evidence.rounds == 2
    ((before, after),) = evidence.refits
    assert before.origin.startswith("layers-") and after.origin == "refine-0"
    assert before in evidence.entries and after in evidence.entries
    assert [len(curve) for curve in evidence.curves] == [2, 2]
    assert all(curve[-1] < curve[0] for curve in evidence.curves)


def test_saved_front_is_the_front(whole: tuple[Distiller, Front], tmp_path: Path) -> None:
    whole[1].save(tmp_path)
    assert Front.load(tmp_path) == whole[1]


def test_workers_change_nothing(whole: tuple[Distiller, Front]) -> None:
    assert distiller(classes(), short(workers=2)).run() == whole[1]


def test_blas_has_one_thread_while_slices_run_and_what_it_had_afterwards() -> None:
    def threads() -> set[int]:
        return {b["num_threads"] for b in threadpool_info() if b["user_api"] == "blas"}

    seen: list[set[int]] = []
    with threadpool_limits(2, user_api="blas"):
        before = threads()
        distiller(classes(), short()).run(lambda _: seen.append(threads()), stop=lambda: True)
        assert threads() == before
    assert seen[0] == {1}


def test_the_seed_changes_the_front(whole: tuple[Distiller, Front]) -> None:
    assert distiller(classes(), short(seed=1)).run() != whole[1]


def _interrupt_at(count: int) -> tuple[list[Progress], object]:
    seen: list[Progress] = []

    def tell(progress: Progress) -> None:
        seen.append(progress)
        if len(seen) == count:
            raise KeyboardInterrupt

    return seen, tell


def test_interrupt_keeps_the_front_and_can_be_resumed(
    whole: tuple[Distiller, Front], tmp_path: Path
) -> None:
    made = distiller(classes(), short())
    _, tell = _interrupt_at(4)
    front = made.run(tell, tmp_path)  # type: ignore[arg-type]
    assert made.interrupted
    assert front.entries
    again = distiller(classes(), short(workers=2))
    assert again.run(checkpoint=tmp_path, resume=True) == whole[1]
    assert not again.interrupted


def test_interrupt_while_finishing(whole: tuple[Distiller, Front], tmp_path: Path) -> None:
    made = distiller(classes(), short())
    seen: list[Progress] = []

    def tell(progress: Progress) -> None:
        seen.append(progress)
        if progress.stage == "finish":
            raise KeyboardInterrupt

    assert made.run(tell, tmp_path).entries
    assert made.interrupted
    again = distiller(classes(), short())
    assert again.run(checkpoint=tmp_path, resume=True) == whole[1]


def test_stop_ends_the_search() -> None:
    rounds: list[Progress] = []
    made = distiller(classes(), short())
    front = made.run(rounds.append, stop=lambda: len(rounds) >= 2)
    assert made.interrupted
    assert front.entries
    assert [p.stage for p in rounds[:3]] == ["search", "search", "finish"]
    assert rounds[-1].stage == "write"


_KILLED = """
import sys
from pathlib import Path
from distill_samples import classes, distiller, short

def tell(progress):
    print(progress.stage, progress.slices, flush=True)

distiller(classes(), short()).run(tell, Path(sys.argv[1]))
"""


@pytest.mark.parametrize("last", ["search 2", "finish 1"])
def test_sigkill_and_resume_equals_uninterrupted(
    whole: tuple[Distiller, Front], tmp_path: Path, last: str
) -> None:
    folder = tmp_path / "run"
    path = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
    process = subprocess.Popen(
        [sys.executable, "-c", _KILLED, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert process.stdout is not None
    with process.stdout as lines:
        for line in lines:
            if line.strip() == last:
                process.send_signal(signal.SIGKILL)
                break
    assert process.wait() == -signal.SIGKILL
    again = distiller(classes(), short(workers=2))
    assert again.run(checkpoint=folder, resume=True) == whole[1]


def test_values() -> None:
    problem = values()
    made = distiller(problem, short())
    front = made.run()
    goal = problem.targets[problem.valid]
    spread = problem.targets[problem.train].var(axis=0)
    for entry in front.entries:
        design = made.evaluator.design(entry.expression, entry.precision, widths=entry.widths)
        outputs = design.real_outputs(problem.raw[problem.valid])
        loss = np.mean((outputs - goal) ** 2 / spread)
        assert entry.loss == pytest.approx(loss, rel=1e-9)
        assert entry.score == pytest.approx(1.0 - loss, rel=1e-9)
        assert entry.rmse == pytest.approx(np.sqrt(np.mean((outputs - goal) ** 2, axis=0)))
    assert front.best.score > 0.5


def test_one_value() -> None:
    front = distiller(values(1), short()).run()
    assert front.best.score > 0.95
    assert len(front.best.expression.outputs) == 1


def test_labels_without_a_teacher() -> None:
    X = inputs()
    labels = scores(X).argmax(axis=1)
    problem = Problem.from_labels(X, labels, FORMATS, classes=3)
    assert distiller(problem, short()).run().best.score > 0.75


def test_two_classes_in_one_output() -> None:
    X = inputs()
    logit = 6.0 * X[:, 0] + 3.0 * X[:, 1]
    problem = Problem.from_scores(X, logit, FORMATS, labels=(logit > 0).astype(int))
    assert distiller(problem, short()).run().best.score > 0.9


def test_settings_that_cannot_be_are_refused_by_name() -> None:
    with pytest.raises(InputError, match=r"DistillConfig.scheduler must be one of asap, .*'foo'"):
        DistillConfig(scheduler="foo")
    with pytest.raises(InputError, match=r"ChoiceSettings\.share must be at least floor, not 0\.5"):
        ChoiceSettings(share=0.5)


def test_tick_and_lut_limits_hold() -> None:
    config = replace(short(), choice=ChoiceSettings(max_ticks=1, max_lut=12.0))
    entries = distiller(classes(), config).run().entries
    assert entries
    assert all(e.ticks <= 1 and e.lut <= 12.0 for e in entries)


def test_operators_outside_the_list_do_not_occur() -> None:
    config = replace(short(), ops=("add", "sub", "mul", "square"))
    front = distiller(classes(), config).run()
    assert front.entries
    for entry in front.entries:
        used = {node.op.name.lower() for node in entry.expression.nodes}
        assert used <= {"add", "sub", "mul", "square", "input", "const"}


def test_checkpoint_refusals(tmp_path: Path) -> None:
    made = distiller(classes(), short())
    with pytest.raises(InputError, match="no checkpoint in"):
        made.run(checkpoint=tmp_path, resume=True)
    with pytest.raises(InputError, match="name the checkpoint folder"):
        made.run(resume=True)
    made.run(checkpoint=tmp_path, stop=lambda: True)
    with pytest.raises(InputError, match="holds a checkpoint"):
        made.run(checkpoint=tmp_path)
    with pytest.raises(InputError, match="other data or settings"):
        distiller(classes(), short(seed=5)).run(checkpoint=tmp_path, resume=True)
