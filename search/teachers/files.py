"""Teachers that symtick saved: a .npz of plain arrays, never a pickle."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np

from symtick.errors import InputError
from symtick.files import check_file
from symtick.search.teachers.folding import filled
from symtick.search.teachers.teacher import FORMAT, Architecture, TorchTeacher


def load_teacher(path: Path | str) -> TorchTeacher:
    """Read what `TorchTeacher.save` wrote.

    Raises:
        InputError: missing, damaged, or not a teacher.
    """
    path = Path(path)
    check_file(path)
    try:
        with np.load(path, allow_pickle=False) as content:
            arrays = {key: content[key] for key in content.files}
        meta = json.loads(str(arrays["meta"]))
        if meta["format"] != FORMAT:
            raise InputError(f"{path} has the format {meta['format']!r}, not {FORMAT!r}")
        shape = Architecture(tuple(meta["widths"]), tuple(meta["activations"]))
        layers = [
            (arrays[f"weight_{i}"], arrays[f"bias_{i}"]) for i in range(len(shape.activations))
        ]
        return TorchTeacher.wrap(
            filled(shape, layers, str(path)),
            meta["feature_names"],
            meta["class_names"],
            arrays["mean"],
            arrays["std"],
            meta["task"],
            meta.get("target_names", ()),
        )
    except InputError:
        raise
    except (KeyError, TypeError, ValueError, OSError, zipfile.BadZipFile, EOFError) as error:
        raise InputError(
            f"{path} is not a teacher that symtick saved ({type(error).__name__}: {error})"
        ) from error
