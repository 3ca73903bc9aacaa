"""Lab 5: put B's face into A's video: A's texture and motion → encoder → decoder B → A's light → back into the frame.

Frames stream through in small batches, so memory does not grow with the video's length; sound and time stamps are the
source's own. Every converted video carries a visible label that says it is synthetic.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from faceswap_lib import UserError, color, faceset, label, motion, profiles, record, video
from faceswap_lib.batches import ratio
from faceswap_lib.faceset import Faceset, Progress
from faceswap_lib.mesh import canvas

BATCH = 16


@dataclass
class ConvertResult:
    """What was written: the file, its frames, and in how many of them a face was swapped."""

    out: Path
    frames: int
    swapped: int


@dataclass
class Scene:
    """What is known of A's video before the first frame: points (N, 478, 3), motion, target points; A's mean."""

    at: dict[int, int]
    solid: np.ndarray
    moves: np.ndarray
    targets: list[np.ndarray]
    mean: np.ndarray


def convert(
    video_path: str | Path,
    faces_a: str | Path,
    model: str | Path,
    out: str | Path,
    color_match: str = "light",
    to: str = "b",
    untrained: bool = False,
    profile: str | None = None,
    progress: Progress | None = None,
) -> ConvertResult:
    """Swap the face in a video and write it to `out`, labelled.

    faces_a: the video's own faceset; color_match: light, mean, histogram or none; to: whose face is put in;
    untrained: draw the person's mean texture instead of the network's picture, to see what training is worth;
    profile: refuse a model of another one. Raises UserError when faceset, model and video do not belong together.
    """
    if to not in ("a", "b"):
        raise UserError(f"The model knows nobody called '{to}'; swap to a or b.")
    match, found, about = color.method(color_match), faceset.load(faces_a), record.read_about(model)
    _check(video_path, found, about, profile, model)
    info = video.probe(video_path)
    on = canvas(about["alignment"], profiles.get(about["profile"]).texture)
    scene = _scene(found, about, Path(model), to)
    drawer = _drawer(Path(model), about, to, untrained)
    boxes: dict[int, list[np.ndarray]] = {}
    for r in found.contents.faces:
        boxes.setdefault(r.frame, []).append(np.array(r.box))
    stamp = label.Label(info.width, info.height, boxes)

    def stream(numbered: Iterator[tuple[int, np.ndarray]]) -> Iterator[np.ndarray]:
        while chunk := list(islice(numbered, BATCH)):
            for index, frame in _swap(chunk, scene, on, drawer, match):
                yield stamp.stamp(index, frame)

    count = video.rewrite(video_path, out, stream, progress=progress)
    return ConvertResult(Path(out), count, sum(i < count for i in scene.at))


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


def _scene(found: Faceset, about: dict, model: Path, to: str) -> Scene:
    solid = motion.smooth(found.solid, found.frames)
    source = "b" if to == "a" else "a"
    theirs = np.array(about["shapes"][to])
    person = motion.person(solid, np.array(about["shapes"][source]))
    mean = faceset.read_image(model / f"mean_{source}.png").astype("f4") / 255
    if about["alignment"] == "mesh":
        targets = [
            motion.target(theirs, m, fit, s) for m, fit, s in zip(person.motion, person.fits, solid, strict=True)
        ]
    else:
        targets = list(solid)
    return Scene({int(f): i for i, f in enumerate(found.frames)}, solid, person.motion, targets, mean)


def _drawer(folder: Path, about: dict, to: str, untrained: bool) -> object:
    if untrained:
        mean = faceset.read_image(folder / f"mean_{to}.png").astype("f4") / 255
        return lambda pictures, moves: np.repeat(mean[None], len(pictures), 0)
    from faceswap_lib import checkpoint
    from faceswap_lib.model import draw

    net = checkpoint.build(profiles.get(about["profile"]), 0)
    checkpoint.restore(net, folder)
    return lambda pictures, moves: draw(net, pictures, moves, to)


def _swap(chunk: list, scene: Scene, on: object, drawer: object, match: object) -> Iterator[tuple[int, np.ndarray]]:
    """The frames of a chunk with their faces swapped; those without a face come back as they are."""
    seen = [(index, frame, scene.at[index]) for index, frame in chunk if index in scene.at]
    swapped = {}
    if seen:
        textures = np.stack([on.texture(frame, scene.solid[i][:, :2]) for _, frame, i in seen])
        moves = np.stack([on.motion_picture(scene.moves[i]) for *_, i in seen])
        drawn = drawer(_fill(ratio(textures, scene.mean)), _fill(moves))[: len(seen)]
        for (index, frame, i), texture, face in zip(seen, textures, drawn, strict=True):
            lit = match(face, (texture / 255).astype("f4"), on)
            swapped[index] = on.draw(frame, lit * 255, on.alpha(scene.solid[i]), scene.targets[i])
    return ((index, swapped.get(index, frame)) for index, frame in chunk)


def _fill(batch: np.ndarray) -> np.ndarray:
    # always a whole batch, or the last one would be compiled anew
    return np.concatenate([batch, np.repeat(batch[-1:], BATCH - len(batch), 0)]).astype("f4")
