"""Face pictures: what stands in their text is read as Faceswap writes it, and nothing in it is evaluated."""

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from faceswap_lib import UserError
from faceswap_lib.face import faceset
from faceswap_lib.interop import face_pictures

FACE = {"x": 1, "y": 2, "w": 3, "h": 4, "landmarks_xy": [[i + 0.25, i] for i in range(68)], "mask": {}, "identity": {}}
SOURCE = {"alignments_version": 2.4, "original_filename": "clip_000007_0.png", "face_index": 0}
SOURCE |= {"source_filename": "clip_000007.mp4", "source_is_video": True, "source_frame_dims": (320, 320)}


def put(path: Path, text: str, keyword: bytes = b"faceswap", *, compressed: int = 0) -> None:
    """A picture with a text as lib/image.py of deepfakes/faceswap puts it in: before the first IDAT."""
    faceset.save_image(path, np.zeros((8, 8, 3), "u1"))
    body = keyword + b"\0" + bytes([compressed]) + b"\0\0\0" + text.encode()
    chunk = struct.pack(">I", len(body)) + b"iTXt" + body + struct.pack(">I", zlib.crc32(b"iTXt" + body))
    png = path.read_bytes()
    at = png.index(b"IDAT") - 4
    path.write_bytes(png[:at] + chunk + png[at:])


def test_faces_are_read_whatever_the_pictures_are_called(tmp_path):
    first = SOURCE | {"source_filename": "clip_000002.mp4"}
    put(tmp_path / "a.png", str({"alignments": FACE, "source": SOURCE}))
    put(tmp_path / "b.png", str({"alignments": FACE | {"mask": {"m": {"mask": b"\x00'"}}}, "source": first}))
    one, two = face_pictures.read(tmp_path)
    assert (one.frame, two.frame, two.box) == (1, 6, (1, 2, 3, 4))
    assert two.landmarks[3].tolist() == [3.25, 3]


BAD = {
    "nothing": ("", "no plain data"),
    "acts": ("__import__('os').system('touch ran')", "no plain data|malformed"),
    "deep": ("[" * 5000 + "]" * 5000, "no plain data"),
    "minus": ("-" * 9000 + "1", "no plain data"),
    "sum": ("1" + "+1" * 9000, "no plain data|malformed"),
    "dict in a set": ("{{}}", "no plain data"),
    "huge": ("'" + "x" * face_pictures.TEXT + "'", "its text has"),
    "zero byte": ("'\0'", "no plain data|null"),
    "a list": ("[1]", "another kind"),
    "no source": (str({"alignments": FACE}), "of which frame"),
    "from a picture": (str({"alignments": FACE, "source": {"source_filename": "me.jpg"}}), "of which frame"),
    "no face": (str({"alignments": 3, "source": SOURCE}), "of which frame"),
    "points": (str({"alignments": FACE | {"landmarks_xy": [[1, 2]]}, "source": SOURCE}), "at least 68"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_picture_that_says_something_else_is_refused(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text, words = BAD[name]
    put(tmp_path / "a.png", text)
    with pytest.raises(UserError, match=words):
        face_pictures.read(tmp_path)
    assert os.listdir(tmp_path) == ["a.png"]


@pytest.mark.parametrize("how", [{"keyword": b"Comment"}, {"compressed": 1}])
def test_a_picture_without_the_text_is_refused(tmp_path, how):
    put(tmp_path / "a.png", str({"alignments": FACE, "source": SOURCE}), **how)
    with pytest.raises(UserError, match="does not say which face it shows"):
        face_pictures.read(tmp_path)


def test_a_folder_without_pictures_is_refused(tmp_path, monkeypatch):
    for folder, words in ((tmp_path / "none", "is no folder"), (tmp_path, "holds no PNG")):
        with pytest.raises(UserError, match=words):
            face_pictures.read(folder)
    for name in "ab":
        put(tmp_path / f"{name}.png", str({"alignments": FACE, "source": SOURCE}))
    monkeypatch.setattr(face_pictures.alignments, "MOST", 1)
    with pytest.raises(UserError, match="more than 1 pictures"):
        face_pictures.read(tmp_path)
