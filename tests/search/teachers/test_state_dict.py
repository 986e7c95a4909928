"""State dicts with normalisations, checkpoints, one logit, and what is refused."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from symtick.errors import InputError
from symtick.search.teachers.state_dict import from_state_dict
from symtick.search.teachers.teacher import Architecture, TorchTeacher

NAMES = ("a", "b", "c")
X = np.random.default_rng(5).normal(size=(40, 3)) * 3.0


def settled(*layers: nn.Module) -> nn.Sequential:
    """The network in inference, its normalisations with statistics and weights of their own."""
    torch.manual_seed(2)
    net = nn.Sequential(*layers)
    for layer in net:
        if isinstance(layer, nn.BatchNorm1d) and layer.running_mean is not None:
            layer.running_mean.uniform_(-2.0, 2.0)
            assert layer.running_var is not None
            layer.running_var.uniform_(0.1, 4.0)
            if layer.affine:
                nn.init.uniform_(layer.weight, -2.0, 2.0)
                nn.init.uniform_(layer.bias, -1.0, 1.0)
    return net.eval()


def said(net: nn.Module) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    with torch.inference_mode():
        return np.asarray(net(torch.tensor(X, dtype=torch.float32)).double().numpy())


def mlp(*widths: int) -> Architecture:
    return Architecture.mlp(widths)


NETWORKS = {
    "before the activation": lambda: settled(
        nn.Linear(3, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 4, bias=False),
        nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2),
    ),
    "after the activation": lambda: settled(
        nn.Linear(3, 6), nn.ReLU(), nn.BatchNorm1d(6), nn.Linear(6, 4), nn.ReLU(),
        nn.BatchNorm1d(4, affine=False), nn.Linear(4, 2),
    ),
    "at both ends": lambda: settled(
        nn.BatchNorm1d(3), nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 4), nn.BatchNorm1d(4),
        nn.ReLU(), nn.Linear(4, 2), nn.BatchNorm1d(2),
    ),
}  # fmt: skip


@pytest.mark.parametrize("where", NETWORKS)
def test_batch_normalisations_are_folded(where: str) -> None:
    net = NETWORKS[where]()
    teacher = from_state_dict(net.state_dict(), mlp(3, 6, 4, 2), NAMES, ("n", "p"))
    assert np.abs(teacher.logits(X) - said(net)).max() < 1e-4
    assert teacher.architecture == mlp(3, 6, 4, 2)


def test_a_normalisation_between_two_modules_without_weights_has_to_be_placed() -> None:
    net = settled(
        nn.Linear(3, 6), nn.Dropout(), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 2),
        nn.Dropout(), nn.BatchNorm1d(2),
    )  # fmt: skip
    with pytest.raises(InputError, match=r"normalisation '2', .*state teacher\.torch\.batch_norm"):
        from_state_dict(net.state_dict(), mlp(3, 6, 2), NAMES, ("n", "p"))
    teacher = from_state_dict(
        net.state_dict(), mlp(3, 6, 2), NAMES, ("n", "p"), batch_norm="before"
    )
    assert np.abs(teacher.logits(X) - said(net)).max() < 1e-4


def test_names_without_numbers_take_the_place_that_is_stated() -> None:
    net = NETWORKS["after the activation"]()
    names = dict(zip("02356", ("in", "bn1", "mid", "bn2", "out"), strict=True))
    renamed = {f"{names[k[0]]}{k[1:]}": v for k, v in net.state_dict().items() if k[0] in names}

    def read(place: str | None) -> TorchTeacher:
        return from_state_dict(renamed, mlp(3, 6, 4, 2), NAMES, ("n", "p"), batch_norm=place)  # type: ignore[arg-type]

    assert np.abs(read("after").logits(X) - said(net)).max() < 1e-4
    assert np.abs(read(None).logits(X) - read("before").logits(X)).max() == 0.0
    assert np.abs(read("before").logits(X) - said(net)).max() > 0.1


@pytest.mark.parametrize("key", ["state_dict", "model_state_dict", "model", "weights", None])
@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.module."])
def test_checkpoints_and_prefixes_of_wrappers(tmp_path: Path, key: str | None, prefix: str) -> None:
    net = NETWORKS["before the activation"]()
    state = {f"{prefix}{name}": tensor for name, tensor in net.state_dict().items()}
    content = {key: state, "epoch": 7, "optimizer": {"lr": 0.1}} if key else state
    torch.save(content, tmp_path / "net.pt")
    teacher = from_state_dict(tmp_path / "net.pt", mlp(3, 6, 4, 2), NAMES, ("n", "p"))
    assert np.abs(teacher.logits(X) - said(net)).max() < 1e-4


def test_a_checkpoint_without_a_state_dict_says_what_it_holds(tmp_path: Path) -> None:
    states = {"generator": {"w": torch.ones(2, 3)}, "critic": {"w": torch.ones(2, 3)}}
    for content in ({"epoch": 7, **states}, {"epoch": 7}):
        torch.save(content, tmp_path / "net.pt")
        with pytest.raises(InputError, match=r"holds epoch.*, no state_dict under .*model\.state"):
            from_state_dict(tmp_path / "net.pt", mlp(3, 2), NAMES, ("n", "p"))


def test_one_logit_is_enough_for_two_classes() -> None:
    net = settled(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 1))
    teacher = from_state_dict(net.state_dict(), mlp(3, 6, 2), NAMES, ("n", "p"))
    assert teacher.architecture == mlp(3, 6, 1)
    assert np.abs(teacher.logits(X) - said(net)).max() < 1e-5
    with pytest.raises(InputError, match=r"shape \(1, 6\), but the architecture \(3, 6, 3\) needs"):
        from_state_dict(net.state_dict(), mlp(3, 6, 3), NAMES, ("n", "p", "q"))


def test_what_is_no_perceptron_says_what_to_do(tmp_path: Path) -> None:
    def read(source: object) -> None:
        from_state_dict(source, mlp(3, 6, 2), NAMES, ("n", "p"))  # type: ignore[arg-type]

    norm = nn.Sequential(nn.Linear(3, 6), nn.LayerNorm(6), nn.Linear(6, 2))
    with pytest.raises(InputError, match=r"'1\.weight' .*6,.* export the network to ONNX"):
        read(norm.state_dict())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's, of its older format
        script = torch.jit.trace(nn.Linear(3, 2), torch.zeros(1, 3))  # type: ignore[no-untyped-call]
        script.save(str(tmp_path / "script.pt"))
    with pytest.raises(InputError, match=r"TorchScript program, whose code is not run here") as why:
        read(tmp_path / "script.pt")
    assert "weights_only" not in str(why.value)
    torch.export.save(
        torch.export.export(nn.Linear(3, 2), (torch.zeros(1, 3),)), tmp_path / "program.pt2"
    )
    with pytest.raises(InputError, match=r"torch\.export: name it as teacher\.program"):
        read(tmp_path / "program.pt2")
    torch.save({"state_dict": {}}, tmp_path / "none.pt")
    with pytest.raises(InputError, match="holds no tensors"):
        read(tmp_path / "none.pt")
    gone = NETWORKS["before the activation"]().state_dict()
    del gone["1.running_var"]
    with pytest.raises(InputError, match="normalisation '1' has no running_var"):
        read(gone)
    wide = NETWORKS["before the activation"]().state_dict()
    parts = ("running_mean", "running_var", "weight", "bias")
    wide |= {f"1.{name}": torch.ones(5) for name in parts}
    with pytest.raises(InputError, match="6 numbers stands beside a normalisation of 5"):
        read(wide)
    late = settled(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 2), nn.ReLU(), nn.BatchNorm1d(2))
    with pytest.raises(InputError, match="ends in a batch normalisation behind an activation"):
        from_state_dict(
            late.state_dict(), Architecture((3, 6, 2), ("relu", "relu")), NAMES, ("n", "p")
        )
