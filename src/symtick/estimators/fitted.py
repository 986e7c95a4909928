"""A fitted regressor: prediction, its equations, export, compilation, storage.

`Fitted` is the part of `SymbolicRegressor` that needs no search.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import sympy
from sklearn.utils.validation import check_is_fitted, validate_data

from symtick.codegen import PLAIN, Design, Fixed, Interface
from symtick.design_folder.folder import DesignSpec, write_design
from symtick.errors import DomainError, InputError
from symtick.estimators.exports.exporting import latex, latex_table
from symtick.estimators.fronts.display import Shown, front_html, front_text
from symtick.estimators.fronts.equations import Equation, Equations, usual_axis
from symtick.estimators.names import ATTRIBUTES, PREDICT, Answering, elsewhere, saying
from symtick.estimators.storing import plain_parameters
from symtick.estimators.target import Hardware
from symtick.expr import Expression, Interval, to_sympy
from symtick.expr.templates import Part
from symtick.files import new_folder, write_json

if TYPE_CHECKING:
    from symtick.estimators.exports.torch_export import TorchExpression

Floats = npt.NDArray[np.float64]
Index = int | Sequence[int | None] | None
FORMAT = "symtick-regression-2"
TABLE = ("complexity", "ticks", "loss", "score")
_T = TypeVar("_T")


@dataclass(frozen=True)
class Target:
    """One target.

    Attributes:
        name: of its output port.
        spread: standard deviation, which the precision of a design follows.
        front: its equations.
    """

    name: str
    spread: float
    front: Equations


class Fitted(metaclass=Answering):
    """A regressor after `fit` or `load`.

    Attributes:
        targets_: a `Target` for each target.
        names_: names of the features in equations.
        single_: whether `y` had one dimension.
        selected_: numbers of the features that were searched over.
        evaluations_: candidates computed, of each target.
        passes_: all that was computed over the rows, of each target.
        interrupted_: whether Ctrl-C ended the search early.
        hardware_: formats and ranges of the features.
        literals_: constants that are part of the language: literals, and those of custom operators.
    """

    targets_: tuple[Target, ...]
    names_: tuple[str, ...]
    single_: bool
    selected_: tuple[int, ...]
    evaluations_: tuple[int, ...]
    passes_: tuple[int, ...]
    interrupted_: bool
    hardware_: Hardware
    literals_: frozenset[float]
    model_selection: str
    axis: str | None

    if not TYPE_CHECKING:  # else mypy would believe in any attribute

        def __getattr__(self, name: str) -> Any:
            """Says of a name of PySR's what it is called here."""
            if name in ATTRIBUTES:
                raise AttributeError(elsewhere(type(self).__name__, name, ATTRIBUTES[name]))
            return object.__getattribute__(self, name)  # the usual error, or that of a property

    @property
    def fronts_(self) -> tuple[Equations, ...]:
        """The equations of each target, scored along `axis`."""
        check_is_fitted(self, "targets_")
        return tuple(
            t.front
            if self.axis in (None, t.front.axis)
            else Equations.of(t.front.entries, self.axis)
            for t in self.targets_
        )

    @property
    def equations_(self) -> pd.DataFrame | list[pd.DataFrame]:
        """The front as a table, columns `equations.COLUMNS`; with several targets a list."""
        frames = [front.frame for front in self.fronts_]
        return frames[0] if self.single_ else frames

    @property
    def best_(self) -> Equation | list[Equation]:
        """The chosen equation; with several targets a list."""
        return self._each(None, lambda equation: equation)

    @property
    def parts_(self) -> dict[str, Part]:
        """What fills the template of the chosen equation, by name; as `parts`.

        Raises:
            AttributeError: the regressor has no template, or is not fitted.
        """
        check_is_fitted(self, "targets_")
        try:
            return self.parts()
        except InputError as error:
            raise AttributeError(str(error)) from None

    def parts(self, index: int | None = None) -> dict[str, Part]:
        """What fills the template, by name.

        Args:
            index: row of the table; the chosen equation for None.

        Returns:
            An `Expression` of each function, the value of each parameter, and a dictionary by
            category of each value by category.

        Raises:
            InputError: the regressor has no template, or there is no such row.
        """
        parts = self.equation(index).parts
        if parts is None:
            raise InputError("there are no parts: the regressor was fitted without a template")
        return parts.by_name()

    def __repr__(self) -> str:
        """The front of each target once there is one, the chosen equation marked."""
        shown = self._shown()
        return front_text(*shown) if shown else str(super().__repr__())

    @property
    def _repr_html_(self) -> Callable[[], str]:
        """Makes the page for notebooks, where scikit-learn is not set to display text."""
        usual = super()._repr_html_  # type: ignore[misc]
        shown = self._shown()
        return partial(front_html, *shown) if shown else usual

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """What a notebook shows."""
        page = getattr(self, "_repr_html_", None)
        return {"text/plain": repr(self)} | ({} if page is None else {"text/html": page()})

    def _shown(self) -> tuple[list[Shown], str, str] | None:
        """Arguments of what displays a front; None before there is one, or without a choice."""
        if not hasattr(self, "targets_"):
            return None
        try:
            fronts = [
                Shown("" if self.single_ else t.name, f, f.choose(self.model_selection), n)
                for t, f, n in zip(self.targets_, self.fronts_, self.evaluations_, strict=True)
            ]
        except InputError:
            return None
        return fronts, self.hardware_.kind, self.model_selection

    def equation(self, index: int | None = None, target: int = 0) -> Equation:
        """One equation: row `index` of a target's table, the chosen one for None.

        Raises:
            InputError: there is no such row.
        """
        return self.fronts_[target].at(index, self.model_selection)

    def _each(self, index: Index, make: Callable[[Equation], _T]) -> _T | list[_T]:
        """Of every target what `make` makes of its equation at `index`."""
        made = [make(self.equation(k, t)) for t, k in enumerate(self._places(index))]
        return made[0] if self.single_ else made

    def _places(self, index: Index) -> list[int | None]:
        check_is_fitted(self, "targets_")
        count = len(self.targets_)
        if index is None or isinstance(index, int | np.integer):
            return [None if index is None else int(index)] * count
        if isinstance(index, float) or any(
            k is not None and not isinstance(k, int | np.integer) for k in index
        ):
            raise InputError(
                f"index must be a row of equations_, one for each target, not {index!r}"
            )
        if len(index) != count:
            raise InputError(f"index needs a row for each of {count} targets, not {len(index)}")
        return list(index)

    @saying(PREDICT, ".predict")
    def predict(self, X: npt.ArrayLike, index: Index = None) -> Floats:
        """Values of the equations in float64.

        Args:
            X: (rows, features).
            index: rows of the tables; the chosen equations for None.

        Returns:
            (rows,), or (rows, targets) where `y` had two dimensions; NaN or infinite where an
            equation is.

        Raises:
            InputError: a row has a category that the fit had not.
        """
        check_is_fitted(self, "targets_")
        rows = validate_data(self, X, dtype=np.float64, reset=False)
        columns: list[Floats] = []
        for t, k in enumerate(self._places(index)):
            equation = self.equation(k, t)
            if equation.parts is not None:
                equation.parts.check_categories(rows, self.names_)
            values = equation.expression.evaluate(rows)[:, 0]
            columns.append(np.asarray(values, np.float64))
        return columns[0] if self.single_ else np.stack(columns, axis=1)

    def sympy(self, index: Index = None) -> sympy.Expr | list[sympy.Expr]:
        """The equation in SymPy, custom operators written out; arguments as in `predict`."""
        return self._each(index, lambda e: to_sympy(e.expression))

    def latex(self, index: Index = None, precision: int = 3) -> str | list[str]:
        """The equation in LaTeX with that many significant digits, and more where it needs them."""
        return self._each(index, lambda e: latex(e.expression, precision, needed=e.digits))

    def latex_table(
        self,
        indices: Sequence[int] | None = None,
        columns: Sequence[str] = TABLE,
        precision: int = 3,
        target: int = 0,
    ) -> str:
        """The front as a LaTeX table (package booktabs).

        Args:
            indices: rows; all by default.
            columns: figures beside the equation: `complexity`, `ticks`, `lut`, `loss`, `score`;
                `equation`, which comes first in any case, may be among them.
            precision: significant digits.
            target: which target's front.

        Raises:
            InputError: there is no such column or row.
        """
        known = ("complexity", "ticks", "lut", "loss", "score")
        columns = [c for c in columns if c != "equation"]
        if unknown := [c for c in columns if c not in known]:
            raise InputError(f"unknown column {unknown[0]!r}: there are {', '.join(known)}")
        places = range(len(self.fronts_[target].entries)) if indices is None else indices
        equations = [self.equation(k, target) for k in places]
        figures = [[f"{getattr(e, c):.{precision}g}" for c in columns] for e in equations]
        texts = [latex(e.expression, precision, needed=e.digits) for e in equations]
        return latex_table(columns, figures, texts)

    def torch(self, index: Index = None) -> TorchExpression | list[TorchExpression]:
        """The equation as a torch module of all features.

        Free constants are its parameters; literals and those of custom operators stay.
        """
        from symtick.estimators.exports.torch_export import TorchExpression

        return self._each(index, lambda e: TorchExpression(e.expression, self.literals_))

    def spec(self, index: Index = None, top: str = "equation") -> DesignSpec:
        """The equations of all targets as one design to compile, in the features they read.

        Args:
            index: rows of the tables; the chosen equations for None.
            top: top-level name.
        """
        equations = [self.equation(k, t) for t, k in enumerate(self._places(index))]
        return self.hardware_.spec(
            Expression.join([e.expression for e in equations]),
            min((t.spread for t in self.targets_ if t.spread > 0.0), default=0.0),
            top,
            [t.name for t in self.targets_],
        )

    def design(self, index: Index = None, top: str = "equation") -> Design:
        """The compiled design: exact fixed point, scheduled.

        Raises:
            DomainError: an equation is undefined somewhere in the box of its features: fit with
                domain="box".
        """
        with _in_the_box():
            return self.spec(index, top).build()

    def write(
        self,
        folder: Path | str,
        index: Index = None,
        top: str = "equation",
        interface: Interface = PLAIN,
    ) -> Design:
        """Write C++, Verilog and design.json of the equations into a new folder.

        Args:
            folder: a folder that does not exist.
            index: of the equations, as for `design`.
            top: top-level name.
            interface: the form of the ports.

        Raises:
            InputError: the folder exists; and as `design`.
        """
        with new_folder(Path(folder)) as draft, _in_the_box():
            return write_design(draft, replace(self.spec(index, top), interface=interface))

    def to_json(self) -> dict[str, Any]:
        """The fitted regressor as JSON values: its fronts, and the parameters that have a text."""
        check_is_fitted(self, "targets_")
        columns = getattr(self, "feature_names_in_", None)
        return {
            "format": FORMAT,
            "parameters": plain_parameters(self.get_params(deep=False)),  # type: ignore[attr-defined]
            "names": list(self.names_),
            "columns": None if columns is None else list(columns),
            "single": self.single_,
            "selected": list(self.selected_),
            "evaluations": list(self.evaluations_),
            "passes": list(self.passes_),
            "interrupted": self.interrupted_,
            "literals": sorted(self.literals_),
            "hardware": _hardware_to_json(self.hardware_),
            "targets": [
                {
                    "name": t.name,
                    "spread": t.spread,
                    "equations": [e.to_json() for e in t.front.entries],
                }
                for t in self.targets_
            ],
        }

    def save(self, path: Path | str) -> None:
        """Write `to_json` to a file."""
        write_json(Path(path), self.to_json())

    def take(self, stored: Mapping[str, Any]) -> None:
        """Become what `to_json` told, but for the parameters.

        Raises:
            InputError: something is missing or not what it should be.
        """
        try:
            self.names_ = tuple(map(str, stored["names"]))
            self.single_ = bool(stored["single"])
            self.selected_ = tuple(map(int, stored["selected"]))
            self.evaluations_ = tuple(map(int, stored["evaluations"]))
            self.passes_ = tuple(map(int, stored["passes"]))
            self.interrupted_ = bool(stored["interrupted"])
            self.literals_ = frozenset(map(float, stored["literals"]))
            self.hardware_ = _hardware_from_json(stored["hardware"])
            self.n_features_in_ = len(self.names_)
            if stored["columns"] is not None:
                self.feature_names_in_ = np.array(stored["columns"], dtype=object)
            self.targets_ = tuple(
                Target(
                    str(t["name"]),
                    float(t["spread"]),
                    Equations.of(
                        (Equation.from_json(e, self.names_) for e in t["equations"]),
                        self.axis or usual_axis(self.hardware_.kind),
                    ),
                )
                for t in stored["targets"]
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"the stored regression is damaged: {error}") from error


@contextmanager
def _in_the_box() -> Iterator[None]:
    """Says of an equation that is undefined in the box of its features what to do."""
    try:
        yield
    except DomainError as error:
        raise DomainError(
            f'{error}: fit with domain="box", so that every equation is defined for all inputs '
            "within their ranges, or choose another one by index"
        ) from None


def _hardware_to_json(hardware: Hardware) -> dict[str, Any]:
    return {
        "kind": hardware.kind,
        "device": hardware.device,
        "clock_mhz": hardware.clock_mhz,
        "formats": [str(f) for f in hardware.formats],
        "ranges": [[r.lo, r.hi] for r in hardware.ranges],
    }


def _hardware_from_json(stored: Mapping[str, Any]) -> Hardware:
    return Hardware(
        str(stored["kind"]),
        str(stored["device"]),
        float(stored["clock_mhz"]),
        tuple(Fixed.parse(str(f)) for f in stored["formats"]),
        tuple(Interval(float(lo), float(hi)) for lo, hi in stored["ranges"]),
    )
