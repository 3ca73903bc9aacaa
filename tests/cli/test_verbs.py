"""The command line as a user meets it: for every bad input one sentence, exit status 2, nothing half-written."""

import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path

import agreed
import numpy as np
import pytest

from faceswap_lib import samples
from faceswap_lib.classroom import logbook
from faceswap_lib.face import faceset
from faceswap_lib.interop import alignments
from faceswap_lib.media import video
from faceswap_lib.network import claims, record, saved

SHAPE = [[float(i), 0.0, 0.0] for i in range(478)]
MODEL = {
    "profile": "demo",
    "alignment": "mesh",
    "gan": True,
    "seed": 0,
    "start": "scratch",
    "seconds": 0,
    "spent": 0,
    "iteration": 0,
    "history": [dict.fromkeys(claims.Check.model_fields, 0)],
    "shapes": {"a": SHAPE, "b": SHAPE},
    "mesh": record.mesh(),
    "data": {side: {"video": f"{side}.mp4", "sha256": side * 64, "fingerprint": side} for side in "ab"},
}


def run(*words: object, cwd: Path | None = None) -> subprocess.CompletedProcess:
    """`python -m faceswap_lib …` in a process of its own."""
    command = [sys.executable, "-m", "faceswap_lib", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=120, check=False)


@pytest.fixture(scope="module")
def bad(tmp_path_factory) -> Path:
    """A folder with what users hand in by mistake."""
    folder = tmp_path_factory.mktemp("bad")
    (folder / "text.mp4").write_text("not a video " * 100)
    whole = samples.path("person_a").read_bytes()
    (folder / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    video.write(folder / "grey.mp4", [np.full((96, 96, 3), 99, "u1")] * 5, 24)
    (folder / "empty").mkdir()
    (folder / "file").write_text("")
    (folder / "acts.fsa").write_bytes(zlib.compress(b"cos\nsystem\n(S'touch ran'\ntR."))
    model = folder / "model"
    model.mkdir()
    for name in saved.MEANS.values():
        faceset.save_image(model / name, np.zeros((128, 128, 3), "u1"))
    saved.write(model, MODEL, b"")
    return folder


A = samples.path("person_a")
CASES = {
    "no such file": (("extract", "nobody.mp4", "--faces", "out"), "no file"),
    "a text file": (("extract", "text.mp4", "--faces", "out"), "video"),
    "a truncated video": (("extract", "cut.mp4", "--faces", "out"), "cut.mp4"),
    "no face": (("extract", "grey.mp4", "--faces", "out"), "No face"),
    "faces into a file": (("extract", A, "--faces", "file"), "is a file"),
    "an empty faceset": (("train", "empty", "empty", "--model", "out"), "not a faceset"),
    "an unknown profile": (("train", "empty", "empty", "--model", "out", "--profile", "huge"), "smoke, micro, demo"),
    "no model": (("convert", A, "--faces", "empty", "--model", "empty", "--out", "out.mp4"), "not a faceset"),
    "another profile's model": (
        ("train", "empty", "empty", "--model", "model", "--profile", "smoke", "--resume"),
        "profile 'demo'",
    ),
    "an unknown colour": (
        ("convert", A, "--faces", "empty", "--model", "model", "--out", "o.mp4", "--color", "x"),
        "light, mean",
    ),
    "a filter that is no number": (("extract", A, "--faces", "out", "--min-sharpness", "nan"), "from 0 to 1"),
    "a filter below nothing": (("extract", A, "--faces", "out", "--max-yaw", "-5"), "max_yaw is -5.0; give"),
    "minutes that are no number": (("train", "empty", "empty", "--model", "out", "--minutes", "nan"), "minutes is nan"),
    "a plateau of no checks": (("train", "empty", "empty", "--model", "out", "--plateau=-1"), "plateau is -1; give"),
    "a start that there is none of": (
        ("train", "empty", "empty", "--model", "out", "--start", "scratch"),
        "no start 'scratch'; choose one of base, mean, noise",
    ),
    "a seed below 0": (("train", "empty", "empty", "--model", "out", "--seed=-1"), "seed is -1; give a whole number"),
    "a seed that is huge": (("workshop", "--workdir", "out", "--profile", "smoke", "--seed", 10**30), "4294967295"),
    "an interval's seed": (
        ("evaluate", A, "--source", A, "--faces-b", "empty", "--report", "o", "--seed=-1"),
        "seed is",
    ),
    "detectors without a run": (("detect", "--workdir", "empty"), "faces/a is not a faceset"),
    "a detector's seed": (("detect", "--workdir", "empty", "--seed=-1"), "seed is -1"),
    "moments that are none": (("bench", "--workdir", "out", "--seconds", "0,nan"), "Give moments in seconds"),
    "minutes in words": (("workshop", "--workdir", "out", "--profile", "smoke", "--set", "minutes=abc"), "minutes is"),
    "one video twice": (
        ("workshop", "--workdir", "out", "--profile", "smoke", "--video-a", A, "--video-b", A),
        "are the same video; give two, or --set person_a=0 --set person_b=1",
    ),
    "an unknown parameter": (("workshop", "--profile", "smoke", "--workdir", "out", "--set", "speed=3"), "'speed'"),
    "nobody's consent": (
        ("workshop", "--profile", "smoke", "--workdir", "out", "--video-b", "grey.mp4"),
        "grey.mp4 there has to be a record of consent",
    ),
    "a record of nobody": (("consent", "new", "c.json", "--agreed", "x", "--means", "y"), "it names nobody"),
    "a record without a name": (
        ("consent", "new", "c.json", "--agreed", "x", "--means", "y", "--video-a", "grey.mp4"),
        "say who that is, by name",
    ),
    "a record that is none": (("consent", "revoke", "text.mp4"), "text.mp4 is no record of consent"),
    "no such video": (("workshop", "--profile", "smoke", "--workdir", "out", "--video-a", "no.mp4"), "no.mp4"),
    "a workdir that is a file": (("workshop", "--profile", "smoke", "--workdir", "file"), "file"),
    "a setting that is an option": (
        ("workshop", "--profile", "smoke", "--workdir", "out", "--set", "profile=demo"),
        "cannot be set this way",
    ),
    "no step between frames": (
        ("evaluate", A, "--source", A, "--faces-b", "empty", "--report", "out", "--every", "0"),
        "--every",
    ),
    "no report to compare with": (
        ("evaluate", A, "--source", A, "--faces-b", "empty", "--report", "out", "--against", "empty"),
        "no report",
    ),
    "alignments that act": (
        ("import-faceswap", "acts.fsa", "--video", A, "--faces", "out"),
        "more than plain data",
    ),
    "no faceset to take along": (("export-faceswap", "empty", "--video", A, "--out", "out"), "not a faceset"),
    "a missing option": (("extract", A), "--faces"),
    "faces into the folder one is in": (("extract", A, "--faces", "."), "folder of their own"),
    "two clusters at once": (("extract", A, "--faces", "out", "--dask", "tls://x:1", "--workers", "2"), "not both"),
    "no scheduler": (("extract", A, "--faces", "out", "--dask", "pigeon://home:1"), "No scheduler answers at pigeon"),
    "several videos, all of them bad": (
        ("extract", "text.mp4", "cut.mp4", "--faces", "out"),
        "2 of 2 videos failed, the others are done. text:",
    ),
    "several of one name": (("extract", A, A.parent, "--faces", "out", A.name, "--workers", "2"), "both become"),
    "not a setting": (("workshop", "--profile", "smoke", "--workdir", "out", "--set", "speed"), "NAME=VALUE"),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_one_sentence_and_leaves_nothing(case, bad):
    words, expected = CASES[case]
    before = sorted(bad.rglob("*"))
    result = run(*words, cwd=bad)
    assert result.returncode == 2, result.stderr
    errors = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1 and expected in errors[0] and "Traceback" not in result.stderr
    assert sorted(bad.rglob("*")) == before


def test_a_faceset_goes_to_faceswap_and_comes_back_to_another_folder(short, facesets, tmp_path):
    """Some of A's faces were deleted there; this kit has no faceset yet, makes one and leaves the same ones out."""
    out = run("export-faceswap", facesets["a"], "--video", short["a"], "--out", tmp_path / "out")
    assert out.returncode == 0 and "30 faces with 68 landmarks" in out.stdout and "tools.py alignments" in out.stdout
    there = alignments.read(tmp_path / "out" / "a_alignments.fsa")
    alignments.write(tmp_path / "cut.fsa", "a.mp4", 30, there.faces[:20])
    words = ("import-faceswap", tmp_path / "cut.fsa", "--video", short["a"], "--faces", tmp_path / "new")
    back = run(*words, "--profile", "smoke")
    assert back.returncode == 0 and "20 to train on" in back.stdout and "10 left out now" in back.stdout, back.stderr
    assert faceset.load(tmp_path / "new").usable.tolist() == list(range(20))


def test_two_clips_are_measured_and_compared(short, facesets, tmp_path):
    words = (
        "evaluate",
        short["a"],
        "--source",
        short["a"],
        "--faces-a",
        facesets["a"],
        "--faces-b",
        facesets["b"],
        "--report",
        tmp_path / "r",
        "--every",
        "10",
        "--consent",
        agreed.of(*short.values()),
    )
    first = run(*words)
    assert first.returncode == 0, first.stderr
    assert "B's nearest" in first.stdout and "Poses: " in first.stdout and "report.html" in first.stdout
    assert {path.name for path in (tmp_path / "r").iterdir()} == {"report.json", "report.html", "references"}
    again = run(*words, "--against", tmp_path / "r")
    assert again.returncode == 0 and again.stdout.count("within noise") >= 14 and "worse" not in again.stdout


@pytest.mark.parametrize("word", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_end_says_what_is_kept_and_leaves_nothing_hidden(tmp_path, word):
    # large pictures, so that it takes a while on a fast machine too
    words = ("extract", str(A), "--faces", str(tmp_path / "f"), "--profile", "gpu")
    # a shell that put the tests in the background has them, and what they start, ignore the signal
    process = subprocess.Popen(
        [sys.executable, "-m", "faceswap_lib", *words],
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        preexec_fn=lambda: signal.signal(word, signal.SIG_DFL),
    )
    # while libraries load, they may swallow the signal, and the first face loads the recogniser's; so wait for the next
    while len(list(tmp_path.glob(".part.f/*.png"))) < 2 and process.poll() is None:
        time.sleep(0.02)
    # one that a library swallowed is sent again; once it was heard, another would only kill what is on its way out
    while process.poll() is None and list(tmp_path.iterdir()):
        process.send_signal(word)
        time.sleep(1.5)
    assert "Stopped." in process.communicate(timeout=60)[1]
    assert process.returncode == 130 and not list(tmp_path.iterdir())


def test_a_class_is_watched_until_it_is_enough(tmp_path):
    logbook.checked(tmp_path / "w", "03", {"a": True})
    (tmp_path / "room").mkdir()
    logbook.share(tmp_path / "w", tmp_path / "room", "7")
    done = run("class", tmp_path / "room", "--once", cwd=tmp_path)
    assert done.returncode == 0 and "1 learners." in done.stdout, done.stderr
    page = (tmp_path / "class.html").read_text()
    assert ">7</td>" in page and ">after lab 3</td>" in page
    done = run("class", tmp_path / "nowhere", cwd=tmp_path)
    assert done.returncode == 2 and "no folder" in done.stderr and "Traceback" not in done.stderr


def test_import_is_fast_and_brings_neither_tensorflow_nor_mediapipe():
    code = "import sys, faceswap_lib; print([m for m in ('tensorflow', 'mediapipe', 'keras') if m in sys.modules])"
    start = time.perf_counter()
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
    assert time.perf_counter() - start < 1.0


@pytest.mark.parametrize("verb", ["extract", "train", "convert", "evaluate", "check", "workshop"])
def test_every_verb_explains_itself(verb):
    result = run(verb, "--help")
    assert result.returncode == 0 and "--help" in result.stdout


def test_detectors_figures_come_with_what_they_mean(monkeypatch, capsys, tmp_path):
    from faceswap_lib import detect
    from faceswap_lib.cli import judging

    auc = {"auc": {"value": 0.9, "low": 0.8, "high": 1.0}, "alarms": 0.1, "misses": 0.2}
    told = {"cases": [{"case": "half", **dict.fromkeys(detect.TITLES, auc)}], "shuffled": auc["auc"]}
    asked = []
    monkeypatch.setattr(detect, "detect", lambda *args, **how: asked.append((args, how)) or told)
    judging.detect(tmp_path, None, None, "smoke", 3)
    said = capsys.readouterr().out
    assert asked == [((tmp_path, *map(samples.path, ("person_a", "person_b"))), {"profile": "smoke", "seed": 3})]
    assert "half" in said and said.count("0.90 (0.80 to 1.00)") == 3 and "very little" in said


def test_version_is_said():
    from faceswap_lib import __version__

    assert run("--version").stdout.strip() == __version__


def test_a_consent_is_asked_for_made_used_and_taken_back(short, facesets, trained, tmp_path):
    made, words = tmp_path / "s.mp4", ("convert", short["a"], "--faces", facesets["a"], "--model", trained.model)
    words = (*words, "--untrained", "--out", made)
    done = run(*words)
    assert done.returncode == 2 and not made.exists(), done.stderr
    (said,) = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    command = shlex.split(re.search(r"`python -m faceswap_lib (consent new .*)`", said)[1])
    assert run(*command, cwd=short["a"].parent).returncode == 0
    record = (short["a"].parent / "consent.json").rename(tmp_path / "consent.json")
    assert (
        "as far as is known here: 0." in run("consent", "revoke", shutil.copy(record, tmp_path / "other.json")).stdout
    )
    done = run(*words, "--consent", record)
    assert done.returncode == 0, done.stderr
    assert "holds until" in run("inspect", made, "--consent", record).stdout
    done = run("consent", "revoke", record)
    assert done.returncode == 0 and f"{made}: marked\n" in done.stdout
    assert "Made under it, as far as is known here: 1." in done.stdout
    again = run(*words, "--consent", record)
    assert again.returncode == 2 and "consent.json was revoked on" in again.stderr
