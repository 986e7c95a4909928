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

import numpy as np

from symtick.errors import InputError
from symtick.expr import BY_NAME
from symtick.hwcost.search_model.table import SearchCost
from symtick.search import _kernel
from symtick.search.grammar.operators import ALIASES, OPERATORS
from symtick.search.grammar.units import Unit, Units
from symtick.search.grammar.vocabulary import Vocabulary
from symtick.search.kernel_api.evaluation import cost_table

ANY = _kernel.ANY_NUMBER  # the kernel's count that is no limit
# built-in operators that undo each other; custom ones say it themselves
INVERSES = (("neg", "neg"), ("exp", "log"), ("sqrt", "square"))


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
        max_complexity: most complexity, the sum over the tokens.
        max_argument: most complexity of an operator's arguments, one number for each, -1 for any
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
        max_ticks: most ticks by the search's cost table.
    """

    min_nodes: int = 1
    max_nodes: int = 140
    max_depth: int = 64
    max_constants: int = 64
    max_expanded: int = 1000
    max_complexity: float = math.inf
    max_argument: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    min_count: Mapping[str, int] = field(default_factory=dict)
    max_count: Mapping[str, int] = field(default_factory=dict)
    nested: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    barred: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    trig_in_trig: bool = True
    inverse_of_inverse: bool = True
    constant_arguments: bool = True
    needs_input: bool = False
    units: Units | None = None
    max_ticks: int | None = None

    def __post_init__(self) -> None:
        for name in ("max_argument", "min_count", "max_count", "nested", "barred"):
            object.__setattr__(self, name, dict(getattr(self, name)))
        for name in ("min_nodes", "max_nodes", "max_depth", "max_expanded"):
            _check_count(name, getattr(self, name), 1)
        _check_count("max_constants", self.max_constants, 0)
        if self.max_ticks is not None:
            _check_count("max_ticks", self.max_ticks, 0)
        if self.min_nodes > self.max_nodes or self.max_nodes > 100_000:
            raise InputError(
                f"min_nodes <= max_nodes <= 100000 must hold, not {self.min_nodes} and "
                f"{self.max_nodes}"
            )
        if not self.max_complexity > 0.0:
            raise InputError(f"max_complexity must be positive, not {self.max_complexity!r}")
        for counts in (self.min_count, self.max_count, *self.nested.values()):
            for name, count in counts.items():
                _check_count(name, count, 0)

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
                     "max_complexity", "constant_arguments", "needs_input"):  # fmt: skip
            setattr(settings, name, getattr(self, name))
        settings.set_counts(
            _counts(vocabulary, self.min_count, 0, max),
            _counts(vocabulary, self.max_count, ANY, min),
        )
        settings.max_argument = self._arguments(vocabulary)
        settings.nested = self._nesting(vocabulary)
        settings.barred = self._bars(vocabulary)
        settings.set_units(*_dimensions(vocabulary, self.units))
        settings.max_ticks = ANY
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
        settings.max_ticks = min(self.max_ticks or 0, ANY - 1)

    def _arguments(self, vocabulary: Vocabulary) -> list[float]:
        limits = np.full((len(vocabulary), 2), math.inf)
        for name, most in self.max_argument.items():
            for token in _tokens(vocabulary, name):
                if len(most) != vocabulary.tokens[token].arity:
                    raise InputError(
                        f"max_argument: {name!r} takes {vocabulary.tokens[token].arity} arguments, "
                        f"not {len(most)}"
                    )
                for k, limit in enumerate(most):
                    if limit >= 0:
                        limits[token, k] = min(limits[token, k], limit)
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
    if known not in vocabulary.places and (known in BY_NAME or known in OPERATORS):
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


def _check_count(name: str, value: object, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InputError(f"{name} must be an integer from {least}, not {value!r}")


def sequences_of(rows: Iterable[Iterable[int]]) -> np.ndarray[tuple[int, int], np.dtype[np.int16]]:
    """Sequences of different lengths as one array, shape (n, longest), filled up with -1."""
    sequences = [list(row) for row in rows]
    out = np.full((len(sequences), max((len(r) for r in sequences), default=0)), -1, np.int16)
    for k, row in enumerate(sequences):
        out[k, : len(row)] = row
    return out
