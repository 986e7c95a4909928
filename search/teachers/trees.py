"""Teachers from files of XGBoost (JSON, UBJ) and LightGBM (text); pickles are refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from symtick.errors import InputError
from symtick.files import check_file
from symtick.search.data.dataset import FloatArray
from symtick.search.teachers.scoring import Forward, ScoringTeacher, Signature

Package = Literal["xgboost", "lightgbm"]
_SUFFIXES: dict[str, Package] = {".json": "xgboost", ".ubj": "xgboost", ".txt": "lightgbm"}
_CLASSES = ("multi", "binary", "cross_entropy", "reg:logistic")  # objectives of classifiers


def package_of(path: Path) -> Package:
    """Which package wrote a file, by its suffix.

    Raises:
        InputError: none of the suffixes.
    """
    if path.suffix not in _SUFFIXES:
        raise InputError(
            f"{path} is no file of boosted trees: write XGBoost's by model.save_model('net.json') "
            "or 'net.ubj', LightGBM's by booster.save_model('net.txt'). Pickles and joblib files "
            "are refused, because opening them runs code"
        )
    return _SUFFIXES[path.suffix]


def load_trees(path: Path | str, signature: Signature) -> ScoringTeacher:
    """Boosted trees from the file of their own package; scores are those before softmax.

    Args:
        path: .json or .ubj (XGBoost), .txt (LightGBM).
        signature: names of inputs and outputs; features are found by name where the file has names.

    Raises:
        InputError: missing, of another kind, damaged, for another task, or of other features.
    """
    path = Path(path)
    package = package_of(path)
    check_file(path)
    origin = f"trees of {path}"
    make = _xgboost if package == "xgboost" else _lightgbm
    return ScoringTeacher(make(path, signature, origin), signature, origin)


def _xgboost(path: Path, signature: Signature, origin: str) -> Forward:
    import xgboost

    booster = xgboost.Booster({"nthread": 1})
    try:
        booster.load_model(str(path))
        objective = json.loads(booster.save_config())["learner"]["objective"]["name"]
    except (xgboost.core.XGBoostError, ValueError, KeyError) as error:
        raise InputError(f"{path} is not a model of XGBoost, or damaged") from error
    _check_task(objective, signature, origin)
    order = _order(booster.feature_names, booster.num_features(), signature, origin)
    best = booster.attr("best_iteration")  # of early stopping
    trees = (0, 0 if best is None else int(best) + 1)
    names, margin = booster.feature_names, signature.task == "classification"

    def forward(rows: FloatArray) -> Any:
        matrix = xgboost.DMatrix(rows[:, order], feature_names=names, nthread=1)
        return booster.predict(matrix, output_margin=margin, iteration_range=trees)

    return forward


def _lightgbm(path: Path, signature: Signature, origin: str) -> Forward:
    import lightgbm

    text = path.read_bytes()
    if not text.startswith(b"tree\n"):  # its own reader prints and may stop the program
        raise InputError(f"{path} is not a model of LightGBM, or damaged")
    lines = dict(line.split(b"=", 1) for line in text.splitlines() if b"=" in line)
    _check_task(lines.get(b"objective", b"").decode("ascii", "replace"), signature, origin)
    try:
        booster = lightgbm.Booster(model_file=str(path))
    except lightgbm.basic.LightGBMError as error:
        raise InputError(f"{path} is not a model of LightGBM, or damaged") from error
    names = booster.feature_name()
    named = None if names == [f"Column_{k}" for k in range(len(names))] else names
    order = _order(named, len(names), signature, origin)
    margin = signature.task == "classification"

    def forward(rows: FloatArray) -> Any:
        return booster.predict(rows[:, order], raw_score=margin, num_threads=1)

    return forward


def _check_task(objective: str, signature: Signature, origin: str) -> None:
    if objective.startswith(_CLASSES) != (signature.task == "classification"):
        raise InputError(
            f"the {origin} were trained for {objective or 'an objective that they do not name'}, "
            f"but the job's task is {signature.task}: name the other task or another teacher"
        )


def _order(
    names: Sequence[str] | None, count: int, signature: Signature, origin: str
) -> Sequence[int]:
    """Which feature of the data each of the model's is."""
    ours = list(signature.feature_names)
    if names is not None and set(names) <= set(ours):
        return [ours.index(name) for name in names]
    if names is not None or count != len(ours):
        theirs = ", ".join(names) if names is not None else f"{count} features"
        raise InputError(
            f"the {origin} read {theirs}, but the data has {', '.join(ours)}: give the features "
            "that they were trained on"
        )
    return np.arange(count).tolist()
