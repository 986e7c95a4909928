"""Teachers from Keras models of any architecture, loaded by Keras 3 in its safe mode.

Keras runs on torch here, which the search has anyway. What a file may name is checked before Keras
reads it: layers of Keras itself (and of HGQ2, where that is installed), and no Python code.
"""

from __future__ import annotations

import itertools
import json
import logging
import os
import sys
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from symtick.errors import InputError
from symtick.search.data.dataset import FloatArray
from symtick.search.teachers.folding import ENDS, Affine, Dense, Step, perceptron
from symtick.search.teachers.keras_h5 import check_qkeras, model_text
from symtick.search.teachers.scoring import (
    Forward,
    Meaning,
    ScoringTeacher,
    Signature,
    Standard,
    in_rows,
    standardised,
)
from symtick.search.teachers.teacher import Teacher, TorchTeacher
from symtick.search.torch_threads import one_thread

_OTHERWISE = (
    "where the model was made, export it to ONNX (model.export('net.onnx', format='onnx') and "
    "teacher.onnx), or put its scores into the data file (scores_train and scores_test)"
)
_HGQ = "hgq"  # layers of HGQ2 stand in this package


def load_keras(
    path: Path | str,
    signature: Signature,
    architecture: Path | str | None = None,
    standard: Standard | None = None,
) -> Teacher:
    """A Keras model of one input; a chain of dense layers becomes a plain perceptron.

    A softmax or sigmoid in the last layer of a classifier is left out, so that scores before it are
    imitated.

    Args:
        path: a whole model, .keras or .h5, or weights (.weights.h5, .h5).
        signature: names of inputs and outputs.
        architecture: of weights, what `model.to_json()` gives.
        standard: mean and std of each feature, where the network reads (x - mean) / std.

    Raises:
        InputError: missing or damaged files, layers of one's own, Python code in the file, several
            inputs or outputs, or an input that a row does not fill.
    """
    path = Path(path)
    origin = f"Keras network {path}"
    text = _text(path, None if architecture is None else Path(architecture))
    packages = _check(text, origin)
    with _quiet():
        model = _loaded(path, text if architecture is not None else None, packages, origin)
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise InputError(
            f"the {origin} has {len(model.inputs)} inputs and {len(model.outputs)} outputs: one of "
            f"each is read; {_OTHERWISE}"
        )
    with _quiet():
        steps = _steps(model)
    plain = _perceptron(steps, signature, standard, origin)
    if plain is not None:
        return plain
    meaning: Meaning = "scores"
    if signature.task == "classification":
        meaning = _without_end(model)
    shape = in_rows(tuple(model.inputs[0].shape), len(signature.feature_names), origin)
    forward = standardised(_forward(model, shape), standard)
    return ScoringTeacher(forward, signature, origin, meaning)


def _text(path: Path, architecture: Path | None) -> str:
    """The JSON of the model."""
    if path.is_dir():
        raise InputError(
            f"{path} is a folder: SavedModels of TensorFlow are not read. Save the model as "
            f".keras; or {_OTHERWISE}"
        )
    if path.is_file() and zipfile.is_zipfile(path):
        try:
            with zipfile.ZipFile(path) as archive:
                return archive.read("config.json").decode()
        except (KeyError, ValueError, zipfile.BadZipFile) as error:
            raise InputError(f"{path} is not a .keras file, or damaged: {error}") from None
    if path.suffix == ".keras" and path.is_file():
        raise InputError(f"{path} is not a .keras file, or damaged: it is no zip archive")
    return model_text(architecture, path)[0]


def _check(text: str, origin: str) -> set[str]:
    """The packages that the model's layers come from.

    Raises:
        InputError: it holds Python code, or layers of other packages.
    """
    try:
        classes = list(_classes(json.loads(text)))
    except ValueError as error:
        raise InputError(f"the {origin} has no readable architecture: {error}") from None
    for module, name in classes:
        package = module.partition(".")[0]
        if "lambda" in name.lower():
            raise InputError(
                f"the {origin} holds Python code (a {name} layer), which is not run here; "
                f"{_OTHERWISE}"
            )
        check_qkeras(name, module, origin)
        if package not in ("keras", "builtins", "") and not (package == _HGQ and find_spec(_HGQ)):
            raise InputError(
                f"the {origin} has layers of other packages ({module}.{name}); {_OTHERWISE}"
            )
    return {module.partition(".")[0] for module, _ in classes}


def _classes(node: Any) -> Iterator[tuple[str, str]]:
    """Module and class of everything that a model's JSON names."""
    if isinstance(node, dict):
        if "class_name" in node:
            yield str(node.get("module") or ""), str(node["class_name"])
        for value in node.values():
            yield from _classes(value)
    elif isinstance(node, list):
        for value in node:
            yield from _classes(value)


def _loaded(path: Path, text: str | None, packages: set[str], origin: str) -> Any:
    """The model, from whole files, or from its JSON and weights."""
    if "keras" not in sys.modules:
        os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras

    if _HGQ in packages:
        import_module("hgq.layers")  # its layers become known to Keras
    try:
        if text is None:
            return keras.saving.load_model(str(path), compile=False, safe_mode=True)
        model = keras.models.model_from_json(text)
        model.load_weights(str(path))
        return model
    except Exception as error:  # Keras answers damaged files with errors of any class
        line = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise InputError(f"Keras cannot load the {origin}: {line[:300]}; {_OTHERWISE}") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what Keras says of older files, and numpy of Keras's tensors."""
    log = logging.getLogger("absl")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)


def _steps(model: Any) -> list[Step]:
    """Dense layers, normalisations and activations, where the model is a chain of them alone."""
    steps: list[Step] = []
    for layer in _chain(model):
        kind = type(layer).__name__ if type(layer).__module__.startswith("keras.") else ""
        if kind in ("InputLayer", "Dropout", "GaussianNoise"):
            continue
        weights = [np.asarray(w, np.float64) for w in layer.get_weights()]
        if kind == "Dense" and len(layer.input.shape) == 2:
            steps.append(Dense(weights[0].T, weights[1] if layer.use_bias else None))
            steps.append(str(layer.activation.__name__))
        elif kind == "BatchNormalization" and len(layer.input.shape) == 2:
            ones = np.ones(len(weights[-1]))
            gamma = weights.pop(0) if layer.scale else ones
            beta = weights.pop(0) if layer.center else 0.0 * ones
            mean, variance = weights
            steps.append(Affine.normalisation(mean, variance, gamma, beta, layer.epsilon))
        elif kind == "Activation":
            steps.append(str(layer.activation.__name__))
        elif kind == "ReLU" and not (layer.max_value or layer.negative_slope or layer.threshold):
            steps.append("relu")
        elif kind == "Softmax":
            steps.append("softmax")
        else:
            return []
    return steps


def _chain(model: Any) -> list[Any]:
    """The layers in their order, where each reads the one before it alone; else nothing."""
    import keras

    layers = list(model.layers)
    if isinstance(model, keras.Sequential):
        return layers
    for before, layer in itertools.pairwise(layers):
        if layer.input is not before.output:
            return []
    return layers


def _perceptron(
    steps: list[Step], signature: Signature, standard: Standard | None, origin: str
) -> TorchTeacher | None:
    """The chain as a plain perceptron; None where it is none."""
    try:
        return perceptron(steps, signature, standard, origin)
    except InputError:
        return None


def _without_end(model: Any) -> Meaning:
    """Let a final softmax or sigmoid be; says what the outputs are then."""
    import keras

    last = model.outputs[0]._keras_history.operation
    activation = getattr(last, "activation", None)
    if getattr(activation, "__name__", "") in ENDS:
        last.activation = keras.activations.linear
        return "scores"
    return "probabilities" if type(last).__name__ == "Softmax" else "unknown"


def _forward(model: Any, shape: tuple[int, ...]) -> Forward:
    def forward(rows: FloatArray) -> npt.NDArray[Any]:
        ready = rows.reshape(len(rows), *shape).astype(np.float32)
        with one_thread(), torch.inference_mode(), _quiet():
            said = model(ready, training=False)
        return said.cpu().numpy() if isinstance(said, torch.Tensor) else np.asarray(said)

    return forward
