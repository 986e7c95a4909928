"""The hybrid search: laws it finds, its budget, and exact resumption."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from distill_samples import short
from search_samples import restored

from symtick.errors import InputError
from symtick.expr import Interval, from_programs, parse
from symtick.hwcost.search_model.graph import search_cost
from symtick.hwcost.search_model.table import SearchCost
from symtick.search.evolution.settings import EngineConfig, Limits
from symtick.search.grammar.grammar import Rules, Units, Vocabulary, accepts
from symtick.search.hybrid.hybrid import HybridSearch
from symtick.search.hybrid.reward import Reward
from symtick.search.hybrid.settings import HYBRID_METHODS, HybridConfig
from symtick.search.kernel_api.candidate import Candidate
from symtick.search.kernel_api.evaluation import losses
from symtick.search.kernel_api.rows import Rows
from symtick.search.kernel_api.search import run
from symtick.search.policy.policy import Policy
from symtick.search.policy.settings import (
    TRAININGS,
    NetworkSettings,
    PretrainSettings,
    TrainSettings,
)
from symtick.settings import within

pytestmark = pytest.mark.kernel
KOZA = ("add", "sub", "mul", "div", "sin", "cos", "exp", "log")
COST = SearchCost.unit(1)
Floats = npt.NDArray[np.float64]


def data(text: str = "x0*x0*x0 + x0*x0 + x0") -> tuple[Floats, Floats]:
    X = np.random.default_rng(5).uniform(-1, 1, (20, 1))
    return X, parse(text, ("x0",)).evaluate(X)[:, 0]


def published(**engine: object) -> HybridConfig:
    return HybridConfig.mundhenk2021(KOZA, constants=False, target_loss=1e-20, **engine)


def small(method: str, training: str = "rspg", **engine: object) -> HybridConfig:
    """A few dozen candidates a step."""
    return HybridConfig(
        method=method,
        engine=EngineConfig(
            ops=KOZA, simplify=False, islands=2, population=12, rules=Rules.dso(max_nodes=15),
            **engine,  # type: ignore[arg-type]
        ),
        network=NetworkSettings(hidden=8, start="scaled", observe=("parent", "previous", "open")),
        training=TrainSettings(method=training, epsilon=0.2, rate=0.01, queue_batch=2),
        batch=40,
        generations=2,
        train_best=10,
    )  # fmt: skip


def search(
    config: HybridConfig, text: str = "sin(x0*x0)*cos(x0) - x0", **others: object
) -> HybridSearch:
    X, y = data(text)
    return HybridSearch(Rows.make(X, y), None, COST, config, **others)  # type: ignore[arg-type]


def written(found: HybridSearch) -> list[tuple[object, ...]]:
    return [
        (c.program.ops.tobytes(), c.program.args.tobytes(), c.program.consts.tobytes(),
         c.loss.hex(), c.ticks, c.lut.hex())
        for c in found.front()
    ]  # fmt: skip


@pytest.mark.parametrize("method", HYBRID_METHODS)
def test_a_law_is_recovered(method: str) -> None:
    config = replace(published(), method=method, batch=200)
    config = replace(config, training=replace(config.training, method="rspg"))
    found = search(config, "x0*x0 + sin(x0)")
    status = run(found, 50_000)
    assert status.done
    assert status.best_loss < 1e-20
    best = min(found.front(), key=lambda c: (c.loss, c.ticks, c.lut))
    X = np.linspace(-1, 1, 50)[:, None]
    expression = from_programs([best.program], ("x0",))
    assert np.allclose(expression.evaluate(X)[:, 0], X[:, 0] ** 2 + np.sin(X[:, 0]))
    assert (best.ticks, best.lut) == search_cost(expression, COST)


@pytest.mark.parametrize("method", HYBRID_METHODS)
def test_the_budget_is_never_exceeded(method: str) -> None:
    for budget in (1, 77, 500):
        found = search(small(method))
        status = run(found, budget, max_slices=200)
        assert status.evaluations <= budget
        assert status.evaluations == found.engine.stats().evaluations
        done = status.done or status.evaluations == budget
        if method != "policy":
            assert done
        before = found.stats()
        assert not done or found.step(budget=budget) == before


@pytest.mark.parametrize("before", [0, 1, 3])
@pytest.mark.parametrize(
    ("method", "training"),
    [("gp", "rspg"), *(("hybrid", t) for t in TRAININGS), ("policy", "rspg")],
)
@pytest.mark.parametrize("forms", [0, 400])
def test_a_restored_search_goes_on_as_if_nothing_had_happened(
    method: str, training: str, forms: int, before: int
) -> None:
    config = replace(small(method, training), patience=2, bidirectional=forms)
    X, y = data("sin(x0*x0)*cos(x0) - x0/(x0*x0 + cos(x0))")
    whole = HybridSearch(Rows.make(X, y), None, COST, config)
    for _ in range(before):
        whole.step(budget=2000)
    saved = {name: array.copy() for name, array in whole.state().items()}
    again = restored(HybridSearch(Rows.make(X, y), None, COST, config), saved)
    assert again.stats() == whole.stats()
    for _ in range(4):
        assert whole.step(budget=2000) == again.step(threads=2, budget=2000)
    assert written(whole) == written(again)
    for name, array in whole.state().items():
        assert array.dtype.kind in "fiuU", name
        assert np.array_equal(again.state()[name], array), name


@pytest.mark.parametrize("changes", [{"batch": 41}, {"generations": 3}, {"replant": False},
    {"train_best": 9}, {"patience": 7}, {"bidirectional": 1},
    {"training": TrainSettings(rate=0.02)}])  # fmt: skip
def test_a_state_of_other_settings_is_refused(changes: dict[str, object]) -> None:
    X, y = data()
    config = small("hybrid")
    saved = HybridSearch(Rows.make(X, y), None, COST, config).state()
    with pytest.raises(InputError, match="other settings"):
        restored(HybridSearch(Rows.make(X, y), None, COST, replace(config, **changes)), saved)  # type: ignore[arg-type]


@pytest.mark.parametrize("training", TRAININGS)
def test_a_step_is_done_whole_or_not_at_all(training: str) -> None:
    config = small("hybrid", training)
    X, y = data("sin(x0*x0)*cos(x0) - x0")
    whole, cut = (HybridSearch(Rows.make(X, y), None, COST, config) for _ in "12")
    whole.step(), cut.step()
    assert cut._trainer is not None

    def stop(batch: object) -> None:
        raise KeyboardInterrupt

    cut._trainer.step = stop  # type: ignore[assignment, method-assign]
    with pytest.raises(KeyboardInterrupt):
        cut.step()
    again = restored(HybridSearch(Rows.make(X, y), None, COST, config), cut.state())
    for _ in range(2):
        assert whole.step() == again.step() == cut.step()
    assert written(whole) == written(again) == written(cut)
    for name, array in whole.state().items():
        assert np.array_equal(again.state()[name], array), name


def test_a_batch_without_sequences_is_no_end() -> None:
    found = search(small("hybrid"))
    rules = Rules(units=Units.parse(("m",), "m^6"), max_nodes=15)
    vocabulary = Vocabulary.of(KOZA, 1, constants=False)
    found.policy = Policy(vocabulary, rules)  # its units are out of reach
    with pytest.raises(InputError, match="keeps the rules"):
        found.policy.sample(1, 0)
    found.config = replace(found.config, batch=1)
    status = run(found, max_slices=4)
    assert status.slices == 4
    assert status.evaluations > 0


def test_a_damaged_state_is_refused() -> None:
    X, y = data()
    config = small("hybrid")
    found = HybridSearch(Rows.make(X, y), None, COST, config)
    found.step()
    saved = found.state()
    for name in (
        "hybrid/counts",
        "engine/words",
        "learned/adam/step/score.bias",
        "learned/policy/score.bias",
    ):
        with pytest.raises(InputError):
            restored(
                HybridSearch(Rows.make(X, y), None, COST, config),
                {k: v for k, v in saved.items() if k != name},
            )


def test_the_best_bred_join_the_batch_and_the_batch_joins_the_individuals() -> None:
    config = replace(small("hybrid"), generations=6)
    found = search(config)
    assert found.policy is not None
    drawn = found.policy.sample(40, config.seed).sequences
    seen = []
    trainer = found._trainer
    assert trainer is not None
    step = trainer.step
    trainer.step = lambda batch: (seen.append(batch), step(batch))[1]  # type: ignore[method-assign]
    found.step()
    (batch,) = seen
    assert len(batch.rewards) == 40 + 10
    width = drawn.shape[1]
    assert np.array_equal(batch.sequences[:40, :width], drawn)
    assert batch.rewards[40:].max() == pytest.approx(batch.rewards.max())
    assert batch.rewards[40:].min() > np.median(batch.rewards[:40])
    again, _, found_losses = found.engine.individuals(10)
    assert np.array_equal(batch.sequences[40:, : again.shape[1]], again)
    assert np.allclose(found._reward(found_losses), batch.rewards[40:])


def test_rewards() -> None:
    X, y = data()
    rows = Rows.make(X, y, None)
    square = Reward(rows, small("gp").engine)
    mean, variance = float(np.mean(y)), float(np.var(y))
    assert square(np.array([0.0, variance, 4 * variance, np.inf])) == pytest.approx(
        [1.0, 0.5, 1 / 3, 0.0]
    )
    absolute = Reward(rows, small("gp", loss="mae").engine)
    (unit,) = losses([parse(repr(mean), ("x0",)).to_program()], rows, loss="mae")
    assert absolute(np.array([0.0, unit, 3 * unit])) == pytest.approx([1.0, 0.5, 0.25])
    flat = Reward(Rows.make(X, np.ones(20), None), small("gp").engine)
    assert flat(np.array([0.0, 1.0])) == pytest.approx([1.0, 0.5])


def test_a_policy_that_repeats_itself_begins_anew() -> None:
    config = small("policy")
    config = replace(
        config, patience=2, engine=replace(config.engine, rules=Rules(max_nodes=2)),
        training=replace(config.training, rate=0.05),
    )  # fmt: skip
    found = search(config)
    status = run(found, max_slices=20)
    assert found.stats().restarts >= 2
    assert status.evaluations < 100  # there are few functions of two tokens
    assert not status.done


def test_a_pretrained_policy_is_where_a_search_starts() -> None:
    config = small("hybrid")
    first = search(config)
    assert first.policy is not None
    weights = {n: w + np.float32(0.1) for n, w in first.policy.weights().items()}
    second = search(config, start=weights)
    assert second.policy is not None
    for name, array in second.policy.weights().items():
        assert np.array_equal(array, weights[name])
    first.step(), second.step()
    assert not np.array_equal(first.state()["learned/policy/score.bias"],
                              second.state()["learned/policy/score.bias"])  # fmt: skip


def test_a_search_may_begin_with_pretraining() -> None:
    config = small("policy")
    taught = replace(config, pretrain=PretrainSettings(sequences=40, epochs=2))
    plain, first, whole = search(config), search(taught), search(taught)
    assert plain.policy is not None and first.policy is not None
    name = "score.bias"
    assert not np.array_equal(plain.policy.weights()[name], first.policy.weights()[name])
    first.step(), whole.step()
    again = restored(search(taught), first.state())
    assert again.step() == whole.step()
    assert np.array_equal(again.state()[f"learned/policy/{name}"],
                          whole.state()[f"learned/policy/{name}"])  # fmt: skip


@pytest.mark.parametrize("forms", [0, 20_000])
def test_limits_rules_ranges_and_constants_hold_in_all_it_finds(forms: int) -> None:
    X, y = data("log(x0 + 2)*x0" if forms else "log(x0 + 2)*x0 + 0.7")
    limits = Limits(max_nodes=12, max_ticks=3, max_lut=40.0, max_constants=2)
    config = replace(small("hybrid", limits=limits, constants=True), bidirectional=forms)
    ranges = [Interval(-1.0, 1.0)]
    found = HybridSearch(Rows.make(X, y), ranges, COST, config)
    for _ in range(5):
        found.step()
    front = found.front()
    assert front
    assert bool(found._formulas) == bool(forms)
    vocabulary, rules = found.engine.vocabulary, config.engine.all_rules()
    for one in (*front, *found._formulas):
        expression = from_programs([one.program], ("x0",))
        sequence = vocabulary.sequence(expression)[0]
        assert accepts(rules, vocabulary, sequence[None], COST).all(), str(expression)
        assert len(one.program.ops) <= 12
        assert len(one.program.consts) <= 2
        assert one.ticks <= 3
        assert one.lut <= 40.0
        expression.intervals(ranges)  # raises where it is undefined


def met(changes: dict[str, object], ranges: list[Interval] | None) -> list[Candidate]:
    """What is found from both ends: exp of three operators, of two constants, up to 7.93."""
    X, y = data("exp(1.37*x0 + 0.7)")
    config = replace(HybridConfig.symtick(KOZA, **changes), bidirectional=20_000)
    found = HybridSearch(Rows.make(X, y), ranges, SearchCost.unit(1, fuse=False), config)
    return found._laws(20_000)[0]


def keeps(one: Candidate, limits: Limits, ranges: list[Interval] | None) -> bool:
    expression = from_programs([one.program], ("x0",))
    held = [] if ranges is None else expression.intervals(ranges)
    levels: list[int] = []
    for node in expression.nodes:
        levels.append(1 + max((levels[a] for a in node.args), default=0))
    return (
        len(one.program.ops) <= limits.max_nodes
        and max(levels) <= limits.max_depth
        and len(one.program.consts) <= limits.max_constants
        and search_cost(expression, SearchCost.unit(1, fuse=False)) == (one.ticks, one.lut)
        and within(one.ticks, limits.max_ticks)
        and within(one.lut, limits.max_lut)
        and all(within(max(-i.lo, i.hi), limits.max_magnitude) for i in held)
    )


@pytest.mark.parametrize(
    ("name", "wide", "tight"),
    [
        ("max_nodes", 6, 5),
        ("max_depth", 4, 3),
        ("max_constants", 2, 1),
        ("max_ticks", 3, 2),
        ("max_lut", 3.0, 2.5),
        ("max_magnitude", 8.0, 7.9),
    ],
)
def test_exact_laws_keep_the_limits(name: str, wide: float, tight: float) -> None:
    ranges = [Interval(-1.0, 1.0)] if name == "max_magnitude" else None
    limits = [Limits(**{name: most}) for most in (wide, tight)]  # type: ignore[arg-type]
    (one,) = met({"limits": limits[0]}, ranges)
    assert keeps(one, limits[0], ranges)
    assert one.loss < 1e-20
    assert not keeps(one, limits[1], ranges)
    assert all(keeps(other, limits[1], ranges) for other in met({"limits": limits[1]}, ranges))


def test_exact_laws_are_rounded() -> None:
    X, y = data("exp(1.37*x0 + 0.7)")
    (exact,), (one,) = met({}, None), met({"constant_bits": 3}, None)
    assert not whole_eighths(exact.program.consts)
    assert whole_eighths(one.program.consts)
    (loss,) = losses([one.program], Rows.make(X, y, None))
    assert one.loss == pytest.approx(loss)
    assert 1e-20 < one.loss < 0.1


def whole_eighths(constants: Floats) -> bool:
    """Whether three bits hold each."""
    mantissas = np.frexp(constants)[0] * 8
    return np.array_equal(mantissas, np.round(mantissas))


@pytest.mark.parametrize("budget", [1, 2, 3, 40, 400, 3000])
def test_exact_laws_leave_a_budget_for_the_rest(budget: int) -> None:
    X, _ = data()
    y = np.random.default_rng(2).normal(size=len(X))
    config = replace(HybridConfig.symtick(KOZA), batch=50)
    config = replace(config, engine=replace(config.engine, library=0))
    found = HybridSearch(Rows.make(X, y), None, COST, config)
    assert run(found, budget, max_slices=20).evaluations <= budget
    assert found._spent <= budget // 4
    if budget >= 400:
        assert found.front()


def test_a_budget_is_no_negative_number() -> None:
    with pytest.raises(InputError, match="budget must be an integer from 0, not -5"):
        search(small("gp")).step(budget=-5)


def test_it_works_with_engines_that_simplify() -> None:
    config = small("hybrid")
    config = replace(config, engine=EngineConfig(ops=KOZA, islands=2, population=12), generations=4)
    found = search(config, "1.3*sin(2*x0) + 0.4")
    assert run(found, max_slices=8).best_loss < 1e-6
    assert found.stats().drawn == 8 * 40


def test_published_settings_are_those_of_the_paper() -> None:
    config = HybridConfig.mundhenk2021(KOZA)
    assert (config.batch, config.generations, config.train_best) == (500, 25, 50)
    assert (config.engine.population, config.engine.islands, config.engine.tournament) == (
        500,
        1,
        5,
    )
    training = config.training
    assert (training.method, training.queue, training.queue_weight) == ("pqt", 10, 200.0)
    assert (training.rate, training.epsilon) == (0.0025, 0.02)
    assert (training.entropy_weight, training.entropy_gamma) == (0.03, 0.7)
    moves = config.engine.moves
    assert moves.crossover == moves.replace + moves.point + moves.insert + moves.hoist == 0.5
    assert sum(moves.weights()) == 1.0
    alone = HybridConfig.petersen2021(KOZA)
    assert (alone.method, alone.batch, alone.training) == ("policy", 1000, TrainSettings())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "luck"}, "method must be one of gp, policy, hybrid, not 'luck'"),
        ({"batch": 0}, "batch must be an integer from 1, not 0"),
        ({"seed": -1}, "seed must be an integer from 0 below .*, not -1"),
    ],
)
def test_settings_are_checked(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        HybridConfig(**changes)  # type: ignore[arg-type]


def test_a_run_must_have_an_end() -> None:
    with pytest.raises(InputError, match="needs a budget or max_slices"):
        run(search(small("hybrid")))


def test_an_unknown_search_is_refused() -> None:
    config = short()
    with pytest.raises(InputError, match="method must be one of gp, policy, hybrid, not 'luck'"):
        replace(config, joint=replace(config.joint, method="luck"))
