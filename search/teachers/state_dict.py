"""Teachers from torch's `state_dict`: tensors alone, nothing is unpickled."""

from __future__ import annotations

import pickle
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch

from symtick.errors import InputError
from symtick.files import check_file
from symtick.search.teachers.folding import Affine, Dense, Step, filled, folded
from symtick.search.teachers.teacher import Architecture, TeacherTask, TorchTeacher

NormPlace = Literal["before", "after"]

_KEYS = ("state_dict", "model_state_dict", "model")  # of checkpoints, that hold the tensors
_EPSILON = 1e-5  # torch's own, which a state_dict does not hold
_NORM = {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"}


def from_state_dict(
    source: Path | str | Mapping[str, torch.Tensor],
    architecture: Architecture,
    feature_names: Sequence[str],
    class_names: Sequence[str],
    mean: npt.ArrayLike | None = None,
    std: npt.ArrayLike | None = None,
    target_names: Sequence[str] = (),
    batch_norm: NormPlace | None = None,
) -> TorchTeacher:
    """A perceptron from the tensors of `module.state_dict()`, in their order.

    Batch normalisations (`BatchNorm1d`) are folded into the layers beside them.

    Args:
        source: the state_dict, or a .pt file that holds one, or a checkpoint with one under the
            key state_dict, model_state_dict or model.
        architecture: widths and activations. One output is enough for two classes.
        feature_names, class_names: names of inputs and classes.
        mean, std: the standardisation before the network; none by default.
        target_names: of a regression, names of the outputs, in place of the classes'.
        batch_norm: whether normalisations stand before or after the activation of their layer; by
            default the numbers of an `nn.Sequential` say so, and others stand before it.

    Raises:
        InputError: a missing file, a pickled module, or tensors that do not fit.
    """
    if isinstance(source, Mapping):
        tensors, origin = source, "the state_dict"
    else:
        tensors, origin = _load_tensors(Path(source)), str(source)
    steps = _steps(tensors, architecture, batch_norm, origin)
    _, layers = folded(steps, origin)
    if not target_names and len(class_names) == 2 and len(layers[-1][0]) == 1:
        widths = (*architecture.widths[:-1], 1)
        architecture = Architecture(widths, architecture.activations)
    module = filled(architecture, layers, origin)
    task: TeacherTask = "regression" if target_names else "classification"
    return TorchTeacher.wrap(module, feature_names, class_names, mean, std, task, target_names)


def _load_tensors(path: Path) -> Mapping[str, torch.Tensor]:
    check_file(path)
    _check_kind(path)
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
        raise InputError(
            f"{path} is not a torch file, or damaged ({type(error).__name__})"
        ) from error
    if isinstance(content, Mapping):
        return _inside(content, path)
    raise InputError(f"{path} holds a {type(content).__name__}, not a state_dict")


def _inside(content: Mapping[str, Any], path: Path) -> Mapping[str, torch.Tensor]:
    """The state_dict of a checkpoint: under a usual key, or the only one there is."""
    if any(isinstance(held, torch.Tensor) for held in content.values()):
        return content
    parts = {key: held for key, held in content.items() if isinstance(held, Mapping)}
    states = {
        key: held
        for key, held in parts.items()
        if held and all(isinstance(tensor, torch.Tensor) for tensor in held.values())
    }
    named = [key for key in (*_KEYS, *(states if len(states) == 1 else ())) if key in parts]
    if named:
        return parts[named[0]]
    raise InputError(
        f"{path} holds {', '.join(map(str, content)) or 'nothing'}, no state_dict under "
        f"{', '.join(_KEYS)}: where the model was made, write "
        "torch.save(model.state_dict(), 'model.pt')"
    )


TORCH_SCRIPT = (
    "is a TorchScript program, whose code is not run here. Where the model was made, write "
    "torch.save(model.state_dict(), 'model.pt'), or export it to ONNX (teacher.onnx) or by "
    "torch.export (teacher.program)"
)


def _check_kind(path: Path) -> None:
    """Refuse archives that hold a program, by what is in them."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        folders = {name.split("/")[1] for name in archive.namelist() if name.count("/") > 1}
    if "models" in folders:
        raise InputError(f"{path} is a program of torch.export: name it as teacher.program instead")
    if "code" in folders:
        raise InputError(f"{path} {TORCH_SCRIPT}")


def _steps(
    tensors: Mapping[str, torch.Tensor],
    architecture: Architecture,
    batch_norm: NormPlace | None,
    origin: str,
) -> list[Step]:
    """Layers, normalisations and activations in their order."""
    groups = _grouped(tensors, origin)
    total = sum("running_mean" not in group for group in groups.values())
    activations = [*architecture.activations, *["linear"] * total]
    steps: list[Step] = []
    waiting: str | None = None  # the activation of the last layer, until it is placed
    layer, count = "", 0
    for prefix, parts in groups.items():
        if "running_mean" in parts:
            place = batch_norm or _place(layer, prefix, _behind(groups, prefix), origin)
            if waiting is not None and place == "after":
                steps.append(waiting)
                waiting = None
            steps.append(_affine(parts, prefix, origin))
            continue
        if waiting is not None:
            steps.append(waiting)
        steps.append(Dense(parts["weight"], parts.get("bias")))
        layer, waiting = prefix, activations[count]
        count += 1
    return steps if waiting is None else [*steps, waiting]


def _behind(groups: Mapping[str, Mapping[str, Any]], norm: str) -> str:
    """The dense layer behind a normalisation; nothing behind the last."""
    names = [*groups][[*groups].index(norm) + 1 :]
    return next((name for name in names if "running_mean" not in groups[name]), "")


def _place(layer: str, norm: str, behind: str, origin: str) -> NormPlace:
    """Whether a normalisation stands before its layer's activation, by numbers of a Sequential.

    Raises:
        InputError: modules without weights stand on both sides of it.
    """
    (parent, _, first), (other, _, second) = layer.rpartition("."), norm.rpartition(".")
    if parent != other or not (first.isdecimal() and second.isdecimal()):
        return "before"
    if int(second) <= int(first) + 1:
        return "before"
    last = behind.rpartition(".")[2]
    if behind and not (last.isdecimal() and int(last) == int(second) + 1):
        raise InputError(
            f"{origin}: one module stands before and one behind the normalisation {norm!r}, and "
            "either may be the activation of its layer, the other a dropout: state "
            "teacher.torch.batch_norm, before or after the activation"
        )
    return "after"


def _affine(parts: Mapping[str, npt.NDArray[Any]], prefix: str, origin: str) -> Affine:
    if "running_var" not in parts:
        raise InputError(f"{origin}: the normalisation {prefix!r} has no running_var")
    mean, variance = parts["running_mean"], parts["running_var"]
    gamma, beta = (
        parts.get(name, np.full(len(mean), plain)) for name, plain in (("weight", 1), ("bias", 0))
    )
    return Affine.normalisation(mean, variance, gamma, beta, _EPSILON)


def _grouped(
    tensors: Mapping[str, torch.Tensor], origin: str
) -> dict[str, dict[str, npt.NDArray[Any]]]:
    """The tensors of each layer or normalisation, by the part of the name before the last dot."""
    norms = {str(n).rpartition(".")[0] for n in tensors if str(n).endswith("running_mean")}
    groups: dict[str, dict[str, npt.NDArray[Any]]] = {}
    for name, tensor in tensors.items():
        prefix, _, kind = str(name).rpartition(".")
        norm = prefix in norms
        dimensions = dict.fromkeys(_NORM, 1) | {"num_batches_tracked": 0} if norm else {
            "weight": 2, "bias": 1,
        }  # fmt: skip
        if not isinstance(tensor, torch.Tensor) or tensor.ndim != dimensions.get(kind):
            what = tuple(tensor.shape) if isinstance(tensor, torch.Tensor) else type(tensor)
            raise InputError(
                f"{origin}: {name!r} ({what}) is not a weight or bias of a plain perceptron, nor "
                "of a BatchNorm1d: export the network to ONNX (teacher.onnx), which is read in any "
                "architecture, or give the whole module in Python"
            )
        groups.setdefault(prefix, {})[kind] = tensor.detach().cpu().double().numpy()
    for prefix, parts in groups.items():
        if "weight" not in parts and "running_mean" not in parts:
            raise InputError(f"{origin}: layer {prefix!r} has a bias but no weight")
    if not groups:
        raise InputError(f"{origin} holds no tensors")
    return groups
