"""Input codes as a sparse matrix, which turns sums of univariate functions into products.

A function of one input is a column of values, one for each code of that input; one sparse matrix
with a single 1 per row and input picks and adds them. That is also what the hardware does with
tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from symtick.codegen import Fixed
from symtick.search.data.dataset import IntArray

Singles = npt.NDArray[np.float32]
MAX_LISTED_BITS = 12  # wider inputs list only the codes that occur, and the two ends


@dataclass(frozen=True, eq=False)
class Codes:
    """The codes of all inputs, one input after the other.

    Attributes:
        raw: the codes, ascending for each input.
        values: their real values, float32, same shape (codes,).
        feature: input of each.
        start: place of each input's first code.
    """

    raw: tuple[IntArray, ...]
    values: Singles
    feature: IntArray
    start: IntArray

    @classmethod
    def of(cls, formats: Sequence[Fixed], raw: IntArray) -> Codes:
        """All codes that rows (rows, inputs) can hold."""
        lists = [_listed(fmt, column) for fmt, column in zip(formats, raw.T, strict=True)]
        sizes = np.array([len(codes) for codes in lists])
        values = [fmt.to_real(codes) for fmt, codes in zip(formats, lists, strict=True)]
        return cls(
            tuple(lists),
            np.concatenate(values).astype(np.float32),
            np.repeat(np.arange(len(lists)), sizes),
            np.concatenate([[0], np.cumsum(sizes)[:-1]]),
        )

    def places(self, raw: IntArray) -> npt.NDArray[np.int32]:
        """Place of each row's code of each input, (rows, inputs)."""
        columns = [
            start + np.searchsorted(codes, column)
            for codes, start, column in zip(self.raw, self.start, raw.T, strict=True)
        ]
        return np.stack(columns, axis=1).astype(np.int32)

    def matrix(self, raw: IntArray) -> sparse.csr_matrix:
        """(rows, codes): a 1 at the place of each row's code of each input."""
        places = self.places(raw)
        rows, inputs = places.shape
        ends = np.arange(0, rows * inputs + 1, inputs, dtype=np.int32)
        ones = np.ones(rows * inputs, np.float32)
        return sparse.csr_matrix((ones, places.ravel(), ends), shape=(rows, len(self.values)))

    def sums(self, columns: Singles) -> Singles:
        """Sums over each input's codes: (codes, n) to (inputs, n)."""
        return np.asarray(np.add.reduceat(columns, self.start, axis=0))

    def hull(self, columns: Singles) -> tuple[Singles, Singles]:
        """Smallest and largest value over each input's codes, (inputs, n) each."""
        low = np.minimum.reduceat(columns, self.start, axis=0)
        return np.asarray(low), np.asarray(np.maximum.reduceat(columns, self.start, axis=0))


def _listed(fmt: Fixed, column: IntArray) -> IntArray:
    if fmt.width <= MAX_LISTED_BITS:
        return np.arange(fmt.raw_min, fmt.raw_max + 1)
    return np.unique(np.concatenate([column, [fmt.raw_min, fmt.raw_max]]))
