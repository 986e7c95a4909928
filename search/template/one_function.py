"""The search for one function of a template while the others stay: a regression of its own.

What the function would have to be at each row follows from the target by Newton's method, and what
an error of it would cost from the template's derivative. In a template that is linear in the
function, as f + g or f * g, this is exact.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError
from symtick.expr import Op, Program
from symtick.hwcost.search_model.table import SearchCost
from symtick.search.evolution.settings import EngineConfig
from symtick.search.grammar.grammar import Rules, Vocabulary
from symtick.search.hybrid.settings import HybridConfig
from symtick.search.kernel_api.evaluation import Derivatives
from symtick.search.kernel_api.rows import LITERAL, Rows
from symtick.search.kernel_api.search import run
from symtick.search.regression.regression import search_of
from symtick.search.regression.scaling import ScaledTask
from symtick.search.regression.task import Task
from symtick.search.template.composing import Composed, Composer, Function, Genome

Floats = npt.NDArray[np.float64]
NEWTON = 16  # steps, those that went too far among them
LEAST_ROWS = 5
LARGEST = 1e6  # of a value that a function would have to take, beside its median


@dataclass(frozen=True, eq=False)
class Alone:
    """A regression for one function.

    Attributes:
        X: its arguments, shape (rows, arguments).
        y: values that it would have to take, shape (rows,).
        weights: what errors of these cost, shape (rows,).
    """

    X: Floats
    y: Floats
    weights: Floats


class OneFunction:
    """Makes and searches such regressions.

    Args:
        composer: puts genomes into the template.
        config: settings of the engine.
        rules: of each function.
        cost: prices functions of so many arguments.
        hybrid: settings of all but the engine.
    """

    def __init__(
        self,
        composer: Composer,
        config: EngineConfig,
        rules: tuple[Rules, ...],
        cost: Callable[[int], SearchCost],
        hybrid: HybridConfig,
    ) -> None:
        self.composer, self.config, self.rules = composer, config, rules
        self.cost, self.hybrid = cost, hybrid

    def possible(self, place: int) -> bool:
        """Whether the function is called with one set of arguments, and these are not its own."""
        calls = self.composer.calls(place)
        return len(calls) == 1

    def found(
        self, genome: Genome, place: int, rows: Rows, budget: int, seed: int, threads: int = 1
    ) -> tuple[list[Genome], int, int]:
        """Genomes with another function at a place, the evaluations and passes that they took.

        Args:
            genome: where the search starts.
            place: number of the function.
            rows: of the composer.
            budget: evaluations.
            seed: of the search.
            threads: of the search.
        """
        alone = self.alone(genome, place, rows)
        if alone is None:
            return [], 0, 0
        vocabulary = self.composer.vocabularies[place]
        task = self._task(alone, vocabulary, place, budget, seed)
        text = _text(vocabulary, genome.functions[place])
        scaled = ScaledTask.of(replace(task, guesses=(text,)))
        try:
            search = search_of(scaled.inner)
        except InputError:  # the present function is beyond what the search can write
            search = search_of(ScaledTask.of(task).inner)
        run(search, budget, threads)
        made = [
            genome.with_function(place, _function(vocabulary, c.sequence, c.constants))
            for c in scaled.front(search.front())
            if c.sequence
        ]
        return made, search.status.evaluations, search.status.passes

    def alone(self, genome: Genome, place: int, rows: Rows) -> Alone | None:
        """The regression for a function; None where it does not matter or is not finite."""
        slot = self.composer.calls(place)[0]
        whole = self.composer.composed(genome, place)
        programs = [self.composer.composed(genome, output=k) for k in slot.arguments]
        own = self._own(genome, place)
        if whole is None or own is None or any(p is None for p in programs):
            return None
        blocks = self.composer.template.results
        count = len(rows.y) // blocks
        first = Derivatives(rows.X[:count])
        arguments = first.values([p.program for p in programs if p is not None]).T
        start = first.values([own.program])[0]
        values, curvature = self._values(whole, start, rows, blocks)
        good = np.isfinite(arguments).all(axis=1) & np.isfinite(values) & np.isfinite(curvature)
        good &= curvature > 0.0
        size = np.median(np.abs(values[good])) if good.any() else 0.0
        good &= np.abs(values) <= LARGEST * max(size, 1e-9)
        if good.sum() < LEAST_ROWS:
            return None
        weights = curvature[good] / curvature[good].mean()
        return Alone(np.ascontiguousarray(arguments[good]), values[good], weights)

    def _own(self, genome: Genome, place: int) -> Composed | None:
        """The function's present values, as a program over all columns."""
        template = self.composer.template
        number = next(
            len(template.columns) + k
            for k, s in enumerate(template.slots)
            if s.name == self.composer.functions[place]
        )
        return self.composer.of_input(genome, number)

    def _values(
        self, whole: Composed, start: Floats, rows: Rows, blocks: int
    ) -> tuple[Floats, Floats]:
        """What the function would have to be, and half the curvature of the loss by it."""
        program, kinds = _shifted(whole, self.composer.free)
        X, weights = rows.X.copy(), rows.weights.reshape(blocks, -1)
        values, step = start.copy(), np.zeros(len(start))
        best, curvature = np.full(len(start), np.inf), np.zeros(len(start))
        with np.errstate(all="ignore"):
            for _ in range(NEWTON):
                trial = values + step
                X[:, self.composer.free] = np.tile(np.where(np.isfinite(trial), trial, 0.0), blocks)
                predicted, slopes = Derivatives(X).jacobian(program, kinds)
                errors = (rows.y - predicted).reshape(blocks, -1)
                slope = slopes[:, 0].reshape(blocks, -1) if slopes.size else np.zeros_like(errors)
                loss = (weights * errors**2).sum(axis=0)
                bend = (weights * slope**2).sum(axis=0)
                better = (loss < best) & np.isfinite(trial) & np.isfinite(bend)
                values, best = np.where(better, trial, values), np.where(better, loss, best)
                curvature = np.where(better, bend, curvature)
                whole_step = (weights * slope * errors).sum(axis=0) / bend
                step = np.where(better, whole_step, 0.25 * step)  # too far: less of it
                if not (np.abs(step) > 1e-12 * np.abs(values)).any():
                    break
        return values, curvature

    def _task(
        self, alone: Alone, vocabulary: Vocabulary, place: int, budget: int, seed: int
    ) -> Task:
        config = replace(
            self.config,
            rules=self.rules[place],
            seed=seed,
            loss="mse",
            target_loss=None,
            complexity={t.name: t.complexity for t in vocabulary.tokens if t.complexity != 1.0},
        )
        return Task(
            X=alone.X, y=alone.y, names=vocabulary.inputs, cost=self.cost(alone.X.shape[1]),
            config=config, weights=alone.weights, evaluations=budget, hybrid=self.hybrid,
        )  # fmt: skip


def _shifted(whole: Composed, free: int) -> tuple[Program, list[int]]:
    """The program with the last column plus a constant of 0 in its place, the only free one."""
    program = whole.program
    ops: list[int] = []
    args: list[int] = []
    consts: list[float] = []
    kinds: list[int] = []
    for op, arg in zip(program.ops.tolist(), program.args.tolist(), strict=True):
        if op == Op.CONST:
            args.append(len(consts))
            consts.append(float(program.consts[arg]))
            kinds.append(LITERAL)
        else:
            args.append(arg)
        ops.append(op)
        if op == Op.INPUT and arg == free:
            ops += [int(Op.CONST), int(Op.ADD)]
            args += [len(consts), 0]
            consts.append(0.0)
            kinds.append(1)
    arrays = np.array(ops, np.uint8), np.array(args, np.int32), np.array(consts, np.float64)
    return Program(*arrays), kinds


def _text(vocabulary: Vocabulary, function: Function) -> str:
    constant = vocabulary.places.get("const", -1)
    return vocabulary.text([t for t, _ in function], [v for t, v in function if t == constant])


def _function(
    vocabulary: Vocabulary, tokens: tuple[int, ...], constants: tuple[float, ...]
) -> Function:
    values = iter(constants)
    constant = vocabulary.places.get("const", -1)
    return tuple((t, next(values) if t == constant else 0.0) for t in tokens)
