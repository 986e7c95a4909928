"""Data and teachers as they come when something went wrong: each message says what to do."""

from __future__ import annotations

import re
import shutil
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from quick_searches import JOINT_ALONE
from torch import nn

from symtick import distill_job
from symtick.errors import InputError

Job = Callable[..., Path]
_RNG = np.random.default_rng(0)
X, Y = _RNG.normal(size=(300, 3)), _RNG.integers(0, 3, 300)
PLAIN = {"X": X, "y": Y, "classes": np.array(["a", "b", "c"])}

ARRAYS: Mapping[str, tuple[dict[str, Any], str]] = {
    "nothing": ({}, "has no X or X_train and X_test"),
    "fractions as labels": ({"X": X, "y": Y + 0.5}, "learnt with task: regression"),
    "one class": ({"X": X, "y": 0 * Y}, "the labels hold one class only"),
    "few labels": ({"X": X, "y": Y[:9]}, r"300 rows need labels of shape \(300,\), not \(9,\)"),
    "one-hot labels": ({"X": X, "y": np.eye(3)[Y]}, r"of one-hot labels give y\.argmax\(axis=1\)"),
    "one axis": ({"X": X[:, 0], "y": Y}, r"must be a matrix .* not of shape \(300,\)"),
    "three axes": ({"X": X[:, None], "y": Y}, r"must be a matrix .* not of shape \(300, 1, 3\)"),
    "words as features": ({"X": X.astype(str).astype("U1"), "y": Y}, "not a matrix of numbers"),
    "complex features": ({"X": X + 1j, "y": Y}, "complex numbers: give real and imaginary part"),
    "complex scores": ({**PLAIN, "scores": X + 1j}, "scores must be real numbers, not complex"),
    "words as scores": ({**PLAIN, "scores": np.full((300, 3), "a")}, "scores must be real numbers"),
    "class numbers as scores": ({**PLAIN, "scores": Y}, "1 output for 3 classes: give one that"),
    "NaN among scores": (
        {**PLAIN, "scores": np.where(X > 2, np.nan, X)}, "give scores before softmax, which are",
    ),
    "equal scores": ({**PLAIN, "scores": 0 * X}, "the teacher says the same of every row"),
    "negative weights": ({**PLAIN, "weights": X[:, 0]}, "leave rows of negative weight out, or"),
    "no weight at all": ({**PLAIN, "weights": 0 * Y}, "every weight is 0"),
    "words as weights": ({**PLAIN, "weights": Y.astype(str) + np.array("a")}, "must be real num"),
    "too few classes": ({**PLAIN, "classes": np.array(["a", "b"])}, "with 2 classes labels are"),
    "classes of one name": ({**PLAIN, "classes": np.array(["a", "a", "b"])}, "'a' occurs 2 times"),
    "labels of other names": (
        {**PLAIN, "y": np.array(["a", "b", "z"])[Y]}, "label 'z' is none of the classes a, b, c",
    ),
    "two rows": ({"X": X[:2], "y": np.arange(2)}, "of 2 rows leaves a part empty"),
    "other columns in the test": (
        {"X_train": X, "y_train": Y, "X_test": X[:, :2], "y_test": Y},
        "X_train has 3 columns, but X_test 2: give the same features in both",
    ),
    "infinity in the test": (
        {"X_train": X, "y_train": Y, "X_test": X * np.inf, "y_test": Y}, "remove or repair these",
    ),
}  # fmt: skip
TEXTS = {
    "decimal commas": ('a,label\n"1,5",0\n"2,5",1\n', "'1,5' in row 0, column 'a' is not a number"),
    "no header": ("1,2,0\n2,3,1\n3,4,0\n", "has no header: its first line must name the columns"),
    "a gap": ("a,b,label\n1,,0\n2,3,1\n", r"row 0 has no value in column 'b' \(''\): leave such"),
    "NA": ("a,b,label\n1,NA,0\n2,3,1\n", r"row 0 has no value in column 'b' \('NA'\): leave such"),
    "labels alone": ("label\n0\n1\n", "has no column for a feature, only label"),
    "a bracket": ("a,label\n[1 2],0\n", "name it as data.label, or leave it out by data.features"),
}
TEACHERS: Mapping[str, tuple[object, str]] = {
    "a pickled module": ({"torch": {"state_dict": "module.pt", "widths": [4]}}, "could run any"),
    "rows as torch": ({"torch": {"state_dict": "ok.npz", "widths": [4]}}, "not a torch file"),
    "other widths": ({"torch": {"state_dict": "ok.pt", "widths": [5]}}, r"needs \(5, 3\)"),
    "torch as onnx": ({"onnx": "ok.pt"}, "is not an ONNX file, or damaged"),
    "torch as Keras": ({"keras": "ok.pt"}, r"is not a \.keras file, or damaged"),
    "TorchScript as program": ({"program": "script.pt"}, "TorchScript program, .*state_dict"),
    "torch as program": ({"program": "ok.pt"}, "write it by torch.export.save with torch 2.8"),
    "torch as trees": ({"trees": "ok.pt"}, "no file of boosted trees: write XGBoost's by"),
    "torch as saved": ({"saved": "ok.pt"}, "is not a teacher that symtick saved"),
    "text as onnx": ({"onnx": "ok.csv"}, "is not an ONNX file, or damaged"),
    "a folder as onnx": ({"onnx": "."}, "is a folder, not a file"),
    "a folder as Keras": ({"keras": "."}, "SavedModels of TensorFlow are not read. Save the model"),
    "nothing there": ({"onnx": "gone.onnx"}, r"there is no file .*gone\.onnx"),
    "a number": ({"onnx": 5}, "teacher.onnx must hold keys, some of path, output, stand.*, not 5"),
    "a word": ("onnx", "teacher must hold keys, some of train, onnx, keras, .*, not 'onnx'"),
    "a path where keys are needed": (
        {"torch": "ok.pt"}, "teacher.torch must hold keys, some of state_dict, widths, activation",
    ),
    "a key of another name": ({"tensorflow": "x"}, "key teacher.tensorflow; there are train"),
    "a misspelt key": ({"onnx": {"path": "a", "ouput": "x"}}, "onnx.ouput; did you mean out"),
    "two at once": ({"onnx": "a", "keras": "b"}, "name one teacher, not 2: onnx, keras"),
}  # fmt: skip
DATA: Mapping[str, tuple[object, str]] = {
    "a folder": ({"path": "."}, "is a folder, not a data file"),
    "nothing there": ({"path": "gone.npz"}, r"there is no data file .*gone\.npz"),
    "a pickle": ({"path": "x.pkl"}, r"is none of \.npz, \.csv, \.parquet, \.root, \.h5"),
    "a list": ({"path": ["a"]}, r"data\.path must be a path, not \['a'\]"),
    "columns of arrays": ({"path": "ok.npz", "label": "y"}, "but the file holds arrays"),
    "two labels": ({"path": "ok.npz", "label": ["a", "b"]}, "several are for task: regression"),
    "arrays as csv": ({"path": "fake.csv"}, "is not a csv file in UTF-8"),
    "arrays as parquet": ({"path": "fake.parquet"}, r"is not a \.parquet file, or damaged"),
    "arrays as a tree": ({"path": "fake.root"}, r"is not a \.root file, or damaged"),
    "arrays as hdf5": ({"path": "fake.h5"}, "is not an HDF5 file, or damaged"),
    "UTF-16": ({"path": "wide.csv"}, "is not a csv file in UTF-8"),
    "a misspelt feature": ({"path": "ok.npz", "features": ["x9"]}, "no feature 'x9', which data"),
}  # fmt: skip


SETTINGS: Mapping[str, tuple[dict[str, Any], str]] = {
    "a name with a blank": ({"name": "a b"}, "name must begin with a letter and have up to 40 let"),
    "a misspelt section": ({"hardwar": {}}, "unknown key hardwar; did you mean hardware?"),
    "a part of a device": ({"hardware": {"device": "vu9p"}}, "'vu9p': did you mean xcvu9p-2 or x"),
    "no device at all": ({"hardware": {"device": "alveo"}}, "unknown device 'alveo': there are ec"),
    "a misspelt operator": ({"search": {"operators": ["sqare"]}}, "'sqare'; did you mean square"),
    "a feature in capitals": (
        {"inputs": {"formats": {"X0": "fixed<8,1>"}}}, "names X0: did you mean x0? the features",
    ),
    "a misspelt class": (
        {"choose": {"by": "auc", "signal": ["bb"]}}, "'bb': did you mean b? the classes are a, b",
    ),
}  # fmt: skip


def refused(job: Job, folder: Path, said: str, **sections: Any) -> None:
    content = {
        "teacher": {},
        "search": JOINT_ALONE,
        **sections,
    }
    path = job(folder, **content)
    with pytest.raises(InputError, match=said) as why:
        distill_job(path, folder / "run")
    assert len(str(why.value)) < 700 and "\n" not in str(why.value).strip()
    assert not (folder / "run").exists()


@pytest.mark.parametrize("what", ARRAYS)
def test_arrays(job: Job, tmp_path: Path, what: str) -> None:
    content, said = ARRAYS[what]
    np.savez(tmp_path / "d.npz", **content)
    refused(job, tmp_path, said, data={"path": "d.npz"})


@pytest.mark.parametrize("what", TEXTS)
def test_text(job: Job, tmp_path: Path, what: str) -> None:
    content, said = TEXTS[what]
    (tmp_path / "d.csv").write_text(content)
    refused(job, tmp_path, said, data={"path": "d.csv"})


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    np.savez(folder / "ok.npz", **PLAIN)  # type: ignore[arg-type]
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 3))
    torch.save(net.state_dict(), folder / "ok.pt")
    torch.save(net, folder / "module.pt")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.trace(net, torch.zeros(1, 3)).save(folder / "script.pt")
    (folder / "ok.csv").write_text("a,label\n1,0\n")
    (folder / "wide.csv").write_text("a,label\n1,0\n", encoding="utf-16")
    (folder / "x.pkl").write_bytes(b"\x80")
    for name in ("fake.csv", "fake.parquet", "fake.root", "fake.h5"):
        shutil.copy(folder / "ok.npz", folder / name)
    return folder


@pytest.mark.parametrize("what", TEACHERS)
def test_teachers(job: Job, files: Path, what: str) -> None:
    teacher, said = TEACHERS[what]
    refused(job, files, said, teacher=teacher, data={"path": "ok.npz"})


@pytest.mark.parametrize("what", DATA)
def test_data_sections(job: Job, files: Path, what: str) -> None:
    data, said = DATA[what]
    refused(job, files, said, data=data)


@pytest.mark.parametrize("what", SETTINGS)
def test_settings(job: Job, files: Path, what: str) -> None:
    sections, said = SETTINGS[what]
    refused(job, files, re.escape(said), **{"data": {"path": "ok.npz"}, **sections})


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators_are_read(tmp_path: Path, separator: str) -> None:
    from symtick.search.data.files import load_dataset

    rows = ["a,b,label", "1,2,0", "2,3.5,1"]
    (tmp_path / "d.csv").write_text("\n".join(rows).replace(",", separator))
    data = load_dataset(tmp_path / "d.csv")
    assert data.feature_names == ("a", "b") and data.X.tolist() == [[1.0, 2.0], [2.0, 3.5]]
