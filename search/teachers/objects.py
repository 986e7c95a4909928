"""Teachers that are Python objects: torch modules, Keras models, fitted estimators, and others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from symtick.errors import InputError
from symtick.expr import default_names
from symtick.search.data.dataset import FloatArray
from symtick.search.data.metrics import predicted_classes
from symtick.search.teachers.scoring import (
    Forward,
    Meaning,
    ScoringTeacher,
    Signature,
    in_rows,
)
from symtick.search.teachers.teacher import TorchTeacher

_KERAS = ("keras", "tf_keras", "tensorflow")
_TREES = {"xgboost": "output_margin", "lightgbm": "raw_score"}  # of predict: scores, not chances
_SHAPE = "decision_function_shape"  # of a support vector machine
_COMPARED = 1000  # rows on which scores and predictions are compared
_ALIKE = 0.9  # share of them that a teacher's own predictions have to agree with its scores on


def object_teacher(
    teacher: object, X: FloatArray, signature: Signature, labels: Sequence[Any] = ()
) -> ScoringTeacher:
    """Anything that can teach, as a function from rows to scores before softmax (or values).

    A torch module or Keras model of any architecture, an object with `logits(X)`, or a fitted
    estimator of scikit-learn's kind: `predict_proba` or `decision_function` of a classifier (of
    XGBoost and LightGBM their scores), `predict` of a regressor.

    Args:
        teacher: the object.
        X: rows (n, features) on which it is tried.
        signature: names of inputs and outputs.
        labels: of a classification the classes, in the order of the outputs; the columns of an
            estimator with `classes_` are put into this order.

    Raises:
        InputError: it cannot teach this task, gives labels alone, knows other classes, or its
            scores do not lead to its own predictions.
    """
    if isinstance(teacher, type):
        raise InputError(
            f"{teacher.__name__} is a class: give an object of it, fitted or with its weights"
        )
    if type(teacher).__name__ == "Booster" and _home(teacher) == "xgboost":
        raise InputError(
            "a Booster of XGBoost cannot teach as an object: write it by save_model and name the "
            "file as teacher.trees in a job, or give an XGBClassifier or XGBRegressor"
        )
    name = f"teacher, a {type(teacher).__name__},"
    if isinstance(teacher, torch.nn.Module):
        return _settled(_module(teacher, signature), "unknown", X, signature, "module")
    if hasattr(teacher, "logits"):
        return ScoringTeacher(_logits(teacher), signature, "teacher")
    if _home(teacher) in _KERAS:
        forward, meaning = _keras(teacher, signature)
        return _settled(forward, meaning, X, signature, name)
    frame = _frames(teacher, signature.feature_names)
    if signature.task == "regression":
        return ScoringTeacher(_behind(frame, _values(teacher)), signature, "teacher")
    forward, meaning = _classifier(teacher)
    known = getattr(teacher, "classes_", None)
    forward = _in_order(_behind(frame, forward), known, labels, name)
    made = _settled(forward, meaning, X, signature, "teacher")
    if known is not None and hasattr(teacher, "predict") and len(labels):
        rows = X[:_COMPARED]
        said = np.asarray(teacher.predict(frame(rows))).tolist()
        _check_predictions(teacher, made, rows, said, _numbers(known, labels))
    return made


def _settled(
    forward: Forward, meaning: Meaning, X: FloatArray, signature: Signature, origin: str
) -> ScoringTeacher:
    return ScoringTeacher(forward, signature, origin, meaning).settled(X)


def _home(teacher: object) -> str:
    """The package of the object's class, or of the first of its parents that is known."""
    homes = [kind.__module__.partition(".")[0] for kind in type(teacher).__mro__]
    return next((home for home in homes if home in (*_KERAS, *_TREES)), homes[0])


def _module(module: torch.nn.Module, signature: Signature) -> Forward:
    inner = TorchTeacher.wrap(
        module,
        signature.feature_names,
        signature.class_names,
        task=signature.task,
        target_names=signature.target_names,
    )
    return inner.logits


def _logits(teacher: Any) -> Forward:
    return lambda rows: np.asarray(teacher.logits(rows))


def _keras(model: Any, signature: Signature) -> tuple[Forward, Meaning]:
    """What a Keras model predicts, and what its last layer says that it is."""
    shape = in_rows(
        tuple(model.input_shape), len(signature.feature_names), f"Keras model {model.name}"
    )
    last = model.layers[-1]
    end = getattr(getattr(last, "activation", None), "__name__", type(last).__name__.lower())
    meanings: dict[str, Meaning] = {
        "softmax": "probabilities", "sigmoid": "probabilities", "linear": "scores",
    }  # fmt: skip

    def forward(rows: FloatArray) -> npt.NDArray[Any]:
        ready = rows.reshape(len(rows), *shape).astype(np.float32)
        return np.asarray(model.predict(ready, verbose=0))

    return forward, meanings.get(end, "unknown")


def _frames(teacher: object, names: tuple[str, ...]) -> Callable[[FloatArray], Any]:
    """From rows to what an estimator reads: a DataFrame where it was fitted on one."""
    wanted = getattr(teacher, "feature_names_in_", None)
    if wanted is None:
        return lambda rows: rows
    import pandas as pd

    theirs = tuple(map(str, wanted))
    if names == default_names(len(theirs)):  # rows without names are in its own order
        names = theirs
    if set(theirs) - set(names):
        raise InputError(
            f"the teacher, a {type(teacher).__name__}, reads {', '.join(theirs)}, but the data has "
            f"{', '.join(names)}: give the features that it was fitted on"
        )
    return lambda rows: pd.DataFrame(rows, columns=list(names))[list(theirs)]


def _behind(frame: Callable[[FloatArray], Any], forward: Callable[[Any], Any]) -> Forward:
    return lambda rows: forward(frame(rows))


def _values(teacher: Any) -> Forward:
    if hasattr(teacher, "classes_"):
        raise InputError(
            f"a {type(teacher).__name__} is a classifier, whose class numbers are no values to "
            "imitate: give task='classification', or a regressor"
        )
    _needs(teacher, "predict")
    return lambda rows: np.asarray(teacher.predict(rows))


def _classifier(teacher: Any) -> tuple[Forward, Meaning]:
    """The scores of an estimator, and what they mean."""
    raw = _TREES.get(_home(teacher))
    if raw is not None and hasattr(teacher, "classes_"):
        return lambda rows: np.asarray(teacher.predict(rows, **{raw: True})), "scores"
    if hasattr(teacher, "predict_proba"):
        return lambda rows: _one_matrix(teacher, teacher.predict_proba(rows)), "probabilities"
    if hasattr(teacher, "decision_function"):
        return lambda rows: np.asarray(teacher.decision_function(rows)), "scores"
    _needs(teacher, "predict")
    if hasattr(teacher, "classes_"):
        raise _labels_alone(teacher)
    return lambda rows: _no_labels(teacher, np.asarray(teacher.predict(rows))), "unknown"


def _needs(teacher: object, method: str) -> None:
    if not hasattr(teacher, method):
        raise InputError(
            f"a {type(teacher).__name__} cannot teach: give a torch module, a Keras model, an "
            "object with logits(X), or a fitted scikit-learn estimator"
        )


def _labels_alone(teacher: object) -> InputError:
    return InputError(
        f"a {type(teacher).__name__} gives labels, no scores to imitate: give one that has "
        "predict_proba or decision_function"
    )


def _no_labels(teacher: object, said: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The same, if it can be scores: real numbers that are not all whole."""
    if said.dtype.kind not in "iufb" or (said.ndim == 1 and (said == np.floor(said)).all()):
        raise _labels_alone(teacher)
    return said


def _one_matrix(teacher: object, chances: Any) -> npt.NDArray[Any]:
    if isinstance(chances, list):
        raise InputError(
            f"a {type(teacher).__name__} of several targets cannot teach: give one of one target"
        )
    return np.asarray(chances)


def _in_order(forward: Forward, known: Any, labels: Sequence[Any], name: str) -> Forward:
    """The columns in the order of the data's classes.

    A teacher of classes 0, 1, ... is taken to number the data's classes in their order.
    """
    if known is None or not len(labels):
        return forward
    theirs, ours = np.asarray(known).tolist(), np.asarray(labels).tolist()
    if theirs in (ours, list(range(len(ours)))):
        return forward
    if sorted(map(str, theirs)) != sorted(map(str, ours)):
        raise InputError(
            f"the {name} knows the classes {', '.join(map(str, theirs))}, but y holds "
            f"{', '.join(map(str, ours))}: give rows of every class that it knows, under its names"
        )
    places = [list(map(str, theirs)).index(str(label)) for label in ours]

    def ordered(rows: FloatArray) -> npt.NDArray[Any]:
        scores = forward(rows)
        if scores.ndim == 1 or scores.shape[1] == 1:
            return scores if places == [0, 1] else -scores
        return scores[:, places] if scores.shape[1] == len(places) else scores

    return ordered


def _numbers(known: Any, labels: Sequence[Any]) -> dict[str, int]:
    """The number of each class among the data's, by what the teacher calls it."""
    theirs, ours = (list(map(str, np.asarray(names).tolist())) for names in (known, labels))
    return {name: ours.index(name) if name in ours else k for k, name in enumerate(theirs)}


def _check_predictions(
    teacher: Any, made: ScoringTeacher, X: FloatArray, said: list[Any], numbers: dict[str, int]
) -> None:
    """Refuse scores that lead to other classes than the teacher predicts."""
    advice = "give an object whose logits(X) are largest for its class"
    settings: dict[str, Any] = getattr(teacher, "get_params", dict)()
    pairs = [key for key, value in settings.items() if key.endswith(_SHAPE) and value == "ovo"]
    if pairs:
        advice = f"it compares pairs of classes; set_params({pairs[0]}='ovr') scores each class"
    try:
        places = predicted_classes(made.logits(X))
    except InputError as error:
        raise InputError(f"{error} ({advice})" if pairs else str(error)) from None
    wanted = np.array([numbers.get(str(label), -1) for label in said])
    share = float(np.mean(places == wanted))
    if share < _ALIKE:
        raise InputError(
            f"the scores of the {type(teacher).__name__} choose the class that it predicts in "
            f"{100 * share:.3g} % of the rows alone: {advice}"
        )
