"""Training of a policy on scored sequences.

All trainers minimise

    - sum_i a_i log p(sequence i) - entropy_weight * sum_i b_i sum_t gamma^t H(step t of i)

with Adam and differ in which sequences they take and how they weigh them (a). The entropy that
decays along the sequence is the hierarchical entropy of Landajuela et al. 2021 ("Improving
exploration in policy gradient search").
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch

from symtick.errors import InputError
from symtick.search.kernel_api.states import Arrays, State, part_of, prefixed
from symtick.search.policy.adam import Adam
from symtick.search.policy.policy import Policy, PolicyInputs, Sequences
from symtick.search.policy.settings import TrainSettings
from symtick.search.torch_threads import one_thread

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SequenceBatch:
    """Scored sequences: tokens (n, length), -1 behind each end, and rewards (n,) in [0, 1]."""

    sequences: Sequences
    rewards: Numbers

    def joined(self, other: SequenceBatch) -> SequenceBatch:
        """Both."""
        length = max(self.sequences.shape[1], other.sequences.shape[1])
        both = [_padded(batch.sequences, length) for batch in (self, other)]
        return SequenceBatch(np.concatenate(both), np.concatenate([self.rewards, other.rewards]))

    def rows(self, kept: npt.NDArray[Any]) -> SequenceBatch:
        """Some of them."""
        return SequenceBatch(self.sequences[kept], self.rewards[kept])


def _padded(sequences: Sequences, length: int) -> Sequences:
    return np.pad(sequences, ((0, 0), (0, length - sequences.shape[1])), constant_values=-1)


@dataclass(frozen=True)
class Update:
    """What one step did: loss, entropy bonus in it, different sequences learned from."""

    loss: float
    entropy: float
    learned: int


class Trainer(Protocol):
    """Improves a policy step by step; a pure function of its settings, seed and batches."""

    def step(self, batch: SequenceBatch) -> Update:
        """Learn from one batch."""

    def state(self) -> State:
        """Arrays, with the policy's weights, from which `restore` goes on exactly."""

    def restore(self, arrays: Arrays) -> None:
        """Take up a stored state.

        Raises:
            InputError: it is damaged or belongs to another policy.
        """


def make_trainer(policy: Policy, settings: TrainSettings, seed: int = 0) -> Trainer:
    """The trainer that the settings name."""
    return _TRAINERS[settings.method](policy, settings, seed)


class _PolicyTrainer:
    """What all trainers share: Adam, the loss, the state."""

    def __init__(self, policy: Policy, settings: TrainSettings, seed: int) -> None:
        self.policy = policy
        self.settings = settings
        self._seed = seed
        self._steps = 0
        self._adam = Adam(policy.network, settings.rate)

    def _lessons(self, batch: SequenceBatch) -> tuple[Sequences, Numbers, Numbers]:
        """Sequences with the weights of their log-probability and of their entropy."""
        raise NotImplementedError

    def step(self, batch: SequenceBatch) -> Update:
        self._steps += 1
        sequences, gains, bonuses = _merged(*self._lessons(batch))
        reading, kept = self.policy.read(sequences)
        if not kept.any():
            return Update(0.0, 0.0, 0)
        with one_thread():
            for _ in range(self.settings.updates):
                update = self._descend(reading, gains[kept], bonuses[kept])
        return update

    def _descend(self, reading: PolicyInputs, gains: Numbers, bonuses: Numbers) -> Update:
        settings = self.settings
        decay = settings.entropy_gamma ** torch.arange(reading.tokens.shape[1])
        log_share, entropy = self.policy.score(reading)
        gain = (torch.from_numpy(gains).float() * log_share.sum(1)).sum()
        bonus = (torch.from_numpy(bonuses).float() * (entropy * decay).sum(1)).sum()
        loss = -gain - settings.entropy_weight * bonus
        self._adam.descend(loss)
        return Update(loss.item(), settings.entropy_weight * bonus.item(), len(gains))

    def state(self) -> State:
        out: State = {"trainer/steps": np.array(self._steps, np.int64)}
        out |= prefixed(self.policy.weights(), "policy/")
        out |= prefixed(self._adam.state(), "adam/")
        return out | prefixed(self._own_state(), "trainer/")

    def restore(self, arrays: Arrays) -> None:
        self.policy.take(part_of(arrays, "policy/"))
        self._adam.restore(part_of(arrays, "adam/"))
        try:
            self._steps = int(arrays["trainer/steps"])
            self._restore_own(part_of(arrays, "trainer/"))
        except (KeyError, ValueError, TypeError) as error:
            raise InputError(f"the saved training is damaged: {error}") from None

    def _own_state(self) -> State:
        return {}

    def _restore_own(self, arrays: Arrays) -> None:
        pass

    def _best(self, batch: SequenceBatch) -> tuple[SequenceBatch, float]:
        """The best `epsilon` of a batch, and the smallest reward among them."""
        edge = float(np.quantile(batch.rewards, 1.0 - self.settings.epsilon, method="higher"))
        return batch.rows(batch.rewards >= edge), edge


class RiskSeeking(_PolicyTrainer):
    """The risk-seeking policy gradient: learns from the best `epsilon` of each batch."""

    def _lessons(self, batch: SequenceBatch) -> tuple[Sequences, Numbers, Numbers]:
        best, edge = self._best(batch)
        count = len(best.rewards)
        if self.settings.ranked:
            gains = _rank_weights(best.rewards)
        else:
            gains = (best.rewards - edge) / count
        return best.sequences, gains, np.full(count, 1.0 / count)


class Vanilla(_PolicyTrainer):
    """The policy gradient with the moving average of the mean reward as its baseline."""

    _baseline = math.nan

    def _lessons(self, batch: SequenceBatch) -> tuple[Sequences, Numbers, Numbers]:
        mean, share = float(batch.rewards.mean()), self.settings.smoothing
        first = math.isnan(self._baseline)
        self._baseline = mean if first else share * mean + (1.0 - share) * self._baseline
        count = len(batch.rewards)
        gains = (batch.rewards - self._baseline) / count
        return batch.sequences, gains, np.full(count, 1.0 / count)

    def _own_state(self) -> State:
        return {"baseline": np.array(self._baseline)}

    def _restore_own(self, arrays: Arrays) -> None:
        self._baseline = float(arrays["baseline"])


class PriorityQueue(_PolicyTrainer):
    """Priority-queue training: makes the best different sequences so far more likely."""

    def __init__(self, policy: Policy, settings: TrainSettings, seed: int) -> None:
        super().__init__(policy, settings, seed)
        self._queue = SequenceBatch(np.zeros((0, 1), np.int16), np.zeros(0))

    def _lessons(self, batch: SequenceBatch) -> tuple[Sequences, Numbers, Numbers]:
        best, edge = self._best(batch)
        self._queue = _first(self._queue.joined(batch), self.settings.queue)
        drawn = self._drawn()
        weight = self.settings.queue_weight / len(drawn.rewards)
        both = drawn.joined(best)
        old, new = len(drawn.rewards), len(best.rewards)
        gradient = (best.rewards - edge) / new * self.settings.queue_gradient
        gains = np.concatenate([np.full(old, weight), gradient])
        return both.sequences, gains, np.concatenate([np.zeros(old), np.full(new, 1.0 / new)])

    def _drawn(self) -> SequenceBatch:
        count = self.settings.queue_batch
        if not count:
            return self._queue
        rng = np.random.default_rng([self._seed, 21, self._steps])
        return self._queue.rows(rng.integers(len(self._queue.rewards), size=count))

    def _own_state(self) -> State:
        return {"queue": self._queue.sequences, "queue_rewards": self._queue.rewards}

    def _restore_own(self, arrays: Arrays) -> None:
        self._queue = SequenceBatch(
            arrays["queue"].astype(np.int16), arrays["queue_rewards"].astype(float)
        )


_TRAINERS: dict[str, type[_PolicyTrainer]] = {
    "rspg": RiskSeeking,
    "vpg": Vanilla,
    "pqt": PriorityQueue,
}


def _first(batch: SequenceBatch, count: int) -> SequenceBatch:
    """The best different sequences, best first; of equals the first."""
    _, places = np.unique(batch.sequences, axis=0, return_index=True)
    kept = batch.rows(np.sort(places))
    order = np.argsort(-kept.rewards, kind="stable")[:count]
    return kept.rows(order)


def _merged(
    sequences: Sequences, gains: Numbers, bonuses: Numbers
) -> tuple[Sequences, Numbers, Numbers]:
    """Equal sequences as one, with the sum of their weights."""
    unique, places = np.unique(sequences, axis=0, return_inverse=True)
    out = np.zeros((2, len(unique)))
    np.add.at(out[0], places.ravel(), gains)
    np.add.at(out[1], places.ravel(), bonuses)
    return unique, out[0], out[1]


def _rank_weights(rewards: Numbers) -> Numbers:
    """By rank, best first, as CMA-ES weighs its parents (Hansen 2016, arXiv:1604.00772); sum 1."""
    ranks = np.empty(len(rewards))
    ranks[np.argsort(-rewards, kind="stable")] = np.arange(1, len(rewards) + 1)
    weights = math.log(len(rewards) + 0.5) - np.log(ranks)
    return np.asarray(weights / weights.sum())
