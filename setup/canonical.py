"""canonical.py: makes faceswap_lib/face/canonical.json, the one shape that every face's texture is laid out in.

The mean of the two built-in people, each frame made upright and free of pose, mirrored and averaged so that it is
symmetric, its lower lip made a little thinner from above so that the inside of the mouth owns some pixels; then one
Delaunay triangulation for everybody, for ever. Changing it makes every trained model useless, so do not run it for fun.
"""

import json
import sys
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial import Delaunay

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from faceswap_lib import samples
from faceswap_lib.face import anatomy, detect, geometry, mesh, motion
from faceswap_lib.media import video

# The lower lip from inside to outside, a column from one corner of the mouth to the other
LOWER_LIP = [
    [95, 96, 77, 146],
    [88, 89, 90, 91],
    [178, 179, 180, 181],
    [87, 86, 85, 84],
    [14, 15, 16, 17],
    [317, 316, 315, 314],
    [402, 403, 404, 405],
    [318, 319, 320, 321],
    [324, 325, 307, 375],
]
OPENED = 0.35  # of the lip's height, by which its inside goes down; more would fold it over


def points(clip: Path) -> np.ndarray:
    """Landmarks with depth of every frame of a clip, (N, 468, 3)."""
    with detect.Detector(most=1) as detector:
        found = [detector.detect(frame)[0] for frame in video.frames(clip)]
    return np.stack([np.c_[face.landmarks, face.depth][: anatomy.POINTS] for face in found])


def upright(shape: np.ndarray) -> np.ndarray:
    """A shape (468, 3) with its eye corners 1 apart and its anchors' mean at 0."""
    return (shape - shape[anatomy.ANCHOR].mean(0)) / np.linalg.norm(shape[263, :2] - shape[33, :2])


def mean_shape(people: list[np.ndarray]) -> np.ndarray:
    """Generalised Procrustes mean of several people's frames, every person counting once."""
    shape = upright(people[0][0])
    for _ in range(8):
        laid = [np.median([_lay(x, shape) for x in frames], 0) for frames in people]
        shape = upright(np.mean(laid, 0))
    return shape


def _lay(x: np.ndarray, shape: np.ndarray) -> np.ndarray:
    scale, rotation, shift = geometry.rigid(x, shape, motion.STABLE)
    return scale * x @ rotation + shift


def symmetric(shape: np.ndarray) -> np.ndarray:
    """The shape averaged with its own mirror image; partners are found by the cheapest assignment."""
    for _ in range(5):
        mirrored = shape * [-1, 1, 1]
        cost = np.linalg.norm(shape[:, None] - mirrored[None], axis=2)
        partner = linear_sum_assignment(cost**2)[1]
        twin = mirrored[partner]
        scale, rotation, shift = geometry.rigid(twin, shape, list(range(len(shape))))
        shape = upright((shape + scale * twin @ rotation + shift) / 2)
        angle = np.arctan2(shape[263, 2] - shape[33, 2], shape[263, 0] - shape[33, 0])
        shape = upright(shape @ _turn(angle))
    return shape


def opened(shape: np.ndarray) -> np.ndarray:
    """The shape with the lower lip's inside moved down, what lies below it less and less: no row passes the next."""
    out = shape.copy()
    for column in LOWER_LIP:
        inside, outside = shape[column[0], 1], shape[column[-1], 1]
        out[column, 1] += OPENED * (outside - shape[column, 1]).clip(0, outside - inside)
    return out


def _turn(angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]])


def wound(flat: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Triangles turned so that each has a positive area: a reversed one on a frame is one that faces away."""
    a, b, c = (flat[triangles[:, k]] for k in range(3))
    area = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    return np.where(area[:, None] > 0, triangles, triangles[:, ::-1])


def main() -> None:
    """Write the file; prints how symmetric the shape is."""
    shape = opened(symmetric(mean_shape([points(samples.path("person_a")), points(samples.path("person_b"))])))
    flat = np.r_[shape[:, :2], mesh.ring(shape[:, :2])]
    about = "setup/canonical.py made this; unit: distance of the outer eye corners; x right, y down, z away"
    triangles = wound(flat, Delaunay(flat).simplices)
    data = {"about": about, "points": np.round(shape, 5).tolist(), "triangles": triangles.tolist()}
    path = HERE.parent / "faceswap_lib" / "face" / "canonical.json"
    path.write_text(json.dumps(data, separators=(",", ":")) + "\n")
    print(len(data["points"]), "points,", len(data["triangles"]), "triangles; eyes", shape[33], shape[263])


if __name__ == "__main__":
    main()
