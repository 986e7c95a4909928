"""Programs of torch.export: every architecture as torch computes it, and no code from the file."""

from __future__ import annotations

import json
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from symtick.errors import InputError
from symtick.search.teachers.program import load_program
from symtick.search.teachers.scoring import Signature

NAMES = Signature(tuple(f"f{k}" for k in range(12)), ("p", "q", "r"))
X = np.random.default_rng(3).normal(size=(37, 12))


class SetNet(nn.Module):
    """A normalised sum over four particles, a constant and a buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.phi = nn.Sequential(nn.Linear(3, 8), nn.ReLU(inplace=True), nn.BatchNorm1d(4))
        self.rho = nn.Linear(8, 3)
        self.register_buffer("shift", torch.arange(3.0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner = self.phi(x.reshape(x.shape[0], 4, 3))
        total = torch.einsum("npk->nk", inner) / inner.shape[1]
        return self.rho(total) + self.shift + torch.tensor([0.0, 0.5, 1.0])  # type: ignore[no-any-return]


class Attention(nn.Module):
    """Self-attention over four particles, the largest of each component."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.MultiheadAttention(6, 2, batch_first=True)
        self.embed, self.out = nn.Linear(3, 6), nn.Linear(6, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        parts = self.embed(x.view(-1, 4, 3))
        seen, _ = self.inner(parts, parts, parts, need_weights=False)
        return self.out(torch.cat([seen, parts], dim=1).amax(dim=1))  # type: ignore[no-any-return]


def convolution() -> nn.Module:
    return nn.Sequential(
        nn.Unflatten(1, (1, 12)),
        nn.Conv1d(1, 2, 3, padding=1),
        nn.GELU(),
        nn.MaxPool1d(2),
        nn.Flatten(),
        nn.LayerNorm(12),
        nn.Linear(12, 3),
    )


def written(module: nn.Module, path: Path, rows: int | None = None, dtype: Any = None) -> None:
    torch.manual_seed(1)
    free = {0: torch.export.Dim("rows")} if rows is None else None
    example = torch.zeros(rows or 5, 12, dtype=dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch's exporter
        program = torch.export.export(
            module.eval(), (example,), dynamic_shapes=None if free is None else (free,)
        )
        torch.export.save(program, path)


def said(module: nn.Module, dtype: Any = torch.float32) -> Any:
    with torch.inference_mode():
        return module.eval()(torch.tensor(X, dtype=dtype)).double().numpy()


@pytest.mark.parametrize("make", [SetNet, Attention, convolution])
@pytest.mark.parametrize("rows", [None, 8])
def test_any_architecture_is_what_torch_computes(
    tmp_path: Path, make: Callable[[], nn.Module], rows: int | None
) -> None:
    module = make()
    written(module, tmp_path / "net.pt2", rows)
    assert np.abs(load_program(tmp_path / "net.pt2", NAMES).logits(X) - said(module)).max() < 1e-5


@pytest.mark.parametrize("end", [nn.Softmax(1), nn.Sigmoid()])
def test_scores_before_the_end_are_imitated_and_values_behind_it(
    tmp_path: Path, end: nn.Module
) -> None:
    net = nn.Sequential(nn.Linear(12, 3))
    written(nn.Sequential(net, end), tmp_path / "net.pt2")
    assert np.abs(load_program(tmp_path / "net.pt2", NAMES).logits(X) - said(net)).max() < 1e-5
    values = load_program(tmp_path / "net.pt2", Signature(NAMES.feature_names, (), ("a", "b", "c")))
    assert np.abs(values.logits(X) - said(nn.Sequential(net, end))).max() < 1e-5


def test_float64_and_standardised_features(tmp_path: Path) -> None:
    net = nn.Linear(12, 3).double()
    written(net, tmp_path / "net.pt2", dtype=torch.float64)
    mean, std = np.full(12, 0.5), np.full(12, 4.0)
    teacher = load_program(tmp_path / "net.pt2", NAMES, (mean, std))
    with torch.inference_mode():
        wanted = net(torch.tensor((X - mean) / std)).numpy()
    assert np.abs(teacher.logits(X) - wanted).max() < 1e-12


def changed(path: Path, name: str, change: Callable[[Any], None], target: Path) -> Path:
    """The archive with one of its JSON files changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {n: archive.read(n) for n in archive.namelist()}
    (key,) = [n for n in parts if n.endswith(name)]
    content = json.loads(parts[key])
    change(content)
    parts[key] = json.dumps(content).encode()
    with zipfile.ZipFile(target, "w") as archive:
        for n, raw in parts.items():
            archive.writestr(n, raw)
    return target


@pytest.mark.parametrize(
    "target", ["torch.os.system", "torch.ops.aten.from_file.default", "_operator.attrgetter",
               "torch.ops.own.op.default", "math.sqrt", "#x:y"],
)  # fmt: skip
def test_no_call_leaves_the_operators_of_torch(tmp_path: Path, target: str) -> None:
    written(nn.Linear(12, 3), tmp_path / "net.pt2")

    def call(content: Any) -> None:
        content["graph_module"]["graph"]["nodes"][0]["target"] = target

    path = changed(tmp_path / "net.pt2", "model.json", call, tmp_path / "bad.pt2")
    with pytest.raises(InputError, match="which is no operator of torch's; export it to ONNX"):
        load_program(path, NAMES)


def test_pickles_and_other_files_are_refused(tmp_path: Path) -> None:
    net = tmp_path / "net.pt2"
    written(nn.Linear(12, 3), net)

    def pickled(content: Any) -> None:
        content["config"]["weight"]["use_pickle"] = True

    path = changed(net, "weights_config.json", pickled, tmp_path / "bad.pt2")
    with pytest.raises(InputError, match="holds 'weight' as a pickle, which is refused"):
        load_program(path, NAMES)

    def long(content: Any) -> None:
        content["config"]["weight"]["tensor_meta"]["sizes"][0]["as_int"] = 10**6

    path = changed(net, "weights_config.json", long, tmp_path / "long.pt2")
    with pytest.raises(InputError, match=r"not a program of torch\.export\.save, or damaged"):
        load_program(path, NAMES)
    with pytest.raises(InputError, match="there is no file"):
        load_program(tmp_path / "gone.pt2", NAMES)
    (tmp_path / "junk.pt2").write_bytes(b"junk")
    with pytest.raises(InputError, match="or damaged"):
        load_program(tmp_path / "junk.pt2", NAMES)
    torch.save({"a": torch.zeros(2)}, tmp_path / "state.pt2")
    with pytest.raises(InputError, match=r"holds no models/model\.json"):
        load_program(tmp_path / "state.pt2", NAMES)
    with pytest.raises(InputError, match="reads 12 numbers of a row, but the data has 2 features"):
        load_program(net, Signature(("a", "b"), NAMES.class_names))
