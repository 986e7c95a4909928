"""The forms of operations that are not linear: listed for all codes, by cases, or named.

What is not linear is computed for all codes of the signals it depends on, where these are few
enough (`JOINT`). Where they are not, the form becomes a signal of its own, by its content: the same
sum is the same signal in any graph. Roundings first take out what has no bits below the cut.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from symtick.codegen.ir.fixed import Fixed, Overflow, Quant
from symtick.codegen.ir.graph import GNode, GOp
from symtick.sim.proof.forms import (
    Form,
    Key,
    added,
    constant,
    from_values,
    multiplied,
    named,
    of_signal,
    of_terms,
    times,
)
from symtick.sim.proof.signals import (
    CONDITIONS,
    JOINT,
    Codes,
    OutOfReachError,
    Signal,
    Space,
)
from symtick.sim.proof.values.integers import result
from symtick.sim.proof.values.ranges import code_range, rounded

_MOST_BITS = 12  # of conditions that one form depends on


def applied(node: GNode, before: Sequence[GNode], args: Sequence[Form]) -> Form:
    """The form of a node, no INPUT, CONST or TABLE of an input, from those of its arguments.

    Raises:
        OutOfReachError: there is no rule.
    """
    if node.op in (GOp.ADD, GOp.SUB):
        return added(args[0], args[1], 1 if node.op is GOp.ADD else -1)
    if node.op is GOp.NEG:
        return times(args[0], -1)
    if node.op is GOp.SCALE:
        return replace(args[0], frac=args[0].frac - node.number)
    if node.op is GOp.MUL:
        return multiplied(*args)
    if node.op is GOp.DIGIT_ROW:
        return _row(args)
    if node.op is GOp.SELECT:
        return _chosen(args)
    if node.op in (GOp.GE, GOp.MIN, GOp.MAX, GOp.ABS):
        return _compared(node, args)
    if node.op is GOp.CAST:
        return _cast(node, args[0])
    return joined([at_format(f, n) for f, n in zip(args, before, strict=True)], before)


def joined(args: Sequence[Form], nodes: Sequence[GNode]) -> Form:
    """Bit patterns one above the other, as unsigned integers."""
    logic = [flagged(f) if n.fmt.width == 1 and n.op in (GOp.GE, GOp.TABLE) else f
             for f, n in zip(args, nodes, strict=True)]  # fmt: skip
    parts = [replace(_pattern(f, n.fmt.width), frac=0) for f, n in zip(logic, nodes, strict=True)]
    return added(times(parts[0], 1 << nodes[1].fmt.width), parts[1])


def flagged(form: Form) -> Form:
    """A function of one signal that has two values, as a condition of its own."""
    if form.wide or len(form.support) != 1 or form.space.signals[form.support[0]].size == 2:
        return form
    ((key, table),) = form.tables.items()
    values = np.unique(table)
    if len(values) != 2:
        return form
    where = table != 0
    flag = form.space.signal(("flag", key, where.tobytes()), "flag", 0, 2, (key[0], where))
    step = times(of_signal(flag, form.space, 0), int(values[values != 0][0]))
    return added(constant(form.space, form.offset, form.frac), replace(step, frac=form.frac))


def _pattern(form: Form, width: int) -> Form:
    """The bits of an integer, read as unsigned."""
    if form.range[0] >= 0:
        return form
    negative = added(constant(form.space, 1, 0), at_least_zero(replace(form, frac=0)), -1)
    return added(form, replace(times(negative, 1 << width), frac=form.frac))


def function_of(form: Form, rule: Callable[[Codes], Codes], frac: int) -> Form:
    """A function of one form; one with a single step is a condition, whatever the form is of."""
    if not form.wide and len(form.support) > 1:
        bits = [n for n in form.support if form.space.signals[n].kind in CONDITIONS]
        signal, weight, core = named(form)
        if not bits and signal.listed:
            values = rule(form.offset + weight * signal.codes())
            steps = np.flatnonzero(np.diff(values))
            if len(steps) == 1:
                place, ends = int(steps[0]), (int(values[0]), int(values[-1]))
                above = _bit(form.space, signal, signal.lo + place + 1, core)
                step = replace(times(above, ends[1] - ends[0]), frac=frac)
                return added(constant(form.space, ends[0], frac), step)
    return listed([form], lambda v: rule(v[0]), frac)


def at_format(form: Form, node: GNode) -> Form:
    """A form in units of its node's last place, in which its raw integers are."""
    if form.frac <= node.fmt.frac:
        return form.at(node.fmt.frac)
    step = 1 << form.frac - node.fmt.frac
    if (
        form.offset % step
        or any((t % step).any() for t in form.tables.values())
        or any(w % step for w in form.wide.values())
    ):
        raise OutOfReachError("it has bits below its format")
    tables = {k: t // step for k, t in form.tables.items()}
    wide = {n: w // step for n, w in form.wide.items()}
    return Form(form.space, node.fmt.frac, form.offset // step, tables, wide)


def listed(args: Sequence[Form], rule: Callable[[list[Codes]], Codes], frac: int) -> Form:
    """A function of forms, computed for all codes: of their signals, or of the forms as signals."""
    space = args[0].space
    support = tuple(sorted({n for form in args for n in form.support}))
    if not any(form.wide for form in args) and space.size(support) <= JOINT:
        return from_values(space, frac, support, _at_shape(rule([f.values(support) for f in args]),
                                                           space, support))  # fmt: skip
    bits = [n for n in support if space.signals[n].kind in CONDITIONS]
    if bits:
        return _by_cases(args, bits, lambda parts: listed(parts, rule, frac))
    if len(args) == 1 and (alone := _alone(args[0])) is None:
        raise OutOfReachError("a sum has too many values to be listed")
    forms = [alone for f in args if (alone := _alone(f)) is not None]
    support = tuple(sorted({n for form in forms for n in form.support}))
    if len(forms) < len(args) or space.size(support) > JOINT:
        raise OutOfReachError("sums have too many values together to be listed")
    values = rule([f.values(support) for f in forms])
    return from_values(space, frac, support, _at_shape(values, space, support))


def _is_listed(forms: Sequence[Form]) -> bool:
    """Whether all codes of what forms depend on can be listed, and none is a condition."""
    space = forms[0].space
    support = tuple(sorted({n for form in forms for n in form.support}))
    plain = all(space.signals[n].kind not in CONDITIONS for n in support)
    return plain and not any(f.wide for f in forms) and space.size(support) <= JOINT


def _is_named(form: Form) -> bool:
    """Whether a form that has no condition in it is a signal whose codes can be listed."""
    plain = all(form.space.signals[n].kind not in CONDITIONS for n in form.support)
    return plain and bool(form.tables or form.wide) and named(form)[0].listed


def _at_shape(values: Codes, space: Space, support: Key) -> Codes:
    return np.broadcast_to(values, tuple(space.signals[n].size for n in support))


def _alone(form: Form) -> Form | None:
    """A form as a table over itself as a signal; None where that has too many codes."""
    if not form.wide and form.space.size(form.support) <= JOINT and len(form.support) <= 1:
        return form
    signal, weight, _ = named(form)
    if not signal.listed:
        return None
    table = of_signal(signal, form.space, 0)
    return replace(
        added(times(table, weight), constant(form.space, form.offset, 0)), frac=form.frac
    )


def _by_cases(
    args: Sequence[Form], bits: Sequence[int], rule: Callable[[list[Form]], Form]
) -> Form:
    """A function of forms that depend on conditions: each case by itself, then chosen between."""
    if len(bits) > _MOST_BITS:
        raise OutOfReachError(f"it depends on {len(bits)} conditions")
    n, space = bits[0], args[0].space
    no, yes = (rule([_fixed(form, n, bit) for form in args]) for bit in (0, 1))
    chosen = of_signal(space.signals[n], space, 0)
    return added(no, multiplied(chosen, added(yes, no, -1)))


def _fixed(form: Form, number: int, bit: int) -> Form:
    """A form where a condition is known."""
    total = Form(form.space, form.frac, form.offset, {}, form.wide)
    for key, table in form.tables.items():
        if number not in key:
            part = Form(form.space, form.frac, 0, {key: table}, {})
        elif bit:
            rest = tuple(n for n in key if n != number)
            taken = table.take(1, key.index(number))
            part = from_values(form.space, form.frac, rest, taken)
        else:
            continue
        total = added(total, part)
    return total


def _row(args: Sequence[Form]) -> Form:
    """a + d * x, with the triple in place of 3 * x where that differs."""
    base, digit, once, triple = args
    extra = added(triple, times(once, 3), -1)
    if not (extra.offset or extra.tables or extra.wide):
        return added(base, multiplied(digit, once))
    three = listed([digit], lambda v: (v[0] == 3).astype(np.int64), 0)
    whole = added(multiplied(digit, once), multiplied(three, extra))
    return added(base, whole)


def _chosen(args: Sequence[Form]) -> Form:
    """A choice; of values that can be listed with the condition, listed."""
    condition, gap = args[0], added(args[1], args[2], -1)
    if gap.tables and not gap.wide:
        plain = listed_conditions(condition)
        if _is_listed([plain, gap]):
            made = listed([plain, gap], lambda v: v[0] * v[1], condition.frac + gap.frac)
            return added(args[2], made)
        if _is_named(gap) and len(condition.support) == 1 and not condition.wide:
            bit = condition.space.signals[condition.support[0]]
            if bit.kind == "bit" and bit.of is named(gap)[0].of:
                return added(args[2], _of_own_sign(condition, bit, gap))
    return added(args[2], multiplied(condition, gap))


def _of_own_sign(condition: Form, bit: Signal, gap: Form) -> Form:
    """A condition on a sum times that sum, as a table over the sum."""
    signal, weight, _ = named(gap)
    (slope,) = (int(t.reshape(-1)[1]) for t in condition.tables.values())
    chosen = condition.offset + slope * (signal.codes() >= bit.threshold)
    values = chosen * (gap.offset + weight * signal.codes())
    return from_values(gap.space, gap.frac + condition.frac, (signal.number,), values)


def listed_conditions(form: Form) -> Form:
    """A form with its conditions as functions of what they are on, where these can be listed."""
    for n in form.support:
        signal = form.space.signals[n]
        if signal.kind not in CONDITIONS:
            continue
        value = truth(form.space, signal)
        if value is not None:
            no, yes = (_fixed(form, n, bit) for bit in (0, 1))
            form = added(no, multiplied(value, added(yes, no, -1)))
    return form


def truth(space: Space, condition: Signal) -> Form | None:
    """A condition as a function of what it is on; None where that is too much to list."""
    if condition.kind == "flag":
        base, where = condition.of
        return from_values(space, 0, (base,), where.astype(np.int64))
    core = condition.of
    if not _is_listed([core]):
        return None
    values = core.values(core.support) >= condition.threshold
    return from_values(space, 0, core.support, values.astype(np.int64))


def at_least_zero(form: Form) -> Form:
    """1 where a form is 0 or more."""
    low, high = form.range
    if low >= 0 or high < 0:
        return constant(form.space, int(low >= 0), 0)
    space = form.space
    if not form.wide and len(form.support) == 1:
        values = (form.values(form.support) >= 0).astype(np.int64)
        return from_values(space, 0, form.support, values)
    bits = [n for n in form.support if space.signals[n].kind in CONDITIONS]
    if bits:
        return _by_cases([form], bits, lambda parts: at_least_zero(parts[0]))
    signal, weight, core = named(form)
    # weight * s + offset >= 0
    if weight > 0:
        return _bit(space, signal, -(form.offset // weight), core)
    above = _bit(space, signal, form.offset // -weight + 1, core)
    return added(constant(space, 1, 0), above, -1)


def _bit(space: Space, signal: Signal, threshold: int, core: Form) -> Form:
    """1 where a signal is at least a threshold."""
    bit = space.signal(("bit", signal.number, threshold), "bit", 0, 2, core, threshold)
    return of_signal(bit, space, 0)


def _compared(node: GNode, args: Sequence[Form]) -> Form:
    if node.op is GOp.ABS and (_is_listed(args) or _is_named(args[0])):
        return listed(args, lambda v: np.abs(v[0]), args[0].frac)
    if node.op is GOp.ABS:
        positive = at_least_zero(args[0])
        return added(multiplied(positive, times(args[0], 2)), args[0], -1)
    gap = added(args[0], args[1], -1)
    if node.op is GOp.GE:
        return at_least_zero(gap)
    if _is_listed([gap]) or _is_named(gap):
        order = np.minimum if node.op is GOp.MIN else np.maximum
        return added(args[1], listed([gap], lambda v: order(v[0], 0), gap.frac))
    # a where the gap is at most (at least) 0, else b
    kept = at_least_zero(times(gap, -1) if node.op is GOp.MIN else gap)
    return added(args[1], multiplied(kept, gap))


def larger(a: Form, b: Form) -> Form | None:
    """The larger of two forms, where that can be listed."""
    gap = added(a, b, -1)
    if not (_is_listed([gap]) or _is_named(gap)):
        return None
    return added(b, listed([gap], lambda v: np.maximum(v[0], 0), gap.frac))


# --- casts ---------------------------------------------------------------------------------------


def _cast(node: GNode, form: Form) -> Form:
    drop = form.frac - node.fmt.frac
    moved = form.at(node.fmt.frac) if drop <= 0 else _dropped(form, drop, node.quant)
    least, most = code_range(node)
    if node.overflow is Overflow.SAT_SYM and node.fmt.signed:
        least = -most
    low, high = moved.range
    if least <= low and high <= most:
        return moved
    if node.overflow is Overflow.WRAP:
        span = 1 << node.fmt.width
        if (low - least) // span == (high - least) // span:
            turn = (low - least) // span * span
            return added(moved, constant(form.space, turn, node.fmt.frac), -1)
    width = max(low.bit_length(), high.bit_length()) + 1
    source = replace(node, fmt=Fixed(width, node.fmt.frac, True))
    return listed([moved], lambda v: result(node, [source], v), node.fmt.frac)


def _dropped(form: Form, drop: int, quant: Quant) -> Form:
    """A form without its lowest bits, rounded."""
    step = 1 << drop
    whole = of_terms(form.space, form.frac - drop, form.offset >> drop,
                  {k: t >> drop for k, t in form.tables.items()},
                  {n: w >> drop for n, w in form.wide.items()})  # fmt: skip
    rest = of_terms(form.space, form.frac, form.offset % step,
                 {k: t % step for k, t in form.tables.items()},
                 {n: w % step for n, w in form.wide.items()})  # fmt: skip
    if not rest.tables and not rest.wide and not rest.offset:
        return whole
    if quant in (Quant.TRN, Quant.RND, Quant.RND_MIN_INF):
        part = listed([rest], lambda v: _rounded_all(v[0], drop, quant), whole.frac)
        return added(whole, part)
    return listed([form], lambda v: _rounded_all(v[0], drop, quant), whole.frac)


def _rounded_all(values: Codes, drop: int, quant: Quant) -> Codes:
    """`ranges.rounded` of every value."""
    flat, inverse = np.unique(values, return_inverse=True)
    made = np.array([rounded(int(v), drop, quant) for v in flat], np.int64)
    return made[inverse].reshape(values.shape)
