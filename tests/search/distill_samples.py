"""Small problems and short settings for the distiller's tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from symtick.codegen import Fixed
from symtick.expr import SEARCH_NAMES, Program, parse
from symtick.hwcost import model
from symtick.hwcost.search_model.table import SearchCost
from symtick.search.data.problem import Problem
from symtick.search.designs.settings import ChoiceSettings
from symtick.search.distill.distill import Distiller
from symtick.search.distill.settings import DistillConfig, FixedPointSettings
from symtick.search.evolution.settings import EngineConfig, Limits
from symtick.search.joint.settings import JointSettings
from symtick.search.layered.settings import LayeredSettings
from symtick.search.shortening.settings import ShorteningSettings
from symtick.search.shortening.shortening import Shortening, ShorteningRows

FORMATS = (Fixed(5, 4), Fixed(6, 5), Fixed(5, 4), Fixed(5, 4))


def inputs(rows: int = 1200, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1.0, 1.0, (rows, len(FORMATS)))


def scores(X: np.ndarray) -> np.ndarray:
    first = 3.0 * np.tanh(2.0 * X[:, 0] + X[:, 1] * X[:, 3])
    second = 4.0 * np.exp(-4.0 * X[:, 1] ** 2) - 2.0
    return np.stack([first, second, X[:, 0] - 2.0 * X[:, 2] + X[:, 3]], axis=1)


def classes(rows: int = 1200) -> Problem:
    X = inputs(rows)
    return Problem.from_scores(X, scores(X), FORMATS, output_names=["a", "b", "c"])


def values(outputs: int = 2) -> Problem:
    X = inputs()
    goal = np.stack([np.sin(3.0 * X[:, 0]) + 10.0, 100.0 * X[:, 1] * X[:, 2]], axis=1)
    return Problem.from_scores(X, goal[:, :outputs], FORMATS, kind="values")


def short(seed: int = 0, workers: int = 1) -> DistillConfig:
    return DistillConfig(
        seed=seed,
        workers=workers,
        joint=JointSettings(
            starts=2,
            rounds=2,
            batch=20,
            generations=2,
            letters=8,
            terms=3,
            rows=600,
            probe_rows=400,
            drop=0.3,
            engine=EngineConfig(
                islands=2, population=8, screen_rows=256, trial_terms=8, limits=Limits(max_nodes=14)
            ),
        ),
        layered=LayeredSettings(
            hidden=(2, 2),
            batch=256,
            starts=2,
            start_steps=40,
            fit_steps=120,
            refit_steps=30,
            drop=0.2,
            least=5,
            probe_rows=500,
            refined=1,
            refine_steps=40,
            refine_drops=1,
        ),
        shortening=ShorteningSettings(
            designs=1,
            rows=400,
            swap_rows=200,
            final_rows=600,
            smallest=20,
            finer=0.7,
            term_fracs=(3,),
        ),
        fixed_point=FixedPointSettings(term_fracs=(3, 6)),
        choice=ChoiceSettings(floor=0.5, max_ticks=12, resolution=0.0),
    )


def distiller(problem: Problem, config: DistillConfig) -> Distiller:
    cost = SearchCost.unit(len(problem.formats))
    return Distiller(problem, config, model("open", 200.0, kind="unit"), cost)


def program(text: str) -> Program:
    return parse(text, ["x0", "x1", "x2", "x3"]).to_program()


def first(made: Distiller, kind: str) -> list[Any]:
    """The searches of one kind of a distillation's first round."""
    return [made.parts.made(r) for r in made.parts.first() if r.kind == kind]


def shortening(problem: Problem, config: DistillConfig, bent: int = 2) -> Shortening:
    """The shortening of sums of a few functions of all inputs, which are not fitted yet."""
    made, rng = distiller(problem, config), np.random.default_rng(5)

    def added(factors: np.ndarray, terms: list[str]) -> str:
        return " + ".join(f"{f:.3f}*{t}" for f, t in zip(factors, terms, strict=True))

    names = list(problem.input_names)
    functions = [
        f"tanh({added(rng.normal(size=len(names)), names)} + {rng.normal():.3f})"
        for _ in range(bent)
    ]
    sizes = problem.spread[:, None] * rng.normal(size=(problem.outputs, bent))
    start = parse([f"{added(own, functions)} + 0.1" for own in sizes], problem.input_names)
    rows = ShorteningRows.of(made.evaluator, config.shortening)
    ops = frozenset(SEARCH_NAMES[name] for name in config.ops)
    return Shortening("shorten-0", made.evaluator, rows, config.shortening, ops, lambda: start)
