"""Alignments files: written as Faceswap reads them, read back exactly, hostile ones refused."""

import io
import os
import pickle
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faceswap_lib import UserError
from faceswap_lib.interop import alignments
from faceswap_lib.interop.alignments import Face

whole = st.integers(-(10**4), 10**4)
# any float32 within a million pixels, drawn as bytes: 136 numbers one by one are slow
points = st.binary(min_size=544, max_size=544).map(
    lambda data: np.nan_to_num(np.frombuffer(data, "f4")).clip(-1e6, 1e6).reshape(68, 2)
)
face = st.builds(Face, st.integers(0, 5), st.tuples(whole, whole, whole, whole), points)


@settings(max_examples=40, deadline=None)
@given(st.lists(face, max_size=4), st.sampled_from(["a.mp4", "my clip_000002.mov", "ü_1.mkv"]))
def test_what_is_written_is_read_back_exactly(tmp_path_factory, faces, video):
    path = tmp_path_factory.mktemp("fsa") / "x.fsa"
    alignments.write(path, video, 6, faces)
    found = alignments.read(path)
    assert (found.stem, found.frames) == (video.rpartition(".")[0], 6)
    assert found.faces == sorted(faces, key=lambda one: one.frame)
    again = alignments.write(path.with_name("y.fsa"), video, 6, found.faces)
    assert again.read_bytes() == path.read_bytes()


def told(**changes) -> dict:
    """A face as Faceswap has it, after its own tools have added masks and a thumbnail."""
    mask = {"mask": b"\x00\x01", "affine_matrix": [[1.0, 0, 0], [0, 1.0, 0]], "stored_size": 128}
    found = {"x": 1, "y": -2, "w": 30, "h": 40, "landmarks_xy": [[float(i), i / 2] for i in range(68)]}
    found |= {"mask": {"extended": mask}, "identity": {"t-face": [0.5] * 512}, "thumb": [255, 216] * 200}
    return {key: value for key, value in (found | changes).items() if value is not None}


def packed(data: object, frame: str = "clip_000001.mp4") -> bytes:
    """A file's bytes with this as its first frame's faces."""
    meta = {"version": 2.4}
    entry = {"faces": data, "video_meta": {"pts_time": 0, "keyframe": True}}
    return zlib.compress(pickle.dumps({"__meta__": meta, "__data__": {frame: entry}}))


def test_what_faceswaps_own_tools_add_is_passed_over(tmp_path):
    (tmp_path / "x.fsa").write_bytes(packed([told()]))
    (one,) = alignments.read(tmp_path / "x.fsa").faces
    assert (one.frame, one.box, one.landmarks[67].tolist()) == (0, (1, -2, 30, 40), [67.0, 33.5])
    assert one.extent.tolist() == [0, 0, 67, 33.5]


class NothingNamed(pickle.Unpickler):
    """Python's own reader, as Faceswap uses it, but that it looks nothing up: a file of plain things needs nothing."""

    def find_class(self, module, name):
        raise AssertionError(f"{module}.{name} is no plain thing")


def test_the_layout_is_faceswaps(tmp_path):
    path = alignments.write(tmp_path / "x.fsa", "clip.mov", 2, [Face(1, (1, 2, 3, 4), np.zeros((68, 2), "f4"))])
    data = NothingNamed(io.BytesIO(zlib.decompress(path.read_bytes()))).load()
    assert data["__meta__"] == {"version": 2.4} and list(data["__data__"]) == ["clip_000001.mov", "clip_000002.mov"]
    (one,) = data["__data__"]["clip_000002.mov"]["faces"]
    assert list(one) == ["x", "y", "w", "h", "landmarks_xy", "mask", "identity", "thumb"]
    assert type(one["x"]) is int and type(one["landmarks_xy"][0][0]) is float and len(one["landmarks_xy"]) == 68
    assert data["__data__"]["clip_000001.mov"] == {"faces": [], "video_meta": {}}


class Acts:
    """Would make a file."""

    def __reduce__(self):
        return os.system, ("touch ran",)


BAD = {
    "acts": (packed([Acts()]), "more than plain data"),
    "zlib bomb": (zlib.compress(bytes(60_000_000), 9), "unpacked it has more than"),
    "no pickle": (zlib.compress(b"nothing"), "is not carried out"),
    "no zlib": (b"nothing", "incorrect header"),
    "cut off": (packed([told()])[:-50], "its end is missing"),
    "nothing": (b"", "its end is missing"),
    "a list": (zlib.compress(pickle.dumps([1])), "holds no frames"),
    "no frames": (zlib.compress(pickle.dumps({"__data__": {}})), "holds no frames"),
    "a picture's": (packed([told()], "holiday.png"), "no frame of a video"),
    "frame 0": (packed([told()], "clip_000000.mp4"), "no frame of a video"),
    "no face": (packed(["x"]), "valid dictionary"),
    "67 points": (packed([told(landmarks_xy=[[0.0, 0.0] for _ in range(67)])]), "at least 68"),
    "infinite": (packed([told(landmarks_xy=[[float("inf"), 0.0] for _ in range(68)])]), "finite number"),
    "a text": (packed([told(x="1")]), "valid integer"),
    "no box": (packed([told(w=None)]), "Field required"),
    "no list": (packed({"x": 1}), "valid list"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_alignments_file_is_refused_in_a_sentence(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data, words = BAD[name]
    (tmp_path / "x.fsa").write_bytes(data)
    with pytest.raises(UserError, match=words) as refused:
        alignments.read(tmp_path / "x.fsa")
    assert "nothing of it was used" in str(refused.value) and len(str(refused.value)) < 400
    assert os.listdir(tmp_path) == ["x.fsa"]


def test_sizes_are_looked_at_before_anything_is_read(tmp_path, monkeypatch):
    with pytest.raises(UserError, match="not there"):
        alignments.read(tmp_path / "x.fsa")
    with (tmp_path / "x.fsa").open("wb") as file:
        file.truncate(alignments.FILE + 1)
    with pytest.raises(UserError, match="more than 50"):
        alignments.read(tmp_path / "x.fsa")
    monkeypatch.setattr(alignments, "MOST", 1)
    (tmp_path / "x.fsa").write_bytes(packed([told(), told()]))
    with pytest.raises(UserError, match="more than 1 faces"):
        alignments.read(tmp_path / "x.fsa")
