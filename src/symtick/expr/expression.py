"""Expressions: outputs over shared sub-expressions, immutable.

Nodes stand in a flat tuple, arguments always earlier, equal nodes once. Build one with `Builder`
(or `parse`, `from_sympy`, `from_programs`); nothing here is ever changed in place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from symtick.errors import DomainError, InputError
from symtick.expr.interval import Interval
from symtick.expr.node import Node, Program, reachable
from symtick.expr.ops import OPCODES, OPS, FloatArray, Op, arity, is_finite
from symtick.expr.printing import node_text


@dataclass(frozen=True)
class Expression:
    """One or more outputs over shared sub-expressions of named inputs.

    Attributes:
        nodes: operations, arguments before their users, without duplicates.
        outputs: node numbers, one for each output.
        inputs: names of the inputs; `Node.index` counts in this tuple.
    """

    nodes: tuple[Node, ...]
    outputs: tuple[int, ...]
    inputs: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.nodes)

    def __str__(self) -> str:
        return "; ".join(to_text(self, k) for k in range(len(self.outputs)))

    @property
    def constants(self) -> tuple[float, ...]:
        """The distinct constants in node order."""
        return tuple(node.value for node in self.nodes if node.op is Op.CONST)

    def support(self) -> list[frozenset[int]]:
        """For each node, the inputs it depends on."""
        supports: list[frozenset[int]] = []
        for node in self.nodes:
            if node.op is Op.INPUT:
                supports.append(frozenset((node.index,)))
            else:
                supports.append(frozenset().union(*(supports[a] for a in node.args)))
        return supports

    def evaluate(self, data: npt.ArrayLike) -> FloatArray:
        """Values of the outputs.

        Args:
            data: shape (rows, inputs); float32 stays float32, anything else becomes float64.

        Returns:
            Array of shape (rows, outputs).
        """
        x = np.asarray(data)
        if x.dtype != np.float32:
            x = x.astype(np.float64)
        if x.ndim != 2 or x.shape[1] != len(self.inputs):
            raise InputError(
                f"the expression has {len(self.inputs)} inputs, so data must have shape "
                f"(rows, {len(self.inputs)}), not {x.shape}"
            )
        values: list[FloatArray] = []
        with np.errstate(all="ignore"):
            for node in self.nodes:
                values.append(_value(node, values, x))
        return np.stack([values[k] for k in self.outputs], axis=1)

    def intervals(self, ranges: Sequence[Interval]) -> list[Interval]:
        """Interval of every node, given those of the inputs.

        Raises:
            DomainError: an operator is undefined somewhere on its argument's interval; the
                message names the operator and the sub-expression.
        """
        intervals: list[Interval] = []
        for node in self.nodes:
            if node.op is Op.INPUT:
                intervals.append(ranges[node.index])
            elif node.op is Op.CONST:
                intervals.append(Interval.point(node.value))
            else:
                try:
                    intervals.append(OPS[node.op].interval(*(intervals[a] for a in node.args)))
                except DomainError as error:
                    raise DomainError(
                        f"in {node_text(self.nodes, node, self.inputs)}: {error}"
                    ) from None
        return intervals

    def to_program(self, output: int = 0) -> Program:
        """One output as a postfix program (shared sub-expressions are written out again)."""
        ops: list[int] = []
        args: list[int] = []
        consts: list[float] = []
        pending = [self.outputs[output]]
        while pending:
            number = pending.pop()
            node = self.nodes[number]
            if node.args and number >= 0:
                pending.append(number - len(self.nodes))  # the same node, its arguments done
                pending.extend(node.args[::-1])
                continue
            ops.append(int(node.op))
            args.append(
                node.index if node.op is Op.INPUT else len(consts) if node.op is Op.CONST else 0
            )
            if node.op is Op.CONST:
                consts.append(node.value)
        return Program(
            np.array(ops, np.uint8), np.array(args, np.int32), np.array(consts, np.float64)
        )

    def select(self, outputs: Iterable[int]) -> Expression:
        """The expression with these outputs only, unused nodes removed."""
        builder = Builder(self.inputs)
        return builder.build([builder.graft(self, self.outputs[k]) for k in outputs])

    @staticmethod
    def join(parts: Sequence[Expression]) -> Expression:
        """All outputs of several expressions over the same inputs, sharing what is equal."""
        if not parts:
            raise InputError("join needs at least one expression")
        if any(part.inputs != parts[0].inputs for part in parts):
            raise InputError("expressions over different inputs cannot be joined")
        builder = Builder(parts[0].inputs)
        return builder.build([builder.graft(part, k) for part in parts for k in part.outputs])


def _value(node: Node, values: list[FloatArray], x: FloatArray) -> FloatArray:
    if node.op is Op.INPUT:
        return x[:, node.index]
    if node.op is Op.CONST:
        return np.full(x.shape[0], node.value, x.dtype)
    return OPS[node.op].numpy(*(values[a] for a in node.args))


@dataclass
class Builder:
    """Collects nodes for one `Expression`, each distinct node once."""

    inputs: tuple[str, ...]
    nodes: list[Node] = field(default_factory=list)
    _known: dict[tuple[object, ...], int] = field(default_factory=dict)

    def _add(self, op: Op, args: tuple[int, ...] = (), index: int = -1, value: float = 0.0) -> int:
        # repr tells -0.0 from 0.0, which == does not
        key = (op, value or repr(value)) if op is Op.CONST else (op, args, index)
        number = self._known.get(key)
        if number is None:
            number = self._known[key] = len(self.nodes)
            self.nodes.append(Node(op, args, index, value))
        return number

    def input(self, index: int) -> int:
        """The input with this number."""
        if not 0 <= index < len(self.inputs):
            raise InputError(f"there is no input {index}: there are {len(self.inputs)}")
        return self._add(Op.INPUT, index=index)

    def const(self, value: float) -> int:
        """A constant; it must be finite."""
        if not is_finite(value):
            raise InputError(f"a constant must be finite, not {value!r}")
        return self._add(Op.CONST, value=float(value))

    def op(self, op: Op, *args: int) -> int:
        """An operation on earlier nodes."""
        if op not in OPS or len(args) != arity(op):
            raise InputError(f"{op.name} takes {arity(op)} arguments, not {len(args)}")
        if min(args) < 0 or max(args) >= len(self.nodes):
            raise InputError(f"{op.name}: an argument is not a node of this builder: {args}")
        return self._add(op, args)

    def graft(self, source: Expression, number: int) -> int:
        """Copy a node of another expression with all it needs; returns its number here."""
        moved: dict[int, int] = {}
        for k in sorted(reachable(source.nodes, [number])):
            node = source.nodes[k]
            args = tuple([moved[a] for a in node.args])
            moved[k] = self._add(node.op, args, node.index, node.value)
        return moved[number]

    def called(self, body: Expression, arguments: Sequence[int]) -> int:
        """The first output of an expression, its inputs replaced by these nodes."""
        places: list[int] = []
        for node in body.nodes:
            if node.op is Op.INPUT:
                places.append(arguments[node.index])
            elif node.op is Op.CONST:
                places.append(self.const(node.value))
            else:
                places.append(self.op(node.op, *(places[a] for a in node.args)))
        return places[body.outputs[0]]

    def build(self, outputs: Sequence[int]) -> Expression:
        """The expression with these outputs; nodes that no output needs are dropped."""
        if not outputs:
            raise InputError("an expression needs at least one output")
        keep = sorted(reachable(self.nodes, outputs))
        if len(keep) == len(self.nodes):
            return Expression(tuple(self.nodes), tuple(outputs), self.inputs)
        place = {old: new for new, old in enumerate(keep)}
        nodes = tuple(
            Node(n.op, tuple(place[a] for a in n.args), n.index, n.value)
            for n in (self.nodes[k] for k in keep)
        )
        return Expression(nodes, tuple(place[k] for k in outputs), self.inputs)


def to_text(expression: Expression, output: int = 0, precision: int | None = None) -> str:
    """One output as text, which `parse` reads back as the same expression.

    Args:
        expression: the expression.
        output: which output.
        precision: significant digits of the constants; None writes them exactly.
    """
    root = expression.nodes[expression.outputs[output]]
    return node_text(expression.nodes, root, expression.inputs, precision)


def from_programs(programs: Sequence[Program], inputs: Sequence[str]) -> Expression:
    """The expression whose outputs are these postfix programs, equal parts shared."""
    builder = Builder(tuple(inputs))
    return builder.build([_push(builder, program) for program in programs])


def _push(builder: Builder, program: Program) -> int:
    stack: list[int] = []
    for code, arg in zip(program.ops.tolist(), program.args.tolist(), strict=True):
        op = OPCODES[code]
        if op is Op.INPUT:
            stack.append(builder.input(arg))
        elif op is Op.CONST:
            stack.append(builder.const(float(program.consts[arg])))
        else:
            count = arity(op)
            if len(stack) < count:
                raise InputError("a postfix program ends too early or lacks arguments")
            operands = stack[-count:]
            del stack[-count:]
            stack.append(builder.op(op, *operands))
    if len(stack) != 1:
        raise InputError(f"a postfix program must leave one value, not {len(stack)}")
    return stack[0]
