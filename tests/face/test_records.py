"""records.py: faces.json is plain JSON, read a line at a time, and little of it is in memory at once."""

import json
import tracemalloc

import numpy as np
import pytest
import rewritten

from faceswap_lib.face import records


def face(frame: int) -> dict:
    """A face as plain data, with numbers of its own."""
    random = np.random.default_rng(frame)
    return {
        "frame": frame,
        "box": [1.5, 2.0, 30.0, 40.0],
        "landmarks": random.uniform(0, 300, (478, 2)).round(2).tolist(),
        "depth": random.uniform(-9, 9, 478).round(2).tolist(),
        "transform": [[1.0, 0.0, 0.5], [0.0, 1.0, -0.5]],
        "blur": 0.5,
        "pose": [0.0, 1.0, 2.0],
        "score": 1.0,
        "person": 0,
        "file": f"{frame:06d}_0.png",
        "left_out": None,
    }


SOURCE = {"name": "ä.mp4", "sha256": "0" * 64, "width": 320, "height": 320, "fps": 24.0, "frames": 100_000}
HEAD = {"schema_version": 2, "source": SOURCE, "person": 0, "crop": 128, "made_by": {"profile": "smoke"}}


def write(path, count: int) -> None:
    path.write_bytes(b"".join(records.lines(HEAD, (json.dumps(face(i)).encode() for i in range(count)))))


@pytest.mark.parametrize("count", [0, 1, 3])
def test_it_comes_back_exactly_and_any_json_reader_reads_it(tmp_path, count):
    path = tmp_path / "faces.json"
    write(path, count)
    plain = json.loads(path.read_text(encoding="utf-8"))
    assert {**HEAD, "faces": [face(i) for i in range(count)], "checksum": plain["checksum"]} == plain
    found = records.read(path)
    assert found.model_dump() == {key: value for key, value in plain.items() if key != "checksum"}
    assert all(r.landmarks.shape == (478, 2) and r.depth.shape == (478,) for r in found.faces)
    assert path.read_text().count("\n") == count + 2


def test_the_version_before_which_was_one_line_is_read(tmp_path):
    path = tmp_path / "faces.json"
    path.write_text(json.dumps({**HEAD, "schema_version": 1, "faces": [face(0), face(1)]}))
    assert [r.frame for r in records.read(path).faces] == [0, 1]
    path.write_text(json.dumps({**HEAD, "schema_version": 3, "faces": []}))
    with pytest.raises(records.OtherVersion, match="version 3, and this kit reads 2 and 1"):
        records.read(path)


def harm(data: bytes) -> list[bytes]:
    lines = data.splitlines(keepends=True)
    return [
        data[:-1],
        data[:-30],
        data + b"x",
        b"".join(lines[:-1]),
        b"".join(lines[:2] + lines[3:]),
        b"".join([lines[0], lines[2], lines[1], *lines[3:]]),
        data.replace(b'"person": 0, "file": "000001', b'"person": 1, "file": "000001'),
        data.replace(b'"checksum"', b'"checksun"'),
        b"",
        b"[\n",
        b"]\n",
    ]


def test_what_is_not_as_it_was_written_is_damaged(tmp_path):
    path = tmp_path / "faces.json"
    write(path, 4)
    for data in harm(path.read_bytes()):
        path.write_bytes(data)
        with pytest.raises(ValueError):
            records.read(path)


def test_a_line_without_end_is_not_taken_into_memory(tmp_path):
    path = tmp_path / "faces.json"
    write(path, 2)
    path.write_bytes(path.read_bytes().replace(b'"blur"', b" " * (3 * records.LINE) + b'"blur"', 1))
    with pytest.raises(ValueError):
        records.read(path)


def test_a_thousand_faces_take_little_memory(tmp_path):
    path = tmp_path / "faces.json"
    write(path, 1000)
    tracemalloc.start()
    try:
        found = records.read(path)
        held, peak = (size / 1000 for size in tracemalloc.get_traced_memory())
    finally:
        tracemalloc.stop()
    assert len(found.faces) == 1000 and held < 16_000 and peak < 17_500, "bytes a face; as lists they were 79 000"


def test_a_change_in_a_test_is_written_as_the_kit_writes(tmp_path):
    write(tmp_path / "faces.json", 2)
    rewritten.faces(tmp_path, lambda raw: raw["faces"].pop())
    assert [r.frame for r in records.read(tmp_path / "faces.json").faces] == [0]
