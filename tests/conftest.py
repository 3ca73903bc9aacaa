"""What many tests need, made once a session: the built-in clips' faces, two small facesets and a trained model."""

import os
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from faceswap_lib import extract, samples, train
from faceswap_lib.face import detect
from faceswap_lib.media import video

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
SHORT = 30  # frames of the short clips


@dataclass
class Clip:
    """A built-in clip: frames [(320, 320, 3)], every frame's faces, and its one face's points (N, 478, 3)."""

    frames: list[np.ndarray]
    faces: list[list[detect.Face]]

    @property
    def solid(self) -> np.ndarray:
        """Landmarks with depth, pixels."""
        return np.stack([np.c_[found[0].landmarks, found[0].depth] for found in self.faces])


def _clip(name: str) -> Clip:
    frames = list(video.frames(samples.path(name)))
    with detect.Detector() as detector:
        return Clip(frames, [detector.detect(frame) for frame in frames])


@pytest.fixture(scope="session")
def clip_a() -> Clip:
    """Person A's clip, every frame looked at."""
    return _clip("person_a")


@pytest.fixture(scope="session")
def clip_b() -> Clip:
    """Person B's clip, every frame looked at."""
    return _clip("person_b")


@pytest.fixture(scope="session")
def short(tmp_path_factory) -> dict[str, Path]:
    """The first 30 frames of both clips as files of their own: {"a": path, "b": path}."""
    folder = tmp_path_factory.mktemp("short")
    for name in "ab":
        video.write(folder / f"{name}.mp4", islice(video.frames(samples.path(f"person_{name}")), SHORT), 24)
    return {name: folder / f"{name}.mp4" for name in "ab"}


@pytest.fixture(scope="session")
def facesets(short, tmp_path_factory) -> dict[str, Path]:
    """Facesets of the short clips, smoke profile: {"a": folder, "b": folder}; not to be changed, copy them first."""
    folder = tmp_path_factory.mktemp("faces")
    for name in "ab":
        extract.extract(short[name], folder / name, profile="smoke")
    return {name: folder / name for name in "ab"}


@pytest.fixture(scope="session")
def trained(facesets, tmp_path_factory) -> train.TrainResult:
    """A smoke model after 40 steps, the discriminator in the second half; not to be changed, copy it first."""
    model = tmp_path_factory.mktemp("trained") / "model"
    return train.train(facesets["a"], facesets["b"], model, profile="smoke", iterations=40)
