"""What says of a file that it is synthetic: the marks of trust/, read back, beside what detectors say of its faces."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from faceswap_lib.detection import crops, scores
from faceswap_lib.detection.judge import Judge
from faceswap_lib.face import faceset
from faceswap_lib.face.faceset import Faceset
from faceswap_lib.media import video
from faceswap_lib.trust import inspection

ANEW = 30  # H.264's quality when a video is encoded anew, as lab 5 has it


def row(name: str, path: Path, found: Faceset, judges: Mapping[str, Judge]) -> dict:
    """What each mark of a file says, and how large a share of its held-out faces each detector calls a fake.

    found: the faceset of the performance that the file shows.
    """
    held = crops.cut(crops.frames_of(path), found).held
    said = {layer.layer: layer.state for layer in inspection.inspect(path)}
    return {"file": name} | said | {who: _share(judge, held) for who, judge in judges.items()}


def rows(files: Mapping[str, Path], swapped: Path, found: Faceset, judges: Mapping[str, Judge]) -> list[dict]:
    """The same of several files, and of the swapped video encoded anew, as a platform would, and as a screenshot."""
    told = [row("the swap, as written", swapped, found, judges)]
    with tempfile.TemporaryDirectory() as folder:
        again, shot = Path(folder) / "again.mp4", Path(folder) / "screenshot.png"
        video.write(again, video.frames(swapped), video.probe(swapped).fps, ANEW)
        told.append(row("encoded anew", again, found, judges))
        faceset.save_image(shot, video.frame(again, int(crops.cut(crops.frames_of(again), found).held.frames[0])))
        seen = {layer.layer: layer.state for layer in inspection.inspect(shot)}
        told.append({"file": "a screenshot of that"} | seen | dict.fromkeys(judges, ""))
    return told + [row(name, Path(path), found, judges) for name, path in files.items()]


def _share(judge: Judge, faces: crops.Faces) -> str:
    return f"{(judge.scores(faces) >= scores.ASKED).mean():.0%} of faces"
