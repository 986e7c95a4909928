"""Keras perceptrons read without Keras: from JSON and HDF5 in the layout of Keras 2."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError
from symtick.files import check_file
from symtick.search.teachers.folding import Affine, Dense, Step, perceptron
from symtick.search.teachers.scoring import Signature, Standard
from symtick.search.teachers.teacher import TorchTeacher

LayerRecord = tuple[str, str, Mapping[str, Any]]  # name, kind, config
_PASSING = ("InputLayer", "Dropout", "GaussianNoise")  # what changes nothing in inference
_QKERAS = re.compile(r"Q[A-Z]")  # QDense, QActivation
_READ = "Dense, BatchNormalization, Activation, ReLU, Softmax and Dropout"


class QKerasError(InputError):
    """A network of QKeras, which no package here reads."""


def load_keras_h5(
    json_path: Path | str | None,
    h5_path: Path | str,
    signature: Signature,
    standard: Standard | None = None,
) -> TorchTeacher:
    """A Keras perceptron from its architecture JSON and weights HDF5, read without Keras.

    Dense, BatchNormalization, Activation, ReLU and Dropout layers in a row. A softmax (or sigmoid)
    at the end of a classifier is left out, so the scores are those before it.

    Args:
        json_path: what `model.to_json()` gives; None for a whole saved model, which has it inside.
        h5_path: what `model.save_weights()` wrote (Keras 2 layout), or a whole saved model.
        signature: names of inputs and outputs.
        standard: mean and std of each feature, where the network reads (x - mean) / std.

    Raises:
        InputError: missing or damaged files, other layers, branches, or shapes that do not fit.
        QKerasError: a network of QKeras.
    """
    h5_file = Path(h5_path)
    text, origin = model_text(None if json_path is None else Path(json_path), h5_file)
    try:
        config = json.loads(text)["config"]
        layers = config if isinstance(config, list) else config["layers"]
        chain = _chain(layers, origin)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{origin} is not the JSON of a Keras model: {error!r}") from error
    steps = _with_weights(chain, h5_file)
    return perceptron(steps, signature, standard, str(h5_file))


def model_text(json_path: Path | None, h5_path: Path) -> tuple[str, Path]:
    """The JSON of a model, and the file it stands in.

    Raises:
        InputError: a file is missing, of another kind, or holds no architecture.
    """
    import h5py

    for path in (json_path, h5_path):
        if path is not None:
            check_file(path)
    if json_path is not None:
        try:
            return json_path.read_text(encoding="utf-8"), json_path
        except UnicodeDecodeError:
            raise InputError(
                f"{json_path} is not the JSON of a Keras model, but a binary file: a whole model "
                "(.keras or .h5) is named as teacher.keras.path, without weights"
            ) from None
    try:
        with h5py.File(h5_path, "r") as file:
            text = file.attrs.get("model_config")
    except OSError as error:
        raise InputError(f"{h5_path} is not an HDF5 file: {error}") from error
    if text is None:
        raise InputError(
            f"{h5_path} holds weights alone: name the architecture, too (teacher.keras with "
            "architecture: what model.to_json() gives, and weights)"
        )
    return text.decode() if isinstance(text, bytes) else str(text), h5_path


def _chain(layers: Iterable[Mapping[str, Any]], path: Path) -> list[LayerRecord]:
    """(name, kind, config) of each layer, after checking that they form one chain."""
    chain: list[LayerRecord] = []
    previous: str | None = None
    for layer in layers:
        kind, config = layer["class_name"], layer["config"]
        name = str(config["name"])
        sources = _sources(layer.get("inbound_nodes") or [])
        if sources and sources != [previous]:
            raise InputError(f"{path}: layer {name!r} reads {sources}, so the model is no chain")
        previous = name
        check_qkeras(kind, str(layer.get("module") or ""), f"Keras network {path}")
        if kind not in (*_PASSING, "Dense", "Activation", "ReLU", "Softmax", "BatchNormalization"):
            raise InputError(f"{path}: layer {name!r} is a {kind}; {_READ} are read without Keras")
        if kind not in _PASSING:
            chain.append((name, kind, config))
    if not any(kind == "Dense" for _, kind, _ in chain):
        raise InputError(f"{path} has no Dense layer")
    return chain


def check_qkeras(kind: str, module: str, origin: str) -> None:
    """Refuse a layer of QKeras, by its class and module.

    Raises:
        QKerasError: it is one.
    """
    if module.partition(".")[0] == "qkeras" or (not module and _QKERAS.match(kind)):
        raise QKerasError(
            f"the {origin} is of QKeras (a {kind} layer), which runs on TensorFlow and Keras 2 "
            "alone: where the model was made, write its scores before softmax into the data file "
            "(scores_train and scores_test), and name no teacher in the job"
        )


def _sources(nodes: Any) -> list[str]:
    """Names of the layers that a functional layer reads, in the layouts of Keras 2 and 3."""
    if isinstance(nodes, dict):
        history = nodes.get("keras_history")
        if isinstance(history, list):
            return [str(history[0])]
        return [name for value in nodes.values() for name in _sources(value)]
    if not isinstance(nodes, list):
        return []
    if nodes and isinstance(nodes[0], str):
        return [nodes[0]]
    return [name for node in nodes for name in _sources(node)]


def _with_weights(chain: Sequence[LayerRecord], path: Path) -> list[Step]:
    import h5py

    steps: list[Step] = []
    try:
        with h5py.File(path, "r") as file:
            root = file.get("model_weights", file)
            for name, kind, config in chain:
                steps += _layer(root, name, kind, config, path)
    except OSError as error:
        raise InputError(f"{path} is not an HDF5 file: {error}") from error
    return steps


def _layer(root: Any, name: str, kind: str, config: Mapping[str, Any], path: Path) -> list[Step]:
    """The steps of one layer; activations by the names that Keras has for them."""
    if kind in ("ReLU", "Softmax"):
        bent = any(config.get(key) for key in ("max_value", "negative_slope", "threshold"))
        if kind == "ReLU" and bent:
            raise InputError(f"{path}: layer {name!r} is a ReLU of another shape than max(x, 0)")
        return [kind.lower()]
    if kind == "Activation":
        return [_activation(config)]
    parts = _arrays(root, name, path)
    if kind == "Dense":
        if "kernel" not in parts or parts["kernel"].ndim != 2:
            raise InputError(f"{path}: layer {name!r} has no kernel matrix, only {sorted(parts)}")
        return [Dense(parts["kernel"].T, parts.get("bias")), _activation(config)]
    if not {"moving_mean", "moving_variance"} <= set(parts):
        raise InputError(f"{path}: layer {name!r} has no moving mean and variance")
    mean, ones = parts["moving_mean"], np.ones(parts["moving_mean"].shape)
    gamma, beta = parts.get("gamma", ones), parts.get("beta", 0.0 * ones)
    variance, epsilon = parts["moving_variance"], float(config.get("epsilon", 1e-3))
    return [Affine.normalisation(mean, variance, gamma, beta, epsilon)]


def _activation(config: Mapping[str, Any]) -> str:
    given = config.get("activation") or "linear"
    return str(given.get("config") if isinstance(given, Mapping) else given)


def _arrays(root: Any, name: str, path: Path) -> dict[str, npt.NDArray[Any]]:
    """Weights of a layer by their short names, such as kernel."""
    if name not in root or "weight_names" not in root[name].attrs:
        raise InputError(
            f"{path} has no weights for layer {name!r} (layers here: {', '.join(root)}); without "
            "Keras the Keras 2 layout of save_weights is read"
        )
    group = root[name]
    parts: dict[str, npt.NDArray[Any]] = {}
    for raw in group.attrs["weight_names"]:
        full = raw.decode() if isinstance(raw, bytes) else str(raw)
        parts[full.rpartition("/")[2].partition(":")[0]] = np.asarray(group[full])
    return parts
