"""A few of the kills, and that the judges of the long runs see what they look for."""

import os
import shutil
import subprocess
import time

import pytest

from faceswap_lib.media import video
from tests.endurance import clips, kills, processes, soak, training


@pytest.fixture(scope="module")
def given(facesets, short, tmp_path_factory):
    """Clips and facesets as `clips.prepare` makes them."""
    folder = tmp_path_factory.mktemp("given")
    for name in "ab":
        shutil.copyfile(short[name], folder / f"{name}.mp4")
        shutil.copytree(facesets[name], folder / name)
    return folder


def test_an_extraction_that_was_killed_gives_the_same_when_run_again(given, tmp_path):
    said: list[str] = []
    assert kills.kills([(kills.extract(given), 2)], tmp_path, 1, said.append) == 0, "\n".join(said)
    assert said[-1] == "extract: 2 kills (seed 1), 2 results as undisturbed, 0 not."


def test_a_training_that_was_killed_goes_on_to_the_same_numbers(given, tmp_path):
    said: list[str] = []
    assert training.kills(given, tmp_path, 2, 3, said.append) == 0, "\n".join(said)
    assert said[-1].startswith("train: 2 kills (seed 3)") and "bit for bit" in said[-2]


def test_a_short_clip_has_pictures_and_sound(tmp_path):
    info = video.probe(clips.clip("person_a", tmp_path / "a.mp4", 6))
    assert (info.frames, info.has_audio) == (6, True)
    assert kills.shown(tmp_path / "a.mp4") == kills.shown(tmp_path / "a.mp4")
    clips.clip("person_b", tmp_path / "b.mp4", 6)
    assert kills.shown(tmp_path / "a.mp4") != kills.shown(tmp_path / "b.mp4")


FORGETFUL = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])"


def test_a_child_that_lives_on_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "PATIENCE", 0.5)
    processes.start(["-c", FORGETFUL], f"forgetful-{os.getpid()}", tmp_path).wait()
    assert len(processes.left(f"forgetful-{os.getpid()}")) == 1
    assert processes.left(f"forgetful-{os.getpid()}") == []


def test_a_kill_of_all_of_it_leaves_nobody(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "PATIENCE", 0)
    mark = f"all-{os.getpid()}"
    process = processes.start(["-c", f"{FORGETFUL}; print('up'); input()"], mark, tmp_path, subprocess.PIPE)
    assert process.stdout.readline() == "up\n" or time.sleep(1)
    processes.kill(process, mark, whole=True)
    assert processes.left(mark) == []


def test_a_difference_and_a_hidden_file_are_seen(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / ".part.faces.json").write_text("")
    assert processes.hidden(tmp_path) == ["deep/.part.faces.json"]
    assert kills.apart({"a": "1", "b": "2"}, {"a": "1", "c": "2"}) == ["b differs", "c differs"]
    assert list(kills.files(tmp_path)) == ["deep/.part.faces.json"]


def test_what_rises_is_seen_and_what_fills_a_cache_is_not():
    level = dict.fromkeys(soak.LIMITS, 10.0)
    fills = [level | {"open files": float(min(n, 3))} for n in range(9)]
    assert not any(slope > soak.LIMITS[name] for name, slope in soak.slopes(fills).items())
    leaks = [level | {"open files": float(n)} for n in range(9)]
    assert [n for n, s in soak.slopes(leaks).items() if s > soak.LIMITS[n]] == ["open files"]
