"""What a run says about its settings where its designs keep too little."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from quick_searches import OF_EACH_KIND

from symtick import Run, distill_job, open_run
from symtick.config import InputsSection
from symtick.errors import InputError
from symtick.run.advice import teacher_by_bits

Job = Callable[..., Path]
pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def lacking(job: Job, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with inputs of too few bits and a limit that its best designs break."""
    folder = tmp_path_factory.mktemp("lacking")
    path = job(
        folder,
        inputs={"format": "fixed<4,1>"},
        hardware={"max_ticks": 7, "max_lut": 12},
        choose={"accuracy_share": 1.0},
        search={**OF_EACH_KIND, "method": "gp", "effort": 0.1},
    )
    return distill_job(path, folder / "run")


def test_every_figure_is_of_the_run(lacking: Run) -> None:
    advice = {s.setting: s for s in lacking.advice}
    lut, bits = advice["hardware.max_lut"], advice["inputs.format"]
    assert lut.helps and lut.value is not None and lut.value > 12
    assert bits.helps and bits.value in (5, 6)
    assert tuple(open_run(lacking.folder).advice) == lacking.advice


def test_slices_get_no_finer_than_words_tell_values_apart() -> None:
    """A word whose steps are a sixteenth of the spread has no slice of ten bits."""
    X = np.random.default_rng(0).normal(size=(2000, 1))
    section = InputsSection(raw={"eta": "fixed<12,8>"}, bits=5)  # type: ignore[dict-item]
    first = section.fit(["eta"], X)
    with pytest.raises(InputError, match="too few for it"):
        section.model_copy(update={"bits": 10}).fit(["eta"], X)
    found = section.finer(first, X, 5)
    assert list(found)[:2] == [5, 6] and max(found) < 10


def test_the_teacher_on_inputs_of_more_bits(lacking: Run) -> None:
    first, second, third = teacher_by_bits(lacking, lacking.teacher)
    assert (first.bits, second.bits, third.bits) == (4, 5, 6)
    assert first.score < third.score <= 1.0
    teacher, problem = lacking.teacher, lacking.problem
    assert teacher is not None
    # by hand: the codes of four bits, in the user's units
    low, high = np.asarray(lacking.inputs.scaler.low), np.asarray(lacking.inputs.scaler.high)  # type: ignore[attr-defined]
    codes = problem.real(problem.valid)
    scores = teacher.logits(low + (codes + 1.0) * (high - low) / 2.0)
    assert first.score == problem.score(scores, problem.valid)


def test_terminal_report_and_file_say_it(lacking: Run, capsys: pytest.CaptureFixture[str]) -> None:
    from symtick.cli.runs import _print_front

    _print_front(lacking)
    printed = capsys.readouterr().out
    assert "less than the job asks for" in printed
    assert f"  {lacking.advice[0].setting}: {lacking.advice[0].text}" in printed
    assert f"<li>{lacking.advice[0].setting}: " in lacking.report().read_text()
    stored = json.loads((lacking.folder / "advice.json").read_text())
    assert [s["text"] for s in stored] == [s.text for s in lacking.advice]


def test_a_run_that_keeps_enough_says_nothing(deciding: Run, tmp_path: Path) -> None:
    assert deciding.advice == ()
    assert json.loads((deciding.folder / "advice.json").read_text()) == []
    (tmp_path / "job.yaml").write_text((deciding.folder / "job.yaml").read_text())
    assert open_run(tmp_path).advice == ()
    (tmp_path / "advice.json").write_text("[3]")
    with pytest.raises(InputError, match=r"advice\.json is damaged"):
        open_run(tmp_path).advice  # noqa: B018
