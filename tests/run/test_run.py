"""A run as an object: its designs compute what their firmware does, its verbs are methods."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command_line import command

from symtick import Run, RunDesign, SymtickError, distill_job, open_run
from symtick.design_folder.folder import design_folders, read_spec
from symtick.errors import InputError
from symtick.expr import parse, to_text
from symtick.run import distilling
from symtick.run.designs import _rounded
from symtick.search.data.dataset import Scaler
from symtick.search.inputs.maps import ScaledInputs

ROOT = Path(__file__).resolve().parents[2]
Job = Callable[..., Path]
pytestmark = pytest.mark.kernel


def test_designs_have_names_formulas_and_costs(deciding: Run) -> None:
    run = open_run(str(deciding.folder))
    assert list(run.designs) == [entry.name for entry in run.front.entries]
    assert [d.folder for d in run.designs.values()] == design_folders(run.folder)
    assert run.chosen.name == run.front.chosen
    design = run.chosen
    assert set(design.expressions) == set(run.output_names) == set(design.design.score_names)
    assert (design.estimate.ticks, design.estimate.area.lut) == (
        design.entry.ticks, pytest.approx(design.entry.lut),
    )  # fmt: skip
    assert design.classes == ("bkg", "sig")
    assert design.verification is design.synthesis is None
    with pytest.raises(KeyError):
        run.designs["d99"]


def test_a_design_predicts_as_its_firmware_computes(deciding: Run) -> None:
    """By the scaling of the run, from rows that are partly far outside its range."""
    design = deciding.designs["d1"]
    X = deciding.test.X.copy()
    X[::5] *= 30.0
    content = json.loads((deciding.folder / "inputs.json").read_text())
    assert [record["name"] for record in content] == ["eta", "pt"]
    low, high = (np.array([record[key] for record in content]) for key in ("low", "high"))
    scaled = np.clip((X - low) * (2.0 / (high - low)) - 1.0, -1.0, 1.0 - 2.0**-24)
    _, built = read_spec(design.folder)  # from its file alone
    formats = deciding.inputs.formats
    step = formats[0].step
    raw = np.clip(np.floor(scaled / step + 0.5), -1 / step, 1 / step - 1).astype(int)
    assert set(built.graph.input_formats) <= {*formats, None}
    columns = built.graph.evaluate(raw)
    real = dict(zip(built.graph.output_names, columns.T, strict=True))
    steps = dict(zip(built.graph.output_names, built.graph.output_formats, strict=True))
    scores = design.predict(X)
    assert scores.shape == (len(X), len(design.expressions))
    for k, name in enumerate(design.expressions):
        np.testing.assert_array_equal(scores[:, k], real[name] * steps[name].step)
    outputs = design.outputs(X)
    assert list(outputs) == list(built.graph.output_names)
    np.testing.assert_array_equal(outputs["index"], real["index"])
    np.testing.assert_array_equal(design.classify(X), real["index"])
    assert 0 < real["index"].mean() < 1


def test_formulas_have_the_digits_that_their_values_need(deciding: Run) -> None:
    """Far from 0 a slope and an offset of four digits would not be enough."""
    inputs = deciding.inputs
    assert isinstance(inputs, ScaledInputs)
    far = ScaledInputs.of(
        ("eta", "pt"), Scaler((4990.37, 4000.123), (5010.11, 4001.071)), inputs.formats
    )
    whole = far.in_units(parse("tanh(3*eta)*pt", ("eta", "pt")))
    rng = np.random.default_rng(0)
    rows = np.stack([rng.uniform(4990, 5010, 99), rng.uniform(4000, 4001, 99)], axis=1)
    made = _rounded(whole, 4, rows)
    wanted = whole.evaluate(rows)
    assert np.ptp(parse(to_text(whole, 0, 4), ("eta", "pt")).evaluate(rows) - wanted) > 0.02
    assert np.abs(made.evaluate(rows) - wanted).max() < 0.01
    assert len(to_text(made)) < len(to_text(whole))


def test_rows_of_another_shape_are_refused(deciding: Run) -> None:
    with pytest.raises(SymtickError, match="3 features, the scaler 2"):
        deciding.chosen.predict(np.zeros((4, 3)))
    with pytest.raises(SymtickError, match="nan in row 1"):
        deciding.chosen.predict([[0.0, 0.0], [np.nan, 0.0]])


def test_features_of_a_frame_are_found_by_name(deciding: Run) -> None:
    design, X = deciding.chosen, deciding.test.X
    frame = pd.DataFrame({"pt": X[:, 1], "kind": "sig", "eta": X[:, 0]})
    np.testing.assert_array_equal(design.predict(frame), design.predict(X))
    assert design.outputs(frame).keys() == design.outputs(X).keys()
    np.testing.assert_array_equal(design.classify(pd.DataFrame(X)), design.classify(X))
    with pytest.raises(SymtickError, match=r"no column 'eta': did you mean Eta\? .* are eta, pt"):
        design.classify(frame.rename(columns={"eta": "Eta"}))


def test_a_design_is_written_anywhere(deciding: Run, tmp_path: Path) -> None:
    design: RunDesign = deciding.designs["d1"]
    folder = design.write(tmp_path / "mine")
    names = [p.relative_to(folder) for p in folder.rglob("*") if p.is_file()]
    for name in names:
        assert (folder / name).read_bytes() == (design.folder / name).read_bytes()
    assert Path("design.json") in names and read_spec(folder)[1] == design.design
    with pytest.raises(SymtickError, match="mine exists"):
        design.write(tmp_path / "mine")


def test_settings_that_do_not_go_together_leave_no_folder(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusing(job: object) -> None:
        raise InputError("DistillConfig.seed must be even")

    monkeypatch.setattr(distilling, "distill_config", refusing)
    with pytest.raises(InputError, match="seed must be even"):
        distill_job(job(tmp_path), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_run_without_designs_or_front_is_named(tmp_path: Path) -> None:
    with pytest.raises(SymtickError, match="is no run folder"):
        design_folders(tmp_path)
    for name in ("rtl", "firmware"):
        (tmp_path / name).mkdir()
    with pytest.raises(InputError, match=r"no design\.json that says what it is; compile it again"):
        design_folders(tmp_path)
    (tmp_path / "job.yaml").write_text("")
    with pytest.raises(SymtickError, match=r"no front in .*: front\.json is missing"):
        design_folders(tmp_path)
    (tmp_path / "front.json").write_text("{")
    with pytest.raises(SymtickError, match=r"front\.json is damaged"):
        design_folders(tmp_path)
    (tmp_path / "front.json").write_text('{"entries": []}')
    with pytest.raises(SymtickError, match="no candidate met its limits"):
        design_folders(tmp_path)


def test_a_design_of_a_run_is_exported_by_its_name(
    deciding: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("export", str(deciding.folder), "--to", "oneapi", "--output")
    for options, design in (((), deciding.chosen), (("--design", "d1"), deciding.designs["d1"])):
        folder = tmp_path / f"oneapi{len(options)}"
        assert command(monkeypatch, *words, str(folder), *options) == 0
        assert (folder / "src" / "firmware" / f"{design.design.name}_function.h").is_file()
    assert command(monkeypatch, *words, str(tmp_path / "none"), "--design", "d99") == 1


@pytest.mark.sim
@pytest.mark.synth
@pytest.mark.slow
def test_the_verbs_of_a_run_also_as_documented(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = distill_job(job(tmp_path), tmp_path / "runs/tagger")
    told: list[object] = []
    outcomes = run.verify(100, progress=told.append)
    assert sorted(map(str, told)) == sorted(map(str, outcomes)) and all(
        outcome.ok for outcome in outcomes
    )
    assert [d.verification for d in run.designs.values()] == outcomes
    measured = run.synthesise("none")
    assert [d.synthesis for d in run.designs.values()] == measured
    with pytest.raises(SymtickError, match="no design 'd99'"):
        run.tune("2%", "d99")
    tuned = run.tune("2%", "d1", tmp_path / "narrow")
    assert tuned.folder == tmp_path / "narrow" and tuned.measure == "accuracy"
    assert tuned.tested is not None and tuned.after.area.lut <= tuned.before.area.lut
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs/jobs.md").read_text().partition("## A run in Python")[2]
    source = text.partition("```python\n")[2].partition("```")[0]
    (tmp_path / "snippet.py").write_text(source)
    names = runpy.run_path("snippet.py", init_globals={"X": run.test.X})
    assert names["design"].predict(run.test.X).shape == (len(run.test), len(run.output_names))
    assert (tmp_path / "firmware/tagger/design.json").is_file()
    assert (run.folder / "tuned/d1/design.json").is_file()
    assert "mismatches in" in (run.folder / "report.html").read_text()
