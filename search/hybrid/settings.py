"""Settings of the hybrid search, with named presets."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from symtick.search.evolution.settings import EngineConfig, Moves
from symtick.search.grammar.grammar import Rules
from symtick.search.policy.settings import NetworkSettings, PretrainSettings, Priors, TrainSettings
from symtick.settings import Count, Flag, Natural, Seed, checked, one_of

HYBRID_METHODS = ("gp", "policy", "hybrid")


@checked
@dataclass(frozen=True)
class HybridConfig:
    """A search by a policy, by evolution, or by both together.

    Each step of `hybrid` draws a batch from the policy, plants it in the engine's islands, lets
    them breed, and trains the policy on the batch and the engine's best (Mundhenk et al. 2021,
    arXiv:2111.00053). `policy` leaves the breeding out, `gp` everything else.

    Attributes:
        method: `policy`, `gp` or `hybrid`.
        engine: tokens, rules, loss, target, and the evolution.
        network: the policy's network.
        priors: shifts of its scores before it has learned anything.
        training: how it learns.
        pretrain: supervised training of a new policy on sequences of its own rules and priors,
            which evens out what can be written in many ways; None for none.
        bidirectional: evaluations of bidirectional enumeration before everything else, 0 for none;
            it finds exact laws in data without noise (`search.enumeration.bidirectional`), and
            takes a quarter of a budget at most. It is left out where there is a penalty, or where
            constants are rounded and operators custom.
        bidirectional_nodes: most nodes of its formulas, where the rules of the engine allow fewer.
        batch: sequences drawn in each step.
        generations: of evolution in each step.
        replant: whether each step clears the islands first, so that only the policy's batch founds
            them. Otherwise the batch joins the individuals there.
        train_best: individuals of the engine that join the policy's batch.
        patience: steps of `policy` in a row with no better loss and almost nothing new (less than
            a hundredth of the batch), after which it forgets everything; None for never.
        seed: of every random choice, from 0 to 2**62-1; the engine's own is replaced.
    """

    method: Annotated[str, one_of(HYBRID_METHODS)] = "hybrid"
    engine: EngineConfig = field(default_factory=EngineConfig)
    network: NetworkSettings = field(default_factory=NetworkSettings)
    priors: Priors = field(default_factory=Priors)
    training: TrainSettings = field(default_factory=TrainSettings)
    pretrain: PretrainSettings | None = None
    bidirectional: Natural = 0
    bidirectional_nodes: Natural = 64
    batch: Count = 500
    generations: Count = 25
    replant: Flag = True
    train_best: Natural = 50
    patience: Count | None = 50
    seed: Seed = 0

    @classmethod
    def mundhenk2021(cls, ops: tuple[str, ...], **engine: Any) -> HybridConfig:
        """The published hybrid, as far as the engine has its parts.

        From the paper (arXiv:2111.00053, section 4 and its appendix) and the file
        `config_regression_gp.json` of its repository, dso-org/deep-symbolic-optimization: batch and
        population 500, 25 generations (the file says 20), priority-queue training with a queue of
        10 and weight 200 by one sequence a step without policy gradient, epsilon 0.02, Adam at
        0.0025, entropy 0.03 with decay 0.7, crossover and mutation 0.5 each, tournament 5, new
        sub-trees of at most 3 levels below the root, 50 of the evolved for training, soft length
        around 10 with variance 5, uniform arities, the constraints of `Rules.dso`. Of its four
        mutations (uniform, node, insert, shrink) each has an equal share. It breeds whole
        generations; our engine replaces the oldest one by one.

        Args:
            ops: operators, in the engine's names.
            engine: further settings of the engine, such as `constants`, `literals`, `custom`.
        """
        given: dict[str, Any] = {
            "simplify": False,
            "rules": Rules.dso(),
            "islands": 1,
            "population": 500,
            "tournament": 5,
            "elite_probability": 0.0,
            "lut_tournament": 0.0,
            "subtree_depth": 4,
            "migrants": 0,
            "moves": _moves(crossover=0.5, replace=0.125, point=0.125, insert=0.125, hoist=0.125),
        }
        return cls(
            engine=EngineConfig(ops=tuple(ops), **(given | engine)),
            network=NetworkSettings(start="zeros"),
            priors=Priors(length=10.0, variance=5.0),
            training=TrainSettings(
                method="pqt", rate=0.0025, epsilon=0.02, entropy_weight=0.03, entropy_gamma=0.7,
                queue=10, queue_batch=1, queue_weight=200.0,
            ),
            batch=500,
            generations=25,
            train_best=50,
        )  # fmt: skip

    @classmethod
    def symtick(cls, ops: tuple[str, ...], **engine: Any) -> HybridConfig:
        """Ours: bidirectional enumeration first, then policy and evolution on four islands.

        Against `mundhenk2021`: half a million evaluations of bidirectional enumeration, with
        formulas of up to 64 nodes; the risk-seeking gradient with rank weights in place of the
        queue; a policy that sees the last token and the open slots too; four islands of 125, and 50
        generations in a step; up to five individuals of one function; six constants, not three, and
        no least length; four more moves (parts matched to enumerated functions, constants
        moved, another input, operators turned about), each a fifth as often as crossover. All were
        taken up because they found more in fewer evaluations on some of the problems of
        `benchmarks/recovery.py`: its figures are not of unseen problems.

        Args:
            ops: operators, in the engine's names.
            engine: further settings of the engine, such as `constants`, `literals`, `custom`.
        """
        published = cls.mundhenk2021(ops).engine
        given: dict[str, Any] = {
            "islands": 4, "population": 125, "copies": 5,
            "rules": replace(Rules.dso(max_constants=6), min_nodes=1),
            "moves": replace(published.moves, match=0.1, jitter=0.1, feature=0.1, rotate=0.1),
            "library": 20_000,
        }  # fmt: skip
        return replace(
            cls.mundhenk2021(ops, **(given | engine)),
            network=NetworkSettings(
                start="scaled", observe=("parent", "sibling", "previous", "open")
            ),
            training=TrainSettings(rate=0.0025, ranked=True),
            bidirectional=500_000,
            generations=50,
        )

    @classmethod
    def petersen2021(cls, ops: tuple[str, ...], **engine: Any) -> HybridConfig:
        """The published policy alone, trained by the risk-seeking policy gradient.

        From Petersen et al. 2021 (arXiv:1912.04871, table 4) and, for priors and decaying entropy,
        `config_regression.json` of its repository: batch 1000, epsilon 0.05, Adam at 0.0005,
        entropy 0.03 with decay 0.7.

        Args:
            ops: operators, in the engine's names.
            engine: further settings of the engine, such as `constants`, `literals`, `custom`.
        """
        both = cls.mundhenk2021(ops, **engine)
        return replace(both, method="policy", training=TrainSettings(), batch=1000)


def _moves(**weights: float) -> Moves:
    silent = dict.fromkeys(Moves.__dataclass_fields__, 0.0)
    return Moves(**(silent | weights))
