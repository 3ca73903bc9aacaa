"""A consent taken back: the record says so, what was made under it is found, and the file beside each says so too.

A video that is out in the world is not called back by this; whoever is shown can have it taken down where it is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from faceswap_lib import UserError
from faceswap_lib.trust import consent, credentials, sidecar
from faceswap_lib.trust.consent import Record

ENDINGS = {".mp4", ".mov", ".mkv"}


@dataclass(frozen=True)
class Made:
    """A video that was made under a record, and what became of it: "marked", "gone", or why it was not marked."""

    video: Path
    state: str


def revoke(path: str | Path, folders: Iterable[str | Path] = ()) -> list[Made]:
    """Say in a record, and beside each video that was made under it, that it holds no longer; lists these videos.

    They are found by the record's own list, and by the record's hash in what lies beside them and within `folders`.
    The day of a second time does not count. No video is changed. UserError: no record, or it cannot be written.
    """
    found, told = consent.read(path), consent.made(path)
    for folder in map(Path, folders):
        if not folder.is_dir():
            raise UserError(f"{folder} is no folder to look for videos in; give one, or none.")
    if not found.revoked:
        found.revoked = date.today()
        consent.write(Path(path), found)
    places = _videos(told, map(Path, folders))
    return [Made(video, state) for video in places if (state := _state(video, found, video in told))]


def _videos(told: list[Path], folders: Iterable[Path]) -> list[Path]:
    """The videos of the list, those in the same folders, and all that lie somewhere in these folders."""
    near = (each for folder in dict.fromkeys(video.parent for video in told) for each in _in(folder.glob("*")))
    far = (each.absolute() for folder in folders for each in _in(folder.rglob("*")))
    return list(dict.fromkeys([*told, *near, *far]))


def _in(paths: Iterable[Path]) -> Iterator[Path]:
    return (path for path in sorted(paths) if path.suffix.lower() in ENDINGS and path.is_file())


def _state(video: Path, record: Record, listed: bool) -> str:
    """What became of a video; "" for one that was not made under this record."""
    if not video.is_file():
        return "gone" if listed else ""
    beside, signed = sidecar.read(video), credentials.read(video)
    by = next((each for each in (beside, signed) if each.facts.get("consent") == record.hash), None)
    if by is None:
        return "not what was made under it, or changed since; not marked" if listed else ""
    if by.state != "intact":
        return "changed since it was made; not marked" if by.state == "altered" else "signed elsewhere; not marked"
    try:
        sidecar.revoked(video, by.facts, str(record.revoked))
    except (OSError, UserError) as error:
        return f"not marked: {getattr(error, 'strerror', None) or error}"
    return "marked"
