"""strangers.py: what is too large, too deep or elsewhere is refused before it costs anything."""

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from pydantic import BaseModel
from skimage import io

from faceswap_lib import strangers


def refused(path: Path, most: int = 1000) -> str:
    """Why a JSON file is not read."""
    with pytest.raises(ValueError) as caught:
        strangers.parsed(path, most)
    return strangers.why(caught.value)


def test_json_is_read_up_to_its_bound(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"a": "é"}', encoding="utf-8")
    assert strangers.parsed(path, path.stat().st_size) == {"a": "é"}
    assert "more than" in refused(path, path.stat().st_size - 1)


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_deeply_nested_json_is_refused(tmp_path, opening):
    (tmp_path / "a.json").write_text(opening * 100_000)
    assert refused(tmp_path / "a.json", 10**7) == "it is nested too deeply"


def test_what_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        assert refused(path) == "it is no file"
        with pytest.raises(ValueError, match="it is no file"):
            strangers.picture(path)
    with pytest.raises(ValueError, match="it is not there"):
        strangers.picture(tmp_path / "nothing.png")


def test_a_complaint_is_short_and_steers_no_terminal():
    class Model(BaseModel, extra="forbid"):
        a: int = 0

    with pytest.raises(ValueError) as caught:
        Model.model_validate({"\x1b[2J" + "x" * 10_000: 1, "b": 2})
    told = strangers.why(caught.value)
    assert told.startswith("?[2Jxxx") and "not permitted" in told and len(told) <= 160
    assert strangers.why(ValueError("first\nsecond")) == "first" and strangers.why(ValueError()) == "ValueError"
    assert strangers.printable("\x1b]0;title\x07 Ünïcode \udcff") == "?]0;title? Ünïcode ?"


def bomb(width: int, height: int) -> bytes:
    """A small PNG that says of itself that it is large, with checksums that are right."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(10_000))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


@pytest.mark.parametrize("size", [(65_535, 65_535), (2**31 - 1, 1), (0, 10), (8193, 8192)])
def test_a_small_file_of_a_huge_picture_is_not_decoded(tmp_path, size):
    (tmp_path / "a.png").write_bytes(bomb(*size))
    with pytest.raises(ValueError, match="pixels|no PNG"):
        strangers.picture(tmp_path / "a.png")


def test_a_chunk_that_says_it_is_huge_takes_no_memory(tmp_path):
    data = bomb(8, 8)
    at = data.index(b"IDAT") - 4
    for wrong in (data[:at] + b"\x7f\xff\xff\xff" + data[at + 4 :], data[:-12], data[:40]):
        (tmp_path / "a.png").write_bytes(wrong)
        with pytest.raises(ValueError, match="no PNG"):
            strangers.picture(tmp_path / "a.png")


def test_a_huge_jpeg_is_not_decoded(tmp_path):
    io.imsave(tmp_path / "a.jpg", np.zeros((48, 32, 3), "u1"), check_contrast=False)
    data = (tmp_path / "a.jpg").read_bytes()
    assert strangers.picture(tmp_path / "a.jpg") == (data, 32, 48), "width first, as in PNG"
    (tmp_path / "a.jpg").write_bytes(data.replace(struct.pack(">HH", 48, 32), struct.pack(">HH", 65_500, 65_500)))
    with pytest.raises(ValueError, match="65500 × 65500 pixels"):
        strangers.picture(tmp_path / "a.jpg")


@pytest.mark.parametrize(
    "data", [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"\xff\xd8" + b"\xff\xe0\0\x02" * 99]
)
def test_what_is_neither_png_nor_jpeg_is_not_decoded(tmp_path, data):
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(ValueError, match="no PNG or JPEG"):
        strangers.picture(tmp_path / "a.png")


def test_a_link_may_not_lead_out_of_its_folder(tmp_path):
    folder, other = tmp_path / "set", tmp_path / "private"
    for made in (folder, other):
        made.mkdir()
        io.imsave(made / "a.png", np.full((20, 20, 3), 9, "u1"), check_contrast=False)
    (folder / "out.png").symlink_to(other / "a.png")
    (folder / "within.png").symlink_to("a.png")
    (tmp_path / "roomy").symlink_to(folder)
    with pytest.raises(ValueError, match="link to another folder"):
        strangers.picture(folder / "out.png")
    for path in (folder / "a.png", folder / "within.png", tmp_path / "roomy" / "a.png"):
        assert strangers.picture(path)[1:] == (20, 20), "a folder may itself be a link"


@pytest.mark.parametrize(
    ("value", "usual", "told"),
    [
        (2, "None", ""),
        (None, "None", ""),
        ("abc", "None", "a number, True, False or None"),
        (True, "None", ""),
        (float("nan"), "2.0", "a number, as 2.0"),
        (float("inf"), "2.0", "a number, as 2.0"),
        (10**400, "2.0", "a number, as 2.0"),
        (3, "2.0", ""),
        (2.5, "1", "a whole number, as 1"),
        (True, "1", "a whole number, as 1"),
        (1, "True", "True or False, as True"),
        (7, '"mesh"', 'a text, as "mesh"'),
        ("mesh", '"mesh"', ""),
        (7, "Path('x')", ""),
        ((1, 2), "()", ""),
    ],
)
def test_a_setting_is_of_the_kind_of_its_usual_value(value, usual, told):
    assert strangers.other_kind(value, usual) == told
