"""Teachers of a job that a run folder does not keep: their scores stand with the rows."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from quick_searches import JOINT_ALONE
from torch import nn

from symtick import distill_job, open_run, resume_run
from symtick.errors import InputError, MissingExtraError, SymtickWarning
from symtick.job_sources import TeacherSection
from symtick.run.advice import teacher_by_bits

Job = Callable[..., Path]
QUICK = JOINT_ALONE
pytestmark = pytest.mark.kernel


def sum_over_a_set(path: Path, cut: float = 0.8) -> nn.Module:
    """Write an ONNX network of eta and pt that sums over both, one score for two classes."""

    class Net(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            inner = torch.tanh(x * torch.tensor([1.0, 0.025])).reshape(-1, 2, 1)
            return inner.sum(1) + x[:, :1].abs() - cut

    net = Net()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net, (torch.zeros(2, 2),), str(path), dynamo=False, input_names=["x"],
            dynamic_axes={"x": {0: "rows"}},
        )  # fmt: skip
    return net


def test_an_onnx_network_teaches_and_the_run_needs_it_no_more(job: Job, tmp_path: Path) -> None:
    net = sum_over_a_set(tmp_path / "net.onnx")
    path = job(tmp_path, teacher={"onnx": "net.onnx"}, search=QUICK)
    run = distill_job(path, tmp_path / "run")
    # a run that is resumed asks the teacher's file again, if it still says the same
    scores = [q.score for q in teacher_by_bits(run, None)]
    assert len(scores) == 3 and 0.7 < scores[0] <= 1.0
    (tmp_path / "net.onnx").rename(tmp_path / "old.onnx")
    with pytest.warns(SymtickWarning, match=r"more input bits, .*there is no file .*net\.onnx"):
        assert teacher_by_bits(run, None) == []
    sum_over_a_set(tmp_path / "net.onnx", cut=0.9)
    with pytest.warns(SymtickWarning, match="its file says something else of the rows than when"):
        assert teacher_by_bits(run, None) == []
    (tmp_path / "net.onnx").unlink()
    run = open_run(run.folder)
    said = run.said(run.test)
    assert said is not None and run.output_names == ("score_sig",)
    wanted = net(torch.tensor(run.test.X, dtype=torch.float32)).double().numpy()
    assert np.abs(said - wanted).max() < 1e-5
    # the chosen one is the cheapest that keeps the score by the labels
    best = run.designs[run.front.best.name].classify(run.test.X)
    assert np.mean(best == (said[:, 0] > 0)) > 0.85
    assert "A network of the job&#39;s teacher.onnx (" in run.report().read_text()
    before = (run.folder / "front.json").read_text()
    assert (resume_run(run.folder).folder / "front.json").read_text() == before
    with pytest.raises(InputError, match="a network that is no plain perceptron: hls4ml and da4ml"):
        run.compare(route=False)


def test_scores_of_the_data_file_teach_what_their_network_teaches(job: Job, tmp_path: Path) -> None:
    sum_over_a_set(tmp_path / "net.onnx")
    first = distill_job(
        job(tmp_path, teacher={"onnx": "net.onnx"}, search=QUICK), tmp_path / "first"
    )
    rows = dict(np.load(first.folder / "data.npz"))
    assert {"scores_train", "scores_test"} <= set(rows)
    path = job(tmp_path, teacher={}, search=QUICK)
    np.savez(tmp_path / "rows.npz", **rows)
    second = distill_job(path, tmp_path / "second")
    fronts = [(run.folder / "front.json").read_bytes() for run in (first, second)]
    assert fronts[0] == fronts[1]
    assert "Scores of the data file (" in second.report().read_text()
    np.savez(tmp_path / "rows.npz", **{k: v for k, v in rows.items() if k != "scores_test"})
    with pytest.raises(InputError, match="scores_train alone: give scores_train and scores_test"):
        distill_job(path, tmp_path / "third")


@pytest.mark.parametrize("kind", ["net.keras", "net.h5", "two files", "set.keras"])
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:the teacher's largest score")  # it is not trained
def test_keras_models_teach(job: Job, tmp_path: Path, kind: str) -> None:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras

    keras.utils.set_random_seed(1)
    last = keras.layers.Dense(1, activation="sigmoid")
    layers = [keras.layers.Dense(4, activation="tanh"), last]
    if kind == "set.keras":
        layers = [keras.layers.Reshape((2, 1)), layers[0], keras.layers.Flatten(), last]
    model = keras.Sequential([keras.Input((2,)), *layers])
    path = tmp_path / kind
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if kind == "two files":
            model.save_weights(tmp_path / "net.weights.h5")
            (tmp_path / "net.json").write_text(model.to_json())
        else:
            model.save(path)
    teacher: object = kind
    if kind == "two files":
        teacher = {"architecture": "net.json", "weights": "net.weights.h5"}
    run = distill_job(job(tmp_path, teacher={"keras": teacher}, search=QUICK), tmp_path / "run")
    assert (run.teacher is None) == (kind == "set.keras")  # a chain of dense layers is kept
    scores = run.said(run.test)
    assert scores is not None
    chances = 1.0 / (1.0 + np.exp(-scores[:, 0]))
    wanted = model.predict(run.test.X.astype(np.float32), verbose=0)[:, 0]
    assert np.abs(chances - wanted).max() < 1e-5


@pytest.mark.filterwarnings("ignore:the teacher's largest score")  # it is not trained
def test_programs_and_trees_teach(job: Job, tmp_path: Path) -> None:
    path = job(tmp_path, teacher={"program": "net.pt2"}, search=QUICK)
    X, y = (np.load(tmp_path / "rows.npz")[name] for name in ("X", "y"))
    net = nn.Sequential(nn.LayerNorm(2), nn.Linear(2, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        free = ({0: torch.export.Dim("rows")},)
        program = torch.export.export(net.eval(), (torch.zeros(3, 2),), dynamic_shapes=free)
        torch.export.save(program, tmp_path / "net.pt2")
    first = distill_job(path, tmp_path / "first")
    trees = pytest.importorskip("xgboost").XGBClassifier(n_estimators=4, max_depth=2)
    trees.fit(X, y).save_model(tmp_path / "net.json")
    path = job(tmp_path, teacher={"trees": "net.json"}, search=QUICK)
    second = distill_job(path, tmp_path / "second")
    with torch.inference_mode():
        wanted = net(torch.tensor(first.test.X, dtype=torch.float32)).double().numpy()
    said = first.said(first.test), second.said(second.test)
    assert said[0] is not None and np.abs(said[0] - wanted).max() < 1e-5
    assert said[1] is not None
    assert np.array_equal(said[1][:, 0] > 0, trees.predict(second.test.X) > 0)


@pytest.mark.parametrize(
    ("teacher", "said"),
    [
        ({"keras": {"architecture": "net.json"}}, "name path, a whole model .* not architecture"),
        ({"keras": {}}, "name path, a whole model .* not nothing"),
        ({"onnx": "net.onnx", "train": {}}, "name one teacher, not 2: train, onnx"),
    ],
)
def test_sections_that_do_not_go_together_are_refused(
    job: Job, tmp_path: Path, teacher: dict[str, object], said: str
) -> None:
    with pytest.raises(InputError, match=f"job.yaml: teacher.*{said}"):
        distill_job(job(tmp_path, teacher=teacher), tmp_path / "run")


def test_scores_that_are_probabilities_become_their_log_odds(job: Job, tmp_path: Path) -> None:
    path = job(tmp_path, teacher={}, search=QUICK)
    rows = dict(np.load(tmp_path / "rows.npz"))
    odds = rows["X"][:, 0] / 2
    chances = 1.0 / (1.0 + np.exp(-odds))
    np.savez(tmp_path / "rows.npz", **rows, scores=chances)
    with pytest.warns(SymtickWarning, match="scores of the data file are from 0 to 1: they are"):
        run = distill_job(path, tmp_path / "run")
    assert run.train.scores is not None
    assert np.abs(run.train.scores[:, 0] - run.train.X[:, 0] / 2).max() < 1e-9


def test_scores_and_a_teacher_are_one_too_many(job: Job, tmp_path: Path) -> None:
    path = job(tmp_path)
    rows = dict(np.load(tmp_path / "rows.npz"))
    np.savez(tmp_path / "rows.npz", **rows, scores=rows["X"])
    with pytest.raises(InputError, match=r"the scores of a teacher, .* teacher\.train: leave"):
        distill_job(path, tmp_path / "run")
    path = job(tmp_path, teacher={})
    np.savez(tmp_path / "rows.npz", **rows, scores=np.c_[rows["X"], rows["X"]])
    with pytest.raises(InputError, match="teacher behind the scores has 4 outputs for 2 classes"):
        distill_job(path, tmp_path / "run")
    scores = rows["X"].copy()
    scores[7, 1] = -np.inf
    np.savez(tmp_path / "rows.npz", **rows, scores=scores)
    with pytest.raises(InputError, match="score 1 of row 7 is -inf: give scores before softmax"):
        distill_job(path, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_scores_alone_name_the_classes(job: Job, tmp_path: Path) -> None:
    path = job(tmp_path, teacher={}, search=QUICK)
    rows = dict(np.load(tmp_path / "rows.npz"))
    np.savez(tmp_path / "rows.npz", X=rows["X"], scores=np.c_[rows["X"], -rows["X"][:, 0]])
    run = distill_job(path, tmp_path / "run")
    assert run.train.class_names == ("0", "1", "2") and run.train.y is None


def test_the_page_of_teachers_has_every_key() -> None:
    page = (Path(__file__).parents[2] / "docs" / "teachers.md").read_text()
    assert [key for key in TeacherSection.model_fields if f"`teacher.{key}" not in page] == []


@pytest.mark.parametrize(
    ("teacher", "extra"),
    [
        ({"onnx": "net.onnx"}, "onnx"),
        ({"keras": "net.keras"}, "keras"),
        ({"trees": "net.json"}, "trees"),
        ({"trees": "net.txt"}, "trees"),
    ],
)
def test_a_missing_package_is_named_by_its_extra(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, teacher: dict[str, str], extra: str
) -> None:
    for module in ("symtick.extras", "symtick.run.teaching"):
        monkeypatch.setattr(f"{module}.find_spec", lambda name: None)
    (key,) = teacher
    said = rf"teacher\.{key} needs the extra '{extra}': pip install 'symtick\[{extra}\]'"
    with pytest.raises(MissingExtraError, match=said):
        distill_job(job(tmp_path, teacher=teacher), tmp_path / "run")


def test_a_network_beyond_keras_2_names_the_extra(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "net.json").write_text(
        '{"config": {"layers": [{"class_name": "Conv1D", "config": {"name": "c"}}]}}'
    )
    h5py.File(tmp_path / "net.h5", "w").close()
    monkeypatch.setattr("symtick.extras.find_spec", lambda name: None)
    teacher = {"keras": {"architecture": "net.json", "weights": "net.h5"}}
    with pytest.raises(InputError, match=r"'c' is a Conv1D.*pip install 'symtick\[keras\]'"):
        distill_job(job(tmp_path, teacher=teacher), tmp_path / "run")
    text = (tmp_path / "net.json").read_text()
    (tmp_path / "net.json").write_text(text.replace("Conv1D", "QDense"))
    with pytest.raises(InputError, match=r"is of QKeras .* name no teacher in the job$"):
        distill_job(job(tmp_path, teacher=teacher), tmp_path / "run")
