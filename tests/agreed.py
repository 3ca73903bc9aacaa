"""Records of consent for tests: a piece cut out of a built-in clip is a video that the kit does not know."""

import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from faceswap_lib import UserError, convert
from faceswap_lib.face import faceset
from faceswap_lib.media import video
from faceswap_lib.network import record
from faceswap_lib.trust import consent


def of(*videos: str | Path) -> Path:
    """A record in which both people are seen in all of these videos and have agreed to a swap either way."""
    return _record(frozenset(map(video.sha256, videos)))


def swap(clip: str | Path, faces: str | Path, model: str | Path, out: str | Path, **how) -> convert.ConvertResult:
    """convert.convert, with such a record of all that faceset and model were made from."""
    try:
        used = convert._used(faceset.load(faces), record.read_about(model))
    except UserError:  # convert will say so too
        used = {}
    return convert.convert(clip, faces, model, out, consent=_record(frozenset(used)) if used else None, **how)


@cache
def _record(digests: Iterable[str]) -> Path:
    who = consent.Person(name="Nobody, rendered", videos=sorted(digests))
    path = Path(tempfile.mkdtemp(prefix="consent-")) / "consent.json"
    consent.new(path, who, who, agreed="swaps in tests", means="they do not exist")
    return path
