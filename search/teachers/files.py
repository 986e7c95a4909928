"""Teachers from files: symtick's .npz, a torch state_dict, Keras JSON and HDF5; no pickles."""

from __future__ import annotations

import json
import pickle
import warnings
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from symtick.errors import InputError
from symtick.search.teachers.teacher import FORMAT, Architecture, TeacherTask, TorchTeacher

Layer = tuple[npt.NDArray[Any], npt.NDArray[Any] | None]


def load_teacher(path: Path | str) -> TorchTeacher:
    """Read what `TorchTeacher.save` wrote.

    Raises:
        InputError: missing, damaged, or not a teacher.
    """
    path = Path(path)
    _must_exist(path)
    try:
        with np.load(path, allow_pickle=False) as content:
            arrays = {key: content[key] for key in content.files}
        meta = json.loads(str(arrays["meta"]))
        if meta["format"] != FORMAT:
            raise InputError(f"{path} has the format {meta['format']!r}, not {FORMAT!r}")
        shape = Architecture(tuple(meta["widths"]), tuple(meta["activations"]))
        layers = [
            (arrays[f"weight_{i}"], arrays[f"bias_{i}"]) for i in range(len(shape.activations))
        ]
        return TorchTeacher.wrap(
            _filled(shape, layers, str(path)),
            meta["feature_names"],
            meta["class_names"],
            arrays["mean"],
            arrays["std"],
            meta["task"],
            meta.get("target_names", ()),
        )
    except InputError:
        raise
    except (KeyError, TypeError, ValueError, OSError, zipfile.BadZipFile, EOFError) as error:
        raise InputError(
            f"{path} is not a teacher that symtick saved ({type(error).__name__}: {error})"
        ) from error


def _must_exist(path: Path) -> None:
    if not path.is_file():
        raise InputError(f"there is no file {path}")


def _filled(shape: Architecture, layers: Sequence[Layer], origin: str) -> nn.Sequential:
    """The network with these weights (outputs, inputs) and biases; a missing bias is zero."""
    module = shape.build()
    linears = [layer for layer in module if isinstance(layer, nn.Linear)]
    if len(linears) != len(layers):
        raise InputError(f"{origin} holds {len(layers)} layers, but {len(linears)} are expected")
    for index, (linear, (weight, bias)) in enumerate(zip(linears, layers, strict=True)):
        bias_values = np.zeros(linear.out_features) if bias is None else bias
        for parameter, value, name in (
            (linear.weight, weight, "weight"),
            (linear.bias, bias_values, "bias"),
        ):
            if value.shape != tuple(parameter.shape):
                raise InputError(
                    f"{origin}: the {name} of layer {index} has the shape {value.shape}, but the "
                    f"architecture {shape.widths} needs {tuple(parameter.shape)}"
                )
            if not np.isfinite(value).all():
                raise InputError(f"{origin}: the {name} of layer {index} is not finite")
            with torch.no_grad():
                parameter.copy_(torch.tensor(np.array(value, dtype=np.float32)))
    return module


def from_state_dict(
    source: Path | str | Mapping[str, torch.Tensor],
    architecture: Architecture,
    feature_names: Sequence[str],
    class_names: Sequence[str],
    mean: npt.ArrayLike | None = None,
    std: npt.ArrayLike | None = None,
    target_names: Sequence[str] = (),
) -> TorchTeacher:
    """A perceptron from the tensors of `module.state_dict()`, in their order.

    Args:
        source: the state_dict, or a .pt file that holds one (or a checkpoint with one under the
            key "state_dict").
        architecture: widths and activations.
        feature_names, class_names: names of inputs and classes.
        mean, std: the standardisation before the network; none by default.
        target_names: of a regression, names of the outputs, in place of the classes'.

    Raises:
        InputError: a missing file, a pickled module, or tensors that do not fit.
    """
    if isinstance(source, Mapping):
        tensors, origin = source, "the state_dict"
    else:
        tensors, origin = _load_tensors(Path(source)), str(source)
    module = _filled(architecture, _paired(tensors, origin), origin)
    task: TeacherTask = "regression" if target_names else "classification"
    return TorchTeacher.wrap(module, feature_names, class_names, mean, std, task, target_names)


def _load_tensors(path: Path) -> Mapping[str, torch.Tensor]:
    _must_exist(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns of its own old storage format
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise InputError(
            f"{path} is a pickled module (or holds other objects than tensors): loading it could "
            "run any code, so it is refused. Where the model was made, write "
            "torch.save(model.state_dict(), 'model.pt'), and load that with its architecture"
        ) from error
    except (  # torch's own unpickler stumbles over damaged files in many ways
        RuntimeError,
        ValueError,
        EOFError,
        OSError,
        LookupError,
        TypeError,
        AttributeError,
        AssertionError,
    ) as error:
        raise InputError(f"{path} is not a torch file, or damaged: {error}") from error
    if isinstance(content, Mapping) and isinstance(content.get("state_dict"), Mapping):
        content = content["state_dict"]
    if not isinstance(content, Mapping):
        raise InputError(f"{path} holds a {type(content).__name__}, not a state_dict")
    return content


def _paired(tensors: Mapping[str, torch.Tensor], origin: str) -> list[Layer]:
    """Weight and bias of each layer, by the names `<layer>.weight` and `<layer>.bias`."""
    layers: dict[str, dict[str, npt.NDArray[Any]]] = {}
    for name, tensor in tensors.items():
        prefix, _, kind = str(name).rpartition(".")
        dimensions = {"weight": 2, "bias": 1}.get(kind)
        if not isinstance(tensor, torch.Tensor) or tensor.ndim != dimensions:
            what = tuple(tensor.shape) if isinstance(tensor, torch.Tensor) else type(tensor)
            raise InputError(
                f"{origin}: {name!r} ({what}) is not a weight or bias of a plain perceptron; give "
                "the whole module in Python instead"
            )
        layers.setdefault(prefix, {})[kind] = tensor.detach().cpu().double().numpy()
    for prefix, parts in layers.items():
        if "weight" not in parts:
            raise InputError(f"{origin}: layer {prefix!r} has a bias but no weight")
    return [(parts["weight"], parts.get("bias")) for parts in layers.values()]


def load_keras_h5(
    json_path: Path | str,
    h5_path: Path | str,
    feature_names: Sequence[str] = (),
    class_names: Sequence[str] = (),
    target_names: Sequence[str] = (),
) -> TorchTeacher:
    """A Keras perceptron from its architecture JSON and weights HDF5, read without Keras.

    Dense, Activation and Dropout layers in a row. A softmax (or sigmoid) at the end of a classifier
    is left out, so the scores are those before it. It sees the raw features, as Keras does.

    Args:
        json_path: what `model.to_json()` gives.
        h5_path: what `model.save_weights()` wrote (Keras 2 layout), or a whole saved model.
        feature_names, class_names: x0, x1, ... and 0, 1, ... by default.
        target_names: of a regression, names of the outputs, in place of the classes'.

    Raises:
        InputError: missing or damaged files, other layers, branches, or shapes that do not fit.
    """
    json_file, h5_file = Path(json_path), Path(h5_path)
    _must_exist(json_file)
    _must_exist(h5_file)
    try:
        config = json.loads(json_file.read_text(encoding="utf-8"))["config"]
        layers = config if isinstance(config, list) else config["layers"]
        dense = _dense_layers(layers, json_file)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{json_file} is not the JSON of a Keras model: {error!r}") from error
    weights = _keras_weights(h5_file, [name for name, _ in dense])
    widths = (weights[0][0].shape[-1], *(weight.shape[0] for weight, _ in weights))
    activations = [activation for _, activation in dense]
    if not target_names and activations[-1] in ("softmax", "sigmoid"):
        activations[-1] = "linear"
    shape = Architecture(widths, tuple(activations))
    return TorchTeacher.wrap(
        _filled(shape, weights, str(h5_file)),
        feature_names or [f"x{i}" for i in range(widths[0])],
        class_names or ([] if target_names else [str(k) for k in range(widths[-1])]),
        task="regression" if target_names else "classification",
        target_names=target_names,
    )


def _dense_layers(layers: Iterable[Mapping[str, Any]], path: Path) -> list[tuple[str, str]]:
    """(name, activation) of each Dense layer, after checking that they form one chain."""
    dense: list[tuple[str, str]] = []
    previous: str | None = None
    for layer in layers:
        kind, config = layer["class_name"], layer["config"]
        name = str(config["name"])
        sources = _sources(layer.get("inbound_nodes") or [])
        if sources and sources != [previous]:
            raise InputError(f"{path}: layer {name!r} reads {sources}, so the model is no chain")
        previous = name
        if kind == "Dense":
            dense.append((name, str(config.get("activation", "linear"))))
        elif kind == "Activation" and dense and dense[-1][1] == "linear":
            dense[-1] = (dense[-1][0], str(config["activation"]))
        elif kind not in ("InputLayer", "Dropout"):
            raise InputError(
                f"{path}: layer {name!r} is a {kind}; Dense, Activation and Dropout are read"
            )
    if not dense:
        raise InputError(f"{path} has no Dense layer")
    return dense


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


def _keras_weights(path: Path, names: Sequence[str]) -> list[Layer]:
    import h5py

    try:
        with h5py.File(path, "r") as file:
            root = file.get("model_weights", file)
            return [_keras_layer(root, name, path) for name in names]
    except OSError as error:
        raise InputError(f"{path} is not an HDF5 file: {error}") from error


def _keras_layer(root: Any, name: str, path: Path) -> Layer:
    if name not in root or "weight_names" not in root[name].attrs:
        raise InputError(
            f"{path} has no weights for layer {name!r} (layers here: {', '.join(root)}); the "
            "Keras 2 layout of save_weights is read"
        )
    group = root[name]
    parts: dict[str, npt.NDArray[Any]] = {}
    for raw in group.attrs["weight_names"]:
        full = raw.decode() if isinstance(raw, bytes) else str(raw)
        parts[full.rpartition("/")[2].partition(":")[0]] = np.asarray(group[full])
    if "kernel" not in parts or parts["kernel"].ndim != 2:
        raise InputError(f"{path}: layer {name!r} has no kernel matrix, only {sorted(parts)}")
    return parts["kernel"].T, parts.get("bias")
