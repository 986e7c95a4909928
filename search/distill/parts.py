"""The parts of a distillation: searches that can be made again, in another process too.

A `Recipe` is small and says all that decides a part beside the distillation's own arguments. What
parts share, such as rows, is made once for each process.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np

from symtick.codegen import CostModel
from symtick.expr import SEARCH_NAMES, Expression, Op
from symtick.hwcost.search_model.table import SearchCost
from symtick.search.data.problem import Problem
from symtick.search.designs.evaluate import DesignEvaluator
from symtick.search.designs.front import FrontEntry
from symtick.search.designs.width_tuning import WidthTuning
from symtick.search.distill.given import read_given
from symtick.search.distill.settings import DistillConfig
from symtick.search.distill.template_designs import TemplateDesigns
from symtick.search.inputs.maps import InputMap
from symtick.search.joint.search import JointRows, JointSearch
from symtick.search.kernel_api.search import Search
from symtick.search.kernel_api.states import State
from symtick.search.layered.elimination import Elimination, LayeredRows, unpack
from symtick.search.layered.layers import OUTER_SHAPE, SHAPES, Layers
from symtick.search.shortening.shortening import Shortening, ShorteningRows
from symtick.settings import tightest

Kind = Literal["guess", "template", "joint", "layers", "refine", "shorten", "tune"]


@dataclass(frozen=True, eq=False)
class Recipe:
    """What a part is made of.

    Attributes:
        kind: of the part.
        number: of the part among those of its kind.
        form: the layered form that a `refine` part goes on from, packed; and
        shapes: its inner functions.
        entry: the design that a `refine`, `shorten` or `tune` part begins with.
    """

    kind: Kind
    number: int
    form: State = field(default_factory=dict)
    shapes: tuple[str, ...] = ()
    entry: FrontEntry | None = None

    @property
    def name(self) -> str:
        """Of the part; unique in a distillation."""
        if self.kind == "tune":
            return f"tune-{_of(self).name}"
        return f"{self.kind}-{self.number}"


@dataclass(frozen=True, eq=False)
class Ingredients:
    """The arguments of a distillation (see `Distiller`)."""

    problem: Problem
    config: DistillConfig
    model: CostModel
    cost: SearchCost
    inputs: InputMap | None


class Parts:
    """Makes the parts of one distillation.

    Args:
        ingredients: see there.

    Raises:
        InputError: the cost table is for another number of inputs, or a guess or the template
            cannot be read.
    """

    def __init__(self, ingredients: Ingredients) -> None:
        config = ingredients.config
        self.problem, self.config = ingredients.problem, config
        self.evaluator = DesignEvaluator(
            ingredients.problem, ingredients.model, ingredients.cost, config.decision,
            config.scheduler, ingredients.inputs, config.choice.max_ticks, config.latency,
        )  # fmt: skip
        problem = self.problem
        self._given = read_given(
            config.given, problem.input_names, problem.output_names, problem.formats,
            ingredients.inputs,
        )  # fmt: skip

    def made(self, recipe: Recipe) -> Search[FrontEntry]:
        """The part, before its first slice."""
        makers: dict[Kind, Callable[[Recipe], Search[FrontEntry]]] = {
            "guess": self._guessed,
            "template": self._templated,
            "joint": self._joint,
            "layers": self._layered,
            "refine": self._refined,
            "shorten": self._shortened,
            "tune": self._tuned,
        }
        return makers[recipe.kind](recipe)

    def first(self) -> list[Recipe]:
        """Of the first round: what is given, joint models and layered forms."""
        config = self.config
        given = [Recipe("guess", k) for k in range(len(self._given.guesses))]
        given += [Recipe("template", 0)] if self._given.template is not None else []
        joint = [Recipe("joint", k) for k in range(config.joint.starts)]
        shapes = self._shapes
        layered = [
            Recipe("layers", k, shapes=shapes if config.layered.mixed and k % 2 else shapes[:1])
            for k in range(len(config.layered.hidden))
        ]
        return [*given, *joint, *(layered if self._allowed(OUTER_SHAPE) and shapes else [])]

    # --- rows, once for all parts of a kind ------------------------------------------------------

    @cached_property
    def _joint_rows(self) -> JointRows:
        return JointRows.of(self.problem, self.config.joint)

    @cached_property
    def _layered_rows(self) -> LayeredRows:
        return LayeredRows.of(self.evaluator, self.config.layered)

    @cached_property
    def _shortening_rows(self) -> ShorteningRows:
        return ShorteningRows.of(self.evaluator, self.config.shortening)

    # --- parts -----------------------------------------------------------------------------------

    def _guessed(self, recipe: Recipe) -> Shortening:
        guess = self._given.guesses[recipe.number]
        return Shortening(
            recipe.name, self.evaluator, self._shortening_rows, self.config.shortening, self._ops,
            lambda: guess, whole=True,
        )  # fmt: skip

    def _templated(self, recipe: Recipe) -> TemplateDesigns:
        config, template = self.config, self._given.template
        assert template is not None  # there is no such recipe otherwise
        seed = int(np.random.default_rng([config.seed, 5]).integers(2**62))
        engine = replace(config.joint.engine, ops=config.ops, seed=seed)
        return TemplateDesigns(
            recipe.name, template, self.evaluator, self._shortening_rows.final, config.given,
            config.shortening, engine,
        )  # fmt: skip

    def _joint(self, recipe: Recipe) -> JointSearch:
        config, settings = self.config, self.config.joint
        limits, choice = settings.engine.limits, config.choice
        limits = replace(
            limits,
            max_ticks=tightest(limits.max_ticks, choice.max_ticks),
            max_lut=tightest(limits.max_lut, choice.max_lut),
        )
        engine = replace(settings.engine, ops=config.ops, limits=limits)
        seed = int(np.random.default_rng([config.seed, 1, recipe.number]).integers(2**62))
        return JointSearch(
            recipe.name,
            self.evaluator,
            self._joint_rows,
            settings,
            engine,
            config.fixed_point,
            seed,
        )

    def _layered(self, recipe: Recipe) -> Elimination:
        settings, problem = self.config.layered, self.problem
        center = np.zeros(problem.outputs)
        if problem.kind == "values":
            center = problem.targets[problem.train].mean(axis=0)
        starts = [
            Layers.random(
                self._layered_rows.codes,
                settings.hidden[recipe.number],
                recipe.shapes,
                center,
                problem.spread,
                np.random.default_rng([self.config.seed, 2, recipe.number, k]),
                self._reference(recipe.number),
            )
            for k in range(settings.starts)
        ]
        return Elimination(recipe.name, self.evaluator, self._layered_rows, settings, starts)

    def _refined(self, recipe: Recipe) -> Elimination:
        """Goes on from a pruned form."""
        rows = self._layered_rows
        start = unpack(recipe.form, rows.codes, recipe.shapes)
        return Elimination(
            recipe.name, self.evaluator, rows, self.config.layered, [start], fitted=True
        )

    def _shortened(self, recipe: Recipe) -> Shortening:
        entry = _of(recipe)

        def start() -> Expression:
            return entry.expression

        return Shortening(
            recipe.name, self.evaluator, self._shortening_rows, self.config.shortening, self._ops,
            start,
        )  # fmt: skip

    def _tuned(self, recipe: Recipe) -> WidthTuning:
        tuning = self.config.tuning
        share = tuning.rmse if self.problem.kind == "values" else tuning.accuracy
        assert share is not None  # there are no such recipes otherwise
        shares = [share * multiple for multiple in tuning.multiples]
        return WidthTuning(self.evaluator, _of(recipe), shares, tuning.rows)

    def _reference(self, number: int) -> int | None:
        """The score that stays constant, as only differences of class scores count; or None."""
        problem = self.problem
        relative = problem.kind == "classes" and problem.outputs > 1
        relative = relative and self.config.decision.differences_only
        return number % problem.outputs if relative else None

    @property
    def _ops(self) -> frozenset[Op]:
        return frozenset(SEARCH_NAMES[name] for name in self.config.ops)

    @property
    def _shapes(self) -> tuple[str, ...]:
        return tuple(s for s in self.config.layered.shapes if self._allowed(s))

    def _allowed(self, shape: str) -> bool:
        return all(op in self._ops for op in SHAPES[shape][2])


def _of(recipe: Recipe) -> FrontEntry:
    assert recipe.entry is not None
    return recipe.entry
