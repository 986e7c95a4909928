"""`SymbolicDistiller` in scikit-learn's conventions."""

from __future__ import annotations

import json
import re
from copy import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sympy
import torch
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.ensemble import GradientBoostingClassifier, VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from small_networks import muon_hits, particles, trained

from symtick import Interface, SymbolicDistiller
from symtick.errors import InputError
from symtick.expr import default_names
from symtick.search.data.dataset import Scaler
from symtick.search.distill.settings import DistillConfig
from symtick.search.joint.settings import JointSettings
from symtick.search.teachers.objects import object_teacher
from symtick.search.teachers.scoring import Signature

pytestmark = pytest.mark.kernel

FAST = DistillConfig(
    joint=JointSettings(starts=1, rounds=6, method="gp", rows=600),
    layered=replace(DistillConfig().layered, hidden=()),
    shortening=replace(DistillConfig().shortening, designs=0),
)


def rings(rows: int = 900) -> tuple[np.ndarray, np.ndarray]:
    """Two classes that no line tells apart."""
    X = np.random.default_rng(3).normal(size=(rows, 2)) * (3.0, 50.0)
    return X, np.where((X[:, 0] / 3) ** 2 + (X[:, 1] / 50) ** 2 > 1.4, "out", "in")


def test_fits_predicts_and_scores_labels(capsys: pytest.CaptureFixture[str]) -> None:
    X, y = rings()
    model = SymbolicDistiller(config=FAST, workers=1, seed=5, verbose=1).fit(X[:600], y[:600])
    said = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"searching, 0 of 1 parts, 0 designs on the front \(\d+ s\)", said[0])
    assert said[-1].startswith("tuning widths, ") and "writing" not in said[-1]
    assert set(model.predict(X)) <= {"in", "out"}
    assert model.score(X[600:], y[600:]) > 0.9
    assert model.score(X[600:], y[600:]) == np.mean(model.predict(X[600:]) == y[600:])
    assert model.n_features_in_ == 2
    assert all(e.ticks <= model.max_ticks for e in model.front_.entries)


def test_same_seed_same_front_with_any_number_of_workers() -> None:
    X, y = rings(400)
    first, second = (
        SymbolicDistiller(config=FAST, seed=2, workers=t).fit(X, y).front_ for t in (1, 2)
    )
    assert first.to_json() == second.to_json()


def test_clone_params_and_pipeline() -> None:
    X, y = rings(400)
    model = SymbolicDistiller(config=FAST, workers=1, max_ticks=4)
    again = clone(model)
    assert again.get_params() == model.get_params()
    assert again.set_params(max_ticks=2).max_ticks == 2
    assert is_classifier(model)
    assert is_regressor(SymbolicDistiller(task="regression"))
    pipe = make_pipeline(StandardScaler(), model).fit(X, y)
    assert pipe.score(X, y) > 0.85


@pytest.mark.parametrize("given", ["teacher", "scores"])
def test_imitates_a_fitted_estimator_not_the_labels(given: str) -> None:
    X, _ = rings(600)
    truth = X[:, 0] > 0
    teacher = LogisticRegression().fit(X, truth)
    wrong = np.random.default_rng(0).permutation(truth)
    if given == "teacher":
        model = SymbolicDistiller(teacher=teacher, config=FAST, workers=1).fit(X, wrong)
    else:
        model = SymbolicDistiller(config=FAST, workers=1).fit(
            X, wrong, scores=teacher.decision_function(X)
        )
    assert np.mean(model.predict(X) == teacher.predict(X)) > 0.93


def test_scores_that_do_not_fit() -> None:
    X, y = rings(260)
    scores = np.stack([X[:, 0], -X[:, 0]], axis=1)
    for wrong, text in (
        (scores[:9], r"260 rows need a teacher's scores of shape \(260, outputs\), not \(9, 2\)"),
        (np.hstack([scores, scores]), "teacher behind the scores has 4 outputs for 2 classes"),
        (scores * np.inf, "the teacher's score 0 of row 0 is .*inf: give scores before softmax"),
    ):
        with pytest.raises(InputError, match=text):
            SymbolicDistiller(config=FAST, workers=1).fit(X, y, scores=wrong)
    with pytest.raises(InputError, match="a teacher and scores of one: leave one of the two out"):
        SymbolicDistiller(teacher=LogisticRegression().fit(X, y)).fit(X, y, scores=scores)


@pytest.mark.parametrize("classes", [2, 3])
def test_a_classifier_without_chances_teaches_by_its_decision_function(classes: int) -> None:
    X, y = particles(300)
    X, y = X[y < classes], np.array(list("abc"))[y[y < classes]]
    teacher = RidgeClassifier().fit(X, y)
    names = tuple("abc"[:classes])
    signature = Signature(default_names(X.shape[1]), names)
    scores = object_teacher(teacher, X, signature, names).logits(X)
    assert np.array_equal(scores.squeeze(), teacher.decision_function(X))


@pytest.mark.parametrize("names", [[0, 1, 2], ["a", "b", "c"]])
def test_a_classifier_of_labels_alone_is_refused(names: list[object]) -> None:
    X, y = particles(300)
    labels = np.array(names)[y]
    voters = VotingClassifier([("ridge", RidgeClassifier())]).fit(X, labels)
    with pytest.raises(InputError, match="a VotingClassifier gives labels, no scores to imitate"):
        SymbolicDistiller(teacher=voters).fit(X, labels)


def test_regression() -> None:
    X = np.random.default_rng(1).uniform(-2, 2, size=(800, 2))
    y = np.tanh(2 * X[:, 0]) + X[:, 1] ** 2
    model = SymbolicDistiller(task="regression", input_format="fixed<8,1>", config=FAST, workers=1)
    assert model.fit(X[:600], y[:600]).predict(X[600:]).shape == (200,)
    assert model.score(X[600:], y[600:]) > 0.95


@pytest.mark.parametrize(("factor", "offset"), [(1e6, 0.0), (1e9, 0.0), (1e-6, 0.0), (1.0, 1e5)])
def test_the_unit_of_a_target_changes_little(factor: float, offset: float) -> None:
    X = np.random.default_rng(1).uniform(-2, 2, size=(800, 2))
    y = np.tanh(2 * X[:, 0]) + X[:, 1] ** 2
    found = []
    for target in (y, factor * y + offset):
        model = SymbolicDistiller(
            task="regression", input_format="fixed<8,1>", config=FAST, workers=1, keep=0.995
        )
        found.append(model.fit(X[:600], target[:600]).score(X[600:], target[600:]))
    assert found[0] > 0.99 and found[1] == pytest.approx(found[0], abs=0.01)


@pytest.mark.parametrize(("factor", "size"), [(1e-9, "e-09"), (1e14, r"e\+14")])
def test_a_target_that_no_design_can_hold(factor: float, size: str) -> None:
    X = np.random.default_rng(1).uniform(-2, 2, size=(260, 2))
    y = np.stack([X[:, 0], factor * X[:, 1]], axis=1)
    words = f"the target 'y1' has a standard deviation of .*{size}, .* state it in another unit"
    with pytest.raises(InputError, match=words):
        SymbolicDistiller(task="regression", config=FAST, workers=1).fit(X, y)


def test_writes_a_design(tmp_path: Path) -> None:
    X, y = rings(400)
    model = SymbolicDistiller(config=FAST, workers=1).fit(X, y)
    design = model.write(tmp_path / "d", top="rings", interface=Interface("ap_vld"))
    assert design.schedule.latency == model.front_.entry().ticks
    assert (tmp_path / "d/firmware/rings.cpp").is_file()
    assert (tmp_path / "d/rtl/rings_vld.v").is_file()


def test_firmware_decides_as_predict_does(tmp_path: Path) -> None:
    X, y = rings(400)
    model = SymbolicDistiller(config=FAST, workers=1, max_ticks=8, decide=("index", "margin")).fit(
        X, y
    )
    design = model.write(tmp_path / "d", top="rings")
    assert design.graph.output_names == ("index", "margin")
    assert design.schedule.latency == model.front_.entry().ticks
    scaled = np.clip(Scaler.fit(X).transform(X), -1.0, 31 / 32)
    index = design.graph.evaluate(np.floor(scaled * 32 + 0.5).astype(int))[:, 0]
    assert np.array_equal(model.classes_[index], model.predict(X))


def test_refuses() -> None:
    X, y = rings(260)
    with pytest.raises(NotFittedError):
        SymbolicDistiller().predict(X)
    with pytest.raises(ValueError, match="NaN"):
        SymbolicDistiller().fit(np.where(X > 0, X, np.nan), y)
    with pytest.raises(InputError, match="at least two classes"):
        SymbolicDistiller().fit(X, np.zeros(260, int))
    with pytest.raises(InputError, match="task must be"):
        SymbolicDistiller(task="ranking").fit(X, y)  # type: ignore[arg-type]
    for wrong, text in (
        ({"keep": 0.5}, r"^keep must be from config\.choice\.floor=0\.8 to 1, not 0\.5"),
        ({"keep": 2}, "^keep must be a number from 0 to 1, not 2"),
        ({"max_lut": -1}, "^max_lut must be a number above 0 or None, not -1"),
        ({"workers": 2**40}, "^workers must be an integer from 1 to 1024, not 1099511627776"),
    ):
        with pytest.raises(InputError, match=text):
            SymbolicDistiller(**wrong).settings()
    with pytest.raises(InputError, match="a dict cannot teach"):
        SymbolicDistiller(teacher={}).fit(X, y)
    with pytest.raises(ValueError, match="2 features"):
        SymbolicDistiller(config=FAST, workers=1).fit(X, y).predict(X[:, :1])


def test_a_torch_module_teaches_classes_and_values() -> None:
    X, y = particles(600)
    model = SymbolicDistiller(teacher=trained(X, y), config=FAST, workers=1).fit(
        X, np.array(list("abc"))[y]
    )
    assert set(model.predict(X)) <= set("abc") and model.score(X, np.array(list("abc"))[y]) > 0.8
    two = y[y < 2]
    net = trained(X[y < 2], two)
    model = SymbolicDistiller(teacher=net, config=FAST, workers=1).fit(X[y < 2], two)
    assert model.score(X[y < 2], two) > 0.8
    hits, curvature = muon_hits(800)
    net = trained(hits, curvature)
    model = SymbolicDistiller(teacher=net, task="regression", input_format="fixed<8,1>",
                              config=FAST, workers=1).fit(hits, curvature)  # fmt: skip
    assert model.score(hits, curvature) > 0.9
    both = np.stack([curvature, np.abs(curvature)], axis=1)
    model = SymbolicDistiller(
        teacher=trained(hits, both), task="regression", config=FAST, workers=1
    )
    assert model.fit(hits, both).predict(hits).shape == (800, 2)


def test_what_to_raise_where_too_little_is_kept() -> None:
    X, y = particles(600)
    net = trained(X, y)
    y = net(torch.tensor(X).float()).argmax(1).numpy()
    model = SymbolicDistiller(
        teacher=net, keep=1.0, input_format="fixed<2,1>", config=FAST, workers=1
    ).fit(X, y)  # fmt: skip
    assert model.front_.entry().score < model.front_.teacher_score
    bits = {s.setting: s for s in model.advice_}["input_format"]
    assert bits.helps and bits.value in (3, 4)
    assert SymbolicDistiller(teacher=net, keep=0.8, config=FAST, workers=1).fit(X, y).advice_ == ()


def test_a_module_with_another_number_of_outputs() -> None:
    X, y = particles(300)
    net = trained(X, y, epochs=1)
    with pytest.raises(InputError, match="module has 3 outputs for 2 classes: give one that has"):
        SymbolicDistiller(teacher=net).fit(X[y < 2], y[y < 2])
    with pytest.raises(InputError, match="module has 3 outputs for 1 target: give one that has"):
        SymbolicDistiller(teacher=net, task="regression").fit(X, X[:, 0])
    line = LinearRegression().fit(X, X[:, 0])
    with pytest.raises(InputError, match="teacher has 1 output for 2 targets"):
        SymbolicDistiller(teacher=line, task="regression").fit(X, X[:, :2])


@pytest.mark.parametrize("package", ["xgboost", "sklearn"])
def test_trees_of_text_labels_teach_a_frame_with_weights(package: str) -> None:
    X, y = particles(600)
    frame = pd.DataFrame(X, columns=["p_{T} [GeV]", "exp", "eta", "reg"])
    labels = pd.Series(np.array(["tau", "electron", "muon"])[y], dtype="category")
    teacher: object = GradientBoostingClassifier(n_estimators=10).fit(frame, labels)
    if package == "xgboost":  # numbers of the sorted names, as XGBoost wants them
        numbers = np.array([2, 0, 1])[y]
        teacher = pytest.importorskip("xgboost").XGBClassifier(n_estimators=10).fit(X, numbers)
    weights = np.random.default_rng(0).exponential(size=600)
    choose = {"by": "efficiency", "signal": ["tau"], "background": 0.2}
    model = SymbolicDistiller(teacher=teacher, config=FAST, workers=1, choose=choose)
    model.fit(frame, labels, sample_weight=weights)
    assert model.inputs_.names == ("p_T_GeV", "exp_", "eta", "reg")
    assert model.classes_.tolist() == ["electron", "muon", "tau"]
    assert model.score(frame, labels, sample_weight=weights) > 0.6
    assert 0.5 < model.front_.entry().score <= 1.0
    with pytest.raises(InputError, match="the columns kind hold no numbers: drop or encode them"):
        SymbolicDistiller(config=FAST, workers=1).fit(frame.assign(kind="a"), labels)
    with pytest.raises(InputError, match="did you mean by"):
        SymbolicDistiller(config=FAST, workers=1, choose={"bye": "auc"}).fit(frame, labels)


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    X, _ = rings()
    return pd.DataFrame({"mass": X[:, 0], "p_{T}": X[:, 1]})


@pytest.fixture(scope="module")
def fitted(frame: pd.DataFrame) -> SymbolicDistiller:
    formats = {"*": "fixed<6,1>", "p_{T}": "fixed<7,1>"}
    return SymbolicDistiller(config=FAST, workers=1, seed=5, input_format=formats).fit(
        frame, rings()[1]
    )


def test_designs_as_formulas_of_the_features(fitted: SymbolicDistiller) -> None:
    X, model = rings()[0], fitted
    table = model.equations_
    assert list(table.index) == [e.name for e in model.front_.entries]
    assert table["chosen"].sum() == 1 and table["lut"].is_monotonic_increasing
    port = model.spec().output_names[0]
    assert table.loc[model.front_.chosen, port] == model.formulas()[port]
    symbols = [sympy.Symbol(name, real=True) for name in model.inputs_.names]
    told = model.inputs_.told(X)
    for name in table.index:
        value = sympy.lambdify(symbols, model.sympy(name)[port], "numpy")
        outputs = model.spec(name).build().real_outputs(model.inputs_.words(X))[:, 0]
        most = 0.2 if model.front_.entry(name).widths else 0.05  # tuned ones are coarse
        assert np.abs(value(*told.T) - outputs).max() < most * np.ptp(outputs)
    assert "mass" in model.latex()[port]
    with pytest.raises(InputError, match="nine"):
        model.formulas("nine")
    with pytest.raises(NotFittedError):
        SymbolicDistiller().formulas()


def test_stored_and_loaded_it_predicts_the_same(
    fitted: SymbolicDistiller, frame: pd.DataFrame, tmp_path: Path
) -> None:
    fitted.save(tmp_path / "fit.json")
    again = SymbolicDistiller.load(tmp_path / "fit.json")
    for name in fitted.equations_.index:
        assert np.array_equal(again.predict(frame, name), fitted.predict(frame, name))
        assert again.spec(name).to_dict() == fitted.spec(name).to_dict()
    assert again.predict(frame).dtype == fitted.predict(frame).dtype
    assert again.get_params() == fitted.get_params() and again.advice_ == fitted.advice_
    assert again.feature_names_in_.tolist() == ["mass", "p_{T}"]
    assert [str(f) for f in again.inputs_.formats] == ["fixed<6,1>", "fixed<7,1>"]
    assert len({tuple(fitted.predict(frame, d)) for d in fitted.equations_.index}) > 1
    there = ", ".join(fitted.equations_.index)
    with pytest.raises(InputError, match=f"no design 'nine' on the front: there are {there}$"):
        again.predict(frame, design="nine")


def test_a_stored_distiller_is_checked_when_it_is_loaded(
    fitted: SymbolicDistiller, tmp_path: Path
) -> None:
    path, whole = tmp_path / "fit.json", json.dumps(fitted.to_json())
    for old, new, said in (
        ("symtick-distiller-1", "other", "is not a stored distiller of the format symtick-dist"),
        ('"columns": ["mass"', '"columns": ["m"', "its columns are m, .*, its inputs are others"),
        ('"labels": ["in", ', '"labels": ["in", "on", "by", ', "it has 2 outputs for 4 classes"),
        ('"keep"', '"kept"', "unexpected keyword argument 'kept'"),
        ('"rounds": 6', '"rounds": -6', r"joint\.rounds must be an integer"),
        ('"chosen": "d', '"chosen": "e', "there is no design 'e"),
    ):
        assert old in whole, old
        path.write_text(whole.replace(old, new))
        with pytest.raises(InputError, match=rf"fit\.json .*{said}"):
            SymbolicDistiller.load(path)
    with pytest.raises(InputError, match=r"cannot read .*gone: No such file"):
        SymbolicDistiller.load(tmp_path / "gone")
    with pytest.raises(NotFittedError):
        SymbolicDistiller().save(path)
    engine = replace(FAST.joint.engine, loss=lambda y, said, weights: 0.0)
    own = replace(FAST, joint=replace(FAST.joint, engine=engine))
    other = copy(fitted).set_params(config=own)
    with pytest.raises(InputError, match="config holds functions or operators of your own"):
        other.save(path)


def test_its_text_says_what_it_is_in_one_line(fitted: SymbolicDistiller) -> None:
    net = trained(*particles(60), epochs=1)
    assert repr(SymbolicDistiller(net)) == "SymbolicDistiller(teacher=<Sequential>)"
    front = r"\d+ designs, chosen d\dt? \(score 0\.9\d*, \d ticks?, \d+ LUT est\.\)"
    assert re.fullmatch(rf"SymbolicDistiller\(config=<DistillConfig>, .*\): {front}", repr(fitted))


def test_parameters_are_named_as_parameters() -> None:
    X, y = rings(260)
    for wrong, said in (
        ({"input_format": "fixed<8,3>"}, "^input_format: 'fixed<8,3>': features are scaled to"),
        ({"input_format": {"x7": "fixed<8,1>"}}, "^input_format names x7: the features are x0"),
        ({"raw": {"x0": "fixed<16,8>"}}, r"^raw has no word for x1: add them, or one for all"),
        ({"raw": "fixed<16,8>", "bits": {"x0": 3}}, r"^bits\.x0 must be an integer from 4 to 10"),
    ):
        with pytest.raises(InputError, match=said):
            SymbolicDistiller(**wrong).fit(X, y)  # type: ignore[arg-type]
