"""No sampled and no evolved expression breaks a rule, in 10^5 tries each, by a second judge.

The judge is `grammar_samples.Judge`, which recurses over nested forms and shares nothing with the
kernel; ticks are those of `search_cost`. Each different sequence is judged once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pytest
from grammar_samples import KINDS, Judge, rows_of, tick_table

from symtick.expr import from_programs
from symtick.hwcost.search_model.graph import search_cost
from symtick.hwcost.search_model.table import SearchCost
from symtick.search.evolution.engine import Engine
from symtick.search.evolution.settings import EngineConfig, Moves
from symtick.search.grammar.grammar import Operator, Rules, Units, Vocabulary
from symtick.search.kernel_api.rows import Rows
from symtick.search.policy.policy import Policy
from symtick.search.policy.settings import Priors

pytestmark = pytest.mark.kernel
TRIES = 100_000

# every way to make a child, most often those that make new shapes
ALL = Moves(**dict.fromkeys(Moves.__dataclass_fields__, 1.0) | {"jitter": 0.1, "tune": 0.1})
FREE = EngineConfig(
    ops=("add", "mul", "div", "exp", "log", "sin", "cos", "sqrt"),
    simplify=False,
    islands=2,
    population=400,
    tournament=2,
    elite_probability=0.1,
    patience=6,
    trial_terms=8,
    tune_iterations=3,
    tune_probability=0.02,
    library=1000,
    moves=ALL,
)


@dataclass(frozen=True)
class Case:
    """Tokens and rules, and the cost table where the rules count ticks."""

    config: EngineConfig
    features: int = 2
    cost: SearchCost | None = None

    @property
    def vocabulary(self) -> Vocabulary:
        return self.config.vocabulary(self.features)

    @property
    def rules(self) -> Rules:
        assert self.config.rules is not None  # the engine's limits are wider
        return self.config.rules


CASES = {
    "nesting": Case(
        replace(
            FREE,
            rules=Rules(
                max_nodes=12,
                max_depth=5,
                trig_in_trig=False,
                nested={
                    "exp": {"exp": 0, "sin": 1, "mul": 1},
                    "sqrt": {"sqrt": 1, "log": 0},
                    "div": {"div": 1, "add": 1},
                },
            ),
        )
    ),
    "counts": Case(
        replace(
            FREE,
            literals=(1.0, 2.0),
            rules=Rules(
                min_nodes=4,
                max_nodes=11,
                max_constants=2,
                min_count={"x1": 1, "mul": 1},
                max_count={"mul": 2, "x0": 2, "2.0": 1, "exp": 1},
                constant_arguments=False,
                needs_input=True,
            ),
        )
    ),
    "complexity": Case(
        replace(
            FREE,
            complexity={"exp": 3.0, "trig": 2.5, "const": 2.0, "x1": 0.5},
            rules=Rules(
                max_nodes=12,
                max_complexity=11.0,
                max_constants=1,
                max_argument={"exp": (4.0,), "div": (None, 3.0), "sin": (2.5,)},
                barred={"mul": ("const", "div"), "log": ("exp",)},
            ),
        )
    ),
    "custom": Case(
        replace(
            FREE,
            ops=("add", "mul", "inv", "tan", "exp", "log", "square", "sqrt"),
            custom=(Operator.of("twice", "sin(a)*a + 3*b"),),
            literals=(2.0,),
            constants=False,
            rules=Rules(
                max_nodes=10,
                max_expanded=18,
                trig_in_trig=False,
                inverse_of_inverse=False,
                nested={"twice": {"inv": 1}},
                max_count={"tan": 1},
            ),
        )
    ),
    "ticks": Case(
        replace(FREE, rules=replace(Rules.dso(12), max_ticks=5)),
        cost=tick_table(2, 0, **KINDS["published"]),
    ),
    "fused ticks": Case(
        replace(FREE, rules=Rules(max_nodes=9, max_constants=2, max_ticks=4)),
        cost=tick_table(2, 1, **KINDS["open"]),
    ),
    "units": Case(
        replace(
            FREE,
            rules=Rules(max_nodes=9, max_constants=2, units=Units.parse(("m", "s", "m/s"), "m")),
        ),
        features=3,
    ),
}
SHARE = -(-TRIES // len(CASES))
BORN = SHARE * 6 // 5  # evaluations: a match takes two


class Watch:
    """Judges what it has not seen before."""

    def __init__(self, case: Case) -> None:
        self.judge = Judge(case.vocabulary, case.rules, case.cost)
        self.seen: set[bytes] = set()

    def look(self, sequences: npt.NDArray[np.int16]) -> None:
        """Fail at the first sequence that breaks a rule."""
        vocabulary = self.judge.vocabulary
        for row in rows_of(sequences):
            key = np.array(row, np.int16).tobytes()
            if key not in self.seen:
                self.seen.add(key)
                assert self.judge.accepts(row), vocabulary.text(np.array(row, np.int16))


@pytest.mark.parametrize("name", CASES)
def test_no_sample_breaks_a_rule(name: str) -> None:
    case = CASES[name]
    watch = Watch(case)
    for scale, seed in ((0.0, 1), (0.5, 2), (1.5, 3)):  # from all alike to strong likings
        rng = np.random.default_rng(seed)
        held = Policy(case.vocabulary, case.rules, priors=Priors(length=6.0), cost=case.cost)
        held.take({n: (scale * rng.normal(size=w.shape)).astype(np.float32)
                   for n, w in held.weights().items()})  # fmt: skip
        count = -(-SHARE // 3)
        drawn = held.sample(count, seed, at_least=count).sequences
        assert len(drawn) == count
        watch.look(drawn)
    assert len(watch.seen) > 1000


@pytest.mark.parametrize("name", CASES)
def test_no_bred_child_breaks_a_rule(name: str) -> None:
    case = CASES[name]
    X = np.random.default_rng(5).uniform(0.3, 2.0, (20, case.features))
    y = np.exp(-X[:, 0]) * np.sin(3.0 * X[:, 1]) + 0.37 * X[:, 0]
    cost = case.cost or SearchCost.unit(case.features)
    engine = Engine(Rows.make(X, y), None, cost, case.config)
    watch, born = Watch(case), 0
    most = case.rules.max_constants
    while born < BORN:
        before = engine.stats()
        after = engine.step(1)
        if before.generation:  # the first one enumerates a library, too
            born += after.evaluations - before.evaluations  # none of a known function
        sequences, constants, _ = engine.individuals(10**6)
        watch.look(sequences)
        assert all(len(values) <= most for values in constants)
    front = engine.front()
    assert front
    for one in front:
        assert one.sequence
        watch.look(np.array([one.sequence], np.int16))
    if case.rules.max_ticks is not None:  # with the constants that were tuned
        individuals = [
            case.vocabulary.program(*one) for one in zip(sequences, constants, strict=True)
        ]
        for program in (*individuals, *(one.program for one in front)):
            whole = from_programs([program], case.vocabulary.inputs)
            assert search_cost(whole, cost)[0] <= case.rules.max_ticks
    assert len(watch.seen) > 1000


@pytest.mark.parametrize(
    ("name", "stricter"),
    [
        ("nesting", {"nested": {"exp": {"sin": 0}}}),
        ("nesting", {"nested": {"div": {"add": 0}}}),
        ("nesting", {"max_depth": 4}),
        ("nesting", {"max_nodes": 11}),
        ("counts", {"min_nodes": 5}),
        ("counts", {"min_count": {"x1": 2}}),
        ("counts", {"max_count": {"mul": 1}}),
        ("counts", {"max_constants": 1}),
        ("complexity", {"max_complexity": 10.5}),
        ("complexity", {"max_argument": {"exp": (3.5,)}}),
        ("complexity", {"max_argument": {"div": (None, 2.5)}}),
        ("complexity", {"barred": {"mul": ("x1",)}}),
        ("complexity", {"constant_arguments": False}),
        ("complexity", {"needs_input": True}),
        ("complexity", {"trig_in_trig": False}),
        ("nesting", {"inverse_of_inverse": False}),
        ("custom", {"max_expanded": 17}),
        ("custom", {"max_count": {"tan": 0}}),
        ("ticks", {"max_ticks": 4}),
        ("fused ticks", {"max_ticks": 3}),
        ("units", {"units": Units.parse(("m", "s", "m/s"), "s")}),
    ],
)
def test_the_judge_refuses_what_a_stricter_rule_forbids(
    name: str, stricter: dict[str, object]
) -> None:
    """So all rules bind: what they let through comes up to them."""
    case = CASES[name]
    held = Policy(case.vocabulary, case.rules, priors=Priors(length=6.0), cost=case.cost)
    drawn = held.sample(1500, 4).sequences
    Watch(case).look(drawn)
    rules = replace(case.rules, **stricter)  # type: ignore[arg-type]
    with pytest.raises(AssertionError):
        Watch(replace(case, config=replace(case.config, rules=rules))).look(drawn)
