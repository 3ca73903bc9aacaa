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

PULL = 0.5  # half-way back to the base: what training adds in sharpness and motion stays, B's own light less


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


def still(frame: np.ndarray, index: int, faces_a: str | Path, model: str | Path, methods: dict,
          keep_front: bool = True, keep_mouth: bool = True) -> dict:  # fmt: skip
    """One frame (H, W, 3) of the faceset's video, swapped by each of some colour methods: name -> picture."""
    found, about = faceset.load(faces_a), record.read_about(model)
    at, net = scene(found, about, "b"), network(model, about)
    at.mouth = keep_mouth
    side = _side(found, about, "b")
    draw, keep = drawer(net, model, side, "b"), keeper(net, model, about, at, side, "b") if keep_front else None
    return {name: swap.faces_drawn({index: frame}, at, draw, match, keep)[index] for name, match in methods.items()}


def scene(found: Faceset, about: dict, to: str) -> Scene:
    """Where a model's person is drawn in a faceset's video; about: what the model says of itself."""
    on = canvas(about["alignment"], profiles.get(about["profile"]).texture)
    shapes = {side: np.array(shape) for side, shape in about["shapes"].items()}
    return swap.scene(found, on, shapes[_side(found, about, to)], shapes[to])


def network(model: str | Path, about: dict, pull: float = PULL) -> object:
    """The trained `FaceSwap`; pull as `convert`."""
    from faceswap_lib import checkpoint

    means = {side: _mean(model, side) for side in "ab"}
    net = checkpoint.build(profiles.get(about["profile"]), 0)
    checkpoint.restore(net, Path(model))
    if pull and about.get("start", start.SCRATCH) != start.SCRATCH:
        start.pull(net, about["start"], pull, means)
    return net


def drawer(net: object | None, model: str | Path, side: str, to: str) -> Drawer:
    """What draws person `to` over person `side`: the network, or without one the mean texture."""
    if net is None:
        mean = _mean(model, to)
        return lambda textures, moves, indices: np.repeat(mean[None], len(indices), 0)
    from faceswap_lib.model import draw

    own = _mean(model, side)
    return lambda textures, moves, indices: draw(net, ratio(textures, own), moves, to)


def keeper(net: object | None, model: str | Path, about: dict, at: Scene, side: str, to: str) -> Keeper | None:
    """What keeps in front what is in front of the face; None without a network and for faces not on the mesh.

    The base tells it, where there is one of the model's size, and otherwise the trained network.
    """
    if net is None or not isinstance(at.on, Mesh):
        return None
    from faceswap_lib import checkpoint
    from faceswap_lib.model import draw

    size, known = profiles.get(about["profile"]), _mean(model, side)
    if base := start.find(size, about["alignment"]):
        net = checkpoint.build(size, 0)
        start.fill(net, base)

    def own(textures: np.ndarray, seen: list[int], mean: np.ndarray) -> np.ndarray:
        if base:
            start.set_mean(net, side, mean)
        moves = np.stack([at.on.motion_picture(one) for one in at.own[seen]])
        return draw(net, ratio(textures, mean if base else known), moves, side)

    return front.keeper(at, own, known)


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


def _side(found: Faceset, about: dict, to: str) -> str:
    """Which of the model's people a video shows: by its fingerprint, and of a video it does not know the other one."""
    known = [side for side in "ab" if about["data"][side]["sha256"] == found.source.sha256]
    return known[0] if len(known) == 1 else "ba"["ab".index(to)]


def _mean(model: str | Path, side: str) -> np.ndarray:
    return faceset.read_image(Path(model) / f"mean_{side}.png").astype("f4") / 255
