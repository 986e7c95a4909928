"""Settings of the joint search."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from annotated_types import Ge

from symtick.search.evolution.settings import EngineConfig, Limits
from symtick.search.hybrid.settings import HYBRID_METHODS
from symtick.search.policy.settings import NetworkSettings, Priors, TrainSettings
from symtick.settings import Count, Natural, NotNegative, Share, checked, one_of

Letters = Annotated[Count, Ge(3)]


@checked
@dataclass(frozen=True)
class JointSettings:
    """Growing and cutting of models whose terms all outputs share (`search.joint.search`).

    Attributes:
        starts: models that are grown, each with a policy and a random stream of its own; 0 leaves
            the search out.
        thrift: how much terms are chosen by their price: the reward is the loss that a term takes
            over its price to this power.
        method: where terms come from: `gp`, evolution alone, `policy`, a learned policy alone, or
            `hybrid`, each fed by the other.
        rounds: of each start; in a round terms are proposed, and some join the model.
        batch: sequences that the policy draws in a round.
        generations: of evolution in a round.
        letters: most nodes of what the policy writes.
        terms: most terms of a model.
        readers: outputs that may read a term when it joins; none leaves it to what pays.
        pool: terms that are kept from round to round.
        rows: training rows.
        probe_rows: training rows on which terms and cuts are judged.
        fit_steps: Levenberg-Marquardt steps of all constants together after a round, at most.
        refit_steps: the same after cuts.
        drop: share of a model's price that goes between two such fits.
        node_price: of a node in LUTs.
        engine: of the evolution; operators, seed and tick limit are set by the distiller, and
            `limits.max_nodes` is the largest tree that is bred.
        network: of the policy.
        priors: of the policy.
        training: of the policy.
    """

    starts: Natural = 3
    thrift: NotNegative = 0.6
    method: Annotated[str, one_of(HYBRID_METHODS)] = "hybrid"
    rounds: Count = 14
    batch: Count = 100
    generations: Count = 10
    letters: Letters = 12
    terms: Count = 24
    readers: Count | None = None
    pool: Natural = 300
    rows: Count = 6000
    probe_rows: Count = 3000
    fit_steps: Natural = 10
    refit_steps: Natural = 6
    drop: Share = 0.08
    node_price: NotNegative = 1.0
    engine: EngineConfig = field(
        default_factory=lambda: EngineConfig(
            islands=2,
            population=24,
            limits=Limits(max_nodes=18, max_constants=7, max_magnitude=1e4),
        )
    )
    network: NetworkSettings = field(
        default_factory=lambda: NetworkSettings(
            start="scaled", observe=("parent", "sibling", "previous", "open")
        )
    )
    priors: Priors = field(default_factory=lambda: Priors(length=8.0, variance=8.0))
    training: TrainSettings = field(
        default_factory=lambda: TrainSettings(rate=0.0025, ranked=True, epsilon=0.1, updates=2)
    )
