"""A design of a run as an object: its formulas, its cost, and what its hardware computes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from symtick.codegen import SCORES, Design
from symtick.codegen.ir.graph import GOp
from symtick.design_folder.folder import DesignSpec, write_design
from symtick.errors import InputError, did_you_mean
from symtick.expr import Expression, shared_texts, with_digits
from symtick.files import new_folder
from symtick.hwcost import Estimate, estimate
from symtick.search.data.dataset import FloatArray
from symtick.search.data.metrics import predicted_classes
from symtick.search.designs.front import FrontEntry

if TYPE_CHECKING:
    from symtick.design_folder.checks import Synthesis
    from symtick.run.folder import Run
    from symtick.sim.verify import Verification


_FORMULA_ROWS = 200
_MOVED = 0.005  # of a value's range
_ALL_DIGITS = 17


def _rounded(expression: Expression, digits: int, rows: FloatArray) -> Expression:
    """The expression with as few digits as its values on these rows bear."""
    wanted = expression.evaluate(rows)
    allowed = _MOVED * np.ptp(wanted, axis=0)
    for count in range(digits, _ALL_DIGITS):
        made = with_digits(expression, count)
        gaps = np.nanmax(np.abs(made.evaluate(rows) - wanted), axis=0)
        if not (gaps > allowed).any():
            return made
    return expression


def _by_name(X: npt.ArrayLike, features: Sequence[str]) -> npt.NDArray[Any]:
    """The features of a frame whose columns have names, in their order; else the rows as given."""
    given = getattr(X, "columns", None)
    if given is None or not all(isinstance(name, str) for name in given):
        return np.asarray(X)
    for name in features:
        if name not in given:
            meant = did_you_mean(name, given)
            raise InputError(
                f"the data frame has no column {name!r}: {meant}the features are "
                f"{', '.join(features)}"
            )
    return np.asarray(cast(Any, X)[list(features)])


@dataclass(frozen=True)
class RunDesign:
    """One design of a run; it is compiled when that is needed, once.

    Attributes:
        run: the run.
        entry: what the search measured of it, as on the front.
    """

    run: Run
    entry: FrontEntry

    @property
    def name(self) -> str:
        """Its name on the front."""
        return self.entry.name

    @property
    def folder(self) -> Path:
        """The design folder in the run."""
        return self.run.design_folder(self.entry)

    @property
    def spec(self) -> DesignSpec:
        """What determines it."""
        return self.run.spec(self.entry)

    @property
    def expressions(self) -> dict[str, str]:
        """The exact formula of each score or value, of what the firmware reads.

        That is words, or scaled features.
        """
        return {name: self.entry.text(k) for k, name in enumerate(self.run.output_names)}

    def formulas(self, digits: int | None = 4) -> dict[str, str]:
        """The formula of each score, of the features in the user's units.

        What several of them share stands before them and has a name of its own, `u1`, `u2`, ...
        The hardware reads the features in steps and saturated, as `run.inputs` says.

        Args:
            digits: significant digits of the constants, and more where so few would move a value by
                over half a per cent of its range on training rows; None writes them exactly.
        """
        whole = self.run.inputs.in_units(self.entry.expression)
        if digits is not None:
            whole = _rounded(whole, digits, self.run.inputs.told(self.run.train.X[:_FORMULA_ROWS]))
        names = dict(zip(self.run.output_names, whole.outputs, strict=True))
        return shared_texts(whole.nodes, names, whole.inputs)

    @property
    def legend(self) -> dict[str, str]:
        """The user's own name of each input that formulas and ports have another name for.

        Of inputs that the design reads.
        """
        inputs = self.run.inputs
        read = sorted(n.number for n in self.scores.graph.nodes if n.op is GOp.INPUT)
        pairs = {inputs.names[k]: inputs.titles[k] for k in read}
        return {name: title for name, title in pairs.items() if name != title}

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes."""
        return self.run.train.class_names

    @cached_property
    def design(self) -> Design:
        """The compiled design, with the outputs that the job asks for."""
        return self.spec.build()

    @cached_property
    def scores(self) -> Design:
        """The compiled design with the scores as outputs."""
        return self.design if self.spec.decision == SCORES else self.spec.scores()

    @cached_property
    def estimate(self) -> Estimate:
        """Its cost by the device's model."""
        return estimate(self.design, self.spec.model())

    @property
    def verification(self) -> Verification | None:
        """What the last `verify` found of it, if any."""
        from symtick.design_folder.checks import read_verification

        return read_verification(self.folder)

    @property
    def synthesis(self) -> Synthesis | None:
        """What the last `synthesise` found of it, if any."""
        from symtick.design_folder.checks import read_synthesis

        return read_synthesis(self.folder)

    def predict(self, X: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """The scores (of a regression the values) that the hardware computes, to the last bit.

        Args:
            X: rows (n, features) in the user's units; they are scaled, saturated and rounded to
                the input formats as the run's are. A data frame's features are found by name, and
                its other columns are left out.

        Returns:
            Scores of shape (n, scores), in the order of `expressions`.

        Raises:
            InputError: bad data, another number of features, or a frame that lacks one.
        """
        return self.scores.real_outputs(self._words(X))

    def classify(self, X: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """The number of the class of each row, (n,), as `classes` counts them; see `predict`.

        Raises:
            InputError: as `predict`, or the run is a regression.
        """
        if not self.classes:
            raise InputError("there are no classes of a regression: predict gives its values")
        return predicted_classes(self.predict(X))

    def outputs(self, X: npt.ArrayLike) -> dict[str, npt.NDArray[np.float64]]:
        """What each output port delivers for the rows, (n,): scores or decisions; see `predict`."""
        columns = self.design.real_outputs(self._words(X)).T
        return dict(zip(self.design.graph.output_names, columns, strict=True))

    def _words(self, X: npt.ArrayLike) -> npt.NDArray[np.int64]:
        return self.run.raw(_by_name(X, self.run.inputs.titles))

    def write(self, folder: Path | str) -> Path:
        """Write the firmware into a new folder of its own; returns that.

        Raises:
            InputError: the folder exists.
        """
        target = Path(folder)
        with new_folder(target) as draft:
            write_design(draft, self.spec, self.design, self.estimate)
        return target
