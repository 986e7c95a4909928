"""Teachers: training, saving, reading torch and Keras files, and refusals."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import nn

from symtick.errors import InputError
from symtick.search.data.dataset import Dataset
from symtick.search.data.files import load_split
from symtick.search.data.metrics import accuracy
from symtick.search.teachers.files import load_teacher
from symtick.search.teachers.keras_h5 import load_keras_h5
from symtick.search.teachers.scoring import Signature
from symtick.search.teachers.state_dict import from_state_dict
from symtick.search.teachers.teacher import Architecture, Teacher, TorchTeacher, architecture_of
from symtick.search.teachers.train import train_mlp

ROOT = Path(__file__).parents[3]
SAMPLE = ROOT / "examples" / "jets" / "jets_sample.npz"
NETWORKS = ROOT.parent / "shared" / "data" / "networks"
NAMES = ("a", "b", "c")
TWO = Signature(NAMES, ("n", "p"))
Floats = npt.NDArray[np.float64]


def blobs(rows: int = 600) -> Dataset:
    rng = np.random.default_rng(1)
    y = np.arange(rows) % 3
    X = rng.normal(size=(rows, 3)) * 0.4 + np.eye(3)[y] * 2
    return Dataset(X * [1.0, 100.0, 1e-3] + [5.0, 0.0, 0.0], y, NAMES, ("p", "q", "r"))


def forward(x: Floats, layers: list[tuple[Floats, Floats]], hidden: str = "relu") -> Floats:
    """A perceptron in numpy, weights (inputs, outputs), linear at the end."""
    for index, (weight, bias) in enumerate(layers):
        x = x @ weight + bias
        if index < len(layers) - 1:
            x = np.maximum(x, 0) if hidden == "relu" else np.tanh(x)
    return x


def random_layers(*widths: int) -> list[tuple[Floats, Floats]]:
    rng = np.random.default_rng(3)
    return [
        (rng.normal(size=(i, o)).round(3), rng.normal(size=o).round(3))
        for i, o in itertools.pairwise(widths)
    ]


def test_training_on_the_jets_reaches_the_published_network() -> None:
    train, test = load_split(SAMPLE)
    teacher: Teacher = train_mlp(train, epochs=12)
    scores = teacher.logits(test.X)
    assert scores.dtype == np.float64 and scores.shape == (len(test), 5)
    assert accuracy(scores, test.labels) > 0.64


def test_training_is_seeded_and_leaves_the_global_state_alone() -> None:
    data = blobs()
    torch.manual_seed(11)
    expected = torch.rand(1)
    threads = torch.get_num_threads()
    torch.manual_seed(11)
    first = train_mlp(data, widths=(8,), epochs=3, seed=5)
    assert torch.equal(torch.rand(1), expected) and torch.get_num_threads() == threads
    again = train_mlp(data, widths=(8,), epochs=3, seed=5)
    assert np.array_equal(first.logits(data.X), again.logits(data.X))
    other = train_mlp(data, widths=(8,), epochs=3, seed=6)
    assert not np.array_equal(first.logits(data.X), other.logits(data.X))


def test_training_separates_blobs_of_unlike_units() -> None:
    data = blobs()
    teacher = train_mlp(data, widths=(8,), epochs=20, batch=32)
    assert accuracy(teacher.logits(data.X), data.labels) > 0.98


def test_training_refuses_bad_settings() -> None:
    data = blobs(30)
    with pytest.raises(InputError, match="must be positive"):
        train_mlp(data, epochs=0)
    with pytest.raises(InputError, match="two or more classes"):
        train_mlp(Dataset(data.X, None, NAMES))
    with pytest.raises(InputError, match="unknown activation 'swish'"):
        train_mlp(data, activation="swish")


def test_save_and_load_give_the_same_scores(tmp_path: Path) -> None:
    data = blobs()
    teacher = train_mlp(data, widths=(8, 4), epochs=2, activation="tanh")
    teacher.save(tmp_path / "t.npz")
    again = load_teacher(tmp_path / "t.npz")
    assert np.array_equal(again.logits(data.X), teacher.logits(data.X))
    assert again.architecture == Architecture((3, 8, 4, 3), ("tanh", "tanh", "linear"))
    assert (again.feature_names, again.class_names) == (NAMES, ("p", "q", "r"))
    with np.load(tmp_path / "t.npz", allow_pickle=False) as content:
        assert all(content[name].dtype.kind in "fU" for name in content.files)


def test_files_that_are_not_teachers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file"):
        load_teacher(tmp_path / "gone.npz")
    (tmp_path / "t.npz").write_bytes(b"junk")
    with pytest.raises(InputError, match="not a teacher that symtick saved"):
        load_teacher(tmp_path / "t.npz")
    np.savez(tmp_path / "t.npz", meta=np.array(json.dumps({"format": "other"})))
    with pytest.raises(InputError, match="format 'other'"):
        load_teacher(tmp_path / "t.npz")
    with pytest.raises(InputError, match=r"saved as \.npz, not as 't\.pt'"):
        train_mlp(blobs(), widths=(2,), epochs=1).save(tmp_path / "t.pt")


def test_any_module_can_teach() -> None:
    class Odd(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.stack([x.sum(1), x.prod(1)], dim=1)

    teacher = TorchTeacher.wrap(Odd(), ("u", "v"), ("n", "p"), mean=[1, 1], std=[2, 2])
    assert teacher.logits([[3.0, 5.0]]).tolist() == [[3.0, 2.0]]
    with pytest.raises(InputError, match="Odd is not a plain perceptron"):
        _ = teacher.architecture


def test_dropout_is_off_while_teaching_and_on_again_after() -> None:
    module = nn.Sequential(nn.Linear(2, 50), nn.ReLU(), nn.Dropout(0.9), nn.Linear(50, 2))
    module.train()
    teacher = TorchTeacher.wrap(module, ("u", "v"), ("n", "p"))
    X = np.ones((3, 2))
    assert np.array_equal(teacher.logits(X), teacher.logits(X)) and module.training
    assert architecture_of(module) == Architecture((2, 50, 2), ("relu", "linear"))


def test_a_teacher_checks_its_module_and_its_data() -> None:
    net = nn.Sequential(nn.Linear(3, 4))
    with pytest.raises(InputError, match="ends in Softmax"):
        TorchTeacher.wrap(nn.Sequential(nn.Linear(3, 2), nn.Softmax(1)), NAMES, ("n", "p"))
    with pytest.raises(InputError, match="std of 'b' is 0"):
        TorchTeacher.wrap(net, NAMES, std=[1, 0, 1])
    with pytest.raises(InputError, match="4 outputs for 2 classes"):
        TorchTeacher.wrap(net, NAMES, ("n", "p")).logits(np.zeros((2, 3)))
    with pytest.raises(InputError, match="has 2 features, but 3 are expected"):
        TorchTeacher.wrap(net, NAMES, ("n", "p")).logits(np.zeros((2, 2)))


def test_state_dict_in_memory_and_on_disk(tmp_path: Path) -> None:
    layers = random_layers(3, 5, 2)
    shape = Architecture.mlp((3, 5, 2))
    state = {}
    for index, (weight, bias) in enumerate(layers):
        state[f"fc{index}.weight"] = torch.tensor(weight.T.copy(), dtype=torch.float32)
        state[f"fc{index}.bias"] = torch.tensor(bias, dtype=torch.float32)
    torch.save(state, tmp_path / "plain.pt")
    torch.save({"state_dict": state, "epoch": 3}, tmp_path / "checkpoint.pt")
    X = np.random.default_rng(0).normal(size=(9, 3))
    for source in (state, tmp_path / "plain.pt", tmp_path / "checkpoint.pt"):
        teacher = from_state_dict(source, shape, NAMES, ("n", "p"))
        assert np.allclose(teacher.logits(X), forward(X, layers), atol=1e-5)


def test_state_dicts_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    state = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)).state_dict()

    def load(**changes: torch.Tensor) -> TorchTeacher:
        held = {**state, **{name.replace("_", "."): t for name, t in changes.items()}}
        return from_state_dict(held, Architecture.mlp((3, 4, 2)), NAMES, ("n", "p"))

    load()
    with pytest.raises(InputError, match=r"weight of layer 1 has the shape \(2, 5\).*\(2, 4\)"):
        load(**{"2_weight": torch.zeros(2, 5)})
    with pytest.raises(InputError, match=r"'bn\.weight'.*not a weight or bias of a plain"):
        load(bn_weight=torch.zeros(4))
    with pytest.raises(InputError, match="holds 3 layers, but 2"):
        load(extra_weight=torch.zeros(2, 2))
    with pytest.raises(InputError, match="weight of layer 0 is not finite"):
        load(**{"0_weight": torch.full((4, 3), torch.nan)})
    (tmp_path / "x.pt").write_bytes(b"\x80junk")
    with pytest.raises(InputError, match=r"x\.pt is"):
        from_state_dict(tmp_path / "x.pt", Architecture.mlp((3, 2)), NAMES, ("n", "p"))


def test_a_pickled_module_is_refused_and_its_code_does_not_run(tmp_path: Path) -> None:
    class Trap(nn.Module):
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (tmp_path / "ran",)  # type: ignore[return-value]

    torch.save(Trap(), tmp_path / "trap.pt")
    files = [tmp_path / "trap.pt"]
    torch.save(nn.Sequential(nn.Linear(3, 2)), tmp_path / "module.pt")
    files.append(tmp_path / "module.pt")
    files += NETWORKS.glob("three_layer_model.pt")
    for path in files:
        with pytest.raises(InputError, match=r"pickled module.*refused.*state_dict\(\)"):
            from_state_dict(path, Architecture.mlp((3, 2)), NAMES, ("n", "p"))
    assert not (tmp_path / "ran").exists()


def keras_files(
    folder: Path, layers: list[tuple[Floats, Floats]], hidden: str, last: str, inner: str = "Dense"
) -> tuple[Path, Path]:
    """A model in the layout of Keras 2's to_json and save_weights."""
    entries = [{"class_name": "InputLayer", "config": {"name": "in"}, "inbound_nodes": []}]
    previous = "in"
    with h5py.File(folder / "w.h5", "w") as file:
        for index, (kernel, bias) in enumerate(layers):
            name = f"fc{index}"
            final = index == len(layers) - 1
            config = {"name": name, "activation": last if final else hidden}
            kind = inner if index == 0 else "Dense"
            nodes = [[[previous, 0, 0, {}]]]
            entries.append({"class_name": kind, "config": config, "inbound_nodes": nodes})  # type: ignore[dict-item]
            previous = name
            group = file.create_group(name)
            group.attrs["weight_names"] = [f"{name}/kernel:0".encode(), f"{name}/bias:0".encode()]
            group[f"{name}/kernel:0"] = kernel.astype(np.float32)
            group[f"{name}/bias:0"] = bias.astype(np.float32)
    text = json.dumps({"class_name": "Model", "config": {"layers": entries}})
    (folder / "m.json").write_text(text)
    return folder / "m.json", folder / "w.h5"


@pytest.mark.parametrize("hidden", ["relu", "tanh"])
@pytest.mark.parametrize("last", ["softmax", "linear", "sigmoid"])
def test_keras_scores_are_those_before_the_softmax(tmp_path: Path, hidden: str, last: str) -> None:
    layers = random_layers(3, 6, 4, 2)
    teacher = load_keras_h5(*keras_files(tmp_path, layers, hidden, last), TWO)
    X = np.random.default_rng(2).normal(size=(20, 3))
    assert np.allclose(teacher.logits(X), forward(X, layers, hidden), atol=1e-5)
    assert teacher.feature_names == NAMES and teacher.class_names == ("n", "p")


def test_keras_values_are_those_behind_the_last_function(tmp_path: Path) -> None:
    layers = random_layers(3, 6, 2)
    files = keras_files(tmp_path, layers, "relu", "sigmoid")
    teacher = load_keras_h5(*files, Signature(NAMES, (), ("u", "v")))
    X = np.random.default_rng(2).normal(size=(20, 3))
    wanted = 1.0 / (1.0 + np.exp(-forward(X, layers)))
    assert np.allclose(teacher.logits(X), wanted, atol=1e-5)
    assert teacher.task == "regression" and teacher.class_names == ()
    with pytest.raises(InputError, match="module has 2 outputs for 1 target: give one"):
        load_keras_h5(*files, Signature(NAMES, (), ("u",))).logits(X)


def test_keras_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    layers = random_layers(3, 6, 2)
    model, weights = keras_files(tmp_path, layers, "relu", "linear", inner="Conv1D")
    with pytest.raises(InputError, match="layer 'fc0' is a Conv1D"):
        load_keras_h5(model, weights, TWO)
    model, weights = keras_files(tmp_path, layers, "relu", "linear")
    model.write_text(model.read_text().replace('[["fc0", 0', '[["in", 0'))
    with pytest.raises(InputError, match=r"layer 'fc1' reads \['in'\], so the model is no chain"):
        load_keras_h5(model, weights, TWO)
    model, weights = keras_files(tmp_path, layers, "selu", "linear")
    with pytest.raises(InputError, match="unknown activation 'selu'"):
        load_keras_h5(model, weights, TWO)
    model.write_text("{}")
    with pytest.raises(InputError, match="not the JSON of a Keras model"):
        load_keras_h5(model, weights, TWO)
    weights.write_bytes(b"junk")
    model, _ = keras_files(tmp_path, layers, "relu", "linear")
    with h5py.File(weights, "a") as file:
        del file["fc1"]
    with pytest.raises(InputError, match="no weights for layer 'fc1'"):
        load_keras_h5(model, weights, TWO)
    weights.write_bytes(b"junk")
    with pytest.raises(InputError, match="not an HDF5 file"):
        load_keras_h5(model, weights, TWO)


def test_the_published_keras_network_tags_the_sample(tmp_path: Path) -> None:
    """The real files where they lie beside the project, else a network of the same layout."""
    model, weights = NETWORKS / "KERAS_3layer.json", NETWORKS / "KERAS_3layer_weights.h5"
    _, test = load_split(SAMPLE)
    published = model.exists()
    if not published:
        layers = random_layers(16, 64, 32, 32, 5)
        model, weights = keras_files(tmp_path, layers, "relu", "softmax")
    teacher = load_keras_h5(model, weights, Signature(test.feature_names, test.class_names))
    assert teacher.architecture == Architecture.mlp((16, 64, 32, 32, 5))
    found = teacher.logits(test.X)
    assert np.allclose(found, forward(test.X, stored_layers(weights)), rtol=1e-4, atol=1e-2)
    if published:
        assert accuracy(found, test.labels) > 0.6


def stored_layers(path: Path) -> list[tuple[Floats, Floats]]:
    """Kernels and biases in the file's own order of layers."""
    with h5py.File(path, "r") as file:
        names = file.attrs.get("layer_names", sorted(file))
        text = [n.decode() if isinstance(n, bytes) else n for n in names]
        return [
            (
                np.asarray(file[f"{n}/{n}/kernel:0"], dtype=np.float64),
                np.asarray(file[f"{n}/{n}/bias:0"], dtype=np.float64),
            )
            for n in text
            if n in file[n]
        ]
