"""The grammar of a search: operators, tokens, rules and units, in one place to import from.

vocabulary = Vocabulary.of(("add", "mul", "sin", "inv"), features=2)
rules = Rules.dso(max_nodes=20)
sequences = random_sequences(rules, vocabulary, 1000, seed=0)
vocabulary.text(sequences[0])
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError
from symtick.hwcost.search_model.table import SearchCost
from symtick.search import _kernel
from symtick.search.grammar.operators import OPERATORS, Operator
from symtick.search.grammar.rules import INVERSES, Rules, sequences_of
from symtick.search.grammar.tokens import GROUPS, Token
from symtick.search.grammar.units import Unit, Units
from symtick.search.grammar.vocabulary import Vocabulary

__all__ = [
    "GROUPS",
    "INVERSES",
    "OPERATORS",
    "Operator",
    "Rules",
    "Token",
    "Unit",
    "Units",
    "Vocabulary",
    "accepts",
    "random_sequences",
    "sequences_of",
]


def accepts(
    rules: Rules,
    vocabulary: Vocabulary,
    sequences: npt.ArrayLike,
    cost: SearchCost | None = None,
    threads: int = 1,
) -> npt.NDArray[np.bool_]:
    """Which sequences are whole expressions that keep the rules.

    Args:
        rules: the rules.
        vocabulary: their tokens.
        sequences: token numbers, shape (n, length), each filled up with -1.
        cost: the cost table, where the rules have a budget of ticks.
        threads: threads to use.

    Raises:
        InputError: the rules do not fit the vocabulary, or the array is not of that shape.
    """
    rows = np.ascontiguousarray(sequences, np.int16)
    if rows.ndim != 2:
        raise InputError(f"sequences have shape (n, length), not {rows.shape}")
    return _kernel.accepts(rules.to_kernel(vocabulary, cost), rows, threads)


def random_sequences(
    rules: Rules, vocabulary: Vocabulary, count: int, seed: int, cost: SearchCost | None = None
) -> npt.NDArray[np.int16]:
    """Random sequences that keep the rules: each token uniform over what the mask allows.

    Args:
        rules: the rules; where they have units, sequences that break them are drawn again.
        vocabulary: their tokens.
        count: how many.
        seed: of the random choices.
        cost: the cost table, where the rules have a budget of ticks.

    Returns:
        Token numbers, shape (count, longest), filled up with -1.

    Raises:
        InputError: the rules do not fit the vocabulary or leave (almost) nothing.
    """
    try:
        return _kernel.random_sequences(rules.to_kernel(vocabulary, cost), count, seed)[0]
    except ValueError as error:
        raise InputError(str(error)) from None
