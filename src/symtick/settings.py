"""Validated settings classes, and the value checks that they share with job files.

A settings class is a frozen dataclass under `@checked`: pydantic holds every value against the
annotation of its field, types exactly (a text is no number, True is no integer), and what does not
fit is an `InputError` that names class, field, value and what is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import wraps
from reprlib import Repr
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np
from annotated_types import Ge, Gt, Le, Lt
from pydantic import (
    AfterValidator,
    AllowInfNan,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Strict,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic.dataclasses import dataclass
from pydantic_core import ErrorDetails

from symtick.errors import InputError, did_you_mean

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
_CONFIG = ConfigDict(strict=True, extra="forbid", arbitrary_types_allowed=True)
_SHOULD = re.compile(r"(Input|String|Value|List|Tuple|Dictionary|Number) should ")
_BOUNDS = {Ge: "from {0.ge}", Gt: "above {0.gt}", Le: "to {0.le}", Lt: "below {0.lt}"}
_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = 80


def _plain(value: object) -> object:
    """NumPy's numbers and truth values as Python's."""
    return value.item() if isinstance(value, np.number | np.bool_) else value


def one_of(names: Collection[str]) -> AfterValidator:
    """A validator of texts: one of these names."""

    def check(name: str) -> str:
        if name not in names:
            meant = did_you_mean(name, names).rstrip()
            raise ValueError(
                f"must be one of {', '.join(names)}, not {name!r}{meant and f'; {meant}'}"
            )
        return name

    return AfterValidator(check)


def told(what: str) -> WrapValidator:
    """A validator of values of several kinds: what fits none of them must be this.

    Arrays are taken for lists.
    """

    def check(value: object, validate: ValidatorFunctionWrapHandler) -> object:
        try:
            return validate(value.tolist() if hasattr(value, "tolist") else value)
        except ValidationError:
            text = "the text " if isinstance(value, str) else ""
            raise ValueError(f"must be {what}, not {text}{_SHORT.repr(value)}") from None

    return WrapValidator(check)


def _whole(value: object) -> object:
    """A float without a fraction, as 1e6, as an integer."""
    value = _plain(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


Flag = Annotated[bool, BeforeValidator(_plain)]
Whole = Annotated[int, BeforeValidator(_plain)]
Budget = Annotated[int, BeforeValidator(_whole), Ge(1), Le(2**62)]
Natural = Annotated[Whole, Ge(0)]
Count = Annotated[Whole, Ge(1)]
Seed = Annotated[Natural, Lt(2**62)]
Threads = Annotated[Count, Le(1024)]
Real = Annotated[float, BeforeValidator(_plain), AllowInfNan(False)]
Positive = Annotated[Real, Gt(0)]
NotNegative = Annotated[Real, Ge(0)]
Share = Annotated[Positive, Le(1)]
Chance = Annotated[NotNegative, Le(1)]
Texts = Annotated[tuple[str, ...], Strict(False)]


def checked(cls: type[T], named: bool = True) -> type[T]:
    """A frozen dataclass whose fields are checked when it is made; refusals are `InputError`s.

    Args:
        cls: the dataclass.
        named: whether they name it before the field.
    """
    made: Any = dataclass(cls, frozen=True, config=_CONFIG)
    validate = made.__init__

    @wraps(validate)
    def init(self: object, *args: object, **values: object) -> None:
        try:
            validate(self, *args, **values)
        except ValidationError as error:
            raise InputError(complaints(error, made, named)) from None

    made.__init__, made.__doc__ = init, cls.__doc__
    return made  # type: ignore[no-any-return]


def flat(cls: type[T]) -> type[T]:
    """`checked`, for a group of the parameters of something else: refusals name the field alone."""
    return checked(cls, named=False)


def validated(model: type[M], content: object) -> M:
    """What a file holds, as a model.

    Raises:
        InputError: it does not fit the model; names every key and value that does not.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise InputError(complaints(error, model)) from None


def complaints(error: ValidationError, owner: type, named: bool = False) -> str:
    """What pydantic refused, in one line.

    Args:
        error: of a settings class or of a job.
        owner: that class.
        named: whether its name stands before the field's.
    """
    return "; ".join(_complaint(item, owner, named) for item in error.errors(include_url=False))


def _complaint(item: ErrorDetails, owner: type, named: bool) -> str:
    loc, kind, text = _by_name(item["loc"], owner), item["type"], item["msg"]
    shown = (owner.__name__,) if named else ()
    place = ".".join(map(str, (*shown, *loc))) if loc else ""
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        return f"unknown key {place}{_near(owner, loc)}"
    if kind in ("missing", "missing_argument"):
        return f"{place} is required"
    if kind == "value_error":  # a text of ours, which names the value
        text = text.removeprefix("Value error, ")
        return f"{place} {text}" if text.startswith("must ") else f"{place}: {text}".lstrip(": ")
    if kind in ("model_type", "path_type"):
        text = "must be a path" if kind == "path_type" else f"must hold keys{_keys(owner, loc)}"
        return f"{place} {text}, not {_SHORT.repr(item['input'])}".lstrip()
    hint = _hint(owner, loc)
    words = _allowed(hint, "finite " if kind == "finite_number" else "")
    text = f"must be {words}" if words else _SHOULD.sub("must ", text.split(" after ")[0])
    return f"{place} {text}, not {_SHORT.repr(item['input'])}".lstrip()


def _fields(owner: type, loc: tuple[int | str, ...]) -> list[str]:
    """The keys of a place in the settings that is a section."""
    return list(getattr(_bare(_hint(owner, loc))[0], "__pydantic_fields__", ()))


def _keys(owner: type, loc: tuple[int | str, ...]) -> str:
    fields = _fields(owner, loc)
    return f", some of {', '.join(fields)}" if fields else ""


def _near(owner: type, loc: tuple[int | str, ...]) -> str:
    """What an unknown key may stand for, or the keys that there are."""
    fields = _fields(owner, loc[:-1])
    if meant := did_you_mean(str(loc[-1]), fields):
        return f"; {meant}".rstrip()
    return f"; there are {', '.join(fields)}" if fields else ""


def _by_name(loc: tuple[int | str, ...], owner: type) -> tuple[int | str, ...]:
    """The place in the settings; a field that was given by position by its name."""
    if loc and isinstance(loc[0], int):
        return (list(owner.__pydantic_fields__)[loc[0]], *loc[1:])  # type: ignore[attr-defined]
    return loc


def _hint(hint: Any, loc: tuple[int | str, ...]) -> Any:
    """The annotation of a place in the settings, None where it is of several kinds."""
    for step in loc:
        bare = _bare(hint)[0]
        if hasattr(bare, "__pydantic_fields__"):
            hint = get_type_hints(bare, include_extras=True).get(str(step))
        elif get_origin(bare) in (tuple, list, dict, Mapping):
            hint = [h for h in get_args(bare) if h is not ...][-1]
        else:
            return None
    return hint


def _bare(hint: Any) -> tuple[Any, tuple[Any, ...], bool]:
    """Type, marks, and whether None is allowed, of an annotation."""
    marks: tuple[Any, ...] = ()
    optional = False
    while True:
        if get_origin(hint) in (Union, UnionType) and type(None) in get_args(hint):
            hint, optional = get_args(hint)[0], True
        elif get_origin(hint) is Annotated:
            hint, *more = get_args(hint)
            marks += tuple(more)
        else:
            return hint, marks, optional


def _allowed(hint: Any, finite: str) -> str:
    """The range of a number, as in `an integer from 1 to 9 or None`; nothing for other types."""
    bare, marks, optional = _bare(hint)
    kinds = {int: "an integer", float: f"a {finite}number", bool: "True or False"}
    if bare not in kinds:
        return ""
    words = [kinds[bare]]
    for kind, text in _BOUNDS.items():
        words += [text.format(mark) for mark in marks if isinstance(mark, kind)]
    return " ".join([*words, "or None"] if optional else words)


def within(value: float, limit: float | None) -> bool:
    """Whether a limit holds; None is none."""
    return limit is None or value <= limit


def tightest(*limits: T | None) -> T | None:
    """The smallest of several limits; None is none."""
    return min((limit for limit in limits if limit is not None), default=None)  # type: ignore[type-var]
