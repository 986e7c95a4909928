"""Teachers from programs of torch.export (.pt2), computed operator by operator.

torch's own loader unpickles parts of such an archive and evaluates text in it. Here its JSON is
read as data, its weights as plain bytes, and of its operators only torch's own (`aten`) are called.
"""

from __future__ import annotations

import json
import operator
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt
import torch

from symtick.errors import InputError
from symtick.files import check_file
from symtick.search.data.dataset import FloatArray
from symtick.search.teachers.scoring import (
    Forward,
    Meaning,
    ScoringTeacher,
    Signature,
    Standard,
    in_batches,
    in_rows,
    standardised,
)
from symtick.search.teachers.state_dict import TORCH_SCRIPT
from symtick.search.torch_threads import one_thread

_OTHERWISE = (
    "export it to ONNX instead (teacher.onnx), or put its scores into the data file (scores_train "
    "and scores_test)"
)
_ATEN = "torch.ops.aten."
_REFUSED = {"from_file"}  # the one of them that reads files
_SKIPPED = ("_assert", "sym_constrain")  # checks of shapes
_ENDS = {"softmax.int", "_softmax.default", "sigmoid.default"}  # of a classifier
_PLAIN: dict[str, Callable[..., Any]] = {
    f"_operator.{name}": getattr(operator, name)
    for name in ("add", "sub", "mul", "floordiv", "mod", "neg", "eq", "ge", "gt", "le", "lt",
                 "and_", "getitem")
}  # fmt: skip
# numbers of torch's schema of exported programs
_DTYPES = {
    1: torch.uint8, 2: torch.int8, 3: torch.int16, 4: torch.int32, 5: torch.int64,
    6: torch.float16, 7: torch.float32, 8: torch.float64, 12: torch.bool, 13: torch.bfloat16,
}  # fmt: skip
_FORMATS = {1: torch.contiguous_format, 2: torch.channels_last, 4: torch.preserve_format}
_LITERALS = ("as_int", "as_ints", "as_float", "as_floats", "as_bool", "as_bools", "as_string")
_POSITIONAL = 1  # kind of an argumentfrom symtick.search.teachers.state_dict import TORCH_SCRIPT


@dataclass(frozen=True, eq=False)
class Program:
    """A graph of operators on one tensor of rows.

    Attributes:
        nodes: as in the archive's JSON, in their order.
        held: weights and constants by the name that the graph has for them.
        given: name of the input.
        said: name of the output.
        sizes: of the input, the rows' first; None where a size is free.
        dtype: of the input.
    """

    nodes: list[Any]
    held: dict[str, torch.Tensor]
    given: str
    said: str
    sizes: tuple[int | None, ...]
    dtype: torch.dtype

    def __call__(self, rows: torch.Tensor) -> torch.Tensor:
        """The output for rows of the input's shape."""
        values: dict[str, Any] = {**self.held, self.given: rows}
        for node in self.nodes:
            if self.said in values:
                break
            result = _called(node, values)
            for name, value in _named(node["outputs"], result):
                values[name] = value
        said: torch.Tensor = values[self.said]
        return said


def load_program(
    path: Path | str, signature: Signature, standard: Standard | None = None
) -> ScoringTeacher:
    """A network of any architecture that `torch.export.save` wrote, with one input and one output.

    A softmax or sigmoid at the end of a classifier is left out.

    Args:
        path: the .pt2 file.
        signature: names of inputs and outputs.
        standard: mean and std of each feature, where the network reads (x - mean) / std.

    Raises:
        InputError: missing or damaged, pickled weights, operators that are not torch's own, or an
            input that a row does not fill.
    """
    path = Path(path)
    origin = f"program {path}"
    try:
        program, meaning = _read(path, signature, origin)
    except InputError:
        raise
    except (
        KeyError, TypeError, ValueError, OSError, LookupError, RuntimeError, zipfile.BadZipFile,
        AttributeError,
    ) as error:  # fmt: skip
        raise InputError(
            f"{path} is not a program of torch.export.save, or damaged "
            f"({type(error).__name__}: {error})"
        ) from error
    shape = in_rows(program.sizes, len(signature.feature_names), origin)
    forward = standardised(_forward(program, shape, origin), standard)
    return ScoringTeacher(forward, signature, origin, meaning)


def _forward(program: Program, shape: tuple[int, ...], origin: str) -> Forward:
    def compute(rows: FloatArray) -> npt.NDArray[Any]:
        ready = torch.tensor(rows.reshape(len(rows), *shape)).to(program.dtype)
        try:
            with one_thread(), torch.inference_mode():
                return program(ready).double().numpy()
        except (RuntimeError, TypeError, ValueError, LookupError, AttributeError) as error:
            line = next(iter(str(error).splitlines()), type(error).__name__)
            raise InputError(f"the {origin} could not be computed: {line}; {_OTHERWISE}") from error

    return in_batches(compute, program.sizes[0])


def _read(path: Path, signature: Signature, origin: str) -> tuple[Program, Meaning]:
    check_file(path)
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        root = names[0].partition("/")[0] if names else ""
        if any(name.startswith(f"{root}/code/") for name in names):
            raise InputError(f"{path} {TORCH_SCRIPT}")
        if f"{root}/models/model.json" not in names:
            raise InputError(
                f"{path} holds no models/model.json: write it by torch.export.save with torch 2.8 "
                f"or newer, or {_OTHERWISE}"
            )
        content = json.loads(archive.read(f"{root}/models/model.json"))["graph_module"]
        tensors = {
            **_tensors(archive, f"{root}/data/weights", "model_weights_config.json", origin),
            **_tensors(archive, f"{root}/data/constants", "model_constants_config.json", origin),
        }
    graph = content["graph"]
    held, given = _inputs(content["signature"]["input_specs"], tensors, origin)
    outputs = content["signature"]["output_specs"]
    if len(outputs) != 1 or "user_output" not in outputs[0]:
        raise InputError(f"the {origin} has {len(outputs)} outputs: one is read; {_OTHERWISE}")
    said = outputs[0]["user_output"]["arg"]["as_tensor"]["name"]
    nodes = graph["nodes"]
    for node in nodes:
        _check(node["target"], origin)
    meaning: Meaning = "unknown"
    maker = next((n for n in nodes if said in [k for k, _ in _named(n["outputs"], None)]), None)
    ends = {_ATEN + name for name in _ENDS}
    if maker is not None and maker["target"] in ends and signature.task == "classification":
        said, meaning = maker["inputs"][0]["arg"]["as_tensor"]["name"], "scores"
    about = graph["tensor_values"][given]
    sizes = tuple(size.get("as_int") for size in about["sizes"])
    return Program(nodes, held, given, said, sizes, _DTYPES[about["dtype"]]), meaning


def _tensors(
    archive: zipfile.ZipFile, folder: str, config: str, origin: str
) -> dict[str, torch.Tensor]:
    """Tensors of an archive by their own names, from plain bytes."""
    records: Mapping[str, Any] = json.loads(archive.read(f"{folder}/{config}"))["config"]
    tensors = {}
    for name, record in records.items():
        about = record.get("tensor_meta")
        if record.get("use_pickle") or about is None:
            raise InputError(
                f"the {origin} holds {name!r} as a pickle, which is refused; {_OTHERWISE}"
            )
        raw, dtype = archive.read(f"{folder}/{record['path_name']}"), _DTYPES[about["dtype"]]
        flat = torch.frombuffer(bytearray(raw), dtype=dtype) if raw else torch.empty(0, dtype=dtype)
        sizes, strides = ([n["as_int"] for n in about[key]] for key in ("sizes", "strides"))
        tensors[name] = flat.as_strided(sizes, strides, about["storage_offset"]["as_int"])
    return tensors


def _inputs(
    specs: list[Any], tensors: Mapping[str, torch.Tensor], origin: str
) -> tuple[dict[str, torch.Tensor], str]:
    """Tensors by the graph's names for them, and the name of the one input that is given."""
    held, given = {}, []
    for spec in specs:
        ((kind, record),) = spec.items()
        if kind == "user_input":
            given.append(record["arg"]["as_tensor"]["name"])
        elif kind in ("parameter", "buffer", "tensor_constant"):
            held[record["arg"]["name"]] = tensors[record[f"{kind}_name"]]
        else:
            raise InputError(f"the {origin} has an input of the kind {kind}; {_OTHERWISE}")
    if len(given) != 1:
        raise InputError(f"the {origin} has {len(given)} inputs: one is read; {_OTHERWISE}")
    return held, given[0]


def _check(target: str, origin: str) -> None:
    name = target.removeprefix(_ATEN)
    if target in _PLAIN or (target.startswith(_ATEN) and name.split(".")[0] not in _REFUSED):
        return
    raise InputError(f"the {origin} calls {target}, which is no operator of torch's; {_OTHERWISE}")


def _called(node: Any, values: Mapping[str, Any]) -> Any:
    target = node["target"]
    name = target.removeprefix(_ATEN)
    if name.startswith(_SKIPPED):
        return None
    positional, named = [], {}
    for one in node["inputs"]:
        value = _value(one["arg"], values)
        if one["kind"] == _POSITIONAL:
            positional.append(value)
        else:
            named[one["name"]] = value
    if target in _PLAIN:
        return _PLAIN[target](*positional)
    packet, _, overload = name.partition(".")
    return getattr(getattr(torch.ops.aten, packet), overload)(*positional, **named)


def _value(arg: Mapping[str, Any], values: Mapping[str, Any]) -> Any:
    """An argument of an operator."""
    ((kind, content),) = arg.items()
    if kind in _LITERALS:
        return content
    if kind == "as_tensor":
        return values[content["name"]]
    if kind == "as_tensors":
        return [values[one["name"]] for one in content]
    if kind in ("as_sym_int", "as_sym_bool", "as_sym_float"):
        ((inner, value),) = content.items()
        return values[value] if inner == "as_name" else value
    if kind == "as_sym_ints":
        return [_value({"as_sym_int": one}, values) for one in content]
    if kind in ("as_optional_tensor", "as_optional_tensors"):
        many = content if isinstance(content, list) else [content]
        found = [_value(one, values) for one in many]
        return found if isinstance(content, list) else found[0]
    if kind == "as_scalar_type":
        return _DTYPES[content]
    if kind == "as_memory_format":
        return _FORMATS[content]
    return {"as_device": torch.device("cpu"), "as_layout": torch.strided, "as_none": None}[kind]


def _named(outputs: list[Any], result: Any) -> list[tuple[str, Any]]:
    """Names of what a node makes, each with its part of the result."""
    names: list[str] = []
    for output in outputs:
        ((kind, content),) = output.items()
        if kind == "as_tensors":
            names += [one["name"] for one in content]
        elif kind != "as_none":
            names.append(content["name"] if "name" in content else content["as_name"])
    parts = [result] if len(names) == 1 and not isinstance(result, tuple | list) else result
    return list(zip(names, parts if parts is not None else [None] * len(names), strict=False))
