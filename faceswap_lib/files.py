"""Files that are there whole or not at all, folders that one piece of work at a time writes into, room on the disk."""

import fcntl
import hashlib
import json
import math
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from faceswap_lib import UserError

LOCK = ".lock"
LONGEST = 255  # bytes of a name, on nearly every system
RESERVE = 20e6  # bytes that a long piece of work leaves free: it stops before the disk is full
SEAL = "checksum"  # the key in a JSON file of ours that tells whether the rest is as it was written


@contextmanager
def whole(path: str | Path) -> Iterator[Path]:
    """Where to write what shall appear as `path` when the block ends; if it fails, nothing is left and nothing changed.

    It lies beside `path` and ends as its name does, for FFmpeg tells the format by that. When the block has ended the
    file is on the disk, not only on its way there (fsync), and so is its name.
    """
    path = Path(path)
    part = aside(path, "part")
    part.unlink(missing_ok=True)  # what a killed process left, or a link that a stranger has laid there
    try:
        yield part
        _flush(part)
        os.replace(part, path)
        _flush(path.parent)
    finally:
        part.unlink(missing_ok=True)


def check_name(path: str | Path) -> Path:
    """A path that can be shown and stored; UserError for one whose bytes are no UTF-8, or too many."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        shown = os.fsencode(path).decode(errors="replace")
        raise UserError(f"'{shown}' is no name in UTF-8 and could be neither shown nor stored; rename it.") from None
    if any(len(os.fsencode(part)) > LONGEST for part in Path(path).parts):
        raise UserError(f"'{path}' is too long for a name; choose one of at most {LONGEST} bytes.")
    return Path(path)


def try_out(folder: Path) -> None:
    """OSError where nothing can be written into a folder."""
    part = aside(folder / "nothing", "try")
    part.unlink(missing_ok=True)  # a link, perhaps, that a stranger has laid there
    part.write_bytes(b"")
    part.unlink()


def remove(folder: Path) -> None:
    """Take a folder away with all that is in it; who is still at work there finds it no more, and can add nothing."""
    away = aside(folder, "away")
    shutil.rmtree(away, ignore_errors=True)
    with suppress(OSError):
        folder.rename(away)
    for one in (away, folder):
        shutil.rmtree(one, ignore_errors=True)


def aside(path: Path, word: str) -> Path:
    """A hidden name beside `path` that says whose it is, with the same ending; the same one each time."""
    name = f".{word}.{path.name}"
    if len(os.fsencode(name)) > LONGEST:
        name = f".{word}.{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]}{path.suffix}"
    return path.with_name(name)


def _flush(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on the disk."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def sha256(path: str | Path) -> str:
    """The SHA-256 of a file in hexadecimal; OSError when it cannot be read."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def sealed(content: dict) -> dict:
    """The content of a JSON file with a checksum over all of it, however it is laid out."""
    return content | {SEAL: _checksum(content)}


def unsealed(content: object) -> dict:
    """What `sealed` was given; ValueError where the content is not what was sealed."""
    try:
        intact = isinstance(content, dict) and content.get(SEAL) == _checksum(content)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not intact:
        raise ValueError("it is not as it was written")
    return {key: value for key, value in content.items() if key != SEAL}


def _checksum(content: dict) -> str:
    plain = json.dumps({key: value for key, value in content.items() if key != SEAL}, sort_keys=True)
    return hashlib.sha256(plain.encode()).hexdigest()[:16]


def room(folder: str | Path, need: float, work: str) -> None:
    """UserError where a folder, which need not exist yet, has fewer than `need` bytes free."""
    place = check_name(folder).absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < need:
        raise UserError(
            f"{folder} has {int(free / 1e6)} MB free, and {work} needs about {math.ceil(need / 1e6)} MB; "
            "free some space or choose another folder."
        )


@contextmanager
def alone(folder: str | Path, work: str) -> Iterator[None]:
    """Keep a folder, which need not exist, for one piece of work at a time; UserError while another one holds it.

    The lock is the system's (flock), so a process that dies holds nothing. Its file lies beside the folder, or within
    where that alone can be written, as where a disk is mounted.
    """
    folder = check_name(folder).resolve()  # of a link, what it leads to
    path = aside(folder, "lock")
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


@contextmanager
def in_turn(folder: Path) -> Iterator[None]:
    """Wait until nobody else is in a block over the same folder, which exists: short work that several may want."""
    file = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def _locked(path: Path) -> int:
    """The open and locked file at a path; BlockingIOError while another process has it."""
    while True:
        file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.exists(path) and os.path.samestat(os.fstat(file), os.stat(path)):
                return file
        except BaseException:
            os.close(file)
            raise
        os.close(file)  # its holder has taken it away between our two calls: once more
