"""The teacher of a job, and what it says of the rows."""

from __future__ import annotations

import warnings
from dataclasses import replace
from importlib.util import find_spec

import numpy as np

from symtick.config import Job
from symtick.errors import InputError, MissingExtraError, SymtickError, SymtickWarning
from symtick.extras import missing, require
from symtick.job_sources import KerasSection, OnnxSection, TorchSection
from symtick.search.data.dataset import Dataset
from symtick.search.teachers.files import load_teacher
from symtick.search.teachers.keras_h5 import QKerasError, load_keras_h5
from symtick.search.teachers.program import load_program
from symtick.search.teachers.scoring import (
    ScoringTeacher,
    Signature,
    Standard,
    given_scores,
)
from symtick.search.teachers.state_dict import from_state_dict
from symtick.search.teachers.teacher import (
    Architecture,
    Teacher,
    TorchTeacher,
    architecture_of,
    check_outputs,
)
from symtick.search.teachers.train import train_mlp
from symtick.search.teachers.trees import load_trees, package_of

_COMPARED = 1000  # rows on which a teacher is compared with its scores of before
_SAME = 1e-3  # of the largest score, that the two may differ by


def make_teacher(job: Job, train: Dataset) -> Teacher | None:
    """The job's teacher, trained or loaded; None where it names none.

    Raises:
        InputError: a file is missing, pickled or does not fit the data, or the data holds the
            scores of a teacher, too.
    """
    wanted = job.teacher
    if train.scores is not None and wanted.named:
        raise InputError(
            f"{job.data.path} holds the scores of a teacher, and the job names teacher."
            f"{wanted.named[0]}: leave one of the two out"
        )
    teacher = _named(job, train)
    if teacher is None:
        if train.y is None and train.scores is None:
            raise InputError(
                f"{job.data.path} has no y, and the job names no teacher to learn from: name the "
                "column of the labels as data.label, or a teacher"
            )
        return None
    if teacher.task != job.task:
        raise InputError(
            f"the teacher was made for {teacher.task}, but the job's task is {job.task}: name the "
            "other task or another teacher"
        )
    if isinstance(teacher, TorchTeacher):
        wanted_outputs = len(train.target_names or train.class_names)
        check_outputs("teacher", teacher.architecture.widths[-1], wanted_outputs, job.task)
    _check_names(teacher, train)
    return teacher.settled(train.X) if isinstance(teacher, ScoringTeacher) else teacher


def _named(job: Job, train: Dataset) -> Teacher | None:
    wanted, signature = job.teacher, signature_of(train)
    if wanted.train is not None:
        t = wanted.train
        return train_mlp(
            train, t.widths, epochs=t.epochs, seed=job.seed, batch=t.batch,
            learning_rate=t.learning_rate,
        )  # fmt: skip
    if wanted.onnx is not None:
        return _onnx_teacher(wanted.onnx, signature, train)
    if wanted.keras is not None:
        return _keras_teacher(wanted.keras, signature, train)
    if wanted.torch is not None:
        return _torch_teacher(wanted.torch, train)
    if wanted.program is not None:
        standard = _standard(train, wanted.program.standardise)
        return load_program(wanted.program.path, signature, standard)
    if wanted.trees is not None:
        if find_spec(package_of(wanted.trees)) is None:
            raise MissingExtraError("teacher.trees", "trees")
        return load_trees(wanted.trees, signature)
    return load_teacher(wanted.saved) if wanted.saved is not None else None


def signature_of(train: Dataset) -> Signature:
    """What a teacher of these rows reads and says."""
    return Signature(train.feature_names, train.class_names, train.target_names)


def _check_names(teacher: Teacher, train: Dataset) -> None:
    outputs = "targets" if train.target_names else "classes"
    taught, given = signature_of(train), (train.target_names or train.class_names)
    said = teacher.target_names or teacher.class_names
    if teacher.feature_names != taught.feature_names or said != given:
        raise InputError(
            f"the teacher is for features {', '.join(teacher.feature_names)} and {outputs} "
            f"{', '.join(said)}, the data has {', '.join(taught.feature_names)} and "
            f"{', '.join(given)}"
        )


def _standard(train: Dataset, wanted: bool) -> Standard | None:
    """Mean and std of each feature, where the network reads standardised ones."""
    if not wanted:
        return None
    mean, std = train.X.mean(axis=0), train.X.std(axis=0)
    return mean, np.where(std > 0.0, std, 1.0)


def _onnx_teacher(wanted: OnnxSection, signature: Signature, train: Dataset) -> Teacher:
    require("teacher.onnx", "onnx")
    from symtick.search.teachers.onnx_net import load_onnx

    standard = _standard(train, wanted.standardise)
    return load_onnx(wanted.path, signature, wanted.output, standard)


def _keras_teacher(wanted: KerasSection, signature: Signature, train: Dataset) -> Teacher:
    """By itself where it is a perceptron in Keras 2's files, else through Keras."""
    path = wanted.weights or wanted.path
    assert path is not None  # one of the two is given
    standard = _standard(train, wanted.standardise)
    if path.suffix != ".keras":
        try:
            return load_keras_h5(wanted.architecture, path, signature, standard)
        except QKerasError:
            raise
        except InputError as error:
            if missing("keras"):
                raise InputError(
                    f"{error}; other networks are read through Keras: pip install 'symtick[keras]'"
                ) from None
    require("teacher.keras", "keras")
    from symtick.search.teachers.keras_net import load_keras

    return load_keras(path, signature, wanted.architecture, standard)


def _torch_teacher(wanted: TorchSection, train: Dataset) -> TorchTeacher:
    names, classes = train.feature_names, train.class_names
    outputs = len(train.target_names or classes)
    shape = Architecture.mlp((len(names), *wanted.widths, outputs), wanted.activation)
    mean, std = _standard(train, wanted.standardise) or (None, None)
    return from_state_dict(
        wanted.state_dict, shape, names, classes, mean, std, train.target_names, wanted.batch_norm
    )


def teacher_again(job: Job, train: Dataset) -> Teacher | None:
    """The teacher that a run does not keep, from its file; None where the job names none.

    None, too, with a `SymtickWarning` where it cannot be read again, or says something else of the
    rows than when the run began.
    """
    said = train.scores
    if not job.teacher.named or said is None:
        return None
    X, said = train.X[:_COMPARED], said[:_COMPARED]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SymtickWarning)  # said when the run began
            teacher = make_teacher(job, replace(train, scores=None))
        assert teacher is not None  # one is named
        gaps = np.abs(teacher.logits(X) - said)
        why = "its file says something else of the rows than when the run began"
        if gaps.max() <= _SAME * np.abs(said).max():
            return teacher
    except (SymtickError, OSError) as error:
        why = str(error)
    warnings.warn(
        f"nothing is said of more input bits, for which the teacher is asked again: {why}",
        SymtickWarning,
        stacklevel=2,
    )
    return None


def kept(teacher: Teacher | None) -> TorchTeacher | None:
    """The teacher as far as a run folder keeps it itself: a plain perceptron."""
    if isinstance(teacher, TorchTeacher) and architecture_of(teacher.module) is not None:
        return teacher
    return None


def with_scores(train: Dataset, test: Dataset, teacher: Teacher | None) -> tuple[Dataset, Dataset]:
    """Both parts with what a teacher that the run folder does not keep says of their rows.

    Raises:
        InputError: the teacher's numbers do not fit the data.
    """
    if kept(teacher) is not None or (teacher is None and train.scores is None):
        return train, test
    if teacher is not None:
        return (
            replace(train, scores=teacher.logits(train.X)),
            replace(test, scores=teacher.logits(test.X)),
        )
    if train.scores is None or test.scores is None:
        raise InputError("the data has the scores of one part alone: give both, or neither")
    both = np.concatenate([train.scores, test.scores])
    both = given_scores(both, len(both), signature_of(train), "scores of the data file")
    return replace(train, scores=both[: len(train)]), replace(test, scores=both[len(train) :])
