"""Render swaps of random pairs, to learn from where a face's points come to lie in another head and scene.

  python setup/base/shapes.py --out SHAPES --pairs 40

Two people, each in a scene of their own, and each one's head with the other's face in it doing the same: what
`faceswap_lib/shape.npz` is fitted to. One .npz a pair; `a`, `b`: points float32 (deeds, 478, 3), NaN without a face;
`ab`: a's head, scene and deeds with b's face; `ba`. A run that was stopped goes on with the first pair missing.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "setup/samples"), str(ROOT)]

from cast import SIZE, about, parse  # noqa: E402  the renderer and the library are found only now
from people import draw_look, draw_person  # noqa: E402
from renderer.looks import Look  # noqa: E402
from renderer.performance import performance, split  # noqa: E402
from renderer.settings import Person, hybrid  # noqa: E402
from stage import Stage  # noqa: E402

from faceswap_lib.faces import Detector  # noqa: E402


def film(stage: Stage, detector: Detector, person: Person, look: Look, deeds: list) -> np.ndarray:
    """Points (deeds, 478, 3) in frame pixels, depth in the unit of x; NaN where no face was found."""
    stage.enter(person, look)
    out = np.full((len(deeds), 478, 3), np.nan, "f4")
    for n, deed in enumerate(deeds):
        frame = np.ascontiguousarray(stage.frame(*deed))
        first = detector.detect(frame)
        found = detector.detect(frame, first[0]) if first else []  # the second look, as a tracker would have it
        if found:
            out[n] = np.c_[found[0].landmarks, found[0].depth]
    return out


def main(argv: list[str] | None = None) -> int:
    """Film whoever is missing."""
    args, start = parse(argv), time.monotonic()
    args.out.mkdir(parents=True, exist_ok=True)
    stage, done = Stage(SIZE, args.data), 0
    with Detector(most=1) as detector:
        for n in range(args.people // 2):
            path = args.out / f"{n:03d}.npz"
            if path.exists() or time.monotonic() - start > 60 * args.minutes:
                continue
            random = np.random.default_rng([args.seed, 9000 + n])
            people, looks = [draw_person(random) for _ in "ab"], [draw_look(random) for _ in "ab"]
            deeds = [_deeds(person, args.frames, random) for person in people]
            shot = {name: film(stage, detector, people[k], looks[k], deeds[k]) for k, name in enumerate("ab")}
            for k, name in enumerate(("ab", "ba")):
                shot[name] = film(stage, detector, hybrid(people[k], people[1 - k]), looks[k], deeds[k])
            part = path.with_suffix(".part.npz")
            np.savez(part, who=json.dumps([about(person) for person in people]), **shot)
            os.replace(part, path)
            done += 1
            print(f"{path.stem}, {(time.monotonic() - start) / done:.1f} s a pair", flush=True)
    return 0


def _deeds(person: Person, count: int, random: np.random.Generator) -> list:
    """As they come in a performance: the mean of these is a mean face."""
    clip = person.clip
    frames = performance(clip.performance, clip.frames, clip.yaw, clip.pitch, clip.roll)
    return [split(frames[i]) for i in sorted(random.choice(len(frames), count, replace=False))]


if __name__ == "__main__":
    sys.exit(main())
