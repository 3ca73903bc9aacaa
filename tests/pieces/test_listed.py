"""listed.py: which videos are meant, one progress over all, and one that fails alone."""

import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from faceswap_lib import UserError
from faceswap_lib.pieces import listed


@pytest.fixture
def folder(tmp_path) -> Path:
    for name in ("b.MP4", "a.mov", ".hidden.mp4", "notes.txt", "c.mkv"):
        (tmp_path / name).touch()
    (tmp_path / "more.mp4").mkdir()
    return tmp_path


def crew(width: int) -> SimpleNamespace:
    return SimpleNamespace(width=width)


def test_a_list_and_a_folder_are_several_and_one_file_is_one(folder):
    assert listed.several([folder]) and listed.several([folder / "a.mov", folder / "b.MP4"])
    assert not listed.several([folder / "a.mov"]) and not listed.several([folder / "more.mp4"])
    assert list(listed.videos([folder])) == ["a", "b", "c"]
    assert listed.videos([folder / "c.mkv", folder]) == {
        n: folder / f for n, f in (("c", "c.mkv"), ("a", "a.mov"), ("b", "b.MP4"))
    }
    assert list(listed.videos([folder / "gone.mp4"])) == ["gone"], "what is not there is said when it is its turn"


def test_two_of_one_name_and_none_at_all(folder):
    (folder / "a.mp4").touch()
    with pytest.raises(UserError, match="a.mov and .*a.mp4 would both become 'a'"):
        listed.videos([folder])
    with pytest.raises(UserError, match="no video in .*more.mp4"):
        listed.videos([folder / "more.mp4"])
    assert listed.made(folder / "new" / "deep").is_dir()
    with pytest.raises(UserError, match="notes.txt is a file; of several videos name a folder"):
        listed.made(folder / "notes.txt")


@pytest.mark.parametrize("width", [1, 3])
def test_one_that_fails_does_not_end_the_others_and_all_have_one_progress(width):
    told, at_once, most = [], set(), []

    def work(name: str, path: Path, progress: object) -> str:
        at_once.add(name)
        progress(1, 2, "half")
        if name == "b":
            raise UserError("cannot be read.")
        if width == 3:
            met.wait(5)
        most.append(len(at_once))
        progress(2, 2, "all")
        at_once.discard(name)
        return f"{path} done"

    met = threading.Barrier(2)
    videos = {name: Path(f"{name}.mp4") for name in "abc"}
    out = listed.each(work, videos, crew(width), lambda *step: told.append(step))
    assert out.done == {"a": "a.mp4 done", "c": "c.mp4 done"} and list(out.failed) == ["b"]
    assert {total for _, total, _ in told} == {300} and max(done for done, _, _ in told) >= 250
    assert told[0] == (50, 300, "a: half") or width == 3
    with pytest.raises(UserError, match="^1 of 3 videos failed, the others are done. b: cannot be read.$"):
        out.check()


def test_our_own_mistake_stays_one():
    def work(name: str, path: Path, progress: object) -> None:
        raise KeyError(name)

    out = listed.each(work, {"a": Path("a")}, crew(1), print)
    with pytest.raises(KeyError):
        out.check()
    listed.Outcome({"a": 1}).check()
