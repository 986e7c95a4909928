"""The same rows in every file format, and what is refused of each."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import awkward as ak
import h5py
import numpy as np
import pandas as pd
import pytest
import uproot
from hypothesis import given
from hypothesis import strategies as st

from symtick.errors import InputError, MissingExtraError, SymtickWarning
from symtick.search.data.dataset import Dataset
from symtick.search.data.files import load_dataset, load_split
from symtick.search.data.labels import numbered_labels
from symtick.search.data.tables import Columns

NAMES = ("p_{T} [GeV]", "eta", "exp")
RNG = np.random.default_rng(3)
X = RNG.normal(size=(60, 3)) * (100.0, 1.0, 1e-3)
LABELS = np.array(["top", "qcd", "W"])[RNG.integers(0, 3, 60)]
WEIGHTS = RNG.uniform(0.1, 2.0, 60)
SCORES = RNG.normal(size=(60, 3))
COLUMNS = Columns(("kind",), NAMES, "w", ("s0", "s1", "s2"))


def columns() -> dict[str, Any]:
    held: dict[str, Any] = {name: X[:, k] for k, name in enumerate(NAMES)}
    scores = {f"s{k}": SCORES[:, k] for k in range(3)}
    return {"run": np.arange(60), **held, "kind": LABELS, "w": WEIGHTS, **scores}


def as_npz(path: Path) -> None:
    np.savez(path, X=X, y=LABELS, feature_names=np.array(NAMES), weights=WEIGHTS, scores=SCORES)


def as_csv(path: Path) -> None:
    held = columns()
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(held)
        writer.writerows(zip(*(v.tolist() for v in held.values()), strict=True))


def as_parquet(path: Path) -> None:
    frame = pd.DataFrame(columns())
    frame["kind"] = frame["kind"].astype("category")
    frame.to_parquet(path)


def as_arrays(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.update({"X": X, "y": LABELS.astype("S5"), "weights": WEIGHTS, "scores": SCORES})
        file["feature_names"] = list(NAMES)


def as_records(path: Path) -> None:
    held = columns()
    kinds = [(k, "S5" if k == "kind" else v.dtype) for k, v in held.items()]
    with h5py.File(path, "w") as file:
        file["jets"] = np.array(list(zip(*held.values(), strict=True)), dtype=kinds)


def as_columns(path: Path) -> None:
    with h5py.File(path, "w") as file:
        for name, values in columns().items():
            file[name] = values.tolist() if name == "kind" else values


def as_root(path: Path) -> None:
    held = columns()
    names = {"p_{T} [GeV]": "pt"}
    with uproot.recreate(path) as file:
        file["events"] = {
            names.get(k, k): ak.Array(v.tolist()) if k == "kind" else v for k, v in held.items()
        }


FORMATS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "npz": ("d.npz", as_npz),
    "csv": ("d.csv", as_csv),
    "parquet": ("d.parquet", as_parquet),
    "arrays in h5": ("a.h5", as_arrays),
    "records in h5": ("r.hdf5", as_records),
    "columns in h5": ("c.h5", as_columns),
    "root": ("d.root", as_root),
}


def read(path: Path) -> Dataset:
    wanted = COLUMNS
    if path.name in ("d.npz", "a.h5"):
        wanted = Columns(features=NAMES)
    if path.suffix == ".root":  # branches have plain names
        wanted = Columns(("kind",), ("pt", "eta", "exp"), "w", ("s0", "s1", "s2"))
    return load_dataset(path, columns=wanted)


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_holds_the_same_rows(tmp_path: Path, kind: str) -> None:
    name, write = FORMATS[kind]
    write(tmp_path / name)
    data = read(tmp_path / name)
    assert np.array_equal(data.X, X) and data.class_names == ("W", "qcd", "top")
    assert np.array_equal(np.array(data.class_names)[data.labels], LABELS)
    assert data.weights is not None and np.array_equal(data.weights, WEIGHTS)
    assert data.scores is not None and np.array_equal(data.scores, SCORES)
    if kind != "root":
        assert data.feature_names == NAMES


def test_a_regression_reads_several_targets_of_columns(tmp_path: Path) -> None:
    as_parquet(tmp_path / "d.parquet")
    wanted = Columns(("eta", "exp"), ("p_{T} [GeV]",))
    data = load_dataset(tmp_path / "d.parquet", columns=wanted, task="regression")
    assert np.array_equal(data.targets, X[:, 1:]) and data.target_names == ("eta", "exp")


def test_truth_values_are_the_same_in_text(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": X[:, 0], "barrel": X[:, 1] > 0, "y": X[:, 2] > 0})
    frame.to_csv(tmp_path / "d.csv", index=False)
    frame.to_parquet(tmp_path / "d.parquet")
    text, binary = (load_dataset(tmp_path / f"d.{kind}") for kind in ("csv", "parquet"))
    assert text.class_names == binary.class_names == ("0", "1")
    assert np.array_equal(text.X, binary.X) and np.array_equal(text.labels, binary.labels)


def test_parts_of_hdf5_are_kept_apart(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "d.h5", "w") as file:
        file.update({"X_train": X[:40], "y_train": LABELS[:40].astype("S5")})
        file.update({"X_test": X[40:], "y_test": LABELS[40:].astype("S5")})
    train, test = load_split(tmp_path / "d.h5")
    assert len(train) == 40 and np.array_equal(test.X, X[40:])
    assert train.class_names == test.class_names == ("W", "qcd", "top")


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (LABELS, ("top", "qcd", "W")),
        (np.array([22, 11, -211])[RNG.integers(0, 3, 60)], ("22", "11", "-211")),
        (np.array(["1", "0"])[RNG.integers(0, 2, 60)], ("1", "0")),
    ],
)
def test_stated_classes_order_the_labels_of_a_column(
    tmp_path: Path, labels: np.ndarray, classes: tuple[str, ...]
) -> None:
    pd.DataFrame({"a": X[:, 0], "kind": labels}).to_csv(tmp_path / "d.csv", index=False)
    data = load_dataset(tmp_path / "d.csv", columns=Columns(("kind",), classes=classes))
    assert data.class_names == classes
    assert np.array_equal(np.array(classes)[data.labels], labels.astype(str))


def test_labels_that_are_codes_are_told(tmp_path: Path) -> None:
    codes = np.array([22, 11, 211])[RNG.integers(0, 3, 60)]
    pd.DataFrame({"a": X[:, 0], "kind": codes}).to_csv(tmp_path / "d.csv", index=False)
    said = r"'kind': the labels 11, 22, 211 number 212 classes.* list them as data\.classes, in the"
    with pytest.warns(SymtickWarning, match=said):
        load_dataset(tmp_path / "d.csv", columns=Columns(("kind",)))


def test_stated_classes_name_numbers_and_hold_every_label(tmp_path: Path) -> None:
    numbers = np.arange(60) % 3
    frame = pd.DataFrame({"a": X[:, 0], "kind": LABELS, "number": numbers})
    frame.to_csv(tmp_path / "d.csv", index=False)
    wanted = Columns(("number",), ("a",), classes=("c", "a", "b"))
    data = load_dataset(tmp_path / "d.csv", columns=wanted)
    assert data.class_names == ("c", "a", "b") and np.array_equal(data.labels, numbers)
    for label, classes, said in (
        ("kind", ("top", "qcd"), "'W' is none of the classes top, qcd"),
        ("number", ("c", "a"), "with 2 classes labels are"),
        ("kind", ("top", "top", "W", "qcd"), "'top' occurs 2 times"),
    ):
        with pytest.raises(InputError, match=said):
            load_dataset(tmp_path / "d.csv", columns=Columns((label,), ("a",), classes=classes))


def test_columns_that_do_not_fit_are_named(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    as_csv(path)
    for wanted, said in (
        (Columns(("knd",)), r"no column 'knd', which data\.label names: .*did you mean kind"),
        (Columns(("kind",), ("et",)), r"'et', which data\.features names.*did you mean eta"),
        (Columns(("kind",), weight="v"), r"no column 'v', which data\.weight names"),
        (Columns(("kind",), scores=("s9",)), r"no column 's9', which data\.scores names"),
        (Columns(("eta",), ("eta",)), "'eta' is named as a feature and as something else"),
        (Columns(("w",), ("eta",)), r"the label .* in row 0 is neither a whole number nor a name"),
        (Columns(("run",)), r"'W' in row \d+, column 'kind' is not a number: name it as data\.lab"),
    ):
        with pytest.raises(InputError, match=said.replace("'W'", "'(W|qcd|top)'")):
            load_dataset(path, columns=wanted)
    as_npz(tmp_path / "d.npz")
    with pytest.raises(InputError, match=r"data\.label names a column, but the file holds arrays"):
        load_dataset(tmp_path / "d.npz", columns=Columns(("kind",)))
    with pytest.raises(
        InputError, match=r"data\.classes orders the labels of a column, .* classes"
    ):
        load_dataset(tmp_path / "d.npz", columns=Columns(classes=("top", "qcd", "W")))
    with pytest.raises(InputError, match=r"no feature 'phi', which data\.features names"):
        load_dataset(tmp_path / "d.npz", columns=Columns(features=("phi",)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (",a,label\n0,1.5,0\n1,2.5,1\n", r"column 0 has no name .* to_csv\(index=False\)"),
        ("a label\n1.5 0\n2.5 1\n", "one column, 'a label': separate columns by commas"),
        ("a;label\n1,5;0\n2,5;1\n", "'1,5' in row 0, column 'a' is not a number: write decimal po"),
        ("a,label\n1.5,sig\n2.5,NaN\n2.5,\n", "row 1 has no label: leave out the 2 such rows"),
        ("a,label\n1.5,0\n2.5,nan\n", "row 1 has no label: leave out the 1 such rows"),
    ],
)
def test_csv_files_as_people_have_them_say_what_to_do(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "d.csv").write_text(text)
    with pytest.raises(InputError, match=said):
        load_dataset(tmp_path / "d.csv")


def test_a_separator_inside_quotes_is_none(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text('"a;b;c;d",e,label\n1,2,0\n3,4,1\n')
    assert load_dataset(tmp_path / "d.csv").feature_names == ("a;b;c;d", "e")


def test_files_of_other_kinds_are_refused(tmp_path: Path) -> None:
    for name in ("d.parquet", "d.h5", "d.root"):
        (tmp_path / name).write_bytes(b"junk of some length, which is no such file at all")
        with pytest.raises(InputError, match=rf"{name} is not an? .*file, or damaged"):
            load_dataset(tmp_path / name)
    pd.DataFrame({"a": [[1, 2], [3]], "y": [0, 1]}).to_parquet(tmp_path / "d.parquet")
    with pytest.raises(InputError, match=r"'a' is of type list<.*: store one number or text"):
        load_dataset(tmp_path / "d.parquet")
    pd.DataFrame({"a": pd.to_datetime(["2020", "2021"]), "y": [0, 1]}).to_parquet(
        tmp_path / "d.parquet"
    )
    with pytest.raises(InputError, match=r"'a' is of type timestamp.*: store one number or text"):
        load_dataset(tmp_path / "d.parquet")
    pd.DataFrame({"a": [1.0, 2.0], "y": ["p", None]}).to_parquet(tmp_path / "d.parquet")
    with pytest.raises(InputError, match="row 1 has no label: leave out the 1 such rows"):
        load_dataset(tmp_path / "d.parquet")
    with h5py.File(tmp_path / "d.h5", "w") as file:
        file.update({"a": np.zeros((3, 2)), "y": np.zeros(3)})
    with pytest.raises(InputError, match=r"holds a \(3, 2\), y \(3,\): give X and y, or one data"):
        load_dataset(tmp_path / "d.h5")
    with pytest.raises(InputError, match=r"no 'jets', which data\.table names: it has a, y"):
        load_dataset(tmp_path / "d.h5", columns=Columns(table="jets"))
    with h5py.File(tmp_path / "d.h5", "w") as file:
        file.create_group("df").attrs["pandas_type"] = "frame"
    with pytest.raises(InputError, match=r"pandas's to_hdf, which holds pickles: write it by to_p"):
        load_dataset(tmp_path / "d.h5")


def test_trees_of_root_files(tmp_path: Path) -> None:
    path = tmp_path / "d.root"
    jagged = ak.Array([[1.0, 2.0], [3.0]])
    with uproot.recreate(path) as file:
        file["a"] = {"x": np.zeros(2), "y": np.arange(2)}
        file["folder/b"] = {"x": np.ones(2), "y": np.arange(2), "jets": jagged}
        file["c"] = {"jets": jagged}
    with pytest.raises(InputError, match=r"holds the trees a, folder/b, c: name one as data"):
        load_dataset(path)
    with pytest.raises(InputError, match=r"no tree 'd', which data\.table names: it has a, fold"):
        load_dataset(path, columns=Columns(table="d"))
    data = load_dataset(path, columns=Columns(table="folder/b"))
    assert data.feature_names == ("x",) and data.X.tolist() == [[1.0], [1.0]]
    with pytest.raises(InputError, match=r"one number for each entry \(there are .*jets\): write"):
        load_dataset(path, columns=Columns(table="c"))
    for wanted in (Columns(("jets",), table="c"), Columns(("y",), ("x", "jets"), table="folder/b")):
        with pytest.raises(InputError, match=r"'jets' does not hold one number .*: write flat"):
            load_dataset(path, columns=wanted)
    with uproot.recreate(path) as file:
        file["h"] = np.histogram([1.0, 2.0])
    with pytest.raises(InputError, match="holds no tree"):
        load_dataset(path)


@pytest.mark.parametrize(("name", "extra"), [("d.parquet", "parquet"), ("d.root", "root")])
def test_a_missing_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, extra: str
) -> None:
    (tmp_path / name).touch()
    monkeypatch.setattr("symtick.search.data.tables.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=rf"the data file .*needs the extra '{extra}'"):
        load_dataset(tmp_path / name)


@pytest.mark.parametrize(
    ("labels", "numbers", "classes"),
    [
        ([2, 0, 2], [2, 0, 2], ("0", "1", "2")),
        ([1.0, 0.0], [1, 0], ("0", "1")),
        ([True, False], [1, 0], ("0", "1")),
        ([-1, 1, -1, 1], [0, 1, 0, 1], ("-1", "1")),
        (["b", "a"], [1, 0], ("a", "b")),
        (["1", "0"], [1, 0], ("0", "1")),
        ([b"b", b"a"], [1, 0], ("a", "b")),
    ],
)
def test_labels_are_numbers_or_names(
    labels: list[Any], numbers: list[int], classes: tuple[str, ...]
) -> None:
    y = np.array(labels)
    found, names = numbered_labels(y, [y])
    assert found.astype(int).tolist() == numbers and names == classes


def test_names_of_classes_keep_their_order() -> None:
    y = np.array(["sig", "bkg"])
    assert numbered_labels(y, [y], ("sig", "bkg"))[0].tolist() == [0, 1]
    with pytest.raises(InputError, match="the label 'sig' is none of the classes bkg, other"):
        numbered_labels(y, [y], ("bkg", "other"))
    with pytest.raises(InputError, match=r"label 0\.5 in row 1 is neither a whole number nor a"):
        numbered_labels(np.array([0.0, 0.5]), [np.array([0.0, 0.5])])


@given(st.lists(st.sampled_from(["a", "b", "qcd", "W"]), min_size=1, max_size=20))
def test_names_survive_their_numbers(labels: list[str]) -> None:
    y = np.array(labels)
    numbers, names = numbered_labels(y, [y])
    assert [names[k] for k in numbers.tolist()] == labels and sorted(names) == sorted(set(labels))
