"""Files that are there whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole(path: str | Path) -> Iterator[Path]:
    """Where to write what shall appear as `path` when the block ends; if it fails, nothing is left and nothing changed.

    It lies beside `path` and ends as its name does, for Keras and FFmpeg tell the format by that.
    """
    path = Path(path)
    part = path.with_name(f".part.{path.name}")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
