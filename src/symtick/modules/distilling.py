"""`distill_modules`: modules of a network become formulas, in turn.

The way of Cranmer et al. 2020 (arXiv:2006.11287), who found force laws in the messages of graph
networks: what a module computes on data is fitted by formulas, which take its place; what is left
of the network is trained again before the next module, and all constants together at the end.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from sklearn.base import clone
from torch import nn

from symtick.errors import InputError, did_you_mean
from symtick.estimators.regressor import SymbolicRegressor
from symtick.expr import Builder, Expression, Formulas, can_name, check_names, default_names
from symtick.expr.parsing import can_call
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

        One of a single output has the module's own name. A dot in it becomes `_`; `module_` comes
        before a digit, and `_` behind a name that an operator or another function has.
        """
        made: dict[str, Expression] = {}
        for name, module in self.modules.items():
            count = len(module.expression.outputs)
            for k in range(count):
                word = _word(name if count == 1 else f"{name}_{k}")
                while word in made or can_call(word, {}) or not can_name(word):
                    word += "_"
                made[word] = module.expression.select([k])
        return made

    def composed(self, text: str, inputs: Sequence[str]) -> Formulas:
        """Formulas that call the modules by name, as one expression with the modules written out.

        Args:
            text: as "fx = message_0(x1 - x0) + message_0(x2 - x0); ax = node_0(fx)".
            inputs: names of the inputs, in order.

        Raises:
            InputError: the text cannot be read, or calls what is no module's output.
        """
        functions = self.functions
        template = read_template(text, inputs, known=functions)
        if unknown := [n for n in template.of_kind("function") if n not in functions]:
            meant = did_you_mean(unknown[0], functions)
            raise InputError(
                f"{unknown[0]!r} is no output of a module: {meant}there are {', '.join(functions)}"
            )
        if unknown := [*template.of_kind("parameter"), *template.of_kind("category")]:
            meant = did_you_mean(unknown[0], inputs)
            raise InputError(
                f"{unknown[0]!r} is no input and no earlier result: {meant}the inputs are "
                f"{', '.join(inputs)}"
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

    Ctrl-C ends it early, with a warning: modules that have a formula then are returned with it, one
    that is being searched for with the best so far, the others stay networks; the training or
    tuning that was under way is undone.

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
        InputError: an argument or a module is not acceptable, or no formula is found.
        KeyboardInterrupt: Ctrl-C came before any formula.
    """
    given = [inputs] if isinstance(inputs, torch.Tensor) else list(inputs)
    _check_modules(network, modules, names, regressor)
    _check_numbers(rows, epochs, learning_rate, seed)
    with one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        made = copy.deepcopy(network).eval()
        job = _Job(made, given, _goal(made, given, targets), loss, tell)
        try:
            for name in modules:
                chosen = regressor.get(name) if isinstance(regressor, Mapping) else regressor
                job.distil(name, chosen or SymbolicRegressor(), (names or {}).get(name), rows, seed)
                job.train(epochs, learning_rate)
            job.tune()
        except KeyboardInterrupt:
            if not job.found:
                raise
            job.say_interrupted(modules)
        return job.result()


def _check_modules(
    network: nn.Module,
    modules: Sequence[str],
    names: Mapping[str, Sequence[str]] | None,
    regressor: SymbolicRegressor | Mapping[str, SymbolicRegressor] | None,
) -> None:
    if not isinstance(network, nn.Module):
        raise InputError(f"network has to be a torch module, not {type(network).__name__}")
    if isinstance(modules, str) or not modules or len(set(modules)) < len(modules):
        raise InputError(
            f"modules has to be a list of different names, as ['message', 'node'], not {modules!r}"
        )
    for name in modules:
        find_module(network, name)
        if inside := [other for other in modules if other.startswith(f"{name}.")]:
            raise InputError(
                f"the module {inside[0]!r} is a part of {name!r}, which becomes one formula: leave "
                "one of them out"
            )
    if not isinstance(regressor, Mapping | SymbolicRegressor | None):
        raise InputError(
            "regressor has to be a SymbolicRegressor or a dictionary of some by module, not "
            f"{type(regressor).__name__}"
        )
    if not isinstance(names, Mapping | None):
        raise InputError(f"names has to be a dictionary of lists by module, not {names!r}")
    for what, by_module in (("names", names), ("regressor", regressor)):
        if isinstance(by_module, Mapping):
            for name in by_module:
                if name not in modules:
                    meant = did_you_mean(name, modules)
                    raise InputError(
                        f"{what} has {name!r}, which is not among the modules: {meant}they are "
                        f"{', '.join(modules)}"
                    )


def _check_numbers(rows: int, epochs: int, learning_rate: float, seed: int) -> None:
    if rows < 2 or epochs < 0 or seed < 0 or not learning_rate > 0:
        raise InputError(
            "rows has to be 2 or more, epochs and seed 0 or more, learning_rate positive, not "
            f"rows={rows}, epochs={epochs}, seed={seed}, learning_rate={learning_rate}"
        )


def _word(name: str) -> str:
    """A module's name as a function's."""
    return f"module_{name}".replace(".", "_") if name[:1].isdigit() else name.replace(".", "_")


def _goal(
    network: nn.Module, inputs: Sequence[torch.Tensor], targets: torch.Tensor | None
) -> torch.Tensor:
    for tensor in (*inputs, *(() if targets is None else (targets,))):
        if not isinstance(tensor, torch.Tensor):
            kind = type(tensor).__name__
            raise InputError(f"inputs and targets have to be tensors, not {kind}: torch.as_tensor")
    counts = [len(tensor) if tensor.ndim else 0 for tensor in inputs]
    if not counts or len(set(counts)) > 1 or not counts[0]:
        raise InputError(
            f"inputs have to be tensors of as many samples, not of {counts or 'none'} samples"
        )
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
    if not targets.isfinite().all():
        raise InputError("targets have values that are not finite: leave these samples out")
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
    columns = list(default_names(count) if names is None else check_names(names))
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
    losses: list[float] = field(default_factory=list)
    found: list[DistilledModule] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.losses.append(self._now())

    def distil(
        self,
        name: str,
        regressor: SymbolicRegressor,
        columns: Sequence[str] | None,
        rows: int,
        seed: int,
    ) -> None:
        """A formula for a module, put in its place; KeyboardInterrupt where its search was cut."""
        self.tell(f"formula of {name}")
        seen = _drawn(record(self.network, name, self.inputs), rows, seed)
        self.put_in(_distilled(name, seen, regressor, columns))
        if self.found[-1].regressor.interrupted_:
            raise KeyboardInterrupt

    def put_in(self, found: DistilledModule) -> None:
        """A formula in the place of its module; its constants rest until the end."""
        formula = FormulaModule(found.expression, self.goal.dtype)
        formula.requires_grad_(requires_grad=False)
        replace_module(self.network, found.name, formula)
        self.found.append(found)

    def result(self) -> DistilledModules:
        """The network, and the formulas with the constants as they are."""
        modules = {
            m.name: replace(m, expression=_formula_in(self.network, m.name).tuned())
            for m in self.found
        }
        self.network.to(self.goal.dtype)
        self.losses.append(self._now())
        return DistilledModules(self.network, modules, tuple(self.losses))

    def say_interrupted(self, modules: Sequence[str]) -> None:
        """A warning that says what is kept."""
        left = ", ".join(modules[len(self.found) :])
        warnings.warn(
            f"distilling was interrupted: formulas have {', '.join(m.name for m in self.found)}; "
            + (f"{left} stayed as given" if left else "their constants are not tuned"),
            stacklevel=3,
        )

    def train(self, epochs: int, learning_rate: float) -> None:
        """What is left of the network; as it was, where that makes it worse."""
        free = [p for p in self.network.parameters() if p.requires_grad]
        if free and epochs:
            self.tell("training of the rest")
            with self._undone_where_worse(self._now):
                fit_module(
                    _ByRow(self.network, self.inputs), torch.arange(len(self.goal)), self.goal,
                    self.loss, epochs=epochs, batch=BATCH, learning_rate=learning_rate,
                )  # fmt: skip
        self.losses.append(self._now())

    def tune(self) -> None:
        """All constants and what is left of the network together, in double precision."""
        self.tell("constants of all formulas")
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
        optimiser = torch.optim.LBFGS(
            list(free), max_iter=TUNING, line_search_fn="strong_wolfe",
            tolerance_grad=TINY, tolerance_change=TINY,
        )  # fmt: skip

        def closure() -> float:
            optimiser.zero_grad()
            value = self.loss(self.network(*inputs), goal)
            value.backward()  # type: ignore[no-untyped-call]
            return float(value.detach())

        with self._undone_where_worse(lambda: _loss(self.network, inputs, goal, self.loss)):
            optimiser.step(closure)  # type: ignore[no-untyped-call]

    def _now(self) -> float:
        return _loss(self.network, self.inputs, self.goal, self.loss)

    @contextmanager
    def _undone_where_worse(self, measured: Callable[[], float]) -> Iterator[None]:
        """Weights as they were, where a block made the loss larger or was interrupted."""
        before = {k: v.clone() for k, v in self.network.state_dict().items()}
        start, better = measured(), False
        try:
            yield
            better = measured() <= start
        finally:
            if not better:
                self.network.load_state_dict(before)
            self.network.eval()


def _double(values: torch.Tensor) -> torch.Tensor:
    return values.double() if values.is_floating_point() else values
