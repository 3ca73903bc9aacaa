"""Files as strangers might send them, mutated by Hypothesis: python -m tests.endurance.fuzz --files 500 --videos 200

Each is given to the kit in a process of its own, so that a crash or a hang is counted and not suffered. What is judged:
it ends well or with a UserError of one sentence, within 10 s, with less than 1 GB more of memory, nothing is written
outside the work folder, and nothing that a file says is run. The seeds are fixed: a run finds what the last one found.
"""

import argparse
import ast
import collections
import hashlib
import json
import multiprocessing
import os
import pickle
import re
import shutil
import sys
import tempfile
import time
import traceback
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import psutil
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from faceswap_lib import UserError, files, profiles, samples, workshop
from faceswap_lib.classroom import logbook
from faceswap_lib.face import records
from faceswap_lib.interop import plain_pickle
from faceswap_lib.trust import consent, revocation

LIMIT, GROWTH = 10, 1e9  # seconds and bytes
PATIENCE = 4  # times as long where the machine has other work: seconds of the clock to seconds of the processor
WARM = 300  # seconds; a process loads TensorFlow before its first file
GOOD = ("read", "refused")
RUNS = {"os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.Popen", "pickle.find_class"}
CONTAINERS = {".mp4": "libx264", ".mkv": "libx264", ".mov": "libx264", ".ts": "libx264", ".webm": "libvpx-vp9"}
RAW = {"deep list": "[" * 5000 + "]" * 5000, "deep dict": '{"a":' * 5000 + "1" + "}" * 5000, "beyond": "1e400"}
ESCAPES = [
    "../../beside/note.png",
    "/etc/hostname",
    "..",
    "",
    ".",
    "a/../../x.png",
    "\\\\host\\x.png",
    "link.png",
    "\0",
]


# What is mutated


@dataclass
class Kind:
    """One sort of what strangers send: the good one as bytes, how it is mutated, where it goes, how it is used."""

    strategy: st.SearchStrategy[bytes]
    path: str
    use: Callable[[Path], None]
    good: bytes = b""


def wild() -> st.SearchStrategy[object]:
    """A value where another one is expected."""
    numbers = st.sampled_from([0, -1, 1, 10**6, 2**31, 2**63, 10**30, 0.5, 1e9, 1e308, -1e308, 1e-320])
    plain = st.one_of(st.none(), st.booleans(), numbers, st.integers(), st.floats(), st.text(max_size=30))
    strange = st.sampled_from([*ESCAPES, *(f"\0{name}" for name in RAW), "x" * 100_000, "\x1b[2J\r\n", "\ud800"])
    few = st.one_of(st.lists(plain, max_size=4), st.dictionaries(st.text(max_size=8), plain, max_size=4))
    return st.one_of(plain, strange, few)


def edited(good: bytes, finish: Callable[[str], str] = str) -> st.SearchStrategy[bytes]:
    """JSON that means something else in one to three places; finish: the last touch, as a checksum that is right."""
    return st.composite(lambda draw: _edited(draw, good, finish))()


def _edited(draw: Callable, good: bytes, finish: Callable[[str], str]) -> bytes:
    raw = json.loads(good)
    for _ in range(draw(st.integers(1, 3))):
        _edit(draw, raw)
    text = json.dumps(raw)
    for name, instead in RAW.items():
        text = text.replace(json.dumps(f"\0{name}"), instead)
    return finish(text).encode("utf-8", "surrogatepass")


def _edit(draw: Callable, raw: dict) -> None:
    inner, key = raw, draw(st.sampled_from(sorted(raw))) if raw else "empty"
    while isinstance(found := inner.get(key) if isinstance(inner, dict) else inner[key], (dict, list)) and found:
        if not draw(st.integers(0, 4)):
            break
        inner, key = found, draw(st.sampled_from(sorted(found) if isinstance(found, dict) else range(len(found))))
    kinds = [
        "replace",
        "replace",
        "remove",
        "empty",
        "twice",
        "many",
        "more",
        "same",
        "same",
        "nudge",
        "nudge",
        "nudge",
    ]
    what = draw(st.sampled_from(kinds))
    if what == "same" and isinstance(found, list) and found:
        found[:] = found[:1] * len(found)
    elif what == "nudge":
        inner[key] = _nudged(found, draw(st.sampled_from([0, -1, 0.5, 1, 1000, 1e6])))
    elif what == "remove" and (isinstance(inner, list) or key in inner):
        del inner[key]
    elif what == "empty":
        inner[key] = type(found)()
    elif what in ("twice", "many") and isinstance(found, list):
        found.extend(found[: draw(st.integers(1, 3))] * (1000 if what == "many" else 1))
    elif what == "more" and isinstance(found, dict):
        found[draw(st.text(max_size=20))] = draw(wild())
    else:
        inner[key] = draw(wild())


def _nudged(found: object, by: float) -> object:
    """The same with its numbers taken times `by`: what is well-formed still and makes no sense."""
    if isinstance(found, (dict, list)):
        parts = found.items() if isinstance(found, dict) else enumerate(found)
        new = {key: _nudged(part, by) for key, part in parts}
        return new if isinstance(found, dict) else list(new.values())
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        return found
    return type(found)(found * by)


def damaged(good: bytes) -> st.SearchStrategy[bytes]:
    """The same bytes with a few of them changed, cut out or put in, at the head, the end or anywhere."""
    return st.composite(lambda draw: _damaged(draw, good))()


def _damaged(draw: Callable, good: bytes) -> bytes:
    data = bytearray(good)
    for _ in range(draw(st.integers(1, 4))):
        end = max(0, len(data) - 1)
        place = st.one_of(st.integers(0, min(end, 400)), st.integers(0, end), st.integers(max(0, end - 1500), end))
        at, what = draw(place), draw(st.sampled_from(["flip", "flip", "cut", "drop", "put", "big", "zero", "again"]))
        if what == "flip" and data:
            data[at] ^= 1 << draw(st.integers(0, 7))
        elif what == "cut":
            del data[at:]
        elif what == "drop":
            del data[at : at + draw(st.integers(1, 64))]
        elif what == "put":
            data[at:at] = draw(st.binary(min_size=1, max_size=64))
        elif what == "big":
            data[at : at + 4] = draw(st.sampled_from([b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f"]))
        elif what == "zero":
            data[at : at + 32] = bytes(len(data[at : at + 32]))
        else:
            data[at:at] = data[at : at + 2000]
    return bytes(data)


class Acts:
    """What a pickle makes Python's own reader call."""

    def __init__(self, function: Callable, *given: object):
        self.what = function, given

    def __reduce__(self) -> tuple:
        return self.what


def packed(good: bytes) -> st.SearchStrategy[bytes]:
    """A compressed pickle as a stranger would write it: damaged in and out, with other values, or with what acts."""
    inside = zlib.decompress(good)
    plain = json.dumps(plain_pickle.read(inside)).encode()
    acting = st.sampled_from([Acts(os.system, "true"), Acts(eval, "1"), Acts(exec, "import os"), {1}, ESCAPES, zlib])
    bombs = st.sampled_from(
        [bytes(10**8), b"]" * 10**7, b"]\x94" * 10**7, b"(" * 10**8, b"\x80\x04]r\xff\xff\xff\xff."]
    )
    return st.one_of(
        damaged(inside).map(zlib.compress),
        damaged(inside).map(zlib.compress),
        edited(plain).map(_as_pickle),
        edited(plain).map(_as_pickle),
        damaged(good),
        acting.map(lambda thing: zlib.compress(_dumped({"__data__": {"a_000001.mp4": thing}}))),
        bombs.map(zlib.compress),
    )


def _as_pickle(text: bytes) -> bytes:
    try:
        return zlib.compress(pickle.dumps(json.loads(text.decode("utf-8", "surrogatepass"))))
    except (ValueError, RecursionError):  # what is no JSON any more
        return zlib.compress(text)


def _dumped(thing: object) -> bytes:
    try:
        return pickle.dumps(thing)
    except TypeError:  # a module has no pickle
        return b"czlib\ndecompress\n."


def titled(good: bytes) -> st.SearchStrategy[bytes]:
    """A face picture whose text is damaged, the lengths around it right."""
    at = good.index(b"iTXt")
    size = int.from_bytes(good[at - 4 : at], "big")
    text, rest = good[at + 4 : at + 4 + size], good[at + 8 + size :]

    def put(text: bytes) -> bytes:
        crc = zlib.crc32(b"iTXt" + text).to_bytes(4, "big")
        return good[: at - 4] + len(text).to_bytes(4, "big") + b"iTXt" + text + crc + rest

    head, body = text[:13], text[13:]
    wide = st.sampled_from(
        [b"[" * 9000, b"-" * 9000 + b"1", b"1" + b"+1" * 9000, b"9" * 9000, b"{[]: 1}", b"()" * 9000]
    )
    return st.one_of(damaged(body).map(lambda b: put(head + b)), wide.map(lambda b: put(head + b)), damaged(good))


def words() -> st.SearchStrategy[bytes]:
    """A `--set` as people and strangers might write it."""
    names = st.sampled_from(["minutes", "gan", "hours", "learners", "alignment", "shape", "color_match", "exercises"])
    pieces = st.one_of(wild().map(str), wild().map(repr), st.sampled_from(ESCAPES), st.text(max_size=40))
    bombs = st.sampled_from(
        ["(" * 9000, "-" * 9000 + "1", "[" * 200 + "]" * 200, "9" * 9000, "{[]: 1}", "__import__('os')"]
    )
    word = st.tuples(st.one_of(names, names, st.text(max_size=20)), st.one_of(pieces, pieces, bombs)).map("=".join)
    return st.one_of(word, word, word, st.text(max_size=60)).map(lambda text: text.encode("utf-8", "surrogatepass"))


# How it is used


def _use_faces(folder: Path) -> None:
    """As training and conversion do."""
    from faceswap_lib.compose import model_swap
    from faceswap_lib.face import faceset
    from faceswap_lib.face.mesh import canvas
    from faceswap_lib.network import batches, record

    found = faceset.load(folder / "faces")
    assert len(found.fingerprint) == 12 and len(found.poses) == len(found.frames)
    batches.load_side(found, canvas("mesh", 64), 60)
    model_swap.scene(found, record.read_about(folder / "model"), "b")


def _use_model(folder: Path) -> None:
    """As resuming, conversion and evaluation do."""
    from faceswap_lib.compose import model_swap
    from faceswap_lib.display import plots_train
    from faceswap_lib.face import faceset
    from faceswap_lib.measure import verdicts
    from faceswap_lib.network import record, schedule

    found = faceset.load(folder / "faces")
    about = record.read_about(folder / "model")
    assert verdicts.stop_rule(about["history"]) and schedule.plateau(about["history"], 3) in (True, False)
    plots_train.curves(about["history"])
    model_swap.scene(found, about, "b")
    record.check_resume(folder / "model", profile="smoke", alignment="mesh", seed=0)
    record.check_people(folder / "model", {"a": found, "b": faceset.load(folder / "faces_b")})


def _use_weights(folder: Path) -> None:
    """As converting and resuming do, with a checksum that is right: a stranger can reckon it."""
    from faceswap_lib.network import checkpoint

    record = json.loads((folder / "model" / "model.json").read_text())
    record["sha256"]["weights"] = files.sha256(folder / "model" / "model.safetensors")
    (folder / "model" / "model.json").write_text(_sealed(json.dumps(record)))
    checkpoint.restore(_net(), folder / "model")


def _net(made: list = []) -> object:  # noqa: B006  (one for all files of a process)
    from faceswap_lib.network import checkpoint

    if not made:
        made.append(checkpoint.build(profiles.get("smoke"), 0))
    return made[0]


def _use_report(folder: Path) -> None:
    """As `evaluate --against`, the workshop's end and the solutions do."""
    from faceswap_lib.measure import report

    mine, other = report.read(folder / "mine.json"), report.read(folder / "report.json")
    for one, two in ((mine, other), (other, mine)):
        assert report.compared(one, two)
    assert report.table(other)


def _use_picture(folder: Path) -> None:
    from faceswap_lib.face import faceset

    found = faceset.load(folder / "faces")
    assert found.image(int(found.usable[0])).shape == (found.contents.crop, found.contents.crop, 3)


def _use_alignments(folder: Path) -> None:
    """As `import-faceswap` does, on a copy of the faceset."""
    from faceswap_lib.interop import exchange

    shutil.rmtree(folder / "sorted", ignore_errors=True)
    shutil.copytree(folder / "faces", folder / "sorted", symlinks=True)
    pictures = folder / "cut"
    exchange.whose(folder / "sorted", folder / "cut.fsa", pictures)
    exchange.bring_back(folder / "sorted", folder / "cut.fsa")
    exchange.bring_back(folder / "sorted", folder / "cut.fsa", pictures)


def _use_profile(folder: Path) -> None:
    profiles.get((folder / "profile").read_bytes().decode("utf-8", "surrogatepass"))


def _use_progress(folder: Path) -> None:
    """As the page of a class does, and the learner's own pages."""
    from faceswap_lib.display import certificate, class_page, index_page, start_page

    books, bad = class_page.read(folder / "class")
    assert len(books) + bad == 1
    class_page.page(books, bad)
    for book in books:
        certificate.page(book, None)
        index_page.page(index_page.lines(book))
    shutil.copy(folder / "class" / "one.json", folder / "work" / logbook.NAME)
    start_page.state(folder / "work")
    if bad:  # that it is counted and stops nothing was seen above
        raise UserError("It is no logbook.")


def _use_setting(folder: Path) -> None:
    """As `workshop --set` does, up to the cell that papermill writes: it holds literals and nothing that acts."""
    from papermill.translators import PythonTranslator

    word = (folder / "word").read_bytes().decode("utf-8", "surrogatepass")
    given = workshop.parse_settings([word])
    for share in workshop._share_out(workshop._find(workshop.NOTEBOOKS), given).values():
        for line in ast.parse(PythonTranslator.codify(share)).body:
            ast.literal_eval(line.value) if "float(" not in ast.unparse(line) else None


def _use_consent(folder: Path) -> None:
    """As conversion, and as taking it back does."""
    path, digest = folder / "consent.json", files.sha256(folder / "clip.mp4")
    consent.Consent(path).agreed({digest: "clip.mp4"}, digest, digest)
    revocation.revoke(path)


def _use_video(folder: Path, suffix: str) -> None:
    """As extraction and conversion do: count its frames, read them, write them again with the sound."""
    from faceswap_lib.media import video

    path = folder / f"clip{suffix}"
    info = video.probe(path)
    assert sum(1 for _ in video.frames(path)) >= info.frames > 0
    video.timeline(path)
    video.rewrite(path, folder / "out.mkv", lambda frames: (frame for _, frame in frames), crf=40)


# The good ones


def prepare(place: Path, facesets: dict[str, Path] | None = None, model: Path | None = None) -> None:
    """A folder with a faceset of 12 faces, a smoke model, a report and five clips, all as the kit makes them."""
    from faceswap_lib import extract, train
    from faceswap_lib.media import video

    place.mkdir(parents=True, exist_ok=True)
    if not facesets:
        facesets = {name: place.parent / f"made_{name}" for name in "ab"}
        for name, folder in facesets.items():
            clip = place.parent / f"{name}.mp4"
            video.write(clip, islice(video.frames(samples.path(f"person_{name}")), 12), 24)
            extract.extract(clip, folder, profile="smoke")
    if not model:
        model = place.parent / "made_model"
        train.train(facesets["a"], facesets["b"], model, profile="smoke", iterations=2)
    shutil.copytree(facesets["a"], place / "faces")
    shutil.copytree(facesets["b"], place / "faces_b")
    shutil.copytree(model, place / "model", ignore=shutil.ignore_patterns("previous.*"))
    _export(place)
    for suffix, codec in CONTAINERS.items():
        _write_clip(place / f"clip{suffix}", codec)
    (place / "mine.json").write_text(json.dumps(_report()))
    shutil.copy(place / "mine.json", place / "report.json")
    logbook.checked(place / "work", "04", {"it got better": False}, {"loss": 0.5})
    logbook.answered(place / "work", "04-1", True)
    (place / "class").mkdir()
    who = consent.person("Nobody", place / "clip.mp4")
    consent.new(place / "consent.json", who, who, agreed="a swap", means="by nobody")
    shutil.copy(place / "work" / logbook.NAME, place / "class" / "one.json")


def _export(place: Path) -> None:
    """The faceset as deepfakes/faceswap has it: alignments, and a face picture as its tool cuts it."""
    from faceswap_lib.face import faceset
    from faceswap_lib.interop import alignments

    found = faceset.load(place / "faces")
    faces = [alignments.Face(r.frame, (0, 0, 9, 9), alignments.from_mesh(r.landmarks)) for r in found.records]
    alignments.write(place / "cut.fsa", "a.mp4", found.source.frames, faces)
    (place / "cut").mkdir()
    told = {"x": 0, "y": 0, "w": 9, "h": 9, "landmarks_xy": faces[0].landmarks.tolist(), "mask": {"m": {"mask": b"\0"}}}
    text = b"faceswap\0\0\0\0\0" + str({"alignments": told, "source": {"source_filename": "a_000001.mp4"}}).encode()
    chunk = b"iTXt" + text
    chunk = len(text).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    png = min((place / "faces").glob("*.png")).read_bytes()
    at = png.index(b"IDAT") - 4
    (place / "cut" / "a_000001_0.png").write_bytes(png[:at] + chunk + png[at:])


def _report() -> dict:
    """A small report, as evaluate writes it."""
    from faceswap_lib.measure import figures

    row = {
        "low": 0.4,
        "high": 0.6,
        "n": 3,
        "reference": {"source": 0.3, "ideal": None},
        "swap_is": {"source": "better"},
    }
    told = {name: {"value": 0.5, "better": figure.better, **row} for name, figure in figures.FIGURES.items()}
    run = {"versions": {}, "profile": "smoke", "seed": 0, "every": 4, "data": {"source": "0" * 64}, "machine": {}}
    frames = {"index": [0, 4], "swap": {name: [0.4, None] for name in told}}
    return {"figures": told, "run": run, "verdicts": ["So it is."], "frames": frames}


def _write_clip(path: Path, codec: str) -> None:
    """Twelve frames of the built-in A at half its size, with half a second of sound."""
    import av
    import cv2

    from faceswap_lib.media import video

    frames = [cv2.resize(frame, (160, 160)) for frame in islice(video.frames(samples.path("person_a")), 12)]
    with av.open(str(path), "w") as out:
        picture = out.add_stream(codec, 24, width=160, height=160, pix_fmt="yuv420p")
        sound = out.add_stream("libopus" if path.suffix == ".webm" else "aac", 48000, layout="mono")
        for frame in frames:
            out.mux(picture.encode(av.VideoFrame.from_ndarray(frame, "rgb24")))
        out.mux(picture.encode(None))
        wave = (3000 * np.sin(np.arange(24000) / 20)).astype("i2")
        for number, piece in enumerate(np.split(wave, 25)):
            told = av.AudioFrame.from_ndarray(piece[None], "s16", "mono")
            told.sample_rate, told.pts = 48000, number * len(piece)
            out.mux(sound.encode(told))
        out.mux(sound.encode(None))


def kinds(place: Path) -> dict[str, Kind]:
    """All that is mutated, by name."""
    faces, model, report = (place / p for p in ("faces/faces.json", "model/model.json", "report.json"))
    picture = min((place / "faces").glob("*.png"))
    weights = place / "model/model.safetensors"
    fsa, face = place / "cut.fsa", place / "cut/a_000001_0.png"
    return {
        "faces.json": _json(faces, place, _use_faces, _in_lines),
        "model.json": _json(model, place, _use_model, _sealed),
        "report.json": _json(report, place, _use_report, _sealed),
        "consent.json": _json(place / "consent.json", place, _use_consent),
        "progress.json": _json(place / "class/one.json", place, _use_progress, _sealed),
        "weights": _bytes(weights, place, _use_weights),
        "picture": _bytes(picture, place, _use_picture),
        "alignments": Kind(packed(fsa.read_bytes()), "cut.fsa", _use_alignments, fsa.read_bytes()),
        "face picture": Kind(titled(face.read_bytes()), "cut/a_000001_0.png", _use_alignments, face.read_bytes()),
        "profile": Kind(st.one_of(st.text(), wild().map(str)).map(_encoded), "profile", _use_profile, b"smoke"),
        "--set": Kind(words(), "word", _use_setting, b"minutes=2"),
    } | {suffix: _bytes(place / f"clip{suffix}", place, partial(_use_video, suffix=suffix)) for suffix in CONTAINERS}


def _sealed(text: str) -> str:
    """With a checksum that is right, so far as it can be: a stranger can reckon it."""
    try:
        return json.dumps(files.sealed({k: v for k, v in json.loads(text).items() if k != files.SEAL}))
    except (ValueError, RecursionError):
        return text


def _in_lines(text: str) -> str:
    """A faces.json laid out as the kit does, with a checksum that is right, so far as it can be."""
    try:
        raw = json.loads(text)
        return b"".join(records.lines(raw, (json.dumps(face).encode() for face in raw["faces"]))).decode()
    except (ValueError, KeyError, TypeError, RecursionError):
        return text


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _json(path: Path, place: Path, use: Callable, finish: Callable[[str], str] = str) -> Kind:
    good = path.read_bytes()
    mutated = st.one_of(edited(good, finish), edited(good, finish), edited(good), damaged(good))
    return Kind(mutated, str(path.relative_to(place)), use, good)


def _bytes(path: Path, place: Path, use: Callable) -> Kind:
    good = path.read_bytes()
    return Kind(damaged(good), str(path.relative_to(place)), use, good)


# A process that uses them, and one that watches it


def serve(pipe: object, folder: Path, uses: dict[str, Callable[[Path], None]]) -> None:
    """Use what lies in a folder each time the pipe names a kind; answer how that ended, in words, and bytes it took."""
    os.chdir(folder)
    for number in (1, 2):  # what libpng and TensorFlow write past Python too
        os.dup2(os.open(os.devnull, os.O_WRONLY), number)
    told: set[str] = set()
    watching = False
    sys.addaudithook(lambda event, _: told.add(event) if watching and event in RUNS else None)
    while word := pipe.recv():
        name, warm = word
        before, ended, said, told = _memory(), "read", "", set()
        Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here
        watching = not warm  # TensorFlow asks the system this and that when it is loaded
        try:
            uses[name](folder)
        except UserError as error:
            ended, said = "refused", str(error)
            if len(said) > 700 or "\n" in said.strip() or not said.endswith("."):
                ended = "no sentence"
        except BaseException as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            ended, said = "traceback", f"{type(error).__name__}: {error} ({Path(place.filename).name}:{place.lineno})"
        watching = False
        if told:
            ended, said = "ran code", ", ".join(told)
        pipe.send((ended, said[:1000], _memory("VmHWM") - before))


def _memory(what: str = "VmRSS") -> int:
    """Bytes of memory of this process, now or (VmHWM) at most."""
    return 1024 * int(re.search(rf"{what}:\s+(\d+)", Path("/proc/self/status").read_text())[1])


@dataclass
class Judge:
    """A work folder among things that must not change, and the process that uses what is put there."""

    home: Path
    kinds: dict[str, Kind]
    process: object = None
    warm: set[str] = field(default_factory=set)
    kept: int = 0

    def run(self, name: str, count: int, number: int = 0) -> list[tuple[str, str]]:
        """How `count` mutations of one kind ended: (in a word, in words). The good file is put back."""
        found: list[tuple[str, str]] = []
        quiet = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}

        @seed(number)
        @settings(max_examples=count, phases=[Phase.generate], **quiet)
        @given(self.kinds[name].strategy)
        def each(data: bytes) -> None:
            found.append(self.judge(name, data))

        each()
        self._put(name, self.kinds[name].good)
        return found

    def judge(self, name: str, data: bytes) -> tuple[str, str]:
        """Put a mutated file there, have it used; how that ended, and the file kept where it ended badly."""
        self._start(name)
        self._put(name, data)
        before = surroundings(self.home)
        ended, said, growth = self._ask(name, LIMIT)
        if growth > GROWTH:
            ended, said = "memory", f"{growth / 1e9:.1f} GB more"
        if surroundings(self.home) != before:
            ended, said = "outside", "something beside the work folder has changed"
        if ended not in GOOD:
            self.kept += 1
            (self.home / f"bad_{self.kept}").write_bytes(data)
        if ended in ("hang", "crash"):
            self.stop()
        return ended, said

    def _put(self, name: str, data: bytes) -> None:
        (self.home / "work" / self.kinds[name].path).write_bytes(data)

    def _start(self, name: str) -> None:
        """A process that has used the good file of this kind."""
        if not self.process or not self.process.is_alive():
            self.warm.clear()
            context = multiprocessing.get_context("spawn")
            self.pipe, other = context.Pipe()
            given = (other, self.home / "work", {each: kind.use for each, kind in self.kinds.items()})
            self.process = context.Process(target=serve, args=given, daemon=True)
            self.process.start()
            other.close()
        if name not in self.warm:
            self._put(name, self.kinds[name].good)
            ended, said, _ = self._ask(name, WARM, True)
            assert ended == "read", f"the good file is not read: {said}"
            self.warm.add(name)

    def _ask(self, name: str, limit: float, warm: bool = False) -> tuple[str, str, int]:
        watched = psutil.Process(self.process.pid)
        start, spent = time.monotonic(), sum(watched.cpu_times()[:2])
        self.pipe.send((name, warm))
        try:
            while not self.pipe.poll(0.5):
                worked, waited = sum(watched.cpu_times()[:2]) - spent, time.monotonic() - start
                if max(worked, waited / PATIENCE) > limit:
                    return "hang", f"{worked:.0f} s of work in {waited:.0f} s", 0
            return self.pipe.recv()
        except (EOFError, psutil.NoSuchProcess):
            self.process.join()
            return "crash", f"exit status {self.process.exitcode}", 0

    def stop(self) -> None:
        """End the process."""
        if self.process:
            self.process.kill()
            self.process.join()
            self.process = None


def surroundings(home: Path) -> dict[str, str]:
    """What lies beside the work folder: path -> what it is."""
    kept = (p for p in (home / "beside").rglob("*") if p.is_file())
    names = {str(p): "there" for p in home.iterdir()}
    return names | {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in kept}


@contextmanager
def judging(home: Path, good: Path) -> Iterator[Judge]:
    """A judge in a new folder, with a copy of the good files and things that must not change beside it."""
    shutil.copytree(good, home / "work")
    (home / "beside").mkdir()
    (home / "beside" / "note.png").write_text("mine")
    (home / "work" / "faces" / "link.png").symlink_to(home / "beside" / "note.png")
    judge = Judge(home, kinds(home / "work"))
    try:
        yield judge
    finally:
        judge.stop()


def main() -> int:
    """Run it and print, for each kind, how its mutations ended; 1 where one ended badly."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=500, help="of each kind")
    parser.add_argument("--videos", type=int, default=200, help="in all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="one kind, as the table names it")
    parser.add_argument("--keep", type=Path, default=None, help="a new folder for the files that ended badly")
    options = parser.parse_args()
    place, bad = options.keep or Path(tempfile.mkdtemp()), 0
    prepare(place / "good")
    with judging(place / "judged", place / "good") as judge:
        for name in judge.kinds:
            if options.only in ("", name):
                start = time.monotonic()
                count = -(-options.videos // len(CONTAINERS)) if name in CONTAINERS else options.files
                ended = judge.run(name, count, options.seed)
                told = ", ".join(f"{n} {how}" for how, n in collections.Counter(how for how, _ in ended).most_common())
                print(f"{name:12} {len(ended)}: {told}; {time.monotonic() - start:.0f} s", flush=True)
                for said, n in collections.Counter(said for how, said in ended if how not in GOOD).most_common():
                    print(f"    {n} × {said}", flush=True)
                bad += sum(how not in GOOD for how, _ in ended)
    if not options.keep:
        shutil.rmtree(place)
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
