"""`distill_modules`: modules of a network become formulas, in turn.

The way of Cranmer et al. 2020 (arXiv:2006.11287), who found force laws in the messages of graph
networks: what a module computes on data is fitted by formulas, which take its place; what is left
of the network is trained again before the next module, and all constants together at the end.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from sklearn.base import clone
from torch import nn

from symtick.errors import InputError
from symtick.estimators.regressor import SymbolicRegressor
from symtick.expr import Builder, Expression, Formulas
from symtick.expr.templates import Parts, read_template
from symtick.modules.formula import (
    Floats,
    FormulaModule,
    Recording,
    find_module,
    record,
    replace_module,
)
from symtick.search.teachers.train import fit_module
from symtick.search.torch_threads import one_thread

TorchLoss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
Tensors = torch.Tensor | Sequence[torch.Tensor]
NEGLIGIBLE = 1e-4  # of the largest variance of a module's outputs: below it one is a constant
BATCH = 256
TUNING = 200  # steps of L-BFGS, at the end
TINY = 1e-14  # slope and step at which they end


@dataclass(frozen=True, eq=False)
class DistilledModule:
    """A module that became a formula.

    Attributes:
        name: of the module.
        regressor: that found it, fitted; of the outputs that are not negligible.
        expression: its outputs over its inputs, with the constants as they are at the end.
        r2: share of each output's variance that the formula explained when it was found; NaN of
            those that are constants.
    """

    name: str
    regressor: SymbolicRegressor
    expression: Expression
    r2: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class DistilledModules:
    """A network with formulas inside.

    Attributes:
        network: a copy of the network with the formulas in the modules' places.
        modules: by name.
        losses: mean loss over all samples of the network as it was given, after each module's
            formula took its place and the rest was trained, and after the constants were tuned.
    """

    network: nn.Module
    modules: Mapping[str, DistilledModule]
    losses: tuple[float, ...]

    @property
    def functions(self) -> dict[str, Expression]:
        """Each output of each module as a function, `message_0`, `message_1`, ... of `message`.

        One of a single output has the module's own name; a dot in it becomes `_`.
        """
        made: dict[str, Expression] = {}
        for name, module in self.modules.items():
            word, count = name.replace(".", "_"), len(module.expression.outputs)
            for k in range(count):
                made[word if count == 1 else f"{word}_{k}"] = module.expression.select([k])
        return made

    def composed(self, text: str, inputs: Sequence[str]) -> Formulas:
        """Formulas that call the modules by name, as one expression with the modules written out.

        Args:
            text: as "fx = message_0(x1 - x0) + message_0(x2 - x0); ax = node_0(fx)".
            inputs: names of the inputs, in order.

        Raises:
            InputError: the text cannot be read, or calls what is no module's output.
        """
        template = read_template(text, inputs)
        functions = self.functions
        if unknown := [n for n in template.of_kind("function") if n not in functions]:
            raise InputError(
                f"{unknown[0]!r} is no output of a module: there are {', '.join(functions)}"
            )
        whole = template.filled(Parts(functions))
        names = tuple(template.names) or tuple(f"y{k}" for k in range(template.results))
        return Formulas(whole, names)


def distill_modules(
    network: nn.Module,
    inputs: Tensors,
    targets: torch.Tensor | None = None,
    *,
    modules: Sequence[str],
    regressor: SymbolicRegressor | Mapping[str, SymbolicRegressor] | None = None,
    names: Mapping[str, Sequence[str]] | None = None,
    loss: TorchLoss = nn.functional.mse_loss,
    rows: int = 2000,
    epochs: int = 20,
    learning_rate: float = 1e-3,
    seed: int = 0,
    tell: Callable[[str], None] = lambda line: None,
) -> DistilledModules:
    """Replace modules of a network by formulas.

    Each has to be a function of the last axis of one tensor, as a perceptron on edges or nodes is;
    what lies between them (sums, means or maxima over a set) stays as it is.

    Args:
        network: it; a copy is changed.
        inputs: what it is called with, a tensor or several, first axis the samples.
        targets: what it should say; None for what it says itself.
        modules: names of the modules, in the order in which they become formulas.
        regressor: finds the formulas of all modules, or of each by name; None for the usual one.
        names: by module names of its inputs; x0, x1, ... for others.
        loss: of outputs and targets, averaged over samples.
        rows: that a formula is searched over, drawn from all that the module sees.
        epochs: over the samples, in which the rest is trained after each module; 0 for none.
        learning_rate: of that.
        seed: of the rows and the training.
        tell: is told what is done next.

    Raises:
        InputError: there is no such module, it is no such function, or no formula is found.
    """
    given = [inputs] if isinstance(inputs, torch.Tensor) else list(inputs)
    if not modules or len(set(modules)) < len(modules):
        raise InputError(f"modules must be one name or several different ones, not {modules!r}")
    for name in modules:
        find_module(network, name)
    with one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        made = copy.deepcopy(network).eval()
        goal = _goal(made, given, targets)
        job = _Job(made, given, goal, loss, tell, [_loss(made, given, goal, loss)])
        found = list[DistilledModule]()
        for name in modules:
            tell(f"formula of {name}")
            chosen = regressor.get(name) if isinstance(regressor, Mapping) else regressor
            seen = _drawn(record(made, name, given), rows, seed)
            columns = None if names is None else names.get(name)
            found.append(_distilled(name, seen, chosen or SymbolicRegressor(), columns))
            job.put_in(found[-1], epochs, learning_rate)
        return job.tuned(found)


def _goal(
    network: nn.Module, inputs: Sequence[torch.Tensor], targets: torch.Tensor | None
) -> torch.Tensor:
    with torch.no_grad():
        said = network(*inputs)
    if not isinstance(said, torch.Tensor):
        raise InputError(f"the network has to return one tensor, not {type(said).__name__}")
    if targets is None:
        return said
    if targets.shape != said.shape:
        raise InputError(
            f"the network returns the shape {tuple(said.shape)}, but targets have "
            f"{tuple(targets.shape)}"
        )
    return targets


def _loss(
    network: nn.Module, inputs: Sequence[torch.Tensor], goal: torch.Tensor, loss: TorchLoss
) -> float:
    with torch.no_grad():
        return float(loss(network(*inputs), goal))


def _drawn(seen: Recording, rows: int, seed: int) -> Recording:
    if len(seen.inputs) <= rows:
        return seen
    chosen = np.random.default_rng(seed).choice(len(seen.inputs), rows, replace=False)
    return Recording(seen.inputs[chosen], seen.outputs[chosen])


def _distilled(
    name: str, seen: Recording, regressor: SymbolicRegressor, names: Sequence[str] | None
) -> DistilledModule:
    """Formulas of a module's outputs; those that hardly vary are constants."""
    count = seen.inputs.shape[1]
    if names is not None and len(names) != count:
        raise InputError(f"the module {name!r} has {count} inputs, but {len(names)} names")
    columns = [f"x{k}" for k in range(count)] if names is None else list(names)
    spreads = seen.outputs.var(axis=0)
    varying = np.flatnonzero(spreads > NEGLIGIBLE * spreads.max())
    if not len(varying):
        raise InputError(f"the module {name!r} says the same for all rows: leave it out")
    goals = seen.outputs[:, varying]
    fitted = clone(regressor)
    fitted.fit(
        pd.DataFrame(seen.inputs, columns=columns), goals[:, 0] if len(varying) == 1 else goals
    )
    equations = [fitted.equation(None, k).expression for k in range(len(varying))]
    inputs = equations[0].inputs
    levels = seen.outputs.mean(axis=0)
    parts = [_constant(inputs, float(level)) for level in levels]
    for k, equation in zip(varying, equations, strict=True):
        parts[k] = equation
    whole = Expression.join(parts)
    return DistilledModule(name, fitted, whole, _explained(whole, seen, varying))


def _constant(inputs: tuple[str, ...], value: float) -> Expression:
    builder = Builder(inputs)
    return builder.build([builder.const(value)])


def _explained(
    whole: Expression, seen: Recording, varying: npt.NDArray[np.intp]
) -> tuple[float, ...]:
    errors = np.mean((whole.evaluate(seen.inputs) - seen.outputs) ** 2, axis=0)
    shares: Floats = np.full(len(errors), np.nan)
    spreads = seen.outputs.var(axis=0)
    shares[varying] = 1.0 - errors[varying] / spreads[varying]
    return tuple(shares.tolist())


def _formula_in(network: nn.Module, name: str) -> FormulaModule:
    module = find_module(network, name)
    assert isinstance(module, FormulaModule)
    return module


class _ByRow(nn.Module):
    """A network as a function of the numbers of samples."""

    def __init__(self, network: nn.Module, inputs: Sequence[torch.Tensor]) -> None:
        super().__init__()
        self.network, self.inputs = network, inputs

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = self.network(*(t[rows] for t in self.inputs))
        return made


@dataclass
class _Job:
    """The network as it is changed, and what it is trained on."""

    network: nn.Module
    inputs: Sequence[torch.Tensor]
    goal: torch.Tensor
    loss: TorchLoss
    tell: Callable[[str], None]
    losses: list[float]

    def put_in(self, found: DistilledModule, epochs: int, learning_rate: float) -> None:
        """A formula in the place of its module; its constants rest until the end."""
        formula = FormulaModule(found.expression, self.goal.dtype)
        formula.requires_grad_(requires_grad=False)
        replace_module(self.network, found.name, formula)
        if epochs:
            self.train(epochs, learning_rate)
        self.losses.append(self._now())

    def tuned(self, found: Sequence[DistilledModule]) -> DistilledModules:
        """The network with all constants tuned, and the formulas with these."""
        self.tell("constants of all formulas")
        self.tune()
        modules = {
            m.name: replace(m, expression=_formula_in(self.network, m.name).tuned()) for m in found
        }
        self.network.to(self.goal.dtype)
        self.losses.append(self._now())
        return DistilledModules(self.network, modules, tuple(self.losses))

    def train(self, epochs: int, learning_rate: float) -> None:
        """What is left of the network; as it was, where that makes it worse."""
        free = [p for p in self.network.parameters() if p.requires_grad]
        if not free:
            return
        self.tell("training of the rest")
        before, loss = self._kept(), self._now()
        fit_module(
            _ByRow(self.network, self.inputs), torch.arange(len(self.goal)), self.goal, self.loss,
            epochs=epochs, batch=BATCH, learning_rate=learning_rate,
        )  # fmt: skip
        if not self._now() <= loss:
            self.network.load_state_dict(before)

    def tune(self) -> None:
        """All constants and what is left of the network together, in double precision."""
        self.network.double()
        for name, module in self.network.named_modules():
            if isinstance(module, FormulaModule) and name:
                module.requires_grad_()
        inputs, goal = [_double(t) for t in self.inputs], self.goal.double()
        free = [p for p in self.network.parameters() if p.requires_grad and p.numel()]
        if free:
            self._descend(free, inputs, goal)

    def _descend(
        self, free: Sequence[nn.Parameter], inputs: Sequence[torch.Tensor], goal: torch.Tensor
    ) -> None:
        before = self._kept()
        start = _loss(self.network, inputs, goal, self.loss)
        optimiser = torch.optim.LBFGS(
            list(free), max_iter=TUNING, line_search_fn="strong_wolfe",
            tolerance_grad=TINY, tolerance_change=TINY,
        )  # fmt: skip

        def closure() -> float:
            optimiser.zero_grad()
            value = self.loss(self.network(*inputs), goal)
            value.backward()  # type: ignore[no-untyped-call]
            return float(value.detach())

        optimiser.step(closure)  # type: ignore[no-untyped-call]
        if not _loss(self.network, inputs, goal, self.loss) <= start:
            self.network.load_state_dict(before)

    def _now(self) -> float:
        return _loss(self.network, self.inputs, self.goal, self.loss)

    def _kept(self) -> dict[str, torch.Tensor]:
        return {k: v.clone() for k, v in self.network.state_dict().items()}


def _double(values: torch.Tensor) -> torch.Tensor:
    return values.double() if values.is_floating_point() else values
