"""A record of what people have agreed to: who is shown, to what, when, by what means, until when. A record, no lock.

Whoever is in a video other than the built-in ones is known by that video's SHA-256, so the record can be written before
anything is computed. A swap's marks name the record by its hash. The record holds a random number (nonce), so that
nobody can guess names until the hash fits. Beside the record lies a list of the videos that were made under it.
"""

import json
import os
import secrets
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from faceswap_lib import UserError, files, samples, strangers
from faceswap_lib.media import video

NONE_NEEDED = "none needed: built-in"  # what the marks say of the built-in people, who do not exist
NAME, LIST = "consent.json", ".videos.txt"  # in a run's folder; ending of the list beside it
MOST = 1 << 16  # bytes of a record; MOST_MADE of the list
MOST_MADE = 1 << 22
YEAR = timedelta(days=365)

Hash = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]


class Person(BaseModel):
    """Somebody who is shown: the name, and the SHA-256 of each video that shows them."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[Text, StringConstraints(max_length=200)]
    videos: Annotated[list[Hash], Field(min_length=1, max_length=50)]


class Record(BaseModel):
    """A consent. a: whose video gets another face; b: whose face it gets; None for one of the built-in people."""

    model_config = ConfigDict(extra="forbid")
    schema_version: Literal[1] = 1
    a: Person | None
    b: Person | None
    agreed: Text
    means: Text
    on: date
    until: date
    nonce: Annotated[str, StringConstraints(pattern="^[0-9a-f]{32}$")]
    revoked: date | None = None

    @model_validator(mode="after")
    def _fits(self) -> "Record":
        if not (self.a or self.b):
            raise ValueError("it names nobody")
        if self.until < self.on:
            raise ValueError(f"it ends on {self.until}, before it begins")
        return self

    @property
    def hash(self) -> str:
        """The SHA-256 of all of it but whether it was revoked."""
        plain = self.model_dump(mode="json", exclude={"revoked"})
        return sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()

    @property
    def over(self) -> str:
        """Why it does not hold today, in a few words; "" where it does."""
        today = date.today()
        if self.revoked:
            return f"was revoked on {self.revoked}"
        return f"ended on {self.until}" if self.until < today else f"begins on {self.on}" if self.on > today else ""

    def shows(self, name: Literal["a", "b"], digest: str) -> bool:
        """Whether a video is one of A's, or of B's."""
        person = getattr(self, name)
        return digest in (person.videos if person else built_in())


@dataclass(frozen=True)
class Consent:
    """A record's file, if there is one. pieces: SHA-256 of a piece of a video -> that of the whole (self-swaps)."""

    path: Path | None = None
    pieces: dict[str, str] = field(default_factory=dict)

    def agreed(self, names: dict[str, str], shown: str, put_in: str, themselves: bool = False) -> str:
        """The record's hash if it allows a swap, NONE_NEEDED for the built-in people; UserError where it does not.

        names: SHA-256 -> name of every video that is used, the model's too; shown: the video that gets another face;
        put_in: the video of whose face it gets; themselves: that is the one who is shown, drawn anew.
        """
        whole = {self.pieces.get(digest, digest): name for digest, name in names.items()}
        shown, put_in = (self.pieces.get(digest, digest) for digest in (shown, put_in))
        if whole.keys() <= built_in():
            return NONE_NEEDED
        if not self.path:
            raise UserError(_how(whole, shown, put_in))
        found = read(self.path)
        if found.over:
            raise UserError(f"The consent in {self.path} {found.over}; ask again, and write a new record.")
        ways = [all(map(found.shows, way, (shown, put_in))) for way in (("ab", "aa", "bb") if themselves else ("ab",))]
        asked = {digest: whole[digest] for digest in whole if digest not in built_in() or digest in (shown, put_in)}
        strange = [name for digest, name in asked.items() if not any(found.shows(side, digest) for side in "ab")]
        if strange or not any(ways):
            what = f"is not for {_listed(strange)}" if strange else "is not for this direction"
            raise UserError(f"The consent in {self.path} {what}: who is shown has not agreed to this; ask them.")
        try:
            os.close(_appending(list_of(self.path)))
        except OSError as error:
            place = list_of(self.path)
            raise UserError(
                f"What is made is listed in {place}, which cannot be written ({error.strerror})."
            ) from error
        return found.hash

    def covering(self, clip: str | Path, *pieces: str | Path) -> "Consent":
        """The same, for pieces that were cut out of a video too."""
        return Consent(self.path, self.pieces | dict.fromkeys(map(video.sha256, pieces), video.sha256(clip)))

    def note(self, *made: Path) -> None:
        """List videos that were made under the record, if there is one."""
        if self.path:
            with open(_appending(list_of(self.path)), "a", encoding="utf-8") as file:
                file.write("".join(json.dumps(str(path.absolute())) + "\n" for path in made))


def given(consent: "str | Path | Consent | None") -> Consent:
    """A consent however it is named: a record's file, "" or None for none."""
    return consent if isinstance(consent, Consent) else Consent(Path(consent).absolute() if consent else None)


def asked(consent: "str | Path | None", video_a: str, video_b: str) -> str:
    """What `agreed` says of two videos by their paths, "" for the built-in one, before anything is made of them."""
    paths = {"a": video_a or samples.path("person_a"), "b": video_b or samples.path("person_b")}
    shown, put_in = (video.sha256(path) for path in paths.values())
    return given(consent).agreed({shown: str(paths["a"]), put_in: str(paths["b"])}, shown, put_in)


@cache
def built_in() -> frozenset[str]:
    """The SHA-256 of the built-in clips, whose people do not exist."""
    return frozenset(files.sha256(samples.path(name)) for name in samples.NAMES)


def person(name: str, *videos: str | Path) -> Person:
    """Somebody and the videos that show them."""
    digests = [video.sha256(path) for path in videos]
    try:
        return Person(name=name, videos=digests)
    except ValueError as error:
        why = strangers.why(error)
        raise UserError(f"{_listed(map(str, videos))} shows {name!r:.40} ({why}); say who that is, by name.") from error


def new(
    path: str | Path,
    a: Person | None,
    b: Person | None,
    *,
    agreed: str,
    means: str,
    on: date | None = None,
    until: date | None = None,
) -> Record:
    """Write a record that nobody else can read; `until` is a year from `on`, that is today, unless said otherwise."""
    path, on = files.check_name(path), on or date.today()
    if path.exists():
        raise UserError(f"{path} is there already, and stays; choose another name for the record.")
    try:
        nonce = secrets.token_hex(16)
        made = Record(a=a, b=b, agreed=agreed, means=means, on=on, until=until or on + YEAR, nonce=nonce)
        write(path, made)
    except ValueError as error:
        raise UserError(f"That is no record of consent ({strangers.why(error)}); say it again.") from error
    return made


def read(path: str | Path) -> Record:
    """A record as it is on disk; UserError where there is none, or it is damaged."""
    try:
        return Record.model_validate(strangers.parsed(Path(path), MOST))
    except (OSError, ValueError) as error:
        why = strangers.why(error)
        raise UserError(f"{path} is no record of consent ({why}); `consent new` writes one.") from error


def write(path: Path, record: Record) -> None:
    """Put a record on disk for its owner's eyes alone; UserError where that cannot be."""
    try:
        with files.whole(path) as part:
            part.touch(mode=0o600)
            part.write_text(json.dumps(record.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n", "utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror}); choose another place for the record.") from error


def list_of(path: Path) -> Path:
    """Where the videos that were made under a record are listed."""
    return path.with_name(path.stem + LIST)


def made(path: str | Path) -> list[Path]:
    """The videos that were made under a record, as its list says, each once."""
    there = list_of(Path(path))
    if not there.is_file() or there.stat().st_size > MOST_MADE:
        return []
    return list(
        dict.fromkeys(Path(told) for told in map(_line, there.read_text("utf-8", "replace").splitlines()) if told)
    )


def kept(run: str | Path, given: str | Path = "") -> Path | None:
    """The record that a notebook goes by: the one that is given, else the newest in the run's folder, if any."""
    there = sorted(Path(run).glob("consent*.json"), key=lambda path: path.stat().st_mtime)
    return Path(given) if given else there[-1] if there else None


def _appending(path: Path) -> int:
    """A list opened to be written on, made if need be; OSError where that cannot be, or where it is a link."""
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def _line(text: str) -> str:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    return told if isinstance(told, str) and "\0" not in told else ""


def _how(names: dict[str, str], shown: str, put_in: str) -> str:
    """How to make the record that is missing."""
    real = {digest: name for digest, name in names.items() if digest not in built_in()}
    sides = {side: [real[digest]] for side, digest in (("a", shown), ("b", put_in)) if digest in real}
    if others := [name for digest, name in real.items() if digest not in (shown, put_in)]:  # a model's
        sides["a"] = sides.get("a", []) + others
    return f"For {_listed(real.values())} there has to be a record of consent of those who are shown; {how(sides)}"


def how(sides: dict[str, list[str]]) -> str:
    """How to make a record for the videos of some sides: "a", "b" -> their names."""
    videos = {s: " ".join(f"--video-{s} {shlex.quote(name)}" for name in names) for s, names in sides.items()}
    words = " ".join(f'{named} --name-{s} "WHO IS SHOWN"' for s, named in videos.items())
    return (
        f'`python -m faceswap_lib consent new {NAME} {words} --agreed "TO WHAT" --means "HOW THEY SAID SO"` writes it, '
        f"and --consent {NAME} gives it."
    )


def _listed(names: Iterable[str]) -> str:
    return " and ".join(dict.fromkeys(names))
