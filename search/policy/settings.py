"""Settings of a policy: its network, its priors, its training. Torch is not needed for them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from symtick.errors import InputError

OBSERVED = ("parent", "sibling", "previous", "open")
STARTS = ("zeros", "scaled")
TRAININGS = ("rspg", "vpg", "pqt")


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

    hidden: int = 32
    layers: int = 1
    observe: tuple[str, ...] = ("parent", "sibling")
    open_bins: int = 6
    learned_start: bool = False
    start: str = "zeros"

    def __post_init__(self) -> None:
        object.__setattr__(self, "observe", tuple(self.observe))
        for name in ("hidden", "layers", "open_bins"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 4096:
                raise InputError(f"{name} must be an integer from 1 to 4096, not {value!r}")
        if unknown := [name for name in self.observe if name not in OBSERVED]:
            raise InputError(
                f"a policy cannot observe {unknown[0]!r}: there are {', '.join(OBSERVED)}"
            )
        if self.start not in STARTS:
            raise InputError(f"start must be one of {', '.join(STARTS)}, not {self.start!r}")


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

    length: float | None = 10.0
    variance: float = 5.0
    uniform_arity: bool = True
    tokens: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "tokens", tuple((str(n), float(v)) for n, v in self.tokens))
        numbers = [self.variance, self.length or 0.0, *(shift for _, shift in self.tokens)]
        if not all(math.isfinite(number) for number in numbers) or self.variance <= 0:
            raise InputError("priors must be finite, and the variance of the length positive")


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
        queue_batch: how many of them in one step, drawn with replacement; 0 for all.
        queue_weight: of their mean log-probability.
        queue_gradient: whether `pqt` adds `rspg`'s gradient.
    """

    method: str = "rspg"
    rate: float = 0.0005
    updates: int = 1
    epsilon: float = 0.05
    ranked: bool = False
    smoothing: float = 0.5
    entropy_weight: float = 0.03
    entropy_gamma: float = 0.7
    queue: int = 10
    queue_batch: int = 0
    queue_weight: float = 1.0
    queue_gradient: bool = False

    def __post_init__(self) -> None:
        if self.method not in TRAININGS:
            raise InputError(
                f"unknown training method {self.method!r}: there are {', '.join(TRAININGS)}"
            )
        for name in ("rate", "epsilon", "smoothing", "entropy_gamma"):
            if not 0.0 < getattr(self, name) <= 1.0:
                raise InputError(f"{name} must be in (0, 1], not {getattr(self, name)!r}")
        for name in ("entropy_weight", "queue_weight"):
            if not 0.0 <= getattr(self, name) < math.inf:
                raise InputError(f"{name} must not be negative, not {getattr(self, name)!r}")
        if min(self.queue, self.updates) < 1 or self.queue_batch < 0:
            raise InputError("queue and updates must be at least 1, queue_batch at least 0")


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

    sequences: int = 5000
    epochs: int = 5
    batch: int = 100
    rate: float = 0.003
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.sequences, self.epochs, self.batch) < 1 or not 0.0 < self.rate <= 1.0:
            raise InputError("pre-training needs sequences, epochs, a batch and a rate in (0, 1]")
