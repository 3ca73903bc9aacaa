"""How fast extraction and conversion are beside what they are made of, in turns, medians over rounds.

python -m tests.endurance.rates [--rounds 5] [--clip VIDEO ...] [--only extraction|conversion]
Extraction: frames a second of bare MediaPipe (one face, refined points) over frames that are decoded already, of
`extract` in the same process, its start excluded, and of dlib's detector and MTCNN where it is installed. Clips: the
built-in one enlarged onto 1280 x 720, and those given. Conversion: `convert` of the built-in clip with the kit's own
model, its start apart, and each of its stages alone.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from faceswap_lib import convert, extract, samples  # noqa: E402
from faceswap_lib.classroom import kit_model  # noqa: E402
from faceswap_lib.compose import model_swap, outline, render  # noqa: E402
from faceswap_lib.face import detect, faceset  # noqa: E402
from faceswap_lib.media import video  # noqa: E402
from faceswap_lib.media.picture import Picture  # noqa: E402
from faceswap_lib.network import record  # noqa: E402
from faceswap_lib.trust import mark  # noqa: E402

FEW = 96  # decoded frames in memory, looked at again and again


def seconds(work: Callable[[], object]) -> float:
    """Wall-clock seconds that a piece of work takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def in_turns(works: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median of each figure; in every round each is measured once, after one round that is not counted."""
    found = {name: [] for name in works}
    for number in range(rounds + 1):
        for name, work in works.items():
            figure = work()
            if number:
                found[name].append(figure)
    return {name: statistics.median(figures) for name, figures in found.items()}


def enlarged(folder: Path) -> Path:
    """The built-in clip on a grey wall of 1280 x 720, as high as that is."""

    def walls():
        for frame in video.frames(samples.path("person_a")):
            wall = np.full((720, 1280, 3), 110, "u1")
            wall[:, 280:1000] = cv2.resize(frame, (720, 720), interpolation=cv2.INTER_CUBIC)
            yield wall

    video.write(folder / "a720.mp4", walls(), 24)
    return folder / "a720.mp4"


def dlib_rate(frames: list[np.ndarray]) -> tuple[float, float]:
    """Frames a second and recall of dlib's detector."""
    import dlib

    finder = dlib.get_frontal_face_detector()
    found, some = [], frames[::8]
    took = seconds(lambda: found.extend(len(finder(frame)) for frame in some))
    return len(some) / took, float(np.mean([count > 0 for count in found]))


def mtcnn_rate(frames: list[np.ndarray]) -> tuple[float, float] | None:
    """The same of `mtcnn`, which is no dependency; None where it is not installed."""
    if not find_spec("mtcnn"):
        return None
    finder, found, some = import_module("mtcnn").MTCNN(), [], frames[::24]
    took = seconds(lambda: found.extend(len(finder.detect_faces(frame)) for frame in some))
    return len(some) / took, float(np.mean([count > 0 for count in found]))


def extraction(clip: Path, folder: Path, rounds: int) -> dict:
    """Rates of one clip, and in how many of its frames a face is found."""
    info, few = video.probe(clip), list(islice(video.frames(clip), FEW))

    def bare() -> float:
        with detect.mediapipe().solutions.face_mesh.FaceMesh(refine_landmarks=True, max_num_faces=1) as mesh:
            return len(few) / seconds(lambda: [mesh.process(frame) for frame in few])

    def ours() -> float:
        return info.frames / seconds(lambda: extract.extract(clip, folder / "faces"))

    rates = in_turns({"bare MediaPipe": bare, "extract": ours}, rounds)
    found = faceset.load(folder / "faces")
    return {
        **rates,
        "ratio": rates["extract"] / rates["bare MediaPipe"],
        "recall": len(found.records) / info.frames,
        "dlib (rate, recall)": dlib_rate(few),
        "MTCNN (rate, recall)": mtcnn_rate(few),
    }


def conversion(folder: Path, rounds: int) -> dict:
    """Rates of `convert` on the built-in clip, its start apart, and of each of its stages alone, over BATCH frames."""
    clip = samples.path("person_a")
    if not (folder / "model").exists():
        kit_model.unpack(folder / "model")
    extract.extract(clip, folder / "a")
    begun: list[float] = []

    def whole() -> float:
        marks: list[float] = []
        begun.append(time.perf_counter())
        convert.convert(
            clip, folder / "a", folder / "model", folder / "out.mp4", overwrite=True,
            progress=lambda *_: marks.append(time.perf_counter()),
        )  # fmt: skip
        begun[-1] = marks[0] - begun[-1]
        return (len(marks) - 1) / (marks[-1] - marks[0])

    works = {"convert": whole} | {name: rate_of(work) for name, work in stages(clip, folder).items()}
    rates = in_turns(works, rounds)
    slowest = min(rate for name, rate in rates.items() if name != "convert")
    return {**rates, "ratio": rates["convert"] / slowest, "start in this process": statistics.median(begun[1:])}


def rate_of(work: Callable[[], object]) -> Callable[[], float]:
    """Frames a second of what does BATCH frames."""
    return lambda: render.BATCH / seconds(work)


def stages(clip: Path, folder: Path) -> dict[str, Callable[[], object]]:
    """Each stage of a conversion over the same BATCH frames, one after another in one thread."""
    found, about, model = faceset.load(folder / "a"), record.read_about(folder / "model"), folder / "model"
    at, net = model_swap.scene(found, about, "b"), model_swap.network(model, about)
    draw = model_swap.drawer(net, model, "a", "b")
    keep = model_swap.keeper(net, model, about, at, "a", "b")
    seen, frames = list(range(render.BATCH)), list(islice(video.frames(clip), render.BATCH))
    match = model_swap.match(model_swap.USUAL, at, model, "b")
    textures = np.stack([at.on.texture(frame, at.solid[i][:, :2]) for i, frame in zip(seen, frames, strict=True)])
    moves = np.stack([at.on.motion_picture(at.moves[i]) for i in seen])
    faces, stamp, how = draw(textures, moves, seen), mark.Mark(320, 320, 1), Picture(320, 320)
    sources = textures / np.float32(255)
    lit = [work() for work in match(faces, sources, at.on, at.targets[seen])]
    laid = {"yuv": [how.frame(frame, "yuv420p") for frame in frames]}

    def lay() -> None:
        for i, frame in enumerate(frames):
            room = outline.fitted(frame, at.solid[i], at.targets[i], at.yaw(i))
            at.on.draw(room, lit[i] * 255, at.on.alpha(at.solid[i]), at.targets[i], (frame, at.solid[i]))

    return {
        "decode": lambda: list(islice(video.frames(clip), render.BATCH)),
        "textures": lambda: [at.on.texture(frame, at.solid[i][:, :2]) for i, frame in zip(seen, frames, strict=True)],
        "front": lambda: keep(frames, textures, seen),
        "network": lambda: draw(textures, moves, seen),
        "light": lambda: [work() for work in match(faces, sources, at.on, at.targets[seen])],
        "lay": lay,
        "mark": lambda: [stamp.stamp(frame) for frame in frames],
        "encode": lambda: video.write(folder / "encoded.mp4", [how.pixels(one) for one in laid["yuv"]], 24),
    }


def main() -> int:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clip", type=Path, action="append", default=[])
    parser.add_argument("--only", choices=["extraction", "conversion"])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temp:
        folder, out = Path(temp), {"load before": os.getloadavg(), "cores": os.cpu_count()}
        os.environ.setdefault("FACESWAP_KEYS", str(folder / "keys"))
        if given.only != "conversion":
            for clip in (enlarged(folder), *given.clip):
                out[clip.name] = extraction(clip, folder, given.rounds)
        if given.only != "extraction":
            out["conversion"] = conversion(folder, given.rounds)
        out["load after"] = os.getloadavg()
    print(json.dumps(out, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
