"""Settings, losses and states that the engine refuses, and the effect of penalties."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from engine_samples import RICH, TOKENS, depth_cost, inputs, target, tokens
from search_samples import restored

from symtick.errors import InputError
from symtick.expr import Expression, Interval, Op, from_programs
from symtick.search.evolution.engine import Engine
from symtick.search.evolution.settings import EngineConfig, Limits
from symtick.search.grammar.grammar import Operator, Rules, Units
from symtick.search.kernel_api.evaluation import losses
from symtick.search.kernel_api.rows import Rows

pytestmark = pytest.mark.kernel

HUBER = replace(RICH, loss="huber")
OTHER_RULES: dict[str, Any] = {
    "min_nodes": 2, "max_nodes": 23, "max_depth": 9, "max_constants": 2, "max_expanded": 90,
    "max_complexity": 50.0, "max_argument": {"sin": (5.0,)}, "min_count": {"x0": 1},
    "max_count": {"sin": 2}, "nested": {"sin": {"sin": 0}}, "trig_in_trig": False,
    "inverse_of_inverse": False, "constant_arguments": False, "needs_input": True,
    "units": Units.parse(["m", "s"], "m"), "max_ticks": 9,
    "barred": {"sin": ("square",)},
}  # fmt: skip
OTHER: dict[str, Any] = {
    "ops": ("add", "mul", "sin", "inv", "cube"), "custom": (Operator.of("bell", "exp(-a)"),),
    "literals": (3.0,), "constants": False, "complexity": {"sin": 2.0}, "simplify": True,
    "loss": "mae", "target_loss": 1e-9, "limits": Limits(max_lut=99.0), "constant_fraction": True,
    "constant_bits": 5,
    "moves": replace(RICH.moves, hoist=0.9),
}  # fmt: skip


def changes() -> list[EngineConfig]:
    """HUBER with each of its settings changed, and each of its rules."""
    out = []
    for one in fields(EngineConfig):
        if one.name in ("rules", "simplify"):
            continue
        held = getattr(HUBER, one.name)
        value = OTHER.get(one.name, held / 2 if isinstance(held, float) and held else None)
        if value is None:
            value = 0.5 if isinstance(held, float) else held + 1
        out.append(replace(HUBER, **{one.name: value}))
    for one in fields(Rules):
        rules = replace(HUBER.rules or Rules(), **{one.name: OTHER_RULES[one.name]})
        out.append(replace(HUBER, rules=rules))
    return out


def test_a_state_is_refused_with_any_other_setting() -> None:
    X = inputs(90)
    engine = Engine(Rows.make(X, target(X)), None, depth_cost(2), HUBER)
    engine.step(1)
    state = engine.state()
    for config in changes():
        with pytest.raises(InputError, match="belongs to other"):
            restored(Engine(Rows.make(X, target(X)), None, depth_cost(2), config), state)


def test_a_state_is_refused_with_other_guesses_data_and_costs() -> None:
    X, cost = inputs(40), depth_cost(2)
    guess = "x0 + x1*x0"
    state = Engine(Rows.make(X, target(X)), None, cost, RICH, guesses=[guess]).state()
    restored(Engine(Rows.make(X, target(X)), None, cost, RICH, guesses=[guess]), state)
    ranges = [Interval(0.1, 2.1)] * 2
    light = np.arange(1.0, 41.0)
    for X_, weights, ranges_, cost_, more in (
        (X, None, None, cost, {"guesses": []}),
        (X, None, None, cost, {"guesses": ["x0 + x0*x1"]}),
        (X, None, None, cost, {"guesses": [guess, guess]}),
        (X, None, None, cost, {"guesses": [guess], "penalty": lambda _: 0.0}),
        (X, light, None, cost, {"guesses": [guess]}),
        (X, None, ranges, cost, {"guesses": [guess]}),
        (X[::-1], None, None, cost, {"guesses": [guess]}),
        (X, None, None, replace(cost, chain=True), {"guesses": [guess]}),
    ):
        with pytest.raises(InputError, match="belongs to other"):
            restored(Engine(Rows.make(X_, target(X), weights), ranges_, cost_, RICH, **more), state)  # type: ignore[arg-type]


def test_numbers_and_truth_values_of_numpy_are_settings_as_python_s_are() -> None:
    given: dict[str, Any] = {"simplify": np.False_, "islands": np.int32(3), "inner": np.float32(1)}
    made = EngineConfig(**given)
    assert made == EngineConfig(simplify=False, islands=3, inner=1.0)
    assert type(made.simplify) is bool and type(made.islands) is int
    for wrong in ({"islands": np.True_}, {"inner": np.True_}, {"simplify": 1}):
        with pytest.raises(InputError, match=f"EngineConfig.{next(iter(wrong))} must be "):
            EngineConfig(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tune_iterations", 2**40), ("subtree_depth", 2**31), ("founder_depth", 2**31),
        ("islands", 2**62), ("population", 2**62), ("cache_size", 2**62), ("tournament", 2**40),
        ("constant_bits", 99), ("constant_bits", 54), ("huber_delta", "x"), ("huber_delta", True),
        ("trial_terms", 2**40), ("migrants", 2**40), ("parsimony_window", 2**50),
        ("tune_repeats", 256), ("library", 2**64), ("seed", 2**63), ("parsimony", "x"),
        ("target_loss", "x"), ("inner", "x"), ("interaction", None),
    ],
)  # fmt: skip
def test_settings_out_of_bounds_are_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(InputError, match=name):
        replace(TOKENS, **{name: value})  # type: ignore[arg-type]


def test_limits_and_moves_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(InputError, match="max_ticks must be an integer from 0 to 2147483647"):
        Limits(max_ticks=2**31)
    with pytest.raises(InputError, match="max_lut must be a number above 0 or None, not '1'"):
        Limits(max_lut="1")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"Moves\.hoist must be a number from 0, not 'x'"):
        replace(TOKENS.moves, hoist="x")  # type: ignore[arg-type]


def test_negative_losses_are_refused() -> None:
    def shifted(f: np.ndarray, y: np.ndarray, _: np.ndarray) -> float:
        return float(np.mean((f - y) ** 2)) - 100.0

    engine = tokens(replace(TOKENS, loss=shifted))
    with pytest.raises(InputError, match="a loss must be a number from 0, not -"):
        engine.step(1)


PENALTIES = {
    Op.SUB: lambda e: 0.002 * sum(n.op is Op.SUB for n in e.nodes),
    Op.CONST: lambda e: 0.002 * sum(n.op is Op.CONST for n in e.nodes),
    Op.INPUT: lambda e: 0.001 * len(e.nodes),
}


@pytest.mark.parametrize("kind", PENALTIES)
def test_a_penalty_is_in_the_front_once(kind: Op) -> None:
    def penalty(expression: Expression) -> float:
        return PENALTIES[kind](expression)

    X = inputs()
    y = np.sin(X[:, 0]) + 0.5 * X[:, 1] + np.random.default_rng(1).normal(size=40) * 0.05
    moves = replace(TOKENS.moves, tune=1.0, jitter=0.5)
    for seed in range(3):
        config = replace(TOKENS, seed=seed, islands=3, migration_interval=1, constants=True,
                         rules=Rules(max_nodes=20, max_constants=3), copies=3, moves=moves,
                         tick_elite_probability=0.2)  # fmt: skip
        engine = Engine(Rows.make(X, y), None, depth_cost(2), config, penalty=penalty)
        engine.step(10)
        front = engine.front()
        again = losses([c.program for c in front], Rows.make(X, y))
        for one, loss in zip(front, again, strict=True):
            more = penalty(from_programs([one.program], ("x0", "x1")))
            assert one.loss == pytest.approx(loss + more, rel=1e-6)
        # what `individuals` tells is the loss alone
        sequences, constants, told = engine.individuals(10**6)
        programs = [engine.vocabulary.program(s, c)
                    for s, c in zip(sequences, constants, strict=True)]  # fmt: skip
        true = losses(programs, Rows.make(X, y))
        held = np.isfinite(true)
        assert held.mean() > 0.99
        assert np.allclose(told[held], true[held], rtol=1e-6, atol=1e-12)
