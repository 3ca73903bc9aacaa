"""files.py: a file is there whole or not at all; a folder is one piece of work's at a time."""

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from faceswap_lib import UserError, files


@pytest.mark.parametrize("before", [None, "old"])
def test_a_file_appears_when_the_block_ends_and_not_before(tmp_path, before):
    path = tmp_path / "clip.mp4"
    if before:
        path.write_text(before)
    with files.whole(str(path)) as part:
        part.write_text("new")
        assert (path.read_text() if path.exists() else None) == before
        assert part.parent == tmp_path and part.suffix == ".mp4" and part != path
    assert path.read_text() == "new" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("before", [None, "old"])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_what_was_there_and_nothing_else(tmp_path, before, error):
    path = tmp_path / "model.json"
    if before:
        path.write_text(before)
    with pytest.raises(error), files.whole(path) as part:
        part.write_text("half")
        raise error
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == ({"model.json": before} if before else {})


def test_who_writes_nothing_gets_an_error_and_the_old_file_stays(tmp_path):
    path = tmp_path / "model.json"
    path.write_text("old")
    with pytest.raises(FileNotFoundError), files.whole(path):
        pass
    assert path.read_text() == "old"


HOLD = """
import sys, time
from faceswap_lib import files
with files.alone(sys.argv[1], "training"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds tmp_path/model."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, tmp_path / "model"], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_folder_that_another_process_works_in_is_refused(tmp_path, holder):
    with (
        pytest.raises(UserError, match="Another training is at work in .*model; wait"),
        files.alone(tmp_path / "model", "training"),
    ):
        pass
    with files.alone(tmp_path / "other", "training"):
        pass
    assert holder.poll() is None


def test_a_dead_process_holds_nothing_and_its_lock_is_cleared_away(tmp_path, holder):
    holder.kill()
    holder.wait()
    assert (tmp_path / ".lock.model").exists(), "what SIGKILL leaves"
    with files.alone(tmp_path / "model", "training"):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt])
def test_the_folder_is_free_after_the_work_however_it_ends(tmp_path, error):
    for _ in range(2):
        try:
            with files.alone(tmp_path / "deep" / "model", "training"):
                if error:
                    raise error
        except (ValueError, KeyboardInterrupt):
            pass
    assert list((tmp_path / "deep").iterdir()) == []


def test_the_same_process_does_not_work_twice_in_one_folder_either(tmp_path):
    with files.alone(tmp_path / "model", "training"):
        with pytest.raises(UserError, match="at work"), files.alone(tmp_path / "model", "training"):
            pass
        with pytest.raises(UserError, match="at work"), files.alone(tmp_path / "x" / ".." / "model", "training"):
            pass


def test_no_lock_where_nothing_can_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be made"), files.alone(tmp_path / "file" / "model", "training"):
        pass


def test_where_the_folder_alone_can_be_written_the_lock_lies_in_it(tmp_path, monkeypatch):
    monkeypatch.setattr(files.os, "access", lambda path, how: False)  # root, who runs some tests, may write everywhere
    (tmp_path / "disk").mkdir()
    with files.alone(tmp_path / "disk", "workshop"):
        assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")] == ["disk", f"disk/{files.LOCK}"]
        with pytest.raises(UserError, match="at work"), files.alone(tmp_path / "disk", "workshop"):
            pass
    assert list((tmp_path / "disk").iterdir()) == []


def test_names_as_long_as_the_system_takes_them(tmp_path):
    for name in ("x" * 251 + ".mp4", "ü" * 125 + ".mp4", "x" * 255):
        path = tmp_path / name
        with files.whole(path) as part:
            part.write_text("new")
            assert part.suffix == path.suffix or not path.suffix
            assert part.name.startswith(".part.") and part == files.aside(path, "part")
        assert path.read_text() == "new"
        path.unlink()
        with files.alone(path, "training"):
            pass
    assert list(tmp_path.iterdir()) == []
    assert files.aside(tmp_path / ("x" * 255), "part") != files.aside(tmp_path / ("x" * 254 + "y"), "part")


def test_a_file_is_on_the_disk_before_it_bears_its_name_and_then_the_name_is(tmp_path, monkeypatch):
    calls, real = [], {name: getattr(files.os, name) for name in ("fsync", "replace")}

    def noted(name):
        def call(first, *rest):
            where = os.readlink(f"/proc/self/fd/{first}") if isinstance(first, int) else str(first)
            calls.append((name, Path(where).name))
            return real[name](first, *rest)

        return call

    for name in real:
        monkeypatch.setattr(files.os, name, noted(name))
    with files.whole(tmp_path / "a.json") as part:
        part.write_text("{}")
    assert calls == [("fsync", ".part.a.json"), ("replace", ".part.a.json"), ("fsync", tmp_path.name)]


def test_a_seal_holds_whatever_the_layout_and_breaks_at_any_change():
    content = {"name": "é", "numbers": [1, 2.5, -0.1], "more": {"b": None, "a": True}}
    sealed = files.sealed(content)
    for text in (json.dumps(sealed), json.dumps(sealed, indent=2, sort_keys=True, ensure_ascii=False)):
        assert files.unsealed(json.loads(text)) == content
    for other in (
        content,
        sealed | {"name": "e"},
        sealed | {"new": 1},
        {k: v for k, v in sealed.items() if k != "more"},
        sealed | {"checksum": "0" * 16},
        [],
        None,
    ):
        with pytest.raises(ValueError, match="as it was written"):
            files.unsealed(other)


def test_room_is_asked_for_where_the_folder_will_be(tmp_path):
    files.room(tmp_path / "not" / "yet", 1, "this training")
    free = shutil.disk_usage(tmp_path).free
    with pytest.raises(UserError, match=r"not/yet has \d+ MB free, and this training needs about \d+ MB; free some"):
        files.room(tmp_path / "not" / "yet", 2 * free, "this training")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_through_a_link_that_a_stranger_has_laid(tmp_path, monkeypatch):
    folder, mine = tmp_path / "theirs", tmp_path / "mine.txt"
    folder.mkdir()
    mine.write_text("mine")
    (folder / ".part.a.json").symlink_to(mine)
    with files.whole(folder / "a.json") as part:
        part.write_text("new")
    assert mine.read_text() == "mine" and (folder / "a.json").read_text() == "new"
    (folder / files.LOCK).symlink_to(tmp_path / "made.txt")
    monkeypatch.setattr(files.os, "access", lambda *_: False)  # the folder above cannot be written
    with pytest.raises(UserError, match="theirs"), files.alone(folder, "training"):
        pass
    assert not (tmp_path / "made.txt").exists()


def test_a_name_that_no_system_takes_is_said():
    for path in ("x" * 256, "a/" + "ü" * 128 + "/b"):
        with pytest.raises(UserError, match="is too long for a name; choose one of at most 255 bytes"):
            files.room(path, 1, "this training")
    with pytest.raises(UserError, match="is no name in UTF-8"):
        files.check_name("vid\udce9o.mp4")


def test_a_folder_is_tried_out_and_nothing_is_left(tmp_path):
    (tmp_path / "nothing").write_text("mine")
    files.try_out(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["nothing"] and (tmp_path / "nothing").read_text() == "mine"
    with pytest.raises(OSError):
        files.try_out(tmp_path / "nowhere")


def test_a_seal_over_something_nested_without_end_is_no_seal():
    deep: dict = {}
    for _ in range(100_000):
        deep = {"a": deep}
    with pytest.raises(ValueError, match="nested too deeply"):
        files.unsealed(deep | {"checksum": ""})


def test_a_folder_goes_while_others_write_into_it(tmp_path):
    folder = tmp_path / ".part.faces"
    folder.mkdir()

    def write() -> None:
        with suppress(FileNotFoundError):
            for i in range(100_000):
                (folder / str(i)).touch()

    with ThreadPoolExecutor() as pool:
        writers = [pool.submit(write) for _ in range(3)]
        while len(list(folder.iterdir())) < 100:
            pass
        files.remove(folder)
        assert all(each.result() is None for each in writers)
    assert list(tmp_path.iterdir()) == []
    files.remove(folder)
    assert list(tmp_path.iterdir()) == []
