"""Supervised training of a policy before a search."""

from __future__ import annotations

import numpy as np
import torch

from symtick.errors import InputError
from symtick.search.policy.adam import Adam
from symtick.search.policy.policy import Policy, PolicyInputs, Sequences
from symtick.search.policy.settings import PretrainSettings
from symtick.search.torch_threads import one_thread


def pretrain(
    policy: Policy,
    settings: PretrainSettings | None = None,
    sequences: Sequences | None = None,
) -> list[float]:
    """Make given (or generated) sequences likely, so that a new search starts from there.

    Args:
        policy: changed in place.
        settings: of the training.
        sequences: shape (n, length), -1 behind each end; None to draw different ones from the
            policy's own rules and priors, which evens out what can be written in many ways.

    Returns:
        Mean of -log p of a sequence, for each epoch.

    Raises:
        InputError: a row is no expression, or the policy can write none of them.
    """
    settings = settings or PretrainSettings()
    if sequences is None:
        drawn = policy.sample(settings.sequences, settings.seed).sequences
        sequences = np.unique(drawn, axis=0)
    reading, kept = policy.read(sequences)
    if not kept.any():
        raise InputError("the policy can write none of these sequences: its rules forbid them")
    rng = np.random.default_rng([settings.seed, 22])
    adam = Adam(policy.network, settings.rate)
    return [_epoch(policy, reading, adam, rng, settings.batch) for _ in range(settings.epochs)]


def _epoch(
    policy: Policy,
    reading: PolicyInputs,
    adam: Adam,
    rng: np.random.Generator,
    batch: int,
) -> float:
    total, count = 0.0, len(reading.tokens)
    order = torch.from_numpy(rng.permutation(count))
    for first in range(0, count, batch):
        places = order[first : first + batch]
        with one_thread():
            loss = -policy.score(reading.rows(places))[0].sum()
            adam.descend(loss / len(places))
        total += loss.item()
    return total / count
