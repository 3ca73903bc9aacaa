"""Facesets out and back: what both sides hold is the same afterwards, and what was deleted there is left out here."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from interop.test_face_pictures import put

from faceswap_lib import UserError
from faceswap_lib.face import by_hand, faceset
from faceswap_lib.face.anatomy import IBUG
from faceswap_lib.interop import alignments, exchange


@pytest.fixture
def own(facesets, tmp_path) -> Path:
    """A copy of A's faceset."""
    return Path(shutil.copytree(facesets["a"], tmp_path / "a"))


def picture(folder: Path, face: alignments.Face, number: int) -> None:
    """A face picture as Faceswap's own tool cuts it, its pixels aside."""
    x, y, w, h = face.box
    told = {"x": x, "y": y, "w": w, "h": h, "landmarks_xy": face.landmarks.tolist(), "mask": {}, "identity": {}}
    source = {"source_filename": f"a_{face.frame + 1:06d}.mp4", "source_is_video": True}
    put(folder / f"{number}.png", str({"alignments": told, "source": source}))


def test_what_goes_out_is_the_faceset(own, short, tmp_path):
    out = exchange.export(own, short["a"], tmp_path / "out")
    found, held = alignments.read(out.alignments), faceset.load(own)
    assert (found.stem, found.frames, out.faces) == ("a", held.source.frames, len(held.records))
    assert out.alignments.name == "a_alignments.fsa" and out.video.samefile(short["a"]) and out.left_out == ()
    for there, here in zip(found.faces, held.records, strict=True):
        assert there.frame == here.frame
        assert np.abs(there.landmarks - here.landmarks[list(IBUG)]).max() < 1e-3
        assert np.abs(np.array(there.box) - np.array(here.box)).max() <= 1
    again = exchange.export(own, short["a"], tmp_path / "out")
    assert again == out and alignments.read(again.alignments).faces == found.faces


@settings(max_examples=8, deadline=None)
@given(left=st.sets(st.integers(0, 29), max_size=12), gone=st.sets(st.integers(0, 29), max_size=12), cut=st.booleans())
def test_out_and_back_leaves_out_what_was_deleted_there_and_no_more(facesets, short, tmp_path_factory, left, gone, cut):
    place = tmp_path_factory.mktemp("both")
    own = Path(shutil.copytree(facesets["a"], place / "a"))
    names = [r.file for r in faceset.load(own).records]
    for i in left:
        by_hand.leave_out(own, names[i])
    out = exchange.export(own, short["a"], place / "out")
    assert set(out.left_out) == {f"a_{i + 1:06d}_0.png" for i in left}
    back = exchange.bring_back(own, out.alignments)
    assert (back.left_out, back.unknown, by_hand.names(own)) == (0, 0, {names[i] for i in left})
    kept = [one for one in alignments.read(out.alignments).faces if one.frame not in gone]
    if cut:  # pictures were deleted there, or (else) faces in the alignments file, by its own tool
        (place / "faces").mkdir()
        for number, one in enumerate(kept):
            picture(place / "faces", one, number)
    else:
        alignments.write(out.alignments, "a.mp4", 30, kept)
    back = exchange.bring_back(own, out.alignments, place / "faces" if cut else None)
    assert by_hand.names(own) == {names[i] for i in left | gone}
    assert (back.kept, back.left_out, back.unknown) == (30 - len(left | gone), len(gone - left), 0)
    assert back.distance < 1e-3
    for name in by_hand.names(own):
        by_hand.take_back(own, name)
    assert faceset.load(own).fingerprint == faceset.load(facesets["a"]).fingerprint, "nothing is lost"


def test_faces_that_were_set_right_there_are_the_same_faces(own, short, tmp_path):
    out = exchange.export(own, short["a"], tmp_path / "out")
    faces = alignments.read(out.alignments).faces
    moved = [alignments.Face(one.frame, (0, 0, 1, 1), one.landmarks + 3) for one in faces]
    far = alignments.Face(3, (0, 0, 9, 9), faces[3].landmarks + 200)
    alignments.write(out.alignments, "a.mp4", 30, [*moved[:20], far])
    back = exchange.bring_back(own, out.alignments)
    assert (back.kept, back.left_out, back.unknown) == (20, 10, 1)
    assert back.distance == pytest.approx(np.hypot(3, 3), abs=0.01)


def test_another_videos_faces_change_nothing(own, facesets, short, tmp_path):
    out = exchange.export(own, short["a"], tmp_path / "out")
    far = [alignments.Face(i, (0, 0, 9, 9), np.zeros((68, 2), "f4") + 500) for i in range(30)]
    alignments.write(out.alignments, "a.mp4", 30, far)
    with pytest.raises(UserError, match="None of the faces"):
        exchange.bring_back(own, out.alignments)
    with pytest.raises(UserError, match="None of the faces"):
        exchange.whose(own, out.alignments)
    alignments.write(out.alignments, "a.mp4", 31, far)
    with pytest.raises(UserError, match="more frames"):
        exchange.bring_back(own, out.alignments)
    assert not by_hand.names(own)
    with pytest.raises(UserError, match="taken from another video"):
        exchange.export(facesets["b"], short["a"], tmp_path / "b")


def test_a_folder_with_another_video_of_that_name_stays(own, short, tmp_path):
    (tmp_path / "out").mkdir()
    shutil.copy(short["b"], tmp_path / "out" / "a.mp4")
    with pytest.raises(UserError, match="another video"):
        exchange.export(own, short["a"], tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.mp4"]
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        exchange.export(own, short["a"], tmp_path / "file" / "out")


def test_a_video_is_copied_where_it_cannot_be_linked(own, short, tmp_path, monkeypatch):
    monkeypatch.setattr(exchange.os, "link", lambda *_: (_ for _ in ()).throw(OSError(18, "another disk")))
    out = exchange.export(own, short["a"], tmp_path / "out")
    assert out.video.read_bytes() == short["a"].read_bytes() and not out.video.samefile(short["a"])


def test_a_turned_video_and_too_many_faces_are_said_before_anything_is_written(own, short, tmp_path, monkeypatch):
    from dataclasses import replace

    probe = exchange.video.probe
    monkeypatch.setattr(exchange.video, "probe", lambda path: replace(probe(path), rotation=90))
    with pytest.raises(UserError, match="turned by 90°"):
        exchange.export(own, short["a"], tmp_path / "out")
    monkeypatch.setattr(exchange.video, "probe", probe)
    monkeypatch.setattr(alignments, "MOST", 29)
    with pytest.raises(UserError, match="more than 29 faces"):
        exchange.export(own, short["a"], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_it_is_told_whose_faces_they_are(own, short, tmp_path):
    out = exchange.export(own, short["a"], tmp_path / "out")
    found = faceset.load(own).contents
    other = [r.model_copy(update={"person": 1, "landmarks": r.landmarks + 150, "file": None}) for r in found.faces[:20]]
    faceset.save(own, found.model_copy(update={"faces": [*found.faces, *other]}))
    assert exchange.whose(own, out.alignments) == 0
    there = [alignments.Face(r.frame, (0, 0, 9, 9), alignments.from_mesh(r.landmarks)) for r in other]
    alignments.write(out.alignments, "a.mp4", 30, there)
    assert exchange.whose(own, out.alignments) == 1
