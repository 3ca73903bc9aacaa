"""What many tests need, made once a session: the built-in clips' faces, two small facesets and a trained model."""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import agreed
import cv2
import numpy as np
import pytest

from faceswap_lib import evaluate, extract, samples, train
from faceswap_lib.compose import model_swap, scenes
from faceswap_lib.face import detect, faceset
from faceswap_lib.machine.worker import Worker
from faceswap_lib.media import video
from faceswap_lib.network import record

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["FACESWAP_KEYS"] = tempfile.mkdtemp(prefix="keys-")  # and never a key of whoever runs the tests
SHORT, PIECE = 30, 24  # frames of the short clips, and of the pieces that are evaluated


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
def short_truth(tmp_path_factory) -> dict[str, Path]:
    """The ideal swap of the short clips, and where it counts: {"truth_a_as_b": path, "truth_mask": path}."""
    folder = tmp_path_factory.mktemp("truth")
    for name in ("truth_a_as_b", "truth_mask"):
        video.write(folder / f"{name}.mp4", islice(video.frames(samples.path(name)), SHORT), 24)
    return {path.stem: path for path in folder.iterdir()}


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
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train, "SAVE_EVERY", 1e9)  # one checkpoint, on a slow machine too
        return train.train(facesets["a"], facesets["b"], model, profile="smoke", iterations=40)


@pytest.fixture(scope="session")
def scene(facesets, trained) -> tuple[scenes.Scene, dict]:
    """A's short clip with the smoke model's B to be put in, and what that model says of itself; not to be changed."""
    about = record.read_about(trained.model)
    return model_swap.scene(faceset.load(facesets["a"]), about, "b"), about


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    """One process with TensorFlow for all tests of a file that need it: it holds 0.7 GB, so none outlives its file."""
    with Worker() as one:
        yield one


@pytest.fixture(scope="session")
def clips(tmp_path_factory) -> dict[str, Path]:
    """Short pieces of the built-in clips, the ideal blurred, the ideal shifted, and B's faceset, by name."""
    folder = tmp_path_factory.mktemp("clips")
    pieces = {name: list(islice(video.frames(samples.path(name)), 40, 40 + PIECE)) for name in samples.NAMES}
    ideal = pieces["truth_a_as_b"]
    pieces["blurred"] = [cv2.GaussianBlur(frame, (0, 0), 2) for frame in ideal]
    pieces["shifted"] = [np.roll(frame, (6, 4), (0, 1)) for frame in ideal]
    paths = {name: folder / f"{name}.mp4" for name in pieces}
    for name, path in paths.items():
        video.write(path, pieces[name], 24, crf=8)
    extract.extract(paths["person_b"], folder / "b")
    return paths | {"b": folder / "b"}


@pytest.fixture(scope="session")
def score(clips, tmp_path_factory):
    """Evaluate the blurred ideal, beside itself and the shifted ideal, into a new folder."""

    def run(**changed) -> tuple[dict, Path]:
        out = tmp_path_factory.mktemp("report")
        rows = {"copy": clips["blurred"], "shifted": clips["shifted"]}
        settings = {"truth": clips["truth_a_as_b"], "truth_mask": clips["truth_mask"], "rows": rows, "every": 4}
        return evaluate.evaluate(clips["blurred"], clips["person_a"], clips["b"], out, **settings | changed), out

    return run


@pytest.fixture(scope="session")
def report(score) -> tuple[dict, Path]:
    """The report of that evaluation, and its folder."""
    return score(seed=3)


@pytest.fixture(scope="session")
def swapped_run(short, facesets, trained, tmp_path_factory) -> Path:
    """A workdir as lab 5 leaves it: both facesets, the smoke model, the short clip A swapped; not to be changed."""
    run = tmp_path_factory.mktemp("swapped-run")
    for name, folder in (("faces/a", facesets["a"]), ("faces/b", facesets["b"]), ("model", trained.model)):
        (run / name).parent.mkdir(exist_ok=True)
        (run / name).symlink_to(folder, target_is_directory=True)
    agreed.swap(short["a"], run / "faces" / "a", run / "model", run / "swapped.mp4", keep_front=False)
    return run
