"""Data sets as they are read: accepted layouts, refusals with their messages, and the scaler."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import sklearn.datasets
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from symtick.errors import InputError, ToolError
from symtick.search.data.dataset import TOP, Dataset, Scaler
from symtick.search.data.files import load_dataset, load_split
from symtick.search.data.openml import JET_CLASSES, load_openml_jets
from symtick.search.data.tables import Columns

SAMPLE = Path(__file__).parents[3] / "examples" / "jets" / "jets_sample.npz"
RNG = np.random.default_rng(7)


def small(rows: int = 20) -> Dataset:
    return Dataset(RNG.normal(size=(rows, 3)), np.arange(rows) % 2, ("a", "b", "c"), ("n", "p"))


def test_the_committed_sample_is_whole() -> None:
    train, test = load_split(SAMPLE)
    assert len(train) + len(test) >= 20_000
    assert train.X.dtype == np.float64 and train.X.shape[1] == 16
    assert train.class_names == JET_CLASSES and train.feature_names[0] == "zlogz"
    for part in (train, test):
        shares = np.bincount(part.labels, minlength=5) / len(part)
        assert shares.min() > 0.18 and shares.max() < 0.22
    seen = {row.tobytes() for row in train.X}
    assert not any(row.tobytes() in seen for row in test.X)
    assert len(load_dataset(SAMPLE)) == len(train) + len(test)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_non_finite_values_are_named(value: float) -> None:
    X = np.zeros((5, 2))
    X[3, 1] = value
    with pytest.raises(InputError, match=r"row 3, column 1 \('mass'\).*1 non-finite"):
        Dataset(X, None, ("pt", "mass"))


def test_shapes_are_refused() -> None:
    with pytest.raises(InputError, match="rows of different length"):
        Dataset([[1.0, 2.0], [1.0]], None, ("a", "b"))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="empty: 0 rows"):
        Dataset(np.zeros((0, 2)), None, ("a", "b"))
    with pytest.raises(InputError, match=r"matrix.*not of shape \(4,\)"):
        Dataset(np.zeros(4), None, ("a",))
    with pytest.raises(InputError, match="has 3 features, but 2 are expected: a, b"):
        Dataset(np.zeros((4, 3)), None, ("a", "b"))
    with pytest.raises(InputError, match=r"\(4,\), not \(3,\)"):
        Dataset(np.zeros((4, 1)), np.zeros(3), ("a",), ("n", "p"))


@pytest.mark.parametrize("label", [-1, 2, 0.5, np.nan])
def test_labels_out_of_range_are_named(label: float) -> None:
    y = np.array([0.0, 1.0, label])
    with pytest.raises(InputError, match=r"label in row 2 is .*from 0 to 1"):
        Dataset(np.zeros((3, 1)), y, ("a",), ("n", "p"))


def test_names_must_be_distinct_and_not_empty() -> None:
    with pytest.raises(InputError, match="feature name 'a' occurs 2 times"):
        Dataset(np.zeros((3, 2)), None, ("a", "a"))
    with pytest.raises(InputError, match="class name 'p' occurs 2 times"):
        Dataset(np.zeros((3, 1)), None, ("a",), ("p", "p"))
    with pytest.raises(InputError, match="empty feature name"):
        Dataset(np.zeros((3, 2)), None, ("a", " "))


def test_the_caller_keeps_its_own_arrays() -> None:
    X, y = np.zeros((3, 1)), np.array([0, 1, 0])
    held = Dataset(X, y, ("a",), ("n", "p"))
    X[0, 0], y[0] = 5.0, 1
    assert held.X[0, 0] == 0.0 and held.labels[0] == 0
    with pytest.raises(ValueError, match="read-only"):
        held.X[0, 0] = 1.0


def test_split_keeps_every_row_once() -> None:
    whole = small(50)
    rest, part = whole.split(0.3, seed=4)
    assert (len(rest), len(part)) == (35, 15)
    joined = np.concatenate([rest.X, part.X])
    assert sorted(map(tuple, joined)) == sorted(map(tuple, whole.X))
    again = whole.split(0.3, seed=4)[1]
    assert np.array_equal(part.X, again.X) and np.array_equal(part.labels, again.labels)
    assert not np.array_equal(part.X, whole.split(0.3, seed=5)[1].X)
    for bad in (0.0, 1.0, -0.1, 0.001):
        with pytest.raises(InputError, match="fraction"):
            whole.split(bad)


def test_unlabelled_data_says_so() -> None:
    with pytest.raises(InputError, match="has none"):
        _ = Dataset(np.zeros((3, 1)), None, ("a",)).labels


def test_npz_without_names_numbers_them(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", X=np.zeros((4, 2)), y=np.array([0, 2, 1, 0]))
    held = load_dataset(tmp_path / "d.npz")
    assert held.feature_names == ("x0", "x1") and held.class_names == ("0", "1", "2")
    with pytest.raises(InputError, match=r"no X_train: its arrays are X, y"):
        load_dataset(tmp_path / "d.npz", part="train")


def test_npz_with_pickled_objects_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", X=np.zeros((2, 1)), classes=np.array(["a", None], dtype=object))
    with pytest.raises(InputError, match="pickled objects are refused"):
        load_dataset(tmp_path / "d.npz")


def test_files_that_are_not_data_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no data file .*gone\.npz"):
        load_dataset(tmp_path / "gone.npz")
    (tmp_path / "d.npz").write_text("not a zip")
    with pytest.raises(InputError, match=r"not a \.npz file of plain arrays"):
        load_dataset(tmp_path / "d.npz")
    (tmp_path / "d.xlsx").write_text("")
    with pytest.raises(InputError, match=r"is none of \.npz, \.csv, \.parquet, \.root, \.h5"):
        load_dataset(tmp_path / "d.xlsx")


def csv_file(folder: Path, text: str) -> Path:
    (folder / "d.csv").write_text(text)
    return folder / "d.csv"


def test_csv_with_text_labels(tmp_path: Path) -> None:
    held = load_dataset(csv_file(tmp_path, "pt,class,eta\n1,w,2.5\n3,g,-1e3\n"))
    assert held.feature_names == ("pt", "eta") and held.class_names == ("g", "w")
    assert held.X.tolist() == [[1.0, 2.5], [3.0, -1000.0]] and held.labels.tolist() == [1, 0]


def test_csv_with_a_named_target(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "pt,kind\n1,0\n3,2\n")
    assert load_dataset(path).y is None
    held = load_dataset(path, columns=Columns(label=("kind",)))
    assert held.class_names == ("0", "1", "2") and held.labels.tolist() == [0, 2]
    with pytest.raises(InputError, match=r"no column 'sort', which data\.label names: it has pt"):
        load_dataset(path, columns=Columns(label=("sort",)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n3\n", "row 1 has 1 values, but the header has 2"),
        ("a,b\n", "empty"),
        ("", "empty"),
        ("a,b\n1,2\n3,x\n", "'x' in row 1, column 'b' is not a number"),
        ("a,b\n1,2\n3,\n", r"row 1 has no value in column 'b' \(''\): leave such rows out"),
        ("a,b\n1,nan\n", r"nan in row 0, column 1 \('b'\)"),
        ("a,a\n1,2\n", "'a' occurs 2 times"),
        ("a,y\n1,99999999999\n", "has the label 99999999999"),
    ],
)
def test_bad_csv_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_dataset(csv_file(tmp_path, text))


def test_openml_without_internet(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(**_: object) -> None:
        raise URLError("no route")

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fails)
    with pytest.raises(ToolError, match=r"no route.*needs internet.*jets_sample\.npz"):
        load_openml_jets()


def test_openml_labels_become_numbers_in_the_benchmarks_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Bunch:
        data = np.arange(10.0).reshape(5, 2)
        target = np.array(["t", "g", "z", "w", "q"], dtype=object)
        feature_names = ("zlogz", "mass_mmdt")

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", lambda **_: Bunch)
    held = load_openml_jets()
    assert held.labels.tolist() == [4, 0, 3, 2, 1] and held.class_names == JET_CLASSES
    Bunch.target[0] = "b"
    with pytest.raises(InputError, match=r"unknown classes \['b'\]"):
        load_openml_jets()


@given(arrays(np.float64, (30, 2), elements=st.floats(-1e6, 1e6)), st.floats(0.0, 0.4))
def test_scaled_values_lie_in_the_hardware_range(X: np.ndarray, tail: float) -> None:
    scaled = Scaler.fit(X, tail).transform(X)
    assert scaled.min() >= -1.0 and scaled.max() <= TOP
    assert np.float32(TOP) < 1.0
    for column in range(2):  # monotone
        order = np.argsort(X[:, column], kind="stable")
        assert (np.diff(scaled[order, column]) >= 0).all()


def test_scaler_maps_quantiles_to_the_ends_and_saturates() -> None:
    X = np.stack([np.arange(1001.0), np.full(1001, 4.0)], axis=1)
    scaler = Scaler.fit(X, tail=0.1)
    assert scaler.low == (100.0, 4.0) and scaler.high == (900.0, 4.0)
    scaled = scaler.transform([[100.0, 4.0], [500.0, 9.0], [901.0, 0.0], [-7.0, 4.0]])
    assert scaled.tolist() == [[-1.0, 0.0], [0.0, 0.0], [TOP, 0.0], [-1.0, 0.0]]
    inside = np.array([[250.0, 4.0]])
    assert np.allclose(scaler.slope * inside + scaler.offset, scaler.transform(inside))


def test_ranges_at_the_ends_of_float64() -> None:
    assert Scaler((0.0,), (1e-308,)).transform([[1.0]]).tolist() == [[0.0]]
    assert Scaler((-1e-3,), (1e-3,)).transform([[1e308], [-1e308]]).tolist() == [[TOP], [-1.0]]
    with pytest.raises(InputError, match="feature 0 has the range"):
        Scaler((-1e308,), (1e308,))


def test_scaler_survives_json() -> None:
    scaler = Scaler.fit(RNG.normal(size=(40, 3)))
    assert Scaler.from_dict(json.loads(json.dumps(scaler.to_dict()))) == scaler
    with pytest.raises(InputError, match="keys low and high"):
        Scaler.from_dict({"low": [1.0]})
    with pytest.raises(InputError, match="lists of numbers"):
        Scaler.from_dict({"low": ["x"], "high": [1.0]})
    with pytest.raises(InputError, match="feature 0 has the range"):
        Scaler((2.0,), (1.0,))
    with pytest.raises(InputError, match="tail"):
        Scaler.fit(np.zeros((2, 1)), tail=0.5)
    with pytest.raises(InputError, match="2 features, the scaler 3"):
        scaler.transform(np.zeros((1, 2)))
