"""Resolution of a regressor's parameters to the search for the functions of its template."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from symtick.errors import InputError, did_you_mean
from symtick.estimators.parameters import operator_complexity, units_of
from symtick.estimators.resolve import Plan
from symtick.estimators.settings import Parameters
from symtick.estimators.target import level_cost
from symtick.estimators.validation import check_callables, units_of_targets
from symtick.expr import Builder, Op, parse
from symtick.expr.formulas import formula_of, statements_of
from symtick.expr.templates import Parts, Template, categories_of, read_template
from symtick.hwcost import SearchCost
from symtick.search.grammar.grammar import Operator, Rules, Units, Vocabulary, accepts
from symtick.search.hybrid.settings import HybridConfig
from symtick.search.template.task import TemplateTask

Floats = npt.NDArray[np.float64]


def check_template_parameters(parameters: Parameters) -> None:
    """Whether nothing is asked for that a template does not go with.

    Raises:
        InputError: something is; names the parameter.
    """
    search, data = parameters.search, parameters.data
    asked = {
        "method": search.method != "gp",
        "preset": search.preset not in (None, "symtick"),
        "n_workers": search.cluster is not None,
        "select_k_features": data.select_k_features is not None,
        "denoise": data.denoise,
        "constant_bits": parameters.operators.constant_bits is not None,
    }
    if wrong := [name for name, given in asked.items() if given]:
        raise InputError(
            f"a template is searched for by evolution in this process, over all columns as they "
            f"are: leave {wrong[0]} at its default"
        )


def template_task(
    plan: Plan, X: Floats, goals: Floats, weights: Floats | None, names: Sequence[str]
) -> TemplateTask:
    """The search.

    Args:
        plan: of the regressor.
        X: shape (rows, columns).
        goals: shape (targets, rows).
        weights: shape (rows,), or None.
        names: of the targets.

    Raises:
        InputError: the template, a guess, a category or a unit is not acceptable.
    """
    given = plan.parameters
    template = _template(plan, names, len(goals))
    categories = _categories(plan, template, X)
    vocabularies = tuple(_vocabulary(plan, a) for a in template.arguments.values())
    rules = replace(plan.config.all_rules(), units=None, max_ticks=None)
    for goal in goals:
        check_callables(given.objective.loss, given.objective.penalty, goal, weights, plan.names)
    made = TemplateTask(
        template=template,
        X=X,
        y=np.ascontiguousarray(goals.T),
        weights=weights,
        categories=categories,
        vocabularies=vocabularies,
        rules=(rules,) * len(vocabularies),
        config=plan.config,
        hybrid=replace(plan.hybrid or HybridConfig(), method="gp"),
        cost=plan.cost,
        levels=_levels(plan),
        by_complexity=plan.hardware.kind == "complexity",
        units=_units(plan, len(goals)),
        ranges=tuple(plan.hardware.ranges) if given.hardware.domain == "box" else None,
        penalty=given.objective.penalty,
        evaluations=given.search.budget,
    )
    texts = [t for t in given.search.guesses if isinstance(t, str)]
    if len(texts) < len(given.search.guesses):
        raise InputError("guesses of a template are texts, as 'f = 2*x0; g = sin(x1)', no lists")
    return replace(made, guesses=tuple(guess_of(text, made) for text in texts))


def _levels(plan: Plan) -> Callable[[int], SearchCost]:
    complexity = operator_complexity(plan.vocabulary)

    def cost(arguments: int) -> SearchCost:
        return level_cost(arguments, complexity)

    return cost


def _template(plan: Plan, names: Sequence[str], targets: int) -> Template:
    text = plan.parameters.limits.template or ""
    calls = {o.name: (o.arity, _caller(o)) for o in plan.vocabulary.custom}
    template = read_template(text, plan.names, calls)
    if template.results != targets:
        named = f" ({', '.join(template.names)})" if template.names else ""
        raise InputError(
            f"the template's results{named} are {template.results}, the columns of y {targets}: "
            "each column needs one, in their order"
        )
    if targets > 1 and set(template.names) == set(names) and list(template.names) != list(names):
        raise InputError(
            f"the template's results are in the order {', '.join(template.names)}, the columns of "
            f"y in the order {', '.join(names)}: write them in the same"
        )
    return template


def _caller(operator: Operator) -> Callable[..., int]:
    def call(builder: Builder, *args: int) -> int:
        return builder.called(operator.body, args)

    return call


def _categories(plan: Plan, template: Template, X: Floats) -> Mapping[int, tuple[int, ...]]:
    columns = dict.fromkeys(s.column for s in template.slots if s.kind == "category")
    for column in columns:
        fmt, name = plan.hardware.formats[column], plan.names[column]
        if fmt.frac < 0:
            raise InputError(
                f"the column {name!r} numbers categories, but its input has steps of {fmt.step:g}: "
                f"give it integers, as input_formats={{{name!r}: 'ufixed<8,8>'}}"
            )
    return {c: categories_of(X[:, c], plan.names[c]) for c in columns}


def _vocabulary(plan: Plan, arguments: Sequence[str]) -> Vocabulary:
    """The tokens of a function: those of the regressor, with its arguments for the columns."""
    config = plan.config
    others = set(plan.names) - set(arguments)
    complexity = {n: c for n, c in config.complexity.items() if n not in others}
    return replace(config, complexity=complexity).vocabulary(len(arguments), arguments)


def _units(plan: Plan, targets: int) -> tuple[Units, ...] | None:
    made = [
        units_of(plan.units, unit, plan.names)
        for unit in units_of_targets(plan.parameters.limits.y_units, targets)
    ]
    known = [u for u in made if u is not None]
    return tuple(known) if len(known) == len(made) else None


def guess_of(text: str, task: TemplateTask) -> Parts:
    """A guess, `f = 2*x0; p1 = 3`, as parts; what it leaves out is found.

    Raises:
        InputError: it names something that the template has not, reads what is no argument,
            or cannot be written with the tokens.
    """
    functions, numbers = {}, {}
    known = task.template.arguments
    parameters = task.template.of_kind("parameter")
    for statement in statements_of(text):
        name, _ = formula_of(statement)
        if name is None or name not in {*known, *parameters}:
            meant = did_you_mean(str(name), [*known, *parameters])
            raise InputError(
                f"the guess {text!r} gives {name!r}: {meant}the template has the functions "
                f"{', '.join(known)} and the parameters {', '.join(parameters) or '(none)'}"
            )
        body = _body(statement)
        if name in parameters:
            numbers[name] = _number(name, body)
            continue
        place = list(known).index(name)
        _check_tokens(text, name, body, task.vocabularies[place], task.rules[place])
        functions[name] = task.vocabularies[place].expression(
            *task.vocabularies[place].sequence(body)
        )
    return Parts(functions, numbers)


def _body(statement: ast.stmt) -> str:
    return ast.unparse(formula_of(statement)[1])


def _number(name: str, text: str) -> float:
    nodes = parse(text, ()).nodes
    if len(nodes) != 1 or nodes[0].op is not Op.CONST:
        raise InputError(f"the guess of {name} is {text!r}: {name} is one number")
    return nodes[0].value


def _check_tokens(text: str, name: str, body: str, vocabulary: Vocabulary, rules: Rules) -> None:
    try:
        tokens, _ = vocabulary.sequence(body)
    except InputError as error:
        raise InputError(f"the guess {text!r}, {name}: {error}") from None
    if not accepts(rules, vocabulary, tokens[None, :])[0]:
        raise InputError(f"the guess {text!r}, {name}: it is beyond the limits of the search")
