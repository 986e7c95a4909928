"""A fitted distiller: prediction, its designs as tables and formulas, firmware, storage.

`Distilled` is the part of `SymbolicDistiller` that needs no search.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import sympy
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils.validation import check_is_fitted, validate_data

from symtick.codegen import PLAIN, Decision, Design, Interface
from symtick.design_folder.folder import DesignSpec, write_design
from symtick.errors import InputError
from symtick.estimators.exports.exporting import latex, rounded_sympy
from symtick.estimators.storing import plain_parameters
from symtick.expr import Expression, to_text
from symtick.files import new_folder, write_json
from symtick.search.data.dataset import FloatArray
from symtick.search.designs.front import Front
from symtick.search.distill.advice import Suggestion
from symtick.search.distill.settings import DistillConfig
from symtick.search.inputs.maps import InputMap, from_json
from symtick.settings import complaints

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

FORMAT = "symtick-distiller-1"
_CONFIG = TypeAdapter(DistillConfig)
_LABELS = "biufUO"  # kinds of arrays whose elements JSON can hold


class Distilled:
    """What a fitted distiller computes and says of its designs.

    Formulas are of the features in the user's units; the hardware reads these in steps and
    saturated, as `inputs_` says, and their constants as exactly as `spec(design)` holds them. A
    design is told by its name on the front; without one it is the chosen.
    """

    front_: Front
    inputs_: InputMap
    advice_: tuple[Suggestion, ...]
    classes_: NDArray[Any]
    n_features_in_: int
    feature_names_in_: NDArray[Any]
    _output_names: tuple[str, ...]
    task: str
    device: str
    clock_mhz: float
    max_ticks: int | None
    decide: tuple[str, ...]
    threshold: float | tuple[float, ...] | None
    config: DistillConfig | None

    def settings(self) -> DistillConfig:
        """The search's settings, see `SymbolicDistiller`."""
        raise NotImplementedError

    def _decision(self) -> Decision:
        given = () if self.threshold is None else np.atleast_1d(self.threshold).tolist()
        return Decision(tuple(self.decide), tuple(given))

    def spec(self, design: str | None = None, top: str = "distilled") -> DesignSpec:
        """A design as something to compile, with `top` as its top-level name.

        Raises:
            InputError: there is no such design.
        """
        check_is_fitted(self, "front_")
        entry, settings = self.front_.entry(design), self.settings()
        return DesignSpec(
            name=top,
            expression=entry.expression,
            output_names=self._output_names,
            max_ticks=self.max_ticks,
            latency=settings.latency,
            formats=self.inputs_.read_formats,
            precision=entry.precision,
            device=self.device,
            clock_mhz=self.clock_mhz,
            decision=self._decision(),
            scheduler=settings.scheduler,
            slices=self.inputs_.slices,
            widths=entry.widths,
        )

    def write(
        self,
        folder: Path | str,
        design: str | None = None,
        top: str = "distilled",
        interface: Interface = PLAIN,
    ) -> Design:
        """Write C++, Verilog and design.json of a design into a new folder.

        Args:
            folder: a folder that does not exist.
            design: name of a design on the front; the chosen one by default.
            top: top-level name.
            interface: the form of the ports.

        Raises:
            InputError: the folder exists, or there is no such design.
        """
        with new_folder(Path(folder)) as draft:
            return write_design(draft, replace(self.spec(design, top), interface=interface))

    def decision_function(self, X: ArrayLike, design: str | None = None) -> FloatArray:
        """Outputs of a design, in fixed point as the hardware: (rows, outputs)."""
        check_is_fitted(self, "front_")
        rows = validate_data(self, X, dtype=np.float64, reset=False)
        return self.spec(design).scores().real_outputs(self.inputs_.words(rows))

    def predict(self, X: ArrayLike, design: str | None = None) -> NDArray[Any]:
        """Class labels (rows,), or values (rows,) or (rows, outputs), as a design computes them."""
        outputs = self.decision_function(X, design)
        if self.task == "regression":
            return outputs[:, 0] if outputs.shape[1] == 1 else outputs
        single = outputs.shape[1] == 1
        places = (outputs[:, 0] > 0).astype(int) if single else outputs.argmax(axis=1)
        return np.asarray(self.classes_[places])

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Accuracy against labels, or R^2 of values, of the chosen design."""
        measure = r2_score if self.task == "regression" else accuracy_score
        return float(measure(y, self.predict(X), sample_weight=sample_weight))

    @property
    def equations_(self) -> pd.DataFrame:
        """A row for each design of the front, smallest first, with a column for each formula.

        Scores are of the rows held out; LUT, FF and DSP are estimates.
        """
        check_is_fitted(self, "front_")
        rows = [
            {"design": e.name, "chosen": e.name == self.front_.chosen, "score": e.score,
             "rmse": e.rmse, "ticks": e.ticks, "lut": e.lut, "ff": e.ff, "dsp": e.dsp,
             **self.formulas(e.name)}
            for e in self.front_.entries
        ]  # fmt: skip
        return pd.DataFrame(rows).set_index("design")

    def formulas(self, design: str | None = None, digits: int | None = 4) -> dict[str, str]:
        """The formula of each output of a design.

        Args:
            design: its name.
            digits: significant digits of the constants; None writes them exactly.

        Raises:
            InputError: there is no such design.
        """
        whole = self._in_units(design)
        return {port: to_text(whole, k, digits) for k, port in enumerate(self._output_names)}

    def sympy(self, design: str | None = None, digits: int = 17) -> dict[str, sympy.Expr]:
        """The same as SymPy expressions of symbols named like the features."""
        whole = self._in_units(design)
        return {p: rounded_sympy(whole, digits, k) for k, p in enumerate(self._output_names)}

    def latex(self, design: str | None = None, digits: int = 3) -> dict[str, str]:
        """The same as LaTeX."""
        whole = self._in_units(design)
        return {p: latex(whole, digits, k) for k, p in enumerate(self._output_names)}

    def _in_units(self, design: str | None) -> Expression:
        check_is_fitted(self, "front_")
        return self.inputs_.in_units(self.front_.entry(design).expression)

    def to_json(self) -> dict[str, Any]:
        """The fitted distiller as JSON values: its front and parameters, but not the teacher.

        Raises:
            InputError: `config` holds functions, or classes are neither text nor numbers.
        """
        check_is_fitted(self, "front_")
        parameters = self.get_params(deep=False)  # type: ignore[attr-defined]
        columns = getattr(self, "feature_names_in_", None)
        return {
            "format": FORMAT,
            "parameters": plain_parameters(
                {k: v for k, v in parameters.items() if k not in ("teacher", "config")}
            ),
            "config": _config_to_json(self.config),
            "columns": None if columns is None else list(map(str, columns)),
            "inputs": self.inputs_.to_json(),
            "classes": _labels_to_json(self.classes_) if self.task == "classification" else None,
            "outputs": list(self._output_names),
            "front": self.front_.to_json(),
            "advice": [asdict(s) for s in self.advice_],
        }

    def save(self, path: Path | str) -> None:
        """Write `to_json` to a file, which `load` reads.

        Raises:
            InputError: as `to_json`.
        """
        write_json(Path(path), self.to_json())

    def take(self, stored: Mapping[str, Any]) -> None:
        """Become what `to_json` told, but for the parameters.

        Raises:
            InputError: something is missing, or not what it should be.
        """
        try:
            self.front_ = Front.from_json(stored["front"])
            self.inputs_ = from_json(stored["inputs"])
            self.advice_ = tuple(Suggestion(**record) for record in stored["advice"])
            self._output_names = tuple(map(str, stored["outputs"]))
            self.n_features_in_ = len(self.inputs_.names)
            if stored["columns"] is not None:
                self.feature_names_in_ = np.array(stored["columns"], dtype=object)
            if self.task == "classification":
                self.classes_ = _labels_from_json(stored["classes"])
            self._check()
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"the stored distiller is damaged: {error}") from error

    def _check(self) -> None:
        """Whether the parts of a stored distiller belong together."""
        self.front_.entry()
        self.settings()
        names = getattr(self, "feature_names_in_", self.inputs_.titles)
        if tuple(names) != self.inputs_.titles:
            raise InputError(f"its columns are {', '.join(names)}, its inputs are others")
        outputs = len(self._output_names)
        classes = len(self.classes_) if self.task == "classification" else outputs
        if outputs != classes and (outputs, classes) != (1, 2):
            raise InputError(f"it has {outputs} outputs for {classes} classes")
        for entry in self.front_.entries:
            if entry.expression.inputs != self.inputs_.names:
                raise InputError(f"the design {entry.name} reads other inputs")
            if len(entry.expression.outputs) != outputs:
                raise InputError(f"the design {entry.name} has other outputs")


def _config_to_json(config: DistillConfig | None) -> Any:
    if config is None:
        return None
    try:
        stored = _CONFIG.dump_python(config, mode="json")
        same = config_from_json(stored) == config
    except (PydanticSerializationError, InputError):
        same = False
    if not same:
        raise InputError(
            "config holds functions or operators of your own, which no file can: "
            "set_params(config=...) to one without them first"
        )
    return stored


def config_from_json(stored: Any) -> DistillConfig | None:
    """The settings that `to_json` stored.

    Raises:
        InputError: they are damaged.
    """
    try:
        return None if stored is None else _CONFIG.validate_json(json.dumps(stored))
    except ValidationError as error:
        text = complaints(error, DistillConfig)
        raise InputError(f"the stored config is damaged: {text}") from None


def _labels_to_json(classes: NDArray[Any]) -> dict[str, Any]:
    kinds = {type(label) for label in classes.tolist()}
    if classes.dtype.kind not in _LABELS or kinds - {str, int, float, bool}:
        names = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise InputError(f"classes of the type {names} cannot be stored: fit on text or numbers")
    return {"type": classes.dtype.str, "labels": classes.tolist()}


def _labels_from_json(stored: Mapping[str, Any]) -> NDArray[Any]:
    kind = np.dtype(str(stored["type"]))
    if kind.kind not in _LABELS:
        raise InputError(f"classes of the type {kind} are not read")
    return np.array(stored["labels"], dtype=kind)
