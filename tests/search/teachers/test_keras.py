"""Keras 3 models and weights, legacy files, and what is refused; the scores are Keras's own."""

from __future__ import annotations

import json
import os
import warnings
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import pytest
from scipy.special import log_softmax, logit

os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras")

from symtick.errors import InputError  # noqa: E402
from symtick.search.teachers.keras_h5 import load_keras_h5  # noqa: E402
from symtick.search.teachers.keras_net import load_keras  # noqa: E402
from symtick.search.teachers.scoring import ScoringTeacher, Signature  # noqa: E402
from symtick.search.teachers.teacher import TorchTeacher  # noqa: E402

# numpy's, of Keras's own tensors
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
NAMES = Signature(tuple(f"f{k}" for k in range(6)), ("p", "q", "r"))
X = np.random.default_rng(4).normal(size=(50, 6)) * 2.0
Floats = npt.NDArray[np.float64]


def chain(last: str = "softmax", outputs: int = 3) -> Any:
    """Dense layers with a normalisation before and one after an activation."""
    keras.utils.set_random_seed(3)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(8),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Dropout(0.3),
            layers.Dense(5, activation="tanh", use_bias=False),
            layers.BatchNormalization(scale=False),
            layers.Dense(outputs, activation=last),
        ]
    )
    rng = np.random.default_rng(1)
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.set_weights([rng.uniform(0.2, 2.0, w.shape) for w in layer.get_weights()])
    return model


def set_model() -> Any:
    """A sum over two particles of three numbers each, softmax at the end."""
    keras.utils.set_random_seed(5)
    given = keras.Input((2, 3))
    inner = keras.layers.Dense(7, activation="relu")(given)
    total = keras.layers.GlobalAveragePooling1D()(inner)
    return keras.Model(given, keras.layers.Dense(3, activation="softmax")(total))


def said(model: Any, rows: Floats = X) -> Floats:
    return np.asarray(model.predict(rows.astype(np.float32), verbose=0), np.float64)


def saved(model: Any, path: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save(path)
    return path


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_whole_model_that_is_a_chain_becomes_a_perceptron(tmp_path: Path, suffix: str) -> None:
    model = chain()
    teacher = load_keras(saved(model, tmp_path / f"net{suffix}"), NAMES)
    assert isinstance(teacher, TorchTeacher)
    assert teacher.architecture.widths == (6, 8, 5, 3)
    assert np.abs(log_softmax(teacher.logits(X), axis=1) - np.log(said(model))).max() < 1e-4


def test_a_legacy_file_is_read_without_keras(tmp_path: Path) -> None:
    model = chain()
    teacher = load_keras_h5(None, saved(model, tmp_path / "net.h5"), NAMES)
    assert np.abs(log_softmax(teacher.logits(X), axis=1) - np.log(said(model))).max() < 1e-4
    model.save_weights(tmp_path / "net.weights.h5")
    with pytest.raises(InputError, match="holds weights alone: name the architecture"):
        load_keras_h5(None, tmp_path / "net.weights.h5", NAMES)


def test_a_relu_of_another_shape_is_left_to_keras(tmp_path: Path) -> None:
    bent = keras.layers.ReLU(threshold=0.5)
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(8), bent])
    path = saved(model, tmp_path / "net.h5")
    with pytest.raises(InputError, match=r"is a ReLU of another shape than max\(x, 0\)"):
        load_keras_h5(None, path, NAMES)


def test_weights_of_keras_3_beside_their_architecture(tmp_path: Path) -> None:
    model = chain()
    model.save_weights(tmp_path / "net.weights.h5")
    (tmp_path / "net.json").write_text(model.to_json())
    teacher = load_keras(tmp_path / "net.weights.h5", NAMES, tmp_path / "net.json")
    assert np.abs(log_softmax(teacher.logits(X), axis=1) - np.log(said(model))).max() < 1e-4


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_any_architecture_teaches_scores_before_its_softmax(tmp_path: Path, suffix: str) -> None:
    model = set_model()
    teacher = load_keras(saved(model, tmp_path / f"net{suffix}"), NAMES)
    assert isinstance(teacher, ScoringTeacher)
    wanted = np.log(said(model, X.reshape(-1, 2, 3)))
    assert np.abs(log_softmax(teacher.logits(X), axis=1) - wanted).max() < 1e-4
    assert np.abs(teacher.logits(X).sum(axis=1)).max() > 0.1  # scores, not logarithms of chances


def test_one_output_and_a_regression(tmp_path: Path) -> None:
    model = chain("sigmoid", 1)
    path = saved(model, tmp_path / "net.keras")
    one = load_keras(path, Signature(NAMES.feature_names, ("n", "p"))).logits(X)
    chances = said(model)
    inner = (chances > 1e-3) & (chances < 1 - 1e-3)
    assert np.abs(one - logit(chances))[inner].max() < 1e-2
    value = load_keras(path, Signature(NAMES.feature_names, (), ("v",))).logits(X)
    assert np.abs(value - chances).max() < 1e-5
    mean, std = np.full(6, 0.5), np.full(6, 2.0)
    moved = load_keras(path, Signature(NAMES.feature_names, (), ("v",)), standard=(mean, std))
    assert np.abs(moved.logits(X) - said(model, (X - mean) / std)).max() < 1e-5


def test_python_code_in_a_file_is_refused_before_keras_reads_it(tmp_path: Path) -> None:
    given = keras.Input((6,))
    model = keras.Model(given, keras.layers.Lambda(lambda x: x * 2.0)(given))
    for suffix in (".keras", ".h5"):
        path = saved(model, tmp_path / f"code{suffix}")
        with pytest.raises(InputError, match=r"Python code \(a Lambda layer\).* export it to ONNX"):
            load_keras(path, NAMES)

    @keras.saving.register_keras_serializable("own")
    class Own(keras.layers.Layer):  # type: ignore[misc,name-defined]
        def call(self, x: Any) -> Any:
            return x * 2.0

    path = saved(keras.Model(given, Own()(given)), tmp_path / "own.keras")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(parts["config.json"])
    config["config"]["layers"][1]["module"] = "os"
    parts["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(InputError, match=r"layers of other packages \(os\.Own\)"):
        load_keras(path, NAMES)


def test_networks_of_hgq_are_read_where_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from hgq.layers import QDense

        keras.utils.set_random_seed(2)
        layers = [keras.Input((6,)), QDense(8, activation="relu"), QDense(3, activation="softmax")]
        model = keras.Sequential(layers)
        model(X.astype(np.float32), training=True)  # ranges of the quantisers
        path = saved(model, tmp_path / "net.keras")
        wanted = np.log(said(model))
    teacher = load_keras(path, NAMES)
    gaps = np.abs(log_softmax(teacher.logits(X), axis=1) - wanted)
    assert gaps.max() < 1e-2  # its softmax is quantised, and left out
    monkeypatch.setattr("symtick.search.teachers.keras_net.find_spec", lambda _: None)
    with pytest.raises(InputError, match=r"layers of other packages \(hgq\."):
        load_keras(path, NAMES)


def test_networks_of_qkeras_say_what_to_do(tmp_path: Path) -> None:
    model = chain()
    path = saved(model, tmp_path / "net.h5")
    with h5py.File(path, "a") as file:
        text = str(file.attrs["model_config"]).replace(
            '"class_name": "Dense"', '"class_name": "QDense"'
        )
        file.attrs["model_config"] = text
    for load in (lambda: load_keras(path, NAMES), lambda: load_keras_h5(None, path, NAMES)):
        with pytest.raises(
            InputError, match=r"is of QKeras .*\(scores_train and scores_test\), and"
        ):
            load()


def test_files_of_other_kinds_say_what_to_do(tmp_path: Path) -> None:
    whole = saved(chain(), tmp_path / "net.keras")
    with pytest.raises(InputError, match=r"a binary file: a whole .* teacher\.keras\.path") as why:
        load_keras_h5(whole, whole, NAMES)
    assert len(str(why.value)) < 400
    (tmp_path / "junk.keras").write_bytes(b"\x80junk")
    with pytest.raises(InputError, match=r"not a \.keras file, or damaged: it is no zip"):
        load_keras(tmp_path / "junk.keras", NAMES)
    with zipfile.ZipFile(tmp_path / "other.keras", "w") as archive:
        archive.writestr("readme", "")
    with pytest.raises(InputError, match=r"not a \.keras file, or damaged"):
        load_keras(tmp_path / "other.keras", NAMES)
    with pytest.raises(InputError, match="there is no file"):
        load_keras(tmp_path / "gone.keras", NAMES)
    (tmp_path / "net.json").write_text(set_model().to_json())
    chain().save_weights(tmp_path / "net.weights.h5")
    with pytest.raises(InputError, match=r"Keras cannot load the .*export it to ONNX"):
        load_keras(tmp_path / "net.weights.h5", NAMES, tmp_path / "net.json")
    few = Signature(("a", "b"), NAMES.class_names)
    saved(set_model(), tmp_path / "set.keras")
    with pytest.raises(InputError, match="reads 2 x 3 numbers of a row, but the data has 2"):
        load_keras(tmp_path / "set.keras", few)
    first, second = keras.Input((3,)), keras.Input((3,))
    pair = keras.Model([first, second], keras.layers.Add()([first, second]))
    with pytest.raises(InputError, match="2 inputs and 1 outputs: one of each is read"):
        load_keras(saved(pair, tmp_path / "pair.keras"), NAMES)
