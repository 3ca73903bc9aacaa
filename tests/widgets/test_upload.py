"""upload.py: a video that is sent or named is checked and kept once, under its own name; nothing is overwritten."""

from datetime import datetime, timezone
from pathlib import Path

import pytest

from faceswap_lib import UserError
from faceswap_lib.widgets import upload


def file(name: str, data: bytes) -> tuple[dict]:
    """What a browser sends."""
    now = datetime.now(timezone.utc)
    return ({"name": name, "type": "", "size": len(data), "content": memoryview(data), "last_modified": now},)


@pytest.fixture
def made(tmp_path) -> upload.Upload:
    one = upload.videos(tmp_path / "run")
    one.agreed.value = True
    return one


def kept(made: upload.Upload) -> list[str]:
    folder = made.run / "videos"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_video_that_is_sent_is_kept_and_gives_the_setting(made, short):
    data = short["a"].read_bytes()
    made.send["a"].value = file("../my clip.MP4", data)
    assert kept(made) == ["my_clip.mp4"] and (made.run / "videos" / "my_clip.mp4").read_bytes() == data
    assert "320 × 320 pixels, 30 frames" in made.told.value and made.send["a"].value == ()
    assert f"video_a = &quot;{made.paths['a'].resolve()}&quot;" in made.told.value
    made.send["b"].value = file("my clip.mp4", short["b"].read_bytes())
    assert kept(made) == ["my_clip-2.mp4", "my_clip.mp4"] and made.paths["a"].read_bytes() == data
    made.send["b"].value = file("again.mp4", data)
    assert len(kept(made)) == 2 and made.paths["b"] == made.paths["a"], "the same video is kept once"


def test_a_file_is_taken_by_its_path(made, short):
    made.path["b"].value = str(short["b"])
    made.take["b"].click()
    assert kept(made) == ["b.mp4"] and made.paths["b"].read_bytes() == short["b"].read_bytes()
    assert short["b"].exists()
    made.path["b"].value = str(made.paths["b"])
    made.take["b"].click()
    assert kept(made) == ["b.mp4"]


@pytest.mark.parametrize(
    ("data", "told"), [(b"no video at all" * 40, "is not a video"), (b"", "is empty"), (None, "is damaged or cut off")]
)
def test_what_is_no_video_is_said_in_one_sentence_and_not_kept(made, short, data, told):
    data = short["a"].read_bytes()[:4000] if data is None else data
    made.send["a"].value = file("holiday.mp4", data)
    assert f"holiday.mp4&#x27; {told}" in made.told.value and ".part" not in made.told.value
    assert kept(made) == [] and made.paths == {}


def test_a_path_that_leads_nowhere(made):
    for path, told in (("", "Type the name"), ("nothing.mp4", "There is no file"), ("/", "is a folder")):
        made.path["a"].value = path
        made.take["a"].click()
        assert told in made.told.value


def test_nothing_is_taken_before_consent_is_said(tmp_path, short):
    made = upload.videos(tmp_path)
    assert made.send["a"].disabled and made.take["b"].disabled and made.path["a"].disabled
    made.send["a"].value = file("a.mp4", short["a"].read_bytes())
    assert kept(made) == [] and "has agreed" in made.told.value
    made.agreed.value = True
    assert not made.send["a"].disabled
    assert "agreed" in made.still


def test_what_is_too_large_is_refused_with_the_way_out(tmp_path, monkeypatch, short):
    monkeypatch.setattr(upload, "MOST", 0.001)
    with pytest.raises(UserError, match="MB. Up to"):
        upload.sent(tmp_path, "a.mp4", short["a"].read_bytes())
    monkeypatch.setattr(upload, "LARGEST", 0.001)
    with pytest.raises(UserError, match="cut out half a minute"):
        upload.copied(tmp_path, short["a"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("C:\\film\\a b.mov", "a_b.mov"),
        ("..", "video.mp4"),
        ("<b>.mp4", "b.mp4"),
        ("x.exe", "x.mp4"),
        ("é.mkv", "é.mkv"),
    ],
)
def test_names_are_plain(name, plain):
    assert upload._plain(name) == plain


def test_a_name_that_is_taken_even_by_a_dead_link_is_left_alone(tmp_path, short):
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "a.mp4").symlink_to(tmp_path / "elsewhere.mp4")
    out = upload.sent(tmp_path, "a.mp4", short["a"].read_bytes())
    assert out == Path(tmp_path / "videos" / "a-2.mp4") and not (tmp_path / "elsewhere.mp4").exists()
