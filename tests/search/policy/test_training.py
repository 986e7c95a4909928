"""Trainers: the sequences they learn from, that they learn, and exact resumption."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from symtick.errors import InputError
from symtick.search.grammar.grammar import Rules, Vocabulary
from symtick.search.policy.policy import Policy
from symtick.search.policy.settings import TRAININGS, NetworkSettings, Priors, TrainSettings
from symtick.search.policy.training import (
    SequenceBatch,
    make_trainer,
)

pytestmark = pytest.mark.kernel
VOCABULARY = Vocabulary.of(("add", "mul", "sin", "exp"), 2, constants=False)
RULES = Rules(max_nodes=12)
SCALED = NetworkSettings(hidden=16, start="scaled")


def policy() -> Policy:
    return Policy(VOCABULARY, RULES, SCALED, Priors(length=6.0))


def batch(held: Policy, n: int, first: int = 0) -> SequenceBatch:
    """Sequences rewarded for their sines."""
    drawn = held.sample(n, 3, first=first).sequences
    return SequenceBatch(drawn, (drawn == VOCABULARY.places["sin"]).sum(axis=1) / 12.0)


def moved(held: Policy, before: dict[str, npt.NDArray[np.float32]]) -> float:
    return max(float(np.abs(w - before[n]).max()) for n, w in held.weights().items())


@pytest.mark.parametrize("method", TRAININGS)
@pytest.mark.parametrize("start", ["zeros", "scaled"])
def test_the_reward_grows(method: str, start: str) -> None:
    held = Policy(VOCABULARY, RULES, replace(SCALED, start=start), Priors(length=6.0))
    trainer = make_trainer(held, TrainSettings(method=method, rate=0.01, entropy_weight=0.01))
    before = batch(held, 500).rewards.mean()
    for k in range(20):
        trainer.step(batch(held, 100, 1000 * k))
    assert batch(held, 500).rewards.mean() > 2 * before


def test_ranks_teach_where_rewards_hardly_differ() -> None:
    means = []
    for ranked in (False, True):
        held = policy()
        settings = TrainSettings(ranked=ranked, rate=0.01, epsilon=0.1, entropy_weight=0.01)
        trainer = make_trainer(held, settings)
        for k in range(25):
            found = batch(held, 200, 1000 * k)
            trainer.step(SequenceBatch(found.sequences, 0.999 + 1e-5 * found.rewards))
        means.append(batch(held, 500).rewards.mean())
    assert means[1] > means[0] + 0.2


def test_risk_seeking_learns_from_the_best_alone() -> None:
    one, other = policy(), policy()
    found = batch(one, 400)
    edge = np.quantile(found.rewards, 0.9, method="higher")
    worse = found.rewards < edge
    changed = SequenceBatch(found.sequences.copy(), np.where(worse, 0.0, found.rewards))
    changed.sequences[worse] = found.sequences[np.flatnonzero(worse)[0]]
    settings = TrainSettings(epsilon=0.1)
    updates = [make_trainer(p, settings).step(b) for p, b in ((one, found), (other, changed))]
    assert updates[0] == updates[1]
    assert moved(one, other.weights()) == 0.0
    assert moved(one, policy().weights()) > 0.0


@pytest.mark.parametrize(
    ("size", "ranked", "learns"), [(19, False, False), (19, True, True), (30, False, True)]
)
def test_a_share_of_less_than_two_teaches_only_by_rank(
    size: int, ranked: bool, learns: bool
) -> None:
    held = policy()
    sequences = batch(held, size).sequences
    settings = TrainSettings(epsilon=0.05, ranked=ranked, entropy_weight=0.0, rate=0.01)
    make_trainer(held, settings).step(SequenceBatch(sequences, np.linspace(0.1, 0.9, size)))
    assert (moved(held, policy().weights()) > 0.0) == learns


def test_the_loss_is_what_the_paper_says() -> None:
    """Mean of (R - R_eps) * -log p and of the decayed entropy, over the best of the batch."""
    held = policy()
    found = batch(held, 300)
    edge = np.quantile(found.rewards, 0.8, method="higher")
    best = found.rows(found.rewards >= edge)
    reading, _ = held.read(best.sequences)
    log_share, entropy = (part.detach().double().numpy() for part in held.score(reading))
    gain = np.mean((best.rewards - edge) * log_share.sum(axis=1))
    bonus = 0.2 * np.mean((entropy * 0.5 ** np.arange(entropy.shape[1])).sum(axis=1))
    settings = TrainSettings(epsilon=0.2, entropy_weight=0.2, entropy_gamma=0.5)
    update = make_trainer(held, settings).step(found)
    assert update.entropy == pytest.approx(bonus, rel=1e-4)
    assert update.loss == pytest.approx(-gain - bonus, rel=1e-4)
    assert update.learned == len(np.unique(best.sequences, axis=0))


def test_equal_rewards_teach_nothing_without_entropy() -> None:
    for method in ("rspg", "vpg"):
        held = policy()
        before = held.weights()
        trainer = make_trainer(held, TrainSettings(method=method, entropy_weight=0.0))
        trainer.step(SequenceBatch(held.sample(100, 0).sequences, np.full(100, 0.5)))
        assert moved(held, before) < 1e-6


def test_entropy_alone_makes_tokens_even() -> None:
    held = Policy(VOCABULARY, RULES, SCALED, Priors(tokens=(("sin", 3.0),)))
    trainer = make_trainer(held, TrainSettings(rate=0.02, entropy_weight=1.0, epsilon=1.0))
    before = held.sample(500, 0).entropy.mean()
    for _ in range(30):
        drawn = held.sample(100, 0).sequences
        trainer.step(SequenceBatch(drawn, np.full(100, 0.5)))
    assert held.sample(500, 0).entropy.mean() > before + 1.0


def test_the_queue_holds_the_best_different_sequences_of_all_batches() -> None:
    held = policy()
    trainer = make_trainer(held, TrainSettings(method="pqt", queue=7))
    batches = [batch(held, 150, 1000 * k) for k in range(3)]
    every: dict[tuple[int, ...], float] = {}
    for found in batches:
        trainer.step(found)
        rows = [tuple(int(k) for k in row if k >= 0) for row in found.sequences]
        every |= dict(zip(rows, found.rewards.tolist(), strict=True))
    state = trainer.state()
    queue = [tuple(int(k) for k in row if k >= 0) for row in state["trainer/queue"]]
    rewards = state["trainer/queue_rewards"].tolist()
    assert len(set(queue)) == 7
    assert [every[row] for row in queue] == rewards
    assert rewards == sorted(every.values(), reverse=True)[:7]


@pytest.mark.parametrize("method", TRAININGS)
def test_restored_training_goes_on_exactly(method: str) -> None:
    settings = TrainSettings(method=method, rate=0.01, queue_batch=2)
    held = policy()
    trainer = make_trainer(held, settings, seed=4)
    for k in range(3):
        trainer.step(batch(held, 100, 1000 * k))
    saved = trainer.state()
    again = policy()
    second = make_trainer(again, settings, seed=4)
    second.restore(saved)
    for k in range(3, 6):
        updates = [t.step(batch(p, 100, 1000 * k)) for t, p in ((trainer, held), (second, again))]
        assert updates[0] == updates[1]
    for name, array in trainer.state().items():
        assert np.array_equal(second.state()[name], array), name


def test_a_damaged_state_is_refused() -> None:
    held = policy()
    trainer = make_trainer(held, TrainSettings())
    saved = trainer.state()
    with pytest.raises(InputError, match="training is damaged"):
        trainer.restore({n: v for n, v in saved.items() if n != "trainer/steps"})
    with pytest.raises(InputError, match=r"weights 'score.bias'"):
        trainer.restore({n: v for n, v in saved.items() if n != "policy/score.bias"})


def test_what_the_policy_cannot_write_is_left_out() -> None:
    held = policy()
    long = np.full((2, 13), -1, np.int16)
    sequence = VOCABULARY.sequence(
        "sin(sin(sin(sin(sin(sin(sin(sin(sin(sin(sin(sin(x0))))))))))))"
    )[0]
    long[0, : len(sequence)] = sequence
    long[1, :1] = VOCABULARY.places["x0"]
    update = make_trainer(held, TrainSettings(epsilon=1.0)).step(SequenceBatch(long, np.ones(2)))
    assert update.learned == 1
    update = make_trainer(held, TrainSettings(epsilon=1.0)).step(
        SequenceBatch(long[:1], np.ones(1))
    )
    assert update.learned == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "ppo"}, "method must be one of rspg, vpg, pqt, not 'ppo'"),
        ({"epsilon": 0.0}, "epsilon must be a number above 0 to 1, not 0.0"),
        ({"entropy_weight": -1.0}, "entropy_weight must be a number from 0, not -1.0"),
        ({"queue": 0}, "queue must be an integer from 1, not 0"),
    ],
)
def test_settings_are_checked(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        TrainSettings(**changes)  # type: ignore[arg-type]
