"""Lab 5: put B's face into A's video: A's texture and motion → encoder → decoder B → A's light → back into the frame.

What is done with each frame is in swap.py; here the network draws. Sound and time stamps are the source's own, and
every converted video carries a visible label that says it is synthetic.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from faceswap_lib import UserError, color, faceset, front, profiles, record, start, swap, video
from faceswap_lib.batches import ratio
from faceswap_lib.faceset import Faceset, Progress
from faceswap_lib.mesh import Mesh, canvas
from faceswap_lib.swap import Drawer, Keeper, Scene

@dataclass
class ConvertResult:
    """What was written: the file, its frames, and in how many of them a face was swapped."""

    out: Path
    frames: int
    swapped: int


def convert(
    video_path: str | Path,
    faces_a: str | Path,
    model: str | Path,
    out: str | Path,
    color_match: str = "relit",
    to: str = "b",
    untrained: bool = False,
    profile: str | None = None,
    progress: Progress | None = None,
    pull: float = PULL,
    keep_front: bool = True,
    keep_mouth: bool = True,
) -> ConvertResult:
    """Swap the face in a video and write it to `out`, labelled.

    faces_a: the video's own faceset; color_match: relit, light, mean, histogram or none; to: whose face is put in
    (the video's own person is drawn anew, to see what the network can do);
    untrained: draw the person's mean texture instead of the network's picture, to see what training is worth;
    profile: refuse a model of another one; pull: how far the weights go back to the base they started from, 0 as
    trained to 1 the base; keep_front: what passes in front of the face stays there (front.py; with the network, on the
    mesh); keep_mouth: teeth and tongue stay the video's own (on the mesh). Raises UserError when faceset, model and
    video do not belong together.
    """
    if to not in ("a", "b"):
        raise UserError(f"The model knows nobody called '{to}'; swap to a or b.")
    if not 0 <= pull <= 1:
        raise UserError(f"pull is {pull:g}; give 0 (the network as trained) to 1 (the base it started from).")
    match, found, about = color.method(color_match), faceset.load(faces_a), record.read_about(model)
    _check(video_path, found, about, profile, model)
    at = scene(found, about, to)
    at.mouth = keep_mouth
    net = None if untrained else network(model, about, pull)
    side = _side(found, about, to)
    draw, keep = drawer(net, model, side, to), keeper(net, model, about, at, side, to) if keep_front else None
    count = swap.render(video_path, out, at, draw, match, progress, keep)
    return ConvertResult(Path(out), count, sum(i < count for i in at.at))


def _check(path: str | Path, found: Faceset, about: dict, profile: str | None, model: str | Path) -> None:
    if video.sha256(path) != found.source.sha256:
        raise UserError(
            f"The faces in {found.folder} were taken from another video ({found.source.name}) than {path}; "
            f"run `extract {path} --faces DIR` and convert with that folder."
        )
    if profile and about["profile"] != profile:
        raise UserError(
            f"The model in {model} was trained with profile '{about['profile']}', not '{profile}'; "
            f"convert with profile '{about['profile']}' or train again."
        )
