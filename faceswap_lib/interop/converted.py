"""What deepfakes/faceswap has converted, written as every video of this kit is: its sound, its times, all its marks."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from faceswap_lib import UserError, files
from faceswap_lib.face import faceset
from faceswap_lib.interop.exchange import Exported
from faceswap_lib.media import video
from faceswap_lib.progress import Progress
from faceswap_lib.trust import consent as consents
from faceswap_lib.trust import label, marked
from faceswap_lib.trust.consent import Consent
from faceswap_lib.trust.statement import Statement

PROGRAM = "deepfakes/faceswap"


def write(
    given: Exported,
    frames: str | Path,
    out: str | Path,
    faces_a: str | Path,
    faces_b: str | Path,
    *,
    trainer: str,
    weights: str | Path | None = None,
    overwrite: bool = False,
    consent: str | Path | Consent | None = None,
    progress: Progress | None = None,
) -> int:
    """Write `out`: the frames that Faceswap has drawn (PNGs in a folder), labelled and signed; returns their number.

    faces_a: the video's faceset, whose faces the label keeps away from; faces_b: whose face was put in; weights: the
    model's file; consent: the record of those who are shown, as in convert. UserError: a frame is missing or has
    another size, no consent.
    """
    info, found, other, boxes = video.probe(given.video), faceset.load(faces_a), faceset.load(faces_b), {}
    names = {each.source.sha256: each.source.name for each in (other, found)}
    agreed = (consent := consents.given(consent)).agreed(names, found.source.sha256, other.source.sha256)
    for r in found.contents.faces:
        boxes.setdefault(r.frame, []).append(np.array(r.box))
    stamp = label.Label(info.width, info.height, boxes)

    def stream(numbered: Iterator[tuple[int, np.ndarray]]) -> Iterator[np.ndarray]:
        for index, frame in numbered:
            path = Path(frames) / f"{given.video.stem}_{index + 1:06d}.png"
            picture = faceset.read_image(path)
            if picture.shape != frame.shape:
                raise UserError(f"{path} has another size than the video's frames; convert again.")
            yield stamp.stamp(index, picture)

    facts = Statement(
        method=f"{PROGRAM}, {trainer}",
        source=found.source.sha256,
        model=files.sha256(weights) if weights else None,
        person=other.fingerprint,
        consent=agreed,
    )
    count = marked.rewrite(given.video, out, stream, facts, overwrite=overwrite, progress=progress)
    consent.note(Path(out))
    return count
