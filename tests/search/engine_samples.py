"""Small searches over tokens, shared by the engine's tests."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from symtick.expr import OPCODES, Op
from symtick.hwcost.search_model.table import SearchCost
from symtick.search.evolution.engine import Engine
from symtick.search.evolution.settings import EngineConfig, Moves
from symtick.search.grammar.grammar import Operator, Rules, sequences_of
from symtick.search.kernel_api.candidate import Candidate
from symtick.search.kernel_api.rows import Rows

KOZA = ("add", "sub", "mul", "div", "sin", "cos", "exp", "log")
NO_MOVE = Moves(**dict.fromkeys(Moves.__dataclass_fields__, 0.0) | {"crossover": 1.0})
# trees of tokens, the moves of genetic programming, no constants
TOKENS = EngineConfig(
    ops=KOZA,
    constants=False,
    simplify=False,
    rules=Rules.dso(30),
    islands=2,
    population=60,
    copies=1,
    elite_probability=0.1,
    cache_size=4096,
    moves=replace(NO_MOVE, one_point=0.3, point=0.3, operator=0.2, feature=0.1, replace=0.4,
                  insert=0.3, hoist=0.3, rotate=0.2),
)  # fmt: skip
# everything that a state must carry
RICH = replace(
    TOKENS,
    ops=("add", "mul", "sin", "inv", "square"),
    custom=(Operator.of("bell", "exp(-(a*a))"),),
    literals=(2.0,),
    constants=True,
    rules=Rules(max_nodes=24, max_constants=3, max_ticks=12),
    parsimony=5.0,
    parsimony_window=150,
    tick_elite_probability=0.1,
    tournament_best=0.8,
    screen_rows=70,
    screen_interval=3,
    patience=4,
    tune_probability=0.2,
    migration_interval=2,
    moves=replace(TOKENS.moves, jitter=0.2, tune=0.1, add_term=0.1, exchange=0.1, drop_term=0.1),
)


def depth_cost(features: int) -> SearchCost:
    """A tick and a LUT for each operator, so that ticks are the tree's height."""
    one = tuple(0.0 if op in (Op.INPUT, Op.CONST) else 1.0 for op in OPCODES)
    return SearchCost(1.0, False, False, one, one, (0.0,) * features, (0.0,) * features)


def inputs(rows: int = 40, features: int = 2, seed: int = 5) -> npt.NDArray[np.float64]:
    """Positive inputs, so that few candidates are undefined."""
    return np.random.default_rng(seed).uniform(0.2, 2.0, (rows, features))


def target(X: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """A law that is not found in a few generations."""
    return np.exp(-X[:, 0]) * np.sin(3.0 * X[:, 1]) + 0.37 * X[:, 0]


def tokens(config: EngineConfig = TOKENS, rows: int = 40) -> Engine:
    """An engine on the target."""
    X = inputs(rows)
    return Engine(Rows.make(X, target(X)), None, depth_cost(2), config)


def written(front: list[Candidate]) -> list[tuple[object, ...]]:
    """The front to the last bit."""
    return [
        (c.sequence, c.program.consts.tobytes(), c.loss.hex(), c.ticks, c.lut.hex()) for c in front
    ]


def rows_of(engine: Engine, *texts: str) -> npt.NDArray[np.int16]:
    """Expressions as sequences of tokens, as `Engine.offer` takes them."""
    return sequences_of([engine.vocabulary.sequence(text)[0] for text in texts])
