"""by_hand.py: a face put aside is no face to train on, comes back, and stays out of a new extraction."""

import shutil

import pytest

from faceswap_lib import UserError, extract
from faceswap_lib.face import by_hand, faceset


@pytest.fixture
def folder(facesets, tmp_path):
    return shutil.copytree(facesets["a"], tmp_path / "a")


def test_a_face_put_aside_is_not_trained_on_and_comes_back(folder):
    before = faceset.load(folder)
    name, first = before.records[3].file, before.fingerprint
    data = (folder / name).read_bytes()
    by_hand.leave_out(folder, name)
    after = faceset.load(folder)
    assert 3 not in after.usable and len(after.usable) == 29 and after.fingerprint != first
    assert by_hand.names(folder) == {name} and by_hand.place(folder, name).read_bytes() == data
    by_hand.leave_out(folder, name)
    by_hand.take_back(folder, name)
    by_hand.take_back(folder, name)
    assert faceset.load(folder).fingerprint == first and (folder / name).read_bytes() == data
    assert not (folder / "left-out").exists()


def test_a_new_extraction_leaves_the_same_faces_out(folder, short):
    name = faceset.load(folder).records[3].file
    by_hand.leave_out(folder, name)
    kept = extract.extract(short["a"], folder, profile="smoke", keep=True)
    assert (kept.kept, kept.left_out) == (29, {"by hand": 1})
    again = extract.extract(short["a"], folder, profile="smoke")
    assert (again.faces, again.kept, again.left_out) == (30, 29, {"by hand": 1})
    assert by_hand.names(folder) == {name} and not (folder / name).exists()
    assert by_hand.remembered(folder, "0" * 64) == []


def test_a_persons_own_files_among_them_are_not_lost(folder, short):
    by_hand.leave_out(folder, faceset.load(folder).records[0].file)
    (folder / "left-out" / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match=r"left-out/notes\.txt"):
        extract.extract(short["a"], folder, profile="smoke")
    assert (folder / "left-out" / "notes.txt").read_text() == "mine"


def test_nothing_is_moved_through_a_link_or_over_another_picture(folder, tmp_path):
    name = faceset.load(folder).records[0].file
    (tmp_path / "elsewhere").mkdir()
    (folder / "left-out").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="is a link"):
        by_hand.leave_out(folder, name)
    (folder / "left-out").unlink()
    by_hand.leave_out(folder, name)
    (folder / name).write_bytes(b"another one")
    with pytest.raises(UserError, match="is there already"):
        by_hand.take_back(folder, name)
    assert (folder / name).read_bytes() == b"another one" and by_hand.names(folder) == {name}
