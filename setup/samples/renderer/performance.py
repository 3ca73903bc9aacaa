"""What a person does: head pose, expression and gaze as smooth functions of time, made from one seed."""

import numpy as np

from renderer import FPS

POSE = ("yaw", "pitch", "roll", "trans")


class Noise:
    """Smooth random curves (float (n,)), drawn one after another from one generator."""

    def __init__(self, seed: int, count: int):
        self.rng, self.count = np.random.default_rng(seed), count
        self.times = np.arange(count) / FPS

    def __call__(self, hertz: float, size: float) -> np.ndarray:
        """Four sines around `hertz`, weaker by turns; about -size..size."""
        total = np.zeros(self.count)
        for k in range(4):
            frequency = hertz * (0.5 + self.rng.random() * 1.2)
            total += np.sin(2 * np.pi * (frequency * self.times + self.rng.random())) / (k + 1)
        return size * total / 1.7


def speech(noise: Noise) -> tuple[np.ndarray, np.ndarray]:
    """(jaw opening, rounded lips), 0..1: about three syllables a second, grouped into phrases."""
    phrase = np.clip(noise(0.35, 1.4) + 0.55, 0, 1)
    rate = np.full(noise.count, 3.1) + noise(0.8, 0.9)
    syllable = np.abs(np.sin(np.pi * np.cumsum(rate) / FPS))
    stress = 0.6 + 0.4 * np.clip(noise(0.7, 1) + 0.5, 0, 1)
    jaw = phrase * (0.05 + 0.42 * syllable**1.5 * stress)
    return jaw, phrase * np.clip(noise(1.3, 0.8), 0, 0.6)


def blinks(noise: Noise) -> np.ndarray:
    """How far the lids are closed, 0..1: a blink of about 0.2 s every 1.3 to 3.5 s."""
    closed, at = np.zeros(noise.count), 0.5 + noise.rng.random() * 0.6
    while at < noise.count / FPS:
        closed = np.maximum(closed, np.clip(1 - np.abs((noise.times - at) / 0.11) ** 1.6, 0, 1))
        at += 1.3 + 2.2 * noise.rng.random()
    return closed


def side(name: str, share: float, curves: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The weights of one side of the face; `share` makes the smile a little uneven."""
    smile, jaw = curves["smile"], curves["jaw"]
    return {
        f"mouthSmile{name}": share * smile,
        f"cheekSquint{name}": 0.5 * smile,
        f"mouthUpperUp{name}": 0.35 * smile + 0.25 * jaw,
        f"mouthLowerDown{name}": 0.3 * jaw,
        f"eyeBlink{name}": np.minimum(1, curves["blink"] + np.maximum(0, curves["gazey"]) * 0.02),
        f"eyeSquint{name}": 0.3 * smile,
        f"browOuterUp{name}": 0.8 * curves["brow"],
        f"browDown{name}": curves["frown"],
    }


def curves(seed: int, count: int, yaw: float, pitch: float, roll: float) -> dict[str, np.ndarray]:
    """Every curve of a performance (float (count,); trans (count, 3)). The order of the draws makes the take."""
    noise = Noise(seed, count)
    out = {"yaw": noise(0.22, yaw), "pitch": noise(0.3, pitch), "roll": noise(0.2, roll)}
    out["trans"] = np.stack([noise(0.15, 0.12), noise(0.2, 0.05), noise(0.15, 0.08)], 1)
    out["jaw"], out["pucker"] = speech(noise)
    out["smile"] = np.clip(noise(0.25, 0.7) + 0.25, 0, 0.9)
    out["brow"] = np.clip(noise(0.35, 0.8) + 0.1, 0, 1)
    out["frown"] = np.clip(noise(0.3, 0.6) - 0.15, 0, 0.7)
    out["blink"] = blinks(noise)
    out["gazex"] = noise(0.5, 9) - 0.35 * out["yaw"]  # the eyes turn back towards the camera
    out["gazey"] = noise(0.4, 4) - 0.3 * out["pitch"]
    return out


def performance(seed: int, count: int, yaw: float = 27, pitch: float = 11, roll: float = 7) -> list[dict]:
    """One dict a frame: expression weights 0..1 by name, gaze and head angles in degrees, trans in decimetres."""
    c = curves(seed, count, yaw, pitch, roll)
    named = {
        "jawOpen": c["jaw"],
        "mouthPucker": c["pucker"],
        "mouthFunnel": 0.3 * c["pucker"],
        "browInnerUp": c["brow"],
        **{key: c[key] for key in ("gazex", "gazey", *POSE)},
        **side("Left", 1.0, c),
        **side("Right", 0.92, c),
    }
    return [{key: values[i].tolist() for key, values in named.items()} for i in range(count)]


def split(frame: dict) -> tuple[dict, dict]:
    """(expression and gaze, head pose) of one frame."""
    return {k: v for k, v in frame.items() if k not in POSE}, {k: frame[k] for k in POSE}
