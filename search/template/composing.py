"""Genomes of a template's functions and parameters, and the programs that they make.

A genome's functions are put into the template, so that the kernel computes and fits the whole.
Constants that occur more than once, in a function that is called twice, are tied.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from symtick.expr import Op, Program, in_search_ops
from symtick.expr.templates import Parts, Slot, Template
from symtick.search.grammar.grammar import Vocabulary
from symtick.search.kernel_api.fitting import Fit
from symtick.search.kernel_api.rows import FREE, LITERAL, Rows

Floats = npt.NDArray[np.float64]
Function = tuple[tuple[int, float], ...]  # tokens, root first; with the value of a free constant
MOST_NODES = 2000  # of a program


@dataclass(frozen=True)
class Genome:
    """What fills a template.

    Attributes:
        functions: in the order of the template's.
        numbers: its parameters, and behind them the values of categories.
    """

    functions: tuple[Function, ...]
    numbers: tuple[float, ...] = ()

    def with_function(self, place: int, function: Function) -> Genome:
        """With another function."""
        functions = (*self.functions[:place], function, *self.functions[place + 1 :])
        return replace(self, functions=functions)


@dataclass(frozen=True, eq=False)
class Composed:
    """A genome as a program over the columns of `Composer.rows`.

    Attributes:
        program: it.
        kinds: of its constants, as the kernel takes them.
        ids: which constant of the genome each of them is; -1 of literals.
    """

    program: Program
    kinds: tuple[int, ...]
    ids: tuple[int, ...]


Nodes = list[tuple[int, int, float]]  # opcode, input or number of the constant, value


class Composer:
    """Puts genomes into a template.

    The columns of its programs are those of the data, one for each category of each column of
    categories (1 where the row has it), one for each result where there are several (rows then
    stand in a block for each), and a last one for a function that is replaced by its values.

    Args:
        template: it.
        vocabularies: of its functions, over their arguments.
        categories: by number of a column its categories.
    """

    def __init__(
        self,
        template: Template,
        vocabularies: Sequence[Vocabulary],
        categories: Mapping[int, Sequence[int]],
    ) -> None:
        self.template, self.vocabularies = template, tuple(vocabularies)
        self.categories = {c: tuple(k) for c, k in categories.items()}
        self.functions = template.of_kind("function")
        self.parameters = template.of_kind("parameter")
        self.valued = {s.name: s.column for s in template.slots if s.kind == "category"}
        self._expression = in_search_ops(template.expression)
        self._constant = [v.places.get("const", -1) for v in self.vocabularies]
        self._body = lru_cache(20_000)(self._expanded)
        first, self._flags = len(template.columns), dict[int, int]()
        for column, known in self.categories.items():
            self._flags[column] = first
            first += len(known)
        self._blocks = first
        self.free = first + (template.results if template.results > 1 else 0)
        self._starts = self._number_starts()

    @property
    def numbers(self) -> int:
        """How many parameters and values of categories there are."""
        return len(self.parameters) + sum(len(self.categories[c]) for c in self.valued.values())

    def _number_starts(self) -> dict[str, int]:
        starts = {name: k for k, name in enumerate(self.parameters)}
        place = len(starts)
        for name, column in self.valued.items():
            starts[name] = place
            place += len(self.categories[column])
        return starts

    def rows(self, X: Floats, y: Floats, weights: Floats | None = None) -> Rows:
        """The rows of the programs.

        Args:
            X: shape (rows, columns).
            y: shape (rows, results).
            weights: shape (rows,).
        """
        flags = [
            (X[:, c, None] == np.array(known)).astype(float) for c, known in self.categories.items()
        ]
        one = np.hstack([X, *flags])
        given = np.ones(len(X)) if weights is None else weights
        if y.shape[1] == 1:
            return Rows.make(np.hstack([one, np.zeros((len(X), 1))]), y[:, 0], weights)
        spreads = np.maximum(np.var(y, axis=0), np.finfo(float).tiny)
        relative = spreads.min() / spreads
        blocks = [np.hstack([one, np.tile(unit, (len(X), 1))]) for unit in np.eye(y.shape[1])]
        return Rows.make(
            np.hstack([np.vstack(blocks), np.zeros((y.size, 1))]),
            y.T.ravel(),
            np.concatenate([given * r for r in relative]),
        )

    def composed(
        self, genome: Genome, replaced: int | None = None, output: int | None = None
    ) -> Composed | None:
        """The program of the results, or None where it is too large.

        Args:
            genome: it.
            replaced: number of a function whose values stand in the last column.
            output: an output of the template's expression, in place of the results.
        """
        lists = self._nodes(genome, replaced)
        if lists is None:
            return None
        if output is not None:
            return _packed(lists[self._expression.outputs[output]])
        results = [lists[k] for k in self._expression.outputs[: self.template.results]]
        if len(results) == 1:
            return _packed(results[0])
        nodes: Nodes = []
        for k, result in enumerate(results):
            nodes += [*result, (int(Op.INPUT), self._blocks + k, 0.0), (int(Op.MUL), 0, 0.0)]
            if k:
                nodes.append((int(Op.ADD), 0, 0.0))
        return _packed(nodes)

    def of_input(self, genome: Genome, number: int) -> Composed | None:
        """The program of an input of the template's expression: of a slot, what fills it."""
        lists = self._nodes(genome, None)
        nodes = self._expression.nodes
        place = next(k for k, n in enumerate(nodes) if n.op is Op.INPUT and n.index == number)
        return None if lists is None else _packed(lists[place])

    def _nodes(self, genome: Genome, replaced: int | None) -> list[Nodes] | None:
        """The postfix form of each node of the template's expression."""
        lists: list[Nodes] = []
        count = len(self.template.columns)
        for node in self._expression.nodes:
            if node.op is Op.CONST:
                made = [(int(Op.CONST), -1, node.value)]
            elif node.op is not Op.INPUT:
                made = [part for a in node.args for part in lists[a]]
                made.append((int(node.op), 0, 0.0))
            elif node.index < count:
                made = [(int(Op.INPUT), node.index, 0.0)]
            else:
                made = self._slot(self.template.slots[node.index - count], genome, replaced, lists)
            if len(made) > MOST_NODES:
                return None
            lists.append(made)
        return lists

    def _slot(self, slot: Slot, genome: Genome, replaced: int | None, lists: list[Nodes]) -> Nodes:
        if slot.kind != "function":
            return self._number(slot, genome)
        place = self.functions.index(slot.name)
        if place == replaced:
            return [(int(Op.INPUT), self.free, 0.0)]
        first = len(genome.numbers) + sum(
            sum(t == self._constant[k] for t, _ in f)
            for k, f in enumerate(genome.functions[:place])
        )
        function = genome.functions[place]
        values = [v for t, v in function if t == self._constant[place]]
        made: Nodes = []
        for op, arg, value in self._body(place, tuple(t for t, _ in function)):
            if op == Op.INPUT:
                made += lists[self._expression.outputs[slot.arguments[arg]]]
            elif op == Op.CONST and arg >= 0:
                made.append((op, first + arg, values[arg]))
            else:
                made.append((op, arg, value))
        return made

    def _number(self, slot: Slot, genome: Genome) -> Nodes:
        start = self._starts[slot.name]
        if slot.kind == "parameter":
            return [(int(Op.CONST), start, genome.numbers[start])]
        made: Nodes = []
        for k in range(len(self.categories[slot.column])):
            made += [
                (int(Op.CONST), start + k, genome.numbers[start + k]),
                (int(Op.INPUT), self._flags[slot.column] + k, 0.0),
                (int(Op.MUL), 0, 0.0),
            ]
            if k:
                made.append((int(Op.ADD), 0, 0.0))
        return made

    def _expanded(self, place: int, tokens: tuple[int, ...]) -> Nodes:
        """A function's postfix form; constants by their number in its tokens, -1 of literals."""
        vocabulary = self.vocabularies[place]
        free = np.arange(sum(t == self._constant[place] for t in tokens), dtype=float)
        ops, args, consts, kinds = vocabulary.expand(tokens, free)
        made: Nodes = []
        for op, arg in zip(ops.tolist(), args.tolist(), strict=True):
            if op == Op.CONST:
                literal = kinds[arg] == LITERAL
                made.append((op, -1, consts[arg]) if literal else (op, int(consts[arg]), 0.0))
            else:
                made.append((op, arg, 0.0))
        return made

    def refitted(self, genome: Genome, composed: Composed, fit: Fit) -> Genome:
        """The genome with the constants of a fit."""
        values = fit.program.consts.tolist()
        # of a tied constant the first place has its value
        found = dict(zip(reversed(composed.ids), reversed(values), strict=True))
        return self._with(genome, found)

    def with_constant(self, genome: Genome, number: int, value: float) -> Genome:
        """The genome with another value of a constant, by its number."""
        return self._with(genome, {number: value})

    def numbered(self, genome: Genome, parts: Parts) -> Genome:
        """The genome with the parameters and values of categories that are given."""
        numbers = list(genome.numbers)
        for name, value in parts.parameters.items():
            numbers[self._starts[name]] = value
        for name, values in parts.categories.items():
            for k, category in enumerate(self.categories[self.valued[name]]):
                numbers[self._starts[name] + k] = values.get(category, 1.0)
        return replace(genome, numbers=tuple(numbers))

    def _with(self, genome: Genome, found: Mapping[int, float]) -> Genome:
        numbers = tuple(found.get(k, v) for k, v in enumerate(genome.numbers))
        count, functions = len(numbers), list[Function]()
        for place, function in enumerate(genome.functions):
            made: list[tuple[int, float]] = []
            for token, value in function:
                if token == self._constant[place]:
                    made.append((token, found.get(count, value)))
                    count += 1
                else:
                    made.append((token, value))
            functions.append(tuple(made))
        return Genome(tuple(functions), numbers)

    def constants(self, genome: Genome) -> list[float]:
        """All constants of a genome by their number."""
        return [
            *genome.numbers,
            *(v for k, f in enumerate(genome.functions) for t, v in f if t == self._constant[k]),
        ]

    def parts(self, genome: Genome) -> Parts:
        """The genome as functions and numbers by name."""
        functions = {
            name: vocabulary.expression([t for t, _ in f], [v for t, v in f if t == constant])
            for name, vocabulary, f, constant in zip(
                self.functions, self.vocabularies, genome.functions, self._constant, strict=True
            )
        }
        categories = {
            name: {
                c: genome.numbers[self._starts[name] + k]
                for k, c in enumerate(self.categories[column])
            }
            for name, column in self.valued.items()
        }
        parameters = dict(zip(self.parameters, genome.numbers, strict=False))
        return Parts(functions, parameters, categories, self.valued)

    def readers(self, place: int) -> list[tuple[int, int]]:
        """The functions of which a function is an argument, with the number of the argument.

        None where something else reads it, too.
        """
        (slot, *others) = self.calls(place)
        number = len(self.template.columns) + self.template.slots.index(slot)
        nodes, outputs = self._expression.nodes, self._expression.outputs
        own = next(k for k, n in enumerate(nodes) if n.op is Op.INPUT and n.index == number)
        direct = any(own in n.args for n in nodes) or own in outputs[: self.template.results]
        if others or direct:
            return []
        return [
            (self.functions.index(s.name), k)
            for s in self.template.slots
            for k, a in enumerate(s.arguments)
            if outputs[a] == own
        ]

    def calls(self, place: int) -> list[Slot]:
        """The places where a function is called."""
        return [s for s in self.template.slots if s.name == self.functions[place]]


def _packed(nodes: Nodes) -> Composed | None:
    if len(nodes) > MOST_NODES:
        return None
    ops = np.array([op for op, _, _ in nodes], np.uint8)
    args = np.array([arg for _, arg, _ in nodes], np.int32)
    places = np.flatnonzero(ops == Op.CONST)
    ids = [nodes[k][1] for k in places]
    args[places] = np.arange(len(places))
    kinds = tuple(LITERAL if i < 0 else FREE if ids.count(i) == 1 else i + 1 for i in ids)
    consts = np.array([nodes[k][2] for k in places], np.float64)
    return Composed(Program(ops, args, consts), kinds, tuple(ids))
