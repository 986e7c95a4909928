"""Offspring of genomes: each function changes, or crosses with the same function of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from symtick.search.grammar.grammar import (
    Rules,
    Vocabulary,
    accepts,
    random_sequences,
    sequences_of,
)
from symtick.search.template.composing import Function, Genome

POOL = 400  # random functions that are drawn at once
SMALL = 7  # most tokens of a new part


class Breeder:
    """Makes genomes.

    Args:
        vocabularies: of the functions.
        rules: what each function may look like.
        numbers: parameters and values of categories.
        seed: of the random functions.
    """

    def __init__(
        self, vocabularies: Sequence[Vocabulary], rules: Sequence[Rules], numbers: int, seed: int
    ) -> None:
        self.vocabularies, self.rules, self.numbers = tuple(vocabularies), tuple(rules), numbers
        self._arities = [v.arities.tolist() for v in vocabularies]
        self._constant = [v.places.get("const", -1) for v in vocabularies]
        self._pools = [
            _pool(v, r, seed + k) for k, (v, r) in enumerate(zip(vocabularies, rules, strict=True))
        ]

    def random(self, draw: np.random.Generator) -> Genome:
        """A new genome."""
        functions = tuple(self._part(k, draw) for k in range(len(self.vocabularies)))
        return Genome(functions, tuple(draw.normal(0.0, 1.0, self.numbers).tolist()))

    def offspring(self, one: Genome, other: Genome, draw: np.random.Generator) -> Genome:
        """One parent, changed in one function; or with one, or a part of it, of the other."""
        place = int(draw.integers(len(one.functions)))
        move = draw.random()
        if move < 0.1:
            return one.with_function(place, other.functions[place])
        if move < 0.3:
            donor = other.functions[place]
            part = donor[slice(*self._span(place, donor, int(draw.integers(len(donor)))))]
            return one.with_function(place, self._replaced(place, one.functions[place], part, draw))
        if move < 0.4:
            return self._jittered(one, draw)
        return one.with_function(place, self._changed(place, one.functions[place], draw))

    def allowed(self, genomes: Sequence[Genome]) -> list[Genome]:
        """Those whose functions keep the rules."""
        kept = np.ones(len(genomes), bool)
        for k, (rules, vocabulary) in enumerate(zip(self.rules, self.vocabularies, strict=True)):
            rows = [np.array([t for t, _ in g.functions[k]], np.int16) for g in genomes]
            if rows:
                kept &= accepts(rules, vocabulary, sequences_of(rows))
        return [g for g, good in zip(genomes, kept, strict=True) if good]

    def _part(self, place: int, draw: np.random.Generator) -> Function:
        tokens = self._pools[place][int(draw.integers(len(self._pools[place])))]
        return tuple(
            (t, float(draw.normal()) if t == self._constant[place] else 0.0) for t in tokens
        )

    def _span(self, place: int, function: Function, start: int) -> tuple[int, int]:
        """Where the part begins and ends that has its root there."""
        end, wanted = start, 1
        while wanted:
            wanted += self._arities[place][function[end][0]] - 1
            end += 1
        return start, end

    def _replaced(
        self, place: int, function: Function, part: Function, draw: np.random.Generator
    ) -> Function:
        start, end = self._span(place, function, int(draw.integers(len(function))))
        return (*function[:start], *part, *function[end:])

    def _changed(self, place: int, function: Function, draw: np.random.Generator) -> Function:
        move = int(draw.integers(5))
        if move == 0:
            return self._replaced(place, function, self._part(place, draw), draw)
        if move == 1:
            return self._point(place, function, draw)
        at = int(draw.integers(len(function)))
        start, end = self._span(place, function, at)
        if move == 2 and end - start > 1:  # a part goes up
            inner = self._span(place, function, int(draw.integers(start + 1, end)))
            return (*function[:start], *function[slice(*inner)], *function[end:])
        operator = self._operator(place, draw)
        if operator is None:
            return function
        if move == 3:
            start, end = 0, len(function)
        arguments = [function[start:end]]
        if self._arities[place][operator] == 2:
            arguments.insert(int(draw.integers(2)), self._part(place, draw))
        made = ((operator, 0.0), *(node for a in arguments for node in a))
        return (*function[:start], *made, *function[end:])

    def _operator(self, place: int, draw: np.random.Generator) -> int | None:
        known = [k for k, n in enumerate(self._arities[place]) if n]
        return known[int(draw.integers(len(known)))] if known else None

    def _point(self, place: int, function: Function, draw: np.random.Generator) -> Function:
        at = int(draw.integers(len(function)))
        count = self._arities[place][function[at][0]]
        same = [k for k, n in enumerate(self._arities[place]) if n == count]
        token = same[int(draw.integers(len(same)))]
        value = float(draw.normal()) if token == self._constant[place] else 0.0
        return (*function[:at], (token, value), *function[at + 1 :])

    def _jittered(self, genome: Genome, draw: np.random.Generator) -> Genome:
        """With all constants moved by about a third; some change their signs."""

        def moved(value: float) -> float:
            sign = -1.0 if draw.random() < 0.1 else 1.0
            return sign * value * float(np.exp(0.3 * draw.normal())) + 0.01 * float(draw.normal())

        functions = tuple(
            tuple((t, moved(v) if t == self._constant[k] else v) for t, v in f)
            for k, f in enumerate(genome.functions)
        )
        return Genome(functions, tuple(moved(v) for v in genome.numbers))

    def moved_in(
        self, genome: Genome, place: int, readers: Sequence[tuple[int, int]],
        draw: np.random.Generator,
    ) -> Genome:  # fmt: skip
        """With a part that a reader makes of a function's value made by the function itself.

        From u = g(x), f(u) = sin(u*u) to u = g(x)*g(x), f(u) = sin(u), and so in all readers: what
        is to be found for g is another function then, and may be a simpler one.

        Args:
            genome: it.
            place: of the function.
            readers: functions and numbers of arguments that are its value.
            draw: of the part.
        """
        reader, argument = readers[int(draw.integers(len(readers)))]
        function, leaf = genome.functions[reader], self._input(reader, argument)
        inputs = {k for k, t in enumerate(self.vocabularies[reader].tokens) if t.kind == "input"}
        parts = [function[slice(*self._span(reader, function, k))] for k in range(len(function))]
        parts = [p for p in parts if len(p) > 1 and {t for t, _ in p} & inputs == {leaf}]
        if not parts:
            return genome
        part = parts[int(draw.integers(len(parts)))]
        own = genome.functions[place]
        made = genome.with_function(place, self._renamed(part, reader, place, leaf, own))
        for k, number in readers:
            value = ((self._input(k, number), 0.0),)
            here = self._renamed(part, reader, k, leaf, value)
            function, parts_there = _swapped(made.functions[k], here, value)
            if sum(node == value[0] for node in function) > parts_there:
                return genome  # it reads the value elsewhere, too
            made = made.with_function(k, function)
        return made

    def _input(self, place: int, argument: int) -> int:
        vocabulary = self.vocabularies[place]
        return vocabulary.places[vocabulary.inputs[argument]]

    def _renamed(
        self, part: Function, start: int, end: int, leaf: int, instead: Function
    ) -> Function:
        """A part of one function in the tokens of another, with its input replaced."""
        names, places = self.vocabularies[start].names, self.vocabularies[end].places
        return tuple(
            node for t, v in part for node in (instead if t == leaf else ((places[names[t]], v),))
        )

    def shorter(self, genome: Genome) -> list[Genome]:
        """With one part of a function replaced by a part of that, or by a constant."""
        made: dict[Genome, None] = {}
        for place, function in enumerate(genome.functions):
            for at in range(len(function)):
                start, end = self._span(place, function, at)
                if end - start == 1:
                    continue
                parts = [
                    function[slice(*self._span(place, function, k))] for k in range(start + 1, end)
                ]
                if self._constant[place] >= 0:
                    parts.append(((self._constant[place], 1.0),))
                for part in parts:
                    made[
                        genome.with_function(place, (*function[:start], *part, *function[end:]))
                    ] = None
        return self.allowed(list(made))


def _pool(vocabulary: Vocabulary, rules: Rules, seed: int) -> list[list[int]]:
    """Small random functions, all leaves among them."""
    small = replace(rules, min_nodes=1, max_nodes=min(rules.max_nodes, SMALL), units=None)
    drawn = random_sequences(small, vocabulary, POOL, seed)
    leaves = [[k] for k, token in enumerate(vocabulary.tokens) if token.arity == 0]
    return [*leaves, *([t for t in row.tolist() if t >= 0] for row in drawn)]


def _swapped(function: Function, part: Function, instead: Function) -> tuple[Function, int]:
    """With another part wherever one stands, and how often it did."""
    made: list[tuple[int, float]] = []
    at, count = 0, 0
    while at < len(function):
        if [t for t, _ in function[at : at + len(part)]] == [t for t, _ in part]:
            made += instead
            at, count = at + len(part), count + 1
        else:
            made.append(function[at])
            at += 1
    return tuple(made), count
