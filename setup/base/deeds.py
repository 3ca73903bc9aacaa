"""What the cast does: frames of a performance far apart, with more blinks, teeth and glances than a talk has."""

import numpy as np
from renderer.performance import performance, split
from renderer.settings import Clip

# How much a unit of each counts when frames are told apart: all of them come out at about one
REACH = {
    "jawOpen": 0.4,
    "mouthPucker": 0.6,
    "mouthSmileLeft": 0.6,
    "browInnerUp": 0.6,
    "browDownLeft": 0.5,
    "eyeBlinkLeft": 0.7,
    "gazex": 14,
    "gazey": 7,
    "yaw": 22,
    "pitch": 9,
    "roll": 7,
}
# Face units that the performance never uses: a few, weakly, so that no muscle is a surprise
EXTRAS = ("mouthFrown", "mouthStretch", "mouthPress", "mouthDimple", "noseSneer", "eyeWide", "cheekSquint")
SINGLE = ("mouthLeft", "mouthRight", "jawLeft", "jawRight", "mouthRollLower", "mouthShrugUpper", "mouthShrugLower")

Deed = tuple[dict, dict]


def draw_deeds(clip: Clip, count: int, random: np.random.Generator) -> list[Deed]:
    """(expression, head pose) of `count` frames: half as they come, half as unlike the others as can be."""
    frames = performance(clip.performance, clip.frames, clip.yaw, clip.pitch, clip.roll)
    drawn = [split(frames[i]) for i in _far_apart(frames, count, random)]
    return [(_stirred(expression, random), pose) for expression, pose in drawn]


def _far_apart(frames: list[dict], count: int, random: np.random.Generator) -> list[int]:
    """Indices in order of time: the second half is taken by farthest points (Gonzalez 1985)."""
    where = np.array([[frame[key] / reach for key, reach in REACH.items()] for frame in frames])
    chosen = random.choice(len(frames), count - count // 2, replace=False).tolist()
    far = np.min([np.linalg.norm(where - where[i], axis=1) for i in chosen], 0)
    while len(chosen) < count:
        chosen.append(int(far.argmax()))
        far = np.minimum(far, np.linalg.norm(where - where[chosen[-1]], axis=1))
    return sorted(chosen)


def _stirred(expression: dict, random: np.random.Generator) -> dict:
    """The expression with, now and then, something on top: lids down, mouth wide, a glance, a muscle seldom used."""
    out = dict(expression)
    if random.random() < 0.15:
        closed = random.uniform(0.35, 1.0)
        out["eyeBlinkLeft"] = out["eyeBlinkRight"] = closed
        if random.random() < 0.25:
            out[str(random.choice(["eyeBlinkLeft", "eyeBlinkRight"]))] = 0.0
    if random.random() < 0.15:
        out["jawOpen"] = random.uniform(0.3, 0.8)
    if random.random() < 0.2:
        _grin(out, random.uniform(0.4, 0.9))
    if random.random() < 0.25:
        out["gazex"], out["gazey"] = random.uniform(-24, 24), random.uniform(-14, 12)
    if random.random() < 0.35:
        name = str(random.choice(EXTRAS + SINGLE))
        for key in [name] if name in SINGLE else [name + "Left", name + "Right"]:
            out[key] = random.uniform(0.15, 0.6)
    return out


def _grin(out: dict, much: float) -> None:
    for side in ("Left", "Right"):
        out[f"mouthSmile{side}"] = much
        out[f"mouthUpperUp{side}"] = 0.6 * much
        out[f"mouthLowerDown{side}"] = 0.5 * much
