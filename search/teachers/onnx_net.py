"""Teachers from ONNX files, of any architecture: onnxruntime computes their scores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError
from symtick.files import check_file
from symtick.search.data.dataset import FloatArray
from symtick.search.teachers.folding import ENDS, perceptron
from symtick.search.teachers.onnx_chain import onnx_steps
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
from symtick.search.teachers.teacher import Teacher, TorchTeacher

_ENDS = ("Softmax", "Sigmoid")  # of a classifier: what stands before them is imitated
_OTHERWISE = (
    "or put its scores into the data file (scores_train and scores_test), which works for every "
    "network"
)


def load_onnx(
    path: Path | str,
    signature: Signature,
    output: str | None = None,
    standard: Standard | None = None,
) -> Teacher:
    """A network from an ONNX file with one input, float32 or float64; nothing in it is unpickled.

    The input has an axis of rows and others that a row of the data fills in C order, such as
    (rows, features) or (rows, particles, 3). A softmax or sigmoid at the end of a classifier is
    left out, so that scores before it are imitated. A chain of dense layers becomes a plain
    perceptron.

    Args:
        path: the file.
        signature: names of inputs and outputs.
        output: which output, where the network has several.
        standard: mean and std of each feature, where the network reads (x - mean) / std.

    Raises:
        InputError: missing or damaged, operators that onnxruntime does not know, several inputs or
            outputs, or an input that a row does not fill.
    """
    import onnxruntime

    origin = f"ONNX network {path}"
    model = _read(Path(path))
    meaning = _cut(model, output, signature, origin)
    plain = _perceptron(model, signature, standard, origin)
    if plain is not None:
        return plain
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # sums have one order
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # onnxruntime has some ten classes of errors, without a common one
        raise InputError(
            f"onnxruntime cannot run the {origin}: {_first_line(error)}; export it with an opset "
            f"and operators that onnxruntime knows, {_OTHERWISE}"
        ) from error
    forward = _forward(session, len(signature.feature_names), origin)
    return ScoringTeacher(standardised(forward, standard), signature, origin, meaning)


def _perceptron(
    model: Any, signature: Signature, standard: Standard | None, origin: str
) -> TorchTeacher | None:
    """A chain of dense layers on float32 rows as a plain perceptron; None for other networks."""
    from onnx import TensorProto

    held = {one.name for one in model.graph.initializer}
    inputs = [one for one in model.graph.input if one.name not in held]
    features = len(signature.feature_names)
    about = [one.type.tensor_type for one in inputs]
    if len(inputs) != 1 or about[0].elem_type != TensorProto.FLOAT:
        return None
    sizes = [d.dim_value for d in about[0].shape.dim]
    if len(sizes) != 2 or sizes[1] not in (0, features):
        return None
    steps = onnx_steps(model, inputs[0].name, model.graph.output[0].name)
    if signature.task == "classification" and steps and steps[-1] in ENDS:
        return None  # the one that is left out stood behind it
    try:
        return perceptron(steps, signature, standard, origin)
    except InputError:
        return None


def _read(path: Path) -> Any:
    import onnx
    from google.protobuf.message import DecodeError

    check_file(path)
    try:
        model = onnx.load(str(path))
    except (DecodeError, onnx.checker.ValidationError, OSError, ValueError) as error:
        raise InputError(f"{path} is not an ONNX file, or damaged: {_first_line(error)}") from error
    if not model.graph.node:
        raise InputError(f"{path} is not an ONNX file: it holds no network")
    return model


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _cut(model: Any, name: str | None, signature: Signature, origin: str) -> Meaning:
    """Leave one output, that before a final softmax or sigmoid of a classifier."""
    from onnx import TensorProto, helper

    graph = model.graph
    floats = (TensorProto.FLOAT, TensorProto.DOUBLE)
    outputs = {o.name: o.type.tensor_type.elem_type for o in graph.output}
    wanted = [n for n, kind in outputs.items() if kind in floats] if name is None else [name]
    if not wanted:
        raise InputError(
            f"the {origin} has no output of real numbers, only {', '.join(outputs)} (class "
            f"numbers?): export the scores before an argmax, {_OTHERWISE}"
        )
    if len(wanted) != 1 or wanted[0] not in outputs:
        beginning = "the outputs" if name is None else f"no output {name!r}, but"
        raise InputError(
            f"the {origin} has {beginning} {', '.join(outputs)}: name the one with scores as "
            "teacher.onnx.output"
        )
    (chosen,) = wanted
    if outputs[chosen] not in floats:
        raise InputError(
            f"the output {chosen} of the {origin} is no tensor of real numbers: export scores (of "
            f"scikit-learn's models with options={{'zipmap': False}}), {_OTHERWISE}"
        )
    kind, makers = outputs[chosen], {o: node for node in graph.node for o in node.output}
    meaning: Meaning = "unknown"
    maker = makers.get(chosen)
    if maker is not None and signature.task == "classification" and maker.op_type in _ENDS:
        chosen, meaning = maker.input[0], "scores"
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info(chosen, kind, None))
    return meaning


def _forward(session: Any, features: int, origin: str) -> Forward:
    """From float64 rows to outputs, in batches as the network takes them."""
    inputs = session.get_inputs()
    if len(inputs) != 1:
        names = ", ".join(one.name for one in inputs)
        raise InputError(
            f"the {origin} has {len(inputs)} inputs ({names}): export it with one that holds a "
            f"whole row, {_OTHERWISE}"
        )
    (given,) = inputs
    kinds = {"tensor(float)": np.float32, "tensor(double)": np.float64}
    if given.type not in kinds:
        raise InputError(
            f"the {origin} reads {given.type}: export it for float32 or float64, {_OTHERWISE}"
        )
    sizes = [size if isinstance(size, int) else None for size in given.shape or ()]
    shape, kind = in_rows(sizes, features, origin), kinds[given.type]

    def forward(rows: FloatArray) -> npt.NDArray[Any]:
        ready = rows.reshape(len(rows), *shape).astype(kind)
        return _run(session, given.name, ready, origin)

    return in_batches(forward, sizes[0])


def _run(session: Any, name: str, rows: npt.NDArray[Any], origin: str) -> npt.NDArray[Any]:
    try:
        return np.asarray(session.run(None, {name: rows})[0])
    except Exception as error:  # see load_onnx
        raise InputError(
            f"onnxruntime failed to compute the {origin} for {len(rows)} rows: "
            f"{_first_line(error)}; export it with a free number of rows"
        ) from error
