"""saved.py: of a model folder's two checkpoints one is whole at every moment, and nothing but the kit's own goes."""

import errno
import json
import os
import re
import shutil
from pathlib import Path

import pytest

from faceswap_lib import UserError
from faceswap_lib.network import saved


@pytest.fixture
def model(tmp_path):
    """A folder with checkpoints 1 and 2, as files of a few bytes."""
    folder = tmp_path / "model"
    folder.mkdir()
    for name in saved.MEANS.values():
        (folder / name).write_bytes(name.encode())
    for number in (1, 2):
        put(folder, number)
    return folder


def put(folder: Path, number: int) -> None:
    saved.write(folder, {"iteration": number}, b"weights %d" % number)


def found(folder: Path) -> int:
    """The iteration of the newest checkpoint; its weights must be that one's."""
    record, weights = saved.newest(folder)
    assert weights.read_bytes() == b"weights %d" % record["iteration"]
    return record["iteration"]


def test_the_last_two_checkpoints_are_kept(model):
    assert found(model) == 2
    assert (model / "previous.safetensors").read_bytes() == b"weights 1"
    put(model, 3)
    assert found(model) == 3 and (model / "previous.safetensors").read_bytes() == b"weights 2"
    assert {path.name for path in model.iterdir()} == saved.OWN - {"previews"}


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [cut, flip, empty, Path.unlink])
@pytest.mark.parametrize("name", ["model.json", "model.safetensors"])
def test_a_damaged_checkpoint_gives_way_to_the_one_before_and_that_is_said(model, name, damage, capsys):
    damage(model / name)
    assert found(model) == 1
    told = capsys.readouterr().err
    assert "The last checkpoint in" in told and "is not whole; the one before it is used, of iteration 1." in told
    put(model, 2)  # a training goes on from there: what was whole is not lost to what was not
    assert found(model) == 2 and (model / "previous.safetensors").read_bytes() == b"weights 1"


@pytest.mark.parametrize("name", ["model.json", "previous.json", "model.safetensors", "previous.safetensors"])
@pytest.mark.parametrize("bit", range(0, 256, 37))
def test_one_flipped_bit_never_goes_unnoticed(model, name, bit):
    data = bytearray((model / name).read_bytes())
    bit %= 8 * len(data)
    data[bit // 8] ^= 1 << bit % 8
    (model / name).write_bytes(data)
    assert found(model) == (1 if name.startswith("model") else 2)


@pytest.mark.parametrize("names", [("model.json", "previous.json"), ("mean_a.png",), ("mean_b.png",)])
def test_where_nothing_is_whole_it_is_said_and_nothing_changes(model, names):
    for name in names:
        flip(model / name)
    before = {path.name: path.read_bytes() for path in model.iterdir()}
    with pytest.raises(UserError, match="is damaged; put it back from a copy, or train again"):
        saved.newest(model)
    assert {path.name: path.read_bytes() for path in model.iterdir()} == before


def test_no_model_and_one_of_an_earlier_version(tmp_path):
    with pytest.raises(UserError, match="holds no trained model; train one with `train"):
        saved.newest(tmp_path)
    (tmp_path / "model.json").write_text(json.dumps({"profile": "smoke"}))
    (tmp_path / "model.weights.h5").write_bytes(b"")
    with pytest.raises(UserError, match="of an earlier version of this kit"):
        saved.newest(tmp_path)


class Killed(BaseException):
    pass


CHANGES = ("link", "replace", "unlink", "fsync")  # the system's calls that change a folder or wait for the disk


@pytest.mark.parametrize("links", [True, False])
def test_a_kill_at_any_moment_of_saving_leaves_a_whole_checkpoint(model, monkeypatch, links):
    """The process dies before its n-th change of the disk, for every n: then no clean-up of its own runs."""
    real = {name: getattr(os, name) for name in CHANGES}
    for number in range(1, 40):
        folder, left = shutil.copytree(model, model.with_name(f"copy{number}")), [number]

        def dies(name, left=left):
            def call(*arguments, **named):
                left[0] -= 1
                if left[0] <= 0:
                    raise Killed
                if name == "link" and not links:
                    raise OSError(errno.EPERM, "no links here")
                return real[name](*arguments, **named)

            return call

        with monkeypatch.context() as patch:
            for name in CHANGES:
                patch.setattr(os, name, dies(name))
            try:
                put(folder, 3)
                break  # it needs fewer changes than that: every one has been tried
            except Killed:
                pass
        assert found(folder) in ((2, 3) if number < 30 else (3,))
        put(folder, 4)
        assert found(folder) == 4 and {path.name for path in folder.iterdir()} == saved.OWN - {"previews"}
    assert 8 < number < 30


def test_a_full_disk_changes_nothing(model, monkeypatch):
    def full(path, data):
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    before = {path.name: path.read_bytes() for path in model.iterdir()}
    monkeypatch.setattr(saved.Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        put(model, 3)
    assert {path.name: path.read_bytes() for path in model.iterdir()} == before


def test_an_older_model_is_kept_under_its_date(model, tmp_path):
    (tmp_path / "model-before").mkdir()
    (tmp_path / "model-before" / "mine").write_text("not the kit's")
    saved.move_aside(model)
    (older,) = (path for path in tmp_path.iterdir() if path.name not in ("model", "model-before"))
    assert re.fullmatch(r"model-\d{8}-\d{6}", older.name) and found(older) == 2
    assert list(model.iterdir()) == [] and (tmp_path / "model-before" / "mine").exists()


def test_the_last_three_older_models_are_kept_and_what_is_not_the_kits_alone(model, tmp_path):
    mine = {"model-20200101-000001": "with notes", "model-20200101-000002": "no model", "model-old": "no date"}
    for name, what in mine.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "notes.txt").write_text(what)
    shutil.copytree(model, tmp_path / "model-20200101-000001", dirs_exist_ok=True)
    for number in range(3, 8):  # five restarts, perhaps within a second
        for name in saved.MEANS.values():
            (model / name).write_bytes(b"")
        put(model, number)
        saved.move_aside(model)
    there = {path.name for path in tmp_path.iterdir()} - {"model", *mine}
    assert sorted(found(tmp_path / name) for name in there) == [5, 6, 7]
    assert all((tmp_path / name / "notes.txt").read_text() == what for name, what in mine.items())


def test_there_is_no_room_for_a_model_where_a_file_is(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="is a file"):
        saved.move_aside(tmp_path / "file")
    with pytest.raises(UserError, match="cannot be made"):
        saved.move_aside(tmp_path / "file" / "model")
    saved.move_aside(tmp_path / "deep" / "model")
    assert (tmp_path / "deep" / "model").is_dir()


def test_there_is_no_room_for_a_model_among_other_things(tmp_path, monkeypatch):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "mean_a.png").write_text("mine")
    (tmp_path / "photos" / "holiday.jpg").write_text("mine")
    with pytest.raises(UserError, match="holds other things than a model"):
        saved.move_aside(tmp_path / "photos")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="not the one you are in"):
        saved.move_aside(Path("."))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["holiday.jpg", "mean_a.png", "photos"]


def test_a_folder_that_cannot_be_written_is_said_before_the_work(tmp_path, monkeypatch):
    monkeypatch.setattr(saved.files.Path, "write_bytes", lambda *_: (_ for _ in ()).throw(OSError(30, "Read-only")))
    with pytest.raises(UserError, match=r"model cannot be made \(Read-only\); choose another folder"):
        saved.move_aside(tmp_path / "model")


def test_what_a_kill_left_does_not_stand_in_the_way(tmp_path):
    (tmp_path / "model" / "previews").mkdir(parents=True)
    for name in (".part.model.json", "previews/.part.000050.jpg"):
        (tmp_path / "model" / name).write_bytes(b"half")
    saved.clear(tmp_path / "model")
    saved.move_aside(tmp_path / "model")
    assert [path.name for path in tmp_path.rglob("*")] == ["model", "previews"]
