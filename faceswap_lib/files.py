"""Files that are there whole or not at all, and folders that one piece of work at a time writes into."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from faceswap_lib import UserError

LOCK = ".lock"


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


@contextmanager
def alone(folder: str | Path, work: str) -> Iterator[None]:
    """Keep a folder, which need not exist, for one piece of work at a time; UserError while another one holds it.

    The lock is the system's (flock), so a process that dies holds nothing. Its file lies beside the folder, or within
    where that alone can be written, as where a disk is mounted.
    """
    folder = Path(folder).resolve()  # of a link, what it leads to
    path = folder.with_name(f".{folder.name}.lock")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        if folder.is_dir() and not os.access(folder.parent, os.W_OK):
            path = folder / LOCK
        file = _locked(path)
    except BlockingIOError as error:
        raise UserError(f"Another {work} is at work in {folder}; wait for its end, or give another folder.") from error
    except OSError as error:
        raise UserError(f"{folder} cannot be made ({error.strerror}); choose another folder.") from error
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(file)


def _locked(path: Path) -> int:
    """The open and locked file at a path; BlockingIOError while another process has it."""
    while True:
        file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.exists(path) and os.path.samestat(os.fstat(file), os.stat(path)):
                return file
        except BaseException:
            os.close(file)
            raise
        os.close(file)  # its holder has taken it away between our two calls: once more
