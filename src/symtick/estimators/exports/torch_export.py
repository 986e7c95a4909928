"""An expression as a torch module.

It is a file of its own, so that what needs no torch does not load it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch

from symtick.errors import InputError
from symtick.expr import Builder, Expression, Op

TORCH: dict[Op, Callable[..., torch.Tensor]] = {
    Op.ADD: torch.add,
    Op.SUB: torch.sub,
    Op.MUL: torch.mul,
    Op.DIV: torch.div,
    Op.NEG: torch.neg,
    Op.ABS: torch.abs,
    Op.MIN: torch.minimum,
    Op.MAX: torch.maximum,
    Op.SQUARE: torch.square,
    Op.CUBE: lambda a: a * a * a,
    Op.SQRT: torch.sqrt,
    Op.EXP: torch.exp,
    Op.LOG: torch.log,
    Op.SIN: torch.sin,
    Op.COS: torch.cos,
    Op.TANH: torch.tanh,
    Op.SINH: torch.sinh,
    Op.COSH: torch.cosh,
    Op.TAN: torch.tan,
    Op.ASIN: torch.asin,
    Op.ACOS: torch.acos,
    Op.ATAN: torch.atan,
    Op.ASINH: torch.asinh,
    Op.ACOSH: torch.acosh,
    Op.ATANH: torch.atanh,
    Op.ATAN2: lambda a, b: torch.atan2(a + 0, b + 0),
    Op.LOG1P: torch.log1p,
    Op.EXPM1: torch.expm1,
    Op.LOG2: torch.log2,
    Op.POW: torch.pow,
    Op.SIGMOID: torch.sigmoid,
    Op.ERF: torch.erf,
    Op.SIGN: torch.sign,
    Op.FLOOR: torch.floor,
    Op.GE: lambda a, b: (a >= b).to(torch.result_type(a, b)),
    Op.GT: lambda a, b: (a > b).to(torch.result_type(a, b)),
    Op.WHERE: lambda c, a, b: torch.where(c != 0, a, b),
}


class TorchExpression(torch.nn.Module):
    """An expression as a torch module: (rows, inputs) to (rows,), or (rows, outputs) of several.

    Args:
        expression: the expression.
        fixed: constants by value that stay as they are (of custom operators, literals); all others
            are `constants`, one trainable parameter with an entry for each distinct constant in
            node order.
        dtype: of the constants.

    Examples:
        >>> from symtick.expr import parse
        >>> net = TorchExpression(parse("2.5*sin(x0) + x1"))
        >>> [p.shape[0] for p in net.parameters()]
        [1]
    """

    def __init__(
        self,
        expression: Expression,
        fixed: Iterable[float] = (),
        dtype: torch.dtype = torch.float64,
    ) -> None:
        super().__init__()
        kept = set(fixed)
        self.expression = expression
        free = [v for v in expression.constants if v not in kept]
        still = [v for v in expression.constants if v in kept]
        self.constants = torch.nn.Parameter(torch.tensor(free, dtype=dtype))
        self.register_buffer("literals", torch.tensor(still, dtype=dtype))
        self._free = [n.op is Op.CONST and n.value not in kept for n in expression.nodes]

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """The values at the rows of `X`."""
        if X.ndim != 2 or X.shape[1] != len(self.expression.inputs):
            raise InputError(
                f"the expression has {len(self.expression.inputs)} inputs, so X must have shape "
                f"(rows, {len(self.expression.inputs)}), not {tuple(X.shape)}"
            )
        constants, literals = iter(self.constants), iter(self.get_buffer("literals"))
        values: list[torch.Tensor] = []
        for node, free in zip(self.expression.nodes, self._free, strict=True):
            if node.op is Op.INPUT:
                values.append(X[:, node.index])
            elif node.op is Op.CONST:
                values.append(next(constants if free else literals))
            else:
                values.append(TORCH[node.op](*(values[a] for a in node.args)))
        outputs = [values[k].expand(X.shape[0]) for k in self.expression.outputs]
        return outputs[0] if len(outputs) == 1 else torch.stack(outputs, dim=1)

    def tuned(self) -> Expression:
        """The expression with the constants as they are now."""
        constants = iter(self.constants.detach().double().tolist())
        builder = Builder(self.expression.inputs)
        place: list[int] = []
        for node, free in zip(self.expression.nodes, self._free, strict=True):
            if node.op is Op.INPUT:
                place.append(builder.input(node.index))
            elif node.op is Op.CONST:
                place.append(builder.const(next(constants) if free else node.value))
            else:
                place.append(builder.op(node.op, *(place[a] for a in node.args)))
        return builder.build([place[k] for k in self.expression.outputs])
