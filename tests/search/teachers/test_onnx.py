"""ONNX files of many architectures teach what the network computes; others say what to do."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from scipy.special import log_softmax
from torch import nn

from symtick.errors import InputError, SymtickWarning
from symtick.search.teachers.onnx_net import load_onnx
from symtick.search.teachers.scoring import ScoringTeacher, Signature
from symtick.search.teachers.teacher import TorchTeacher

FEATURES = 12
NAMES = Signature(tuple(f"f{k}" for k in range(FEATURES)), ("p", "q", "r"))
X = np.random.default_rng(2).normal(size=(70, FEATURES))


class SetNet(nn.Module):
    """A sum over four particles of three numbers each."""

    def __init__(self) -> None:
        super().__init__()
        self.phi = nn.Sequential(nn.Linear(3, 8), nn.ReLU())
        self.rho = nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.rho(self.phi(x.reshape(-1, 4, 3)).sum(1))  # type: ignore[no-any-return]


def plain() -> nn.Module:
    return nn.Sequential(nn.Linear(FEATURES, 6), nn.ReLU(), nn.Linear(6, 3))


def convolution() -> nn.Module:
    return nn.Sequential(
        nn.Unflatten(1, (1, FEATURES)),
        nn.Conv1d(1, 2, 3),
        nn.Tanh(),
        nn.Flatten(),
        nn.Linear(20, 3),
    )


def exported(
    module: nn.Module, path: Path, rows: int | None = None, dynamo: bool = False
) -> npt.NDArray[np.float64]:
    """Write the module, with a fixed number of rows or a free one; returns its outputs for X."""
    module.eval()
    free = {} if rows else {"dynamic_axes": {"x": {0: "rows"}}}
    if dynamo and not rows:
        free = {"dynamic_shapes": ({0: torch.export.Dim("rows")},)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch's exporters
        torch.onnx.export(
            module, (torch.zeros(rows or 2, FEATURES),), str(path), dynamo=dynamo, verbose=False,
            input_names=["x"], external_data=False, **free,
        )  # fmt: skip
    with torch.inference_mode():
        said = module(torch.tensor(X, dtype=torch.float32)).double().numpy()
    return np.asarray(said)


@pytest.mark.parametrize(
    ("make", "rows", "dynamo"),
    [
        (plain, None, False),
        (plain, 1, False),
        (plain, 16, False),
        (convolution, None, False),
        (SetNet, None, False),
        pytest.param(SetNet, None, True, marks=pytest.mark.slow),
    ],
)
def test_any_architecture_teaches_what_torch_computes(
    tmp_path: Path, make: Callable[[], nn.Module], rows: int | None, dynamo: bool
) -> None:
    torch.manual_seed(3)
    wanted = exported(make(), tmp_path / "net.onnx", rows, dynamo)
    teacher = load_onnx(tmp_path / "net.onnx", NAMES)
    assert np.abs(teacher.logits(X) - wanted).max() < 1e-5
    assert np.array_equal(teacher.logits(X), teacher.logits(X))


def normalised() -> nn.Module:
    """A chain with normalisations, whose exporters merge some of them."""
    torch.manual_seed(4)
    net = nn.Sequential(
        nn.BatchNorm1d(FEATURES), nn.Linear(FEATURES, 6, bias=False), nn.Tanh(),
        nn.BatchNorm1d(6), nn.Dropout(), nn.Linear(6, 3), nn.Softmax(1),
    )  # fmt: skip
    for layer in net:
        if isinstance(layer, nn.BatchNorm1d) and layer.running_mean is not None:
            layer.running_mean.uniform_(-1.0, 1.0)
    return net


@pytest.mark.parametrize("make", [plain, normalised])
def test_a_chain_becomes_a_perceptron(tmp_path: Path, make: Callable[[], nn.Module]) -> None:
    wanted = exported(make(), tmp_path / "net.onnx")
    teacher = load_onnx(tmp_path / "net.onnx", NAMES)
    assert isinstance(teacher, TorchTeacher)
    assert teacher.architecture.widths == (FEATURES, 6, 3)
    said = teacher.logits(X)
    if make is normalised:
        said, wanted = log_softmax(said, axis=1), np.log(wanted)
    assert np.abs(said - wanted).max() < 1e-4


@pytest.mark.parametrize("end", [nn.Softmax(1), nn.Sigmoid()])
def test_scores_before_a_final_softmax_or_sigmoid_are_imitated(
    tmp_path: Path, end: nn.Module
) -> None:
    torch.manual_seed(3)
    net = plain()
    wanted = exported(net, tmp_path / "bare.onnx")
    exported(nn.Sequential(net, end), tmp_path / "net.onnx")
    assert np.abs(load_onnx(tmp_path / "net.onnx", NAMES).logits(X) - wanted).max() < 1e-5
    values = Signature(NAMES.feature_names, (), ("a", "b", "c"))
    said = load_onnx(tmp_path / "net.onnx", values).logits(X)  # of a regression they are values
    assert said.min() >= 0.0 and said.max() <= 1.0


@pytest.mark.parametrize("ends", [(nn.Softmax(1), nn.Softmax(1)), (nn.Sigmoid(), nn.Softmax(1))])
def test_of_two_ends_the_last_one_alone_is_left_out(
    tmp_path: Path, ends: tuple[nn.Module, nn.Module]
) -> None:
    torch.manual_seed(3)
    net = nn.Sequential(plain(), ends[0])
    wanted = exported(net, tmp_path / "bare.onnx")
    exported(nn.Sequential(net, ends[1]), tmp_path / "net.onnx")
    assert np.abs(load_onnx(tmp_path / "net.onnx", NAMES).logits(X) - wanted).max() < 1e-5


def test_probabilities_that_no_node_tells_are_told_by_their_values(tmp_path: Path) -> None:
    class Own(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            powers = torch.exp(x[:, :3])
            return powers / powers.sum(1, keepdim=True)

    exported(Own(), tmp_path / "net.onnx")
    with pytest.warns(SymtickWarning, match="each row adds up to 1: they are taken for probabil"):
        teacher = load_onnx(tmp_path / "net.onnx", NAMES)
        assert isinstance(teacher, ScoringTeacher)
        said = teacher.settled(X).logits(X[:9])
    assert np.abs(said - log_softmax(X[:9, :3], axis=1)).max() < 1e-5


def test_a_network_of_standardised_features_sees_them(tmp_path: Path) -> None:
    net = plain()
    exported(net, tmp_path / "net.onnx")
    mean, std = np.full(FEATURES, 2.0), np.full(FEATURES, 4.0)
    teacher = load_onnx(tmp_path / "net.onnx", NAMES, standard=(mean, std))
    with torch.inference_mode():
        wanted = net(torch.tensor((X - mean) / std, dtype=torch.float32)).double().numpy()
    assert np.abs(teacher.logits(X) - wanted).max() < 1e-5


def model(
    path: Path, nodes: list[onnx.NodeProto], outputs: list[tuple[str, int]], inputs: int = 1
) -> Path:
    """An ONNX file of these nodes on x0, x1, ... (rows, 12) and the weights `w` (12, 3)."""
    free = [
        helper.make_tensor_value_info(f"x{k}", TensorProto.FLOAT, ["n", FEATURES])
        for k in range(inputs)
    ]
    ends = [helper.make_tensor_value_info(name, kind, None) for name, kind in outputs]
    weights = np.random.default_rng(0).normal(size=(FEATURES, 3)).astype(np.float32)
    graph = helper.make_graph(nodes, "g", free, ends, [numpy_helper.from_array(weights, "w")])
    opset = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), str(path))
    return path


def test_one_of_several_outputs_is_named(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("MatMul", ["x0", "w"], ["s"]),
        helper.make_node("Neg", ["s"], ["t"]),
        helper.make_node("ArgMax", ["s"], ["label"], axis=1),
    ]
    floats = TensorProto.FLOAT
    both = model(tmp_path / "a.onnx", nodes, [("s", floats), ("t", floats)])
    with pytest.raises(InputError, match=r"outputs s, t: name the one .* as teacher\.onnx\.output"):
        load_onnx(both, NAMES)
    # one is a perceptron, which torch computes
    first, second = (load_onnx(both, NAMES, name).logits(X) for name in ("s", "t"))
    assert np.abs(first + second).max() < 1e-5
    labelled = model(tmp_path / "b.onnx", nodes, [("label", TensorProto.INT64), ("s", floats)])
    assert np.array_equal(
        load_onnx(labelled, NAMES).logits(X), load_onnx(both, NAMES, "s").logits(X)
    )
    with pytest.raises(InputError, match=r"label of the ONNX network .* no tensor of real numbers"):
        load_onnx(labelled, NAMES, "label")
    with pytest.raises(InputError, match="has no output 'q', but label, s: name the one"):
        load_onnx(labelled, NAMES, "q")
    alone = model(tmp_path / "c.onnx", nodes, [("label", TensorProto.INT64)])
    with pytest.raises(InputError, match=r"only label \(class numbers\?\): export the scores"):
        load_onnx(alone, NAMES)


def test_what_cannot_teach_says_what_to_do_instead(tmp_path: Path) -> None:
    ends = [("s", TensorProto.FLOAT)]
    with pytest.raises(InputError, match="there is no file"):
        load_onnx(tmp_path / "gone.onnx", NAMES)
    (tmp_path / "junk.onnx").write_bytes(b"\x80\x04junk")
    with pytest.raises(InputError, match="is not an ONNX file, or damaged"):
        load_onnx(tmp_path / "junk.onnx", NAMES)
    own = [helper.make_node("Own", ["x0", "w"], ["s"], domain="own")]
    with pytest.raises(InputError, match=r"cannot run .* scores into the data file"):
        load_onnx(model(tmp_path / "own.onnx", own, ends), NAMES)
    two = [helper.make_node("Add", ["x0", "x1"], ["s"])]
    with pytest.raises(InputError, match=r"has 2 inputs \(x0, x1\): export it with one"):
        load_onnx(model(tmp_path / "two.onnx", two, ends, 2), NAMES)
    one = model(tmp_path / "one.onnx", [helper.make_node("MatMul", ["x0", "w"], ["s"])], ends)
    few = Signature(("a", "b"), ("p", "q", "r"))
    with pytest.raises(InputError, match="reads 12 numbers of a row, but the data has 2 features"):
        load_onnx(one, few)
    pair = Signature(NAMES.feature_names, ("p", "q"))
    with pytest.raises(InputError, match="has 3 outputs for 2 classes: give one"):
        load_onnx(one, pair).logits(X)
