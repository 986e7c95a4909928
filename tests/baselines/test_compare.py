"""hls4ml and da4ml on a small network, run for real, and the table that compares them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from small_networks import MUON_FEATURES, muon_hits, trained

from symtick.baselines import compare as comparing
from symtick.baselines import da4ml_net, rows
from symtick.baselines.compare import compare, da4ml_row
from symtick.baselines.da4ml_net import run_da4ml
from symtick.baselines.hls4ml_net import run_hls4ml
from symtick.baselines.quantised import QuantisedNet, train_quantised
from symtick.baselines.rows import ComparisonRow
from symtick.errors import InputError, ToolError, VerificationError
from symtick.report.tables import comparison_table
from symtick.search.data.dataset import Dataset
from symtick.search.teachers.teacher import TorchTeacher
from symtick.search.teachers.train import train_mlp


def blobs(rows: int, seed: int) -> Dataset:
    rng = np.random.default_rng(seed)
    y = np.arange(rows) % 3
    X = rng.normal(size=(rows, 3)) * 0.7 + np.eye(3)[y] * 2
    return Dataset(X, y, ("a", "b", "c"), ("p", "q", "r"))


@pytest.fixture(scope="module")
def train() -> Dataset:
    return blobs(900, 1)


@pytest.fixture(scope="module")
def test_rows() -> Dataset:
    return blobs(600, 2)


@pytest.fixture(scope="module")
def teacher(train: Dataset) -> TorchTeacher:
    return train_mlp(train, widths=(6,), epochs=20, batch=64)


@pytest.fixture(scope="module")
def network(train: Dataset) -> QuantisedNet:
    scores = np.eye(3)[train.labels] * 4
    return train_quantised(train.X, train.labels, scores, hidden=(4,), epochs=10, batch=64)


@pytest.mark.sim
@pytest.mark.synth
@pytest.mark.slow
def test_the_whole_comparison(
    teacher: TorchTeacher, train: Dataset, test_rows: Dataset, tmp_path: Path
) -> None:
    said: list[str] = []
    folder = tmp_path / "nét works"  # make, C++ and Yosys bear spaces and letters beyond ASCII
    rows = compare(
        teacher, train, test_rows, folder, route=False, simulated_rows=200, progress=said.append
    )
    floating, hls, da = rows
    assert floating.agreement == 1.0 and floating.lut is None
    assert hls.agreement is not None and hls.agreement > 0.98
    assert hls.accuracy == pytest.approx(floating.accuracy, abs=0.01)
    assert hls.lut is None and "vendor tool" in hls.note
    assert da.lut and da.ff and da.dsp == 0 and da.ticks and da.ticks > 2
    assert da.accuracy is not None and da.accuracy > 0.9 and set(da.auc) == {"p", "q", "r"}
    assert any("200 rows bit-exact" in text for text in said)
    _check_project(folder / "hls4ml")


def _check_project(project: Path) -> None:
    """A plain hls4ml project: its YAML is plain and names this folder."""
    text = (project / "hls4ml_config.yml").read_text()
    assert f"OutputDir: {project}" in text and "!!python" not in text
    assert (project / "firmware" / "network.cpp").exists() and (project / "build_prj.tcl").exists()


@pytest.mark.sim
def test_hls4ml_failing_leaves_nothing(
    teacher: TorchTeacher, test_rows: Dataset, tmp_path: Path
) -> None:
    with pytest.raises(ToolError, match="took more than"):
        run_hls4ml(teacher, test_rows.X, tmp_path / "p", timeout=0.2)
    assert list(tmp_path.iterdir()) == []


def test_hls4ml_refuses_bad_settings(
    teacher: TorchTeacher, test_rows: Dataset, tmp_path: Path
) -> None:
    for text in ("ap_fixed<16,20>", "ap_fixed<64,6>", "float", "ap_fixed<16,6>; x"):
        with pytest.raises(InputError, match="precision must be"):
            run_hls4ml(teacher, test_rows.X, tmp_path / "p", precision=text)
    (tmp_path / "there").mkdir()
    with pytest.raises(InputError, match="exists"):
        run_hls4ml(teacher, test_rows.X, tmp_path / "there")


@pytest.mark.sim
def test_da4ml_differing_from_the_network_is_caught(
    network: QuantisedNet,
    test_rows: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = da4ml_net._save_arrays

    def tampered(held: QuantisedNet, words: np.ndarray, exchange: Path) -> None:
        biases = (held.biases[0], held.biases[1] + [1, 0, 0])
        real(QuantisedNet(held.scaler, held.bits, held.weights, biases), words, exchange)

    monkeypatch.setattr(da4ml_net, "_save_arrays", tampered)
    with pytest.raises(VerificationError, match=r"output 0 of row 0.*600 values differ"):
        run_da4ml(network, test_rows.X, tmp_path / "p", simulated_rows=0)
    assert list(tmp_path.iterdir()) == []
    row = da4ml_row(network, test_rows, network.scores(test_rows.X), tmp_path, simulated_rows=0)
    assert row.agreement == 1.0 and row.lut is None and "600 values differ" in row.note


def test_a_teacher_of_values_is_the_same_on_standardised_rows() -> None:
    X, y = muon_hits(800)
    train = Dataset(X, 1000.0 * y + 7.0, MUON_FEATURES, target_names=("q",))
    raw = trained(X, train.targets, (8,), 10)
    teacher = TorchTeacher.wrap(raw, MUON_FEATURES, task="regression", target_names=("q",))
    made, center, spread = comparing._standardised(teacher, train)
    assert np.abs(made.standardise(X)).max() < 6.0 and np.abs(made.logits(X)).max() < 3.0
    wanted = teacher.logits(X)
    assert made.logits(X) * spread + center == pytest.approx(wanted, abs=1e-4 * wanted.std())


def test_rows_of_values_have_errors() -> None:
    test = Dataset(np.zeros((4, 1)), np.ones((4, 2)), ("x",), target_names=("u", "v"))
    teacher = np.array([[1.5, 3.0]] * 4)
    row = rows.scored_row("ours", [[2.0, 5.0]] * 4, test, teacher, lut=7)
    assert row.rmse == {"u": 1.0, "v": 4.0} and row.ratio == 2.0 and row.accuracy is None
    both = [rows.scored_row("float", teacher, test, teacher), row]
    assert rows.columns(both)[:3] == ("RMSE u", "RMSE v", "RMSE / teacher's")
    assert rows.cells(row)[:4] == ["1", "4", "2.000", "7"]
    head, first, *_ = csv.reader(io.StringIO(rows.to_csv(both)))
    assert "accuracy" not in head and dict(zip(head, first, strict=True))["rmse_u"] == "0.5"
    table = comparison_table(both)
    assert all(len(line.cells) == len(table.head) for line in table.rows)
    unknown = Dataset(np.zeros((4, 1)), None, ("x",), target_names=("u", "v"))
    row = rows.scored_row("ours", [[2.0, 5.0]] * 4, unknown, teacher)
    assert row.rmse == {"u": 0.5, "v": 2.0} and row.ratio is None


def test_without_da4ml_the_row_says_what_to_install(
    network: QuantisedNet, test_rows: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> None:
        raise ToolError(f"{name} is missing: pip install 'symtick[da]'")

    monkeypatch.setattr(comparing, "find", missing)
    monkeypatch.setattr(da4ml_net, "find", missing)
    row = da4ml_row(network, test_rows, network.scores(test_rows.X), tmp_path)
    assert row.agreement == 1.0 and row.lut is None and "symtick[da]" in row.note
    with pytest.raises(ToolError, match="da4ml is missing"):
        run_da4ml(network, test_rows.X, tmp_path / "p")
    assert list(tmp_path.iterdir()) == []


ROWS = [
    ComparisonRow("float", 0.654, 1.0, {"g": 0.9, "q": 0.8}),
    ComparisonRow("ours", 0.63, 0.9, {"g": 0.85, "q": 0.75}, 1234, 900, 0, 3, 200.0, "proved"),
]


def test_nanoseconds_follow_from_ticks_and_clock() -> None:
    assert ROWS[1].ns == 15.0 and ROWS[0].ns is None


def test_the_shown_table_has_figures_and_dashes() -> None:
    shown = comparison_table(ROWS, "ours")
    text = " ".join(cell for row in shown.rows for cell in row.cells) + shown.note
    for part in ("65.40", "1,234", "15.0", "0.8500", "ours: proved", rows.DASH):
        assert part in text
    assert [row.chosen for row in shown.rows] == [False, True]


def test_json_and_csv_hold_the_same() -> None:
    held = json.loads(json.dumps(rows.to_json(ROWS), allow_nan=False))
    lines = list(csv.DictReader(io.StringIO(rows.to_csv(ROWS))))
    assert [line["name"] for line in lines] == ["float", "ours"]
    assert lines[0]["lut"] == "" and held[0]["lut"] is None
    for line, row in zip(lines, held, strict=True):
        assert float(line["auc_g"]) == row["auc"]["g"]
        assert float(line["accuracy"]) == row["accuracy"]
    assert float(lines[1]["ns"]) == held[1]["ns"] == 15.0
