"""Settings of a policy: its network, its priors, its training. Torch is not needed for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Le
from pydantic import Strict

from symtick.settings import (
    Count,
    Flag,
    Natural,
    NotNegative,
    Positive,
    Real,
    Share,
    checked,
    one_of,
)

OBSERVED = ("parent", "sibling", "previous", "open")
STARTS = ("zeros", "scaled")
TRAININGS = ("rspg", "vpg", "pqt")

Units = Annotated[Count, Le(4096)]
Shift = Annotated[tuple[str, Real], Strict(False)]  # a token and what is added to its logit


@checked
@dataclass(frozen=True)
class NetworkSettings:
    """The network of a policy. Defaults: Petersen et al. 2021 (arXiv:1912.04871), appendix.

    Attributes:
        hidden: units of each layer.
        layers: recurrent layers.
        observe: what is read before each token, of `parent`, `sibling`, `previous`, `open`.
        open_bins: open slots told apart; from this number on they count as as many.
        learned_start: whether the first state is learned; otherwise it is zero.
        start: `zeros` (recurrent weights 0, as the published code has it) or `scaled` (uniform in
            +-1/sqrt(hidden), output 0). Either way a new policy knows no token from another.
    """

    hidden: Units = 32
    layers: Units = 1
    observe: Annotated[tuple[Annotated[str, one_of(OBSERVED)], ...], Strict(False)] = (
        "parent",
        "sibling",
    )
    open_bins: Units = 6
    learned_start: Flag = False
    start: Annotated[str, one_of(STARTS)] = "zeros"


@checked
@dataclass(frozen=True)
class Priors:
    """Shifts of the logits before anything is learned.

    Attributes:
        length: where the soft length lies, in tokens; None for none. Before it, leaves that would
            end the expression lose (t - length)^2 / (2 variance), from there on operators do.
        variance: of the soft length.
        uniform_arity: tokens with many of their arity lose log(how many), so that arities are
            equally likely.
        tokens: further shifts of single tokens, by name.
    """

    length: Real | None = 10.0
    variance: Positive = 5.0
    uniform_arity: Flag = True
    tokens: Annotated[tuple[Shift, ...], Strict(False)] = ()


@checked
@dataclass(frozen=True)
class TrainSettings:
    """How the policy is trained.

    Attributes:
        method: `rspg`, the risk-seeking policy gradient (Petersen et al. 2021, arXiv:1912.04871);
            `vpg`, the policy gradient with a moving average as its baseline (Williams 1992); or
            `pqt`, priority-queue training (Abolafia et al. 2018, arXiv:1801.03526).
        rate: Adam's learning rate.
        updates: of the weights for each batch.
        epsilon: share of the batch that `rspg` learns from, and from which `pqt` takes entropy.
            Where epsilon * (batch - 1) < 1 this is the best sequence alone, which is not above the
            quantile: `rspg` then learns nothing but entropy, unless it is `ranked`.
        ranked: weigh `rspg`'s sequences by rank, log(k + 1/2) - log(rank), to a sum of 1, instead
            of by how far their reward is above the quantile.
        smoothing: share of the new mean in `vpg`'s baseline.
        entropy_weight: of the entropy bonus.
        entropy_gamma: its decay from step to step.
        queue: best sequences so far that `pqt` learns from.
        queue_batch: how many of them in one step, drawn with replacement; None for all.
        queue_weight: of their mean log-probability.
        queue_gradient: whether `pqt` adds `rspg`'s gradient.
    """

    method: Annotated[str, one_of(TRAININGS)] = "rspg"
    rate: Share = 0.0005
    updates: Count = 1
    epsilon: Share = 0.05
    ranked: Flag = False
    smoothing: Share = 0.5
    entropy_weight: NotNegative = 0.03
    entropy_gamma: Share = 0.7
    queue: Count = 10
    queue_batch: Count | None = None
    queue_weight: NotNegative = 1.0
    queue_gradient: Flag = False


@checked
@dataclass(frozen=True)
class PretrainSettings:
    """Supervised training before a search.

    Attributes:
        sequences: how many different ones are drawn from the untrained policy, where none are
            given.
        epochs: passes over them.
        batch: sequences of one step.
        rate: Adam's learning rate.
        seed: of drawing and order.
    """

    sequences: Count = 5000
    epochs: Count = 5
    batch: Count = 100
    rate: Share = 0.003
    seed: Natural = 0
