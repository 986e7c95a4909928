"""The public jet data set from OpenML."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from symtick.errors import InputError, ToolError
from symtick.search.data.dataset import Dataset

JET_CLASSES = ("g", "q", "w", "z", "t")


def load_openml_jets(cache: Path | None = None) -> Dataset:
    """The original jet data set, OpenML `hls4ml_lhc_jets_hlf`: 830,000 jets, 16 features.

    Args:
        cache: where scikit-learn keeps the download; its own folder by default.

    Raises:
        ToolError: no internet, or the server does not answer as expected.
        InputError: what came is not the data set.
    """
    from sklearn.datasets import fetch_openml

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its retries warn; the error below says it all
            bunch = fetch_openml(
                name="hls4ml_lhc_jets_hlf",
                version=1,
                as_frame=False,
                parser="pandas",
                data_home=None if cache is None else str(cache),
                n_retries=1,
            )
    except (OSError, ValueError) as error:
        raise ToolError(
            f"could not fetch hls4ml_lhc_jets_hlf from OpenML ({error}): this needs internet. "
            "Without it use the committed sample examples/jets/jets_sample.npz, or a file of "
            "your own (.npz or .csv)"
        ) from error
    places = {name: k for k, name in enumerate(JET_CLASSES)}
    unknown = sorted(set(map(str, bunch.target)) - set(places))
    if unknown:
        raise InputError(f"hls4ml_lhc_jets_hlf came with the unknown classes {unknown}")
    y = np.array([places[str(label)] for label in bunch.target], dtype=np.int64)
    return Dataset(bunch.data, y, tuple(map(str, bunch.feature_names)), JET_CLASSES)
