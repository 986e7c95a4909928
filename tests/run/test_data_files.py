"""Jobs on data files of every format: the same rows make the same front."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import awkward as ak
import h5py
import numpy as np
import pandas as pd
import pytest
import uproot
from quick_searches import JOINT_ALONE
from sklearn.metrics import roc_curve

from symtick import distill_job, open_run
from symtick.errors import InputError, SymtickWarning

Job = Callable[..., Path]
QUICK = JOINT_ALONE
pytestmark = pytest.mark.kernel


def rows() -> dict[str, Any]:
    rng = np.random.default_rng(8)
    X = rng.normal(size=(400, 2)) * (1.0, 40.0)
    sig = np.abs(X[:, 0]) + np.tanh(X[:, 1] / 40) > 0.8
    return {"eta": X[:, 0], "pt": X[:, 1], "kind": np.where(sig, "sig", "bkg")}


def write(path: Path, content: dict[str, Any]) -> None:
    """A file of these columns, by its suffix."""
    if path.suffix == ".npz":
        X = np.stack([content["eta"], content["pt"]], axis=1)
        np.savez(path, X=X, y=content["kind"], feature_names=np.array(["eta", "pt"]))
    elif path.suffix == ".csv":
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(content)
            writer.writerows(zip(*(v.tolist() for v in content.values()), strict=True))
    elif path.suffix == ".parquet":
        pd.DataFrame(content).to_parquet(path)
    elif path.suffix == ".h5":
        with h5py.File(path, "w") as file:
            for name, values in content.items():
                file[name] = values.tolist() if name == "kind" else values
    else:
        with uproot.recreate(path) as tree:
            tree["events"] = {**content, "kind": ak.Array(content["kind"].tolist())}


def test_the_same_rows_in_five_formats_make_the_same_front(job: Job, tmp_path: Path) -> None:
    fronts = []
    for suffix in ("npz", "csv", "parquet", "h5", "root"):
        write(tmp_path / f"rows.{suffix}", rows())
        data: dict[str, Any] = {"path": f"rows.{suffix}"}
        if suffix != "npz":
            data |= {"label": "kind", "features": ["eta", "pt"]}
        folder = tmp_path / suffix
        folder.mkdir()
        path = job(folder, data=data | {"path": f"../rows.{suffix}"}, teacher={}, search=QUICK)
        run = distill_job(path, folder / "run")
        assert run.train.class_names == ("bkg", "sig")
        fronts.append((run.folder / "front.json").read_bytes())
    assert len(fronts) == 5 and len(set(fronts)) == 1


def test_a_missing_label_is_named_with_its_key(job: Job, tmp_path: Path) -> None:
    write(tmp_path / "rows.csv", {"eta": np.arange(400.0), "kind": np.arange(400) % 2})
    data = {"path": "rows.csv"}
    with pytest.raises(InputError, match=r"has no y, .* column of the labels as data\.label"):
        distill_job(job(tmp_path, data=data, teacher={}), tmp_path / "run")
    data["label"] = "kin"
    with pytest.raises(
        InputError, match=r"'kin', which data\.label names: did you mean kind\? it has eta"
    ):
        distill_job(job(tmp_path, data=data, teacher={}), tmp_path / "run")


def test_scores_of_columns_teach(job: Job, tmp_path: Path) -> None:
    content = rows()
    turned = np.where(content["kind"] == "sig", 1.0, -1.0) + 0.1 * content["eta"]
    write(tmp_path / "rows.csv", {**content, "said": content["eta"] * 2.0, "turned": turned})
    data = {"path": "rows.csv", "label": "kind", "scores": ["said"], "features": ["eta", "pt"]}
    turn = data | {"scores": ["turned"], "classes": ["sig", "bkg"]}
    other = job(tmp_path, data=turn, teacher={}, search=QUICK)
    with pytest.warns(SymtickWarning, match=r"stood for bkg, sig: give data\.classes, or class"):
        run = distill_job(other, tmp_path / "other")
    assert run.output_names == ("score_bkg",)
    run = distill_job(job(tmp_path, data=data, teacher={}, search=QUICK), tmp_path / "run")
    said = run.said(run.test)
    assert said is not None and np.array_equal(said[:, 0], 2.0 * run.test.X[:, 0])
    assert run.output_names == ("score_sig",)


def test_names_of_any_kind_are_mapped_to_ports(
    job: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["p_{T} [GeV]", "exp", "reg"]
    X = np.random.default_rng(2).normal(size=(500, 3))
    y = (X[:, 0] + np.abs(X[:, 1]) + X[:, 2] > 0.5).astype(int)
    frame = pd.DataFrame(X, columns=names).assign(label=y)
    frame.to_csv(tmp_path / "rows.csv", index=False)
    inputs = {"raw": {"p_{T} [GeV]": "fixed<12,4>", "*": "fixed<10,4>"}, "widths": {"exp": 5}}
    data = {"path": "rows.csv"}
    path = job(tmp_path, data=data, inputs=inputs, teacher={}, search=QUICK)
    run = open_run(distill_job(path, tmp_path / "run").folder)
    assert run.inputs.names == ("p_T_GeV", "exp_", "reg") and run.inputs.titles == tuple(names)
    assert run.inputs.slices[1].fmt.width == 5
    legend = {"p_T_GeV": "p_{T} [GeV]", "exp_": "exp"}
    formulas = " ".join(run.chosen.formulas().values())
    assert "p_T_GeV" in formulas
    assert run.chosen.legend == {k: v for k, v in legend.items() if k in formulas}
    assert run.train.feature_names == tuple(names)
    emitted = (run.chosen.folder / "rtl").glob("*.v")
    assert any("exp_" in path.read_text() for path in emitted)
    assert "p_{T} [GeV]" in run.report().read_text()
    from symtick.cli.runs import _print_front

    _print_front(run)
    assert "where p_T_GeV is p_{T} [GeV]" in capsys.readouterr().out
    with pytest.raises(InputError, match=r"row 0, column 0 \('p_\{T\} \[GeV\]'\)"):
        run.chosen.predict(np.full((1, 3), np.nan))


def test_odd_data_are_told_and_distilled(job: Job, tmp_path: Path) -> None:
    content = {**rows(), "flat": np.ones(400)}
    content["eta"][:40] = 1e30
    pd.DataFrame(content).to_csv(tmp_path / "rows.csv", index=False)
    data = {"path": "rows.csv", "label": "kind", "validation": 0.06}
    path = job(tmp_path, data=data, teacher={}, search=QUICK)
    with pytest.warns(SymtickWarning) as told:
        distill_job(path, tmp_path / "run")
    words = [str(w.message) for w in told]
    assert [w.split(":")[0] for w in words[:2]] == ["flat", "eta"]
    assert words[2].startswith("19 validation rows choose precision and design")


def test_weights_and_an_efficiency_choose(
    job: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = rows()
    weights = np.random.default_rng(1).exponential(size=400)
    pd.DataFrame({**content, "w": weights}).to_csv(tmp_path / "rows.csv", index=False)
    data = {"path": "rows.csv", "label": "kind", "weight": "w"}
    choose = {"by": "efficiency", "rate_khz": 100, "input_rate_khz": 1000, "accuracy_share": 0.8}
    path = job(tmp_path, data=data, choose=choose, search=QUICK)
    with pytest.warns(SymtickWarning, match=r"0\.1 of the background is .* validation rows: the e"):
        run = open_run(distill_job(path, tmp_path / "run").folder)
    assert run.inputs.names == ("eta", "pt")
    problem = run.problem
    assert problem.weights is not None and problem.labels is not None
    found = problem.targets[problem.valid]
    truth, own = problem.labels[problem.valid] == 1, problem.weights[problem.valid]
    passed, kept, _ = roc_curve(truth, found[:, 1] - found[:, 0], sample_weight=own)
    assert run.front.teacher_score == pytest.approx(np.max(kept[passed <= 0.1]))
    from symtick.cli.runs import _print_front

    _print_front(run)
    printed = " ".join(capsys.readouterr().out.split())
    assert "signal eff. %" in printed
    assert "the efficiency of sig where 100 of 1000 kHz of the background may pass" in printed
    assert "the efficiency of sig where" in run.report().read_text()


@pytest.mark.parametrize(
    ("choose", "said"),
    [
        ({"by": "efficiency"}, "needs background, .* or rate_khz and input_rate_khz, not nothing"),
        ({"by": "efficiency", "rate_khz": 5}, "input_rate_khz, not rate_khz"),
        ({"by": "efficiency", "rate_khz": 5, "input_rate_khz": 5}, "rate_khz must be below input"),
        ({"background": 0.1}, "background says nothing of by: accuracy"),
        ({"by": "speed"}, r"choose\.by must be .*accuracy.*auc.*efficiency"),
        ({"by": "auc", "signal": ["top"]}, "choose.signal names 'top': the classes are bkg, s"),
        ({"by": "auc", "signal": ["sig", "bkg"]}, "choose.signal names every class"),
    ],
)
def test_choices_that_do_not_fit_are_refused(
    job: Job, tmp_path: Path, choose: dict[str, object], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        distill_job(job(tmp_path, choose=choose, teacher={}), tmp_path / "run")


def test_the_command_line_prints_oddities_as_notes(job: Job, tmp_path: Path) -> None:
    write(tmp_path / "rows.csv", {**rows(), "flat": np.ones(400)})
    data = {"path": "rows.csv", "label": "kind"}
    job(tmp_path, data=data, teacher={}, search=QUICK)
    done = subprocess.run(
        [sys.executable, "-m", "symtick.cli", "distill", "job.yaml", "-o", "run"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "note: flat: the same value in every training row" in done.stderr
    assert "Warning" not in done.stderr
