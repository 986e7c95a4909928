"""What was built, kept in the user's cache by all that they are made of.

The cache is `SYMTICK_CACHE`, else `XDG_CACHE_HOME/symtick`, else `~/.cache/symtick`. A key is a
hash of sources, flags and versions, so that a changed source has another key. A file begins with a
hash of its content: a damaged one is not used. Those used last stay, up to 512 MB in all. If
the folder cannot be read or written, nothing is kept.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from symtick.files import write_bytes

LIMIT = 512 << 20
_HASH = 32


def base() -> Path:
    """The user's cache folder of symtick."""
    stated = os.environ.get("SYMTICK_CACHE")
    if stated:
        return Path(stated)
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "symtick"


def key(parts: Sequence[str]) -> str:
    """A hash of texts; where one ends and the next begins counts, too."""
    state = sha256()
    for part in parts:
        content = part.encode()
        state.update(len(content).to_bytes(8, "little") + content)
    return state.hexdigest()


def fetch(name: str, place: Path) -> bool:
    """Write the file that is kept under a key to `place`; False where there is none."""
    path = _path(name)
    try:
        content = path.read_bytes()
    except OSError:
        return False
    if sha256(content[_HASH:]).digest() != content[:_HASH]:
        return False
    with suppress(OSError):
        os.utime(path)  # used last
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content[_HASH:])
    place.chmod(0o755)
    return True


def keep(name: str, file: Path) -> None:
    """Keep a file under a key, and remove those used longest ago beyond the limit."""
    with suppress(OSError):
        content = file.read_bytes()
        write_bytes(_path(name), sha256(content).digest() + content)
        _remove_old(_path(name).parent)


def _path(name: str) -> Path:
    return base() / "builds" / name


def _remove_old(folder: Path) -> None:
    found = sorted(((p.stat(), p) for p in folder.iterdir()), key=lambda pair: -pair[0].st_mtime)
    total = 0
    for state, path in found:
        total += state.st_size
        if total > LIMIT:
            path.unlink(missing_ok=True)
