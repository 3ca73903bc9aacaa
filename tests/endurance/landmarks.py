"""How steadily a detector's landmarks stay on the skin, where it is known in each frame: on the rendered clips.

python setup/samples/points.py a --out a.npz; then python -m tests.endurance.landmarks --points a.npz [--points b.npz]
The clip is person_a for a.npz, and so on. No two detectors mean the same spot by a landmark, and none means a vertex
of the mesh, so this is not the agreement with an annotator: a landmark that is always too far left by the same amount
is without error here. For each landmark the vertex is chosen, on one half of the clip, from which its distance varies
least after a constant offset, in the face's own frame (turned, scaled and shifted with the face), of those that face
the camera in most of its frames; the offset may be NEAR of the distance of the outer eye corners. On the other half the
distance from that vertex and offset is the error, hidden points included; each half is measured by the other. In
pixels, and in per cent of the distance of the outer eye corners (NME, as on 300-W: Sagonas et al. 2013). An outline
slides over the skin when a head turns, as it is meant to: it is counted in "all" alone. Detectors: `extract`'s faceset,
bare MediaPipe on each frame alone, dlib's 68 points (trained on 300-W, not for commercial use; in dlib's detector's
box), MTCNN's five where it is installed. dlib and MTCNN tell whole pixels, as they are.
"""

import argparse
import os
import tempfile
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from faceswap_lib import extract, samples  # noqa: E402
from faceswap_lib.face import detect, faceset  # noqa: E402
from faceswap_lib.face.anatomy import IBUG  # noqa: E402
from faceswap_lib.measure.bootstrap import BLOCK  # noqa: E402
from faceswap_lib.media import video  # noqa: E402

NEAR = 0.05  # of the distance of the outer eye corners: how far from its landmark a vertex may lie
DRAWS = 400
# iBUG's points inside the outline; eye corners from left to right in the picture, nose tip, lip corners
INNER = {478: IBUG[17:], 68: range(17, 68)}
SEVEN = {478: [33, 133, 362, 263, 4, 61, 291], 68: [36, 39, 42, 45, 30, 48, 54]}


def ours(clip: Path, frames: list[np.ndarray]) -> np.ndarray:
    """Landmarks (F, 478, 2) as `extract` writes them; here and below NaN where no face is found."""
    out = np.full((len(frames), 478, 2), np.nan)
    with tempfile.TemporaryDirectory() as folder:
        extract.extract(clip, Path(folder) / "faces")
        for record in faceset.load(Path(folder) / "faces").records:
            out[record.frame] = record.landmarks
    return out


def bare(clip: Path, frames: list[np.ndarray]) -> np.ndarray:
    """MediaPipe's (F, 478, 2), each frame by itself."""
    out = np.full((len(frames), 478, 2), np.nan)
    mesh = detect.mediapipe().solutions.face_mesh.FaceMesh
    with mesh(static_image_mode=True, refine_landmarks=True, max_num_faces=1) as model:
        for points, frame in zip(out, frames, strict=True):
            for face in model.process(frame).multi_face_landmarks or []:
                points[:] = np.array([(p.x, p.y) for p in face.landmark]) * frame.shape[1::-1]
    return out


def dlibs(clip: Path, frames: list[np.ndarray]) -> np.ndarray:
    """dlib's (F, 68, 2) (Kazemi & Sullivan 2014) in the box that its detector is surest of."""
    import dlib

    models = Path(find_spec("face_recognition_models").origin).parent / "models"
    predict = dlib.shape_predictor(str(models / "shape_predictor_68_face_landmarks.dat"))
    finder, out = dlib.get_frontal_face_detector(), np.full((len(frames), 68, 2), np.nan)
    for points, frame in zip(out, frames, strict=True):
        boxes, scores, _ = finder.run(frame, 0, 0.0)
        if boxes:
            points[:] = [(p.x, p.y) for p in predict(frame, boxes[int(np.argmax(scores))]).parts()]
    return out


def mtcnn(clip: Path, frames: list[np.ndarray]) -> np.ndarray:
    """MTCNN's (F, 5, 2) (Zhang et al. 2016): both eyes, nose tip, lip corners, each pair from the picture's left."""
    finder, out = import_module("mtcnn").MTCNN(), np.full((len(frames), 5, 2), np.nan)
    for points, frame in zip(out, frames, strict=True):
        if faces := finder.detect_faces(frame):
            known = max(faces, key=lambda face: face["confidence"])["keypoints"]
            points[:] = [known[part] for part in ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")]
    return out


DETECTORS = {"`extract`": ours, "bare MediaPipe": bare, "dlib": dlibs, "MTCNN": mtcnn}


def kinds(marks: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """What is measured of landmarks (F, L, 2): all; iBUG's 51 inside the outline; eye corners, nose tip and lip
    corners; and MTCNN's five, an eye being the middle between its corners."""
    if (many := marks.shape[1]) != 5:
        seven = marks[:, SEVEN[many]]
        yield "all", marks
        yield "inside the outline", marks[:, INNER[many]]
        yield "eye corners, nose, lip corners", seven
        marks = np.concatenate([seven[:, :4].reshape(-1, 2, 2, 2).mean(2), seven[:, 4:]], 1)
    yield "eyes, nose, lip corners", marks


def turns(points: np.ndarray) -> np.ndarray:
    """How each frame's points (F, V) complex are turned and scaled against the first's, complex (F,): the similarity
    that lays one on the other (Umeyama 1991)."""
    centred = points - points.mean(1, keepdims=True)
    return centred @ centred[0].conj() / (abs(centred[0]) ** 2).sum()


def choose(mark: np.ndarray, points: np.ndarray, turned: np.ndarray, far: float) -> tuple[int, complex]:
    """The vertex from which a landmark (F,) varies least, and its mean offset from it, of points (F, V); complex
    pixels, the offset's turned back to the first frame's. far: how long the offset may be; nearest of all if none is.
    """
    own, mesh = mark / turned, points / turned[:, None]
    offsets = own.mean() - mesh.mean(0)
    near = np.flatnonzero(abs(offsets) <= max(far, abs(offsets).min()))
    spread = (abs(own[:, None] - mesh[:, near] - offsets[near]) ** 2).mean(0)
    best = near[np.argmin(spread)]
    return int(best), complex(offsets[best])


def errors(marks: np.ndarray, points: np.ndarray, facing: np.ndarray, far: float) -> np.ndarray:
    """Pixels (F, L) from where landmarks (F, L, 2) belong on points (F, V, 2), facing (F, V); NaN where not found."""
    marks, points = (np.asarray(p, float) @ [1, 1j] for p in (marks, points))
    turned, out = turns(points), np.full(marks.shape, np.nan)
    found, halves = np.isfinite(marks).all(1), np.array_split(np.arange(len(marks)), 2)
    for learn, test in (halves, halves[::-1]):
        learn = learn[found[learn]]
        seen = np.flatnonzero(facing[learn].mean(0) > 0.5)
        some = points[np.ix_(learn, seen)]
        for k in range(marks.shape[1]):
            best, offset = choose(marks[learn, k], some, turned[learn], far)
            vertex = seen[best]
            out[test, k] = abs(marks[test, k] - points[test, vertex] - offset * turned[test])
    return out


def summed(values: np.ndarray, seed: int = 0) -> np.ndarray:
    """Median and 90th percentile of values (F, L), each with its 95 % interval over frames, (2, 3).

    Stretches of BLOCK frames are drawn (circular blocks: Politis & Romano 1992).
    """
    count, block = len(values), min(BLOCK, len(values) // 4)
    starts = np.random.default_rng(seed).integers(0, count, (DRAWS, -(-count // block), 1))
    draws = (starts + np.arange(block)).reshape(DRAWS, -1)[:, :count] % count
    found = [np.percentile(drawn[np.isfinite(drawn)], [50, 90]) for drawn in (values, *(values[d] for d in draws))]
    return np.c_[found[0], np.percentile(found[1:], [2.5, 97.5], axis=0).T]


def eye_distance(marks: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Pixels (F,) between the vertices that are the outer eye corners, by `extract`'s landmarks (F, 478, 2)."""
    found, flat = np.isfinite(marks).all((1, 2)), points @ [1, 1j]
    corners = marks[:, [33, 263]] @ [1, 1j]
    own = [choose(corner[found], flat[found], turns(flat)[found], 0)[0] for corner in corners.T]
    return abs(flat[:, own[0]] - flat[:, own[1]])


def told(clip: Path, points: np.ndarray, facing: np.ndarray) -> Iterator[str]:
    """The table's lines for one clip."""
    frames, eyes = list(video.frames(clip)), None
    if len(frames) != len(points):
        raise SystemExit(f"{clip.name} has {len(frames)} frames, and the points are those of {len(points)}.")
    for name, find in DETECTORS.items():
        if find is mtcnn and not find_spec("mtcnn"):
            continue
        marks = find(clip, frames)
        eyes = eye_distance(marks, points) if eyes is None else eyes
        for kind, some in kinds(marks):
            off = errors(some, points, facing, NEAR * eyes.mean())
            pixels, shares = summed(off), summed(100 * off / eyes[:, None])
            cells = [f"{x:.2f} ({low:.2f} to {high:.2f})" for x, low, high in (*pixels, *shares)]
            recall = np.isfinite(marks).all((1, 2)).mean()
            yield f"| {clip.stem} | {name} | {recall:.0%} | {kind}: {some.shape[1]} | {' | '.join(cells)} |"
    yield f"{clip.stem}: outer eye corners {eyes.mean():.0f} pixels apart ({eyes.min():.0f} to {eyes.max():.0f})"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=Path, action="append", required=True, help="what points.py wrote")
    given = parser.parse_args()
    print("| clip | detector | found | landmarks | pixels, median | 90 % | % of the eye distance, median | 90 % |")
    print("|---|---|---|---|---|---|---|---|")
    for path in given.points:
        known = np.load(path)
        for line in told(samples.path(f"person_{path.stem}"), known["points"], known["facing"]):
            print(line, flush=True)


if __name__ == "__main__":
    main()
