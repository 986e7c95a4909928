"""Modules of a network become formulas: what is recorded, put in, tuned, composed; the example."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from symtick import SymbolicRegressor, compile_text, distill_modules
from symtick.design_folder.folder import read_spec
from symtick.errors import InputError
from symtick.expr import Builder, Op
from symtick.modules.distilling import DistilledModule, DistilledModules
from symtick.modules.formula import FormulaModule, record
from symtick.sim import gpp
from symtick.sim.case import Case

pytestmark = pytest.mark.kernel

EXAMPLE = Path(__file__).parents[2] / "examples" / "particles" / "particles.py"
PAIRS = torch.tensor(np.random.default_rng(1).uniform(0.5, 2.0, (150, 3, 2)))


class Product(nn.Module):
    """2.5*a*b + 0.3, whose formula is known."""

    def forward(self, pairs: torch.Tensor) -> torch.Tensor:
        return 2.5 * pairs[..., :1] * pairs[..., 1:] + 0.3


class OfASet(nn.Module):
    """A product of each pair, their sum, mean or maximum, and a linear layer."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how, self.pair, self.last = how, Product(), nn.Linear(1, 1).double()

    def forward(self, pairs: torch.Tensor) -> torch.Tensor:
        each = self.pair(pairs)
        joined = each.amax(1) if self.how == "max" else getattr(each, self.how)(1)
        made: torch.Tensor = self.last(joined)
        return made


def distilled(how: str, **given: Any) -> tuple[OfASet, DistilledModules]:
    torch.manual_seed(0)
    network = OfASet(how)
    regressor = SymbolicRegressor(max_nodes=9, evaluations=5_000)
    settings = {"modules": ["pair"], "regressor": regressor, "epochs": 0} | given
    return network, distill_modules(network, PAIRS, **settings)


CALLS = {
    "sum": "pair(a0, b0) + pair(a1, b1) + pair(a2, b2)",
    "mean": "(pair(a0, b0) + pair(a1, b1) + pair(a2, b2))/3",
    "max": "max(pair(a0, b0), pair(a1, b1), pair(a2, b2))",
}


@pytest.mark.parametrize("how", CALLS)
def test_a_module_below_a_set_is_found_and_composed(how: str) -> None:
    network, found = distilled(how, modules=["pair", "last"])
    before = network(PAIRS).detach().numpy()
    assert isinstance(network.pair, Product) and isinstance(found.network.pair, FormulaModule)
    assert np.allclose(found.network(PAIRS).detach(), before)
    law = found.composed(f"y = last({CALLS[how]})", ["a0", "b0", "a1", "b1", "a2", "b2"])
    assert np.allclose(law.expression.evaluate(PAIRS.reshape(150, 6).numpy()), before)
    assert law.names == ("y",) and law.text.startswith("y = ")
    assert min(found.modules["pair"].r2) > 1 - 1e-9


def test_a_recording_has_a_row_for_each_member() -> None:
    seen = record(OfASet("sum"), "pair", [PAIRS])
    assert seen.inputs.shape == (450, 2) and seen.outputs.shape == (450, 1)
    assert np.array_equal(seen.inputs, PAIRS.reshape(-1, 2).numpy())
    assert np.allclose(seen.outputs[:, 0], 2.5 * seen.inputs.prod(axis=1) + 0.3)


def test_the_rest_is_trained_and_constants_are_tuned_to_the_targets() -> None:
    goal = 1.7 * (2.5 * PAIRS.prod(dim=2) + 0.3).sum(dim=1, keepdim=True) - 4.0
    _, found = distilled("sum", targets=goal, epochs=3)
    first, formula, tuned = found.losses
    assert tuned < 1e-12 < formula < first
    # whole numbers stay, and the original keeps its weights
    module = FormulaModule(found.modules["pair"].expression, torch.float64)
    assert module(PAIRS).shape == (150, 3, 1)


def test_an_output_that_says_nothing_is_a_constant() -> None:
    class Wide(nn.Module):
        def forward(self, pairs: torch.Tensor) -> torch.Tensor:
            made = Product()(pairs)
            return torch.cat([made, 0 * made + 4.5], dim=-1)

    network = nn.Sequential(Wide())
    found = distill_modules(
        network, PAIRS, modules=["0"], epochs=0, names={"0": ["mass", "speed"]},
        regressor=SymbolicRegressor(max_nodes=9, evaluations=3_000),
    )  # fmt: skip
    module = found.modules["0"]
    assert module.expression.inputs == ("mass", "speed") and np.isnan(module.r2[1])
    assert module.expression.evaluate(np.ones((1, 2)))[0, 1] == pytest.approx(4.5)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"modules": ["pare"]}, "no module 'pare': did you mean pair"),
        ({"modules": []}, "a list of different names"),
        ({"modules": "pair"}, "a list of different names, as .*, not 'pair'"),
        ({"modules": ["last", "last"]}, "a list of different names"),
        ({"names": {"pare": ["a", "b"]}}, "names has 'pare', which .*: did you mean pair"),
        ({"names": {"pair": ["a", "a"]}}, "a, a"),
        ({"names": {"pair": ["a", "sin"]}}, "'sin' cannot name an input"),
        ({"names": ["a", "b"]}, "names has to be a dictionary"),
        ({"regressor": {"last": SymbolicRegressor()}}, "regressor has 'last', which is not among"),
        ({"regressor": "gp"}, "has to be a SymbolicRegressor or a dictionary"),
        ({"rows": 1}, "rows has to be 2 or more.*rows=1"),
        ({"epochs": -1}, "epochs=-1"),
        ({"learning_rate": 0.0}, "learning_rate=0.0"),
        ({"seed": -1}, "seed=-1"),
        ({"targets": np.zeros((150, 1))}, "have to be tensors, not ndarray"),
        ({"targets": torch.full((150, 1), torch.nan)}, "targets have values that are not finite"),
        ({"modules": ["pair"], "names": {"pair": ["a"]}}, "has 2 inputs, but 1 names"),
        ({"modules": ["pair"], "targets": torch.zeros(3)}, "returns the shape \\(150, 1\\)"),
    ],
)
def test_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        distilled("sum", **given)


def test_inputs_and_networks_that_are_none_are_refused() -> None:
    network: Any = OfASet("sum")
    for given, said in [
        (PAIRS.numpy(), "have to be tensors, not ndarray"),
        (PAIRS[:0], "not of \\[0\\] samples"),
        ([PAIRS, PAIRS[1:]], "not of \\[150, 149\\] samples"),
    ]:
        with pytest.raises(InputError, match=said):
            distill_modules(network, given, modules=["pair"])
    network.pair = nn.Sequential(Product())
    with pytest.raises(InputError, match=r"'pair\.0' is a part of 'pair'"):
        distill_modules(network, PAIRS, modules=["pair.0", "pair"])
    network = network.forward
    with pytest.raises(InputError, match="has to be a torch module"):
        distill_modules(network, PAIRS, modules=["pair"])


class Parts(nn.Module):
    """Two modules in a row, and a layer that can be trained."""

    def __init__(self) -> None:
        super().__init__()
        self.pair, self.cost = Product(), nn.Linear(1, 1).double()
        self.last = nn.Linear(1, 1).double()

    def forward(self, pairs: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = self.last(self.cost(self.pair(pairs)).sum(dim=1))
        return made


@pytest.mark.parametrize("line", ["training of the rest", "constants of all formulas"])
def test_ctrl_c_keeps_the_formulas_found_until_then(line: str) -> None:
    """In training the second module stays a network; in tuning both have formulas."""
    torch.manual_seed(0)
    network, steps = Parts(), list[int]()
    goal = 3.0 * network(PAIRS).detach() + 1.0

    def loss(said: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        if steps and said.requires_grad:
            steps.append(1)
            if len(steps) > 2:  # weights have changed
                raise KeyboardInterrupt
        return nn.functional.mse_loss(said, wanted)

    with pytest.warns(UserWarning, match="interrupted: formulas have pair"):
        found = distill_modules(
            network, PAIRS, goal, modules=["pair", "cost"], loss=loss,
            epochs=3 * line.startswith("training"),
            tell=lambda told: steps.append(0) if told == line else None,
            regressor=SymbolicRegressor(max_nodes=9, evaluations=2_000),
        )  # fmt: skip
    assert len(steps) == 3 and not found.network.training
    both = line.startswith("constants")
    assert [*found.modules] == (["pair", "cost"] if both else ["pair"])
    cost: Any = found.network.get_submodule("cost")
    assert isinstance(cost, FormulaModule) is both
    for name in ("last",) if both else ("last", "cost"):
        kept = found.network.get_submodule(name).state_dict()
        before = network.get_submodule(name).state_dict()
        assert all(torch.equal(kept[k], before[k]) for k in before)
    made = nn.functional.mse_loss(found.network(PAIRS), goal)
    assert found.losses[-1] == pytest.approx(made.item(), rel=1e-12)


def test_ctrl_c_in_a_search_ends_it_and_all_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    fit = SymbolicRegressor.fit

    def interrupted(self: SymbolicRegressor, *args: Any) -> SymbolicRegressor:
        fit(self, *args).interrupted_ = True
        return self

    monkeypatch.setattr(SymbolicRegressor, "fit", interrupted)
    with pytest.warns(UserWarning, match="formulas have pair; last stayed as given"):
        _, found = distilled("sum", modules=["pair", "last"], epochs=1)
    assert [*found.modules] == ["pair"] and isinstance(found.network.last, nn.Linear)

    def nothing(self: SymbolicRegressor, *args: Any) -> SymbolicRegressor:
        raise KeyboardInterrupt

    monkeypatch.setattr(SymbolicRegressor, "fit", nothing)
    with pytest.raises(KeyboardInterrupt):
        distilled("sum")


def test_names_of_functions_are_not_those_of_operators() -> None:
    """`sub` is an operator and `cost` one letter from one; `0` cannot be called, nor `a.0`."""
    names = ("sub", "cost", "0", "a.0", "a_0", "if")
    one = Builder(["x0"])
    module = one.build([one.op(Op.MUL, one.const(3.0), one.input(0))])
    made = {n: DistilledModule(n, SymbolicRegressor(), module, (1.0,)) for n in names}
    found = DistilledModules(nn.Identity(), made, ())
    assert [*found.functions] == ["sub_", "cost", "module_0", "a_0", "a_0_", "if_"]
    text = "y = " + " + ".join(f"{name}(t)" for name in found.functions)
    assert found.composed(text, ["t"]).expression.evaluate(np.ones((1, 1))).item() == 18.0


def test_what_is_wrong_in_a_composed_text_is_said() -> None:
    _, found = distilled("sum")
    for text, said in [
        ("pair(a)", "pair has 2 inputs \\(x0, x1\\), but the text calls it with 1"),
        ("pear(a, b)", "'pear' is no output of a module: did you mean pair"),
        ("p*pair(a, b)", "'p' is no input and no earlier result: .*the inputs are a, b"),
        ("k[a]*pair(a, b)", "'k' is no input"),
    ]:
        with pytest.raises(InputError, match=said):
            found.composed(text, ["a", "b"])


def test_modules_that_are_no_functions_of_a_row_are_refused() -> None:
    class Two(nn.Module):
        def forward(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
            return a + b

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.two, self.flat, self.idle = Two(), nn.Flatten(), nn.Linear(2, 2)

        def forward(self, pairs: torch.Tensor) -> torch.Tensor:
            made: torch.Tensor = self.flat(self.two(pairs, pairs))
            return made

    for name, said in [
        ("two", "take one tensor and return one"),
        ("flat", "makes 150 rows of 450"),
        ("idle", "is not called"),
    ]:
        with pytest.raises(InputError, match=said):
            record(Network(), name, [PAIRS])


@pytest.fixture(scope="module")
def example() -> dict[str, Any]:
    """The example with fewer particles' states, and the law of one particle."""
    script = runpy.run_path(str(EXAMPLE))
    states, goal = (torch.tensor(a, dtype=torch.float32) for a in script["motion"](500))
    network = script["trained"](states, goal, epochs=40)
    found = script["distilled"](network, states, goal, evaluations=20_000)
    law = found.composed(script["of_one_particle"](), script["inputs_of"]())
    return script | {"found": found, "law": law, "network": network}


def test_the_example_finds_the_force(example: dict[str, Any]) -> None:
    states, goal = example["motion"](300, seed=7)
    rows = np.hstack([states[:, :, :2].reshape(300, -1), states[:, 0, 2:]])
    errors = example["law"].expression.evaluate(rows) - goal[:, 0]
    with torch.no_grad():
        said = example["network"](torch.tensor(states, dtype=torch.float32)).numpy()[:, 0]
    # unlike the network's, the formula's errors are none beyond the data, too
    assert np.abs(errors).max() < 1e-3 < 0.05 < np.abs(said - goal[:, 0]).max()
    near = np.array([[0.0, 0.0, 0.25, 0.0, 9.0, 9.0, -9.0, 9.0, 0.0, 0.0]])
    far = near.copy()
    far[0, 2] = 0.5
    pushes = [example["law"].expression.evaluate(row)[0, 0] for row in (near, far)]
    assert pushes[1] == pytest.approx(-2.0, abs=0.02)  # 1/r, and the two far ones cancel
    assert pushes[0] == pytest.approx(-0.25 / 0.16, abs=0.02)  # as near as data go


@pytest.mark.sim
@pytest.mark.slow
def test_its_firmware_is_the_law_bit_for_bit(example: dict[str, Any], tmp_path: Path) -> None:
    law = example["found"].composed(example["of_one_particle"](3), example["inputs_of"](3))
    made = compile_text(law.text, ["fixed<7,3>"], folder=tmp_path / "law", name="law")
    spec, design = read_spec(tmp_path / "law")
    states, _ = example["motion"](200, seed=3)
    rows = np.hstack([states[:, :3, :2].reshape(200, -1), states[:, 0, 2:]])
    raw = np.stack([f.to_raw(c) for f, c in zip(spec.formats, rows.T, strict=True)], axis=1)
    case = Case(design, tmp_path / "law", raw, design.graph.evaluate(raw), tmp_path)
    assert np.array_equal(gpp.run_together([case])[0], case.expected)
    inputs = np.stack([f.to_real(c) for f, c in zip(spec.formats, raw.T, strict=True)], axis=1)
    exact = spec.expression.evaluate(inputs)
    assert np.abs(design.real_outputs(raw) - exact).max() <= max(design.errors) < 0.1
    assert made.design.digest == design.digest
