"""The one way in which a changed video is written here: with all its marks, or not at all."""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from faceswap_lib import UserError, files
from faceswap_lib.media import video
from faceswap_lib.trust import credentials, keys, label, mark, sidecar
from faceswap_lib.trust.statement import Statement

Stream = Callable[[Iterator[tuple[int, np.ndarray]]], Iterable[np.ndarray]]


def rewrite(
    source: str | Path, out: str | Path, stream: Stream, facts: Statement, *, again: bool = False, **how
) -> int:
    """Write `out` as `video.rewrite` does, marked as synthetic in the pixels, in its own data and beside it.

    The visible label is `stream`'s, which knows where faces are. again: the source is marked already, and its mark
    stays. UserError before the work where nothing can be signed, or nobody has said what consent there is.
    """
    if not facts.consent:
        raise UserError(f"{out} is not written: nothing says whether who is shown has agreed (trust/consent.py).")
    keys.own()  # or the work would be for nothing
    info = video.probe(source)
    stamp = (lambda frame: frame) if again else mark.Mark(info.width, info.height, facts.number).stamp

    def finish(part: Path) -> None:
        if part.suffix.lower() in credentials.HOLDS:
            signed = files.aside(part, "signed")
            try:
                credentials.sign(part, signed, source, facts)
                os.replace(signed, part)
            finally:
                signed.unlink(missing_ok=True)
        sidecar.write(Path(out), part, facts)

    def marked(numbered: Iterator[tuple[int, np.ndarray]]) -> Iterator[np.ndarray]:
        return map(stamp, stream(numbered))

    said = {"description": f"{label.TEXT}. {json.dumps(facts.said)}"}
    return video.rewrite(source, out, marked, tags=said, finish=finish, **how)
