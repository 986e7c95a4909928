"""Graph = reference: whether the index is that of the largest of the lowered scores.

The reference is the graph of the scores before the passes, its inputs' slices as plain integers,
and the decision by its definition: the index is `numpy.argmax` of the scores.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterator, Mapping, Sequence
from itertools import combinations, product

import numpy as np

from symtick.codegen.ir.graph import Graph
from symtick.codegen.lowering.decision import Decision
from symtick.sim.proof.forms import Form, added
from symtick.sim.proof.operations import at_least_zero, flagged, larger, truth
from symtick.sim.proof.outcome import Finding, Verdict
from symtick.sim.proof.signals import CONDITIONS, Codes, OutOfReachError, Signal, Space
from symtick.sim.proof.walk import Walk

_CASES = 1 << 22
_WAYS = 4  # in which the largest of some scores is written
Pair = tuple[tuple[int, ...], tuple[int, ...]]


def difference(a: Form, b: Form) -> str:
    """Where two forms differ; nothing where they are the same function."""
    gap = added(a, b, -1)
    if not (gap.offset or gap.tables or gap.wide):
        return ""
    names = [gap.space.signals[n].kind for key in gap.tables for n in key]
    return (
        f"their difference depends on {len(names) + len(gap.wide)} signals"
        if names
        else "they differ"
    )


def largest_score(walk: Walk, reference: Walk, port: int) -> Finding:
    """Whether an output of a graph is the number of the largest of the reference's outputs.

    Args:
        walk: the forms of the graph.
        reference: those of the scores, in the same space.
        port: place of the output.
    """
    made = walk.forms.get(walk.graph.outputs[port])
    scores = [reference.forms.get(k) for k in reference.graph.outputs]
    try:
        if made is None:
            raise OutOfReachError(walk.failed[walk.graph.outputs[port]])
        wanted = [s for s in scores if s is not None]
        if len(wanted) < len(scores):
            raise OutOfReachError(next(iter(reference.failed.values())))
        why = _index(made, wanted)
    except OutOfReachError as error:
        why = str(error)
    verdict = Verdict.UNDECIDED if why else Verdict.PROVED
    name = walk.graph.output_names[port]
    return Finding(f"output {name}", verdict, why or "equal normal forms")


def ports(
    graph: Graph, decision: Decision, scores: Sequence[str]
) -> Iterator[tuple[str, str, tuple[int, int]]]:
    """Name, kind, and the places among the ports and among the scores, of each output."""
    port = 0
    for kind in decision.ordered():
        count = len(scores) if kind in ("scores", "above") else 1
        for score in range(count):
            yield graph.output_names[port], kind, (port, score)
            port += 1


def _index(made: Form, scores: Sequence[Form]) -> str:
    """Whether a form is the number of the largest score, for every order that scores can have."""
    space = made.space
    if len(scores) == 1:
        zero = added(scores[0], scores[0], -1)
        below = at_least_zero(added(zero, scores[0], -1))
        one = added(added(below, below, -1), _one(space))
        return difference(made, added(one, below, -1))
    pairs = {(i, j): flagged(at_least_zero(added(scores[i], scores[j], -1)))
             for i, j in combinations(range(len(scores)), 2)}  # fmt: skip
    brackets = list(_brackets(made, scores))
    forms = (made, *pairs.values(), *(form for _, form in brackets))
    if any(f.wide for f in forms):
        raise OutOfReachError("the index depends on a product of wide signals")
    support = tuple(sorted({n for f in forms for n in f.support}))
    bases = {n for n in support if space.signals[n].kind not in CONDITIONS}
    known = {
        n: on for n in support if (on := _on_listed(space, space.signals[n], bases)) is not None
    }
    codes = [_distinct((*forms, *known.values()), n) for n in support]
    shape = tuple(len(c) for c in codes)
    if math.prod(shape) > _CASES:
        raise OutOfReachError("the index depends on too many conditions")
    beats = {pair: _at(f, support, codes) != 0 for pair, f in pairs.items()}
    possible = _ordered(space, support, codes)
    for n, on in known.items():
        value = codes[support.index(n)].reshape([-1 if n == m else 1 for m in support])
        possible &= value == _at(on, support, codes)
    wins = np.zeros((len(scores), *shape), np.int64)
    for (i, j), first in beats.items():
        wins[i] += first
        wins[j] += ~np.broadcast_to(first, shape)
    # an order of n scores: one wins n - 1 times, one n - 2 times, and so on
    for count in range(len(scores)):
        possible &= (wins == count).sum(axis=0) == 1
    for (left, right), form in brackets:
        won = wins[list(left)].max(axis=0) > wins[list(right)].max(axis=0)
        possible &= won == (_at(form, support, codes) != 0)
    index = wins.argmax(axis=0)
    wrong = possible & (_at(made, support, codes) != index)
    return "it is another number for some order of the scores" if wrong.any() else ""


def _brackets(made: Form, scores: Sequence[Form]) -> Iterator[tuple[Pair, Form]]:
    """Comparisons of the largest of some scores with the largest of some later ones.

    Those that the index depends on, by the numbers of both.
    """
    largest: dict[tuple[int, ...], list[Form]] = {(k,): [s] for k, s in enumerate(scores)}
    for size in range(2, len(scores)):
        for group in combinations(range(len(scores)), size):
            largest[group] = _largest(group, largest)
    for left, right in product(largest, largest):
        if left[-1] < right[0] and len(left) + len(right) > 2:
            for a, b in product(largest[left], largest[right]):
                form = at_least_zero(added(a, b, -1))
                if set(form.support) & set(made.support):
                    yield (left, right), form


def _largest(group: tuple[int, ...], known: Mapping[tuple[int, ...], list[Form]]) -> list[Form]:
    """The largest of some scores, as far as it can be listed: by each way to cut them in two."""
    found: dict[tuple[object, ...], Form] = {}
    for cut in range(1, len(group)):
        for a, b in product(known[group[:cut]], known[group[cut:]]):
            made = larger(a, b)
            if made is not None:
                found.setdefault((made.offset, made.key), made)
    return list(found.values())[:_WAYS]


def _one(space: Space) -> Form:
    return Form(space, 0, 1, {}, {})


def _distinct(forms: Sequence[Form], number: int) -> Codes:
    """Codes of a signal, one of those that none of the forms tells apart."""
    rows = [
        np.moveaxis(table, key.index(number), 0).reshape(table.shape[key.index(number)], -1)
        for form in forms
        for key, table in form.tables.items()
        if number in key
    ]
    _, places = np.unique(np.concatenate(rows, axis=1), axis=0, return_index=True)
    return np.sort(places)


def _at(form: Form, support: Sequence[int], codes: Sequence[Codes]) -> Codes:
    """The values of a form for all combinations of some codes of each signal."""
    total = np.full([len(c) for c in codes], form.offset, np.int64)
    for key, table in form.tables.items():
        picked = table[np.ix_(*(codes[support.index(n)] for n in key))]
        total = total + picked.reshape(
            [len(c) if n in key else 1 for n, c in zip(support, codes, strict=True)]
        )
    return total


def _ordered(space: Space, support: Sequence[int], codes: Sequence[Codes]) -> Codes:
    """Which combinations of conditions can be: those on one sum or one signal have to agree."""
    shape = [len(c) for c in codes]

    def along(n: int, values: Codes) -> Codes:
        return values.reshape([-1 if n == m else 1 for m in support])

    at = dict(zip(support, codes, strict=True))
    possible = np.ones(shape, bool)
    bits = [n for n in support if space.signals[n].kind == "bit"]
    for n, m in combinations(bits, 2):
        one, other = space.signals[n], space.signals[m]
        if one.of.key == other.of.key:
            low, high = (n, m) if one.threshold < other.threshold else (m, n)
            possible &= along(high, at[high]) <= along(low, at[low])
    flags = [n for n in support if space.signals[n].kind == "flag"]
    for base in {space.signals[n].of[0] for n in flags} - set(support):
        members = [n for n in flags if space.signals[n].of[0] == base]
        truths = np.stack([space.signals[n].of[1] for n in members])
        met = np.zeros(shape, bool)
        for combination in np.unique(truths, axis=1).T:
            here = np.ones(shape, bool)
            for n, value in zip(members, combination, strict=True):
                here &= along(n, at[n]) == int(value)
            met |= here
        possible &= met
    return possible


def _on_listed(space: Space, signal: Signal, bases: Container[int]) -> Form | None:
    """A condition as a function of signals that are listed anyway; None where it is on others."""
    if signal.kind not in CONDITIONS:
        return None
    on = (signal.of[0],) if signal.kind == "flag" else signal.of.support
    return truth(space, signal) if all(n in bases for n in on) else None
