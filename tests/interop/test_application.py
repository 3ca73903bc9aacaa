"""The application as a process: what it is told, what its log says, and how it ends; a stand-in prints as it does."""

import re
import stat
import sys
import time

import pytest

from faceswap_lib import UserError
from faceswap_lib.interop import application
from faceswap_lib.interop.exchange import Exported

# What Faceswap printed here on 2026-11-28, with a pace of its own.
STAND_IN = """
import json, os, signal, sys, time
here = os.path.dirname(os.path.abspath(__file__))
words = sys.argv[1:]
after = lambda flag: words[words.index(flag) + 1]
with open(os.path.join(here, "told.json"), "a") as file:
    file.write(json.dumps([os.path.basename(sys.argv[0]), words, os.getcwd(), {k: os.environ.get(k) for k in
        ("FACESWAP_BACKEND", "KERAS_BACKEND", "PYTHONPATH")}]) + "\\n")
print("Setting Faceswap backend from environment variable to CPU")
if words[0] == "train":
    mood = open(os.path.join(here, "mood")).read()
    if mood == "few":
        print("11/28/2026 14:01:55 ERROR    Side A contains fewer than 25 images.")
        sys.exit(1)
    step, stopped = 41, []
    signal.signal(signal.SIGINT, lambda *_: stopped.append(1) if mood != "deaf" else None)
    print("11/28/2026 14:01:56 INFO     Loading Model from Lightweight plugin...")
    while not stopped and step < 400:
        step += 1
        print(f"[14:03:00] [#{step:05d}] Loss A: {8 / step:.5f}, Loss B: {4 / step:.5f}", end="\\r")
        time.sleep(0.02)
        if mood == "dies" and step > 45:
            os._exit(9)
    print("\\x1b[2K11/28/2026 14:04:55 INFO     [Saved model] - Average total loss since last save: 0.7")
if words[0] == "alignments":
    os.makedirs(after("-c"), exist_ok=True)
    for i in range(1, 4):
        open(os.path.join(after("-c"), f"a_{i:06d}_0.png"), "w").close()
        print(f"Saving extracted faces: {i * 33}%|### | {i}/3 [00:00<00:41,  4.77it/s]", end="\\r")
if words[0] == "convert":
    os.makedirs(after("-o"), exist_ok=True)
    print("Converting: 100%|###| 3/3 [00:00<00:00, 6.6it/s]")
"""


@pytest.fixture
def app(tmp_path) -> application.Application:
    """A folder as setup/faceswap.sh leaves it, with the stand-in."""
    folder = tmp_path / "the app"
    for inside in ("app", "env/bin"):
        (folder / inside).mkdir(parents=True)
    for name in ("faceswap.py", "tools.py"):
        (folder / "app" / name).write_text(STAND_IN)
    (folder / "app" / "mood").write_text("")
    (folder / "env/bin/python").write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    (folder / "env/bin/python").chmod(stat.S_IRWXU)
    (folder / "installed").write_text("commit acdcfa8796\nbackend cpu\ntorch 2.12.1\n")
    return application.found(folder)


@pytest.fixture
def given(tmp_path) -> Exported:
    """What an export has left."""
    return Exported(tmp_path, tmp_path / "a_alignments.fsa", tmp_path / "a.mp4", 3, ("a_000002_0.png",))


def told(app: application.Application) -> list:
    """What the stand-in was last started with: script, words, folder, environment."""
    import json

    return json.loads((app.folder / "app" / "told.json").read_text().splitlines()[-1])


def test_faces_are_cut_by_its_own_tool_and_those_left_out_go(app, given, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    seen = []
    spent = app.cut(given, tmp_path / "faces", lambda *said: seen.append(said))
    script, words, where, environment = told(app)
    assert (script, words[:3], where) == ("tools.py", ["alignments", "-j", "extract"], str(app.folder / "app"))
    assert dict(zip(words[3::2], words[4::2], strict=True)) == {
        "-a": str(given.alignments), "-r": str(given.video), "-c": str(tmp_path / "faces"),
    }  # fmt: skip
    assert environment == {"FACESWAP_BACKEND": "cpu", "KERAS_BACKEND": "torch", "PYTHONPATH": None}
    assert sorted(path.name for path in (tmp_path / "faces").iterdir()) == ["a_000001_0.png", "a_000003_0.png"]
    assert [done[:2] for done in seen] == [(1, 3), (2, 3), (3, 3)] and "it/s" in (tmp_path / "cut.log").read_text()
    assert 0 < spent.work < spent.seconds * 3 and spent.memory > 1e6
    with pytest.raises(UserError, match="is not empty"):
        app.cut(given, tmp_path / "faces")


def test_a_training_ends_when_its_minutes_are_over_and_saves(app, tmp_path):
    seen, before = [], time.monotonic()
    done = app.train(tmp_path / "a", tmp_path / "b", tmp_path / "m", minutes=0.01, progress=lambda *s: seen.append(s))
    assert 0.6 < time.monotonic() - before < 20
    assert told(app)[1] == ["train", "-A", str(tmp_path / "a"), "-B", str(tmp_path / "b"), "-m", str(tmp_path / "m"),
                            "-t", "lightweight", "-b", "16", "-C", str(tmp_path / "m.ini")]  # fmt: skip
    assert "learning_rate = 5e-05" in (tmp_path / "m.ini").read_text()
    log = (tmp_path / "m.log").read_text()
    assert "[Saved model]" in log, "it was asked, not killed"
    steps = [int(number) for number in re.findall(r"#(\d+)", log)]
    assert (done.steps, done.total, done.batch) == (len(steps), steps[-1], 16)
    first, last = done.history[0], done.history[-1]
    assert first[0] == 42 and first[2:] == [pytest.approx(8 / 42, abs=1e-5), pytest.approx(4 / 42, abs=1e-5)]
    assert done.egs == pytest.approx(16 * 2 * (last[0] - 42) / last[1], rel=0.02)
    assert seen[-1][:2] == (1, 1) and f"step {steps[-1]}, loss A" in seen[-1][2]


@pytest.mark.parametrize(
    ("mood", "words"), [("few", "Side A contains fewer than 25 images"), ("dies", "exit status 9"), ("deaf", "not end")]
)
def test_a_training_that_fails_says_so_in_its_own_words(app, tmp_path, mood, words, monkeypatch):
    monkeypatch.setattr(application, "SPARE", 0.2)
    (app.folder / "app" / "mood").write_text(mood)
    with pytest.raises(UserError, match=words) as failed:
        app.train(tmp_path / "a", tmp_path / "b", tmp_path / "m", minutes=0.005)
    assert str(tmp_path / "m.log") in str(failed.value)


def test_what_cannot_be_is_said_before_anything_is_started(app, tmp_path):
    for wrong in ({"trainer": "dfaker"}, {"minutes": 0}, {"minutes": float("nan")}, {"rate": 1}):
        with pytest.raises(UserError, match="trainer is one of lightweight, original"):
            app.train(tmp_path, tmp_path, tmp_path / "m", **wrong)
    assert not (app.folder / "app" / "told.json").exists()


def test_conversion_writes_pictures_without_loss(app, given, tmp_path):
    app.convert(given, tmp_path / "m", tmp_path / "frames")
    words = told(app)[1]
    assert dict(zip(words[1::2], words[2::2], strict=True)) == {
        "-i": str(given.video), "-p": str(given.alignments), "-o": str(tmp_path / "frames"), "-m": str(tmp_path / "m"),
        "-c": "avg-color", "-M": "extended", "-w": "opencv",
    }  # fmt: skip


def test_what_is_missing_is_said_with_its_remedy(app, tmp_path, monkeypatch):
    assert {line.verdict for line in application.check(app.folder)} == {"OK"}
    monkeypatch.setattr(application.cards, "card_on_the_bus", lambda: True)
    assert application.check(app.folder)[-1].verdict == "WARN" and "nvidia" in application.check(app.folder)[-1].remedy
    (app.folder / "installed").unlink()
    with pytest.raises(UserError, match="was not completed.*setup/faceswap.sh"):
        application.found(app.folder)
    lines = application.check(tmp_path / "nothing")
    assert [line.verdict for line in lines[:3]] == ["FAIL"] * 3
    with pytest.raises(UserError, match="its code, is not there"):
        application.found(tmp_path / "nothing")
