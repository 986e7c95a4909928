"""What a job starts from: its sections `data` and `teacher`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Gt, Lt
from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from symtick.defaults import TEST, VALIDATION
from symtick.search.data.tables import Columns
from symtick.settings import Count

CHECKED = ConfigDict(extra="forbid", frozen=True)  # of every section: unknown keys are refused


class _Section(BaseModel):
    model_config = CHECKED


class DataSection(_Section):
    """Rows to distil on.

    Attributes:
        path: the file (layouts: `symtick.search.data.files`).
        label: of a file of columns the label; for a regression the target or targets.
        classes: of a file of columns the labels, in the order of the teacher's outputs; by default
            numbers from 0, or the sorted names.
        features: the features, in this order; by default all columns that are nothing else.
        weight: of a file of columns how much each row counts.
        scores: of a file of columns the teacher's scores, in the order of the classes.
        table: the tree of a ROOT file, or the table or group of an HDF5 file.
        test: share of the rows kept for the test, where the file has no test part of its own.
        validation: share of the training rows kept for choosing precision and design.
    """

    path: Path
    label: str | list[str] | None = None
    classes: list[str | int] = []
    features: list[str] = []
    weight: str | None = None
    scores: list[str] = []
    table: str | None = None
    test: Annotated[float, Gt(0), Lt(0.9)] = TEST
    validation: Annotated[float, Gt(0), Lt(0.9)] = VALIDATION

    @property
    def columns(self) -> Columns:
        """What the columns of the file are."""
        given = [self.label] if isinstance(self.label, str) else self.label or []
        classes = tuple(map(str, self.classes))
        return Columns(
            tuple(given), tuple(self.features), self.weight, tuple(self.scores), self.table, classes
        )


class TrainSection(_Section):
    """Train a multilayer perceptron on the labels or targets as the teacher."""

    widths: list[Count] = [64, 32, 32]
    epochs: Count = 40
    batch: Count = 512
    learning_rate: Annotated[float, Gt(0)] = 5e-3


class OnnxSection(_Section):
    """A network of any architecture as an ONNX file.

    Attributes:
        path: the file.
        output: which output holds the scores, where there are several.
        standardise: the network sees (x - mean) / std of the training rows, not raw features.
    """

    path: Path
    output: str | None = None
    standardise: bool = False


class ProgramSection(_Section):
    """A network of any architecture as a program of torch.export.

    Attributes:
        path: the .pt2 file.
        standardise: the network sees (x - mean) / std of the training rows, not raw features.
    """

    path: Path
    standardise: bool = False


class KerasSection(_Section):
    """A Keras network: a whole model (.keras, .h5), or its JSON and weights (HDF5).

    Attributes:
        path: the whole model.
        architecture, weights: the two files instead.
        standardise: the network sees (x - mean) / std of the training rows, not raw features.
    """

    path: Path | None = None
    architecture: Path | None = None
    weights: Path | None = None
    standardise: bool = False

    @model_validator(mode="after")
    def _whole(self) -> KerasSection:
        given = [key for key in ("path", "architecture", "weights") if getattr(self, key)]
        if given not in (["path"], ["architecture", "weights"]):
            raise ValueError(
                "name path, a whole model (.keras or .h5), or architecture (JSON) and weights "
                f"(HDF5), not {' and '.join(given) or 'nothing'}"
            )
        return self


class TorchSection(_Section):
    """A torch `state_dict` of a multilayer perceptron.

    Attributes:
        state_dict: the .pt file.
        widths: hidden layers.
        activation: of the hidden layers.
        standardise: the network sees (x - mean) / std of the training rows, not raw features.
        batch_norm: whether batch normalisations stand before or after the activation of their
            layer; by default the numbers of an `nn.Sequential` say so, and others stand before it.
    """

    state_dict: Path
    widths: list[Count]
    activation: Literal["relu", "tanh", "sigmoid"] = "relu"
    standardise: bool = True
    batch_norm: Literal["before", "after"] | None = None


def _by_path(given: object) -> object:
    """A path alone is a section that says no more."""
    return {"path": given} if isinstance(given, str | Path) else given


class TeacherSection(_Section):
    """Where the teacher comes from: at most one of these.

    Without one the teacher is the scores that the data holds, or else the labels are learnt.
    """

    train: TrainSection | None = None
    onnx: Annotated[OnnxSection | None, BeforeValidator(_by_path)] = None
    keras: Annotated[KerasSection | None, BeforeValidator(_by_path)] = None
    torch: TorchSection | None = None
    program: Annotated[ProgramSection | None, BeforeValidator(_by_path)] = None
    trees: Path | None = None
    saved: Path | None = None

    @property
    def named(self) -> list[str]:
        """The keys of the teachers that are named."""
        return [key for key in type(self).model_fields if getattr(self, key) is not None]

    @model_validator(mode="after")
    def _one(self) -> TeacherSection:
        if len(self.named) > 1:
            raise ValueError(f"name one teacher, not {len(self.named)}: {', '.join(self.named)}")
        return self
