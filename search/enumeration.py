"""Fingerprints of functions.

Room: `search`; imports `expr`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from symtick.expr import Program
from symtick.search import _kernel
from symtick.search.evaluation import pack

UNDEFINED: int = _kernel.UNDEFINED  # the fingerprint of what divides by what is zero everywhere


def fingerprints(programs: Sequence[Program], features: int) -> npt.NDArray[np.uint64]:
    """One number for each program, equal where the rules of a field make two programs equal.

    The programs are evaluated in the integers modulo 2^61 - 1 at one random point: two rational
    functions of degree d that differ agree there with a chance of about d / 2^61 (Schwartz, J. ACM
    27 (1980) 701; Zippel, EUROSAM 1979). Other functions are random maps of their argument.

    Returns:
        shape (programs,); `UNDEFINED` for a division by what is zero everywhere.
    """
    return _kernel.fingerprints(pack(programs, features))
