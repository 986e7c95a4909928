"""Rules: constraints on candidates by name, by which the kernel masks and judges.

One `Rules` binds the policy's samples (as masks, so that nothing is drawn in vain), offspring
and enumerated trees. The kinds of constraints are those of deep symbolic optimisation (Petersen et
al. 2021, arXiv:1912.04871, section 3.1 and appendix; Landajuela et al. 2021, arXiv:2107.09158) and
of PySR (Cranmer 2023, arXiv:2305.01582), and the latency in ticks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
from annotated_types import Le
from pydantic import InstanceOf

from symtick.errors import InputError
from symtick.expr import SEARCH_NAMES
from symtick.hwcost.search_model.table import SearchCost
from symtick.search import _kernel
from symtick.search.grammar.operators import ALIASES, OPERATORS
from symtick.search.grammar.units import Unit, Units
from symtick.search.grammar.vocabulary import Vocabulary
from symtick.search.kernel_api.evaluation import cost_table
from symtick.search.kernel_api.limits import ANY, as_limit
from symtick.settings import Count, Flag, Natural, NotNegative, Positive, Texts, checked

# built-in operators that invert each other; custom ones say it themselves
INVERSES = (("neg", "neg"), ("exp", "log"), ("sqrt", "square"))


@checked
@dataclass(frozen=True)
class Rules:
    """Constraints on candidates; by default nothing but generous limits on size.

    Names are those of tokens or of the vocabulary's groups; a group stands for each of its tokens.
    Those that name an operator which the vocabulary lacks say nothing.

    Attributes:
        min_nodes: fewest tokens.
        max_nodes: most tokens.
        max_depth: most levels of the tree, the root's included.
        max_constants: most free constants.
        max_expanded: most nodes after custom operators are written out.
        max_complexity: most complexity, the sum over the tokens, or None.
        max_argument: most complexity of an operator's arguments, one number for each, None for any
            (PySR's `constraints`).
        min_count: fewest of a token.
        max_count: most of a token.
        nested: `{outer: {inner: n}}`: below an `outer`, at most n `inner` on any way down (PySR's
            `nested_constraints`).
        barred: `{parent: children}` that must not be its arguments.
        trig_in_trig: a trigonometric operator may stand anywhere below another.
        inverse_of_inverse: an operator may stand directly on its inverse, as in exp(log(x)).
        constant_arguments: all arguments of an operator may be constants.
        needs_input: at least one input must occur.
        units: units of inputs and target; None: not looked at.
        max_ticks: most ticks by the search's cost table, or None.
    """

    min_nodes: Count = 1
    max_nodes: Annotated[Count, Le(100_000)] = 140
    max_depth: Count = 64
    max_constants: Natural = 64
    max_expanded: Count = 1000
    max_complexity: Positive | None = None
    max_argument: Mapping[str, tuple[NotNegative | None, ...]] = field(default_factory=dict)
    min_count: Mapping[str, Natural] = field(default_factory=dict)
    max_count: Mapping[str, Natural] = field(default_factory=dict)
    nested: Mapping[str, Mapping[str, Natural]] = field(default_factory=dict)
    barred: Mapping[str, Texts] = field(default_factory=dict)
    trig_in_trig: Flag = True
    inverse_of_inverse: Flag = True
    constant_arguments: Flag = True
    needs_input: Flag = False
    units: InstanceOf[Units] | None = None
    max_ticks: Natural | None = None

    def __post_init__(self) -> None:
        if self.min_nodes > self.max_nodes:
            raise InputError(
                f"min_nodes <= max_nodes must hold, not {self.min_nodes} and {self.max_nodes}"
            )

    @classmethod
    def dso(cls, max_nodes: int = 30, max_constants: int = 3) -> Rules:
        """The constraints that DSO switches on for regression.

        Length from 4 to 30 (its later configuration file says 64), at most three constants, no
        trigonometric operator below another, no operator directly on its inverse, no operator of
        constants only, at least one input: Petersen et al. 2021, section 3.1 and table 4; the file
        `config_regression.json` of its repository. Its priors, soft length and uniform arity, are
        the policy's.
        """
        return cls(
            min_nodes=4,
            max_nodes=max_nodes,
            max_constants=max_constants,
            trig_in_trig=False,
            inverse_of_inverse=False,
            constant_arguments=False,
            needs_input=True,
        )

    def to_kernel(self, vocabulary: Vocabulary, cost: SearchCost | None = None) -> _kernel.Rules:
        """The rules as the kernel reads them.

        Args:
            vocabulary: the tokens that they are about.
            cost: the cost table that `max_ticks` is counted with.

        Raises:
            InputError: a name is unknown, a number out of range, or the settings do not fit the
                vocabulary.
        """
        settings = _kernel.RuleSettings()
        for name in ("min_nodes", "max_nodes", "max_depth", "max_constants", "max_expanded",
                     "constant_arguments", "needs_input"):  # fmt: skip
            setattr(settings, name, getattr(self, name))
        settings.max_complexity = as_limit(self.max_complexity, math.inf)
        settings.set_counts(
            _counts(vocabulary, self.min_count, 0, max),
            _counts(vocabulary, self.max_count, ANY, min),
        )
        settings.max_argument = self._arguments(vocabulary)
        settings.nested = self._nesting(vocabulary)
        settings.barred = self._bars(vocabulary)
        settings.set_units(*_dimensions(vocabulary, self.units))
        settings.max_ticks = as_limit(self.max_ticks, ANY)
        if self.max_ticks is not None:
            self._budget(settings, vocabulary, cost)
        try:
            return _kernel.Rules(vocabulary.to_kernel(), settings)
        except ValueError as error:
            raise InputError(f"these rules do not fit: {error}") from None

    def _budget(
        self, settings: _kernel.RuleSettings, vocabulary: Vocabulary, cost: SearchCost | None
    ) -> None:
        if cost is None:
            raise InputError(f"max_ticks={self.max_ticks} needs a cost table to count with")
        if len(cost.table_lut) != len(vocabulary.inputs):
            raise InputError(
                f"the vocabulary has {len(vocabulary.inputs)} inputs, the cost has tables for "
                f"{len(cost.table_lut)}"
            )
        settings.cost = cost_table(cost)

    def _arguments(self, vocabulary: Vocabulary) -> list[float]:
        limits = np.full((len(vocabulary), _kernel.MAX_ARGUMENTS), math.inf)
        for name, most in self.max_argument.items():
            for token in _tokens(vocabulary, name):
                if len(most) != vocabulary.tokens[token].arity:
                    raise InputError(
                        f"max_argument: {name!r} takes {vocabulary.tokens[token].arity} arguments, "
                        f"not {len(most)}"
                    )
                for k, limit in enumerate(most):
                    limits[token, k] = min(limits[token, k], as_limit(limit, math.inf))
        return limits.ravel().tolist() if np.isfinite(limits).any() else []

    def _nesting(self, vocabulary: Vocabulary) -> list[int]:
        limits = np.full((len(vocabulary), len(vocabulary)), ANY)
        pairs = [(o, i, n) for o, inner in self.nested.items() for i, n in inner.items()]
        if not self.trig_in_trig:
            pairs.append(("trig", "trig", 0))
        for outer, inner, most in pairs:
            places = np.ix_(_tokens(vocabulary, outer), _tokens(vocabulary, inner))
            limits[places] = np.minimum(limits[places], most)
        return limits.ravel().tolist() if (limits < ANY).any() else []

    def _bars(self, vocabulary: Vocabulary) -> list[int]:
        barred = np.zeros((len(vocabulary), len(vocabulary)), np.uint8)
        pairs = [(parent, child) for parent, children in self.barred.items() for child in children]
        if not self.inverse_of_inverse:
            undone = [*INVERSES, *((o.name, i) for o in vocabulary.custom for i in o.inverses)]
            pairs += undone + [(b, a) for a, b in undone]
        for parent, child in pairs:
            barred[np.ix_(_tokens(vocabulary, parent), _tokens(vocabulary, child))] = 1
        return barred.ravel().tolist() if barred.any() else []


def _tokens(vocabulary: Vocabulary, name: str) -> list[int]:
    """The tokens of this name or group; none where it is an operator that is no token here."""
    known = ALIASES.get(name, name)
    if known not in vocabulary.places and (known in SEARCH_NAMES or known in OPERATORS):
        return []
    return list(vocabulary.find(known))


def _counts(
    vocabulary: Vocabulary, given: Mapping[str, int], default: int, pick: Callable[[int, int], int]
) -> list[int]:
    counts = [default] * len(vocabulary)
    for name, count in given.items():
        for token in _tokens(vocabulary, name):
            counts[token] = pick(counts[token], min(count, ANY))
    return counts if any(c != default for c in counts) else []


def _dimensions(
    vocabulary: Vocabulary, units: Units | None
) -> tuple[int, list[float], list[float]]:
    if units is None:
        return 0, [], []
    if len(units.inputs) != len(vocabulary.inputs):
        raise InputError(
            f"the vocabulary has {len(vocabulary.inputs)} inputs, units are given for "
            f"{len(units.inputs)}"
        )
    each = [
        units.exponents(units.inputs[t.feature] if t.kind == "input" else Unit())
        for t in vocabulary.tokens
    ]
    # without a base unit everything is a plain number, and fits
    target = [] if units.target is None else units.exponents(units.target)
    return len(units.symbols), [p for powers in each for p in powers], target


def sequences_of(rows: Iterable[Iterable[int]]) -> np.ndarray[tuple[int, int], np.dtype[np.int16]]:
    """Sequences of different lengths as one array, shape (n, longest), filled up with -1."""
    sequences = [list(row) for row in rows]
    out = np.full((len(sequences), max((len(r) for r in sequences), default=0)), -1, np.int16)
    for k, row in enumerate(sequences):
        out[k, : len(row)] = row
    return out
